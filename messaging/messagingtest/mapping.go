package messagingtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/internal/wire"
)

// The limits of event source mappings for SQS.
const (
	maxFIFOBatch       = 10
	maxStandardBatch   = 10_000
	maxWindow          = 300 * time.Second
	maxFilters         = 10
	maxFunctionTimeout = 15 * time.Minute
)

// MappingOptions are the settings of an event source mapping and of the
// function behind it.
type MappingOptions struct {
	// FunctionName is the name in the Lambda context of an invocation.
	// Optional. Defaults to "function".
	FunctionName string
	// BatchSize is how many messages one invocation takes at most: 1 to 10,000,
	// for a FIFO queue 1 to 10. Optional. Defaults to 10.
	BatchSize int
	// MaximumBatchingWindow is how long the mapping gathers a batch: up to 300
	// seconds, not for FIFO queues, and not 0 with a BatchSize above 10.
	// Optional. Defaults to 0.
	MaximumBatchingWindow time.Duration
	// ReportBatchItemFailures is the mapping's function response type. Without
	// it Lambda ignores what the function returns and deletes the whole batch
	// when there was no error; a function that reports failures then fails the
	// test. Optional. Defaults to false, as in Lambda.
	ReportBatchItemFailures bool
	// Filters are filter patterns, of which a message must match one; what
	// matches none is deleted. Optional. Defaults to none; 10 at most.
	Filters []string
	// FunctionTimeout is the function's timeout: the deadline of its context.
	// It may not exceed the queue's visibility timeout. Optional. Defaults to
	// the visibility timeout, at most 15 minutes.
	FunctionTimeout time.Duration
	// MaximumConcurrency is how many invocations run at once, 1 to 1000.
	// Optional. Defaults to 1, so that invocations come in the order of the
	// queue and may share variables of the test. Lambda itself takes 2 to 1000
	// and starts with 5 on a standard queue, each in an environment of its own.
	MaximumConcurrency int
	// OnInvoke is called after each invocation, one call at a time. Optional.
	OnInvoke func(Invocation)
}

// Mapping is an event source mapping: it polls a queue for a function as
// Lambda does. It only describes; [Mapping.Run] and [Mapping.Drain] poll.
type Mapping struct {
	sqs      *SQS
	ref      string
	function Function
	options  MappingOptions
	filters  []*pattern.Pattern

	mu          sync.Mutex
	failures    map[string]error
	invocations int

	observer sync.Mutex // OnInvoke is called by one goroutine at a time
}

// NewMapping describes the mapping of a queue (URL, ARN, or name) to a
// function, which takes the payload of an invocation and returns its answer;
// [Func] and [Event] make one of a typed handler. It panics without a queue, without
// a function, and where Lambda would refuse the options. What Lambda would refuse because of the
// queue is the error of Run and Drain.
func (s *SQS) NewMapping(queue string, function Function, optFns ...func(*MappingOptions)) *Mapping {
	m := &Mapping{sqs: s, ref: queue, function: function, failures: map[string]error{}}
	given.Options(&m.options, optFns)
	if m.options.BatchSize == 0 {
		m.options.BatchSize = 10
	}
	if m.options.MaximumConcurrency == 0 {
		m.options.MaximumConcurrency = 1
	}
	if m.options.FunctionName == "" {
		m.options.FunctionName = "function"
	}
	if err := m.check(); err != nil {
		panic(err.Error())
	}
	return m
}

// check refuses what Lambda refuses whatever the queue is, all together.
func (m *Mapping) check() error {
	o := &m.options
	var faults []error
	reject := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, mappingError(format, args...))
		}
	}
	if m.ref == "" {
		faults = append(faults, errors.New("the queue has no name"))
	}
	if m.function == nil {
		faults = append(faults, errors.New("the function is nil"))
	}
	reject(o.BatchSize < 1 || o.BatchSize > maxStandardBatch, "Batch size must be between 1 and %d, got %d.", maxStandardBatch, o.BatchSize)
	reject(o.MaximumBatchingWindow < 0 || o.MaximumBatchingWindow > maxWindow, "Maximum batch window must be between 0 and 300 seconds, got %v.", o.MaximumBatchingWindow)
	reject(o.MaximumConcurrency < 1 || o.MaximumConcurrency > 1000, "Maximum concurrency must be between 2 and 1000, got %d.", o.MaximumConcurrency)
	reject(o.FunctionTimeout < 0 || o.FunctionTimeout > maxFunctionTimeout, "Function timeout must be between 1 and 900 seconds, got %v.", o.FunctionTimeout)
	reject(len(o.Filters) > maxFilters, "A mapping takes at most %d filters, got %d.", maxFilters, len(o.Filters))
	for _, f := range o.Filters {
		p, err := pattern.Parse(pattern.EventSource, []byte(f))
		reject(err != nil, "Invalid filter pattern definition. (%s: %v)", f, err)
		m.filters = append(m.filters, p)
	}
	return given.Mistakes(m.name(), faults)
}

// name is what texts call the mapping.
func (m *Mapping) name() string { return "messagingtest: mapping of " + cmp.Or(m.ref, `""`) }

// mappingError is what CreateEventSourceMapping answers.
func mappingError(format string, args ...any) error {
	return wire.Errorf("InvalidParameterValueException", 0, format, args...)
}

// source is what a mapping knows of its queue when it starts.
type source struct {
	arn     string
	region  string
	timeout time.Duration // of the function
}

// open checks the mapping against its queue.
func (m *Mapping) open() (source, error) {
	m.sqs.mu.Lock()
	defer m.sqs.mu.Unlock()
	q, ok := m.sqs.find(m.ref)
	if !ok {
		e := errNoQueue()
		m.sqs.server.TB().Logf("messagingtest: mapping: %s", wire.WhatExists("queue", arnOfRef(m.ref), maps.Keys(m.sqs.queues)))
		return source{}, given.Mistakes(m.name(), []error{mappingError("Error occurred while ReceiveMessage. SQS Error Code: %s. SQS Error Message: %s", e.QueryCode, e.Message)})
	}
	parts, _ := awsid.ParseARN(q.arn)
	src := source{arn: q.arn, region: parts.Region, timeout: m.options.FunctionTimeout}
	visibility := q.settings.visibility()
	if src.timeout == 0 {
		src.timeout = min(visibility, maxFunctionTimeout)
	}
	return src, m.checkQueue(q.settings.fifo, visibility, src.timeout)
}

// checkQueue refuses what Lambda refuses because of the queue's attributes.
func (m *Mapping) checkQueue(fifo bool, visibility, timeout time.Duration) error {
	o := m.options
	var faults []error
	reject := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, mappingError(format, args...))
		}
	}
	reject(fifo && o.BatchSize > maxFIFOBatch, "Batch size for a FIFO queue must be between 1 and %d, got %d.", maxFIFOBatch, o.BatchSize)
	reject(fifo && o.MaximumBatchingWindow != 0, "Batching window is not supported for FIFO queues")
	reject(!fifo && o.BatchSize > 10 && o.MaximumBatchingWindow <= 0, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	reject(timeout > visibility, "Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", visibility/time.Second, timeout/time.Second)
	reject(visibility == 0, "Queue visibility timeout: 0 seconds is less than Function timeout: 1 seconds")
	return given.Mistakes(m.name(), faults)
}

// Failures returns the last error of each message that an invocation failed,
// by MessageId: the function's error, [ErrTimedOut], a [*PanicError], or
// [ErrReported] for one that the function's answer named.
func (m *Mapping) Failures() map[string]error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.failures)
}

// Invocations returns how often the function was invoked so far.
func (m *Mapping) Invocations() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.invocations
}

// Run polls until ctx ends, then waits for the invocations that are running
// and returns nil. An invocation is not canceled with ctx, as Lambda cancels
// none: its own timeout bounds it. The error says why the mapping could not
// be created, or that its queue was deleted.
func (m *Mapping) Run(ctx context.Context) error {
	if err := m.poll(ctx, false); ctx.Err() == nil {
		return err
	}
	return nil
}

// Drain polls until the queue is empty: nothing visible, nothing in flight
// (not even with another consumer), nothing delayed. Messages that fail are
// waited for until they are visible again, time and again, until they succeed,
// expire, or are moved to a dead-letter queue; what lies in a dead-letter
// queue does not count. The error is that of ctx if it ends before, or as for
// Run.
func (m *Mapping) Drain(ctx context.Context) error { return m.poll(ctx, true) }

// DrainAll drains mappings until all of their queues are empty: what the
// function of one sends to the queue of another is drained too. It takes them
// one after the other, again and again.
func DrainAll(ctx context.Context, mappings ...*Mapping) error {
	for busy := true; busy; {
		busy = false
		for i, m := range mappings {
			if m == nil {
				return fmt.Errorf("messagingtest: DrainAll: mapping %d is nil", i+1)
			}
			before := m.Invocations()
			if err := m.Drain(ctx); err != nil {
				return err
			}
			busy = busy || m.Invocations() != before
		}
	}
	return nil
}

// poll is the mapping's life: take a slot, gather a batch, invoke.
func (m *Mapping) poll(ctx context.Context, drain bool) error {
	if m == nil || m.sqs == nil {
		panic("messagingtest: the Mapping is made by SQS.NewMapping; this one is nil or empty")
	}
	what := "messagingtest: Run of the mapping of " + m.ref
	if drain {
		what = "messagingtest: Drain of the mapping of " + m.ref
	}
	defer m.sqs.server.Watch(ctx, what)()
	src, err := m.open()
	if err != nil {
		return err
	}
	run := &run{Mapping: m, source: src, slots: make(chan struct{}, m.options.MaximumConcurrency)}
	defer run.wait()
	for {
		if err := run.acquire(ctx); err != nil {
			return err
		}
		batch, err := run.gather(ctx, drain)
		if err != nil {
			run.release()
			return err
		}
		if len(batch) == 0 { // idle, as far as the queue can tell
			run.release()
			if drain && run.idle() {
				return nil
			}
			continue
		}
		for i, part := range run.split(batch) {
			if i > 0 {
				if err := run.acquire(context.WithoutCancel(ctx)); err != nil {
					return err
				}
			}
			run.start(ctx, part)
		}
	}
}

// run is one Run or Drain of a mapping.
type run struct {
	*Mapping
	source  source
	slots   chan struct{}
	batches sync.WaitGroup // invocations whose outcome is open
	handler sync.WaitGroup // handlers that have not returned, timed out or not
}

func (r *run) acquire(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *run) release() { <-r.slots }

func (r *run) wait() {
	r.batches.Wait()
	r.handler.Wait()
}

// idle waits for what runs, and says whether the queue is empty even so.
func (r *run) idle() bool {
	r.wait()
	r.sqs.mu.Lock()
	defer r.sqs.mu.Unlock()
	q, ok := r.sqs.find(r.source.arn)
	return !ok || q.isEmpty()
}
