package xray

import (
	"context"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/ctxmissing"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/exception"
	sdk "github.com/aws/aws-xray-sdk-go/v2/xray"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/internal/subsegment"
)

// tracer makes spans that are X-Ray subsegments.
type tracer struct {
	config  *sdk.Config
	emitter *emitter
}

// New returns a tracer for observe.Options.Tracer. It panics when an option
// is wrong.
func New(optFns ...func(*Options)) observe.Tracer {
	var opts Options
	given.Options(&opts, optFns)
	emitter, err := opts.emitter()
	if err != nil {
		panic("xray: New: " + err.Error())
	}
	formatting, err := exception.NewDefaultFormattingStrategyWithDefinedErrorFrameCount(subsegment.MaxFrames)
	if err != nil {
		panic("xray: New: " + err.Error()) // the count is a constant within bounds
	}
	counted, err := sdk.NewDefaultStreamingStrategy()
	if err != nil {
		panic("xray: New: " + err.Error())
	}
	// The configuration travels in the context: the SDK's own is the process's,
	// and changing it would reach every other user of the SDK.
	return &tracer{emitter: emitter, config: &sdk.Config{
		Emitter:                     emitter,
		ExceptionFormattingStrategy: formatting,
		StreamingStrategy:           streaming{counted},
		ContextMissingStrategy:      ctxmissing.NewDefaultIgnoreErrorStrategy(),
	}}
}

// Start implements observe.Tracer. The span is sent on its own when it ends, and
// names its parent by id. So it joins a trace begun in another function as well as
// one begun here, and is not lost with a parent that never ends.
func (t *tracer) Start(ctx context.Context, name, parent string) (context.Context, observe.Span) {
	in, ok := subsegment.ParseHeader(parent)
	if !ok || sdk.SdkDisabled() {
		return ctx, nil // the span passes the header on as it came
	}
	if ctx == nil {
		ctx = context.Background()
	}
	ctx = context.WithValue(ctx, sdk.RecorderContextKey{}, t.config)
	ctx, _ = sdk.BeginFacadeSegment(ctx, "facade", header.FromString(parent))
	ctx, seg := sdk.BeginSubsegment(ctx, subsegment.Name(name))
	if seg == nil {
		return ctx, nil
	}
	return ctx, &span{emitter: t.emitter, seg: seg, header: in.Below(seg.ID)}
}

// span is a subsegment. mu orders its methods, and keeps what comes after End out.
type span struct {
	emitter *emitter
	header  string

	mu       sync.Mutex
	seg      *sdk.Segment
	errors   subsegment.Errors
	capped   int // exceptions of seg that errors has
	metadata subsegment.Store
	ended    bool
	flushed  bool
	err      error
}

// Header implements observe.Span.
func (s *span) Header() string { return s.header }

// Annotate implements observe.Span. Keys keep letters, digits and '_'; other
// characters become '_'. A value that is no string, bool or number is printed.
func (s *span) Annotate(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key = subsegment.Key(key)
	s.seg.RLock()
	_, there := s.seg.Annotations[key]
	full := len(s.seg.Annotations) == subsegment.MaxAnnotations && !there
	s.seg.RUnlock()
	if s.ended || key == "" || full {
		return
	}
	_ = s.seg.AddAnnotation(key, subsegment.Annotation(value)) // the value has a type it takes
}

// Metadata implements observe.Span. A value that is no JSON, or that would make
// the document too large, is replaced by a sentence that says so.
func (s *span) Metadata(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.seg.Lock()
	defer s.seg.Unlock()
	if s.seg.Metadata == nil {
		s.seg.Metadata = map[string]map[string]any{}
	}
	if s.seg.Metadata["default"] == nil {
		s.seg.Metadata["default"] = map[string]any{}
	}
	s.metadata.Set(s.seg.Metadata["default"], key, value)
}

// DescribeAWSCall implements observe.AWSSpan: X-Ray then shows the service as a
// node of its own.
func (s *span) DescribeAWSCall(call observe.AWSCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.seg.Lock()
	defer s.seg.Unlock()
	s.seg.Namespace = "aws"
	s.seg.Throttle = call.Throttled
	aws := s.seg.GetAWS()
	aws["operation"], aws["region"] = subsegment.Word(call.Operation), subsegment.Word(call.Region)
	if call.RequestID != "" {
		aws["request_id"] = subsegment.Word(call.RequestID)
	}
	if call.Retries > 0 {
		aws["retries"] = call.Retries
	}
	if call.Status != 0 {
		s.seg.GetHTTP().GetResponse().Status = call.Status
	}
}

// RecordError implements observe.Span.
func (s *span) RecordError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || err == nil {
		return
	}
	_ = s.seg.AddError(subsegment.Plain(err)) // never fails
	s.capErrors()
}

// capErrors keeps the exceptions of the segment within their room, those that were
// added through the SDK among them.
func (s *span) capErrors() {
	s.seg.Lock()
	defer s.seg.Unlock()
	cause := s.seg.Cause
	if cause == nil {
		return
	}
	cause.WorkingDirectory = subsegment.Word(cause.WorkingDirectory)
	for _, x := range cause.Exceptions[min(s.capped, len(cause.Exceptions)):] {
		s.errors.Add(fromSDK(x))
	}
	cause.Exceptions = toSDK(s.errors.List())
	s.capped = len(cause.Exceptions)
}

// End implements observe.Span.
func (s *span) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.capErrors()
		s.err = s.emitter.close(s.seg)
	}
}

// Flush implements observe.SentSpan: X-Ray takes one document of a span in progress.
func (s *span) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended && !s.flushed {
		s.flushed = true
		s.capErrors()
		s.err = s.emitter.flush(s.seg)
	}
}

// Err implements observe.SentSpan.
func (s *span) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func fromSDK(x exception.Exception) subsegment.Exception {
	out := subsegment.Exception{ID: x.ID, Type: x.Type, Message: x.Message, Remote: x.Remote}
	for _, f := range x.Stack {
		out.Stack = append(out.Stack, subsegment.Frame(f))
	}
	return out
}

func toSDK(list []subsegment.Exception) []exception.Exception {
	out := make([]exception.Exception, len(list))
	for i, x := range list {
		out[i] = exception.Exception{ID: x.ID, Type: x.Type, Message: x.Message, Remote: x.Remote}
		for _, f := range x.Stack {
			out[i].Stack = append(out[i].Stack, exception.Stack(f))
		}
	}
	return out
}
