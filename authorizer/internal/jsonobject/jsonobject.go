// Package jsonobject reads JSON objects that come from strangers: token headers, claims and key sets.
//
// It is stricter than encoding/json where leniency lets two readers see different documents: member names are
// compared exactly, a name that occurs twice in one object is refused at every depth, text must be valid UTF-8 without
// lone surrogates, nesting is bounded, and nothing may follow the object.
package jsonobject

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is the deepest nesting accepted; the object itself is depth 1.
const MaxDepth = 32

// ErrSyntax is the error for anything that is not one strict JSON object.
var ErrSyntax = errors.New("not a strict JSON object")

// Scan checks that data holds exactly one JSON object and calls visit with the name and the raw text of each of its
// members, in order. A name is unescaped; the slices are only valid during the call unless visit retains data itself.
func Scan(data []byte, visit func(name, value []byte) error) error {
	s := scanner{data: data}
	s.space()
	if s.peek() != '{' {
		return s.fail("want an object")
	}
	if err := s.object(1, visit); err != nil {
		return err
	}
	s.space()
	if s.at != len(data) {
		return s.fail("text after the object")
	}
	return nil
}

// Elements calls visit with the raw text of each element of an array. The value must come from Scan, which has checked it.
func Elements(value []byte, visit func(element []byte) error) error {
	s := scanner{data: value}
	s.space()
	if s.peek() != '[' {
		return s.fail("want an array")
	}
	return s.array(1, visit)
}

// String returns the text of a JSON string. ok is false when the value is something else.
func String(value []byte) (text string, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	s := scanner{data: value}
	name, err := s.text()
	if err != nil || s.at != len(value) {
		return "", false
	}
	return string(name), true
}

// Strings returns the elements of a JSON array of strings. ok is false when the value is something else.
func Strings(value []byte) (texts []string, ok bool) {
	err := Elements(value, func(element []byte) error {
		text, isText := String(element)
		if !isText {
			return ErrSyntax
		}
		texts = append(texts, text)
		return nil
	})
	return texts, err == nil
}

// Number returns the value of a JSON number. ok is false when the value is something else or does not fit a float64.
func Number(value []byte) (number float64, ok bool) {
	if len(value) == 0 || value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		return 0, false
	}
	number, err := strconv.ParseFloat(string(value), 64)
	return number, err == nil
}

type scanner struct {
	data []byte
	at   int
}

func (s *scanner) fail(reason string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, reason, s.at)
}

func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) object(depth int, visit func(name, value []byte) error) error {
	if depth > MaxDepth {
		return s.fail("nesting too deep")
	}
	s.at++ // the opening brace
	s.space()
	if s.peek() == '}' {
		s.at++
		return nil
	}
	var names nameSet
	for {
		if s.peek() != '"' {
			return s.fail("want a member name")
		}
		name, err := s.text()
		if err != nil {
			return err
		}
		if !names.add(name) {
			return s.fail("member name twice")
		}
		s.space()
		if s.peek() != ':' {
			return s.fail("want a colon")
		}
		s.at++
		s.space()
		start := s.at
		if err := s.value(depth); err != nil {
			return err
		}
		if visit != nil {
			if err := visit(name, s.data[start:s.at]); err != nil {
				return err
			}
		}
		more, err := s.next('}')
		if err != nil || !more {
			return err
		}
	}
}

func (s *scanner) array(depth int, visit func(element []byte) error) error {
	if depth > MaxDepth {
		return s.fail("nesting too deep")
	}
	s.at++ // the opening bracket
	s.space()
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		start := s.at
		if err := s.value(depth); err != nil {
			return err
		}
		if visit != nil {
			if err := visit(s.data[start:s.at]); err != nil {
				return err
			}
		}
		more, err := s.next(']')
		if err != nil || !more {
			return err
		}
	}
}

// next reads a comma (more follows) or the closing byte.
func (s *scanner) next(closing byte) (more bool, err error) {
	s.space()
	switch s.peek() {
	case ',':
		s.at++
		s.space()
		return true, nil
	case closing:
		s.at++
		return false, nil
	}
	return false, s.fail("want a comma or the end")
}

func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth+1, nil)
	case c == '[':
		return s.array(depth+1, nil)
	case c == '"':
		_, err := s.text()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.fail("want a value")
}

func (s *scanner) word(word string) error {
	if len(s.data)-s.at < len(word) || string(s.data[s.at:s.at+len(word)]) != word {
		return s.fail("want a value")
	}
	s.at += len(word)
	return nil
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	switch {
	case s.peek() == '0':
		s.at++
	case !s.digits():
		return s.fail("want a digit")
	}
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return s.fail("want a digit")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if !s.digits() {
			return s.fail("want a digit")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.at
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > start
}

// text reads a string and returns it unescaped. Without escapes the result is a slice of the data.
func (s *scanner) text() ([]byte, error) {
	s.at++ // the opening quote
	start := s.at
	for s.at < len(s.data) {
		c := s.data[s.at]
		switch {
		case c == '"':
			s.at++
			return s.data[start : s.at-1], nil
		case c == '\\':
			return s.escaped(append(make([]byte, 0, len(s.data)-start), s.data[start:s.at]...))
		case c < 0x20:
			return nil, s.fail("control character in a string")
		case c < utf8.RuneSelf:
			s.at++
		default:
			if err := s.rune(); err != nil {
				return nil, err
			}
		}
	}
	return nil, s.fail("unfinished string")
}

func (s *scanner) rune() error {
	r, size := utf8.DecodeRune(s.data[s.at:])
	if r == utf8.RuneError && size == 1 {
		return s.fail("invalid UTF-8")
	}
	s.at += size
	return nil
}

// escaped is text from the first backslash on; out holds what came before it.
func (s *scanner) escaped(out []byte) ([]byte, error) {
	for s.at < len(s.data) {
		c := s.data[s.at]
		switch {
		case c == '"':
			s.at++
			return out, nil
		case c == '\\':
			var err error
			if out, err = s.escape(out); err != nil {
				return nil, err
			}
		case c < 0x20:
			return nil, s.fail("control character in a string")
		case c < utf8.RuneSelf:
			s.at++
			out = append(out, c)
		default:
			start := s.at
			if err := s.rune(); err != nil {
				return nil, err
			}
			out = append(out, s.data[start:s.at]...)
		}
	}
	return nil, s.fail("unfinished string")
}

func (s *scanner) escape(out []byte) ([]byte, error) {
	s.at++ // the backslash
	c := s.peek()
	s.at++
	switch c {
	case '"', '\\', '/':
		return append(out, c), nil
	case 'b':
		return append(out, '\b'), nil
	case 'f':
		return append(out, '\f'), nil
	case 'n':
		return append(out, '\n'), nil
	case 'r':
		return append(out, '\r'), nil
	case 't':
		return append(out, '\t'), nil
	case 'u':
		r, err := s.hexRune()
		if err != nil {
			return nil, err
		}
		return utf8.AppendRune(out, r), nil
	}
	return nil, s.fail("unknown escape")
}

// hexRune reads the four digits after \u, and the second half of a surrogate pair.
func (s *scanner) hexRune() (rune, error) {
	high, err := s.hex4()
	if err != nil {
		return 0, err
	}
	if high < 0xd800 || high > 0xdfff {
		return high, nil
	}
	if high >= 0xdc00 || s.peek() != '\\' || s.at+1 >= len(s.data) || s.data[s.at+1] != 'u' {
		return 0, s.fail("lone surrogate")
	}
	s.at += 2
	low, err := s.hex4()
	if err != nil {
		return 0, err
	}
	if low < 0xdc00 || low > 0xdfff {
		return 0, s.fail("lone surrogate")
	}
	return (high-0xd800)<<10 + (low - 0xdc00) + 0x10000, nil
}

func (s *scanner) hex4() (rune, error) {
	if len(s.data)-s.at < 4 {
		return 0, s.fail("unfinished escape")
	}
	var r rune
	for _, c := range s.data[s.at : s.at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, s.fail("unknown escape")
		}
	}
	s.at += 4
	return r, nil
}

// nameSet remembers the names of one object: a short list first, a map when it grows.
type nameSet struct {
	count int
	few   [12][]byte
	many  map[string]struct{}
}

func (n *nameSet) add(name []byte) bool {
	for i := range min(n.count, len(n.few)) {
		if string(n.few[i]) == string(name) {
			return false
		}
	}
	if n.count < len(n.few) {
		n.few[n.count] = name
		n.count++
		return true
	}
	if n.many == nil {
		n.many = make(map[string]struct{})
	}
	if _, seen := n.many[string(name)]; seen {
		return false
	}
	n.many[string(name)] = struct{}{}
	return true
}
