package lambdatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/patternkit/serverless/internal/lambdafn"
	"github.com/patternkit/serverless/internal/wire"
)

// result turns the end of the code into what Lambda answers. The error is a
// failure of the service: a function that returns an [*Error] with the status 429
// or 500 and more stands for one that could not be run.
func (in *running) result(o lambdafn.Outcome) (result, error) {
	var own *Error
	switch {
	case o.TimedOut:
		return failed(messages.InvokeResponse_Error{
			Type:    "Sandbox.Timedout",
			Message: fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", in.RequestID, in.Configuration.Timeout.Seconds()),
		}), nil
	case o.Panic != nil:
		return failed(panicked(o)), nil
	case o.Exited:
		return failed(messages.InvokeResponse_Error{
			Type: "Runtime.ExitError", Message: fmt.Sprintf("RequestId: %s Error: Runtime exited with error: exit status 1", in.RequestID),
		}), nil
	case errors.As(o.Err, &own) && own != nil && (own.Status == 429 || own.Status >= 500):
		return result{}, serviceFailure(own)
	case o.Err != nil:
		return failed(o.Err), nil //nolint:nilerr // it is part of the result
	case len(o.Response) > maxResponse:
		return failed(messages.InvokeResponse_Error{
			Type:    "Function.ResponseSizeTooLarge",
			Message: fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse),
		}), nil
	}
	return result{payload: o.Response}, nil
}

func serviceFailure(e *Error) *wire.Error {
	return &wire.Error{Code: e.Code, Message: e.Message, Status: e.Status, Fields: e.Fields}
}

// failed is the result of an error of the function, written as aws-lambda-go
// reports it: under the bare name of its type.
func failed(err error) result {
	report, ok := err.(messages.InvokeResponse_Error) //nolint:errorlint // aws-lambda-go does not look into it either
	if !ok {
		report = messages.InvokeResponse_Error{Message: err.Error(), Type: typeName(err)}
	}
	payload, fault := json.Marshal(report)
	if fault != nil { // the report has strings and numbers only
		payload = []byte(`{"errorMessage":"` + fault.Error() + `","errorType":"Runtime.SerializationError"}`)
	}
	return result{payload: payload, err: err}
}

// typeName is the name of a type without its package, or of what it points to.
func typeName(value any) string {
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// panicked is the report of a panic.
func panicked(o lambdafn.Outcome) messages.InvokeResponse_Error {
	if report, ok := o.Panic.(messages.InvokeResponse_Error); ok {
		return report
	}
	return messages.InvokeResponse_Error{
		Message: fmt.Sprint(o.Panic), Type: typeName(o.Panic), StackTrace: frames(o.Stack), ShouldExit: true,
	}
}

// maxFrames is how many frames aws-lambda-go reports.
const maxFrames = 32

// frames reads the stack of a panic as the runtime prints it: a line with the
// call, a line with the place. What stands before the panic is not the function's.
func frames(stack []byte) []*messages.InvokeResponse_Error_StackFrame {
	lines := strings.Split(string(bytes.TrimSpace(stack)), "\n")
	var out []*messages.InvokeResponse_Error_StackFrame
	for i := 1; i+1 < len(lines) && len(out) < maxFrames; i += 2 {
		if strings.HasPrefix(lines[i], "panic(") {
			out = nil
			continue
		}
		call := strings.TrimPrefix(lines[i], "created by ")
		call, _, _ = strings.Cut(call, " in goroutine ")
		if n := strings.LastIndexByte(call, '('); n > 0 && strings.HasSuffix(call, ")") {
			call = call[:n]
		}
		place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +0x")
		colon := strings.LastIndexByte(place, ':')
		line, err := strconv.ParseInt(place[colon+1:], 10, 32)
		if colon < 0 || err != nil {
			continue
		}
		out = append(out, frame(place[:colon], call, int32(line)))
	}
	return out
}

// frame names a place from the package on, and a call without its package.
func frame(path, call string, line int32) *messages.InvokeResponse_Error_StackFrame {
	at := len(path)
	for range strings.Count(call, "/") + 2 {
		if at = strings.LastIndexByte(path[:at], '/'); at < 0 {
			break
		}
	}
	call = call[strings.LastIndexByte(call, '/')+1:]
	call = call[strings.IndexByte(call, '.')+1:]
	return &messages.InvokeResponse_Error_StackFrame{Path: path[at+1:], Line: line, Label: call}
}

// at is a time as Lambda writes it in a record.
func at(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
