package dynamo

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
	"github.com/patternkit/serverless/internal/given"
)

// Collection reads the items of several entities that share a partition into one
// struct V, with one query.
type Collection[K, V any] struct {
	core *collectionCore
}

// collectionCore is the untyped core of a Collection.
type collectionCore struct {
	model     *Model
	index     Index
	key, view reflect.Type
	partition keytemplate.Binding // on K
	members   []collectionMember
}

// collectionMember is an entity of a collection and its field in V.
type collectionMember struct {
	entity   *entityCore
	field    reflect.StructField
	many     bool // a slice
	optional bool // a pointer
}

// MustCollection is NewCollection for package-level variables: it panics when the
// collection is wrong.
func MustCollection[K, V any](entities ...Member) *Collection[K, V] {
	return given.Must(NewCollection[K, V](entities...))
}

// Member is an entity of a collection; every *Entity is one.
type Member interface{ anyEntity }

// NewCollection declares a collection of entities whose partition keys have the same
// template. V is a struct with one field for each entity that stores T. The field is a T
// when there has to be exactly one item, a *T when there is at most one, and a []T for any
// number, in the order of the sort key.
func NewCollection[K, V any](entities ...Member) (*Collection[K, V], error) {
	return NewCollectionOn[K, V]("", entities...)
}

// MustCollectionOn is NewCollectionOn for package-level variables.
func MustCollectionOn[K, V any](index string, entities ...Member) *Collection[K, V] {
	return given.Must(NewCollectionOn[K, V](index, entities...))
}

// NewCollectionOn declares a collection on an index, where the entities share the
// partition key of the index.
func NewCollectionOn[K, V any](index string, entities ...Member) (*Collection[K, V], error) {
	key, view := reflect.TypeFor[K](), reflect.TypeFor[V]()
	c, err := newCollection(index, key, view, entities)
	if err != nil {
		return nil, fmt.Errorf("dynamo: collection %v: %w", view, err)
	}
	c.model.addCollection(c.describe())
	return &Collection[K, V]{core: c}, nil
}

func newCollection(index string, key, view reflect.Type, entities []Member) (*collectionCore, error) {
	switch {
	case len(entities) == 0:
		return nil, errors.New("it has no entities")
	case key.Kind() != reflect.Struct || view.Kind() != reflect.Struct:
		return nil, fmt.Errorf("%v and %v have to be structs", key, view)
	}
	for i, m := range entities {
		if given.Nil(m) || m.entity() == nil {
			return nil, fmt.Errorf("entity %d is nil or its zero value", i+1)
		}
	}
	c := &collectionCore{model: entities[0].entity().model, key: key, view: view}
	var ok bool
	if c.index, ok = c.model.index(index); !ok {
		return nil, fmt.Errorf("the schema has no index %s", index)
	}
	var shared *keytemplate.Template
	var errs []error
	for _, m := range entities {
		e := m.entity()
		part, _, err := e.templatesOn(index)
		switch {
		case e.model != c.model:
			err = errors.New("it belongs to another model")
		case err == nil && shared == nil:
			shared = part
		case err == nil && part.Skeleton() != shared.Skeleton():
			err = fmt.Errorf("its partition key is %s, that of the others %s", part, shared)
		}
		if err == nil {
			err = c.addMember(e)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.name, err))
		}
	}
	if shared != nil {
		errs = append(errs, c.bindKey(shared, entities[0].entity()))
	}
	for _, f := range reflect.VisibleFields(view) {
		if !c.uses(f) {
			errs = append(errs, fmt.Errorf("no entity fills the field %s", f.Name))
		}
	}
	return c, errors.Join(errs...)
}

func (c *collectionCore) describe() PatternDescription {
	d := PatternDescription{
		Name: c.view.Name(), Index: c.index.Name,
		Condition: fmt.Sprintf("%s = %s", c.index.PartitionKey, c.partition.Source),
	}
	for _, member := range c.members {
		d.Entities = append(d.Entities, member.entity.name)
	}
	return d
}

// addMember finds the field for the entity.
func (c *collectionCore) addMember(e *entityCore) error {
	found := 0
	var m collectionMember
	for _, f := range reflect.VisibleFields(c.view) {
		switch {
		case f.Type == e.typ:
			m = collectionMember{entity: e, field: f}
		case f.Type == reflect.PointerTo(e.typ):
			m = collectionMember{entity: e, field: f, optional: true}
		case f.Type == reflect.SliceOf(e.typ):
			m = collectionMember{entity: e, field: f, many: true}
		default:
			continue
		}
		found++
	}
	switch {
	case found == 0:
		return fmt.Errorf("%v has no field of type %v, *%v or []%v", c.view, e.typ, e.typ, e.typ)
	case found > 1:
		return fmt.Errorf("%v has %d fields for it", c.view, found)
	case !m.field.IsExported():
		return fmt.Errorf("field %s is not exported", m.field.Name)
	case c.uses(m.field):
		return fmt.Errorf("field %s is also that of another entity", m.field.Name)
	}
	c.members = append(c.members, m)
	return nil
}

func (c *collectionCore) uses(f reflect.StructField) bool {
	for _, m := range c.members {
		if m.field.Name == f.Name {
			return true
		}
	}
	return false
}

// bindKey finds the fields of the partition key in K.
func (c *collectionCore) bindKey(part *keytemplate.Template, e *entityCore) error {
	var errs []error
	for _, name := range part.Fields() {
		f, ok := c.key.FieldByName(name)
		if !ok {
			errs = append(errs, fmt.Errorf("%v has no field %s, which the partition key %s needs", c.key, name, part))
			continue
		}
		errs = append(errs, checkPatternField(f, attr.Lookup(e.attributes, name).Type))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.partition = part.Bind(func(name string) []int {
		f, _ := c.key.FieldByName(name)
		return f.Index
	})
	return nil
}

// Get reads the whole collection. It fails with ErrNotFound when an entity that has to
// be there is not. Items of entities of the model that are not in the collection are
// passed over.
func (c *Collection[K, V]) Get(ctx context.Context, t *Table, key K, optFns ...func(*ReadOptions)) (V, error) {
	if c == nil || c.core == nil {
		panic("dynamo: this Collection is nil or its zero value: make it with NewCollection or MustCollection")
	}
	var v V
	err := c.core.get(ctx, t, reflect.ValueOf(&key).Elem(), reflect.ValueOf(&v).Elem(), readOptions(optFns))
	if err != nil {
		var zero V
		return zero, err
	}
	return v, nil
}

func (c *collectionCore) fail(partition string, err error) error {
	return &OpError{Op: "collect", Entity: c.view.Name(), Key: partition, Err: err}
}

func (c *collectionCore) get(ctx context.Context, t *Table, key, view reflect.Value, o ReadOptions) error {
	var fs faults
	partition := renderPresent(c.partition, key, &fs)
	checkKeySize(c.index.PartitionKey, partition, maxPartitionKey, &fs)
	t.admitEntity(c.members[0].entity, &fs)
	if o.Consistent && c.index.Name != "" && !c.index.Local {
		fs.Addf("Consistent", "is not possible on the global index %s", c.index.Name)
	}
	if err := fs.err(); err != nil {
		return c.fail(partition, err)
	}
	var x expressionBuilder
	in := &dynamodb.QueryInput{
		TableName: &t.name, IndexName: optionalText(c.index.Name),
		KeyConditionExpression: aws.String(x.name(c.index.PartitionKey) + " = " + x.text(partition)),
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.names, x.values
	if o.Consistent {
		in.ConsistentRead = &o.Consistent
	}
	seen := map[*entityCore]bool{}
	for {
		out, err := t.client.Query(ctx, in)
		if err != nil {
			return c.fail(partition, err)
		}
		now := time.Now()
		for _, it := range out.Items {
			if t.model.gone(it, now) || ofOthers(it) {
				continue
			}
			if err := c.add(t, view, it, seen); err != nil {
				return c.fail(partition, err)
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			break
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
	for _, m := range c.members {
		if !m.many && !m.optional && !seen[m.entity] {
			return c.fail(partition, &causedError{text: m.entity.name + ": " + causeText(ErrNotFound), causes: []error{ErrNotFound}})
		}
	}
	return nil
}

// add puts an item into its field.
func (c *collectionCore) add(t *Table, view reflect.Value, it attr.Item, seen map[*entityCore]bool) error {
	name := attr.Text(it, t.schema().Discriminator)
	for _, m := range c.members {
		if m.entity.name != name {
			continue
		}
		v := reflect.New(m.entity.typ)
		if err := m.entity.decode(it, v.Interface()); err != nil {
			return err
		}
		f := view.FieldByIndex(m.field.Index)
		switch {
		case m.many:
			f.Set(reflect.Append(f, v.Elem()))
		case seen[m.entity]:
			return fmt.Errorf("there are several items of %s, and the field %s holds one", name, m.field.Name)
		case m.optional:
			f.Set(v)
		default:
			f.Set(v.Elem())
		}
		seen[m.entity] = true
		return nil
	}
	if !t.options.SkipUnknown && !t.model.known(name) {
		return fmt.Errorf("%w %q under the key %s", ErrUnknownEntity, name, keytemplate.Shown(t.model.keyIn(it).String()))
	}
	return nil
}
