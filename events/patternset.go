package events

import "github.com/patternkit/serverless/internal/pattern"

// PatternSet matches many patterns in one pass over an event. It is immutable
// and safe for concurrent use.
type PatternSet struct{ set *pattern.Set }

// NewPatternSet compiles patterns for matching together.
func NewPatternSet(patterns ...*Pattern) *PatternSet {
	inner := make([]*pattern.Pattern, len(patterns))
	for i, p := range patterns {
		inner[i] = p.p
	}
	return &PatternSet{pattern.NewSet(inner...)}
}

// Match appends to dst the index of each pattern that the event matches, in
// order. With room in dst it allocates nothing.
func (s *PatternSet) Match(event []byte, dst []int) ([]int, error) {
	return s.set.Match(event, dst)
}
