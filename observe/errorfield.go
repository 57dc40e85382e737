package observe

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// PanicError is what a handler with Options.RecoverPanics returns for a panic.
type PanicError struct {
	// Value is what was passed to panic.
	Value any
	// Stack is where it happened, innermost call first, at most 32 calls as
	// "function file:line".
	Stack []string
}

// Error says what was passed to panic.
func (e *PanicError) Error() string {
	if e == nil {
		return "observe: handler panicked"
	}
	return "observe: handler panicked: " + new(tagged).text(e.Value)
}

// Unwrap returns the error passed to panic, or nil when it was no error.
func (e *PanicError) Unwrap() error {
	if e == nil {
		return nil
	}
	err, _ := e.Value.(error)
	return err
}

// panicText prints a panic value, which may itself panic when printed.
func panicText(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T (its text panics)", v)
		}
	}()
	if err, ok := v.(error); ok {
		return err.Error()
	}
	return fmt.Sprint(v)
}

// errorObject writes an error as {"type":…,"message":…,"cause":{…}}. A joined
// error has "causes" instead of "cause".
type errorObject struct {
	err   error
	tags  *tagged // blanks what the error's text must not show
	depth int
}

const maxCauses = 16

func (o errorObject) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	if reported, ok := o.err.(messages.InvokeResponse_Error); ok { //nolint:errorlint // its cause is logged as a cause
		enc.AddString("type", reported.Type)
		enc.AddString("message", reported.Message)
		return nil
	}
	enc.AddString("type", errorType(o.err))
	enc.AddString("message", o.tags.text(o.err))
	if o.depth >= maxCauses {
		return nil
	}
	switch causes := unwrap(o.err); len(causes) {
	case 0:
		return nil
	case 1:
		return enc.AddObject("cause", errorObject{causes[0], o.tags, o.depth + 1})
	default:
		return enc.AddArray("causes", errorList{causes, o.tags, o.depth + 1})
	}
}

type errorList struct {
	errs  []error
	tags  *tagged
	depth int
}

func (l errorList) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	errs := l.errs
	if l.depth > 0 { // those that a joined error has
		errs = errs[:min(len(errs), maxCauses)]
	}
	for _, err := range errs {
		if err := enc.AppendObject(errorObject{err, l.tags, l.depth + maxCauses/4}); err != nil {
			return err
		}
	}
	return nil
}

// errorsOf returns the errors of zap.Errors, without nils.
func errorsOf(v any) (errs []error, ok bool) {
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice || list.Type().Elem() != errorIface {
		return nil, false
	}
	for i := range list.Len() {
		if err, ok := list.Index(i).Interface().(error); ok {
			errs = append(errs, err)
		}
	}
	return errs, true
}

// unwrap returns the errors directly below err, without nils. An Unwrap that
// panics, as on a nil pointer, has none.
func unwrap(err error) (causes []error) {
	defer func() {
		if recover() != nil {
			causes = nil
		}
	}()
	switch e := err.(type) { //nolint:errorlint // this walks the chain itself
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			causes = []error{inner}
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if inner != nil {
				causes = append(causes, inner)
			}
		}
	}
	return causes
}

// errorType is the Go type of an error with its package, as in *fs.PathError.
func errorType(err error) string {
	t := reflect.TypeOf(err)
	if t == nil {
		return "nil"
	}
	return t.String()
}

// panicObject is the error object of a panic.
type panicObject struct {
	value any
	stack []string
	tags  *tagged
}

func (o panicObject) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	if err, ok := o.value.(error); ok {
		if e := (errorObject{err: err, tags: o.tags}).MarshalLogObject(enc); e != nil {
			return e
		}
	} else {
		enc.AddString("type", fmt.Sprintf("%T", o.value))
		enc.AddString("message", o.tags.text(o.value))
	}
	zap.Strings("stack", o.stack).AddTo(enc)
	return nil
}

// panicStack returns the calls that led to a panic, the panicking one first. It
// must be called in the deferred function that recovers.
func panicStack() []string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var stack []string
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			stack = stack[:0] // what ran after the panic is of no interest
		case strings.HasPrefix(f.Function, "runtime."):
		case f.Function != "" && len(stack) < 32:
			stack = append(stack, f.Function+" "+f.File+":"+strconv.Itoa(f.Line))
		}
		if !more {
			return stack
		}
	}
}
