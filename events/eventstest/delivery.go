package eventstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/patternkit/serverless/internal/handover"
)

// What a target's RetryPolicy defaults to.
const (
	defaultAge      = 24 * time.Hour
	defaultAttempts = 185
)

// ErrPermanent is for errors of a target that EventBridge does not try again,
// such as a missing permission: the event goes to the dead-letter queue at once.
// A target returns an error that wraps it.
var ErrPermanent = errors.New("eventstest: permanent failure of the target")

// ErrUndeliverable is wrapped by the errors of Drain and Run for events that
// reached no target and no dead-letter queue.
var ErrUndeliverable = errors.New("eventstest: event was not delivered")

// Delivery is one event for one target, when no more attempts are made.
type Delivery struct {
	// EventID is the id of the event, Rule the name of the rule, TargetID and
	// TargetARN what PutTargets gave.
	EventID, Rule, TargetID, TargetARN string
	// Input is what the target got.
	Input []byte
	// Attempts is how often the target was called.
	Attempts int
	// Err is the last error of the target; nil where it took the event.
	Err error
	// DeadLettered says that the event went to the target's dead-letter queue.
	DeadLettered bool
}

// delivery is a Delivery that has not ended.
type delivery struct {
	Delivery
	event    *Event
	dedup    string // the deduplication id that a queue gets
	rule     *rule
	target   *target
	due      time.Time
	sequence int
}

// enqueue adds a delivery; b.mu is held.
func (b *EventBridge) enqueue(ev *Event, r *rule, t *target) {
	b.sequence++
	b.queue = append(b.queue, &delivery{
		Delivery: Delivery{EventID: ev.ID, Rule: r.name, TargetID: t.ID, TargetARN: t.Arn},
		event:    ev, rule: r, target: t, dedup: ev.deduplicationID(t), due: ev.accepted, sequence: b.sequence,
	})
}

// deduplicationID is the id of the event, which a retry repeats. A queue behind
// several targets gets the event from each of them, so all ids but the first have a
// number added.
func (ev *Event) deduplicationID(t *target) string {
	if !t.isQueue() {
		return ""
	}
	ev.copies[t.Arn]++
	if n := ev.copies[t.Arn]; n > 1 {
		return ev.ID + "-" + strconv.Itoa(n)
	}
	return ev.ID
}

// wake makes every waiting Run and Drain look again; b.mu is held.
func (b *EventBridge) wake() {
	for _, c := range b.waiting {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Deliveries returns the deliveries that have ended, in that order: the last
// 32,768 at least.
func (b *EventBridge) Deliveries() []Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.done)
}

// Pending returns the number of deliveries that have not begun or will be tried
// again.
func (b *EventBridge) Pending() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue) + b.inFlight
}

// Drain delivers until nothing is pending, retries and their pauses included. It
// returns an error that wraps [ErrUndeliverable] for each event that was lost
// since the last call, and ctx's error if ctx ended first.
func (b *EventBridge) Drain(ctx context.Context) error { return b.deliverAll(ctx, true) }

// Run delivers until ctx ends, and then returns what was lost, as Drain does. The
// end of ctx is not an error. The calls are made one after the other.
func (b *EventBridge) Run(ctx context.Context) error { return b.deliverAll(ctx, false) }

type nestedKey struct{}

func (b *EventBridge) deliverAll(ctx context.Context, drain bool) error {
	what := "eventstest: Run of the bus"
	if drain {
		what = "eventstest: Drain of the bus"
	}
	defer b.server.Watch(ctx, what)()
	signal := make(chan struct{}, 1)
	b.mu.Lock()
	b.waiting = append(b.waiting, signal)
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.waiting = slices.DeleteFunc(b.waiting, func(c chan struct{}) bool { return c == signal })
	}()
	own := 0 // deliveries that wait for this very call to return
	if ctx.Value(nestedKey{}) == b {
		own = 1
	}
	for ctx.Err() == nil {
		d, wait, idle := b.take(own)
		if d != nil {
			b.attempt(ctx, d)
			continue
		}
		if idle && drain {
			return b.takeLost()
		}
		sleep(ctx, wait, signal)
	}
	if drain {
		return errors.Join(b.takeLost(), fmt.Errorf("eventstest: drain with %d deliveries pending: %w", b.Pending(), ctx.Err()))
	}
	return b.takeLost()
}

// sleep waits for the signal, or for d where d is more than 0.
func sleep(ctx context.Context, d time.Duration, signal <-chan struct{}) {
	var due <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-signal:
	case <-due:
	}
}

// take removes the delivery that is due: the earliest, and of several with the same
// time the one that was queued first. If none is due, it returns how long the next
// one has to wait.
func (b *EventBridge) take(own int) (d *delivery, wait time.Duration, idle bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return nil, 0, b.inFlight <= own
	}
	first := slices.MinFunc(b.queue, func(x, y *delivery) int {
		if c := x.due.Compare(y.due); c != 0 {
			return c
		}
		return x.sequence - y.sequence
	})
	if wait = time.Until(first.due); wait > 0 {
		return nil, wait, false
	}
	b.queue = slices.DeleteFunc(b.queue, func(x *delivery) bool { return x == first })
	b.inFlight++
	return first, 0, false
}

// takeLost joins the losses since the last call.
func (b *EventBridge) takeLost() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	lost := b.lost
	b.lost = nil
	return errors.Join(lost...)
}

// attempt calls the target once, and decides what follows.
func (b *EventBridge) attempt(ctx context.Context, d *delivery) {
	d.Attempts++
	d.Err = b.call(ctx, d)
	switch exhausted := d.exhausted(); {
	case d.Err == nil:
		b.finish(d, nil)
	case ctx.Err() != nil && errors.Is(d.Err, ctx.Err()):
		d.Attempts-- // the caller gave up, not the target
		b.again(d, 0)
	case exhausted != "":
		b.giveUp(ctx, d, exhausted)
	default:
		after := b.opts.RetryDelay(d.Attempts)
		if d.Attempts == 1 {
			b.server.TB().Logf("eventstest: event %s, rule %s, target %s fails and is tried again after %v: %v", d.EventID, d.Rule, d.TargetID, after, d.Err)
		}
		b.again(d, after)
	}
}

// call hands the event to what the target's ARN names: a function that the test
// has bound, or an event bus of this fake.
func (b *EventBridge) call(ctx context.Context, d *delivery) error {
	input, err := d.target.input(d.event, d.rule)
	if err != nil {
		return err
	}
	d.Input = input
	deliver := b.function(d.TargetARN)
	if deliver == nil {
		return b.forward(d)
	}
	return deliver(d.context(context.WithValue(ctx, nestedKey{}, b)), slices.Clone(input))
}

// MessageGroupID returns the message group that the target's SqsParameters name,
// in the context of a target that is a queue; else "".
func MessageGroupID(ctx context.Context) string { return handover.Of(ctx).GroupID }

// context returns the context of the target function. It carries what a queue gets
// besides the body.
func (d *delivery) context(ctx context.Context) context.Context {
	var m handover.Message
	if d.target.isQueue() {
		m.DeduplicationID = d.dedup
		if p := d.target.SqsParameters; p != nil {
			m.GroupID = text(p.MessageGroupID)
		}
	}
	return handover.With(ctx, m)
}

// nonRetryable is what exhausted says of an event that is not tried again
// whatever the RetryPolicy.
const nonRetryable = "NonRetryable"

// exhausted says why the delivery is not tried again; "" if it is.
func (d *delivery) exhausted() string {
	age, attempts := defaultAge, defaultAttempts
	if p := d.target.RetryPolicy; p != nil {
		if p.MaximumEventAgeInSeconds != nil {
			age = time.Duration(*p.MaximumEventAgeInSeconds) * time.Second
		}
		if p.MaximumRetryAttempts != nil {
			attempts = int(*p.MaximumRetryAttempts)
		}
	}
	switch {
	case errors.Is(d.Err, ErrPermanent):
		return nonRetryable
	case errors.Is(d.Err, errTemplate):
		return nonRetryable // the same event fills the template in the same way again
	case errors.Is(d.Err, handover.ErrNoTarget) && d.target.RetryPolicy == nil:
		return nonRetryable
	case d.Attempts > attempts:
		return "MaximumRetryAttempts"
	case time.Since(d.event.accepted) >= age:
		return "MaximumEventAgeInSeconds"
	}
	return ""
}

func (b *EventBridge) again(d *delivery, after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight--
	d.due = time.Now().Add(after)
	b.queue = append(b.queue, d)
	b.wake()
}

func (b *EventBridge) finish(d *delivery, lost error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight--
	b.done = remember(b.done, d.Delivery)
	if lost != nil {
		b.lost = remember(b.lost, fmt.Errorf("event %s, rule %s, target %s: %w", d.EventID, d.Rule, d.TargetID, lost))
		b.server.TB().Logf("eventstest: event %s, rule %s, target %s: %v", d.EventID, d.Rule, d.TargetID, lost)
	}
	b.wake()
}
