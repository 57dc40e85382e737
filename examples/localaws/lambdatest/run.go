package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Run invokes what is accepted for asynchronous invocation, and polls for the
// event source mappings, until ctx ends. It returns what was lost, as [Lambda.Drain] does. The
// end of ctx is not an error: the invocations that run are waited for.
func (l *Lambda) Run(ctx context.Context) error {
	defer l.server.Watch(ctx, "lambdatest: Run of Lambda")()
	var group sync.WaitGroup
	group.Go(func() { l.poll(ctx) })
	_ = l.pump(ctx, false) // it ends with ctx
	group.Wait()
	return l.takeLost()
}

// Drain invokes until no asynchronous invocation is left, pauses and retries
// included, and until the event source mappings have nothing to read. What the
// functions send on to one of them belongs to it. It returns an error that wraps
// [ErrLost] for each event that was lost since the last call, and ctx's error if
// ctx ended first.
func (l *Lambda) Drain(ctx context.Context) error {
	defer l.server.Watch(ctx, "lambdatest: Drain of Lambda")()
	own := ownOf(ctx, l)
	for {
		before := l.Invocations()
		if err := l.pump(ctx, true); err != nil {
			return errors.Join(l.takeLost(), fmt.Errorf("lambdatest: drain with %d events pending: %w", l.Pending(), err))
		}
		if err := l.drainMappings(ctx); err != nil {
			return errors.Join(l.takeLost(), fmt.Errorf("lambdatest: drain: %w", err))
		}
		if l.Invocations() == before && l.Pending() <= own {
			return l.takeLost()
		}
	}
}
