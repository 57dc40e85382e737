package cfn

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Error is one fault of a template.
type Error struct {
	// Path is the template's file; empty for a template that was parsed from
	// its text.
	Path string
	// Line is where the fault is, from 1; 0 if it has no place.
	Line int
	// Resource is whose fault it is, such as "Queue (AWS::SQS::Queue)"; empty
	// for a fault of the template itself.
	Resource string
	// Text says what is wrong.
	Text string
}

// Error is such as "template.yaml:31: Queue (AWS::SQS::Queue): what is wrong".
func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Path != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", e.Path, e.Line)
	case e.Path != "":
		b.WriteString(e.Path + ": ")
	case e.Line > 0:
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Resource != "" {
		b.WriteString(e.Resource + ": ")
	}
	b.WriteString(e.Text)
	return b.String()
}

// Errors are the faults of a template, in the order of their lines.
type Errors []*Error

// Error is one line per fault.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, fault := range e {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find a single fault.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, fault := range e {
		out[i] = fault
	}
	return out
}

// maxFaults is how many faults are told: a text with more is hostile, or no
// template at all.
const maxFaults = 100

// Full says that no more faults are told.
func (e Errors) Full() bool { return len(e) >= maxFaults }

// Add appends what is wrong in err: an Error, Errors, or any other error as a
// text. Nil adds nothing, and neither does a fault beyond the first hundred.
func (e *Errors) Add(err error) {
	if e.Full() {
		return
	}
	var many Errors
	var one *Error
	switch {
	case err == nil:
	case errors.As(err, &many):
		*e = append(*e, many...)
	case errors.As(err, &one):
		*e = append(*e, one)
	default:
		*e = append(*e, &Error{Text: err.Error()})
	}
}

// Err is the faults by their lines, each once, or nil if there are none.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	out := slices.Clone(e)
	slices.SortStableFunc(out, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	return slices.CompactFunc(out, func(a, b *Error) bool { return *a == *b })
}

// place is where a value belongs: its file and its resource.
type place struct{ path, resource string }

func (p *place) fault(line int, format string, args ...any) *Error {
	e := &Error{Line: line, Text: fmt.Sprintf(format, args...)}
	if p != nil {
		e.Path, e.Resource = p.path, p.resource
	}
	return e
}
