package idempotency

import (
	"context"
	"errors"

	"github.com/patternkit/serverless/internal/given"
)

// Leased returns a handler that works on a key only while it owns it: at least
// once, with overlapping runs kept apart. A run that finds the key done returns
// nil; one that finds it in progress returns an *InProgressError, which makes a
// consumer come back when the lease is over. A stale run cannot overwrite what
// its successor recorded.
//
// An effect outside of the table may still happen twice: after a crash between
// the effect and its record. LeaseOf gives the handler its lease, whose Commit
// closes that gap and whose fencing token lets other services close it.
func Leased[M any](s *Store, key func(M) string, handler func(context.Context, M) error, optFns ...func(*CallOptions)) func(context.Context, M) error {
	faults := given.To("idempotency: Leased")
	if s == nil {
		faults.Add("the store is nil")
	}
	faults.Nil("the key function", key)
	faults.Nil("the handler", handler)
	faults.Panic()
	o := callOptions(optFns)
	return func(ctx context.Context, m M) error {
		_, _, err := s.run(ctx, key(m), m, &o, func(ctx context.Context, _ *Lease) (any, error) {
			return nil, handler(ctx, m)
		})
		return err
	}
}

// Do runs f under a lease on the key and stores its answer, which a later call
// with the same key and payload gets without running f. An error of f gives the
// key back, so that the next call runs f again.
//
// The effect of f happens at least once: see Leased. The answer is stored as
// JSON, compressed where that helps; one that has more than 380 KB even then is
// not kept, and a later call returns ErrAnswerNotKept.
func Do[R any](ctx context.Context, s *Store, key string, payload any, f func(context.Context, *Lease) (R, error), optFns ...func(*CallOptions)) (R, error) {
	faults := given.To("idempotency: Do")
	faults.Nil("the function", f)
	faults.Panic()
	o := callOptions(optFns)
	var answer R
	before, done, err := s.run(ctx, key, payload, &o, func(ctx context.Context, l *Lease) (any, error) {
		var err error
		answer, err = f(ctx, l)
		return answer, err
	})
	switch {
	case err != nil:
		var zero R
		return zero, err
	case !done:
		return answer, nil
	}
	if o.Replayed != nil {
		*o.Replayed = true
	}
	return unpack[R](key, &before)
}

// run returns true, with the record, if the key was done before.
func (s *Store) run(ctx context.Context, key string, payload any, o *CallOptions, f func(context.Context, *Lease) (any, error)) (Record, bool, error) {
	if err := s.usable(key); err != nil {
		return Record{}, false, err
	}
	sum, err := o.hash(payload)
	if err != nil {
		return Record{}, false, err
	}
	l, before, err := s.acquireLease(ctx, key, sum)
	if err != nil {
		return Record{}, false, err
	}
	if l == nil {
		return before, true, nil
	}
	return Record{}, false, l.run(ctx, f)
}

// run calls f and records its outcome, also when f panics or ends its
// goroutine.
func (l *Lease) run(ctx context.Context, f func(context.Context, *Lease) (any, error)) error {
	held, stop := l.hold(ctx)
	returned := false
	defer func() {
		if !returned {
			stop()
			_ = l.finish(ctx, nil, true) // else the lease ends by itself
		}
	}()
	answer, err := f(held, l)
	returned = true
	stop()
	if err != nil {
		_ = l.finish(ctx, nil, true) // as above; the error of f is the one that matters
		if lost := context.Cause(held); errors.Is(lost, ErrLeaseLost) {
			err = errors.Join(err, lost)
		}
		return err
	}
	var packed []byte
	if answer != nil {
		if packed, err = pack(answer); err != nil {
			return errors.Join(err, l.finish(ctx, nil, false)) // the effect happened: record it
		}
	}
	return l.finish(ctx, packed, false)
}
