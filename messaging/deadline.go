package messaging

import (
	"context"
	"errors"
	"runtime/debug"
	"time"
)

const (
	longestWait = time.Minute           // for one call of a dead-letter queue, a store of bodies or SQS
	slack       = 50 * time.Millisecond // for a call to return after its context ended
)

// errNoAnswer is the error of a call that did not return when its context ended.
var errNoAnswer = errors.New("messaging: no answer in time")

// times bound the work on one batch; zero times do not.
type times struct {
	stop    time.Time // nothing starts after it, and the handlers' contexts end
	abandon time.Time // handlers that still run are reported as failed
	report  time.Time // what is asked of the queue for failed messages ends
}

// window keeps the reserve free before the deadline of ctx.
func window(ctx context.Context, reserve time.Duration) times {
	deadline, ok := ctx.Deadline()
	if !ok || reserve < 0 {
		return times{}
	}
	return before(deadline, min(reserve, max(time.Until(deadline), 0)/4))
}

// before divides the reserve before a deadline: half of it for what still runs,
// a quarter to change visibility, and the rest to answer.
func before(deadline time.Time, reserve time.Duration) times {
	return times{stop: deadline.Add(-reserve), abandon: deadline.Add(-reserve / 2), report: deadline.Add(-reserve / 4)}
}

// loading is when the last body must have been loaded: half of the time is for
// the handlers.
func (w *times) loading(now time.Time) time.Time {
	if w.stop.IsZero() {
		return now.Add(2 * longestWait)
	}
	return now.Add(w.stop.Sub(now) / 2)
}

// parking is when a dead letter must have arrived. It leaves half of the time to
// the messages that follow; when nothing can start any more, it has what is left.
func (w *times) parking(now time.Time) time.Time {
	if w.stop.IsZero() {
		return now.Add(longestWait)
	}
	if t := half(now, w.stop); t.Sub(now) > w.abandon.Sub(w.stop) {
		return t
	}
	return w.abandon
}

// reporting is when changes of visibility must be done.
func (w *times) reporting(now time.Time) time.Time {
	if w.report.IsZero() {
		return now.Add(longestWait)
	}
	return w.report
}

// half is the middle of the time from now to end, at most longestWait from now.
func half(now, end time.Time) time.Time {
	return now.Add(min(end.Sub(now)/2, longestWait))
}

// until is ctx with a deadline, unless that is zero.
func until(ctx context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	if deadline.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline)
}

// within calls f with a context that ends at the deadline, and leaves it behind
// when it does not heed that, or when left ends.
func within[T any](ctx, left context.Context, deadline time.Time, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	left, stop := context.WithDeadline(left, deadline.Add(slack))
	defer stop()
	v, answered, err := attempt(left, func() (T, error) { return f(ctx) })
	if !answered {
		return v, errNoAnswer
	}
	return v, err
}

// attempt calls f in a goroutine of its own, so that a panic, a Goexit and a
// function that does not heed its deadline cost one message only. It answers
// false when f had not returned at the end of left.
func attempt[T any](left context.Context, f func() (T, error)) (T, bool, error) {
	type answer struct {
		v   T
		err error
	}
	done := make(chan answer, 1)
	go func() {
		a, returned := answer{}, false
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: &PanicError{p, debug.Stack()}}
			} else if !returned {
				a = answer{err: &PanicError{}}
			}
			done <- a
		}()
		a.v, a.err = f()
		returned = true
	}()
	select {
	case a := <-done:
		return a.v, true, a.err
	case <-left.Done():
	}
	select {
	case a := <-done:
		return a.v, true, a.err
	default:
		var zero T
		return zero, false, nil
	}
}

// lingering returns a context with the values of ctx that ends d after ctx did.
// The function must be called; it waits for what was started here.
func lingering(ctx context.Context, d time.Duration) (context.Context, func()) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		select {
		case <-out.Done():
			return
		case <-ctx.Done():
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-out.Done():
		case <-timer.C:
		}
	}()
	return out, func() {
		cancel()
		<-ended
	}
}
