package expr

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
)

// Type is the data type of an attribute value.
type Type uint8

// The data types of DynamoDB. Fault is none of them: it marks a value that
// could not be read.
const (
	Fault Type = iota
	S
	N
	B
	BOOL
	NULL
	M
	L
	SS
	NS
	BS
)

var typeNames = [...]string{"?", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

// String returns the descriptor of the type, such as "S".
func (t Type) String() string { return typeNames[t] }

// ParseType returns the type that descriptor names; Fault when there is none.
func ParseType(descriptor string) Type {
	return Type(max(0, slices.Index(typeNames[1:], descriptor)+1))
}

// Item is an item: its attributes by name.
type Item = map[string]Value

// Value is an attribute value. It is immutable; the zero Value is a Fault.
type Value struct {
	kind   Type
	flag   bool             // BOOL
	text   string           // S, B as bytes, N in canonical form, message of a Fault
	fields map[string]Value // M
	elems  []Value          // L, and the members of sets
}

// String makes a string.
func String(s string) Value { return Value{kind: S, text: s} }

// Binary makes a binary value of a copy of b.
func Binary(b []byte) Value { return Value{kind: B, text: string(b)} }

// Bool makes a Boolean.
func Bool(b bool) Value { return Value{kind: BOOL, flag: b} }

// Null makes the null value.
func Null() Value { return Value{kind: NULL} }

// Map makes a map; the caller gives fields away.
func Map(fields map[string]Value) Value { return Value{kind: M, fields: fields} }

// List makes a list; the caller gives elements away.
func List(elements ...Value) Value { return Value{kind: L, elems: elements} }

// Set makes a set of type SS, NS or BS; the caller gives members away.
func Set(kind Type, members ...Value) Value { return Value{kind: kind, elems: members} }

// Faulty makes the value for one that could not be read, with the reason.
func Faulty(message string) Value { return Value{kind: Fault, text: message} }

// Type returns the type of v.
func (v Value) Type() Type { return v.kind }

// Text returns the string of an S, the canonical text of an N, the bytes of a
// B, and the message of a Fault.
func (v Value) Text() string { return v.text }

// True returns the Boolean of a BOOL.
func (v Value) True() bool { return v.flag }

// Fields returns the fields of an M. They must not be changed.
func (v Value) Fields() map[string]Value { return v.fields }

// Elements returns the elements of an L or the members of a set. They must
// not be changed.
func (v Value) Elements() []Value { return v.elems }

// IsSet says whether v is a set.
func (v Value) IsSet() bool { return v.kind == SS || v.kind == NS || v.kind == BS }

// Equal says whether two values are the same: numbers by value, sets and maps
// in any order.
func (v Value) Equal(o Value) bool {
	if v.kind != o.kind {
		return false
	}
	switch v.kind {
	case BOOL:
		return v.flag == o.flag
	case NULL:
		return true
	case M:
		return maps.EqualFunc(v.fields, o.fields, Value.Equal)
	case L:
		return slices.EqualFunc(v.elems, o.elems, Value.Equal)
	case SS, NS, BS:
		return len(v.elems) == len(o.elems) && containsAll(v.elems, o.elems)
	}
	return v.text == o.text
}

// Compare orders two values of one ordered type: S, N or B. ok is false when
// they have no order.
func (v Value) Compare(o Value) (order int, ok bool) {
	if v.kind != o.kind {
		return 0, false
	}
	switch v.kind {
	case S, B:
		return strings.Compare(v.text, o.text), true
	case N:
		return compareNumbers(v.text, o.text), true
	}
	return 0, false
}

// small is how many members of a set are searched one by one.
const small = 16

func containsAll(members, wanted []Value) bool {
	in := memberSet(members)
	return !slices.ContainsFunc(wanted, func(v Value) bool { return !in(v) })
}

// memberSet makes a test for membership in a set.
func memberSet(members []Value) func(Value) bool {
	if len(members) <= small {
		return func(v Value) bool {
			return slices.ContainsFunc(members, func(m Value) bool { return m.text == v.text })
		}
	}
	texts := make(map[string]bool, len(members))
	for _, m := range members {
		texts[m.text] = true
	}
	return func(v Value) bool { return texts[v.text] }
}

// Duplicate says whether two members of a set are equal.
func Duplicate(members []Value) bool {
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		if seen[m.text] {
			return true
		}
		seen[m.text] = true
	}
	return false
}

// EqualItems says whether two items are the same.
func EqualItems(a, b Item) bool { return maps.EqualFunc(a, b, Value.Equal) }

// String renders v as DynamoDB shows operands in its messages: {S:a}.
func (v Value) String() string {
	var content string
	switch v.kind {
	case B:
		content = base64.StdEncoding.EncodeToString([]byte(v.text))
	case BOOL:
		content = "false"
		if v.flag {
			content = "true"
		}
	case NULL:
		content = "true"
	case L, SS, NS, BS:
		parts := make([]string, len(v.elems))
		for i, e := range v.elems {
			parts[i] = e.text
			if v.kind == L {
				parts[i] = e.String()
			}
		}
		content = "[" + strings.Join(parts, ", ") + "]"
	case M:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v.fields)) {
			parts = append(parts, name+"="+v.fields[name].String())
		}
		content = "{" + strings.Join(parts, ", ") + "}"
	default:
		content = v.text
	}
	return "{" + v.kind.String() + ":" + content + "}"
}
