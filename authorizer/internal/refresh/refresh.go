// Package refresh keeps a value that others publish and may change, such as keys or a secret.
//
// It is fetched inside a call, by one caller at a time while others wait or are served with what is there; nothing runs
// between calls.
package refresh

import (
	"context"
	"sync"
	"time"
)

// Times say how long a value serves.
type Times struct {
	TTL      time.Duration // how long it is fresh
	MaxStale time.Duration // how long it serves at most when it cannot be fetched again
	Cooldown time.Duration // the least time from one fetch to the next, when that failed or is not due yet
}

// afterFirstFailure is the cool-down while there is no value to serve with: everybody is refused meanwhile.
const afterFirstFailure = time.Second

// Fetch returns the value as it is now, given the one that was fetched before (the zero T at first). A ttl of 0 stands
// for Times.TTL.
type Fetch[T any] func(ctx context.Context, before T) (value T, ttl time.Duration, err error)

// Cache is a value with what is known about its age. It is safe for concurrent use.
type Cache[T any] struct {
	fetch Fetch[T]
	times Times

	mu      sync.Mutex
	value   T
	known   bool
	expires time.Time     // when the value serves no longer
	stale   time.Time     // when it is to be fetched again
	retry   time.Time     // when the cool-down ends
	failure error         // of the last fetch, nil after a success
	flight  chan struct{} // closed when the fetch under way ends

	abandoned bool // the last fetch ended with its caller's context
}

// New returns a cache that has not fetched yet.
func New[T any](times Times, fetch Fetch[T]) *Cache[T] {
	return &Cache[T]{fetch: fetch, times: times}
}

// Seed takes a value as if it had been fetched now. It must come before any other call.
func (c *Cache[T]) Seed(value T) {
	c.take(value, 0, time.Now())
}

// Get returns the value, fetched first if that is due. current says that it has just been fetched. The error is
// why there is none: that of the last fetch, or the end of the context.
func (c *Cache[T]) Get(ctx context.Context) (value T, current bool, err error) {
	asked := false
	for {
		value, due, err := c.lookup(asked)
		if !due {
			return value, err == nil && asked && c.succeeded(), err
		}
		if asked, err = c.join(ctx); err != nil {
			return value, false, err
		}
	}
}

// lookup answers from what is there, or says that a fetch is due first. asked says that one has just been made for this
// caller, so that the answer stands.
func (c *Cache[T]) lookup(asked bool) (value T, due bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	failing := c.failure != nil && now.Before(c.retry)
	switch serves := c.known && now.Before(c.expires); {
	case !serves && c.failure != nil && (asked || failing):
		return value, false, c.failure
	case !serves && !asked:
		return value, true, nil
	case !serves: // fetched for this caller, and meant to serve no longer than that
		return c.value, false, nil
	}
	return c.value, !asked && !now.Before(c.stale) && !failing && c.flight == nil, nil
}

func (c *Cache[T]) succeeded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure == nil
}

// Newer fetches again because something is not in the value, unless that was done within the cool-down. ok is false when
// there is nothing newer to look at; the error is the end of the context.
func (c *Cache[T]) Newer(ctx context.Context) (value T, ok bool, err error) {
	for {
		c.mu.Lock()
		cooling := time.Now().Before(c.retry)
		c.mu.Unlock()
		if cooling {
			return value, false, nil
		}
		finished, err := c.join(ctx)
		if err != nil {
			return value, false, err
		}
		if finished {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return value, false, nil
	}
	return c.value, true, nil
}

// Refresh fetches now.
func (c *Cache[T]) Refresh(ctx context.Context) error {
	for {
		finished, err := c.join(ctx)
		if err != nil {
			return err
		}
		if !finished {
			continue
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.failure != nil {
			return c.failure
		}
		return nil
	}
}

// join makes one fetch, or waits for the one under way. finished is false when the other caller gave up before its fetch
// ended; the error is the end of the caller's own context.
func (c *Cache[T]) join(ctx context.Context) (finished bool, err error) {
	c.mu.Lock()
	if flight := c.flight; flight != nil {
		c.mu.Unlock()
		select {
		case <-flight:
			c.mu.Lock()
			defer c.mu.Unlock()
			return !c.abandoned, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
	flight := make(chan struct{})
	c.flight, c.abandoned = flight, true
	before := c.value
	c.mu.Unlock()
	defer func() { // also when fetch panics
		c.mu.Lock()
		c.flight = nil
		c.mu.Unlock()
		close(flight)
	}()
	value, ttl, failure := c.fetch(ctx, before)
	if failure != nil && ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.abandoned = false
	if failure == nil {
		c.take(value, ttl, now)
		c.failure, c.retry = nil, now.Add(c.times.Cooldown)
		return true, nil
	}
	c.failure, c.retry = failure, now.Add(c.times.Cooldown)
	if !c.known || !now.Before(c.expires) {
		c.retry = now.Add(min(afterFirstFailure, c.times.Cooldown))
	}
	return true, nil
}

func (c *Cache[T]) take(value T, ttl time.Duration, now time.Time) {
	if ttl <= 0 {
		ttl = c.times.TTL
	}
	c.value, c.known = value, true
	c.stale, c.expires = now.Add(ttl), now.Add(c.times.MaxStale)
}
