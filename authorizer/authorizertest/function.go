package authorizertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Function is a Lambda function as a service invokes it: JSON in, JSON or an error out.
type Function = func(ctx context.Context, payload []byte) ([]byte, error)

// Func turns a typed Lambda handler into a Function, encoding and decoding as aws-lambda-go does.
func Func[I, O any](handle func(context.Context, I) (O, error)) Function {
	if handle == nil {
		panic("authorizertest: Func needs a handler")
	}
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		var in I
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, err
		}
		out, err := handle(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
}

var errPanic = errors.New("the function panicked")

// call invokes a function and turns a panic into an error, as the Lambda service sees it.
func call(ctx context.Context, function Function, payload []byte) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
	}()
	return function(ctx, payload)
}
