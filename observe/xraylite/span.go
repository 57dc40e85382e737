package xraylite

import (
	"encoding/json"
	"fmt"
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
	TraceID     string                                `json:"trace_id"`
	ID          string                                `json:"id"`
	Name        string                                `json:"name"`
	Start       float64                               `json:"start_time"`
	End         float64                               `json:"end_time"`
	ParentID    string                                `json:"parent_id"`
	Fault       bool                                  `json:"fault,omitempty"`
	Throttle    bool                                  `json:"throttle,omitempty"`
	Cause       *cause                                `json:"cause,omitempty"`
	Type        string                                `json:"type"`
	Namespace   string                                `json:"namespace,omitempty"`
	HTTP        *answer                               `json:"http,omitempty"`
	AWS         map[string]any                        `json:"aws,omitempty"`
	Annotations map[string]any                        `json:"annotations,omitempty"`
	Metadata    map[string]map[string]json.RawMessage `json:"metadata,omitempty"`
}

// cause is what went wrong.
type cause struct {
	WorkingDirectory string      `json:"working_directory,omitempty"`
	Exceptions       []exception `json:"exceptions,omitempty"`
}

type exception struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"`
	Message string  `json:"message,omitempty"`
	Stack   []frame `json:"stack,omitempty"`
}

type frame struct {
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`
	Label string `json:"label,omitempty"`
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
		s.doc.Metadata = map[string]map[string]json.RawMessage{"default": {}}
	}
	text := subsegment.Metadata(value, s.metadata+len(key))
	s.metadata += len(key) + len(text)
	s.doc.Metadata["default"][key] = text
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
	s.doc.AWS = map[string]any{"operation": call.Operation, "region": call.Region}
	if call.RequestID != "" {
		s.doc.AWS["request_id"] = call.RequestID
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
		s.doc.Cause.WorkingDirectory, _ = os.Getwd()
	}
	s.doc.Cause.Exceptions = append(s.doc.Cause.Exceptions, exception{
		ID: newID(), Type: strings.ReplaceAll(fmt.Sprintf("%T", err), "*", ""), Message: err.Error(), Stack: stack(),
	})
}

// End implements observe.Span.
func (s *span) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.doc.End = seconds(time.Now())
		s.tracer.send(&s.doc)
	}
}

// stack is the calls that led to RecordError, the innermost first.
func stack() []frame {
	pcs := make([]uintptr, subsegment.MaxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var out []frame
	for {
		f, more := frames.Next()
		label := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		_, label, _ = strings.Cut(label, ".")
		out = append(out, frame{Path: short(f.File, f.Function), Line: f.Line, Label: label})
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
