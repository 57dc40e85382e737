package stepfntest

import "github.com/patternkit/serverless/stepfn/internal/value"

// variables are those of one scope: the machine's, or a branch's or
// iteration's, which sees the ones outside. A set never changes; assigning
// makes a new one.
type variables struct {
	outer  *variables
	names  []string
	values []any
}

func (v *variables) get(name string) (any, bool) {
	for ; v != nil; v = v.outer {
		for i, n := range v.names {
			if n == name {
				return v.values[i], true
			}
		}
	}
	return nil, false
}

// with returns the set after an assignment.
func (v *variables) with(assigned *value.Object) *variables {
	out := &variables{}
	if v != nil {
		out.outer = v.outer
		out.names = append(out.names, v.names...)
		out.values = append(out.values, v.values...)
	}
next:
	for i := range assigned.Len() {
		name, val := assigned.At(i)
		for k, n := range out.names {
			if n == name {
				out.values[k] = val
				continue next
			}
		}
		out.names, out.values = append(out.names, name), append(out.values, val)
	}
	return out
}

// inner returns an empty set inside v.
func (v *variables) inner() *variables { return &variables{outer: v} }
