package dynamo

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// AccessPattern is a declared access pattern: which items of an entity a P selects, through
// the table or an index. It is a value to declare once, at package level.
type AccessPattern[P, T any] struct {
	core *pattern
}

// pattern is the untyped core of an AccessPattern.
type pattern struct {
	entity *entity
	index  Index // Name "" for the table
	typ    reflect.Type

	partition binding
	sort      *template
	bound     [][]int // places in P of the sort template's fields, in order; the last may be a range
	ranged    bool
}

// MustAccessPattern is NewAccessPattern for package-level variables: it panics when the pattern is
// wrong.
func MustAccessPattern[P, T, K any](e *Entity[T, K], index string) *AccessPattern[P, T] {
	p, err := NewAccessPattern[P](e, index)
	if err != nil {
		panic(err)
	}
	return p
}

// NewAccessPattern declares an access pattern on an index of the entity, or on the table
// with the index "". The fields of P are fields of the entity: all that the partition
// key's template uses, and as many of the sort key's, from the left, as shall be
// fixed. The last of these may be a Range.
func NewAccessPattern[P, T, K any](e *Entity[T, K], index string) (*AccessPattern[P, T], error) {
	typ := reflect.TypeFor[P]()
	if e == nil {
		return nil, fmt.Errorf("dynamo: pattern %v: the entity is nil", typ)
	}
	core, err := newPattern(e.core, index, typ)
	if err != nil {
		return nil, fmt.Errorf("dynamo: pattern %v on %s: %w", typ, e.core.name, err)
	}
	e.core.model.addPattern(core)
	return &AccessPattern[P, T]{core: core}, nil
}

func newPattern(e *entity, index string, typ reflect.Type) (*pattern, error) {
	if typ.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", typ)
	}
	p := &pattern{entity: e, typ: typ}
	part, sort, err := e.templatesOn(index)
	if err != nil {
		return nil, err
	}
	p.index, _ = e.model.index(index)
	p.sort = sort
	fields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(typ) {
		if !f.Anonymous {
			fields[f.Name] = f
		}
	}
	var errs []error
	for _, name := range part.fields() {
		f, ok := fields[name]
		delete(fields, name)
		if !ok {
			errs = append(errs, fmt.Errorf("it has no field %s, which the partition key %s needs", name, part))
			continue
		}
		errs = append(errs, checkPatternField(f, lookup(e.attributes, name).typ))
	}
	errs = append(errs, p.bindSort(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		errs = append(errs, fmt.Errorf("its field %s is used by no key: the partition key is %s and the sort key %s", name, part, sort))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p.partition = part.bind(func(name string) []int {
		f, _ := typ.FieldByName(name)
		return f.Index
	})
	return p, nil
}

func checkPatternField(f reflect.StructField, want reflect.Type) error {
	switch {
	case !f.IsExported():
		return fmt.Errorf("its field %s is not exported", f.Name)
	case f.Type != want:
		return fmt.Errorf("its field %s is a %v, the entity's is a %v", f.Name, f.Type, want)
	}
	return nil
}

// bindSort takes the fields of the sort key from P, left to right.
func (p *pattern) bindSort(fields map[string]reflect.StructField) error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	missing := ""
	for i, part := range p.sortParts() {
		if part.field == "" {
			continue
		}
		f, ok := fields[part.field]
		if !ok {
			missing = part.field
			continue
		}
		delete(fields, part.field)
		if missing != "" {
			refuse("its field %s needs a field %s, which comes before it in the sort key %s", part.field, missing, p.sort)
		}
		if p.ranged {
			refuse("its field %s comes after a Range in the sort key %s: a Range is the last one", part.field, p.sort)
		}
		want := part.codec.typ
		if r, ok := reflect.Zero(f.Type).Interface().(ranged); ok {
			p.ranged = true
			if !part.codec.rangeable(i == len(p.sort.parts)-1) {
				refuse("its field %s is a Range of %v: values of varying length are in order at the end of a sort key only, and this is %s",
					part.field, want, p.sort)
			}
			if r.element() != want {
				refuse("its field %s is a Range of %v, the entity's field is a %v", part.field, r.element(), want)
			}
			if !f.IsExported() {
				refuse("its field %s is not exported", part.field)
			}
		} else {
			errs = append(errs, checkPatternField(f, want))
		}
		p.bound = append(p.bound, f.Index)
	}
	return errors.Join(errs...)
}

func (p *pattern) sortParts() []part {
	if p.sort == nil {
		return nil
	}
	return p.sort.parts
}

// rangeable reports whether keys with the encoded value are in the order of the values.
func (c *codec) rangeable(last bool) bool {
	return c.width > 0 || last && (c.kind == kindString && !c.lower || c.kind == kindText)
}

// templatesOn returns the key templates of the entity on an index; sort may be nil.
func (e *entity) templatesOn(index string) (part, sort *template, err error) {
	if index == "" {
		return e.partition.template, e.sort.template, nil
	}
	x, ok := e.model.index(index)
	if !ok {
		return nil, nil, fmt.Errorf("the schema has no index %s", index)
	}
	if x.Local {
		part = e.partition.template
	}
	on := false
	for _, k := range e.indexKeys {
		switch {
		case k.index != index:
			continue
		case k.sort:
			sort = k.template
		default:
			part = k.template
		}
		on = true
	}
	if !on {
		return nil, nil, fmt.Errorf("the entity is not on the index %s: declare it with InIndex", index)
	}
	return part, sort, nil
}

// selection is a pattern with its values: what a query asks for.
type selection struct {
	partition string
	operator  sortOperator
	low, high string // high also is the operand of "=" and begins_with
	except    string // a sort key at the upper end that does not belong to the range
	edges     *edges // what the keys at the ends of the range do not tell
	never     bool   // no key can be in the range
}

type sortOperator int

const (
	sortAny sortOperator = iota
	sortEqual
	sortPrefix
	sortBetween
)

// select renders the keys for the values of a P.
func (p *pattern) selectBy(v reflect.Value, fs *faults) selection {
	var s selection
	s.partition = renderPresent(p.partition, v, fs)
	checkKeySize(p.index.PartitionKey, s.partition, maxPartitionKey, fs)
	if p.sort != nil {
		p.selectSort(v, &s, fs)
	}
	return s
}

func (p *pattern) selectSort(v reflect.Value, s *selection, fs *faults) {
	prefix := make([]byte, 0, 64)
	next := 0
	for _, part := range p.sort.parts {
		if part.field == "" {
			prefix = append(prefix, part.literal...)
			continue
		}
		if next == len(p.bound) {
			s.setPrefix(prefix)
			return
		}
		f := v.FieldByIndex(p.bound[next])
		next++
		if p.ranged && next == len(p.bound) {
			b := f.Interface().(ranged).bounds()
			part.selectRange(prefix, b, p.sort.separator, s, fs)
			return
		}
		if part.codec.empty(f) {
			fs.add(part.field, "is empty, and part of the key %s", p.sort)
			return
		}
		prefix = part.append(prefix, f, p.sort.separator, fs)
	}
	s.operator, s.high = sortEqual, string(prefix)
}

func (s *selection) setPrefix(prefix []byte) {
	if len(prefix) > 0 {
		s.operator, s.high = sortPrefix, string(prefix)
	}
}

// edges are the bounds of a range that fall into a unit of the key, such as noon where
// the key has the day: the items of that unit are told apart by their field.
type edges struct {
	field      string
	from, to   time.Time // zero where the key tells
	includesTo bool
}

// withinUnits returns the bounds that the keys do not tell; nil when they tell both.
func (p part) withinUnits(b bounds) *edges {
	if !p.codec.lossy() {
		return nil
	}
	w := edges{field: p.field, includesTo: b.includesTo}
	if b.from.IsValid() && !p.codec.empty(b.from) {
		if from := timeOf(b.from); !p.codec.startsUnit(from) {
			w.from = from
		}
	}
	if b.to.IsValid() && !p.codec.empty(b.to) {
		to := timeOf(b.to)
		next := to
		if b.includesTo {
			next = to.Add(1)
		}
		if !p.codec.startsUnit(next) {
			w.to = to
		}
	}
	if w.from.IsZero() && w.to.IsZero() {
		return nil
	}
	return &w
}

// holds reports whether an item of the entity is within the bounds.
func (w *edges) holds(e *entity, it item) (bool, error) {
	v := reflect.New(e.typ)
	if err := e.decode(it, v.Interface()); err != nil {
		return false, err
	}
	f := v.Elem().FieldByIndex(e.fieldIndex(w.field))
	if f.Kind() == reflect.Pointer && f.IsNil() {
		return false, nil
	}
	at := timeOf(pointed(f))
	switch {
	case !w.from.IsZero() && at.Before(w.from):
		return false, nil
	case !w.to.IsZero() && at.After(w.to), !w.to.IsZero() && !w.includesTo && at.Equal(w.to):
		return false, nil
	}
	return true, nil
}

// text tells the bounds of one query from those of another.
func (w *edges) text() string {
	return fmt.Sprint(w.from.UnixNano(), w.from.IsZero(), w.to.UnixNano(), w.to.IsZero(), w.includesTo)
}

// selectRange renders the bounds of a range. Keys continue after the value, so that
// the upper bound ends with the character that sorts last.
func (p part) selectRange(prefix []byte, b bounds, separator string, s *selection, fs *faults) {
	if !b.from.IsValid() && !b.to.IsValid() {
		s.setPrefix(prefix)
		return
	}
	b.from, b.to = pointed(b.from), pointed(b.to)
	s.operator = sortBetween
	s.edges = p.withinUnits(b)
	s.low, s.high = string(prefix), string(prefix)+highest
	if b.from.IsValid() && !p.codec.empty(b.from) {
		s.low = string(p.append(append([]byte(nil), prefix...), b.from, separator, fs))
	}
	if b.to.IsValid() {
		p.selectUpper(prefix, b, separator, s, fs)
	}
	if s.low > s.high {
		s.never = true
	}
}

func (p part) selectUpper(prefix []byte, b bounds, separator string, s *selection, fs *faults) {
	to, ok := b.to, true
	if !b.includesTo {
		to, ok = p.codec.before(b.to)
	}
	switch {
	case p.codec.empty(b.to) && !b.includesTo:
		s.never = true
	case ok:
		s.high = string(p.append(append([]byte(nil), prefix...), to, separator, fs))
		if p.codec.width > 0 {
			s.high += highest
		}
	case p.codec.width > 0:
		s.never = true // nothing is below the least value
	default:
		s.high = string(p.append(append([]byte(nil), prefix...), b.to, separator, fs))
		s.except = s.high
	}
}
