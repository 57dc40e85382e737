package pattern

import (
	"bytes"
	"math"
)

// op is what a value of a pattern's list asks of a leaf of the event.
type op uint8

const (
	opText       op = iota // a string equal to text
	opToken                // true, false, null
	opNumber               // a number literal
	opPrefix               // a string that begins with text
	opSuffix               // a string that ends with text
	opFold                 // equals-ignore-case
	opPrefixFold           // prefix of equals-ignore-case
	opSuffixFold           // suffix of equals-ignore-case
	opGlob                 // wildcard
	opRange                // numeric
	opAddress              // cidr, or a string that is an IP address
	opPresent              // exists: true
	opFilled               // exists: true of SNS, where null and "" are nothing
	opAbsent               // exists: false; no leaf matches it
	opNot                  // anything-but
)

// value is one alternative of a field's list.
type value struct {
	op   op
	text string
	fold fold
	glob glob
	span interval
	addr addressRange
	not  []value

	loose  bool // see fault.go
	digits bool // see fault.go
}

// interval is a range of numbers.
type interval struct {
	low, high         float64
	openLow, openHigh bool
}

var negInf, posInf = math.Inf(-1), math.Inf(1)

func (r interval) contains(n float64) bool {
	if n < r.low || n > r.high || r.openLow && n == r.low || r.openHigh && n == r.high {
		return false
	}
	return true
}

// literal is the value of a plain string: an address if it looks like one.
func literal(s string) value {
	if a, ok := parseAddress([]byte(s)); ok {
		return value{op: opAddress, addr: addressRange{low: a, high: a}, text: s}
	}
	return value{op: opText, text: s}
}

// numberValue is the value of a number literal: compared as a number where that
// loses nothing, else by its text.
func numberValue(text string) value {
	if n, ok := comparable([]byte(text)); ok {
		return value{op: opRange, span: interval{low: n, high: n}, text: text}
	}
	return value{op: opNumber, text: text}
}

// leafKind is the type of a leaf of the event.
type leafKind uint8

const (
	leafString leafKind = iota
	leafNumber
	leafToken
)

// leaf is a scalar of the event. Its number and address are worked out when a
// value first asks.
type leaf struct {
	kind    leafKind
	text    []byte // a string's characters, else the text
	number  float64
	numbers knowledge
	addr    address
	addrs   knowledge
}

type knowledge uint8

const (
	unknown knowledge = iota
	yes
	no
)

func know(ok bool) knowledge {
	if ok {
		return yes
	}
	return no
}

func (l *leaf) asNumber() (float64, bool) {
	if l.kind != leafNumber {
		return 0, false
	}
	if l.numbers == unknown {
		n, ok := comparable(l.text)
		l.number, l.numbers = n, know(ok)
	}
	return l.number, l.numbers == yes
}

func (l *leaf) asAddress() (*address, bool) {
	if l.kind != leafString {
		return nil, false
	}
	if l.addrs == unknown {
		a, ok := parseAddress(l.text)
		l.addr, l.addrs = a, know(ok)
	}
	return &l.addr, l.addrs == yes
}

// filled says whether SNS takes the leaf for something: null and "" are not.
func (l *leaf) filled() bool {
	switch l.kind {
	case leafToken:
		return l.text[0] != 'n'
	case leafString:
		return len(l.text) > 0
	}
	return true
}

// matches says whether the leaf satisfies the value.
func (v *value) matches(l *leaf) bool {
	switch v.op {
	case opPresent:
		return true
	case opFilled:
		return l.filled()
	case opAbsent:
		return false
	case opToken:
		return l.kind == leafToken && string(l.text) == v.text
	case opNumber:
		return l.kind == leafNumber && string(l.text) == v.text
	case opRange:
		n, ok := l.asNumber()
		return ok && v.span.contains(n)
	case opAddress:
		if l.kind == leafNumber {
			return v.matchesDigits(l)
		}
		a, ok := l.asAddress()
		return ok && v.addr.contains(a)
	case opNot:
		if len(v.not) == 0 {
			return false // an empty list compiles to nothing
		}
		for i := range v.not {
			if v.not[i].matches(l) {
				return false
			}
		}
		return true
	}
	return l.kind == leafString && v.matchesText(l.text)
}

// matchesText is matches for the operators that look at strings only.
func (v *value) matchesText(s []byte) bool {
	if v.loose {
		return v.matchesLoosely(s)
	}
	switch v.op {
	case opText:
		return string(s) == v.text
	case opPrefix:
		return len(s) >= len(v.text) && string(s[:len(v.text)]) == v.text || quoteAfter(v.text, s)
	case opSuffix:
		return len(s) >= len(v.text) && string(s[len(s)-len(v.text):]) == v.text || quoteBefore(v.text, s)
	case opFold:
		rest, ok := v.fold.cutPrefix(s)
		return ok && len(rest) == 0
	case opPrefixFold:
		return v.fold.prefixOf(s)
	case opSuffixFold:
		return v.fold.suffixOf(s)
	case opGlob:
		return v.glob.match(s)
	}
	return false
}

// anyMatches says whether one of the values is satisfied.
func anyMatches(values []value, l *leaf) bool {
	for i := range values {
		if values[i].matches(l) {
			return true
		}
	}
	return false
}

// glob is a compiled wildcard: the literal pieces between its stars.
type glob struct {
	pieces []string
	states []globState
}

// globState is one element of a wildcard, for its complexity.
type globState struct {
	star bool
	char byte
}

// match finds the first piece at the start, the last at the end, and those
// between them from left to right.
func (g *glob) match(s []byte) bool {
	last := len(g.pieces) - 1
	first := g.pieces[0]
	if len(s) < len(first) || string(s[:len(first)]) != first {
		return false
	}
	s = s[len(first):]
	if last == 0 {
		return len(s) == 0
	}
	end := g.pieces[last]
	for _, p := range g.pieces[1:last] {
		i := indexString(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return len(s) >= len(end) && string(s[len(s)-len(end):]) == end
}

func indexString(s []byte, p string) int {
	for i := 0; i+len(p) <= len(s); i++ {
		j := bytes.IndexByte(s[i:], p[0])
		if j < 0 {
			return -1
		}
		i += j
		if i+len(p) <= len(s) && string(s[i:i+len(p)]) == p {
			return i
		}
	}
	return -1
}
