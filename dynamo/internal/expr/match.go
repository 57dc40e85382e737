package expr

import "strings"

// Match says whether item meets the condition. A nil Condition is met.
func (c *Condition) Match(item Item) bool { return c == nil || c.root.holds(item) }

func (n *node) holds(item Item) bool {
	switch n.op {
	case opAnd:
		return n.args[0].holds(item) && n.args[1].holds(item)
	case opOr:
		return n.args[0].holds(item) || n.args[1].holds(item)
	case opNot:
		return !n.args[0].holds(item)
	case opCall:
		return n.answers(item)
	}
	v, ok := n.args[0].evaluate(item)
	switch n.op {
	case opBetween:
		return ok && n.args[1].ordered(item, v, opLessOrEqual) && n.args[2].ordered(item, v, opGreaterOrEqual)
	case opIn:
		for _, choice := range n.args[1:] {
			if w, is := choice.evaluate(item); ok && is && v.Equal(w) {
				return true
			}
		}
		return false
	}
	w, is := n.args[1].evaluate(item)
	return compare(n.op, v, ok, w, is)
}

// ordered says whether the operand n has the relation op to v.
func (n *node) ordered(item Item, v Value, op operator) bool {
	bound, ok := n.evaluate(item)
	return compare(op, bound, ok, v, true)
}

// compare holds v against w. What is absent differs from everything and has no
// order; so does a value of another type.
func compare(op operator, v Value, okV bool, w Value, okW bool) bool {
	switch op {
	case opEqual:
		return okV && okW && v.Equal(w)
	case opNotEqual:
		return !okV || !okW || !v.Equal(w)
	}
	order, comparable := v.Compare(w)
	if !okV || !okW || !comparable {
		return false
	}
	switch op {
	case opLess:
		return order < 0
	case opLessOrEqual:
		return order <= 0
	case opGreater:
		return order > 0
	}
	return order >= 0
}

// evaluate is the value of an operand; ok is false when it has none.
func (n *node) evaluate(item Item) (v Value, ok bool) {
	switch n.op {
	case opPath:
		return n.path.Get(item)
	case opValue:
		return n.value, true
	}
	// The only function that answers a value is size.
	if v, ok = n.args[0].evaluate(item); !ok {
		return Value{}, false
	}
	length, ok := v.length()
	return Int(int64(length)), ok
}

// answers is the truth value of a function.
func (n *node) answers(item Item) bool {
	v, ok := n.args[0].evaluate(item)
	switch n.name {
	case "attribute_exists":
		return ok
	case "attribute_not_exists":
		return !ok
	case "attribute_type":
		return ok && v.kind == ParseType(n.args[1].value.text)
	}
	w, is := n.args[1].evaluate(item)
	if !ok || !is {
		return false
	}
	if n.name == "begins_with" {
		return v.kind == w.kind && (v.kind == S || v.kind == B) && strings.HasPrefix(v.text, w.text)
	}
	return contains(v, w)
}

// contains says whether v has w as a part: a substring, a member, an element.
func contains(v, w Value) bool {
	switch v.kind {
	case S, B:
		return v.kind == w.kind && strings.Contains(v.text, w.text)
	case SS, NS, BS, L:
		for _, e := range v.elems {
			if e.Equal(w) {
				return true
			}
		}
	}
	return false
}
