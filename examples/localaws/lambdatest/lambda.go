package lambdatest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/lambdafn"
	"github.com/patternkit/serverless/internal/wire"
)

// Function is a Lambda function as a service invokes it: JSON in, JSON or an error
// out.
type Function = func(ctx context.Context, payload []byte) ([]byte, error)

// Func makes a [Function] of a typed handler. It decodes and encodes as
// aws-lambda-go does, and panics without a handler.
func Func[I, O any](handler func(context.Context, I) (O, error)) Function {
	return lambdafn.Func("lambdatest", handler)
}

// Event makes a [Function] of a typed handler that returns only an error. It
// panics without a handler.
func Event[I any](handler func(context.Context, I) error) Function {
	return lambdafn.Event("lambdatest", handler)
}

// Deliver takes what an asynchronous invocation leaves: the record for a
// destination, or the event for a dead-letter queue, which has attributes.
type Deliver = func(ctx context.Context, payload []byte, attributes map[string]string) error

// Options are the settings of the service.
type Options struct {
	// Targets returns what destinations and dead-letter queues deliver to, by its
	// ARN; nil for one that does not exist. Functions are found without it.
	//
	// A destination gets a record and no attributes; the record for an event bus
	// is in the envelope of EventBridge. A dead-letter queue gets the event and
	// the attributes RequestID, ErrorCode (a Number) and ErrorMessage.
	//
	// Optional. Defaults to none: such a delivery is lost.
	Targets func(arn string) Deliver
	// Mapper makes the poller of an event source mapping that is created or
	// changed. Its error, or its panic, is the answer to the call. Optional.
	// Without it event source mappings are refused as not simulated.
	Mapper func(m EventSourceMapping) (Poller, error)
	// Code returns the code of a function that CreateFunction makes, by its name; nil
	// refuses it. Optional. Defaults to none: CreateFunction is refused, since an
	// archive cannot be run.
	Code func(name string) Function
	// ChangeTime is how long a change of an event source mapping or of a
	// configuration takes over the wire. Optional. Defaults to one second.
	ChangeTime time.Duration
	// MaximumConcurrency is how many asynchronous invocations Run and Drain make at
	// once. Optional. Defaults to 1, so that functions may share variables of the
	// test; Lambda makes as many as there are events.
	MaximumConcurrency int
	// OnInvoke is called after each run of a function, one call at a time. Optional.
	OnInvoke func(Invocation)
}

// Lambda is AWS Lambda in process. It is safe for concurrent use.
type Lambda struct {
	server *wire.Server
	opts   Options

	mu          sync.Mutex
	functions   map[string]*function // by unqualified ARN
	mappings    map[string]*mapping  // by UUID
	queue       []*event
	inFlight    int
	sequence    int
	epoch       int // counts Restore
	invocations int
	lost        []error
	waiting     []chan struct{}          // of Run and Drain
	running     map[*sync.WaitGroup]bool // functions that have not returned

	observer sync.Mutex // OnInvoke is called by one goroutine at a time
}

// New returns a service without functions. The tb may be nil.
func New(tb TB, optFns ...func(*Options)) *Lambda {
	l := &Lambda{functions: map[string]*function{}, mappings: map[string]*mapping{}, running: map[*sync.WaitGroup]bool{}}
	given.Options(&l.opts, optFns)
	switch {
	case l.opts.MaximumConcurrency < 0:
		panic("lambdatest: New: MaximumConcurrency is negative")
	case l.opts.ChangeTime < 0:
		panic("lambdatest: New: ChangeTime is negative")
	}
	l.opts.MaximumConcurrency, l.opts.ChangeTime = or(l.opts.MaximumConcurrency, 1), or(l.opts.ChangeTime, time.Second)
	l.server = wire.NewServer(tb, l.service())
	l.server.DumpOnFailure("Lambda", &l.mu, l.dump)
	l.server.TB().Cleanup(l.wait)
	return l
}

// wait waits for the functions that go on after their time-out: one that outlives
// its test would use a test that has ended.
func (l *Lambda) wait() {
	l.mu.Lock()
	var all []*sync.WaitGroup
	for group := range l.running {
		all = append(all, group)
	}
	l.mu.Unlock()
	for _, group := range all {
		group.Wait()
	}
}

// wake makes every waiting Run and Drain look again; l.mu is held.
func (l *Lambda) wake() {
	for _, c := range l.waiting {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// listen registers a channel for wake until stop is called.
func (l *Lambda) listen() (signal chan struct{}, stop func()) {
	signal = make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, signal)
	return signal, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.waiting = slices.DeleteFunc(l.waiting, func(c chan struct{}) bool { return c == signal })
	}
}
