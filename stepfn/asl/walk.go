package asl

import (
	"iter"

	"github.com/patternkit/serverless/internal/given"
)

// Walk yields every state of the machine, those of branches and item
// processors after the state that holds them.
func (m *Machine) Walk() iter.Seq[State] {
	if m == nil {
		return walk(nil)
	}
	return walk(m.States)
}

func walk(states []State) iter.Seq[State] {
	return func(yield func(State) bool) { descend(states, yield) }
}

func descend(states []State, yield func(State) bool) bool {
	for _, s := range states {
		if given.Nil(s) {
			continue // Validate reports it
		}
		if !yield(s) {
			return false
		}
		for _, inner := range inside(s) {
			if !descend(inner, yield) {
				return false
			}
		}
	}
	return true
}

// inside returns the groups of states that a state holds.
func inside(s State) [][]State {
	var groups [][]State
	switch s := s.(type) {
	case *ParallelState:
		for _, b := range s.Branches {
			groups = append(groups, b.States)
		}
	case *MapState:
		for _, p := range []*ItemProcessor{s.ItemProcessor, s.Iterator} {
			if p != nil {
				groups = append(groups, p.States)
			}
		}
	}
	return groups
}
