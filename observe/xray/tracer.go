package xray

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/ctxmissing"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/exception"
	sdk "github.com/aws/aws-xray-sdk-go/v2/xray"

	"github.com/patternkit/serverless/observe"
)

// The limits of X-Ray.
const (
	maxName            = 200   // bytes of a subsegment's name
	maxAnnotationValue = 1000  // characters of an annotation that is a string
	maxAnnotations     = 50    // annotations of a trace
	maxMetadata        = 32768 // bytes of metadata, so that a document stays below 64 KiB
	maxFrames          = 32    // calls of an exception's stack
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
	formatting, err := exception.NewDefaultFormattingStrategyWithDefinedErrorFrameCount(maxFrames)
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
	h := header.FromString(parent)
	if h.TraceID == "" || h.ParentID == "" || h.SamplingDecision != header.Sampled || sdk.SdkDisabled() {
		return ctx, nil // the span passes the header on as it came
	}
	ctx = context.WithValue(ctx, sdk.RecorderContextKey{}, t.config)
	ctx, _ = sdk.BeginFacadeSegment(ctx, "facade", h)
	ctx, seg := sdk.BeginSubsegment(ctx, cleanName(name))
	if seg == nil {
		return ctx, nil
	}
	h.ParentID = seg.ID
	return ctx, &span{seg: seg, header: headerText(h)}
}

// headerText writes the header with its further pairs in a fixed order.
func headerText(h *header.Header) string {
	text := "Root=" + h.TraceID + ";Parent=" + h.ParentID + ";" + string(h.SamplingDecision)
	if lineage, ok := h.AdditionalData["Lineage"]; ok {
		text += ";Lineage=" + lineage
	}
	return text
}

// span is a subsegment. mu orders its methods, and keeps what comes after End out.
type span struct {
	header string

	mu          sync.Mutex
	seg         *sdk.Segment
	ended       bool
	annotations int
	metadata    int
}

// Header implements observe.Span.
func (s *span) Header() string { return s.header }

// Annotate implements observe.Span. Keys keep letters, digits and '_'; other
// characters become '_'. A value that is no string, bool or number is printed.
func (s *span) Annotate(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || key == "" || s.annotations == maxAnnotations {
		return
	}
	s.annotations++
	_ = s.seg.AddAnnotation(cleanKey(key), annotationValue(value)) // the value has a type it takes
}

// Metadata implements observe.Span. A value that is no JSON, or that would make
// the document too large, is replaced by a sentence that says so.
func (s *span) Metadata(key string, value any) {
	text, err := marshal(value)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	switch {
	case err != nil:
		text, _ = json.Marshal("not recorded: " + err.Error())
	case s.metadata+len(key)+len(text) > maxMetadata:
		text, _ = json.Marshal(fmt.Sprintf("not recorded: %d bytes are too many", len(text)))
	}
	s.metadata += len(key) + len(text)
	_ = s.seg.AddMetadata(key, json.RawMessage(text)) // never fails
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
	_ = s.seg.AddError(safeError{err}.plain()) // never fails
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

// safeError guards against errors whose text panics.
type safeError struct{ err error }

func (e safeError) plain() (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("an error of type %T whose text panics", e.err)
		}
	}()
	_ = e.err.Error()
	return e.err
}

func marshal(value any) (text []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("encoding it panics: %v", v)
		}
	}()
	return json.Marshal(value)
}

// annotationValue turns a value into one of the types the SDK takes.
func annotationValue(v any) any {
	switch v := v.(type) {
	case string:
		return cut(v, maxAnnotationValue)
	case bool, int, uint:
		return v
	case int8:
		return int(v)
	case int16:
		return int(v)
	case int32:
		return int(v)
	case int64:
		return int(v)
	case uint8:
		return uint(v)
	case uint16:
		return uint(v)
	case uint32:
		return uint(v)
	case uint64:
		return uint(v)
	case float32:
		return annotationValue(float64(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v) // JSON has no such number
		}
		return v
	}
	return cut(fmt.Sprint(v), maxAnnotationValue)
}

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cleanName replaces what X-Ray does not allow in a name.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r > 127 && r != utf8.RuneError, 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9',
			strings.ContainsRune(" _.:/%&#=+\\-@", r):
			return r
		}
		return '_'
	}, name)
	if name == "" {
		return "unnamed"
	}
	return cut(name, maxName)
}

// cleanKey replaces what X-Ray does not allow in an annotation's key.
func cleanKey(key string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_':
			return r
		}
		return '_'
	}, key)
}
