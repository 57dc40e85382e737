// Package lambdafn invokes a Go function as AWS Lambda does: with a deadline, and
// so that a panic, the end of its goroutine and a timeout are outcomes like any
// other. The fakes share it.
package lambdafn

import (
	"context"
	"runtime/debug"
	"sync"
	"time"
)

// Function is a Lambda function: JSON in, JSON or an error out.
type Function = func(ctx context.Context, payload []byte) ([]byte, error)

// MaxPayload is how many bytes one invocation takes. See
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const MaxPayload = 6 << 20

// Outcome is how an invocation ended. What an outcome means to a service differs:
// some look at the timeout first, some at the error.
type Outcome struct {
	Response []byte
	Err      error  // what the function returned
	Panic    any    // what it panicked with, nil if it did not
	Stack    []byte // of the panic
	Exited   bool   // it ended its goroutine, as t.FailNow does
	TimedOut bool   // it took as long as the limit, or longer
}

// Invoke calls f in the caller's goroutine and waits until it returns, even after
// the limit. A limit of 0 is none. A function that ends its goroutine ends the
// caller: Invoke does not return then.
func Invoke(ctx context.Context, f Function, payload []byte, limit time.Duration) Outcome {
	begin := time.Now()
	ctx, cancel := withLimit(ctx, limit)
	defer cancel()
	out := call(ctx, f, payload)
	out.TimedOut = isOver(begin, limit)
	return out
}

// InvokeApart calls f in a goroutine of its own, which running counts. It waits
// until f ends or ctx does, at the latest at the limit. A function that goes on
// after that is not waited for, and its answer is lost, as in Lambda.
func InvokeApart(ctx context.Context, f Function, payload []byte, limit time.Duration, running *sync.WaitGroup) Outcome {
	begin := time.Now()
	ctx, cancel := withLimit(ctx, limit)
	defer cancel()
	done := make(chan Outcome, 1)
	running.Go(func() {
		out := Outcome{Exited: true} // unless call returns
		defer func() { done <- out }()
		out = call(ctx, f, payload)
	})
	var out Outcome
	select {
	case out = <-done:
	case <-ctx.Done():
		out.Err = ctx.Err()
	}
	out.TimedOut = isOver(begin, limit)
	return out
}

func withLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

func isOver(begin time.Time, limit time.Duration) bool {
	return limit > 0 && time.Since(begin) >= limit
}

func call(ctx context.Context, f Function, payload []byte) (out Outcome) {
	defer func() {
		if v := recover(); v != nil {
			out = Outcome{Panic: v, Stack: debug.Stack()}
		}
	}()
	out.Response, out.Err = f(ctx, payload)
	return out
}
