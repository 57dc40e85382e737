package pattern

import (
	"bytes"
	"fmt"

	"github.com/patternkit/serverless/internal/jsontext"
)

// scan reads one event for a Set. It walks the JSON and the tree of paths together,
// and notes for each rule which keys a leaf has satisfied. What no pattern names is
// checked for syntax only.
type scan struct {
	set  *Set
	data []byte
	pos  int

	depth int // JSON nesting
	elems int // array elements around the current value

	// One bit a key: satisfied, and present at all. The first two are for
	// leaves outside array elements, the others for those inside.
	sat, seen     []uint64
	satIn, seenIn []uint64

	notes   []note   // what happened inside array elements, in order
	current leaf     // the leaf that is being read
	scratch []byte   // a decoded string
	fold    combiner // working space
	trace   func(c *condition, l *leaf, matched bool)
}

// note is one step of the walk inside arrays.
type note struct {
	kind noteKind
	sat  bool
	rule int32
	key  int32
}

type noteKind uint8

const (
	noteLeaf  noteKind = iota // a leaf in the current element
	noteOpen                  // an array begins
	noteElem                  // the array's next object or array begins
	noteOuter                 // a scalar of the array itself
	noteClose                 // the array ends
)

func newScan(s *Set) *scan {
	all := make([]uint64, 4*s.words)
	w := s.words
	return &scan{set: s, sat: all[:w], seen: all[w : 2*w], satIn: all[2*w : 3*w], seenIn: all[3*w:]}
}

func (s *scan) run(event []byte) error {
	clear(s.sat[:4*s.set.words])
	s.data, s.pos, s.depth, s.elems = event, 0, 0, 0
	s.notes = s.notes[:0]
	defer func() { s.data = nil }()
	if s.space() != '{' {
		return ErrEvent
	}
	return s.object(s.set.root)
}

func (s *scan) bad(what string) error {
	return fmt.Errorf("%w: %s at offset %d", ErrEvent, what, s.pos)
}

// space skips white space and returns the byte it stops at; 0 at the end.
func (s *scan) space() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\n', '\t', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *scan) enter() error {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		return s.bad("more than 1000 levels")
	}
	return nil
}

// object reads an object; n is nil where no pattern looks into it.
func (s *scan) object(n *node) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.space() == '}' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if s.space() != '"' {
			return s.bad("expected a field name")
		}
		name, escaped, err := s.str()
		if err != nil {
			return err
		}
		if s.space() != ':' {
			return s.bad("expected a colon")
		}
		s.pos++
		var child *node
		if n != nil {
			child = s.step(n, name, escaped)
		}
		if child == nil {
			err = s.skip()
		} else {
			err = s.value(child)
		}
		if err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			s.depth--
			return nil
		default:
			return s.bad("expected a comma or the end of the object")
		}
	}
}

// step goes from n by a field name, whose dots are steps of their own.
func (s *scan) step(n *node, name []byte, escaped bool) *node {
	if escaped {
		s.scratch = appendUnescaped(s.scratch[:0], name)
		name = s.scratch
	}
	for {
		dot := bytes.IndexByte(name, '.')
		if dot < 0 {
			return n.child(name)
		}
		if n = n.child(name[:dot]); n == nil {
			return nil
		}
		name = name[dot+1:]
	}
}

// value reads the value of a field that some pattern names.
func (s *scan) value(n *node) error {
	switch s.space() {
	case '{':
		if len(n.children) == 0 {
			return s.object(nil)
		}
		return s.object(n)
	case '[':
		return s.array(n)
	default:
		return s.leaf(n, noteLeaf)
	}
}

// array reads an array at a path of some pattern. Its scalars belong to the
// object around it: only objects and arrays in it are elements that the fields
// of a rule must agree on.
func (s *scan) array(n *node) error {
	if err := s.enter(); err != nil {
		return err
	}
	s.notes = append(s.notes, note{kind: noteOpen})
	opened := len(s.notes)
	if s.space() == ']' {
		return s.closeArray(opened)
	}
	for {
		var err error
		switch s.space() {
		case '{', '[':
			s.notes = append(s.notes, note{kind: noteElem})
			s.elems++
			err = s.value(n)
			s.elems--
		default:
			err = s.leaf(n, noteOuter)
		}
		if err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case ']':
			return s.closeArray(opened)
		default:
			return s.bad("expected a comma or the end of the array")
		}
	}
}

// closeArray ends the array whose notes begin at opened; one without notes of
// leaves leaves none.
func (s *scan) closeArray(opened int) error {
	s.pos++
	s.depth--
	for i := opened; i < len(s.notes); i++ {
		if k := s.notes[i].kind; k == noteLeaf || k == noteOuter {
			s.notes = append(s.notes, note{kind: noteClose})
			return nil
		}
	}
	s.notes = s.notes[:opened-1]
	return nil
}

// leaf reads a scalar and puts it to the conditions of the path.
func (s *scan) leaf(n *node, kind noteKind) error {
	if len(n.conds) == 0 {
		return s.scalar()
	}
	l := &s.current
	*l = leaf{}
	if err := s.read(l); err != nil {
		return err
	}
	for i := range n.conds {
		c := &n.conds[i]
		matched := anyMatches(c.values, l)
		if s.trace != nil {
			s.trace(c, l, matched)
		}
		if s.elems == 0 {
			s.seen[c.word] |= c.bit
			if matched {
				s.sat[c.word] |= c.bit
			}
			continue
		}
		s.seenIn[c.word] |= c.bit
		if matched {
			s.satIn[c.word] |= c.bit
		}
		s.notes = append(s.notes, note{kind: kind, sat: matched, rule: int32(c.rule), key: int32(c.key)})
	}
	return nil
}

func (s *scan) read(l *leaf) error {
	c := s.space()
	start := s.pos
	if c == '"' {
		text, escaped, err := s.str()
		if escaped && err == nil {
			s.scratch = appendUnescaped(s.scratch[:0], text)
			text = s.scratch
		}
		l.text = text
		return err
	}
	l.kind = leafToken
	if c == '-' || isDigit(c) {
		l.kind = leafNumber
	}
	err := s.scalar()
	l.text = s.data[start:s.pos]
	return err
}

// skip checks a value that no pattern names.
func (s *scan) skip() error {
	switch s.space() {
	case '{':
		return s.object(nil)
	case '[':
		return s.skipArray()
	default:
		return s.scalar()
	}
}

func (s *scan) skipArray() error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.space() == ']' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if err := s.skip(); err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			s.depth--
			return nil
		default:
			return s.bad("expected a comma or the end of the array")
		}
	}
}

// scalar checks a string, a number, or a literal.
func (s *scan) scalar() error {
	switch c := s.space(); {
	case c == '"':
		_, _, err := s.str()
		return err
	case c == 't':
		return s.token("true")
	case c == 'f':
		return s.token("false")
	case c == 'n':
		return s.token("null")
	case c == '-' || isDigit(c):
		return s.number()
	}
	return s.bad("expected a value")
}

func (s *scan) token(t string) error {
	if !hasPrefix(s.data[s.pos:], t) {
		return s.bad("expected a value")
	}
	s.pos += len(t)
	return nil
}

func (s *scan) number() error {
	end, ok := jsontext.Number(s.data, s.pos)
	s.pos = end
	if !ok {
		return s.bad("bad number")
	}
	return nil
}

// str reads a string and returns what is between the quotes, still escaped.
func (s *scan) str() (text []byte, escaped bool, err error) {
	start := s.pos + 1
	end, escaped, problem := jsontext.String(s.data, s.pos)
	s.pos = end
	switch problem {
	case jsontext.None:
		return s.data[start : end-1], escaped, nil
	case jsontext.Unfinished, jsontext.Control:
		return nil, false, s.bad("bad string")
	}
	return nil, false, s.bad("bad escape")
}
