package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// ErrLost is wrapped by the errors of Drain and Run for what asynchronous
// invocations left behind and nobody got: an event that failed for good and had no
// dead-letter queue and no destination for failures, or a delivery to one of them
// that failed.
var ErrLost = errors.New("lambdatest: an event was lost")

// event is an asynchronous invocation in the queue.
type event struct {
	request

	accepted, due time.Time
	throttles     int // since it ran last
	sequence      int
	epoch         int     // of the service when it was taken
	last          *result // of its last run
	failure       *wire.Error
}

// Async returns the asynchronous invocation of a function, as SNS, EventBridge and
// S3 make it: the event is accepted at once, and the error says that it was not. [Lambda.Run] and
// [Lambda.Drain] invoke the function.
func (l *Lambda) Async(nameOrARN string) func(ctx context.Context, payload []byte) error {
	return func(ctx context.Context, payload []byte) error {
		ref, err := parse(context.Background(), nameOrARN, "")
		if err != nil {
			return public(err)
		}
		r, err := newRequest(ctx, ref, payload, maxAsyncPayload)
		if err != nil {
			return public(err)
		}
		if err := l.accept(context.Background(), r); err != nil {
			l.explain(err)
			return public(err)
		}
		return nil
	}
}

// accept puts an event into the queue.
func (l *Lambda) accept(ctx context.Context, r request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, _, err := l.choose(ctx, r.ref, false); err != nil {
		return err
	}
	r.asynchronous, r.attempt = true, 0
	l.sequence++
	now := time.Now()
	l.queue = append(l.queue, &event{request: r, accepted: now, due: now, sequence: l.sequence})
	l.wake()
	return nil
}

// Pending returns the number of asynchronous invocations that have not begun or
// will be made again.
func (l *Lambda) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) + l.inFlight
}

// Invocations returns how often functions have run so far, synchronously or not.
func (l *Lambda) Invocations() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.invocations
}

type nestedKey struct{}

// ownOf is the number of invocations that wait for a call with ctx to return: the
// one that makes it.
func ownOf(ctx context.Context, l *Lambda) int {
	if ctx.Value(nestedKey{}) == l {
		return 1
	}
	return 0
}

// pump invokes what is in the queue until ctx ends, or with drain until nothing is
// left. An invocation is not canceled with ctx: its own timeout bounds it.
func (l *Lambda) pump(ctx context.Context, drain bool) error {
	signal, stop := l.listen()
	defer stop()
	own := ownOf(ctx, l)
	slots := make(chan struct{}, l.opts.MaximumConcurrency)
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		e, wait, idle := l.take(own)
		if e == nil {
			<-slots
			if idle && drain {
				return nil
			}
			sleep(ctx, wait, signal)
			continue
		}
		running.Go(func() {
			defer func() { <-slots }()
			l.attempt(context.WithValue(context.WithoutCancel(ctx), nestedKey{}, l), e)
		})
	}
	return ctx.Err()
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

// take removes the event that is due: the earliest, and of several with the same
// time the one that was accepted first. If none is due, it returns how long the
// next one has to wait.
func (l *Lambda) take(own int) (e *event, wait time.Duration, idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return nil, 0, l.inFlight <= own
	}
	first := slices.MinFunc(l.queue, func(x, y *event) int {
		if c := x.due.Compare(y.due); c != 0 {
			return c
		}
		return x.sequence - y.sequence
	})
	if wait = time.Until(first.due); wait > 0 {
		return nil, wait, false
	}
	l.queue = slices.DeleteFunc(l.queue, func(x *event) bool { return x == first })
	l.inFlight++
	first.epoch = l.epoch
	return first, 0, false
}

// The conditions of a record, see
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html.
const (
	succeeded        = "Success"
	retriesExhausted = "RetriesExhausted"
	ageExceeded      = "EventAgeExceeded"
	zeroConcurrency  = "ZeroReservedConcurrency"
)

// settings are those that hold for an event now.
type settings struct {
	retries              int
	age                  time.Duration
	onSuccess, onFailure string
	deadLetter           string
	arn                  string // of the function with what was invoked
	zero                 bool   // no invocation can ever begin
}

func (l *Lambda) settings(ref reference) (settings, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, v, err := l.choose(context.Background(), ref, false)
	if err != nil {
		return settings{}, err
	}
	s := settings{retries: defaultRetries, age: defaultEventAge, deadLetter: v.DeadLetterTarget, arn: f.arn + ":" + ref.version()}
	if c := f.async[ref.version()]; c != nil {
		s.onSuccess, s.onFailure = c.onSuccess, c.onFailure
		if c.retries != nil {
			s.retries = *c.retries
		}
		s.age = or(c.age, defaultEventAge)
	}
	s.zero = f.reserved != nil && *f.reserved == 0
	return s, nil
}

// isTried says whether an invocation was begun. An event that only waited for Run
// or Drain is not too old: on AWS it would not have waited.
func (e *event) isTried() bool { return e.attempt > 0 || e.throttles > 0 }

// attempt invokes the function once, and decides what follows.
func (l *Lambda) attempt(ctx context.Context, e *event) {
	s, err := l.settings(e.ref)
	switch {
	case err != nil: // it was deleted meanwhile
		l.finish(e, fmt.Errorf("%w: %w", ErrLost, public(err)))
		return
	case s.zero:
		l.conclude(ctx, e, s, zeroConcurrency)
		return
	case e.isTried() && time.Since(e.accepted) >= s.age:
		l.conclude(ctx, e, s, ageExceeded)
		return
	}
	r := e.request
	r.attempt++
	out, err := l.invoke(ctx, r)
	if err != nil {
		e.failure = asWire(err)
		l.again(e, s, pause(e.throttles))
		e.throttles++
		return
	}
	e.request, e.last, e.failure, e.throttles = r, &out, nil, 0
	switch {
	case out.err == nil:
		l.conclude(ctx, e, s, succeeded)
	case e.attempt > s.retries:
		l.conclude(ctx, e, s, retriesExhausted)
	default:
		after := time.Duration(e.attempt) * time.Minute
		if e.attempt == 1 {
			l.server.TB().Logf("lambdatest: event %s for %s fails and is tried again after %v: %s", e.id, s.arn, after, out.payload)
		}
		l.again(e, s, after)
	}
}

func asWire(err error) *wire.Error {
	var e *wire.Error
	if errors.As(err, &e) {
		return e
	}
	return wire.Errorf("ServiceException", 500, "%v", err)
}

// maxBackoff is the longest pause after a throttle or a failure of the service.
const maxBackoff = 5 * time.Minute

// pause doubles from a second.
func pause(failures int) time.Duration {
	if failures > 8 {
		return maxBackoff
	}
	return min(time.Second<<failures, maxBackoff)
}

// again puts an event back, for after a pause: at the latest for when it is too
// old.
func (l *Lambda) again(e *event, s settings, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	defer l.wake()
	if e.epoch != l.epoch {
		return // Restore has put another queue in its place
	}
	e.due = time.Now().Add(after)
	if end := e.accepted.Add(s.age); e.due.After(end) {
		e.due = end
	}
	l.queue = append(l.queue, e)
}

// maxLost is how many losses wait for the next Drain at most; the log has all.
const maxLost = 1000

// finish ends an event. The losses of it are the error of the next Drain or Run.
func (l *Lambda) finish(e *event, lost ...error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	for _, err := range lost {
		err = fmt.Errorf("event %s for %s: %w", e.id, e.ref.qualified(), err)
		l.server.TB().Logf("lambdatest: %v", err)
		if e.epoch == l.epoch {
			l.lost = append(l.lost[max(0, len(l.lost)-maxLost+1):], err)
		}
	}
	l.wake()
}

// takeLost joins the losses since the last call.
func (l *Lambda) takeLost() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := l.lost
	l.lost = nil
	return errors.Join(lost...)
}
