package observe

import (
	"context"
	"fmt"
	"reflect"
)

// Wrap is Handler for every shape of handler that aws-lambda-go accepts: none
// to two arguments, the context first, and none to two results, the error last.
// The function returned has the type of f. A handler without a context is
// observed from outside only. It panics when f has another shape or an option
// is wrong.
func Wrap[F any](service string, f F, optFns ...func(*Options)) F {
	v := reflect.ValueOf(f)
	shape, err := shapeOf(v)
	if err != nil {
		panic("observe: Wrap: " + err.Error())
	}
	h := newHandlerHost(service, optFns)
	wrapped := reflect.MakeFunc(v.Type(), func(args []reflect.Value) []reflect.Value {
		ctx, event := context.Background(), any(nil)
		if shape.context {
			ctx, _ = args[0].Interface().(context.Context)
			if ctx == nil {
				ctx = context.Background()
			}
		}
		if shape.event {
			event = args[len(args)-1].Interface()
		}
		var results []reflect.Value
		err := h.run(ctx, event, func(ctx context.Context) error {
			if shape.context {
				args[0] = reflect.ValueOf(ctx)
			}
			results = v.Call(args)
			return shape.failure(results)
		})
		if results == nil { // the handler panicked and the panic was recovered
			results = zero(v.Type())
		}
		if shape.err && err != nil { // which may be the panic of a goroutine
			results[len(results)-1] = reflect.ValueOf(&err).Elem()
		}
		return results
	})
	out, _ := wrapped.Interface().(F)
	return out
}

// shape says what a handler takes and returns.
type shape struct {
	context, event, err bool
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorIface  = reflect.TypeFor[error]()
)

func shapeOf(v reflect.Value) (shape, error) {
	if !v.IsValid() || v.Kind() != reflect.Func {
		return shape{}, fmt.Errorf("a handler is a function, not %v", v.Kind())
	}
	if v.IsNil() {
		return shape{}, fmt.Errorf("the handler is nil")
	}
	t := v.Type()
	var s shape
	if t.IsVariadic() || t.NumIn() > 2 {
		return s, fmt.Errorf("a handler takes at most a context and an event, not %v", t)
	}
	s.context = t.NumIn() > 0 && t.In(0) == contextType
	s.event = t.NumIn() == 2 || (t.NumIn() == 1 && !s.context)
	if t.NumIn() == 2 && !s.context {
		return s, fmt.Errorf("the first of two arguments must be a context.Context, in %v", t)
	}
	if t.NumOut() > 2 {
		return s, fmt.Errorf("a handler returns at most a result and an error, not %v", t)
	}
	s.err = t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorIface
	if t.NumOut() == 2 && !s.err {
		return s, fmt.Errorf("the second result must be an error, in %v", t)
	}
	return s, nil
}

func (s shape) failure(results []reflect.Value) error {
	if !s.err {
		return nil
	}
	err, _ := results[len(results)-1].Interface().(error)
	return err
}

// zero returns the results of a handler that never returned. A handler without
// an error result has no way to say so: the caller sees zero values.
func zero(t reflect.Type) []reflect.Value {
	results := make([]reflect.Value, t.NumOut())
	for i := range results {
		results[i] = reflect.Zero(t.Out(i))
	}
	return results
}
