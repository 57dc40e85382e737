package dynamo

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/marker"
)

// Entity is one kind of item: the struct T that is stored, and the struct K of the
// fields that make up its key. It is a value to declare once, at package level, and
// safe for concurrent use.
type Entity[T, K any] struct {
	core *entity
}

// entity is the untyped core of an Entity.
type entity struct {
	model      *Model
	name       string
	typ, key   reflect.Type
	attributes []*attribute
	keyFields  []*attribute // of typ, those in K, in the order of K
	keyIndex   [][]int      // their places in K

	partition, sort     binding // on typ
	keyPart, keySortKey binding // on K
	indexKeys           []indexKey
	indexes             []string // indexes the entity is in
	uniques             []unique

	version     *attribute
	expiry      *attribute
	expireAfter time.Duration
	correlated  bool
}

// MustEntity is NewEntity for package-level variables: it panics when the entity is
// wrong.
func MustEntity[T, K any](m *Model, name string, key KeyTemplates, optFns ...func(*EntityOptions)) *Entity[T, K] {
	e, err := NewEntity[T, K](m, name, key, optFns...)
	if err != nil {
		panic(err)
	}
	return e
}

// NewEntity declares an entity of the model. The error names every fault: a template
// that names no field, a field without a sortable form, a field of K that T does not
// have, keys that could equal those of another entity, and more.
func NewEntity[T, K any](m *Model, name string, key KeyTemplates, optFns ...func(*EntityOptions)) (*Entity[T, K], error) {
	var o EntityOptions
	given.Options(&o, optFns)
	core, err := newEntity(m, name, reflect.TypeFor[T](), reflect.TypeFor[K](), key, o)
	if err == nil {
		err = m.register(core)
	}
	if err != nil {
		return nil, fmt.Errorf("dynamo: entity %s: %w", name, err)
	}
	return &Entity[T, K]{core: core}, nil
}

func newEntity(m *Model, name string, typ, key reflect.Type, keys KeyTemplates, o EntityOptions) (*entity, error) {
	if m == nil {
		return nil, errors.New("the model is nil")
	}
	var errs []error
	if name == "" || strings.Contains(name, m.schema.Separator) {
		errs = append(errs, fmt.Errorf("the name %q is empty or contains the separator", name))
	}
	attributes, err := attributesOf(typ)
	errs = append(errs, err)
	if len(attributes) == 0 && err != nil {
		return nil, errors.Join(errs...)
	}
	e := &entity{
		model: m, name: name, typ: typ, key: key, attributes: attributes,
		expireAfter: o.expireAfter, correlated: o.correlated,
	}
	for _, step := range []func() error{
		e.useKeyType,
		func() error { return e.useKeys(keys) },
		func() error { return e.useIndexes(o.indexes) },
		func() error { return e.useUniques(o.uniques) },
		e.useRoles,
		e.checkNames,
	} {
		errs = append(errs, step())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return e, nil
}

// useKeyType finds the fields of K in T.
func (e *entity) useKeyType() error {
	if e.key.Kind() != reflect.Struct {
		return fmt.Errorf("the key type %v is not a struct", e.key)
	}
	var errs []error
	for _, f := range reflect.VisibleFields(e.key) {
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			continue
		}
		a := lookup(e.attributes, f.Name)
		switch {
		case !f.IsExported():
			errs = append(errs, fmt.Errorf("field %s of the key type %v is not exported", f.Name, e.key))
		case a == nil:
			errs = append(errs, fmt.Errorf("%v has no stored field %s, which is in its key type %v", e.typ, f.Name, e.key))
		case a.typ != f.Type:
			errs = append(errs, fmt.Errorf("field %s is a %v in %v and a %v in %v", f.Name, a.typ, e.typ, f.Type, e.key))
		default:
			e.keyFields = append(e.keyFields, a)
			e.keyIndex = append(e.keyIndex, f.Index)
		}
	}
	return errors.Join(errs...)
}

func (e *entity) keyFieldIndex(field string) []int {
	for i, a := range e.keyFields {
		if a.field == field {
			return e.keyIndex[i]
		}
	}
	return nil
}

func (e *entity) fieldIndex(field string) []int { return lookup(e.attributes, field).index }

func (e *entity) inKey(field string) bool { return e.keyFieldIndex(field) != nil }

// parse reads a template on the entity's struct.
func (e *entity) parse(source string) (*template, error) {
	return parseTemplate(source, e.model.schema.Separator, func(field string) (reflect.Type, error) {
		a := lookup(e.attributes, field)
		if a == nil {
			return nil, fmt.Errorf("%v has no stored field %q (it has %s)", e.typ, field, fieldNames(e.attributes))
		}
		return a.typ, nil
	})
}

func (e *entity) useKeys(keys KeyTemplates) error {
	s := e.model.schema
	var errs []error
	switch {
	case keys.sort != "" && s.SortKey == "":
		errs = append(errs, errors.New("Key has a template for a sort key, the schema has no SortKey"))
	case keys.sort == "" && s.SortKey != "":
		errs = append(errs, fmt.Errorf("Key has no template for the sort key %s", s.SortKey))
	}
	part, err := e.parse(keys.partition)
	errs = append(errs, err)
	var sort *template
	if keys.sort != "" {
		var err error
		sort, err = e.parse(keys.sort)
		errs = append(errs, err)
	}
	// Which fields are in no template is known when all templates can be read.
	if errors.Join(errs...) == nil {
		errs = append(errs, e.checkKeyTemplates(part, sort))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	e.partition, e.keyPart = part.bind(e.fieldIndex), part.bind(e.keyFieldIndex)
	if sort != nil {
		e.sort, e.keySortKey = sort.bind(e.fieldIndex), sort.bind(e.keyFieldIndex)
	}
	return nil
}

func (e *entity) checkKeyTemplates(part, sort *template) error {
	var errs []error
	used := map[string]bool{}
	for _, t := range []*template{part, sort} {
		if t == nil {
			continue
		}
		for _, p := range t.parts {
			if p.field == "" {
				continue
			}
			used[p.field] = true
			switch {
			case !e.inKey(p.field):
				errs = append(errs, fmt.Errorf("template %q: field %s is not in the key type %v", t.source, p.field, e.key))
			case p.codec.lossy():
				errs = append(errs, fmt.Errorf("template %q: %s:%s gives several items one key", t.source, p.field, p.spec))
			case p.codec.typ.Kind() == reflect.Pointer:
				errs = append(errs, fmt.Errorf("template %q: field %s is a pointer, a key needs its value", t.source, p.field))
			}
		}
	}
	errs = append(errs, checkSortable(sort))
	for _, a := range e.keyFields {
		if !used[a.field] {
			errs = append(errs, fmt.Errorf("field %s of the key type %v is in no key template", a.field, e.key))
		}
	}
	return errors.Join(errs...)
}

// checkSortable refuses integers of varying width in a sort key: 10 would sort before 9.
func checkSortable(t *template) error {
	if t == nil {
		return nil
	}
	for _, p := range t.parts {
		if p.field != "" && !p.codec.sortable() {
			return fmt.Errorf("template %q: field %s is an integer of varying width and would not sort: write {%s:010} with the digits it needs",
				t.source, p.field, p.field)
		}
	}
	return nil
}

// useRoles finds the version and the expiry.
func (e *entity) useRoles() error {
	var errs []error
	for _, a := range e.attributes {
		switch a.role {
		case "":
		case "version":
			if e.version != nil {
				errs = append(errs, fmt.Errorf("fields %s and %s are both tagged as the version", e.version.field, a.field))
			}
			if kind := a.typ.Kind(); kind < reflect.Int || kind > reflect.Int64 || a.encoder.holder != nil && strings.Contains(a.options, "string") {
				errs = append(errs, fmt.Errorf("the version %s is a %v, it has to be a signed integer stored as a number", a.field, a.typ))
			}
			e.version = a
		default:
			errs = append(errs, fmt.Errorf(`field %s has the unknown tag dynamo:%q (there is "version")`, a.field, a.role))
		}
		if ttl := e.model.schema.TTL; ttl != "" && a.name == ttl {
			e.expiry = a
			if !storedAsSeconds(a) {
				errs = append(errs, fmt.Errorf(`the expiry %s is a %v: it has to be an integer of epoch seconds, or a time.Time tagged dynamodbav:",unixtime"`, a.field, a.typ))
			}
		}
	}
	switch {
	case e.expireAfter < 0:
		errs = append(errs, errors.New("ExpireAfter is negative"))
	case e.expireAfter > 0 && e.model.schema.TTL == "":
		errs = append(errs, errors.New("ExpireAfter needs a schema with a TTL attribute"))
	case e.expireAfter > 0 && e.expiry != nil:
		errs = append(errs, fmt.Errorf("it has ExpireAfter and the field %s for its expiry: keep one", e.expiry.field))
	}
	return errors.Join(errs...)
}

func storedAsSeconds(a *attribute) bool {
	if a.typ.ConvertibleTo(timeType) && a.typ.Kind() == reflect.Struct {
		return strings.Contains(a.options+",", ",unixtime,") || a.typ.Implements(marshalerType)
	}
	kind := a.typ.Kind()
	return kind >= reflect.Int && kind <= reflect.Int64 && !strings.Contains(a.options, "string")
}

// checkNames refuses fields stored where the schema keeps its own attributes. A key
// attribute may be a field when its template is that field and nothing else.
func (e *entity) checkNames() error {
	s := e.model.schema
	reserved := append(e.model.keyAttributes(), s.Discriminator, marker.Attribute)
	if e.correlated {
		reserved = append(reserved, correlationAttribute, traceAttribute)
	}
	var errs []error
	for _, a := range e.attributes {
		for _, name := range reserved {
			if strings.EqualFold(a.name, name) && !e.isKeyItself(a, name) {
				errs = append(errs, fmt.Errorf("field %s is stored in the attribute %s, which the schema uses for %s: give it another name in its dynamodbav tag",
					a.field, a.name, name))
			}
		}
		if s.TTL != "" && a.name != s.TTL && strings.EqualFold(a.name, s.TTL) {
			errs = append(errs, fmt.Errorf("field %s is stored in the attribute %s, too close to the expiry %s", a.field, a.name, s.TTL))
		}
	}
	return errors.Join(errs...)
}

func (e *entity) isKeyItself(a *attribute, name string) bool {
	if a.name != name || a.typ.Kind() != reflect.String || !a.encoder.plain {
		return false
	}
	s := e.model.schema
	for _, k := range e.indexKeys {
		if k.attribute == name {
			return k.isField(a.field)
		}
	}
	switch name {
	case s.PartitionKey:
		return e.partition.isField(a.field)
	case s.SortKey:
		return e.sort.isField(a.field)
	}
	return false
}

// isField reports whether the template is the field and nothing else.
func (t *template) isField(field string) bool {
	return t != nil && len(t.parts) == 1 && t.parts[0].field == field && t.parts[0].spec == "" &&
		t.parts[0].codec.kind == kindString
}

func (e *entity) overlaps(other *entity) bool {
	return e.partition.overlaps(other.partition.template) && e.sort.overlaps(other.sort.template)
}

// keyText shows the key templates: ORDER#{OrderID} / METADATA.
func (e *entity) keyText() string {
	if e.sort.template == nil {
		return e.partition.source
	}
	return e.partition.source + " / " + e.sort.source
}

// Name returns the name of the entity, which is the value of its discriminator.
func (e *Entity[T, K]) Name() string { return e.core.name }

// Key returns the key of a value.
func (e *Entity[T, K]) Key(v T) K {
	var k K
	e.core.copyKey(reflect.ValueOf(&k).Elem(), reflect.ValueOf(&v).Elem())
	return k
}

// copyKey sets the fields of a key from those of a value.
func (e *entity) copyKey(key, value reflect.Value) {
	for i, a := range e.keyFields {
		key.FieldByIndex(e.keyIndex[i]).Set(value.FieldByIndex(a.index))
	}
}

// setKey sets the key fields of a value.
func (e *entity) setKey(value, key reflect.Value) {
	for i, a := range e.keyFields {
		value.FieldByIndex(a.index).Set(key.FieldByIndex(e.keyIndex[i]))
	}
}

// anyEntity is implemented by every Entity.
type anyEntity interface{ entity() *entity }

func (e *Entity[T, K]) entity() *entity { return e.core }
