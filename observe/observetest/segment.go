package observetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Segment is a segment or subsegment of a trace.
type Segment struct {
	// TraceID, ID and ParentID place it in the trace.
	TraceID, ID, ParentID string
	// Name is the name of the span.
	Name string
	// Namespace is "aws" for AWS calls, "remote" for others, else "".
	Namespace string
	// Start and End are when it began and ended, to the microsecond.
	Start, End time.Time
	// Annotations are the indexed values.
	Annotations map[string]any
	// Metadata are the values of the namespace "default".
	Metadata map[string]any
	// AWS says which AWS call the span is.
	AWS map[string]any
	// Fault says that an error was recorded, Throttle that a service refused a call
	// for coming too fast.
	Fault, Throttle bool
	// InProgress says that the span had not ended when it was sent. When it is sent
	// again at its end, the recorder keeps that instead.
	InProgress bool
	// Status is the HTTP status of the answer, 0 when there is none.
	Status int
	// Errors are the recorded errors as "type: message".
	Errors []string
}

type document struct {
	TraceID    string  `json:"trace_id"`
	ID         string  `json:"id"`
	ParentID   string  `json:"parent_id"`
	Type       string  `json:"type"`
	Name       string  `json:"name"`
	Namespace  string  `json:"namespace"`
	Start      float64 `json:"start_time"`
	End        float64 `json:"end_time"`
	InProgress bool    `json:"in_progress"`
	Fault      bool    `json:"fault"`
	Throttle   bool    `json:"throttle"`
	HTTP       struct {
		Response struct{ Status int }
	}
	Annotations map[string]any
	Metadata    map[string]map[string]any
	AWS         map[string]any
	Cause       struct {
		Exceptions []struct{ Type, Message string }
	}
	Subsegments []document
}

// maxPacket is the largest UDP datagram; X-Ray's documents may have 64 KiB.
const maxPacket = 65507

// ParsePacket reads a packet of the X-Ray daemon's protocol: the segment it
// holds first, then the subsegments embedded in it.
func ParsePacket(packet []byte) ([]Segment, error) { return parsePacket(packet) }

func parsePacket(packet []byte) ([]Segment, error) {
	if len(packet) > maxPacket {
		return nil, fmt.Errorf("%d bytes do not fit into a datagram", len(packet))
	}
	head, body, ok := bytes.Cut(packet, []byte("\n"))
	var header struct {
		Format  string
		Version int
	}
	if !ok || json.Unmarshal(head, &header) != nil || header.Format != "json" || header.Version != 1 {
		return nil, errors.New("the header line is missing")
	}
	var d document
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	switch {
	case d.TraceID == "" || d.ID == "" || d.Name == "" || d.Start == 0:
		return nil, errors.New("trace_id, id, name or start_time is missing")
	case d.Type == "subsegment" && d.ParentID == "":
		return nil, errors.New("a subsegment without parent_id")
	case (d.End == 0) != d.InProgress:
		return nil, errors.New("a segment has either end_time or in_progress")
	}
	return d.flatten(d.TraceID, d.ParentID), nil
}

func (d document) flatten(trace, parent string) []Segment {
	s := Segment{
		TraceID: trace, ID: d.ID, ParentID: parent, Name: d.Name, Namespace: d.Namespace,
		Start: seconds(d.Start), End: seconds(d.End), Fault: d.Fault, Throttle: d.Throttle, InProgress: d.InProgress, Status: d.HTTP.Response.Status,
		Annotations: d.Annotations, Metadata: d.Metadata["default"], AWS: d.AWS,
	}
	for _, e := range d.Cause.Exceptions {
		s.Errors = append(s.Errors, e.Type+": "+e.Message)
	}
	out := []Segment{s}
	for _, sub := range d.Subsegments {
		out = append(out, sub.flatten(trace, d.ID)...)
	}
	return out
}

func seconds(s float64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(math.Round(s * 1e6))).UTC()
}

// Segments returns the spans in the order they ended.
func (r *Recorder) Segments() []Segment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Segment(nil), r.segments...)
}

// Trace returns the spans of a trace: each before the spans below it, and spans
// with the same parent in the order they began.
func (r *Recorder) Trace(traceID string) []Segment {
	var out []Segment
	r.walk(traceID, func(s Segment, _ int) { out = append(out, s) })
	return out
}

// walk visits the spans of a trace from the roots down. A span whose parent was
// not recorded is a root.
func (r *Recorder) walk(traceID string, visit func(s Segment, depth int)) {
	spans := slices.DeleteFunc(r.Segments(), func(s Segment) bool { return s.TraceID != traceID })
	slices.SortStableFunc(spans, func(a, b Segment) int { return a.Start.Compare(b.Start) })
	known := map[string]bool{}
	for _, s := range spans {
		known[s.ID] = true
	}
	visited := make([]bool, len(spans)) // ids may be wrong: no span is its own ancestor
	var below func(i, depth int)
	below = func(i, depth int) {
		visited[i] = true
		visit(spans[i], depth)
		for j, child := range spans {
			if child.ParentID == spans[i].ID && !visited[j] {
				below(j, depth+1)
			}
		}
	}
	for i, s := range spans {
		if !known[s.ParentID] {
			below(i, 0)
		}
	}
	for i := range spans {
		if !visited[i] { // part of a ring
			below(i, 0)
		}
	}
}

// Tree draws the spans of a trace, one per line, children indented below their
// parents. A span whose parent was not recorded stands at the left.
func (r *Recorder) Tree(traceID string) string {
	var out strings.Builder
	r.walk(traceID, func(s Segment, depth int) {
		mark := ""
		if s.Fault {
			mark = " (fault)"
		}
		fmt.Fprintf(&out, "%s%s%s\n", strings.Repeat("  ", depth), s.Name, mark)
	})
	return out.String()
}
