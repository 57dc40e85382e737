package value

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/jsontext"
)

// maxDepth bounds the nesting of a document.
const maxDepth = 1000

// SyntaxError tells why a text is not JSON, in the words in which the service
// says it where those are known.
type SyntaxError struct {
	Offset int
	Text   string
}

// Error returns the reason.
func (e *SyntaxError) Error() string { return e.Text }

// Parse reads one JSON document.
func Parse(data []byte) (any, error) { return ParseString(string(data)) }

// ParseString reads one JSON document from a string. The strings of the
// document share its memory.
func ParseString(s string) (any, error) {
	p := parser{s: s}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, p.fail("Unexpected content after the end of the document")
	}
	return v, nil
}

// ParseDistinct reads one JSON document and returns the JSON pointers of the
// members that are in their object a second time.
func ParseDistinct(data []byte) (v any, repeated []string, err error) {
	p := parser{s: string(data), distinct: true}
	if v, err = p.value(0); err != nil {
		return nil, nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, nil, p.fail("Unexpected content after the end of the document")
	}
	return v, p.repeated, nil
}

type parser struct {
	s        string
	i        int
	distinct bool     // note members that stand twice
	path     []string // of the value being read, when distinct
	repeated []string
}

// enter notes the way to a member or entry, when that is asked for.
func (p *parser) enter(o *Object, name string) {
	if !p.distinct {
		return
	}
	p.path = append(p.path, name)
	if o == nil {
		return
	}
	if _, ok := o.Get(name); ok {
		at, escape := "", strings.NewReplacer("~", "~0", "/", "~1")
		for _, name := range p.path {
			at += "/" + escape.Replace(name)
		}
		p.repeated = append(p.repeated, at)
	}
}

func (p *parser) leave() {
	if p.distinct {
		p.path = p.path[:len(p.path)-1]
	}
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{Offset: p.i, Text: fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, p.fail("Document nesting depth exceeds the maximum allowed (%d)", maxDepth)
	}
	p.space()
	if p.i >= len(p.s) {
		return nil, p.fail("No content to map due to end-of-input")
	}
	switch c := p.s[p.i]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.str()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	default:
		return p.literal()
	}
}

func (p *parser) object(depth int) (any, error) {
	p.i++
	o := NewObject(4)
	p.space()
	if p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
		return o, nil
	}
	for {
		p.space()
		if p.i >= len(p.s) {
			return nil, p.fail("Unexpected end-of-input: expected close marker for Object")
		}
		if p.s[p.i] != '"' {
			c, _ := utf8.DecodeRuneInString(p.s[p.i:])
			return nil, p.fail("Unexpected character ('%c' (code %d)): was expecting double-quote to start field name", c, c)
		}
		name, err := p.str()
		if err != nil {
			return nil, err
		}
		if err := p.expect(':', "was expecting a colon to separate field name and value"); err != nil {
			return nil, err
		}
		p.enter(o, name)
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p.leave()
		o.Put(name, v)
		done, err := p.more('}', "Object")
		if err != nil {
			return nil, err
		}
		if done {
			return o, nil
		}
	}
}

func (p *parser) array(depth int) (any, error) {
	p.i++
	list := []any{}
	p.space()
	if p.i < len(p.s) && p.s[p.i] == ']' {
		p.i++
		return list, nil
	}
	for {
		if p.distinct {
			p.enter(nil, strconv.Itoa(len(list)))
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p.leave()
		list = append(list, v)
		done, err := p.more(']', "Array")
		if err != nil {
			return nil, err
		}
		if done {
			return list, nil
		}
	}
}

func (p *parser) expect(c byte, text string) error {
	p.space()
	if p.i >= len(p.s) {
		return p.fail("Unexpected end-of-input: %s", text)
	}
	if p.s[p.i] != c {
		r, _ := utf8.DecodeRuneInString(p.s[p.i:])
		return p.fail("Unexpected character ('%c' (code %d)): %s", r, r, text)
	}
	p.i++
	return nil
}

// more reads the separator after an entry and reports whether it was the end.
func (p *parser) more(end byte, kind string) (bool, error) {
	p.space()
	if p.i >= len(p.s) {
		return false, p.fail("Unexpected end-of-input: expected close marker for %s", kind)
	}
	switch p.s[p.i] {
	case end:
		p.i++
		return true, nil
	case ',':
		p.i++
		return false, nil
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.i:])
	return false, p.fail("Unexpected character ('%c' (code %d)): was expecting comma to separate %s entries", r, r, kind)
}

func (p *parser) number() (any, error) {
	start := p.i
	end, ok := jsontext.Number(p.s, start)
	p.i = end
	if !ok {
		return nil, p.fail("Invalid numeric value: %s", clip(p.s[start:]))
	}
	return json.Number(p.s[start:end]), nil
}

func (p *parser) literal() (any, error) {
	end := p.i
	for end < len(p.s) && isWord(p.s[end]) {
		end++
	}
	switch word := p.s[p.i:end]; word {
	case "true":
		p.i = end
		return true, nil
	case "false":
		p.i = end
		return false, nil
	case "null":
		p.i = end
		return nil, nil
	case "":
		r, _ := utf8.DecodeRuneInString(p.s[p.i:])
		return nil, p.fail("Unexpected character ('%c' (code %d)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", r, r)
	default:
		return nil, p.fail("Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", clip(word))
	}
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$'
}

func clip(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "")
	}
	return s
}

func (p *parser) str() (string, error) {
	start := p.i + 1
	end, escaped, problem := jsontext.String(p.s, p.i)
	p.i = end
	if problem != jsontext.None {
		return "", p.badString(problem)
	}
	text := p.s[start : end-1]
	if escaped {
		plain, _ := jsontext.AppendUnescaped(nil, text, string(utf8.RuneError))
		text = string(plain)
	}
	if utf8.ValidString(text) {
		return text, nil
	}
	var b strings.Builder
	for _, r := range text { // U+FFFD for each byte that is none
		b.WriteRune(r)
	}
	return b.String(), nil
}

// badString words what is wrong with a string, which is at p.i.
func (p *parser) badString(problem jsontext.Problem) error {
	switch problem {
	case jsontext.Unfinished:
		return p.fail("Unexpected end-of-input: was expecting closing quote for a string value")
	case jsontext.UnfinishedEscape:
		return p.fail("Unexpected end-of-input in character escape sequence")
	}
	c := p.s[p.i]
	switch problem {
	case jsontext.Control:
		return p.fail("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c)
	case jsontext.NoHex:
		return p.fail("Unexpected character ('%c' (code %d)): expected a hex-digit for character escape sequence", c, c)
	}
	return p.fail("Unrecognized character escape '%c' (code %d)", c, c)
}
