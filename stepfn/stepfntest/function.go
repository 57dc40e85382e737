package stepfntest

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/lambdafn"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// Crash ends the function that calls it, from its own goroutine, as a process
// that dies does. Nothing is returned, and the execution sees Lambda.Unknown. It is
// not known what the function had done by then.
func Crash() { runtime.Goexit() }

// Function is a Lambda function as a service invokes it: JSON in, JSON or an error
// out.
type Function = func(ctx context.Context, payload []byte) ([]byte, error)

// Function binds a Go function to a Lambda ARN, to a function name, or to the
// text of a Resource such as "${ChargeFunctionArn}". Tasks with that resource,
// and lambda:invoke with that FunctionName, call it. A later binding replaces
// an earlier one; nil removes it. Errors and panics are reported as
// aws-lambda-go reports them. An empty ARN panics.
func (m *StepFunctions) Function(arn string, f Function) {
	m.made()
	if arn == "" {
		panic("stepfntest: Function: the ARN is empty")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f == nil {
		delete(m.functions, arn)
		return
	}
	m.functions[arn] = f
}

// Func makes a [Function] of a typed handler. It decodes and encodes as
// aws-lambda-go does, and panics without a handler.
func Func[I, O any](handler func(context.Context, I) (O, error)) Function {
	return lambdafn.Func("stepfntest", handler)
}

// function finds what is bound to a Lambda ARN: under the ARN itself, without
// its qualifier, or under the function's name.
func (m *StepFunctions) function(arn string) Function {
	if f := m.functions[arn]; f != nil {
		return f
	}
	parts := strings.Split(arn, ":")
	if len(parts) == 8 {
		if f := m.functions[strings.Join(parts[:7], ":")]; f != nil {
			return f
		}
		parts = parts[:7]
	}
	name := parts[len(parts)-1]
	if f := m.functions[name]; f != nil {
		return f
	}
	if len(parts) > 2 {
		return nil
	}
	for bound, f := range m.functions { // a name or name:qualifier, bound under its ARN
		if strings.HasSuffix(bound, ":function:"+parts[0]) {
			return f
		}
	}
	return nil
}

// functionLimit is the longest that a Lambda function runs.
const functionLimit = 15 * time.Minute

// lambdaReport is what aws-lambda-go reports of a failed invocation.
type lambdaReport struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

// invoke calls a function as Lambda would. It returns the result's text, or
// the failure that the execution sees.
func invoke(ctx context.Context, f Function, payload, trace string) (string, *failure) {
	if trace != "" {
		ctx = correlation.WithTrace(ctx, trace)
		ctx = context.WithValue(ctx, "x-amzn-trace-id", trace) //nolint:staticcheck // the key that aws-lambda-go uses
	}
	out := lambdafn.Invoke(ctx, f, []byte(payload), functionLimit)
	switch {
	case out.Panic != nil:
		return "", reported(panicType(out.Panic), fmt.Sprint(out.Panic))
	case out.TimedOut:
		return "", reported("Sandbox.Timedout", "RequestId: "+awsid.UUID()+" Error: Task timed out after 900.00 seconds")
	case out.Err != nil:
		return "", reported(errorType(out.Err))
	case len(out.Response) == 0:
		return "null", nil
	}
	if _, err := value.Parse(out.Response); err != nil {
		return "", reported("Runtime.MarshalError", "the function's result is not JSON: "+err.Error())
	}
	return string(out.Response), nil
}

func reported(name, message string) *failure {
	return &failure{name: name, cause: report(lambdaReport{message, name})}
}

// crashed is what an execution sees of a process that ended.
func crashed() *failure {
	return &failure{name: "Lambda.Unknown", cause: "The cause could not be determined because Lambda did not return an error type. " +
		`Returned payload: {"errorMessage":"Runtime exited without providing a reason"}`}
}

func report(r lambdaReport) string {
	return string(value.Append(nil, value.ObjectOf("errorMessage", r.Message, "errorType", r.Type)))
}

// errorType is the name under which aws-lambda-go reports an error: the bare
// name of its type, or what an InvokeResponse_Error says itself.
func errorType(err error) (name, message string) {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Struct && v.Type().Name() == "InvokeResponse_Error" {
		return v.FieldByName("Type").String(), v.FieldByName("Message").String()
	}
	return typeName(v.Type()), err.Error()
}

func panicType(p any) string { return typeName(reflect.TypeOf(p)) }

func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
