package authorizertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/internal/lambdafn"
)

// Function is a Lambda function as a service invokes it: JSON in, JSON or an error
// out.
type Function = func(ctx context.Context, payload []byte) ([]byte, error)

// Func makes a [Function] of a typed handler. It decodes and encodes as
// aws-lambda-go does, and panics without a handler.
func Func[I, O any](handler func(context.Context, I) (O, error)) Function {
	return lambdafn.Func("authorizertest", handler)
}

// Event makes a [Function] of a typed handler that returns only an error. It
// panics without a handler.
func Event[I any](handler func(context.Context, I) error) Function {
	return lambdafn.Event("authorizertest", handler)
}

var (
	errPanic    = errors.New("the function panicked")
	errTimedOut = errors.New("the function timed out")
)

// call invokes a function. With a limit, one that returns too late has timed out,
// whatever it returns.
func call(ctx context.Context, function Function, payload []byte, limit time.Duration) ([]byte, error) {
	out := lambdafn.Invoke(ctx, function, payload, limit)
	switch {
	case limit > 0 && (out.TimedOut || ctx.Err() != nil):
		return nil, errTimedOut
	case out.Panic != nil:
		return nil, fmt.Errorf("%w: %v", errPanic, out.Panic)
	}
	return out.Response, out.Err
}

// size refuses an answer that Lambda would not return.
func size(out []byte) error {
	if len(out) > lambdafn.MaxPayload {
		return fmt.Errorf("the answer has %d bytes, at most %d", len(out), lambdafn.MaxPayload)
	}
	return nil
}
