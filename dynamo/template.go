package dynamo

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// template is a parsed key template such as "ORDER#{OrderID}".
type template struct {
	source    string
	separator string
	parts     []part
}

// part is a literal text or a field.
type part struct {
	literal string
	field   string // Go name of the field; "" for a literal
	spec    string // what stands after the colon
	codec   *codec
}

// parseTemplate reads a template and resolves its fields with typeOf.
func parseTemplate(source, separator string, typeOf func(string) (reflect.Type, error)) (*template, error) {
	t := &template{source: source, separator: separator}
	fail := func(format string, args ...any) (*template, error) {
		return nil, fmt.Errorf("template %q: %s", source, fmt.Sprintf(format, args...))
	}
	if source == "" {
		return fail("is empty")
	}
	if !utf8.ValidString(source) {
		return fail("is not valid UTF-8")
	}
	var problems []string
	for rest := source; rest != ""; {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			t.parts = append(t.parts, part{literal: rest})
			break
		}
		if rest[open] == '}' {
			return fail("has a } without its {")
		}
		if open > 0 {
			t.parts = append(t.parts, part{literal: rest[:open]})
		}
		body, after, closed := strings.Cut(rest[open+1:], "}")
		if !closed || strings.Contains(body, "{") {
			return fail("has a { without its }")
		}
		p := part{}
		p.field, p.spec, _ = strings.Cut(body, ":")
		rest = after
		typ, err := typeOf(p.field)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		if p.codec, err = newCodec(typ, p.spec); err != nil {
			problems = append(problems, fmt.Sprintf("field %s: %v", p.field, err))
			continue
		}
		t.parts = append(t.parts, p)
	}
	if len(problems) > 0 {
		return fail("%s", strings.Join(problems, "; "))
	}
	if err := t.checkBoundaries(); err != nil {
		return fail("%v", err)
	}
	return t, nil
}

// checkBoundaries sees to it that two different lists of values never give the same
// key: a value of varying length ends at the separator, which it cannot contain.
func (t *template) checkBoundaries() error {
	seen := map[string]bool{}
	for i, p := range t.parts {
		if p.field == "" {
			continue
		}
		if seen[p.field] {
			return fmt.Errorf("field %s stands in it twice", p.field)
		}
		seen[p.field] = true
		if p.codec.width > 0 || i == len(t.parts)-1 {
			continue
		}
		if !strings.HasPrefix(t.parts[i+1].literal, t.separator) {
			return fmt.Errorf("field %s has no fixed width: %q must follow it", p.field, t.separator)
		}
	}
	return nil
}

// fields returns the Go names of the fields in order.
func (t *template) fields() []string {
	if t == nil {
		return nil
	}
	var names []string
	for _, p := range t.parts {
		if p.field != "" {
			names = append(names, p.field)
		}
	}
	return names
}

func (t *template) uses(field string) bool {
	if t == nil {
		return false
	}
	for _, p := range t.parts {
		if p.field == field {
			return true
		}
	}
	return false
}

// skeleton is the template with its fields by kind, for comparing two templates.
func (t *template) skeleton() string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.field == "" {
			b.WriteString(p.literal)
			continue
		}
		fmt.Fprintf(&b, "{%s:%s %v}", p.field, p.spec, p.codec.typ)
	}
	return b.String()
}

func (t *template) String() string {
	if t == nil {
		return ""
	}
	return t.source
}

// binding is a template with the places of its fields in one struct type.
type binding struct {
	*template
	index [][]int // for each part; nil for a literal
}

// bind finds the template's fields in the struct type; every one must be there.
func (t *template) bind(index func(field string) []int) binding {
	b := binding{template: t, index: make([][]int, len(t.parts))}
	for i, p := range t.parts {
		if p.field != "" {
			b.index[i] = index(p.field)
		}
	}
	return b
}

// render makes the key of the value. absent is true when a field is empty, in which
// case there is no key.
func (b binding) render(v reflect.Value, fs *faults) (key string, absent bool) {
	buf := make([]byte, 0, 64)
	for i, p := range b.parts {
		if p.field == "" {
			buf = append(buf, p.literal...)
			continue
		}
		f := v.FieldByIndex(b.index[i])
		if p.codec.empty(f) {
			return "", true
		}
		buf = p.append(buf, f, b.separator, fs)
	}
	return string(buf), false
}

// append adds the value of the part's field, or a fault.
func (p part) append(buf []byte, f reflect.Value, separator string, fs *faults) []byte {
	start := len(buf)
	out, err := p.codec.append(buf, f)
	if err != nil {
		fs.add(p.field, "%v", err)
		return buf
	}
	if p.codec.width == 0 {
		if problem := checkKeyText(out[start:], separator); problem != "" {
			fs.add(p.field, "%s", problem)
		}
	}
	return out
}

// checkKeyText refuses what would let a value pass for another part of a key.
func checkKeyText(text []byte, separator string) string {
	switch {
	case !utf8.Valid(text):
		return "is not valid UTF-8"
	case strings.Contains(string(text), separator):
		return fmt.Sprintf("is %q, which contains the separator %q", shortened(string(text)), separator)
	case strings.Contains(string(text), highest):
		return fmt.Sprintf("is %q, which contains U+10FFFF", shortened(string(text)))
	}
	return ""
}

// highest sorts after every text that a key can continue with.
const highest = "\U0010FFFF"

// overlaps reports whether the two templates could give the same key. It may report
// an overlap that no value would bring about, but never misses one.
func (t *template) overlaps(other *template) bool {
	if t == nil || other == nil {
		return true
	}
	a, b := t.segments(), other.segments()
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].overlaps(b[i]) {
			return false
		}
	}
	return true
}

// segment is what stands between two separators.
type segment []part

func (t *template) segments() []segment {
	segments := []segment{nil}
	for _, p := range t.parts {
		if p.field != "" {
			segments[len(segments)-1] = append(segments[len(segments)-1], p)
			continue
		}
		for i, text := range strings.Split(p.literal, t.separator) {
			if i > 0 {
				segments = append(segments, nil)
			}
			if text != "" {
				segments[len(segments)-1] = append(segments[len(segments)-1], part{literal: text})
			}
		}
	}
	return segments
}

func (s segment) overlaps(other segment) bool {
	if s.fixed() && other.fixed() {
		return s.prefix() == other.prefix()
	}
	if w, ok := s.width(); ok {
		if o, ok := other.width(); ok && o != w {
			return false
		}
	}
	if len(s) == 1 && len(other) == 1 && !s[0].codecAccepts(other[0]) {
		return false
	}
	return commonEnd(s.prefix(), other.prefix(), strings.HasPrefix) &&
		commonEnd(s.suffix(), other.suffix(), strings.HasSuffix)
}

func commonEnd(a, b string, has func(string, string) bool) bool { return has(a, b) || has(b, a) }

// codecAccepts tells a literal from a number of fixed width.
func (p part) codecAccepts(other part) bool {
	if p.field == "" {
		p, other = other, p
	}
	if p.field == "" || other.field != "" || p.codec.kind != kindInt && p.codec.kind != kindUint {
		return true
	}
	return strings.Trim(other.literal, "0123456789") == "" && len(other.literal) == max(p.codec.width, 1)
}

// fixed reports whether the segment is a literal.
func (s segment) fixed() bool { return len(s) == 0 || len(s) == 1 && s[0].field == "" }

// width is the length of the segment when it does not vary.
func (s segment) width() (int, bool) {
	n := 0
	for _, p := range s {
		switch {
		case p.field == "":
			n += len(p.literal)
		case p.codec.width > 0:
			n += p.codec.width
		default:
			return 0, false
		}
	}
	return n, true
}

func (s segment) prefix() string {
	if len(s) == 0 || s[0].field != "" {
		return ""
	}
	return s[0].literal
}

func (s segment) suffix() string {
	if len(s) == 0 || s[len(s)-1].field != "" {
		return ""
	}
	return s[len(s)-1].literal
}
