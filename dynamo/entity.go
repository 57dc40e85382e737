package dynamo

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/marker"
)

// Entity is one kind of item: the struct T that is stored, and the struct K of the
// fields that make up its key. It is a value to declare once, at package level, and
// safe for concurrent use.
type Entity[T, K any] struct {
	core *entityCore
}

// entityCore is the untyped core of an Entity.
type entityCore struct {
	model      *Model
	name       string
	typ, key   reflect.Type
	attributes []*attr.Attribute
	keyFields  []*attr.Attribute // of typ, those in K, in the order of K
	keyIndex   [][]int           // their places in K

	partition, sort     keytemplate.Binding // on typ
	keyPart, keySortKey keytemplate.Binding // on K
	indexKeys           []indexKey
	indexes             []string // indexes the entity is in
	uniques             []uniqueValue

	version     *attr.Attribute
	expiry      *attr.Attribute
	expireAfter time.Duration
	correlated  bool
}

// MustEntity is NewEntity for package-level variables: it panics when the entity is
// wrong.
func MustEntity[T, K any](m *Model, name string, key KeyTemplates, optFns ...func(*EntityOptions)) *Entity[T, K] {
	return given.Must(NewEntity[T, K](m, name, key, optFns...))
}

// NewEntity declares an entity of the model. The error names every fault, such as a
// template that names no field, a field without a sortable form, a field of K that T does
// not have, or keys that could equal those of another entity.
func NewEntity[T, K any](m *Model, name string, key KeyTemplates, optFns ...func(*EntityOptions)) (*Entity[T, K], error) {
	var o EntityOptions
	given.Options(&o, optFns)
	core, err := newEntity(m, name, reflect.TypeFor[T](), reflect.TypeFor[K](), key, o)
	if err == nil {
		err = m.register(core)
	}
	if err != nil {
		return nil, fmt.Errorf("dynamo: %s: %w", named("entity", name), err)
	}
	return &Entity[T, K]{core: core}, nil
}

// named says of which kind something is, and its name where it has one.
func named(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + name
}

func newEntity(m *Model, name string, typ, key reflect.Type, keys KeyTemplates, o EntityOptions) (*entityCore, error) {
	if !m.made() {
		return nil, errors.New("the model is nil or its zero value")
	}
	var errs []error
	switch {
	case name == "":
		errs = append(errs, errors.New("the name is empty"))
	case strings.Contains(name, m.schema.Separator):
		errs = append(errs, fmt.Errorf("the name %q contains the separator %s", name, m.schema.Separator))
	}
	attributes, err := attr.Of(typ)
	errs = append(errs, err)
	if len(attributes) == 0 && err != nil {
		return nil, errors.Join(errs...)
	}
	e := &entityCore{
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
func (e *entityCore) useKeyType() error {
	if e.key.Kind() != reflect.Struct {
		return fmt.Errorf("the key type %v is not a struct", e.key)
	}
	var errs []error
	for _, f := range reflect.VisibleFields(e.key) {
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			continue
		}
		a := attr.Lookup(e.attributes, f.Name)
		switch {
		case !f.IsExported():
			errs = append(errs, fmt.Errorf("field %s of the key type %v is not exported", f.Name, e.key))
		case a == nil:
			errs = append(errs, fmt.Errorf("%v has no stored field %s, which is in its key type %v", e.typ, f.Name, e.key))
		case a.Type != f.Type:
			errs = append(errs, fmt.Errorf("field %s is a %v in %v and a %v in %v", f.Name, a.Type, e.typ, f.Type, e.key))
		default:
			e.keyFields = append(e.keyFields, a)
			e.keyIndex = append(e.keyIndex, f.Index)
		}
	}
	return errors.Join(errs...)
}

func (e *entityCore) keyFieldIndex(field string) []int {
	for i, a := range e.keyFields {
		if a.Field == field {
			return e.keyIndex[i]
		}
	}
	return nil
}

func (e *entityCore) fieldIndex(field string) []int { return attr.Lookup(e.attributes, field).Index }

func (e *entityCore) inKey(field string) bool { return e.keyFieldIndex(field) != nil }

// parse reads a template on the entity's struct.
func (e *entityCore) parse(source string) (*keytemplate.Template, error) {
	return keytemplate.Parse(source, e.model.schema.Separator, func(field string) (reflect.Type, error) {
		a := attr.Lookup(e.attributes, field)
		if a == nil {
			return nil, fmt.Errorf("%v has no stored field %q (it has %s)", e.typ, field, attr.FieldNames(e.attributes))
		}
		return a.Type, nil
	})
}

func (e *entityCore) useKeys(keys KeyTemplates) error {
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
	var sort *keytemplate.Template
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
	e.partition, e.keyPart = part.Bind(e.fieldIndex), part.Bind(e.keyFieldIndex)
	if sort != nil {
		e.sort, e.keySortKey = sort.Bind(e.fieldIndex), sort.Bind(e.keyFieldIndex)
	}
	return nil
}

func (e *entityCore) checkKeyTemplates(part, sort *keytemplate.Template) error {
	var errs []error
	used := map[string]bool{}
	for _, t := range []*keytemplate.Template{part, sort} {
		if t == nil {
			continue
		}
		for _, p := range t.Parts {
			if p.Field == "" {
				continue
			}
			used[p.Field] = true
			switch {
			case !e.inKey(p.Field):
				errs = append(errs, fmt.Errorf("template %q: field %s is not in the key type %v", t.Source, p.Field, e.key))
			case p.Codec.Lossy():
				errs = append(errs, fmt.Errorf("template %q: %s:%s gives several items one key", t.Source, p.Field, p.Spec))
			case p.Codec.Type.Kind() == reflect.Pointer:
				errs = append(errs, fmt.Errorf("template %q: field %s is a pointer, a key needs its value", t.Source, p.Field))
			}
		}
	}
	errs = append(errs, checkSortable(sort))
	for _, a := range e.keyFields {
		if !used[a.Field] {
			errs = append(errs, fmt.Errorf("field %s of the key type %v is in no key template", a.Field, e.key))
		}
	}
	return errors.Join(errs...)
}

// checkSortable refuses integers of varying width in a sort key: 10 would sort before 9.
func checkSortable(t *keytemplate.Template) error {
	if t == nil {
		return nil
	}
	for _, p := range t.Parts {
		if p.Field != "" && !p.Codec.Sortable() {
			return fmt.Errorf("template %q: field %s is an integer of varying width and would not sort: write {%s:010} with the digits it needs",
				t.Source, p.Field, p.Field)
		}
	}
	return nil
}

// useRoles finds the version and the expiry.
func (e *entityCore) useRoles() error {
	var errs []error
	for _, a := range e.attributes {
		switch a.Role {
		case "":
		case "version":
			if e.version != nil {
				errs = append(errs, fmt.Errorf("fields %s and %s are both tagged as the version", e.version.Field, a.Field))
			}
			if kind := a.Type.Kind(); kind < reflect.Int || kind > reflect.Int64 || !a.Encoder.Plain && strings.Contains(a.Options, "string") {
				errs = append(errs, fmt.Errorf("the version %s is a %v, it has to be a signed integer stored as a number", a.Field, a.Type))
			}
			e.version = a
		default:
			errs = append(errs, fmt.Errorf(`field %s has the unknown tag dynamo:%q (there is "version")`, a.Field, a.Role))
		}
		if ttl := e.model.schema.TTL; ttl != "" && a.Name == ttl {
			e.expiry = a
			if !storedAsSeconds(a) {
				errs = append(errs, fmt.Errorf(`the expiry %s is a %v: it has to be an integer of epoch seconds, or a time.Time tagged dynamodbav:",unixtime"`, a.Field, a.Type))
			}
		}
	}
	switch {
	case e.expireAfter < 0:
		errs = append(errs, errors.New("ExpireAfter is negative"))
	case e.expireAfter > 0 && e.model.schema.TTL == "":
		errs = append(errs, errors.New("ExpireAfter needs a schema with a TTL attribute"))
	case e.expireAfter > 0 && e.expiry != nil:
		errs = append(errs, fmt.Errorf("it has ExpireAfter and the field %s for its expiry: keep one", e.expiry.Field))
	}
	return errors.Join(errs...)
}

func storedAsSeconds(a *attr.Attribute) bool {
	if a.Type.ConvertibleTo(keytemplate.TimeType) && a.Type.Kind() == reflect.Struct {
		return strings.Contains(a.Options+",", ",unixtime,") || a.Type.Implements(attr.MarshalerType)
	}
	kind := a.Type.Kind()
	return kind >= reflect.Int && kind <= reflect.Int64 && !strings.Contains(a.Options, "string")
}

// checkNames refuses fields stored where the schema keeps its own attributes. A key
// attribute may be a field when its template is that field and nothing else.
func (e *entityCore) checkNames() error {
	s := e.model.schema
	reserved := append(e.model.keyAttributes(), s.Discriminator, marker.Attribute)
	if e.correlated {
		reserved = append(reserved, correlation.Attribute, correlation.TraceAttribute)
	}
	var errs []error
	for _, a := range e.attributes {
		for _, name := range reserved {
			if strings.EqualFold(a.Name, name) && !e.isKeyItself(a, name) {
				errs = append(errs, fmt.Errorf("field %s is stored in the attribute %s, which the schema uses for %s: give it another name in its dynamodbav tag",
					a.Field, a.Name, name))
			}
		}
		if s.TTL != "" && a.Name != s.TTL && strings.EqualFold(a.Name, s.TTL) {
			errs = append(errs, fmt.Errorf("field %s is stored in the attribute %s, too close to the expiry %s", a.Field, a.Name, s.TTL))
		}
	}
	return errors.Join(errs...)
}

func (e *entityCore) isKeyItself(a *attr.Attribute, name string) bool {
	if a.Name != name || a.Type.Kind() != reflect.String || !a.Encoder.Plain {
		return false
	}
	s := e.model.schema
	for _, k := range e.indexKeys {
		if k.attribute == name {
			return k.IsField(a.Field)
		}
	}
	switch name {
	case s.PartitionKey:
		return e.partition.IsField(a.Field)
	case s.SortKey:
		return e.sort.IsField(a.Field)
	}
	return false
}

func (e *entityCore) overlaps(other *entityCore) bool {
	return e.partition.Overlaps(other.partition.Template) && e.sort.Overlaps(other.sort.Template)
}

// keyText shows the key templates: ORDER#{OrderID} / METADATA.
func (e *entityCore) keyText() string {
	if e.sort.Template == nil {
		return e.partition.Source
	}
	return e.partition.Source + " / " + e.sort.Source
}

// Name returns the name of the entity, which is the value of its discriminator.
func (e *Entity[T, K]) Name() string { return e.must().name }

// Key returns the key of a value.
func (e *Entity[T, K]) Key(v T) K {
	var k K
	e.must().copyKey(reflect.ValueOf(&k).Elem(), reflect.ValueOf(&v).Elem())
	return k
}

// copyKey sets the fields of a key from those of a value.
func (e *entityCore) copyKey(key, value reflect.Value) {
	for i, a := range e.keyFields {
		key.FieldByIndex(e.keyIndex[i]).Set(value.FieldByIndex(a.Index))
	}
}

// setKey sets the key fields of a value.
func (e *entityCore) setKey(value, key reflect.Value) {
	for i, a := range e.keyFields {
		value.FieldByIndex(a.Index).Set(key.FieldByIndex(e.keyIndex[i]))
	}
}

// anyEntity is implemented by every Entity.
type anyEntity interface{ entity() *entityCore }

func (e *Entity[T, K]) entity() *entityCore {
	if e == nil {
		return nil
	}
	return e.core
}

// must returns the core of an entity, and panics for one that NewEntity did not make.
func (e *Entity[T, K]) must() *entityCore {
	core := e.entity()
	if core == nil {
		panic("dynamo: this Entity is nil or its zero value: make it with NewEntity or MustEntity")
	}
	return core
}
