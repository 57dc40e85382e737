package wire

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/backoff"
)

// ErrReplyDropped is what the caller of a dropped reply sees in process: the
// connection is gone, and nothing says whether the call was carried out.
var ErrReplyDropped = errors.New("wire: connection reset before the reply")

// Fault is something that goes wrong for the calls it matches: the next one,
// unless Times says otherwise.
//
// Several faults may match one call. All delays apply, one after the other.
// Then the failure or throttling that was injected first ends the call; the
// others wait for the next one. Only a call that is not ended so has its reply
// dropped and its entries failed: these faults, too, wait for such a call. A
// call of an operation that is not served uses no fault up.
type Fault struct {
	server    *Server
	operation string
	left      int
	when      func(*Call) bool

	err     error
	delay   time.Duration
	drop    bool
	entries []int

	// Of a partial failure:
	running int   // calls that it hits right now
	hits    int   // calls that it hit and that were answered
	unasked []int // entries that no call had so far
}

// Times sets how many matching calls the fault hits; a negative n means all.
func (f *Fault) Times(n int) *Fault {
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.left = n
	return f
}

// When limits the fault to calls for which match returns true. It is asked
// before the handler runs, so Resources are not known yet.
func (f *Fault) When(match func(*Call) bool) *Fault {
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.when = match
	return f
}

// Fail makes the next call of operation ("" for any) fail with err before
// anything is done. An [*Error] or an error type of the SDK is answered as the
// service would; any other error breaks the connection with it.
func (s *Server) Fail(operation string, err error) *Fault {
	s.helper()
	f := &Fault{server: s, operation: operation, err: err}
	if v := reflect.ValueOf(err); err == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		s.misuse("Fail(%q) needs an error, and has nil", operation)
		return f
	}
	return s.inject(f)
}

// Throttle makes the next call of operation fail as the service throttles.
func (s *Server) Throttle(operation string) *Fault {
	s.helper()
	return s.inject(&Fault{server: s, operation: operation, err: errThrottled})
}

// DropReply lets the next call of operation be carried out and withholds the
// answer: the caller sees a broken connection.
func (s *Server) DropReply(operation string) *Fault {
	s.helper()
	return s.inject(&Fault{server: s, operation: operation, drop: true})
}

// Delay makes the next call of operation wait for d before it is carried out,
// or until the caller gives up.
func (s *Server) Delay(operation string, d time.Duration) *Fault {
	s.helper()
	return s.inject(&Fault{server: s, operation: operation, delay: d})
}

// PartialFailure makes the entries with these indexes fail in the next call of
// a batch operation that answers entry by entry. An index that none of the
// calls has which the fault hits is an error of the test.
func (s *Server) PartialFailure(operation string, entries ...int) *Fault {
	s.helper()
	f := &Fault{server: s, operation: operation, entries: entries, unasked: slices.Clone(entries)}
	if len(entries) == 0 {
		s.misuse("PartialFailure(%q) names no entry", operation)
		return f
	}
	if s.tb != nil {
		s.tb.Cleanup(func() { s.complain(f) })
	}
	return s.inject(f)
}

var errThrottled = errors.New("wire: throttled")

func (s *Server) inject(f *Fault) *Fault {
	s.helper()
	if f.operation != "" && !s.has(f.operation) {
		s.misuse("no service here has the operation %q: a fault of it would never happen", f.operation)
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.left = 1
	s.faults = append(s.faults, f)
	return f
}

func (s *Server) has(operation string) bool {
	return slices.ContainsFunc(s.services, func(t *serviceTable) bool { return t.operations[operation] != nil })
}

// misuse reports a mistake of the test that uses the fake.
func (s *Server) misuse(format string, args ...any) {
	s.helper()
	if s.tb == nil {
		panic("patternkit: " + fmt.Sprintf(format, args...))
	}
	s.tb.Errorf("patternkit: "+format, args...)
}

func (s *Server) helper() {
	if s.tb != nil {
		s.tb.Helper()
	}
}

// verdict is what the faults have in store for one call.
type verdict struct {
	delay time.Duration
	err   error
	drop  bool
}

// judge takes the faults that match c and uses each of them up by one.
func (s *Server) judge(c *Call) verdict {
	s.mu.Lock()
	if len(s.faults) == 0 {
		s.mu.Unlock()
		return verdict{}
	}
	candidates := slices.DeleteFunc(slices.Clone(s.faults), func(f *Fault) bool {
		return f.operation != "" && f.operation != c.Operation
	})
	s.mu.Unlock()
	var v verdict
	for _, f := range candidates {
		if f.ends() && v.err != nil || f.changes() || !s.take(f, c) {
			continue
		}
		v.delay += f.delay
		if f.ends() {
			v.err = f.err
		}
	}
	for _, f := range candidates {
		if v.err != nil || !f.changes() || !s.take(f, c) {
			continue
		}
		v.drop = v.drop || f.drop
		if f.entries != nil {
			c.partial = append(c.partial, f)
		}
	}
	return v
}

// ends says whether the fault ends a call before the handler runs, changes
// whether it needs the handler to run.
func (f *Fault) ends() bool    { return f.err != nil }
func (f *Fault) changes() bool { return f.drop || f.entries != nil }

// take uses f up by one if it still has something left and wants c; the
// condition runs outside the lock, so that it may ask the journal.
func (s *Server) take(f *Fault, c *Call) bool {
	s.mu.Lock()
	when, left := f.when, f.left
	s.mu.Unlock()
	if left == 0 || when != nil && !when(c) {
		return false
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

// entry says whether the fault wants entry i of a batch to fail.
func (f *Fault) entry(i int) bool {
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.unasked = slices.DeleteFunc(f.unasked, func(other int) bool { return other == i })
	return slices.Contains(f.entries, i)
}

// settle ends the call for the partial failures that hit it: one that is used
// up has to have found its entries.
func (s *Server) settle(c *Call, answered bool) {
	for _, f := range c.partial {
		s.mu.Lock()
		f.running--
		if answered {
			f.hits++
		}
		done := f.left == 0 && f.running == 0
		s.mu.Unlock()
		if done {
			s.complain(f)
		}
	}
}

// complain reports once the entries that a fault was to fail and no call had.
func (s *Server) complain(f *Fault) {
	s.mu.Lock()
	unasked := f.unasked
	if f.hits == 0 {
		unasked = nil
	} else {
		f.unasked = nil
	}
	s.mu.Unlock()
	if s.tb != nil && len(unasked) > 0 {
		s.tb.Helper()
		s.tb.Errorf("patternkit: PartialFailure(%q): no call had the entries %v", f.operation, unasked)
	}
}

// suffer lives through the verdict up to the point where the handler would run.
func (v verdict) suffer(ctx context.Context, svc *Service) error {
	if err := backoff.Sleep(ctx, v.delay); err != nil {
		return err
	}
	if errors.Is(v.err, errThrottled) {
		if svc.Throttled != nil {
			return svc.Throttled
		}
		return &Error{Code: "ThrottlingException", Message: "Rate exceeded"}
	}
	return v.err
}
