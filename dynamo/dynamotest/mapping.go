package dynamotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/wire"
)

// Handler is a Lambda function as its event source mapping calls it: JSON in,
// JSON out.
type Handler func(ctx context.Context, payload []byte) ([]byte, error)

// Func makes a Handler of a function that takes an event and answers.
func Func[I, O any](f func(context.Context, I) (O, error)) Handler {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		var in I
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, err
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
}

// EventFunc makes a Handler of a function that takes an event and answers
// nothing.
func EventFunc[I any](f func(context.Context, I) error) Handler {
	return Func(func(ctx context.Context, in I) (json.RawMessage, error) { return nil, f(ctx, in) })
}

// MappingOptions set up a [Mapping]; they are named as in AWS Lambda.
type MappingOptions struct {
	// StartingPosition is TRIM_HORIZON, for all records of the last 24 hours,
	// or LATEST, for those after NewMapping. Optional. Defaults to
	// TRIM_HORIZON.
	StartingPosition string
	// BatchSize is the most records of one call. Optional. Defaults to 100; at
	// most 10,000.
	BatchSize int
	// MaximumBatchingWindow is how long Run waits for a batch to fill; Drain
	// does not wait. Optional. Defaults to 0.
	MaximumBatchingWindow time.Duration
	// MaximumRetryAttempts is how often a failed batch is tried again.
	// Optional. Defaults to −1: until its records expire.
	MaximumRetryAttempts int
	// MaximumRecordAge is the age at which a record is given up. Optional.
	// Defaults to −1: when the stream drops it, after 24 hours.
	MaximumRecordAge time.Duration
	// BisectBatchOnFunctionError splits a batch that failed and tries its
	// halves on their own. A split is no retry. Optional. Defaults to false.
	BisectBatchOnFunctionError bool
	// ReportBatchItemFailures heeds the batchItemFailures that the function
	// answers; without it they are ignored, and a batch that came back without
	// an error is done. Optional. Defaults to false.
	ReportBatchItemFailures bool
	// ParallelizationFactor is how many batches of the stream are under way at
	// once; the records of one partition key stay in order. Optional. Defaults
	// to 1; at most 10.
	ParallelizationFactor int
	// OnFailure takes the invocation record of a batch that was given up, as
	// an SQS queue or an SNS topic would. Optional.
	OnFailure func(ctx context.Context, record []byte) error
	// Timeout ends the context of one call. Optional. Defaults to 0: no end.
	Timeout time.Duration
	// PollInterval is how long Run waits when there is nothing to do.
	// Optional. Defaults to 250 milliseconds.
	PollInterval time.Duration
	// RetryDelay is the wait before the first retry; it doubles up to a
	// minute. Optional. Defaults to 1 second.
	RetryDelay time.Duration
	// FunctionARN is the ARN of the function, for invocation records.
	// Optional. Defaults to that of a function called "function".
	FunctionARN string
}

// Mapping is the event source mapping between a table's stream and a Lambda
// function. It has no goroutines of its own: Run and Drain do the work.
type Mapping struct {
	db      *DB
	table   string
	handler Handler
	options MappingOptions
	lanes   []*lane

	mu       sync.Mutex
	failures []Failure
}

// lane is the part of the stream that one poller reads.
type lane struct {
	busy bool   // a batch is under way
	arn  string // of the stream, once it is known
	next int64  // serial of the next record to read
}

// Failure is one call of the function that did not do all of its batch.
type Failure struct {
	// SequenceNumbers are those of the batch.
	SequenceNumbers []string
	// FirstFailed is the index of the first record that was not done.
	FirstFailed int
	// Attempt counts from 1.
	Attempt int
	// Err is the error of the function; nil when it answered item failures.
	Err error
	// GivenUp says that the batch will not be tried again.
	GivenUp bool
}

// NewMapping describes the mapping from the stream of a table to a function;
// the table may come about later. Nothing is read before Run or Drain.
func (db *DB) NewMapping(tableName string, handler Handler, optFns ...func(*MappingOptions)) *Mapping {
	m := &Mapping{db: db, table: tableName, handler: handler, options: MappingOptions{
		StartingPosition: "TRIM_HORIZON", BatchSize: 100, MaximumRetryAttempts: -1, MaximumRecordAge: -1, ParallelizationFactor: 1,
		PollInterval: 250 * time.Millisecond, RetryDelay: time.Second,
		FunctionARN: "arn:aws:lambda:" + wire.DefaultRegion + ":" + wire.DefaultAccount + ":function:function",
	}}
	for _, fn := range optFns {
		fn(&m.options)
	}
	m.options.BatchSize = min(max(m.options.BatchSize, 1), 10_000)
	m.options.ParallelizationFactor = min(max(m.options.ParallelizationFactor, 1), 10)
	db.mu.Lock()
	defer db.mu.Unlock()
	start := int64(0)
	if m.options.StartingPosition == "LATEST" {
		start = db.serial + 1
	}
	for range m.options.ParallelizationFactor {
		m.lanes = append(m.lanes, &lane{next: start})
	}
	db.mappings = append(db.mappings, m)
	return m
}

// Run hands records to the function until ctx ends, and returns the error of
// ctx, or that of OnFailure.
func (m *Mapping) Run(ctx context.Context) error {
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
			return nil
		}
	}
}

// Failures lists the calls that did not do all of their batch, in order.
func (m *Mapping) Failures() []Failure {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.failures)
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

// maxPayload is how large a batch may become.
const maxPayload = 6 << 20

// read takes the next batch of a lane.
func (m *Mapping) read(l *lane, i int) (*stream, []streamRecord) {
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	s := m.stream(l)
	if s == nil {
		return nil, nil
	}
	s.trim(m.db.now())
	var batch []streamRecord
	bytes := 0
	for _, r := range s.from(l.next) {
		if len(m.lanes) > 1 && int(r.orderedBy[0])%len(m.lanes) != i {
			continue
		}
		if len(batch) == m.options.BatchSize || bytes+r.size > maxPayload && bytes > 0 {
			break
		}
		bytes += r.size
		batch = append(batch, r)
	}
	return s, batch
}

// stream finds the stream of the lane: the one that the table has when it is
// first looked for.
func (m *Mapping) stream(l *lane) *stream {
	if l.arn == "" {
		call := &wire.Call{Account: wire.DefaultAccount, Region: wire.DefaultRegion}
		t := m.db.tables[tableARN(call, m.table)]
		if t == nil {
			for _, other := range m.db.tables {
				if other.name == m.table {
					t = other
				}
			}
		}
		if t == nil || t.stream == nil {
			return nil
		}
		l.arn = t.stream.arn
	}
	return m.db.streams[l.arn]
}

// process calls the function with a batch until all of it is done or given up.
func (m *Mapping) process(ctx context.Context, l *lane, s *stream, batch []streamRecord) error {
	pending := [][]streamRecord{batch}
	for len(pending) > 0 {
		next := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		halves, err := m.finish(ctx, l, s, next)
		if err != nil {
			return err
		}
		slices.Reverse(halves)
		pending = append(pending, halves...)
	}
	return nil
}

// finish calls the function with a batch until it is done, given up or split.
func (m *Mapping) finish(ctx context.Context, l *lane, s *stream, batch []streamRecord) (halves [][]streamRecord, err error) {
	for attempt := 1; ; attempt++ {
		if m.tooOld(batch) {
			return nil, m.giveUp(ctx, l, s, batch, attempt-1, "RecordAgeExceeded")
		}
		done, failure := m.invoke(ctx, s, batch)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if done == len(batch) {
			l.next = batch[done-1].serial + 1
			return nil, nil
		}
		split := m.options.BisectBatchOnFunctionError && failure != nil && len(batch) > 1
		last := !split && done == 0 && m.options.MaximumRetryAttempts >= 0 && attempt > m.options.MaximumRetryAttempts
		m.note(batch, done, attempt, failure, last)
		switch {
		case split:
			half := (len(batch) + 1) / 2
			return [][]streamRecord{batch[:half], batch[half:]}, nil
		case last:
			return nil, m.giveUp(ctx, l, s, batch, attempt, "RetryAttemptsExhausted")
		case done > 0:
			batch, attempt = batch[done:], 0
			l.next = batch[0].serial
		}
		if err := backoff.Sleep(ctx, backoff.Exponential(max(attempt-1, 0), m.options.RetryDelay, time.Minute)); err != nil {
			return nil, err
		}
	}
}

// tooOld says whether the first record of a batch is past its age.
func (m *Mapping) tooOld(batch []streamRecord) bool {
	age := m.db.now().Sub(batch[0].at)
	return age >= retention || m.options.MaximumRecordAge >= 0 && age > m.options.MaximumRecordAge
}

func (m *Mapping) note(batch []streamRecord, done, attempt int, failure error, givenUp bool) {
	f := Failure{FirstFailed: done, Attempt: attempt, Err: failure, GivenUp: givenUp}
	for _, r := range batch {
		f.SequenceNumbers = append(f.SequenceNumbers, r.sequenceNum)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures = append(m.failures, f)
}

// invoke calls the function. It returns how many records at the start of the
// batch are done, and the function's error.
func (m *Mapping) invoke(ctx context.Context, s *stream, batch []streamRecord) (done int, failure error) {
	payload, err := s.payload(batch)
	if err != nil {
		return 0, err
	}
	if m.options.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, m.options.Timeout)
		defer cancel()
	}
	answer, err := m.call(ctx, payload)
	switch {
	case err != nil:
		return 0, err
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case !m.options.ReportBatchItemFailures:
		return len(batch), nil
	}
	return firstFailed(answer, batch), nil
}

// call runs the handler; a panic is an error of the function.
func (m *Mapping) call(ctx context.Context, payload []byte) (answer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("dynamotest: the function panicked: %v", r)
		}
	}()
	return m.handler(ctx, payload)
}

// firstFailed is the index of the lowest record that the answer of the
// function names. An answer that names none says that all are done; one that
// cannot be understood, or names a record that is not there, that none is.
func firstFailed(answer []byte, batch []streamRecord) int {
	if len(answer) == 0 {
		return len(batch)
	}
	var response *struct {
		BatchItemFailures []map[string]any `json:"batchItemFailures"`
	}
	if json.Unmarshal(answer, &response) != nil {
		return 0
	}
	lowest := len(batch)
	if response == nil {
		return lowest
	}
	for _, f := range response.BatchItemFailures {
		i := slices.IndexFunc(batch, func(r streamRecord) bool { return r.sequenceNum == f["itemIdentifier"] })
		if i < 0 {
			return 0
		}
		lowest = min(lowest, i)
	}
	return lowest
}
