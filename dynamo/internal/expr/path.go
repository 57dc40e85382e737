package expr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Element is one step of a document path: a name, or an index of a list when
// Index is not negative.
type Element struct {
	Name  string
	Index int
}

// Path is a document path, with placeholders resolved.
type Path []Element

// attribute is the step to an attribute or to a field of a map.
func attribute(name string) Element { return Element{Name: name, Index: -1} }

// IsIndex says whether the step goes into a list.
func (e Element) IsIndex() bool { return e.Index >= 0 }

// Name is the attribute that the path starts with.
func (p Path) Name() string { return p[0].Name }

// String renders the path as DynamoDB does in its messages: [a, b, [1]].
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, e := range p {
		parts[i] = e.Name
		if e.IsIndex() {
			parts[i] = "[" + strconv.Itoa(e.Index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// Get finds what the path leads to in item.
func (p Path) Get(item Item) (Value, bool) {
	v, ok := item[p[0].Name]
	for _, e := range p[1:] {
		if !ok {
			return Value{}, false
		}
		v, ok = e.step(v)
	}
	return v, ok
}

// step goes one step down from v.
func (e Element) step(v Value) (Value, bool) {
	switch {
	case !e.IsIndex() && v.kind == M:
		field, ok := v.fields[e.Name]
		return field, ok
	case e.IsIndex() && v.kind == L && e.Index < len(v.elems):
		return v.elems[e.Index], true
	}
	return Value{}, false
}

// compare orders paths step by step, names before indexes.
func (p Path) compare(o Path) int {
	return slices.CompareFunc(p, o, func(a, b Element) int {
		return cmp.Or(cmp.Compare(min(a.Index, 0), min(b.Index, 0)), strings.Compare(a.Name, b.Name), cmp.Compare(a.Index, b.Index))
	})
}

// checkPaths refuses paths of one expression that cannot stand together: one
// leads through the other, or they take the same thing for a list and a map.
func checkPaths(paths []Path) error {
	for i, b := range paths {
		for _, a := range paths[:i] {
			if what := a.clash(b); what != "" {
				return invalid("Two document paths %s with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", what, a, b)
			}
		}
	}
	return nil
}

func (p Path) clash(o Path) string {
	for i := range min(len(p), len(o)) {
		switch {
		case p[i].IsIndex() != o[i].IsIndex():
			return "conflict"
		case p[i] != o[i]:
			return ""
		}
	}
	return "overlap"
}
