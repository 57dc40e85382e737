package prove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/patternkit/serverless/stepfn"
)

// stage runs one case: it makes the functions of a world misbehave as the case
// says, and notes how their calls end.
type stage struct {
	faults testCase

	mu    sync.Mutex
	calls map[string]int  // by target
	last  map[string]call // the last one of each target
	late  []func()        // effects that follow the end
}

// call is the end of a target's call.
type call struct {
	injected bool   // it was made to fail, in a way that it does not declare
	failure  string // why it failed of itself; "" for one that did not, or as it declared
}

func newStage(c testCase) *stage {
	return &stage{faults: c, calls: map[string]int{}, last: map[string]call{}}
}

// around wraps a function so that its targets misbehave.
func (s *stage) around(
	target func(payload []byte) string, notApplied map[string][]string,
	f func(context.Context, []byte) ([]byte, error),
) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, payload []byte) (out []byte, err error) {
		name := target(payload)
		n, w, injected := s.begin(name)
		if injected {
			return w.happen(ctx, notApplied[name],
				func() { _, _ = f(ctx, payload) },
				func() { s.afterwards(ctx, payload, f) })
		}
		failure := "it did not return"
		defer func() {
			p := recover()
			if p != nil {
				failure = fmt.Sprintf("panic: %v", p)
			}
			s.ended(name, n, failure)
			if p != nil {
				panic(p) // for the service to report
			}
		}()
		out, err = f(ctx, payload)
		switch {
		case err == nil || slices.Contains(notApplied[name], stepfn.ErrorName(err)):
			failure = ""
		default:
			failure = text(err)
		}
		return out, err
	}
}

// text is that of an error, also of one that was made for Lambda.
func text(err error) string {
	if r, ok := errors.AsType[messages.InvokeResponse_Error](err); ok {
		return r.Type + ": " + r.Message
	}
	return err.Error()
}

// begin counts a call, and finds the way in which it is to misbehave.
func (s *stage) begin(target string) (n int, w way, injected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[target]++
	n = s.calls[target]
	for _, f := range s.faults {
		if f.target == target && (n == 1 || !f.once) {
			w, injected = f.way, true
		}
	}
	if injected {
		s.last[target] = call{injected: w.end != declared}
	} else {
		s.last[target] = call{failure: "it has not returned yet"}
	}
	return n, w, injected
}

// ended notes the end of a call, unless another one has begun since.
func (s *stage) ended(target string, n int, failure string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[target] == n {
		s.last[target] = call{failure: failure}
	}
}

// functionLimit is the longest that a Lambda function runs.
const functionLimit = 15 * time.Minute

// afterwards has a call done when the execution is over, for a function that
// outlives the task that called it.
func (s *stage) afterwards(ctx context.Context, payload []byte, f func(context.Context, []byte) ([]byte, error)) {
	ctx = context.WithoutCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, func() {
		ctx, cancel := context.WithTimeout(ctx, functionLimit)
		defer cancel()
		_, _ = f(ctx, payload) // its answer is not used
	})
}

// finish carries out the effects that follow the end. Each has a goroutine of
// its own, as it may panic or end that.
func (s *stage) finish() {
	for _, late := range s.late {
		over := make(chan struct{})
		go func() {
			defer close(over)
			defer func() { _ = recover() }()
			late()
		}()
		<-over
	}
}

// wronglyParked says why an execution should not have been parked; "" when it
// may. Parking are the targets that it may be parked for; nil for any. What
// fails by itself, while another was made to fail, is no fault: it may need what
// the other did.
func (s *stage) wronglyParked(parking []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if parking == nil {
		parking = slices.Sorted(maps.Keys(s.last))
	}
	own := "nothing for which it may be parked was made to fail beyond its retries"
	for _, target := range slices.Backward(parking) {
		c := s.last[target]
		if c.injected {
			return ""
		}
		if c.failure != "" {
			own = fmt.Sprintf("%s fails of itself: %s", target, c.failure)
		}
	}
	return own
}
