// Package jsonpath reads and evaluates the paths of the States Language: the
// JSONPath dialect of Jayway's Java library, without functions.
//
// A path that can select one place only (names and single indexes) is
// definite: its value is that place, and a place that is not there is an
// error. Any other path gives an array of what it selects, empty when it
// selects nothing.
package jsonpath

import (
	"fmt"
	"strings"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// Root tells what a path starts from.
type Root int

// The roots of a path.
const (
	Input    Root = iota // $
	Context              // $$
	Variable             // $name
)

// Path is a parsed path.
type Path struct {
	Root     Root
	Variable string // the variable's name when Root is Variable
	text     string
	steps    []step
	definite bool
}

// String returns the path as it was written.
func (p *Path) String() string { return p.text }

// Definite reports whether the path can select one place only.
func (p *Path) Definite() bool { return p.definite }

// Whole reports whether the path is its root alone.
func (p *Path) Whole() bool { return len(p.steps) == 0 }

// Reference reports whether the path is a reference path: names and
// non-negative indexes below the input.
func (p *Path) Reference() bool {
	if p.Root != Input {
		return false
	}
	for _, s := range p.steps {
		switch s := s.(type) {
		case name:
		case index:
			if s < 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// Top returns the first name below the root, and whether there is one.
func (p *Path) Top() (string, bool) {
	if len(p.steps) == 0 {
		return "", false
	}
	n, ok := p.steps[0].(name)
	return string(n), ok
}

// MissingError says that a definite path selects nothing.
type MissingError struct {
	Path string // the path up to the place that is missing, in brackets
	Leaf bool   // the last step of the path is what is missing
}

// Error returns the reason in the words of the service.
func (e *MissingError) Error() string {
	if e.Leaf {
		return "No results for path: " + e.Path
	}
	return "Missing property in path " + e.Path
}

// step is one of name, index, names, indexes, slice, wildcard, deep, filter.
type step interface {
	// each yields every child of v that the step selects.
	each(root, v any, yield func(any))
}

// Eval returns what the path selects below root.
func (p *Path) Eval(root any) (any, error) {
	if p.definite {
		return p.one(root)
	}
	found := []any{}
	p.walk(root, root, 0, func(v any) { found = append(found, v) })
	return found, nil
}

func (p *Path) one(root any) (any, error) {
	v := root
	for i, s := range p.steps {
		next, ok := child(v, s)
		if !ok {
			return nil, &MissingError{Path: brackets(p.steps[:i+1]), Leaf: i == len(p.steps)-1}
		}
		v = next
	}
	return v, nil
}

func child(v any, s step) (any, bool) {
	switch s := s.(type) {
	case name:
		o, ok := v.(*value.Object)
		if !ok {
			return nil, false
		}
		return o.Get(string(s))
	case index:
		list, ok := v.([]any)
		if !ok {
			return nil, false
		}
		i := s.in(len(list))
		if i < 0 {
			return nil, false
		}
		return list[i], true
	}
	return nil, false
}

func (p *Path) walk(root, v any, depth int, yield func(any)) {
	if depth == len(p.steps) {
		yield(v)
		return
	}
	p.steps[depth].each(root, v, func(c any) { p.walk(root, c, depth+1, yield) })
}

func brackets(steps []step) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range steps {
		switch s := s.(type) {
		case name:
			fmt.Fprintf(&b, "['%s']", string(s))
		case index:
			fmt.Fprintf(&b, "[%d]", int(s))
		}
	}
	return b.String()
}
