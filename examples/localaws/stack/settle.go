package stack

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
// A message that fails again and again is followed to its dead-letter queue, or to
// the end of its retention. The error is that of ctx, or says which service failed.
func (c *Cloud) Settle(ctx context.Context) error {
	ctx = context.WithValue(ctx, settling{}, true)
	for count := -1; ; {
		workers, err := c.enabled(ctx)
		if err != nil {
			return err
		}
		if len(workers) == count { // else a function has made an event source mapping
			return nil
		}
		count = len(workers)
		workers = append(workers, worker{"EventBridge", c.EventBridge.Drain},
			worker{"Step Functions", c.StepFunctions.Drain}, worker{"Lambda", c.Lambda.Drain})
		if err := c.settle(ctx, workers); err != nil {
			return err
		}
	}
}

func (c *Cloud) settle(ctx context.Context, workers []worker) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.activity.begin(len(workers))
	failed := make([]error, len(workers))
	var wg sync.WaitGroup
	for i, w := range workers {
		wg.Go(func() {
			for again := true; again; {
				seen := c.activity.seen()
				if err := w.drain(ctx); err != nil {
					failed[i] = fmt.Errorf("stack: %s: %w", w.name, err)
					cancel()
					return
				}
				again = c.activity.wait(ctx, seen)
			}
		})
	}
	wg.Wait()
	return firstCause(failed)
}

// firstCause joins the errors of workers, without those that only say that
// another worker's failure has ended them.
func firstCause(failed []error) error {
	var causes []error
	for _, err := range failed {
		if err != nil && !errors.Is(err, context.Canceled) {
			causes = append(causes, err)
		}
	}
	if causes == nil {
		return errors.Join(failed...)
	}
	return errors.Join(causes...)
}

// activity tells the workers of a Settle that something has happened, and ends
// them when all of them have looked since the last time that something did.
type activity struct {
	mu      sync.Mutex
	count   int           // of what has happened
	workers int           // how many take part in a Settle
	idle    int           // how many have found nothing to do since the last change
	changed chan struct{} // closed with each change, and at the end
}

func (a *activity) begin(workers int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.workers, a.idle, a.changed = workers, 0, make(chan struct{})
}

// happened says that there may be new work.
func (a *activity) happened() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	a.idle = 0
	a.wake()
}

// wake wakes all that wait; mu is held.
func (a *activity) wake() {
	if a.changed != nil {
		close(a.changed)
		a.changed = make(chan struct{})
	}
}

func (a *activity) seen() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// wait waits until something has happened since the count was seen. It reports
// false when all workers wait: nothing will happen any more.
func (a *activity) wait(ctx context.Context, seen int) (again bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count != seen {
		return ctx.Err() == nil
	}
	a.idle++
	for a.count == seen && a.idle < a.workers && ctx.Err() == nil {
		changed := a.changed
		a.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		a.mu.Lock()
	}
	if a.count != seen {
		return ctx.Err() == nil
	}
	a.wake() // the others see that all are idle
	return false
}
