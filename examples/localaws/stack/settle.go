package stack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/examples/localaws/lambdatest"
)

// worker does what a service does in the background until nothing is left to do.
type worker struct {
	name  string
	drain func(ctx context.Context) error
}

// Settle lets every service work until nothing moves any more: no record in a
// stream that is read, no message in a queue that is polled, no event to deliver,
// no asynchronous invocation, no execution that could go on by itself. What waits
// is waited for: retries, delays, visibility time-outs, Wait states. In a
// [testing/synctest] bubble that takes no time.
//
// What a target of the test's own does, see EventBridge.Target, should go
// through clients with Config, so that the services notice it.
//
// A message that fails again and again is followed to its dead-letter queue, or to
// the end of its retention. What never comes to rest, such as a machine that loops,
// is followed until ctx ends: bound it, in a bubble too. The error is that of ctx,
// or says which service failed. What an event rule or a function has lost
// ([eventstest.ErrUndeliverable], [lambdatest.ErrLost]) is the error at the end,
// when all the rest is done.
//
// Several goroutines may call Settle at once. A function must not: it would wait
// for itself, which is an error where ctx is that of the invocation.
func (c *Cloud) Settle(ctx context.Context) error {
	if in, ok := lambdatest.InvocationOf(ctx); ok {
		return fmt.Errorf("stack: Settle in the function %s waits for that function itself", in.Configuration.FunctionName)
	}
	r := &round{cloud: c, changed: make(chan struct{}), polled: map[lambdatest.Poller]context.CancelFunc{}}
	c.activity.begin(r)
	defer c.activity.end(r)
	settled, cancel := context.WithCancel(context.WithValue(ctx, settling{}, true))
	defer cancel()
	r.cancel = cancel
	c.activity.join(r) // the first workers must not find that they are all
	r.start(settled, worker{"event source mappings", r.pollMappings})
	r.start(settled, worker{"EventBridge", c.EventBridge.Drain})
	r.start(settled, worker{"Step Functions", c.StepFunctions.Drain})
	r.start(settled, worker{"Lambda", c.Lambda.Drain})
	c.activity.leave(r)
	r.group.Wait()
	if r.failed == nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(firstCause(r.failed), errors.Join(r.lost...))
}

// round is the work of one Settle.
type round struct {
	cloud  *Cloud
	cancel context.CancelFunc
	group  sync.WaitGroup
	polled map[lambdatest.Poller]context.CancelFunc // ends the worker of a mapping; pollMappings has it

	// The mutex of activity guards these.
	workers int           // how many take part
	idle    int           // how many have found nothing to do since the last change
	changed chan struct{} // closed with each change, and at the end
	settled bool          // all were idle at once
	failed  []error       // what has ended the round
	lost    []error       // what was lost, while the rest went on
}

// start starts a worker. It ends with ctx, or when all workers have found nothing.
func (r *round) start(ctx context.Context, w worker) {
	a := &r.cloud.activity
	a.join(r)
	r.group.Go(func() {
		defer a.leave(r)
		for again := true; again; {
			seen := a.seen()
			err := w.drain(ctx)
			if err != nil {
				err = fmt.Errorf("stack: %s: %w", w.name, err)
			}
			lost := errors.Is(err, eventstest.ErrUndeliverable) || errors.Is(err, lambdatest.ErrLost)
			if err != nil && (!lost || ctx.Err() != nil) {
				a.fail(r, err)
				return
			}
			if lost {
				a.lose(r, err)
			}
			again = a.wait(ctx, r, seen)
		}
	})
}

// pollMappings gives each event source mapping that is enabled a worker, after the
// changes that are under way, and ends the workers of the others.
func (r *round) pollMappings(ctx context.Context) error {
	for {
		mappings, wait := r.cloud.Lambda.Polling()
		enabled := map[lambdatest.Poller]bool{}
		for _, m := range mappings {
			enabled[m.Poller] = true
			if p, ok := m.Poller.(poller); ok && r.polled[p] == nil {
				polled, stop := context.WithCancel(ctx)
				r.polled[p] = stop
				r.start(polled, worker{p.name, func(polled context.Context) error {
					return unlessStopped(ctx, polled, p.Poller.Drain(polled))
				}})
			}
		}
		for p, stop := range r.polled {
			if !enabled[p] {
				stop()
				delete(r.polled, p)
			}
		}
		if wait == 0 {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unlessStopped is the error of a worker, if it was not ended alone.
func unlessStopped(ctx, polled context.Context, err error) error {
	if polled.Err() != nil && ctx.Err() == nil && errors.Is(err, polled.Err()) {
		return nil
	}
	return err
}

// firstCause joins the errors of workers, without those that only say that
// another worker's failure has ended them.
func firstCause(failed []error) error {
	var causes []error
	for _, err := range failed {
		if !errors.Is(err, context.Canceled) {
			causes = append(causes, err)
		}
	}
	if causes == nil {
		return errors.Join(failed...)
	}
	return errors.Join(causes...)
}

// activity tells the workers of each Settle that something has happened, and ends
// them when all of them have looked since the last time that something did.
type activity struct {
	mu     sync.Mutex
	count  int // of what has happened
	rounds map[*round]bool
}

func (a *activity) begin(r *round) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rounds == nil {
		a.rounds = map[*round]bool{}
	}
	a.rounds[r] = true
}

func (a *activity) end(r *round) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rounds, r)
}

// join says that one more worker takes part, leave that one does no more.
func (a *activity) join(r *round) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.workers++
}

func (a *activity) leave(r *round) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.workers--
	r.wake()
}

// fail ends the round of a worker that has failed.
func (a *activity) fail(r *round, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.failed = append(r.failed, err)
	r.cancel()
}

func (a *activity) lose(r *round, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.lost = append(r.lost, err)
}

// happened says that there may be new work.
func (a *activity) happened() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	for r := range a.rounds {
		r.idle = 0
		r.wake()
	}
}

// wake wakes all that wait; the mutex of activity is held.
func (r *round) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (a *activity) seen() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// wait waits until something has happened since the count was seen. It reports
// false when all workers wait: nothing will happen any more.
func (a *activity) wait(ctx context.Context, r *round, seen int) (again bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count != seen {
		return ctx.Err() == nil
	}
	r.idle++
	for !r.settled && a.count == seen && r.idle < r.workers && ctx.Err() == nil {
		changed := r.changed
		a.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		a.mu.Lock()
	}
	switch {
	case r.settled:
		return false
	case a.count != seen:
		return ctx.Err() == nil
	case ctx.Err() != nil: // the worker ends alone
		r.idle--
		return false
	}
	r.settled = true
	r.wake()
	return false
}
