package observetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/observe"
)

// TB is the part of [testing.TB] that a Recorder reports to.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Recorder takes the place of CloudWatch and X-Ray: it receives what observed
// handlers write and gives it back as values. It may serve several handlers at
// once, and is safe for concurrent use.
type Recorder struct {
	tb TB

	mu       sync.Mutex
	raw      []string
	lines    []Line
	metrics  []Metric
	segments []Segment
	problems []string
}

// New returns an empty recorder. What it finds invalid, such as a line that is
// no JSON or a metric document that CloudWatch would refuse, fails the test; with
// a nil tb it is kept for Problems only.
func New(tb TB) *Recorder {
	if given.Nil(tb) {
		tb = nil
	}
	return &Recorder{tb: tb}
}

// Observe is an option for observe.Handler: it sends log lines and metrics here.
//
//	observe.Handler("orders", handle, recorder.Observe)
func (r *Recorder) Observe(o *observe.Options) { o.Output = r }

// Write takes one log line or metric document, as observe.Options.Output does.
func (r *Recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := string(p)
	r.raw = append(r.raw, text)
	if len(p) == 0 || p[len(p)-1] != '\n' || bytes.IndexByte(p, '\n') != len(p)-1 {
		r.problem("a write is not exactly one line: %q", text)
	}
	if len(p) > maxEvent {
		r.problem("a line has %d bytes, CloudWatch Logs takes %d", len(p), maxEvent)
	}
	if key := duplicateKey(p); key != "" {
		r.problem("the key %q is there twice: %s", key, text)
	}
	var members map[string]any
	if err := json.Unmarshal(p, &members); err != nil {
		r.problem("a line is no JSON object (%v): %q", err, text)
		return len(p), nil
	}
	if _, ok := members["_aws"]; ok {
		metrics, faults := extract(p)
		for _, f := range faults {
			r.problem("an invalid metric document: %s: %s", f, text)
		}
		if len(faults) == 0 {
			r.metrics = append(r.metrics, metrics...)
		}
		return len(p), nil
	}
	line, faults := newLine(text, members)
	for _, f := range faults {
		r.problem("a line that Lambda would take for INFO: %s: %s", f, text)
	}
	r.lines = append(r.lines, line)
	return len(p), nil
}

// Traces returns the writer for xray.Options.Output.
func (r *Recorder) Traces() io.Writer { return traceWriter{r} }

type traceWriter struct{ r *Recorder }

func (w traceWriter) Write(p []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	segments, err := parsePacket(p)
	if err != nil {
		w.r.problem("an invalid trace packet: %v: %s", err, p)
	}
	for _, s := range segments {
		w.r.segments = append(slices.DeleteFunc(w.r.segments, func(old Segment) bool {
			return old.InProgress && old.TraceID == s.TraceID && old.ID == s.ID
		}), s)
	}
	return len(p), nil
}

func (r *Recorder) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.problems = append(r.problems, text)
	if r.tb != nil {
		r.tb.Helper()
		r.tb.Errorf("observetest: %s", text)
	}
}

// misuse reports a mistake of the test. Without a test it panics.
func (r *Recorder) misuse(format string, args ...any) {
	text := "observetest: " + fmt.Sprintf(format, args...)
	if r.tb == nil {
		panic(text)
	}
	r.tb.Helper()
	r.tb.Errorf("%s", text)
}

// Problems returns what was invalid in what was written.
func (r *Recorder) Problems() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.problems...)
}

// Raw returns every line as it was written, metric documents included.
func (r *Recorder) Raw() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.raw...)
}

// Reset forgets everything.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw, r.lines, r.metrics, r.segments, r.problems = nil, nil, nil, nil, nil
}

// duplicateKey returns a key that an object of the text has twice, or "".
func duplicateKey(text []byte) string {
	type level struct {
		object bool
		key    bool // the next string is a key
		seen   map[string]bool
	}
	var stack []level
	dec := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := dec.Token()
		if err != nil {
			return ""
		}
		top := len(stack) - 1
		if s, ok := token.(string); ok && top >= 0 && stack[top].object && stack[top].key {
			if stack[top].seen[s] {
				return s
			}
			stack[top].seen[s], stack[top].key = true, false
			continue
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, level{object: true, key: true, seen: map[string]bool{}})
			continue
		case json.Delim('['):
			stack = append(stack, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
			top--
		}
		if top >= 0 {
			stack[top].key = true
		}
	}
}
