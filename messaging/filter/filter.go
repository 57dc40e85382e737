package filter

import (
	"fmt"
	"strings"
)

// Condition is one condition of a filter: a field with Where, or alternatives
// with AnyOf. All conditions must hold.
type Condition struct {
	kind    conditionKind
	path    string
	matches []Match
	inner   []Condition // of anyOf and allOf
}

// conditionKind says which function made a condition.
type conditionKind int

const (
	zero conditionKind = iota
	where
	anyOf
	allOf
)

// Where holds when the field has one of the matches. The path is the name of a
// message attribute; in the body dots lead into objects, as in "detail.total".
func Where(path string, matches ...Match) Condition {
	return Condition{kind: where, path: path, matches: matches}
}

// AnyOf holds when one of the conditions does.
func AnyOf(alternatives ...Condition) Condition { return Condition{kind: anyOf, inner: alternatives} }

// All holds when every condition does; it is for alternatives of AnyOf.
func All(conditions ...Condition) Condition { return Condition{kind: allOf, inner: conditions} }

// builder turns conditions into the nested objects of a policy.
type builder struct {
	scope  Scope
	faults []error
}

func (b *builder) fault(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf(format, args...))
}

func (b *builder) object(conditions []Condition) map[string]any {
	out := map[string]any{}
	for _, c := range conditions {
		switch c.kind {
		case anyOf:
			b.alternatives(out, c.inner)
		case allOf:
			b.fault("All is for the alternatives of AnyOf")
		case where:
			b.field(out, c)
		default:
			b.fault("a condition is its zero value: make it with Where or AnyOf")
		}
	}
	return out
}

func (b *builder) alternatives(out map[string]any, alternatives []Condition) {
	if _, taken := out["$or"]; taken {
		b.fault("two AnyOf side by side: a policy has room for one")
		return
	}
	if len(alternatives) < 2 {
		b.fault("AnyOf needs two conditions or more")
		return
	}
	branches := make([]any, 0, len(alternatives))
	for _, a := range alternatives {
		switch {
		case a.kind == allOf && len(a.inner) == 0:
			b.fault("All needs a condition")
		case a.kind == allOf:
			branches = append(branches, b.object(a.inner))
		default:
			branches = append(branches, b.object([]Condition{a}))
		}
	}
	out["$or"] = branches
}

func (b *builder) field(out map[string]any, c Condition) {
	if c.path == "" {
		b.fault("Where needs a path")
		return
	}
	names := []string{c.path}
	if b.scope == ScopeBody {
		names = strings.Split(c.path, ".")
	}
	for _, name := range names {
		if name == "" {
			b.fault("the path %q has an empty name", c.path)
			return
		}
	}
	values := []any{}
	for _, m := range c.matches {
		if m.fault != nil {
			b.fault("%s: %w", c.path, m.fault)
		}
		values = append(values, m.alternatives...)
	}
	if len(values) == 0 {
		b.fault("%s: there is no match", c.path)
		return
	}
	for _, name := range names[:len(names)-1] {
		inner, ok := out[name].(map[string]any)
		if !ok {
			if _, taken := out[name]; taken {
				b.fault("%s: %s has a condition of its own", c.path, name)
				return
			}
			inner = map[string]any{}
			out[name] = inner
		}
		out = inner
	}
	last := names[len(names)-1]
	if _, taken := out[last]; taken {
		b.fault("%s: two conditions; give one Where several matches", c.path)
		return
	}
	out[last] = values
}
