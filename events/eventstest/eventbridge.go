package eventstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/internal/wire"
)

// Deliver is what a target does with an event; the bytes are what AWS would
// send it. An error makes EventBridge try again.
type Deliver = func(ctx context.Context, event []byte) error

// Options are the settings of [New].
type Options struct {
	// AllowUnknownBus accepts events for a bus that does not exist without
	// failing the test. AWS accepts and drops them, which hides a misspelled
	// bus name. Optional. Defaults to false: the events are dropped all the
	// same, and the test fails.
	AllowUnknownBus bool
	// MaxRequestBytes is the size at which PutEvents refuses the entries of a
	// call as too large. Optional. Defaults to 1,048,576, as AWS has it since
	// January 2026; 262,144 before.
	MaxRequestBytes int
	// RetryDelay is the pause before a target is called again after its n-th
	// failure, n from 1. Optional. Defaults to 1 second, doubling up to 450
	// seconds, with which 185 attempts fit into a day.
	RetryDelay func(n int) time.Duration
	// Targets finds what a target does by its ARN, where [EventBridge.Target] has
	// bound nothing; nil says that it does not know the ARN. Optional. Defaults
	// to none.
	Targets func(arn string) Deliver
}

// EventBridge is Amazon EventBridge in process: the event buses of every account and region,
// their rules and targets. It is safe for concurrent use.
type EventBridge struct {
	server *wire.Server
	opts   Options

	mu       sync.Mutex
	regions  map[regionKey]*region
	targets  map[string]Deliver
	dead     map[string]func(context.Context, []byte, map[string]string) error
	tags     map[string]map[string]string
	events   []Event
	queue    []*delivery
	inFlight int
	sequence int
	done     []Delivery
	lost     []error
	waiting  []chan struct{} // one for each Run or Drain that waits
}

type regionKey struct{ account, region string }

// region holds what one account has in one region.
type region struct {
	buses map[string]*eventBus
}

// eventBus is one event bus.
type eventBus struct {
	name, arn, description string
	created, modified      time.Time
	rules                  map[string]*rule
	set                    *pattern.Set // of the enabled rules; nil when it must be made again
	enabled                []*rule
}

// rule is one rule of a bus.
type rule struct {
	name, arn, description, role string
	text                         string
	state                        string
	pattern                      *pattern.Pattern
	targets                      []*target
}

const maxRequestBytes = 1 << 20

func retryDelay(n int) time.Duration {
	return backoff.Exponential(n-1, time.Second, 450*time.Second)
}

// New makes an EventBridge that has the default bus and nothing else. It logs on tb
// what is not simulated; tb may be nil.
func New(tb TB, optFns ...func(*Options)) *EventBridge {
	b := &EventBridge{
		opts:    Options{MaxRequestBytes: maxRequestBytes, RetryDelay: retryDelay},
		regions: map[regionKey]*region{},
		targets: map[string]Deliver{},
		dead:    map[string]func(context.Context, []byte, map[string]string) error{},
		tags:    map[string]map[string]string{},
	}
	given.Options(&b.opts, optFns)
	if b.opts.MaxRequestBytes < 0 {
		panic(fmt.Sprintf("eventstest: Options.MaxRequestBytes is %d; it is not negative", b.opts.MaxRequestBytes))
	}
	if b.opts.MaxRequestBytes == 0 {
		b.opts.MaxRequestBytes = maxRequestBytes
	}
	if b.opts.RetryDelay == nil {
		b.opts.RetryDelay = retryDelay
	}
	b.server = wire.NewServer(tb, wire.Service{
		Name:       "events",
		Package:    "eventstest",
		Protocol:   wire.JSON11("AWSEvents"),
		Operations: b.operations(),
	})
	b.server.DumpOnFailure("EventBridge", &b.mu, b.dump)
	return b
}

// Target says what happens when an event is delivered to the target with this
// ARN: a Lambda function, a queue, a topic, a state machine. Queues of the
// package messagingtest are bound with their method Deliver, topics and state
// machines with the functions that Publisher and Starter return. An event bus of
// this fake needs no binding. A dead-letter queue may be bound in the same way,
// see also [EventBridge.DeadLetters]. A nil function takes the binding back. An
// empty ARN panics.
func (b *EventBridge) Target(arn string, deliver func(ctx context.Context, event []byte) error) {
	b.made()
	if arn == "" {
		panic("eventstest: Target: the ARN is empty")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets[arn] = deliver
}

// DeadLetters binds the dead-letter queue with this ARN; the function also gets
// the message attributes that EventBridge sets, such as ERROR_CODE and RULE_ARN.
// A nil function takes the binding back. An empty ARN panics.
func (b *EventBridge) DeadLetters(arn string, receive func(ctx context.Context, event []byte, attributes map[string]string) error) {
	b.made()
	if arn == "" {
		panic("eventstest: DeadLetters: the ARN is empty")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dead[arn] = receive
}

// function finds what is bound to the ARN of a target; nil where nothing is.
func (b *EventBridge) function(arn string) Deliver {
	b.mu.Lock()
	deliver := b.targets[arn]
	b.mu.Unlock()
	if deliver == nil && b.opts.Targets != nil {
		return b.opts.Targets(arn)
	}
	return deliver
}

// region returns the state of an account in a region; b.mu is held.
func (b *EventBridge) region(key regionKey) *region {
	r := b.regions[key]
	if r == nil {
		now := time.Now()
		r = &region{buses: map[string]*eventBus{
			"default": {
				name: "default", arn: awsid.ARN("events", key.region, key.account, "event-bus/default"),
				created: now, modified: now, rules: map[string]*rule{},
			},
		}}
		b.regions[key] = r
	}
	return r
}

// keep is how many events and ended deliveries the fake remembers at least.
const keep = 1 << 15

// remember appends to a list that does not grow without bound.
func remember[T any](list []T, item T) []T {
	if len(list) >= 2*keep {
		list = slices.Delete(list, 0, keep)
	}
	return append(list, item)
}

// changed drops what was compiled from the rules.
func (e *eventBus) changed() { e.set, e.enabled = nil, nil }

// matching returns the enabled rules that the event matches.
func (e *eventBus) matching(event []byte) ([]*rule, error) {
	if e.set == nil {
		var patterns []*pattern.Pattern
		for _, name := range sortedKeys(e.rules) {
			if r := e.rules[name]; r.state != "DISABLED" && r.pattern != nil {
				e.enabled = append(e.enabled, r)
				patterns = append(patterns, r.pattern)
			}
		}
		e.set = pattern.NewSet(patterns...)
	}
	var buffer [8]int
	found, err := e.set.Match(event, buffer[:0])
	if err != nil {
		return nil, err
	}
	out := make([]*rule, len(found))
	for i, at := range found {
		out[i] = e.enabled[at]
	}
	return out, nil
}
