package stepfn

import (
	"context"
	"errors"
	"reflect"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/patternkit/serverless/internal/given"
)

// NamedError is an error with a name of its own: what Retry, Catch and
// [CompensatedStep.NotApplied] see.
type NamedError struct {
	Name string // as the state machine sees it
	Err  error  // what happened
}

// Error returns the text of the error inside.
func (e *NamedError) Error() string {
	switch {
	case e == nil:
		return "stepfn: no error"
	case e.Err == nil:
		return e.Name
	}
	return e.Err.Error()
}

// Unwrap returns the error inside.
func (e *NamedError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// ErrorName returns the name; see the function of the same name.
func (e *NamedError) ErrorName() string {
	if e == nil {
		return ""
	}
	return e.Name
}

// WithErrorName gives an error the name that a state machine sees. A name must
// not begin with "States.", which is not checked. It never returns nil: where
// err is nil, the name is the text of the error too.
func WithErrorName(name string, err error) error { return &NamedError{Name: name, Err: err} }

// ErrorName returns the name under which a state machine sees err when a
// handler of this package reports it:
//
//   - what an ErrorName() string method in its chain says;
//   - else the bare name of the first exported error type in its chain, so
//     that wrapping with fmt.Errorf does not change the name;
//   - else the bare name of its own type, as aws-lambda-go has it.
//
// A nil error has the name "".
func ErrorName(err error) string {
	if err == nil {
		return ""
	}
	var named interface{ ErrorName() string }
	if errors.As(err, &named) {
		return named.ErrorName()
	}
	var reported messages.InvokeResponse_Error
	if errors.As(err, &reported) {
		return reported.Type
	}
	if name := exportedType(err); name != "" {
		return name
	}
	return bareType(err)
}

func exportedType(err error) string {
	if err == nil {
		return ""
	}
	name := bareType(err)
	if r, _ := utf8.DecodeRuneInString(name); unicode.IsUpper(r) {
		return name
	}
	switch x := err.(type) { //nolint:errorlint // walks the chain itself
	case interface{ Unwrap() error }:
		return exportedType(x.Unwrap())
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			if name := exportedType(e); name != "" {
				return name
			}
		}
	}
	return ""
}

func bareType(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// ReportError turns an error into the one that aws-lambda-go reports under its
// [ErrorName]. It is for the last return of a Lambda handler; nil stays nil.
func ReportError(err error) error {
	if err == nil {
		return nil
	}
	return messages.InvokeResponse_Error{Message: err.Error(), Type: ErrorName(err)}
}

// ReportErrors wraps a Lambda handler so that its errors are reported under
// their [ErrorName]. It panics without a handler.
func ReportErrors[I, O any](handler func(context.Context, I) (O, error)) func(context.Context, I) (O, error) {
	faults := given.To("stepfn: ReportErrors")
	faults.Nil("the handler", handler)
	faults.Panic()
	return func(ctx context.Context, in I) (O, error) {
		out, err := handler(ctx, in)
		return out, ReportError(err)
	}
}
