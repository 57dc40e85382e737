package lambdafn

import (
	"bytes"
	"context"
	"encoding/json"
)

// Func makes a Function of a typed handler. It decodes and encodes as
// aws-lambda-go does, which returns the error of the decoder as it is and does not
// escape HTML. It panics without a handler, in the name of the package.
func Func[I, O any](pkg string, handler func(context.Context, I) (O, error)) Function {
	if handler == nil {
		panic(pkg + ": Func: the handler is nil")
	}
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		var in I
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, err
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, err
		}
		return Marshal(out)
	}
}

// Event makes a Function of a typed handler that returns only an error. The answer
// is null. It panics without a handler, in the name of the package.
func Event[I any](pkg string, handler func(context.Context, I) error) Function {
	if handler == nil {
		panic(pkg + ": Event: the handler is nil")
	}
	return Func(pkg, func(ctx context.Context, in I) (any, error) { return nil, handler(ctx, in) })
}

// Marshal writes JSON without escaping HTML, as aws-lambda-go and AWS do.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
