package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/lambdafn"
	"github.com/patternkit/serverless/internal/wire"
)

// The sizes of payloads, see
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const (
	maxAsyncPayload = 1 << 20
	maxResponse     = 6_291_556
	maxLogTail      = 4 << 10
)

// Invocation is one run of a function.
type Invocation struct {
	// RequestID is the AWS request id. The attempts of an asynchronous invocation
	// have the same.
	RequestID string
	// InvokedFunctionARN is the ARN with the version or alias that was asked for.
	InvokedFunctionARN string
	// Configuration is that of the version that runs.
	Configuration Configuration
	// Asynchronous says that the event comes from the queue, Attempt which run of it
	// this is, from 1.
	Asynchronous bool
	Attempt      int
	// Payload is the event.
	Payload []byte
	// ClientContext is the caller's JSON, TenantID the tenant, TraceHeader the X-Ray
	// trace header; "" where there is none.
	ClientContext, TenantID, TraceHeader string
	// Response is what the function answered: its error as JSON when it failed.
	// Err is why it failed: the error of the function, or an
	// messages.InvokeResponse_Error for a time-out or a panic, or an [*Error]. They are known
	// in OnInvoke only, as are Start, End and Log, the last 4 KB that it has logged.
	Response   []byte
	Err        error
	Start, End time.Time
	Log        []byte
}

type invocationKey struct{}

// running is an invocation in the context of its function.
type running struct {
	Invocation

	log *logTail
}

// InvocationOf returns the invocation that ctx belongs to, for code that runs
// functions: with it a process gets its environment, its ids and its tenant. The
// ok is false outside of a function.
func InvocationOf(ctx context.Context) (in Invocation, ok bool) {
	r, ok := ctx.Value(invocationKey{}).(*running)
	if !ok {
		return Invocation{}, false
	}
	in = r.Invocation
	in.Payload = bytes.Clone(in.Payload)
	return in, true
}

// LogOf returns the log of the invocation that ctx belongs to; its end is the
// answer to a caller who asks for it with LogType Tail. Outside of a function it
// returns a writer that keeps nothing.
func LogOf(ctx context.Context) io.Writer {
	if r, ok := ctx.Value(invocationKey{}).(*running); ok {
		return r.log
	}
	return io.Discard
}

// logTail keeps the end of a log.
type logTail struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (l *logTail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if over := len(l.text) - maxLogTail; over > 0 {
		l.text = slices.Delete(l.text, 0, over)
	}
	return len(p), nil
}

func (l *logTail) tail() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text)
}

// request is what a caller gives with an invocation.
type request struct {
	ref           reference
	id            string
	payload       []byte
	clientContext string
	tenant        string
	trace         string
	asynchronous  bool
	attempt       int
}

// newRequest checks a payload and makes a request with an id of its own.
func newRequest(ctx context.Context, ref reference, payload []byte, limit int) (request, error) {
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	if len(payload) > limit {
		return request{}, lambdaError("RequestTooLargeException", 413, "Request must be smaller than %d bytes for the InvokeFunction operation", limit)
	}
	var doc json.RawMessage
	err := json.Unmarshal(payload, &doc)
	if err == nil && !utf8.Valid(payload) {
		err = errors.New("it is no UTF-8")
	}
	if err != nil {
		return request{}, lambdaError("InvalidRequestContentException", 400, "Could not parse request body into json: Could not parse payload into json: %v", err)
	}
	trace, _ := ctx.Value(traceKey).(string)
	if trace == "" {
		trace = newTrace()
	}
	return request{ref: ref, id: awsid.UUID(), payload: payload, trace: trace, attempt: 1}, nil
}

// traceKey is the key under which aws-lambda-go keeps the trace header.
const traceKey = "x-amzn-trace-id"

// newTrace begins a trace.
func newTrace() string {
	id := strings.ReplaceAll(awsid.UUID()+awsid.UUID(), "-", "")
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s", uint32(time.Now().Unix()), id[:24], id[24:40])
}

// sampled adds to a trace header whether the trace is sampled, where the caller
// has not decided it: with active tracing it is.
func sampled(trace, tracingMode string) string {
	switch {
	case strings.Contains(trace, "Sampled=0"), strings.Contains(trace, "Sampled=1"):
		return trace
	case tracingMode == "Active":
		return trace + ";Sampled=1"
	}
	return trace + ";Sampled=0"
}

// result is how a run ended.
type result struct {
	payload []byte
	err     error // of the function
	version string
	log     []byte
}

// Function returns the function that an ARN or a name means, with or without a
// version or alias, to be given to what invokes it: an event source mapping, a
// task, an endpoint. It is invoked synchronously, once. The function may be
// created later.
//
// The error is that of the function as it is. A panic, a time-out and the end of
// its goroutine are a messages.InvokeResponse_Error. What Lambda itself refuses is an
// [*Error]: the function is not there, it is throttled, the payload is too large.
func (l *Lambda) Function(nameOrARN string) Function {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		ref, err := parse(context.Background(), nameOrARN, "")
		if err != nil {
			return nil, public(err)
		}
		r, err := newRequest(ctx, ref, payload, lambdafn.MaxPayload)
		if err != nil {
			return nil, public(err)
		}
		out, err := l.invoke(context.WithoutCancel(ctx), r)
		if err != nil {
			l.explain(err)
			return nil, public(err)
		}
		if out.err != nil {
			return nil, out.err
		}
		return out.payload, nil
	}
}

// explain tells the test log what a call outside of the wire did not find.
func (l *Lambda) explain(err error) {
	var e *wire.Error
	if errors.As(err, &e) && e.Code == "ResourceNotFoundException" {
		l.server.TB().Logf("lambdatest: %s", e.Message)
	}
}

// invoke runs a function once, and waits for it: at the longest for its timeout.
// The error is that of the service; the one of the function is part of the result.
func (l *Lambda) invoke(ctx context.Context, r request) (result, error) {
	f, v, err := l.begin(ctx, r)
	if err != nil {
		return result{}, err
	}
	defer l.end(f)
	r.trace = sampled(r.trace, v.TracingMode)
	in := &running{log: &logTail{}, Invocation: Invocation{
		RequestID: r.id, InvokedFunctionARN: r.ref.qualified(), Configuration: v.public(), Asynchronous: r.asynchronous, Attempt: r.attempt,
		Payload: r.payload, ClientContext: r.clientContext, TenantID: r.tenant, TraceHeader: r.trace, Start: time.Now(),
	}}
	lc, err := in.lambdaContext()
	if err != nil {
		return result{}, err
	}
	ctx = context.WithValue(ctx, traceKey, r.trace) //nolint:staticcheck // the key that aws-lambda-go uses
	ctx = lambdacontext.NewContext(context.WithValue(ctx, invocationKey{}, in), lc)
	fmt.Fprintf(in.log, "START RequestId: %s Version: %s\n", r.id, v.Version)
	outcome := l.run(ctx, v, r.payload)
	out, failure := in.result(outcome)
	in.End = time.Now()
	took := in.End.Sub(in.Start)
	fmt.Fprintf(in.log, "END RequestId: %s\nREPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t\n",
		r.id, r.id, float64(took)/float64(time.Millisecond), (took+time.Millisecond-1)/time.Millisecond, v.MemorySize, v.MemorySize)
	out.version, out.log = v.Version, in.log.tail()
	l.observe(in, out, failure)
	return out, failure
}

// begin finds the version and takes a place for it.
func (l *Lambda) begin(ctx context.Context, r request) (*function, *version, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, v, err := l.choose(ctx, r.ref, true)
	switch {
	case err != nil:
		return nil, nil, err
	case v.TenantIsolation && r.tenant == "":
		return nil, nil, invalid("The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.")
	case !v.TenantIsolation && r.tenant != "":
		return nil, nil, invalid("The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.")
	case f.reserved != nil && *f.running >= *f.reserved:
		return nil, nil, throttled()
	}
	*f.running++
	l.invocations++
	return f, v, nil
}

func (l *Lambda) end(f *function) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*f.running--
	l.wake()
}

// throttled is the error for an invocation beyond the reserved concurrency.
func throttled() *wire.Error {
	e := wire.Errorf("TooManyRequestsException", 429, "Rate Exceeded.")
	e.MessageKey = "message"
	e.Fields = map[string]any{"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}
	return e
}

// run calls the code in a goroutine of its own, which the end of the test waits
// for.
func (l *Lambda) run(ctx context.Context, v *version, payload []byte) lambdafn.Outcome {
	var group sync.WaitGroup
	l.mu.Lock()
	l.running[&group] = true
	l.mu.Unlock()
	return lambdafn.InvokeApart(ctx, func(ctx context.Context, payload []byte) ([]byte, error) {
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.running, &group)
		}()
		return v.code(ctx, payload)
	}, bytes.Clone(payload), v.Timeout, &group)
}

// observe reports a run to the test.
func (l *Lambda) observe(in *running, out result, failure error) {
	if l.opts.OnInvoke == nil {
		return
	}
	seen := in.Invocation
	seen.Response, seen.Err, seen.Log = out.payload, out.err, out.log
	if failure != nil {
		seen.Err = public(failure)
	}
	l.observer.Lock()
	defer l.observer.Unlock()
	l.opts.OnInvoke(seen)
}

// lambdaContext is what aws-lambda-go makes of an invocation.
func (in *running) lambdaContext() (*lambdacontext.LambdaContext, error) {
	lc := &lambdacontext.LambdaContext{AwsRequestID: in.RequestID, InvokedFunctionArn: in.InvokedFunctionARN, TenantID: in.TenantID}
	if in.ClientContext != "" {
		if err := json.Unmarshal([]byte(in.ClientContext), &lc.ClientContext); err != nil {
			return nil, lambdaError("InvalidRequestContentException", 400, "Client context must be a valid Base64-encoded JSON object.")
		}
	}
	return lc, nil
}
