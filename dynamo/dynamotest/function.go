package dynamotest

import (
	"context"

	"github.com/patternkit/serverless/internal/lambdafn"
)

// Function is a Lambda function as a service invokes it: JSON in, JSON or an error
// out.
type Function = func(ctx context.Context, payload []byte) ([]byte, error)

// Func makes a [Function] of a typed handler. It decodes and encodes as
// aws-lambda-go does, and panics without a handler.
func Func[I, O any](handler func(context.Context, I) (O, error)) Function {
	return lambdafn.Func("dynamotest", handler)
}

// Event makes a [Function] of a typed handler that returns only an error. It
// panics without a handler.
func Event[I any](handler func(context.Context, I) error) Function {
	return lambdafn.Event("dynamotest", handler)
}
