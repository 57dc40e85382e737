package dynamotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/lambdafn"
	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/internal/wire"
)

// Run hands records to the function until ctx ends, and returns the error of
// ctx, or that of OnFailure.
func (m *Mapping) Run(ctx context.Context) error {
	m.mustBeMade()
	defer m.db.server.Watch(ctx, "dynamotest: Run of the mapping of "+m.table)()
	errs := make([]error, len(m.lanes))
	var wg sync.WaitGroup
	for i := range m.lanes {
		wg.Go(func() { errs[i] = m.runLane(ctx, i) })
	}
	wg.Wait()
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, context.Canceled) && ctx.Err() != nil })...)
}

func (m *Mapping) runLane(ctx context.Context, i int) error {
	for {
		worked, err := m.poll(ctx, i, m.options.MaximumBatchingWindow)
		if err != nil {
			return err
		}
		if !worked {
			if err := backoff.Sleep(ctx, m.options.PollInterval); err != nil {
				return err
			}
		}
	}
}

// Drain hands records to the function until there are none left, those that
// the function itself causes included.
func (m *Mapping) Drain(ctx context.Context) error {
	m.mustBeMade()
	defer m.db.server.Watch(ctx, "dynamotest: Drain of the mapping of "+m.table)()
	for {
		idle := true
		for i := range m.lanes {
			worked, err := m.poll(ctx, i, 0)
			if err != nil {
				return fmt.Errorf("dynamotest: drain the stream of %s: %w", m.table, err)
			}
			idle = idle && !worked
		}
		if idle {
			m.explain()
			return nil
		}
	}
}

// explain tells the test log when a Drain was idle because there is no stream
// to read.
func (m *Mapping) explain() {
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	if m.stream(m.lanes[0]) != nil {
		return
	}
	if t := m.find(); t != nil {
		m.db.server.TB().Logf("dynamotest: the mapping of %s has nothing to read: the table has no stream (StreamSpecification)", m.table)
		return
	}
	arn := tableARN(wire.CallOf(context.Background()), m.table)
	m.db.server.TB().Logf("dynamotest: the mapping of %s has nothing to read: %s", m.table, wire.WhatExists("table", arn, maps.Keys(m.db.tables)))
}

// poll takes one batch of a lane and sees it through. worked is false when
// there was none.
func (m *Mapping) poll(ctx context.Context, i int, window time.Duration) (worked bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	l := m.lanes[i]
	for !m.acquire(l) {
		if err := backoff.Sleep(ctx, m.options.PollInterval); err != nil {
			return false, err
		}
	}
	defer m.release(l)
	s, batch := m.read(l, i)
	if len(batch) > 0 && len(batch) < m.options.BatchSize && window > 0 {
		if err := backoff.Sleep(ctx, window); err != nil {
			return false, err
		}
		s, batch = m.read(l, i)
	}
	if len(batch) == 0 {
		return false, nil
	}
	return true, m.process(ctx, l, s, batch)
}

// acquire takes a lane for one batch. Whoever does not get it sleeps: waiting
// for a lock would keep virtual time from going on.
func (m *Mapping) acquire(l *lane) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l.busy {
		return false
	}
	l.busy = true
	return true
}

func (m *Mapping) release(l *lane) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l.busy = false
}

// read takes the next batch of a lane.
func (m *Mapping) read(l *lane, i int) (*stream, []streamRecord) {
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	m.db.sweepAll()
	s := m.stream(l)
	if s == nil {
		return nil, nil
	}
	s.trim(m.db.now())
	var batch []streamRecord
	bytes := 0
	for _, r := range s.from(l.next) {
		if len(m.lanes) > 1 && int(r.orderedBy[0])%len(m.lanes) != i || !m.wants(s, r) {
			if len(batch) == 0 {
				l.next = r.serial + 1
			}
			continue
		}
		if len(batch) == m.options.BatchSize || bytes+r.size > lambdafn.MaxPayload && bytes > 0 {
			break
		}
		bytes += r.size
		batch = append(batch, r)
	}
	return s, batch
}

// wants says whether a record passes the filters.
func (m *Mapping) wants(s *stream, r streamRecord) bool {
	if len(m.filters) == 0 {
		return true
	}
	event, err := json.Marshal(s.lambdaRecord(r))
	return err == nil && slices.ContainsFunc(m.filters, func(p *pattern.Pattern) bool {
		matches, err := p.Match(event)
		return err == nil && matches
	})
}

// stream finds the stream of the lane: the one that the table has when it is
// first looked for.
func (m *Mapping) stream(l *lane) *stream {
	if l.arn == "" {
		t := m.find()
		if t == nil || t.stream == nil {
			return nil
		}
		l.arn = t.stream.arn
	}
	return m.db.streams[l.arn]
}

// find finds the table of the mapping, in the default account and region
// first.
func (m *Mapping) find() *table {
	call := wire.CallOf(context.Background())
	t := m.db.tables[tableARN(call, m.table)]
	if t == nil {
		for _, other := range m.db.tables {
			if other.name == m.table {
				t = other
			}
		}
	}
	return t
}

func (m *Mapping) mustBeMade() {
	if m == nil || m.db == nil {
		panic("dynamotest: the Mapping is made by DynamoDB.NewMapping; this one is nil or empty")
	}
}
