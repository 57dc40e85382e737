package dynamo

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
	"github.com/patternkit/serverless/internal/given"
)

// AccessPattern is a declared access pattern: which items of an entity a P selects, through
// the table or an index. It is a value to declare once, at package level.
type AccessPattern[P, T any] struct {
	core *patternCore
}

// patternCore is the untyped core of an AccessPattern.
type patternCore struct {
	entity *entityCore
	index  Index // Name "" for the table
	typ    reflect.Type

	partition keytemplate.Binding
	sort      *keytemplate.Template
	bound     [][]int // places in P of the sort template's fields, in order; the last may be a range
	ranged    bool
}

// MustAccessPattern is NewAccessPattern for package-level variables: it panics when the pattern is
// wrong.
func MustAccessPattern[P, T, K any](e *Entity[T, K], index string) *AccessPattern[P, T] {
	return given.Must(NewAccessPattern[P](e, index))
}

// NewAccessPattern declares an access pattern on an index of the entity, or on the table
// with the index "". The fields of P are fields of the entity. It has all that the
// template of the partition key uses. Of those that the template of the sort key uses it
// has the first ones, as many as the query fixes; the last of these may be a Range.
func NewAccessPattern[P, T, K any](e *Entity[T, K], index string) (*AccessPattern[P, T], error) {
	typ := reflect.TypeFor[P]()
	if e.entity() == nil {
		return nil, fmt.Errorf("dynamo: pattern %v: the entity is nil or its zero value", typ)
	}
	core, err := newPattern(e.core, index, typ)
	if err != nil {
		return nil, fmt.Errorf("dynamo: pattern %v on %s: %w", typ, e.core.name, err)
	}
	e.core.model.addPattern(core.describe())
	return &AccessPattern[P, T]{core: core}, nil
}

func newPattern(e *entityCore, index string, typ reflect.Type) (*patternCore, error) {
	if typ.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", typ)
	}
	p := &patternCore{entity: e, typ: typ}
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
	for _, name := range part.Fields() {
		f, ok := fields[name]
		delete(fields, name)
		if !ok {
			errs = append(errs, fmt.Errorf("it has no field %s, which the partition key %s needs", name, part))
			continue
		}
		errs = append(errs, checkPatternField(f, attr.Lookup(e.attributes, name).Type))
	}
	errs = append(errs, p.bindSort(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		errs = append(errs, fmt.Errorf("its field %s is used by no key: the partition key is %s and the sort key %s", name, part, sort))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p.partition = part.Bind(func(name string) []int {
		f, _ := typ.FieldByName(name)
		return f.Index
	})
	return p, nil
}

func (p *patternCore) describe() PatternDescription {
	return PatternDescription{
		Name: p.typ.Name(), Entities: []string{p.entity.name}, Index: p.index.Name, Condition: p.condition(),
	}
}

// condition shows the key condition of the pattern in words.
func (p *patternCore) condition() string {
	text := fmt.Sprintf("%s = %s", p.index.PartitionKey, p.partition.Source)
	if p.sort == nil {
		return text
	}
	var prefix strings.Builder
	next := 0
	for _, part := range p.sort.Parts {
		if part.Field == "" {
			prefix.WriteString(part.Literal)
			continue
		}
		if next == len(p.bound) {
			break
		}
		next++
		fmt.Fprintf(&prefix, "{%s}", part.Field)
		if p.ranged && next == len(p.bound) {
			return fmt.Sprintf("%s, %s in the range of %s", text, p.index.SortKey, prefix.String())
		}
	}
	switch {
	case prefix.Len() == 0:
		return text
	case next == len(p.sort.Fields()):
		return fmt.Sprintf("%s, %s = %s", text, p.index.SortKey, p.sort.Source)
	default:
		return fmt.Sprintf("%s, %s begins with %s", text, p.index.SortKey, prefix.String())
	}
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
func (p *patternCore) bindSort(fields map[string]reflect.StructField) error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	missing := ""
	for i, part := range p.sortParts() {
		if part.Field == "" {
			continue
		}
		f, ok := fields[part.Field]
		if !ok {
			missing = part.Field
			continue
		}
		delete(fields, part.Field)
		if missing != "" {
			refuse("its field %s needs a field %s, which comes before it in the sort key %s", part.Field, missing, p.sort)
		}
		if p.ranged {
			refuse("its field %s comes after a Range in the sort key %s: a Range is the last one", part.Field, p.sort)
		}
		want := part.Codec.Type
		if r, ok := reflect.Zero(f.Type).Interface().(ranged); ok {
			p.ranged = true
			if !part.Codec.Rangeable(i == len(p.sort.Parts)-1) {
				refuse("its field %s is a Range of %v: values of varying length are in order at the end of a sort key only, and this is %s",
					part.Field, want, p.sort)
			}
			if r.element() != want {
				refuse("its field %s is a Range of %v, the entity's field is a %v", part.Field, r.element(), want)
			}
			if !f.IsExported() {
				refuse("its field %s is not exported", part.Field)
			}
		} else {
			errs = append(errs, checkPatternField(f, want))
		}
		p.bound = append(p.bound, f.Index)
	}
	return errors.Join(errs...)
}

func (p *patternCore) sortParts() []keytemplate.Part {
	if p.sort == nil {
		return nil
	}
	return p.sort.Parts
}

// templatesOn returns the key templates of the entity on an index; sort may be nil.
func (e *entityCore) templatesOn(index string) (part, sort *keytemplate.Template, err error) {
	if index == "" {
		return e.partition.Template, e.sort.Template, nil
	}
	x, ok := e.model.index(index)
	if !ok {
		return nil, nil, fmt.Errorf("the schema has no index %s", index)
	}
	if x.Local {
		part = e.partition.Template
	}
	on := false
	for _, k := range e.indexKeys {
		switch {
		case k.index != index:
			continue
		case k.sort:
			sort = k.Template
		default:
			part = k.Template
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
	keytemplate.Selection
}

// selectBy renders the keys for the values of a P.
func (p *patternCore) selectBy(v reflect.Value, fs *faults) selection {
	var s selection
	s.partition = renderPresent(p.partition, v, fs)
	checkKeySize(p.index.PartitionKey, s.partition, maxPartitionKey, fs)
	if p.sort != nil {
		p.selectSort(v, &s, fs)
	}
	return s
}

func (p *patternCore) selectSort(v reflect.Value, s *selection, fs *faults) {
	prefix := make([]byte, 0, 64)
	next := 0
	for _, part := range p.sort.Parts {
		if part.Field == "" {
			prefix = append(prefix, part.Literal...)
			continue
		}
		if next == len(p.bound) {
			s.SetPrefix(prefix)
			return
		}
		f := v.FieldByIndex(p.bound[next])
		next++
		if p.ranged && next == len(p.bound) {
			b := f.Interface().(ranged).bounds()
			part.SelectRange(prefix, b, p.sort.Separator, &s.Selection, fs)
			return
		}
		if part.Codec.Empty(f) {
			fs.Addf(part.Field, "is empty, and part of the key %s", p.sort)
			return
		}
		prefix = part.Append(prefix, f, p.sort.Separator, fs)
	}
	s.Operator, s.High = keytemplate.Equal, string(prefix)
}

// withinEdges reports whether an item of the entity is within the bounds that the keys
// cannot express.
func (e *entityCore) withinEdges(w *keytemplate.Edges, it attr.Item) (bool, error) {
	v := reflect.New(e.typ)
	if err := e.decode(it, v.Interface()); err != nil {
		return false, err
	}
	return w.Hold(v.Elem().FieldByIndex(e.fieldIndex(w.Field))), nil
}
