package keytemplate

import (
	"fmt"
	"reflect"
	"time"
)

// Bounds are the bounds of a range of values.
type Bounds struct {
	From, To   reflect.Value // not valid where there is none
	IncludesTo bool
}

// Selection is what a query asks of the sort key.
type Selection struct {
	Operator  Operator
	Low, High string // High also is the operand of Equal and Prefix
	Except    string // a key at the upper end that does not belong to the range
	Edges     *Edges // bounds that the keys at the ends of the range cannot express
	Never     bool   // no key can be in the range
}

// Operator is how a sort key is compared.
type Operator int

// The operators of a Selection.
const (
	Any Operator = iota
	Equal
	Prefix
	Between
)

// SetPrefix selects the keys that begin with the prefix.
func (s *Selection) SetPrefix(prefix []byte) {
	if len(prefix) > 0 {
		s.Operator, s.High = Prefix, string(prefix)
	}
}

// Rangeable reports whether keys with the encoded value are in the order of the values.
func (c *Codec) Rangeable(last bool) bool {
	return c.width > 0 || last && (c.kind == kindString && !c.lower || c.kind == kindText)
}

// Edges are the bounds of a range that fall into a unit of the key, such as noon where
// the key has the day: their field distinguishes the items of that unit.
type Edges struct {
	Field      string
	from, to   time.Time // zero where the key expresses the bound
	includesTo bool
}

// withinUnits returns the bounds that the keys cannot express; nil when they express both.
func (p Part) withinUnits(b Bounds) *Edges {
	if !p.Codec.Lossy() {
		return nil
	}
	w := Edges{Field: p.Field, includesTo: b.IncludesTo}
	if b.From.IsValid() && !p.Codec.Empty(b.From) {
		if from := timeOf(b.From); !p.Codec.startsUnit(from) {
			w.from = from
		}
	}
	if b.To.IsValid() && !p.Codec.Empty(b.To) {
		to := timeOf(b.To)
		next := to
		if b.IncludesTo {
			next = to.Add(1)
		}
		if !p.Codec.startsUnit(next) {
			w.to = to
		}
	}
	if w.from.IsZero() && w.to.IsZero() {
		return nil
	}
	return &w
}

// Hold reports whether the value of the field is within the bounds.
func (w *Edges) Hold(f reflect.Value) bool {
	if f.Kind() == reflect.Pointer && f.IsNil() {
		return false
	}
	at := timeOf(pointed(f))
	switch {
	case !w.from.IsZero() && at.Before(w.from):
		return false
	case !w.to.IsZero() && at.After(w.to), !w.to.IsZero() && !w.includesTo && at.Equal(w.to):
		return false
	}
	return true
}

// Text identifies the bounds.
func (w *Edges) Text() string {
	return fmt.Sprint(w.from.UnixNano(), w.from.IsZero(), w.to.UnixNano(), w.to.IsZero(), w.includesTo)
}

// SelectRange renders the bounds of a range. Keys continue after the value, so that
// the upper bound ends with the character that sorts last.
func (p Part) SelectRange(prefix []byte, b Bounds, separator string, s *Selection, report Report) {
	if !b.From.IsValid() && !b.To.IsValid() {
		s.SetPrefix(prefix)
		return
	}
	b.From, b.To = pointed(b.From), pointed(b.To)
	s.Operator = Between
	s.Edges = p.withinUnits(b)
	s.Low, s.High = string(prefix), string(prefix)+highest
	if b.From.IsValid() && !p.Codec.Empty(b.From) {
		s.Low = string(p.Append(append([]byte(nil), prefix...), b.From, separator, report))
	}
	if b.To.IsValid() {
		p.selectUpper(prefix, b, separator, s, report)
	}
	if s.Low > s.High {
		s.Never = true
	}
}

func (p Part) selectUpper(prefix []byte, b Bounds, separator string, s *Selection, report Report) {
	to, ok := b.To, true
	if !b.IncludesTo {
		to, ok = p.Codec.before(b.To)
	}
	switch {
	case p.Codec.Empty(b.To) && !b.IncludesTo:
		s.Never = true
	case ok:
		s.High = string(p.Append(append([]byte(nil), prefix...), to, separator, report))
		if p.Codec.width > 0 {
			s.High += highest
		}
	case p.Codec.width > 0:
		s.Never = true // nothing is below the least value
	default:
		s.High = string(p.Append(append([]byte(nil), prefix...), b.To, separator, report))
		s.Except = s.High
	}
}
