package jsonpath

import (
	"github.com/patternkit/serverless/stepfn/internal/value"
)

type (
	name     string
	names    []string
	index    int
	indexes  []int
	wildcard struct{}
	slice    struct{ from, to, by *int }
	deep     struct{ then step } // ..name, ..*, ..[…]
	filter   struct{ cond condition }
)

// in returns the position an index means in a list of n, or -1.
func (s index) in(n int) int {
	if s < 0 {
		s += index(n)
	}
	if s < 0 || int(s) >= n {
		return -1
	}
	return int(s)
}

func (s name) each(_, v any, yield func(any)) {
	if c, ok := child(v, s); ok {
		yield(c)
	}
}

func (s index) each(_, v any, yield func(any)) {
	if c, ok := child(v, s); ok {
		yield(c)
	}
}

func (s names) each(_, v any, yield func(any)) {
	for _, n := range s {
		if c, ok := child(v, name(n)); ok {
			yield(c)
		}
	}
}

func (s indexes) each(_, v any, yield func(any)) {
	for _, i := range s {
		if c, ok := child(v, index(i)); ok {
			yield(c)
		}
	}
}

func (wildcard) each(_, v any, yield func(any)) {
	switch v := v.(type) {
	case []any:
		for _, c := range v {
			yield(c)
		}
	case *value.Object:
		for _, c := range v.Values() {
			yield(c)
		}
	}
}

func (s slice) each(_, v any, yield func(any)) {
	list, ok := v.([]any)
	if !ok {
		return
	}
	by := 1
	if s.by != nil && *s.by > 0 {
		by = *s.by
	}
	from, to := bound(s.from, 0, len(list)), bound(s.to, len(list), len(list))
	for i := from; i < to; i += by {
		yield(list[i])
	}
}

func bound(p *int, missing, n int) int {
	if p == nil {
		return missing
	}
	i := *p
	if i < 0 {
		i += n
	}
	return min(max(i, 0), n)
}

// each goes through v and all below it. As in the library, a filter there is
// put to every object and array itself: an array's entries are not filtered
// again by way of the array, unless the array as a whole holds.
func (s deep) each(root, v any, yield func(any)) {
	f, ok := s.then.(filter)
	_, isList := v.([]any)
	if !ok || !isList || f.cond.holds(root, v) {
		s.then.each(root, v, yield)
	}
	wildcard{}.each(root, v, func(c any) { s.each(root, c, yield) })
}

func (s filter) each(root, v any, yield func(any)) {
	switch v := v.(type) {
	case []any:
		for _, c := range v {
			if s.cond.holds(root, c) {
				yield(c)
			}
		}
	case *value.Object: // as the library does: an object is filtered as a whole
		if s.cond.holds(root, v) {
			yield(v)
		}
	}
}
