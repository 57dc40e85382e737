// Package process runs a function of the Lambda fake as processes of its own: a
// real binary on the Runtime API, behind the fake's invocations.
package process

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/lambdahost"
)

// Options are what a process needs beside the configuration of its function.
type Options struct {
	// Endpoint is the URL of the fakes. Optional.
	Endpoint string
	// OnLine is called for each line that the function writes. Optional.
	OnLine func(line string)
	// OnPlatform is called for each line that Lambda writes: START, END, REPORT.
	// Optional.
	OnPlatform func(line string)
	// Debug runs the function under Delve, which listens at DebugAddress. Optional.
	Debug        bool
	DebugAddress string
}

// Function is a function that runs as processes.
type Function struct {
	host *lambdahost.Function

	mu       sync.Mutex
	revision string // of the configuration that host has
	opts     Options
	logs     map[string]func(line string) // of the invocations that run, by request id
}

// New makes a function of a binary. No process is started before the first
// invocation. It panics on a configuration that Lambda would not take.
func New(binary string, c lambdatest.Configuration, optFns ...func(*Options)) *Function {
	f := &Function{revision: c.RevisionID, logs: map[string]func(string){}}
	given.Options(&f.opts, optFns)
	f.host = lambdahost.NewFunction(binary, f.configure(c), func(o *lambdahost.FunctionOptions) {
		o.Endpoint, o.OnLine = f.opts.Endpoint, f.line
		o.AccessKeyID, o.SecretAccessKey, o.SessionToken = accessKey(c.FunctionARN), "secret", "token"
		o.AccountConcurrency = 100
		if f.opts.OnPlatform != nil {
			o.OnPlatform = func(_, line string) { f.opts.OnPlatform(line) }
		}
		if f.opts.Debug {
			o.Debug, o.DebugAddress = true, f.opts.DebugAddress
		}
	})
	return f
}

// configure is a configuration of the service as one of the host.
func (f *Function) configure(c lambdatest.Configuration) func(*lambdahost.FunctionOptions) {
	return func(o *lambdahost.FunctionOptions) {
		parts := strings.Split(c.FunctionARN, ":")
		if len(parts) > 4 {
			o.Region, o.AccountID = parts[3], parts[4]
		}
		o.FunctionName, o.Handler, o.MemorySize, o.Timeout = c.FunctionName, c.Handler, c.MemorySize, c.Timeout
		o.Env = maps.Clone(c.Environment)
		o.LogFormat, o.ApplicationLogLevel, o.SystemLogLevel = c.LogFormat, c.ApplicationLogLevel, c.SystemLogLevel
	}
}

// accessKey is the key id of a function's credentials. It belongs to the function
// alone.
func accessKey(arn string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	key := []byte("ASIA")
	hash := uint64(14695981039346656037)
	for i := 0; i < len(arn) || len(key) < 20; i++ {
		hash = (hash ^ uint64(arn[i%len(arn)])) * 1099511628211
		if i >= len(arn)-16 && len(key) < 20 {
			key = append(key, digits[hash>>59])
		}
	}
	return string(key)
}

// Invoke runs the function once. An error that the process reports is a
// messages.InvokeResponse_Error.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	in, ok := lambdatest.InvocationOf(ctx)
	if ok {
		if err := f.update(in.Configuration); err != nil {
			return nil, err
		}
		f.follow(ctx, in.RequestID)
		defer f.forget(in.RequestID)
	}
	result, err := f.host.Invoke(ctx, payload, func(e *lambdahost.Event) {
		if ok {
			e.RequestID, e.TraceHeader, e.TenantID, e.ClientContext = in.RequestID, in.TraceHeader, in.TenantID, in.ClientContext
		}
	})
	var throttled *lambdahost.ThrottledError
	switch {
	case errors.As(err, &throttled):
		return nil, &lambdatest.Error{
			Code: "TooManyRequestsException", Message: throttled.Error(), Status: 429,
			Fields: map[string]any{"Reason": throttled.Reason, "Type": "User"},
		}
	case err != nil:
		return nil, err
	case result.ErrorType != "":
		return nil, reported(result)
	}
	return result.Payload, nil
}

// reported is the error of a process.
func reported(r lambdahost.Result) error {
	failure := messages.InvokeResponse_Error{Type: r.ErrorType, Message: r.ErrorMessage}
	for _, frame := range r.StackTrace {
		label, _, _ := strings.Cut(frame, " ")
		failure.StackTrace = append(failure.StackTrace, &messages.InvokeResponse_Error_StackFrame{Label: label})
	}
	return failure
}

// update brings a change of the function's configuration to its processes.
func (f *Function) update(c lambdatest.Configuration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.RevisionID == f.revision {
		return nil
	}
	f.revision = c.RevisionID
	return f.host.Configure(f.configure(c))
}

// follow passes the lines of an invocation to the log of the service.
func (f *Function) follow(ctx context.Context, requestID string) {
	log := lambdatest.LogOf(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logs[requestID] = func(line string) { _, _ = log.Write([]byte(line + "\n")) }
}

func (f *Function) forget(requestID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.logs, requestID)
}

func (f *Function) line(requestID, line string) {
	f.mu.Lock()
	log := f.logs[requestID]
	f.mu.Unlock()
	if log != nil {
		log(line)
	}
	if f.opts.OnLine != nil {
		f.opts.OnLine(line)
	}
}

// Replace gives the function another binary: new invocations get it.
func (f *Function) Replace(binary string) { f.host.Replace(binary) }

// Close ends the processes: those in flight have grace to finish.
func (f *Function) Close(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return f.host.Close(ctx)
}
