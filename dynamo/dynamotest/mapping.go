package dynamotest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/internal/wire"
)

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
	// Optional. Defaults to -1: until its records expire.
	MaximumRetryAttempts int
	// MaximumRecordAge is the age at which a record is given up. Optional.
	// Defaults to -1: when the stream drops it, after 24 hours.
	MaximumRecordAge time.Duration
	// BisectBatchOnFunctionError splits a batch that failed and tries its
	// halves on their own. A split is no retry. Optional. Defaults to false.
	BisectBatchOnFunctionError bool
	// ReportBatchItemFailures heeds the batchItemFailures that the function
	// answers. Without it Lambda ignores them, and a batch that came back without
	// an error is done; a function that reports failures then fails the test.
	// Optional. Defaults to false.
	ReportBatchItemFailures bool
	// ParallelizationFactor is how many batches of the stream run at
	// once; the records of one partition key stay in order. Optional. Defaults
	// to 1; at most 10.
	ParallelizationFactor int
	// Filters are filter patterns, of which a record must match one; what
	// matches none is passed over. Optional. Defaults to none; at most 10.
	Filters []string
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
	db       *DynamoDB
	table    string
	function Function
	options  MappingOptions
	filters  []*pattern.Pattern
	lanes    []*lane

	mu       sync.Mutex
	failures []Failure
}

// lane is the part of the stream that one poller reads.
type lane struct {
	busy bool   // a batch is being handled
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
// the table may be created later. Nothing is read before Run or Drain. It panics
// without a table, without a function, and where Lambda would refuse the options.
func (db *DynamoDB) NewMapping(tableName string, function Function, optFns ...func(*MappingOptions)) *Mapping {
	m := &Mapping{db: db, table: tableName, function: function, options: MappingOptions{
		StartingPosition: "TRIM_HORIZON", BatchSize: 100, MaximumRetryAttempts: -1, MaximumRecordAge: -1, ParallelizationFactor: 1,
		PollInterval: 250 * time.Millisecond, RetryDelay: time.Second,
		FunctionARN: "arn:aws:lambda:" + wire.DefaultRegion + ":" + wire.DefaultAccount + ":function:function",
	}}
	given.Options(&m.options, optFns)
	if err := m.check(); err != nil {
		panic(err.Error())
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	start := int64(0)
	if m.options.StartingPosition == "LATEST" {
		start = db.serial + 1
	}
	for range min(max(m.options.ParallelizationFactor, 1), maxLanes) {
		m.lanes = append(m.lanes, &lane{next: start})
	}
	db.mappings = append(db.mappings, m)
	return m
}

// Limits of a mapping.
const (
	maxBatchSize = 10_000
	maxWindow    = 5 * time.Minute
	maxRetries   = 10_000
	maxLanes     = 10
	maxFilters   = 10
)

// check refuses options that Lambda refuses, all together.
func (m *Mapping) check() error {
	o := &m.options
	var errs []error
	if m.table == "" {
		errs = append(errs, errors.New("the table has no name"))
	}
	if m.function == nil {
		errs = append(errs, errors.New("the function is nil"))
	}
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(o.BatchSize < 1 || o.BatchSize > maxBatchSize, "BatchSize %d is not between 1 and %d", o.BatchSize, maxBatchSize)
	refuse(o.MaximumBatchingWindow < 0 || o.MaximumBatchingWindow > maxWindow, "MaximumBatchingWindow %v is not between 0 and %v", o.MaximumBatchingWindow, maxWindow)
	refuse(o.MaximumRetryAttempts < -1 || o.MaximumRetryAttempts > maxRetries, "MaximumRetryAttempts %d is not between -1 and %d", o.MaximumRetryAttempts, maxRetries)
	refuse(o.MaximumRecordAge < -1, "MaximumRecordAge %v is less than -1", o.MaximumRecordAge)
	refuse(o.Timeout < 0, "Timeout %v is negative", o.Timeout)
	refuse(o.PollInterval <= 0, "PollInterval %v is not positive", o.PollInterval)
	refuse(o.RetryDelay < 0, "RetryDelay %v is negative", o.RetryDelay)
	refuse(o.ParallelizationFactor < 1 || o.ParallelizationFactor > maxLanes, "ParallelizationFactor %d is not between 1 and %d", o.ParallelizationFactor, maxLanes)
	refuse(o.StartingPosition != "TRIM_HORIZON" && o.StartingPosition != "LATEST", "StartingPosition %q is neither TRIM_HORIZON nor LATEST", o.StartingPosition)
	refuse(len(o.Filters) > maxFilters, "%d filters are more than %d", len(o.Filters), maxFilters)
	for _, text := range o.Filters {
		p, err := pattern.Parse(pattern.EventSource, []byte(text))
		refuse(err != nil, "filter %s: %w", text, err)
		m.filters = append(m.filters, p)
	}
	return given.Mistakes("dynamotest: mapping of "+cmp.Or(m.table, `""`), errs)
}

// Failures lists the calls that did not do all of their batch, in order.
func (m *Mapping) Failures() []Failure {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.failures)
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
