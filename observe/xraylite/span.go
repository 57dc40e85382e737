package xraylite

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/internal/subsegment"
)

// document is a subsegment as X-Ray takes it.
type document struct {
	TraceID     string                    `json:"trace_id"`
	ID          string                    `json:"id"`
	Name        string                    `json:"name"`
	Start       float64                   `json:"start_time"`
	End         float64                   `json:"end_time,omitempty"`
	InProgress  bool                      `json:"in_progress,omitempty"`
	ParentID    string                    `json:"parent_id"`
	Fault       bool                      `json:"fault,omitempty"`
	Throttle    bool                      `json:"throttle,omitempty"`
	Cause       *cause                    `json:"cause,omitempty"`
	Type        string                    `json:"type"`
	Namespace   string                    `json:"namespace,omitempty"`
	HTTP        *answer                   `json:"http,omitempty"`
	AWS         map[string]any            `json:"aws,omitempty"`
	Annotations map[string]any            `json:"annotations,omitempty"`
	Metadata    map[string]map[string]any `json:"metadata,omitempty"`
}

// cause is what went wrong.
type cause struct {
	WorkingDirectory string                 `json:"working_directory,omitempty"`
	Exceptions       []subsegment.Exception `json:"exceptions,omitempty"`
}

// answer is the status of an HTTP response.
type answer struct {
	Response struct {
		Status int `json:"status"`
	} `json:"response"`
}

// span is a subsegment that is not finished. mu orders its methods.
type span struct {
	tracer *tracer
	header string

	mu       sync.Mutex
	doc      document
	errors   subsegment.Errors
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
	_, there := s.doc.Annotations[key]
	if s.ended || key == "" || (len(s.doc.Annotations) == subsegment.MaxAnnotations && !there) {
		return
	}
	if s.doc.Annotations == nil {
		s.doc.Annotations = map[string]any{}
	}
	s.doc.Annotations[key] = subsegment.Annotation(value)
}

// Metadata implements observe.Span. A value that is no JSON, or that would make
// the document too large, is replaced by a sentence that says so.
func (s *span) Metadata(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	if s.doc.Metadata == nil {
		s.doc.Metadata = map[string]map[string]any{"default": {}}
	}
	s.metadata.Set(s.doc.Metadata["default"], key, value)
}

// DescribeAWSCall implements observe.AWSSpan: X-Ray then shows the service as a
// node of its own.
func (s *span) DescribeAWSCall(call observe.AWSCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.doc.Namespace, s.doc.Throttle = "aws", call.Throttled
	s.doc.AWS = map[string]any{"operation": subsegment.Word(call.Operation), "region": subsegment.Word(call.Region)}
	if call.RequestID != "" {
		s.doc.AWS["request_id"] = subsegment.Word(call.RequestID)
	}
	if call.Retries > 0 {
		s.doc.AWS["retries"] = call.Retries
	}
	if call.Status != 0 {
		s.doc.HTTP = &answer{}
		s.doc.HTTP.Response.Status = call.Status
	}
}

// RecordError implements observe.Span.
func (s *span) RecordError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || err == nil {
		return
	}
	err = subsegment.Plain(err)
	s.doc.Fault = true
	if s.doc.Cause == nil {
		s.doc.Cause = &cause{}
		directory, _ := os.Getwd()
		s.doc.Cause.WorkingDirectory = subsegment.Word(directory)
	}
	s.errors.Add(subsegment.Exception{
		ID: subsegment.NewID(), Type: strings.ReplaceAll(fmt.Sprintf("%T", err), "*", ""), Message: err.Error(), Stack: stack(),
	})
}

// End implements observe.Span.
func (s *span) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.doc.End = seconds(time.Now())
		s.err = s.send(s.doc)
	}
}

// Flush implements observe.SentSpan: X-Ray takes one document of a span in progress.
func (s *span) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended && !s.flushed {
		s.flushed = true
		doc := s.doc
		doc.InProgress = true
		s.err = s.send(doc)
	}
}

// Err implements observe.SentSpan.
func (s *span) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// send sends the document, made to fit into a packet; mu is held.
func (s *span) send(doc document) error {
	if doc.Cause != nil {
		doc.Cause = &cause{doc.Cause.WorkingDirectory, s.errors.List()}
	}
	text, err := json.Marshal(&doc)
	if err == nil && subsegment.TooLarge(text) != nil {
		bare := doc
		bare.Annotations, bare.Metadata = nil, nil
		if text, err = json.Marshal(&bare); err != nil {
			return err
		}
		doc.Annotations, doc.Metadata = maps.Clone(doc.Annotations), map[string]map[string]any{"default": maps.Clone(doc.Metadata["default"])}
		subsegment.Fit(len(text), doc.Annotations, doc.Metadata["default"])
		text, err = json.Marshal(&doc)
	}
	if err != nil {
		return err // annotations and metadata were checked when they were set
	}
	if err := subsegment.TooLarge(text); err != nil {
		return err
	}
	return s.tracer.send(text)
}

// stack is the calls that led to RecordError, the innermost first.
func stack() []subsegment.Frame {
	pcs := make([]uintptr, subsegment.MaxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var out []subsegment.Frame
	for {
		f, more := frames.Next()
		label := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		_, label, _ = strings.Cut(label, ".")
		out = append(out, subsegment.Frame{Path: short(f.File, f.Function), Line: f.Line, Label: label})
		if !more {
			return out
		}
	}
}

// short cuts a file's path to the part that the package's import path shares.
func short(path, function string) string {
	i := len(path)
	for range strings.Count(function, "/") + 2 {
		if i = strings.LastIndexByte(path[:i], '/'); i < 0 {
			return path
		}
	}
	return path[i+1:]
}
