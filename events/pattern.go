package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/pattern"
)

// PatternOptions are the settings of [NewPattern].
type PatternOptions struct {
	// MaxComplexity refuses patterns whose wildcards can be in more states than
	// this at once, as EventBridge does. Optional. Defaults to 10; 0 disables the
	// check.
	MaxComplexity int
}

// Pattern is an event pattern, checked and compiled. It is immutable and safe
// for concurrent use.
type Pattern struct{ p *pattern.Pattern }

// errNoPattern is the error of a *Pattern that is nil or was not parsed.
var errNoPattern = errors.New("events: the pattern is nil or was not made by NewPattern")

// parsed is the pattern behind p; nil where there is none.
func (p *Pattern) parsed() *pattern.Pattern {
	if p == nil {
		return nil
	}
	return p.p
}

// PatternError is a pattern that EventBridge would refuse.
type PatternError struct {
	// Message is EventBridge's text after "Event pattern is not valid. Reason: ",
	// with the line that says where.
	Message string
	// Line and Column say where, from 1; 0 where EventBridge does not say.
	Line, Column int
}

// Error implements error.
func (e *PatternError) Error() string {
	return "events: Event pattern is not valid. Reason: " + e.Message
}

// NewPattern checks an event pattern with all of EventBridge's rules. The error
// of a pattern that it would refuse is a [*PatternError] with its text.
func NewPattern(text string, optFns ...func(*PatternOptions)) (*Pattern, error) {
	o := PatternOptions{MaxComplexity: pattern.DefaultMaxComplexity}
	given.Options(&o, optFns)
	if o.MaxComplexity < 0 {
		return nil, fmt.Errorf("events: pattern: MaxComplexity is %d and must be 0 or more", o.MaxComplexity)
	}
	p, err := pattern.Parse(pattern.EventBridge, []byte(text), func(in *pattern.Options) { in.MaxComplexity = o.MaxComplexity })
	var refused *pattern.Error
	if errors.As(err, &refused) {
		return nil, &PatternError{Message: refused.Message, Line: refused.Line, Column: refused.Column}
	}
	if err != nil {
		return nil, fmt.Errorf("events: pattern: %w", err)
	}
	return &Pattern{p}, nil
}

// MustPattern is NewPattern for patterns that are written in the program: it
// panics where NewPattern returns an error.
func MustPattern(text string, optFns ...func(*PatternOptions)) *Pattern {
	p, err := NewPattern(text, optFns...)
	if err != nil {
		err = fmt.Errorf("%w; it is the pattern %s", err, text)
	}
	return given.Must(p, err)
}

// Match says whether an event matches. The event is the envelope as EventBridge
// delivers it, or any other JSON object.
func (p *Pattern) Match(event []byte) (bool, error) {
	if p.parsed() == nil {
		return false, errNoPattern
	}
	return p.p.Match(event)
}

// Explain matches an event and says for each field of the pattern what it
// wanted, what it found, and whether that was enough. The explanation's String
// is for people.
func (p *Pattern) Explain(event []byte) (*Explanation, error) {
	if p.parsed() == nil {
		return nil, errNoPattern
	}
	e, err := p.p.Explain(event)
	if err != nil {
		return nil, err
	}
	return explanation(e), nil
}

// String returns the pattern as JSON; null for one that was not parsed.
func (p *Pattern) String() string {
	if p.parsed() == nil {
		return "null"
	}
	return p.p.String()
}

// MarshalJSON returns the pattern as it was written.
func (p *Pattern) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// Complexity is the number by which EventBridge refuses patterns above 10: how
// many beginnings of wildcards one value can match at once.
func (p *Pattern) Complexity() int {
	if p.parsed() == nil {
		return 0
	}
	return p.p.Complexity()
}

// envelopePattern writes {"source":[…],"detail-type":[…]} and the members of
// extra, which has neither.
func envelopePattern(source, detailType string, extra map[string]json.RawMessage) []byte {
	out := append([]byte(`{"source":`), encode([]string{source})...)
	out = append(append(out, `,"detail-type":`...), encode([]string{detailType})...)
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		out = append(append(append(out, ','), encode(name)...), ':')
		out = append(out, extra[name]...)
	}
	return append(out, '}')
}

// encode writes JSON that people can read: < and > stay as they are. The values
// it is given are strings, lists of them, and checked JSON, which always encode.
func encode(v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return bytes.TrimRight(out.Bytes(), "\n")
}

// Warnings names what this package accepts and the service may refuse or read in
// another way: a pattern that is too long for a rule, and numbers outside the range
// that the documentation promises
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
func (p *Pattern) Warnings() []string {
	if p.parsed() == nil {
		return nil
	}
	return p.p.Warnings()
}
