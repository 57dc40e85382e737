package cfn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is what a value is.
type Kind int

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
)

// String is the kind with its article, for messages.
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "a mapping"}[k]
}

// Value is a value of a template that knows its line. Values of the template
// itself have intrinsic functions in their long form, as mappings such as
// {"Ref": "Table"} and {"Fn::GetAtt": ["Table", "Arn"]}; those that a
// Deployment returns have none.
type Value struct {
	// Line is where the value is in the file, from 1.
	Line int

	kind    Kind
	text    string // of a scalar, as it is written
	number  string // of a number, as JSON
	bare    bool   // a string without quotes
	items   []*Value
	members []Member
	in      *place
}

// Member is one member of a mapping.
type Member struct {
	Name string
	// Line is where the name is.
	Line  int
	Value *Value
}

// NewString returns a string.
func NewString(line int, text string) *Value { return &Value{Line: line, kind: String, text: text} }

// NewBool returns a boolean.
func NewBool(line int, b bool) *Value {
	return &Value{Line: line, kind: Bool, text: strconv.FormatBool(b)}
}

// NewInt returns a number.
func NewInt(line, n int) *Value {
	text := strconv.Itoa(n)
	return &Value{Line: line, kind: Number, text: text, number: text}
}

// NewList returns a list.
func NewList(line int, items ...*Value) *Value { return &Value{Line: line, kind: List, items: items} }

// NewMap returns a mapping without members.
func NewMap(line int) *Value { return &Value{Line: line, kind: Map} }

// NewRef returns the intrinsic function Ref.
func NewRef(line int, id string) *Value { return NewMap(line).Set("Ref", NewString(line, id)) }

// NewGetAtt returns the intrinsic function Fn::GetAtt.
func NewGetAtt(line int, id, attribute string) *Value {
	return NewMap(line).Set("Fn::GetAtt", NewList(line, NewString(line, id), NewString(line, attribute)))
}

// NewSub returns the intrinsic function Fn::Sub of a text alone.
func NewSub(line int, text string) *Value {
	return NewMap(line).Set("Fn::Sub", NewString(line, text))
}

// Kind is what the value is; a nil Value is Null.
func (v *Value) Kind() Kind {
	if v == nil {
		return Null
	}
	return v.kind
}

// Text is the text of a scalar, as it is written: 0755, 1.10 and 2012-10-17
// without quotes stay what they are. It is empty for null, a list and a mapping.
func (v *Value) Text() string {
	if v == nil {
		return ""
	}
	return v.text
}

// Items are the items of a list; none for anything else.
func (v *Value) Items() []*Value {
	if v == nil {
		return nil
	}
	return v.items
}

// Members are the members of a mapping in the order of the file; none for
// anything else.
func (v *Value) Members() []Member {
	if v == nil {
		return nil
	}
	return v.members
}

// Get returns a member of a mapping by its name, or nil.
func (v *Value) Get(name string) *Value {
	for _, m := range v.Members() {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// Set sets a member of a mapping and returns the mapping. A nil member sets
// nothing.
func (v *Value) Set(name string, member *Value) *Value {
	if member == nil {
		return v
	}
	return v.Add(Member{name, member.Line, member})
}

// Add adds a member with the line of its name, or replaces the member that has
// the name.
func (v *Value) Add(m Member) *Value {
	for i := range v.members {
		if v.members[i].Name == m.Name {
			v.members[i] = m
			return v
		}
	}
	v.members = append(v.members, m)
	return v
}

// Remove removes a member of a mapping and returns it, or nil.
func (v *Value) Remove(name string) *Value {
	for i, m := range v.Members() {
		if m.Name == name {
			v.members = slices.Delete(v.members, i, i+1)
			return m.Value
		}
	}
	return nil
}

// Append appends items to a list and returns it.
func (v *Value) Append(items ...*Value) *Value {
	v.items = append(v.items, items...)
	return v
}

// Clone returns a deep copy.
func (v *Value) Clone() *Value {
	if v == nil {
		return nil
	}
	out := *v
	out.items, out.members = nil, nil
	for _, item := range v.items {
		out.items = append(out.items, item.Clone())
	}
	for _, m := range v.members {
		out.members = append(out.members, Member{m.Name, m.Line, m.Value.Clone()})
	}
	return &out
}

// At returns the value at a path such as "RedrivePolicy.maxReceiveCount", or
// nil; a step into a list is its index.
func (v *Value) At(path string) *Value {
	at := v
	for step := range strings.SplitSeq(path, ".") {
		if at.Kind() == List {
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at.items) {
				return nil
			}
			at = at.items[i]
			continue
		}
		at = at.Get(step)
	}
	return at
}

// Intrinsic returns the name and the argument of the intrinsic function that
// the value is, such as "Ref" and "Fn::Sub"; empty if it is none. Condition is
// a function only where conditions are, so it is none here.
func (v *Value) Intrinsic() (string, *Value) {
	if v.Kind() != Map || len(v.members) != 1 {
		return "", nil
	}
	if m := v.members[0]; m.Name == "Ref" || strings.HasPrefix(m.Name, "Fn::") {
		return m.Name, m.Value
	}
	return "", nil
}

// Fault returns an error about the value: it has the value's file, line and
// resource.
func (v *Value) Fault(format string, args ...any) *Error {
	if v == nil {
		return &Error{Text: fmt.Sprintf(format, args...)}
	}
	return v.in.fault(v.Line, format, args...)
}

// Plain is the value as maps, slices, strings, integers, floats, booleans and
// nil.
func (v *Value) Plain() any {
	switch v.Kind() {
	case Bool:
		return v.text == "true"
	case Number:
		if n, err := strconv.Atoi(v.number); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(v.number, 64); err == nil {
			return f
		}
		return v.text
	case String:
		return v.text
	case List:
		out := make([]any, len(v.items))
		for i, item := range v.items {
			out[i] = item.Plain()
		}
		return out
	case Map:
		out := make(map[string]any, len(v.members))
		for _, m := range v.members {
			out[m.Name] = m.Value.Plain()
		}
		return out
	}
	return nil
}

// JSON is the value as JSON, its members in the order of the file. Numbers are
// written as they are in the template where JSON allows it.
func (v *Value) JSON() ([]byte, error) {
	var b bytes.Buffer
	if err := v.writeJSON(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// MarshalJSON is JSON.
func (v *Value) MarshalJSON() ([]byte, error) { return v.JSON() }

func (v *Value) writeJSON(b *bytes.Buffer) error {
	switch v.Kind() {
	case Null:
		b.WriteString("null")
	case Bool:
		b.WriteString(v.text)
	case Number:
		if v.number == "" {
			return v.Fault("%s is not a number that JSON has", v.text)
		}
		b.WriteString(v.number)
	case String:
		return writeText(b, v.text)
	case List:
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := item.writeJSON(b); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeText(b, m.Name); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := m.Value.writeJSON(b); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	}
	return nil
}

// writeText writes a JSON string and leaves <, > and & as they are.
func writeText(b *bytes.Buffer, text string) error {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line's end
	return nil
}

// settle says where the value and all that is in it belong.
func (v *Value) settle(in *place) *Value {
	if v != nil {
		v.in = in
	}
	for _, item := range v.Items() {
		item.settle(in)
	}
	for _, m := range v.Members() {
		m.Value.settle(in)
	}
	return v
}
