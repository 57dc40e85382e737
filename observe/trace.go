package observe

import (
	"context"
	"strings"

	"github.com/patternkit/serverless/internal/correlation"
)

// Tracer makes spans. Package observe/xray has one for AWS X-Ray.
type Tracer interface {
	// Start begins a span below the one that parent names, which is an X-Ray trace
	// header such as "Root=1-…;Parent=…;Sampled=1", or "" where there is none. The
	// context returned is the one that the span's own calls are to use. A span that is
	// sent somewhere should be a SentSpan.
	Start(ctx context.Context, name, parent string) (context.Context, Span)
}

// Span is one timed piece of work. Spans returned by StartSpan are never nil,
// may be ended more than once and may be used by several goroutines.
type Span interface {
	// Annotate sets a value that traces can be searched by: a string, a number or a bool.
	Annotate(key string, value any)
	// Metadata sets a value that is kept with the span but not indexed; it is
	// encoded as JSON at once.
	Metadata(key string, value any)
	// RecordError marks the span as failed; nil does nothing.
	RecordError(err error)
	// Header returns the trace header that calls made within the span are to carry,
	// or "" where there is no trace.
	Header() string
	// End finishes the span; only the first call counts.
	End()
}

// SentSpan is a Span that is sent somewhere, as spans of observe/xray and
// observe/xraylite are. A span that cannot be sent is a line in the log. One that has
// not ended when the invocation is about to time out, or to end by Logger.Fatal, is sent
// in progress.
type SentSpan interface {
	Span
	// Flush sends what is known of a span that has not ended.
	Flush()
	// Err says why the last End or Flush did not send the span; nil when it did.
	Err() error
}

// AWSCall describes the AWS call of a span.
type AWSCall struct {
	// Service is the SDK's name of the service, such as "DynamoDB".
	Service string
	// Operation is the name of the operation, such as "GetItem".
	Operation string
	// Region is the region called.
	Region string
	// RequestID is the id the service gave the call, "" when there was no answer.
	RequestID string
	// Status is the HTTP status of the last answer, 0 when there was none.
	Status int
	// Retries is the number of attempts after the first.
	Retries int
	// Throttled says that the service refused an attempt for coming too fast.
	Throttled bool
}

// AWSSpan is a Span that can show an AWS call as such. Spans of observe/xray are.
type AWSSpan interface {
	Span
	// DescribeAWSCall describes the span's call. It is called before End.
	DescribeAWSCall(call AWSCall)
}

// lambdaTraceKey is where aws-lambda-go keeps the trace header of an invocation.
const lambdaTraceKey = "x-amzn-trace-id"

// StartSpan begins a span below the current one. Log lines and outgoing
// messages of the context returned carry its trace. Where a consumer has set the
// trace of the record at hand, which need not be the trace of the invocation, the
// span joins the record's trace. Without a tracer it does nothing, and the trace
// header of ctx is passed on as it came.
func StartSpan(ctx context.Context, name string) (context.Context, Span) {
	ctx = known(ctx)
	header := correlation.Trace(ctx)
	if header == "" {
		header, _ = ctx.Value(lambdaTraceKey).(string)
	}
	inv := from(ctx)
	if inv == nil || inv.host.opts.Tracer == nil {
		return ctx, passSpan(header)
	}
	if header == inv.traceHeader && inv.spanHeader != "" {
		header = inv.spanHeader // the record came with the invocation's own header
	}
	next, span := inv.host.opts.Tracer.Start(ctx, name, header)
	if span == nil {
		return ctx, passSpan(header)
	}
	if next == nil {
		next = ctx
	}
	once := &onceSpan{Span: span, inv: inv, name: name}
	inv.spans.add(once)
	if own := span.Header(); own != "" {
		next = correlation.WithTrace(next, own)
	}
	return context.WithValue(next, spanKey{}, once), once
}

// CurrentSpan returns the span that ctx is in; without one, a span that does nothing.
func CurrentSpan(ctx context.Context) Span {
	ctx = known(ctx)
	if s, ok := ctx.Value(spanKey{}).(*onceSpan); ok {
		return s
	}
	return passSpan(correlation.Trace(ctx))
}

// TraceID returns the id of the trace that ctx belongs to, as in
// "1-5759e988-bd862e3fe1be46a994272793", or "" where there is none.
func TraceID(ctx context.Context) string { return traceRoot(TraceHeader(ctx)) }

// TraceHeader returns the trace header for a call that no sender of this module
// makes, such as an HTTP request: set it as X-Amzn-Trace-Id.
func TraceHeader(ctx context.Context) string { return correlation.Trace(known(ctx)) }

type spanKey struct{}

// passSpan is a trace header that is passed on; its methods do nothing.
type passSpan string

func (passSpan) Annotate(string, any) {}
func (passSpan) Metadata(string, any) {}
func (passSpan) RecordError(error)    {}
func (passSpan) End()                 {}

func (s passSpan) Header() string { return string(s) }

// traceRoot takes the trace id out of a trace header.
func traceRoot(header string) string {
	for header != "" {
		var part string
		part, header, _ = strings.Cut(header, ";")
		if root, ok := strings.CutPrefix(strings.TrimSpace(part), "Root="); ok {
			return root
		}
	}
	return ""
}
