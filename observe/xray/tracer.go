package xray

import (
	"context"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/ctxmissing"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/exception"
	sdk "github.com/aws/aws-xray-sdk-go/v2/xray"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/internal/subsegment"
)

// tracer makes spans that are X-Ray subsegments.
type tracer struct {
	config *sdk.Config
}

// Tracer returns a tracer for observe.Options.Tracer. It panics when an option
// is wrong.
func Tracer(optFns ...func(*Options)) observe.Tracer {
	var opts Options
	for _, f := range optFns {
		f(&opts)
	}
	emitter, err := opts.emitter()
	if err != nil {
		panic("observe/xray: " + err.Error())
	}
	formatting, err := exception.NewDefaultFormattingStrategyWithDefinedErrorFrameCount(subsegment.MaxFrames)
	if err != nil {
		panic("observe/xray: " + err.Error()) // the count is a constant within bounds
	}
	streaming, err := sdk.NewDefaultStreamingStrategy()
	if err != nil {
		panic("observe/xray: " + err.Error())
	}
	// The configuration travels in the context: the SDK's own is the process's,
	// and changing it would reach every other user of the SDK.
	return &tracer{config: &sdk.Config{
		Emitter:                     emitter,
		ExceptionFormattingStrategy: formatting,
		StreamingStrategy:           streaming,
		ContextMissingStrategy:      ctxmissing.NewDefaultIgnoreErrorStrategy(),
	}}
}

// Start implements observe.Tracer. The span is sent on its own when it ends: it
// names its parent by id, so that it joins a trace begun in another function as
// well as one begun here, and is not lost with a parent that never ends.
func (t *tracer) Start(ctx context.Context, name, parent string) (context.Context, observe.Span) {
	in, ok := subsegment.ParseHeader(parent)
	if !ok || sdk.SdkDisabled() {
		return ctx, nil // the span passes the header on as it came
	}
	ctx = context.WithValue(ctx, sdk.RecorderContextKey{}, t.config)
	ctx, _ = sdk.BeginFacadeSegment(ctx, "facade", header.FromString(parent))
	ctx, seg := sdk.BeginSubsegment(ctx, subsegment.Name(name))
	if seg == nil {
		return ctx, nil
	}
	return ctx, &span{seg: seg, header: in.Below(seg.ID)}
}

// span is a subsegment. mu orders its methods, and keeps what comes after End out.
type span struct {
	header string

	mu       sync.Mutex
	seg      *sdk.Segment
	ended    bool
	metadata int
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
	text := subsegment.Metadata(value, s.metadata+len(key))
	s.metadata += len(key) + len(text)
	_ = s.seg.AddMetadata(key, text) // never fails
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
	aws["operation"], aws["region"] = call.Operation, call.Region
	if call.RequestID != "" {
		aws["request_id"] = call.RequestID
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
}

// End implements observe.Span.
func (s *span) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.seg.Close(nil)
	}
}
