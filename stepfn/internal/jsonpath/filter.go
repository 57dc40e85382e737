package jsonpath

import (
	"encoding/json"
	"regexp"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// condition is the inside of a filter.
type condition interface {
	holds(root, current any) bool
}

type (
	all    []condition
	anyOf  []condition
	negate struct{ cond condition }
	exists struct{ of operand }
	match  struct {
		left operand
		re   *regexp.Regexp
	}
	compare struct {
		left, right operand
		op          string
	}
)

// operand is a literal or a path from the current entry (@) or the root ($).
type operand struct {
	literal any
	path    *Path
	current bool
}

func (o operand) value(root, current any) (any, bool) {
	if o.path == nil {
		return o.literal, true
	}
	from := root
	if o.current {
		from = current
	}
	v, err := o.path.Eval(from)
	return v, err == nil
}

func (c all) holds(root, current any) bool {
	for _, e := range c {
		if !e.holds(root, current) {
			return false
		}
	}
	return true
}

func (c anyOf) holds(root, current any) bool {
	for _, e := range c {
		if e.holds(root, current) {
			return true
		}
	}
	return false
}

func (c negate) holds(root, current any) bool { return !c.cond.holds(root, current) }

func (c exists) holds(root, current any) bool {
	v, ok := c.of.value(root, current)
	if list, isList := v.([]any); ok && isList && c.of.path != nil && !c.of.path.definite {
		return len(list) > 0
	}
	return ok
}

func (c match) holds(root, current any) bool {
	v, ok := c.left.value(root, current)
	s, isText := v.(string)
	return ok && isText && c.re.MatchString(s)
}

func (c compare) holds(root, current any) bool {
	l, lok := c.left.value(root, current)
	r, rok := c.right.value(root, current)
	switch c.op {
	case "==":
		return lok && rok && value.Equal(l, r)
	case "!=":
		return lok != rok || lok && !value.Equal(l, r)
	}
	if !lok || !rok {
		return false
	}
	switch c.op {
	case "in":
		return contains(r, l)
	case "nin":
		return !contains(r, l)
	case "size":
		n, ok := value.Whole(r)
		return ok && int64(size(l)) == n
	case "empty":
		want, ok := r.(bool)
		return ok && size(l) >= 0 && (size(l) == 0) == want
	}
	return ordered(l, r, c.op)
}

func contains(list, v any) bool {
	entries, _ := list.([]any)
	for _, e := range entries {
		if value.Equal(e, v) {
			return true
		}
	}
	return false
}

func size(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case string:
		return len(v)
	}
	return -1
}

func ordered(l, r any, op string) bool {
	var c int
	switch l := l.(type) {
	case json.Number:
		r, ok := r.(json.Number)
		if !ok {
			return false
		}
		c = order(value.Float(l), value.Float(r))
	case string:
		r, ok := r.(string)
		if !ok {
			return false
		}
		c = order(l, r)
	default:
		return false
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}

func order[T float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
