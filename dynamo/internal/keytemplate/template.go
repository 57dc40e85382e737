package keytemplate

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Template is a parsed key template such as "ORDER#{OrderID}".
type Template struct {
	Source    string
	Separator string
	Parts     []Part
}

// Part is a literal text or a field.
type Part struct {
	Literal string
	Field   string // Go name of the field; "" for a literal
	Spec    string // what follows the colon
	Codec   *Codec
}

// Report takes what is wrong with the value of a field.
type Report interface {
	Addf(field, format string, args ...any)
}

// Parse reads a template and resolves its fields with typeOf.
func Parse(source, separator string, typeOf func(string) (reflect.Type, error)) (*Template, error) {
	t := &Template{Source: source, Separator: separator}
	fail := func(format string, args ...any) (*Template, error) {
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
			t.Parts = append(t.Parts, Part{Literal: rest})
			break
		}
		if rest[open] == '}' {
			return fail("has a } without its {")
		}
		if open > 0 {
			t.Parts = append(t.Parts, Part{Literal: rest[:open]})
		}
		body, after, closed := strings.Cut(rest[open+1:], "}")
		if !closed || strings.Contains(body, "{") {
			return fail("has a { without its }")
		}
		p := Part{}
		p.Field, p.Spec, _ = strings.Cut(body, ":")
		rest = after
		typ, err := typeOf(p.Field)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		if p.Codec, err = newCodec(typ, p.Spec); err != nil {
			problems = append(problems, fmt.Sprintf("field %s: %v", p.Field, err))
			continue
		}
		t.Parts = append(t.Parts, p)
	}
	if len(problems) > 0 {
		return fail("%s", strings.Join(problems, "; "))
	}
	if err := t.checkBoundaries(); err != nil {
		return fail("%v", err)
	}
	return t, nil
}

// checkBoundaries makes sure that two different lists of values never give the same
// key: a value of varying length ends at the separator, which it cannot contain.
func (t *Template) checkBoundaries() error {
	seen := map[string]bool{}
	for i, p := range t.Parts {
		if p.Field == "" {
			continue
		}
		if seen[p.Field] {
			return fmt.Errorf("field %s is in it twice", p.Field)
		}
		seen[p.Field] = true
		if p.Codec.width > 0 || i == len(t.Parts)-1 {
			continue
		}
		if !strings.HasPrefix(t.Parts[i+1].Literal, t.Separator) {
			return fmt.Errorf("field %s has no fixed width: %q must follow it", p.Field, t.Separator)
		}
	}
	return nil
}

// Fields returns the Go names of the fields in order.
func (t *Template) Fields() []string {
	if t == nil {
		return nil
	}
	var names []string
	for _, p := range t.Parts {
		if p.Field != "" {
			names = append(names, p.Field)
		}
	}
	return names
}

// Uses reports whether the field is in the template.
func (t *Template) Uses(field string) bool {
	if t == nil {
		return false
	}
	for _, p := range t.Parts {
		if p.Field == field {
			return true
		}
	}
	return false
}

// IsField reports whether the template is the field and nothing else.
func (t *Template) IsField(field string) bool {
	return t != nil && len(t.Parts) == 1 && t.Parts[0].Field == field && t.Parts[0].Spec == "" &&
		t.Parts[0].Codec.kind == kindString
}

// Skeleton is the template with its fields by kind, for comparing two templates.
func (t *Template) Skeleton() string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Field == "" {
			b.WriteString(p.Literal)
			continue
		}
		fmt.Fprintf(&b, "{%s:%s %v}", p.Field, p.Spec, p.Codec.Type)
	}
	return b.String()
}

// String returns the source; "" for nil.
func (t *Template) String() string {
	if t == nil {
		return ""
	}
	return t.Source
}

// Binding is a template with the places of its fields in one struct type.
type Binding struct {
	*Template
	Index [][]int // for each part; nil for a literal
}

// Bind finds the template's fields in the struct type; every one must be there.
func (t *Template) Bind(index func(field string) []int) Binding {
	b := Binding{Template: t, Index: make([][]int, len(t.Parts))}
	for i, p := range t.Parts {
		if p.Field != "" {
			b.Index[i] = index(p.Field)
		}
	}
	return b
}

// Render makes the key of the value. absent is true when a field is empty, in which
// case there is no key.
func (b Binding) Render(v reflect.Value, report Report) (key string, absent bool) {
	buf := make([]byte, 0, 64)
	for i, p := range b.Parts {
		if p.Field == "" {
			buf = append(buf, p.Literal...)
			continue
		}
		f := v.FieldByIndex(b.Index[i])
		if p.Codec.Empty(f) {
			return "", true
		}
		buf = p.Append(buf, f, b.Separator, report)
	}
	return string(buf), false
}

// Append adds the value of the part's field, or a fault.
func (p Part) Append(buf []byte, f reflect.Value, separator string, report Report) []byte {
	start := len(buf)
	out, err := p.Codec.append(buf, f)
	if err != nil {
		report.Addf(p.Field, "%v", err)
		return buf
	}
	if p.Codec.width == 0 {
		if problem := checkKeyText(out[start:], separator); problem != "" {
			report.Addf(p.Field, "%s", problem)
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
		return fmt.Sprintf("is %q, which contains the separator %q", Shown(string(text)), separator)
	case strings.Contains(string(text), highest):
		return fmt.Sprintf("is %q, which contains U+10FFFF", Shown(string(text)))
	}
	return ""
}

// highest sorts after every text that a key can continue with.
const highest = "\U0010FFFF"

// Overlaps reports whether the two templates could give the same key. It may report
// an overlap that no value would bring about, but never misses one.
func (t *Template) Overlaps(other *Template) bool {
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

// segment is the part of a template between two separators.
type segment []Part

func (t *Template) segments() []segment {
	segments := []segment{nil}
	for _, p := range t.Parts {
		if p.Field != "" {
			segments[len(segments)-1] = append(segments[len(segments)-1], p)
			continue
		}
		for i, text := range strings.Split(p.Literal, t.Separator) {
			if i > 0 {
				segments = append(segments, nil)
			}
			if text != "" {
				segments[len(segments)-1] = append(segments[len(segments)-1], Part{Literal: text})
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

// codecAccepts reports whether a literal could be a value of the field.
func (p Part) codecAccepts(other Part) bool {
	if p.Field == "" {
		p, other = other, p
	}
	if p.Field == "" || other.Field != "" || p.Codec.kind != kindInt && p.Codec.kind != kindUint {
		return true
	}
	return strings.Trim(other.Literal, "0123456789") == "" && len(other.Literal) == max(p.Codec.width, 1)
}

// fixed reports whether the segment is a literal.
func (s segment) fixed() bool { return len(s) == 0 || len(s) == 1 && s[0].Field == "" }

// width is the length of the segment when it does not vary.
func (s segment) width() (int, bool) {
	n := 0
	for _, p := range s {
		switch {
		case p.Field == "":
			n += len(p.Literal)
		case p.Codec.width > 0:
			n += p.Codec.width
		default:
			return 0, false
		}
	}
	return n, true
}

func (s segment) prefix() string {
	if len(s) == 0 || s[0].Field != "" {
		return ""
	}
	return s[0].Literal
}

func (s segment) suffix() string {
	if len(s) == 0 || s[len(s)-1].Field != "" {
		return ""
	}
	return s[len(s)-1].Literal
}

// maxKeyShown is how many bytes of a key an error shows.
const maxKeyShown = 100

// Shown cuts a key for a text to read.
func Shown(key string) string {
	if len(key) <= maxKeyShown {
		return key
	}
	end := maxKeyShown
	for end > 0 && !utf8.RuneStart(key[end]) {
		end--
	}
	return key[:end] + "…"
}
