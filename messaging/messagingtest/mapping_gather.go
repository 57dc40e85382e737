package messagingtest

import (
	"context"
	"time"

	"github.com/patternkit/serverless/internal/lambdafn"
)

// gather receives the messages of one batch: what there is now, or, with a
// batching window, what comes until the window ends or the batch is full.
// Messages that no filter matches are deleted. With drain, it returns nothing
// when the queue is empty; else it waits for messages until ctx ends.
func (r *run) gather(ctx context.Context, drain bool) ([]delivery, error) {
	var batch []delivery
	var end time.Time // of the window
	size := 0
	for {
		taken, err := r.next(ctx, r.options.BatchSize-len(batch), end, drain)
		if err != nil || len(taken) == 0 {
			return batch, r.keep(batch, err)
		}
		for _, d := range r.filter(taken) {
			size += len(d.body)
			batch = append(batch, d)
		}
		if len(batch) == 0 {
			continue
		}
		if end.IsZero() {
			end = time.Now().Add(r.options.MaximumBatchingWindow)
		}
		if len(batch) == r.options.BatchSize || size >= lambdafn.MaxPayload || !time.Now().Before(end) {
			return batch, nil
		}
	}
}

// keep drops an error that only says that gathering ended, when there is
// something to invoke with: the messages were received and must not be lost
// until their visibility timeout ends.
func (*run) keep(batch []delivery, err error) error {
	if len(batch) > 0 {
		return nil
	}
	return err
}

// next receives up to limit messages, waiting until the time given (zero: for
// as long as it takes). It returns none at that time, and, with drain, when
// the queue is empty.
func (r *run) next(ctx context.Context, limit int, until time.Time, drain bool) ([]delivery, error) {
	w := &waiter{wake: make(chan struct{}, 1)}
	defer r.sqs.leave(r.source.arn, w)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		taken, change, empty, err := r.sqs.pollOnce(r.source.arn, limit, w)
		if err != nil || len(taken) > 0 || drain && empty && until.IsZero() {
			return taken, err
		}
		at := earlier(change, until)
		if !until.IsZero() && !time.Now().Before(until) {
			return nil, nil
		}
		if err := sleep(ctx, at, w.wake); err != nil {
			return nil, err
		}
	}
}

// pollOnce is one poll of a mapping: as a receive with the queue's own
// visibility timeout.
func (s *SQS) pollOnce(arn string, limit int, w *waiter) (taken []delivery, change time.Time, empty bool, err error) {
	s.mu.Lock()
	q := s.queues[arn]
	want := demand{max: limit}
	if q != nil {
		want.timeout = q.settings.visibility()
	}
	s.mu.Unlock()
	taken, change, err = s.tryReceive(arn, want, w)
	if err != nil || len(taken) > 0 {
		return taken, change, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q = s.queues[arn]
	return nil, change, q == nil || q.isEmpty(), nil
}

// sleep waits until the time given (zero: for ever), a wake-up or the end of
// ctx, whichever is first.
func sleep(ctx context.Context, until time.Time, wake <-chan struct{}) error {
	var alarm <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-alarm:
	case <-wake:
	}
	return nil
}

// filter deletes the messages that no filter pattern matches and returns the
// others.
func (r *run) filter(taken []delivery) []delivery {
	if len(r.filters) == 0 {
		return taken
	}
	var out []delivery
	for _, d := range taken {
		if r.matches(d) {
			out = append(out, d)
			continue
		}
		r.sqs.deleteReceived(r.source.arn, d.handle)
	}
	return out
}

// matches says whether one of the filters matches the record of d, in which a
// JSON body is JSON.
func (r *run) matches(d delivery) bool {
	event, err := r.source.record(d).filterForm()
	if err != nil {
		return false
	}
	for _, p := range r.filters {
		if ok, err := p.Match(event); err == nil && ok {
			return true
		}
	}
	return false
}

// deleteReceived deletes a message that was received. A FIFO queue whose visibility
// timeout has ended keeps it, as SQS does.
func (s *SQS) deleteReceived(arn, handle string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[arn]
	if q == nil {
		return
	}
	q.advance(time.Now())
	if err := q.acknowledge(handle); err != nil {
		s.server.TB().Logf("messagingtest: queue %s: the mapping could not delete a message: %v", q.name, err)
	}
}

// split cuts a batch where its payload would exceed 6 MB.
func (r *run) split(batch []delivery) [][]delivery {
	var out [][]delivery
	start, size := 0, len(emptyEvent)
	for i, d := range batch {
		n := r.source.record(d).size() + 1
		if i > start && size+n > lambdafn.MaxPayload {
			out = append(out, batch[start:i])
			start, size = i, len(emptyEvent)
		}
		size += n
	}
	return append(out, batch[start:])
}
