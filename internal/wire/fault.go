package wire

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/backoff"
)

// ErrReplyDropped is what the caller of a dropped reply sees in process: the
// connection is gone, and nothing says whether the call was carried out.
var ErrReplyDropped = errors.New("wire: connection reset before the reply")

// Fault is something that goes wrong for the calls it matches: the next one,
// unless Times says otherwise.
type Fault struct {
	server    *Server
	operation string
	left      int
	when      func(*Call) bool

	err     error
	delay   time.Duration
	drop    bool
	entries []int
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
	return s.inject(&Fault{operation: operation, err: err})
}

// Throttle makes the next call of operation fail as the service throttles.
func (s *Server) Throttle(operation string) *Fault {
	return s.inject(&Fault{operation: operation, err: errThrottled})
}

// DropReply lets the next call of operation be carried out and withholds the
// answer: the caller sees a broken connection.
func (s *Server) DropReply(operation string) *Fault {
	return s.inject(&Fault{operation: operation, drop: true})
}

// Delay makes the next call of operation wait for d before it is carried out,
// or until the caller gives up.
func (s *Server) Delay(operation string, d time.Duration) *Fault {
	return s.inject(&Fault{operation: operation, delay: d})
}

// PartialFailure makes the entries with these indexes fail in the next call of
// a batch operation that answers entry by entry.
func (s *Server) PartialFailure(operation string, entries ...int) *Fault {
	return s.inject(&Fault{operation: operation, entries: entries})
}

var errThrottled = errors.New("wire: throttled")

func (s *Server) inject(f *Fault) *Fault {
	f.server, f.left = s, 1
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return f
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
	candidates := slices.Clone(s.faults)
	s.mu.Unlock()
	var v verdict
	for _, f := range candidates {
		if v.err != nil || f.operation != "" && f.operation != c.Operation || !s.take(f, c) {
			continue
		}
		v.delay += f.delay
		v.drop = v.drop || f.drop
		c.partial = append(c.partial, f.entries...)
		v.err = f.err
	}
	return v
}

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
	return true
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
