package events

import (
	"errors"
	"fmt"

	"github.com/patternkit/serverless/internal/pattern"
)

// PatternSet matches many patterns in one pass over an event. It is immutable
// and safe for concurrent use.
type PatternSet struct{ set *pattern.Set }

// NewPatternSet compiles patterns for matching together. It panics when one is
// nil.
func NewPatternSet(patterns ...*Pattern) *PatternSet {
	inner := make([]*pattern.Pattern, len(patterns))
	for i, p := range patterns {
		if inner[i] = p.parsed(); inner[i] == nil {
			panic(fmt.Sprintf("events: NewPatternSet: pattern %d is nil", i+1))
		}
	}
	return &PatternSet{pattern.NewSet(inner...)}
}

// Match appends to dst the index of each pattern that the event matches, in
// order. It allocates nothing if dst has the capacity.
func (s *PatternSet) Match(event []byte, dst []int) ([]int, error) {
	if s == nil || s.set == nil {
		return dst, errors.New("events: the pattern set was not made by NewPatternSet")
	}
	return s.set.Match(event, dst)
}
