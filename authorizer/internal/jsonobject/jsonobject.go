// Package jsonobject reads JSON objects that come from strangers: token headers, claims and key sets.
//
// It is stricter than encoding/json where leniency lets two readers see different documents. Member names are compared
// exactly. A name that occurs twice in one object is refused at every depth. Text must be valid UTF-8 without lone
// surrogates. Nesting is bounded, and nothing may follow the object.
package jsonobject

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/jsontext"
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
	end, ok := jsontext.Number(s.data, s.at)
	s.at = end
	if !ok {
		return s.fail("bad number")
	}
	return nil
}

// text reads a string and returns it unescaped. Without escapes the result is a slice of the data.
func (s *scanner) text() ([]byte, error) {
	start := s.at + 1
	end, escaped, problem := jsontext.String(s.data, s.at)
	s.at = end
	switch problem {
	case jsontext.None:
	case jsontext.Control:
		return nil, s.fail("control character in a string")
	case jsontext.Unfinished:
		return nil, s.fail("unfinished string")
	case jsontext.UnfinishedEscape:
		return nil, s.fail("unfinished escape")
	default:
		return nil, s.fail("unknown escape")
	}
	inside := s.data[start : end-1]
	if !utf8.Valid(inside) {
		return nil, s.fail("invalid UTF-8")
	}
	if !escaped {
		return inside, nil
	}
	text, whole := jsontext.AppendUnescaped(make([]byte, 0, len(inside)), inside, "")
	if !whole {
		return nil, s.fail("lone surrogate")
	}
	return text, nil
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
