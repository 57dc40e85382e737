package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/wire"
)

// Poller reads a source for a function: the mappings of messagingtest and
// dynamotest are pollers.
type Poller interface {
	// Run polls until ctx ends.
	Run(ctx context.Context) error
	// Drain polls until the source has nothing.
	Drain(ctx context.Context) error
}

// EventSourceMapping is what an event source mapping is configured with, in the
// words of CreateEventSourceMapping.
type EventSourceMapping struct {
	// UUID is the id of the mapping. [Lambda.Map] gives one.
	UUID string
	// EventSourceARN is the queue or the stream.
	EventSourceARN string
	// FunctionARN is the function, with its version or alias; [Lambda.Map] takes a
	// name too. [Lambda.Function] returns the function to invoke.
	FunctionARN string
	// Disabled says that the mapping does not poll.
	Disabled bool
	// BatchSize is the number of records of a batch at most. Optional. Defaults to
	// 10 for a queue and 100 for a stream.
	BatchSize int
	// MaximumBatchingWindow is how long a batch is gathered. Optional.
	MaximumBatchingWindow time.Duration
	// Filters are filter patterns. Optional.
	Filters []string
	// ReportBatchItemFailures is the function response type. Optional.
	ReportBatchItemFailures bool
	// MaximumConcurrency is that of the ScalingConfig of a queue. Optional.
	MaximumConcurrency int
	// OnFailure is the ARN of the destination of a stream's batches. Optional.
	OnFailure string
	// StartingPosition is where a stream is read from: TRIM_HORIZON, LATEST or
	// AT_TIMESTAMP.
	StartingPosition string
	// ParallelizationFactor is the number of batches of a shard at once. Optional.
	// Defaults to 1 for a stream.
	ParallelizationFactor int
	// BisectBatchOnFunctionError halves a batch that fails. Optional.
	BisectBatchOnFunctionError bool
	// MaximumRetryAttempts and MaximumRecordAge bound the retries of a stream's
	// batch. Optional. Default to -1 for a stream: without end.
	MaximumRetryAttempts *int
	MaximumRecordAge     *time.Duration
	// TumblingWindow is the window of an aggregation. Optional.
	TumblingWindow time.Duration
}

func (m EventSourceMapping) isStream() bool {
	return !strings.HasPrefix(m.EventSourceARN, "arn:aws:sqs:")
}

// mapping is an event source mapping with its poller.
type mapping struct {
	EventSourceMapping

	region, account string
	poller          Poller
	modified        time.Time
	change          string    // "Creating", "Updating" and so on until it is done
	done            time.Time // when the change is done
	deleted         bool
	problem         string // of the last poll
	tags            map[string]string
	generation      int // counts the pollers
}

// state is the State of the mapping at a time.
func (m *mapping) state(now time.Time) string {
	switch {
	case now.Before(m.done):
		return m.change
	case m.Disabled:
		return "Disabled"
	}
	return "Enabled"
}

// gone says whether the deletion of the mapping is done.
func (m *mapping) gone(now time.Time) bool { return m.deleted && !now.Before(m.done) }

// Map creates an event source mapping as a template does, and returns its UUID. It
// is enabled at once. One that Lambda or the Mapper refuses panics: it is a
// mistake in the test.
func (l *Lambda) Map(m EventSourceMapping) (uuid string) {
	created, err := l.createMapping(context.Background(), m, nil, 0)
	if err != nil {
		panic(fmt.Sprintf("lambdatest: map %s to %s: %v", m.EventSourceARN, m.FunctionARN, err))
	}
	return created.UUID
}

// createMapping makes a mapping that takes some time to be there.
func (l *Lambda) createMapping(ctx context.Context, m EventSourceMapping, tags map[string]string, takes time.Duration) (*mapping, error) {
	if l.opts.Mapper == nil {
		return nil, wire.NotSimulated("an event source mapping without Options.Mapper")
	}
	if err := l.complete(ctx, &m); err != nil {
		return nil, err
	}
	function, err := awsid.ParseARN(m.FunctionARN)
	if err != nil {
		return nil, err
	}
	m.UUID = awsid.UUID()
	poller, err := l.newPoller(m)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	created := &mapping{
		EventSourceMapping: m, poller: poller, region: function.Region, account: function.Account, tags: tags,
		modified: now, change: "Creating", done: now.Add(takes),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	if err := l.unique(&m); err != nil {
		return nil, err
	}
	l.mappings[m.UUID] = created
	l.wake()
	return created, nil
}

// unique refuses a mapping of a source to a function that another one has; l.mu is
// held.
func (l *Lambda) unique(m *EventSourceMapping) error {
	for uuid, other := range l.mappings {
		if uuid != m.UUID && other.EventSourceARN == m.EventSourceARN && other.FunctionARN == m.FunctionARN {
			return duplicate(other)
		}
	}
	return nil
}

func duplicate(other *mapping) error {
	if other.isStream() {
		return lambdaError("ResourceConflictException", 409, "The event source arn (\" %s \") and function (\" %s \") provided mapping already exists. Please update or delete the existing mapping with UUID %s",
			other.EventSourceARN, nameOf(other.FunctionARN), other.UUID)
	}
	return lambdaError("ResourceConflictException", 409, "An event source mapping with SQS arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s",
		other.EventSourceARN, nameOf(other.FunctionARN), other.UUID)
}

// nameOf is the name of the function in an ARN.
func nameOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 6 {
		return parts[6]
	}
	return arn
}

// complete finds the function, sets the defaults and refuses what Lambda refuses.
func (l *Lambda) complete(ctx context.Context, m *EventSourceMapping) error {
	ref, err := parse(ctx, m.FunctionARN, "")
	if err != nil {
		return err
	}
	l.mu.Lock()
	_, _, err = l.choose(ctx, ref, false)
	l.mu.Unlock()
	if err != nil {
		return invalid("Function does not exist")
	}
	m.FunctionARN = ref.qualified()
	p, err := awsid.ParseARN(m.EventSourceARN)
	if err != nil || p.Service != "sqs" && p.Service != "dynamodb" {
		return wire.NotSimulated("an event source mapping of %q", m.EventSourceARN)
	}
	return m.check()
}

// check sets the defaults and refuses what Lambda refuses whatever the source is.
func (m *EventSourceMapping) check() error {
	limit := 10_000
	if m.BatchSize == 0 {
		m.BatchSize = 10
		if m.isStream() {
			m.BatchSize = 100
		}
	}
	window := int(m.MaximumBatchingWindow / time.Second)
	switch {
	case m.BatchSize < 1:
		return constraint(m.BatchSize, "batchSize", "Member must have value greater than or equal to 1")
	case m.BatchSize > limit:
		return constraint(m.BatchSize, "batchSize", "Member must have value less than or equal to 10000")
	case window < 0:
		return constraint(window, "maximumBatchingWindowInSeconds", "Member must have value greater than or equal to 0")
	case window > 300:
		return constraint(window, "maximumBatchingWindowInSeconds", "Member must have value less than or equal to 300")
	case len(m.Filters) > 10:
		return invalid("Exceeded filter quota. Maximum filters allowed: 10, number of filters: %d", len(m.Filters))
	}
	if m.isStream() {
		return m.checkStream()
	}
	return m.checkQueue(window)
}

func (m *EventSourceMapping) checkQueue(window int) error {
	switch {
	case strings.HasSuffix(m.EventSourceARN, ".fifo") && m.BatchSize > 10:
		return invalid("Batch size for FIFO queues must be between 1 and 10.")
	case strings.HasSuffix(m.EventSourceARN, ".fifo") && window > 0:
		return invalid("Batching window is not supported for FIFO queues")
	case m.BatchSize > 10 && window == 0:
		return invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	case m.MaximumConcurrency != 0 && m.MaximumConcurrency < 2:
		return constraint(m.MaximumConcurrency, "scalingConfig.maximumConcurrency", "Member must have value greater than or equal to 2")
	case m.MaximumConcurrency > 1000:
		return constraint(m.MaximumConcurrency, "scalingConfig.maximumConcurrency", "Member must have value less than or equal to 1000")
	case m.StartingPosition != "":
		return invalid("StartingPosition is not valid for SQS event sources.")
	case m.ParallelizationFactor != 0 || m.BisectBatchOnFunctionError || m.MaximumRetryAttempts != nil || m.MaximumRecordAge != nil || m.TumblingWindow != 0 || m.OnFailure != "":
		return invalid("Unsupported parameters for SQS event source mappings: ParallelizationFactor, BisectBatchOnFunctionError, MaximumRetryAttempts, MaximumRecordAgeInSeconds, TumblingWindowInSeconds and DestinationConfig are for streams.")
	}
	return nil
}

func (m *EventSourceMapping) checkStream() error {
	if m.ParallelizationFactor == 0 {
		m.ParallelizationFactor = 1
	}
	age := -1
	if m.MaximumRecordAge != nil {
		age = int(*m.MaximumRecordAge / time.Second)
	}
	switch {
	case m.StartingPosition == "":
		return wire.Errorf("ValidationException", 400, "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
	case !slices.Contains([]string{"LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"}, m.StartingPosition):
		return constraint(m.StartingPosition, "startingPosition", "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]")
	case m.StartingPosition == "AT_TIMESTAMP":
		return invalid("Unsupported starting position for arn type: %s", m.EventSourceARN)
	case m.ParallelizationFactor < 1:
		return constraint(m.ParallelizationFactor, "parallelizationFactor", "Member must have value greater than or equal to 1")
	case m.ParallelizationFactor > 10:
		return constraint(m.ParallelizationFactor, "parallelizationFactor", "Member must have value less than or equal to 10")
	case m.MaximumRetryAttempts != nil && (*m.MaximumRetryAttempts < -1 || *m.MaximumRetryAttempts > 10_000):
		return constraint(*m.MaximumRetryAttempts, "maximumRetryAttempts", "Member must have value less than or equal to 10000")
	case age < -1 || age > 604_800:
		return constraint(age, "maximumRecordAgeInSeconds", "Member must have value less than or equal to 604800")
	case age >= 0 && age < 60:
		return invalid("MaximumRecordAgeInSeconds must be -1, or between 60 and 604800.")
	case m.TumblingWindow < 0 || m.TumblingWindow > 15*time.Minute:
		return constraint(int(m.TumblingWindow/time.Second), "tumblingWindowInSeconds", "Member must have value less than or equal to 900")
	case m.MaximumConcurrency != 0:
		return invalid("ScalingConfig is not supported for this event source.")
	}
	return nil
}

// newPoller asks the Mapper. It answers a panic of a constructor as a refusal:
// what a caller sends must not end the process.
func (l *Lambda) newPoller(m EventSourceMapping) (poller Poller, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			poller, err = nil, invalid("%v", reason)
		}
	}()
	poller, err = l.opts.Mapper(m)
	var own *Error
	switch {
	case err == nil && poller == nil:
		return nil, wire.NotSimulated("an event source mapping of %q", m.EventSourceARN)
	case err == nil:
		return poller, nil
	case errors.As(err, &own):
		return nil, serviceFailure(own)
	}
	return nil, invalid("%v", err)
}

// forget drops the mappings whose deletion is done; l.mu is held.
func (l *Lambda) forget(now time.Time) {
	for uuid, m := range l.mappings {
		if m.gone(now) {
			delete(l.mappings, uuid)
		}
	}
}

// polling is what Run has started for a mapping.
type polling struct {
	generation int
	stop       context.CancelFunc
}

// poll runs the pollers of the mappings that are enabled, until ctx ends.
func (l *Lambda) poll(ctx context.Context) {
	signal, stop := l.listen()
	defer stop()
	var group sync.WaitGroup
	defer group.Wait()
	active := map[string]polling{}
	for ctx.Err() == nil {
		wanted, wait := l.enabled()
		for uuid, p := range active {
			if m := wanted[uuid]; m == nil || m.generation != p.generation {
				p.stop()
				delete(active, uuid)
			}
		}
		for uuid, m := range wanted {
			if _, ok := active[uuid]; !ok {
				polled, stop := context.WithCancel(ctx)
				active[uuid] = polling{m.generation, stop}
				group.Go(func() { l.keepPolling(polled, m) })
			}
		}
		sleep(ctx, wait, signal)
	}
	for _, p := range active {
		p.stop()
	}
}

// enabled returns copies of the mappings that poll now, and how long it is until
// a change is done; 0 where none is under way.
func (l *Lambda) enabled() (wanted map[string]*mapping, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.forget(now)
	wanted = map[string]*mapping{}
	for uuid, m := range l.mappings {
		if left := m.done.Sub(now); left > 0 && (wait == 0 || left < wait) {
			wait = left
		}
		if m.state(now) == "Enabled" {
			c := *m
			wanted[uuid] = &c
		}
	}
	return wanted, wait
}

// Mapping is an event source mapping with what its Options.Mapper has made.
type Mapping struct {
	EventSourceMapping
	Poller
}

// Polling returns the event source mappings of all accounts and regions that poll
// now, sorted by their sources and functions, and how long it is until another one's
// change is done; 0 where none is under way.
func (l *Lambda) Polling() (mappings []Mapping, wait time.Duration) {
	l.made()
	enabled, wait := l.enabled()
	for _, m := range enabled {
		mappings = append(mappings, Mapping{m.EventSourceMapping, m.poller})
	}
	slices.SortFunc(mappings, func(a, b Mapping) int {
		return strings.Compare(a.EventSourceARN+" "+a.FunctionARN, b.EventSourceARN+" "+b.FunctionARN)
	})
	return mappings, wait
}

// repoll is the pause after a poller that failed.
const repoll = 10 * time.Second

// keepPolling runs a poller until ctx ends. One that fails, because its queue was
// deleted for instance, begins again.
func (l *Lambda) keepPolling(ctx context.Context, m *mapping) {
	for ctx.Err() == nil {
		err := m.poller.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		l.note(m, err)
		_ = backoff.Sleep(ctx, repoll)
	}
}

// note keeps the problem of a mapping, and logs it when it is another one.
func (l *Lambda) note(m *mapping, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	problem := ""
	if err != nil {
		problem = "PROBLEM: " + err.Error()
	}
	current := l.mappings[m.UUID]
	if current == nil || current.problem == problem {
		return
	}
	current.problem = problem
	if problem != "" {
		l.server.TB().Logf("lambdatest: event source mapping of %s: %v", m.EventSourceARN, err)
	}
}

// drainMappings drains the pollers of the mappings that are enabled, after the
// changes that are under way.
func (l *Lambda) drainMappings(ctx context.Context) error {
	signal, stop := l.listen()
	defer stop()
	wanted, wait := l.enabled()
	for wait > 0 && ctx.Err() == nil {
		sleep(ctx, wait, signal)
		wanted, wait = l.enabled()
	}
	uuids := make([]string, 0, len(wanted))
	for uuid := range wanted {
		uuids = append(uuids, uuid)
	}
	slices.SortFunc(uuids, func(a, b string) int {
		x, y := wanted[a], wanted[b]
		return strings.Compare(x.EventSourceARN+x.FunctionARN, y.EventSourceARN+y.FunctionARN)
	})
	for _, uuid := range uuids {
		m := wanted[uuid]
		if err := m.poller.Drain(ctx); err != nil {
			l.note(m, err)
			return fmt.Errorf("event source mapping of %s: %w", m.EventSourceARN, err)
		}
	}
	return ctx.Err()
}
