package wire

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
)

// ErrReplyDropped is what the caller of a dropped reply sees in process: a
// broken connection, which does not say whether the call was carried out.
var ErrReplyDropped = errors.New("wire: connection reset before the reply")

// Fault is something that goes wrong for the calls it matches: the next one,
// unless Times says otherwise. The fakes export it as a type of their own, with
// the rules for several faults of one call in its doc.
type Fault struct {
	server    *Server
	operation string
	left      int
	when      func(*Record) bool

	err     error
	delay   time.Duration
	drop    bool
	entries []int

	// Of a partial failure:
	running   int   // calls that it hits right now
	hits      int   // calls that it hit and that were answered
	unmatched []int // entries that no call had so far
}

// TB returns the test of the fault's server.
func (f *Fault) TB() TB { return f.server.TB() }

// Times sets how many matching calls the fault hits; -1 means all.
func (f *Fault) Times(n int) *Fault {
	f.server.TB().Helper()
	if n < -1 {
		f.server.Misuse("Times(%d): the number of calls is 0 or more, or -1 for all of them", n)
		return f
	}
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.left = n
	return f
}

// When limits the fault to calls for which match returns true. It is called
// before the handler runs, so that Resources are not known yet.
func (f *Fault) When(match func(*Record) bool) *Fault {
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.when = match
	return f
}

// Fail makes the next call of operation ("" for any) fail with err before
// anything is done. An [*Error] or an error type of the SDK is answered as the
// service would; any other error breaks the connection with it.
func (s *Server) Fail(operation string, err error) *Fault {
	s.TB().Helper()
	f := &Fault{server: s, operation: operation, err: err}
	if given.Nil(err) {
		s.Misuse("Fail(%q) needs an error, and has nil", operation)
		return f
	}
	var e *Error
	switch {
	case !errors.As(err, &e):
	case e.Code == "":
		s.Misuse("Fail(%q): the Error has no Code", operation)
		return f
	case e.Status != 0 && (e.Status < 400 || e.Status > 599):
		s.Misuse("Fail(%q): the Status %d is not that of an error, 400 to 599", operation, e.Status)
		return f
	}
	return s.inject(f)
}

// Throttle makes the next call of operation fail as the service throttles.
func (s *Server) Throttle(operation string) *Fault {
	s.TB().Helper()
	return s.inject(&Fault{server: s, operation: operation, err: errThrottled})
}

// DropReply lets the next call of operation be carried out and withholds the
// answer: the caller sees a broken connection.
func (s *Server) DropReply(operation string) *Fault {
	s.TB().Helper()
	return s.inject(&Fault{server: s, operation: operation, drop: true})
}

// Delay makes the next call of operation wait for d before it is carried out,
// or until the caller gives up.
func (s *Server) Delay(operation string, d time.Duration) *Fault {
	s.TB().Helper()
	f := &Fault{server: s, operation: operation, delay: d}
	if d < 0 {
		s.Misuse("Delay(%q, %v): a delay is not negative", operation, d)
		return f
	}
	return s.inject(f)
}

// PartialFailure makes the entries with these indexes fail in the next call of
// a batch operation ("" for any) that answers entry by entry. An index that none
// of the calls has which the fault hits is an error of the test.
func (s *Server) PartialFailure(operation string, entries ...int) *Fault {
	s.TB().Helper()
	f := &Fault{server: s, operation: operation, entries: entries, unmatched: slices.Clone(entries)}
	switch {
	case len(entries) == 0:
		s.Misuse("PartialFailure(%q) names no entry", operation)
		return f
	case slices.Min(entries) < 0:
		s.Misuse("PartialFailure(%q): the entry %d: entries count from 0", operation, slices.Min(entries))
		return f
	case s.has(operation) && !s.hasBatch(operation):
		s.Misuse("PartialFailure(%q): the operation has no entries that fail one by one", operation)
		return f
	}
	s.TB().Cleanup(func() { s.reportUnmatched(f) })
	return s.inject(f)
}

var errThrottled = errors.New("wire: throttled")

func (s *Server) inject(f *Fault) *Fault {
	s.TB().Helper()
	if f.operation != "" && !s.has(f.operation) {
		s.Misuse("no service here has the operation %q: a fault of it would never happen", f.operation)
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.left = 1
	s.faults = append(s.faults, f)
	return f
}

func (s *Server) has(operation string) bool {
	return slices.ContainsFunc(s.services, func(t *serviceTable) bool {
		return t.operations[operation] != nil || slices.ContainsFunc(t.named, func(n named) bool { return n.name == operation })
	})
}

func (s *Server) hasBatch(operation string) bool {
	return slices.ContainsFunc(s.services, func(t *serviceTable) bool {
		return t.operations[operation] != nil && t.operations[operation].Batch
	})
}

// faultOutcome is the combined effect of all faults that match one call.
type faultOutcome struct {
	delay time.Duration
	err   error
	drop  bool
}

// match takes the faults that match c, a call of op, and uses each of them up by one.
func (s *Server) match(c *Call, op *Operation) faultOutcome {
	s.mu.Lock()
	if len(s.faults) == 0 {
		s.mu.Unlock()
		return faultOutcome{}
	}
	candidates := slices.DeleteFunc(slices.Clone(s.faults), func(f *Fault) bool {
		return f.operation != "" && f.operation != c.Operation || f.entries != nil && !op.Batch
	})
	s.mu.Unlock()
	var outcome faultOutcome
	for _, f := range candidates {
		if f.ends() && outcome.err != nil || f.changes() || !s.take(f, c) {
			continue
		}
		outcome.delay += f.delay
		if f.ends() {
			outcome.err = f.err
		}
	}
	for _, f := range candidates {
		if outcome.err != nil || !f.changes() || !s.take(f, c) {
			continue
		}
		outcome.drop = outcome.drop || f.drop
		c.partial = append(c.partial, f)
	}
	return outcome
}

// ends reports whether the fault ends a call before the handler runs, changes
// whether the handler has to run for it.
func (f *Fault) ends() bool    { return f.err != nil }
func (f *Fault) changes() bool { return f.drop || f.entries != nil }

// take uses f up by one if it has something left and matches c. The condition
// runs outside the lock, so that it may read the journal.
func (s *Server) take(f *Fault, c *Call) bool {
	s.mu.Lock()
	when, left := f.when, f.left
	s.mu.Unlock()
	if left == 0 {
		return false
	}
	if when != nil {
		if r := c.clone(); !when(&r) {
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.left == 0 {
		return false
	}
	if f.left > 0 {
		f.left--
	}
	if f.left == 0 {
		s.faults = slices.DeleteFunc(s.faults, func(other *Fault) bool { return other == f })
	}
	f.running++
	return true
}

// entry reports whether entry i of a batch is to fail.
func (f *Fault) entry(i int) bool {
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.unmatched = slices.DeleteFunc(f.unmatched, func(other int) bool { return other == i })
	return slices.Contains(f.entries, i)
}

// finishPartial ends the call for the partial failures that hit it. One that is
// used up must have found all its entries.
func (s *Server) finishPartial(c *Call, answered bool) {
	for _, f := range c.partial {
		s.mu.Lock()
		f.running--
		if answered {
			f.hits++
		}
		done := f.left == 0 && f.running == 0
		s.mu.Unlock()
		if done {
			s.reportUnmatched(f)
		}
	}
}

// reportUnmatched reports, once, the entries of a fault that no call had.
func (s *Server) reportUnmatched(f *Fault) {
	s.mu.Lock()
	unmatched := f.unmatched
	if f.hits == 0 {
		unmatched = nil
	} else {
		f.unmatched = nil
	}
	s.mu.Unlock()
	if len(unmatched) > 0 {
		s.TB().Helper()
		s.TB().Errorf("%s: PartialFailure(%q): no call had the entries %v", s.pkg(), f.operation, unmatched)
	}
}

// apply waits for the delay and returns the injected error, if any.
func (o faultOutcome) apply(ctx context.Context, svc *Service) error {
	if err := backoff.Sleep(ctx, o.delay); err != nil {
		return err
	}
	if errors.Is(o.err, errThrottled) {
		if svc.Throttled != nil {
			return svc.Throttled
		}
		return &Error{Code: "ThrottlingException", Message: "Rate exceeded"}
	}
	return o.err
}
