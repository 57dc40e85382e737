package dynamo

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/internal/correlation"
)

// Update changes fields of an item that is there; it fails with ErrNotFound when the
// item is not. It keeps the keys of indexes right: when one depends on a changed field
// and on another one whose value is not known, the operation is refused before it is
// sent. Known are the fields of the key, those that are Set, and those that a
// condition compares with Equal.
type Update[T any] struct {
	opTarget
	changes []*fieldChange
	upsert  bool
	version *int64
}

// Update returns the operation that changes the item of the key by the actions of Do.
// Nothing is sent before its Run or Return.
func (e *Entity[T, K]) Update(key K) Update[T] {
	return Update[T]{opTarget: opTarget{entity: e.must(), value: key, key: true}}
}

// Upsert is like Update, and makes the item when it is not there. The new item has the
// fields of the key and those that are changed, at version 1; ExpireAfter counts from
// then on. An expired item that is still there counts as not there: it is deleted and the
// Upsert done again, which takes two more requests. In Table.Items, which sends nothing,
// it fails the condition instead. An entity with a unique value that the new item would
// claim refuses Upsert.
func (e *Entity[T, K]) Upsert(key K) Update[T] {
	u := e.Update(key)
	u.upsert = true
	return u
}

// Do returns the operation with further actions. Each field can be changed once.
func (u Update[T]) Do(actions ...Action[T]) Update[T] {
	u.changes = slices.Concat(u.changes, changesOf(actions))
	return u
}

// If returns the operation with further conditions, all of which have to hold.
func (u Update[T]) If(conditions ...Condition[T]) Update[T] {
	u.opTarget = u.with(nodesOf(conditions))
	return u
}

// AtVersion returns the operation under the condition that the item is at the version;
// it fails with ErrStale otherwise.
func (u Update[T]) AtVersion(version int64) Update[T] {
	u.version = &version
	return u
}

// Run changes the item.
func (u Update[T]) Run(ctx context.Context, t *Table) error { return runAlone(ctx, t, u) }

// Return changes the item and returns it as it is after that.
func (u Update[T]) Return(ctx context.Context, t *Table) (T, error) {
	var v T
	r := renderWrite(u, t.writeContext(ctx))
	if err := t.admit(&r); err != nil {
		return v, err
	}
	a := &r.actions[0]
	var out *dynamodb.UpdateItemOutput
	err := t.again(ctx, &r, func() error {
		var err error
		out, err = t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &t.name, Key: a.key.attributes(t.schema()),
			UpdateExpression: &a.update, ConditionExpression: optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValues:                        types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		if err != nil {
			return t.failed(&r, err)
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	if err := r.entity.decode(out.Attributes, &v); err != nil {
		return v, r.fail(err)
	}
	return v, nil
}

func (u Update[T]) render(s writeContext) renderedOp {
	return renderUpdate(u.opTarget, u.changes, u.version, u.upsert, s)
}

func renderUpdate(t opTarget, changes []*fieldChange, version *int64, upsert bool, s writeContext) renderedOp {
	e := t.entity
	r := renderedOp{op: "update", entity: e, version: version, until: s.until}
	v := t.addressable()
	r.key = e.keyOf(v, &r.faults)
	if upsert {
		r.op, r.makes = "upsert", true
		e.checkNoClaims(v, &r.faults)
	}
	changes = checkChanges(e, changes, &r.faults)
	e.checkConditions(t.conditions, &r.faults)
	if len(r.faults) > 0 {
		return r
	}
	var x expressionBuilder
	var c updateClauses
	for _, change := range changes {
		change.write(&x, &c)
	}
	e.updateIndexKeys(t, changes, v, upsert, &x, &c)
	if upsert {
		e.writeIdentity(v, &x, &c)
	}
	e.writeStamps(s, upsert, &x, &c)
	a := itemAction{kind: actUpdate, key: r.key, update: c.String()}
	conditions := []string{}
	if upsert {
		conditions = append(conditions, e.alive(&x, s))
	} else {
		conditions = append(conditions, e.existing(&x, s))
	}
	if version != nil {
		if e.version == nil {
			r.faults.Addf("", "%s has no version", e.name)
		} else {
			conditions = append(conditions, x.name(e.version.Name)+" = "+x.number(*version))
		}
	}
	if len(t.conditions) > 0 {
		conditions = append(conditions, writeAll(&x, t.conditions))
	}
	a.condition = conjunction(conditions...)
	a.use(&x, &r.faults)
	r.actions = []itemAction{a}
	return r
}

// checkChanges refuses changes that an update cannot make, and drops the zero ones.
func checkChanges(e *entityCore, changes []*fieldChange, fs *faults) []*fieldChange {
	if len(changes) == 0 {
		fs.Addf("", "the update has nothing to Do")
	}
	out := make([]*fieldChange, 0, len(changes))
	paths := map[string]string{}
	for _, c := range changes {
		if c == nil {
			fs.Addf("", "an action is the zero Action")
			continue
		}
		f := c.field
		switch {
		case f.entity != e:
			fs.Addf(f.name, "is a field of %s", f.owner())
			continue
		case e.inKey(f.top.Field):
			fs.Addf(f.name, "is part of the key, which never changes: delete the item and create another")
		case f.top == e.version:
			fs.Addf(f.name, "is the version, which every write counts up by itself")
		case f.top == e.expiry && len(e.uniques) > 0:
			fs.Addf(f.name, "is the expiry, which the guards of unique values share, and an update does not know them: use Replace or Modify")
		}
		if name := e.uniqueWith(f.top.Field); name != "" {
			fs.Addf(f.name, "is in the unique value %s, whose old value an update does not know: use Replace or Modify", name)
		}
		path := strings.Join(f.path, ".")
		for other, name := range paths {
			if path == other || strings.HasPrefix(path, other+".") || strings.HasPrefix(other, path+".") {
				fs.Addf(f.name, "is changed twice (the other change is of %s)", name)
			}
		}
		paths[path] = f.name
		out = append(out, c)
	}
	return out
}

// updateIndexKeys sets the index keys that depend on changed fields.
func (e *entityCore) updateIndexKeys(t opTarget, changes []*fieldChange, key reflect.Value, upsert bool, x *expressionBuilder, out *updateClauses) {
	if len(e.indexKeys) == 0 {
		return
	}
	known, changed := e.knownFields(t, changes, key)
	for _, k := range e.indexKeys {
		if k.shared {
			continue
		}
		touched, missing := false, []string(nil)
		for _, field := range k.Fields() {
			if changed[field] {
				touched = true
			}
			if _, ok := known[field]; !ok {
				missing = append(missing, field)
			}
		}
		if !touched && (!upsert || len(missing) > 0) {
			continue
		}
		if len(missing) > 0 {
			x.faults.Addf(strings.Join(missing, ", "), "is not known, and the key %s of index %s is %s: Set it, compare it with Equal in If, or use Modify",
				k.attribute, k.index, k.Source)
			continue
		}
		e.writeIndexKey(k, known, x, out)
	}
}

func (e *entityCore) writeIndexKey(k indexKey, known map[string]reflect.Value, x *expressionBuilder, out *updateClauses) {
	v := reflect.New(e.typ).Elem()
	for _, field := range k.Fields() {
		v.FieldByIndex(e.fieldIndex(field)).Set(known[field])
	}
	if e.isAttributeItself(k) {
		return
	}
	text, absent := k.Render(v, &x.faults)
	if absent {
		out.remove = append(out.remove, x.name(k.attribute))
		return
	}
	checkKeySize(k.attribute, text, k.limit(), &x.faults)
	out.set = append(out.set, x.name(k.attribute)+" = "+x.text(text))
}

// isAttributeItself reports whether a field is stored in the very key attribute.
func (e *entityCore) isAttributeItself(k indexKey) bool {
	fields := k.Fields()
	return len(fields) == 1 && attr.Lookup(e.attributes, fields[0]).Name == k.attribute
}

// knownFields returns the fields of which the value after the update is known, and
// those that change.
func (e *entityCore) knownFields(t opTarget, changes []*fieldChange, key reflect.Value) (known map[string]reflect.Value, changed map[string]bool) {
	known, changed = map[string]reflect.Value{}, map[string]bool{}
	for i, a := range e.keyFields {
		known[a.Field] = key.FieldByIndex(e.keyIndex[i])
	}
	for _, n := range t.conditions {
		if n == nil {
			continue
		}
		n.equalities(func(f *fieldPath, v any) {
			if len(f.path) == 1 && v != nil {
				known[f.top.Field] = reflect.ValueOf(v)
			}
		})
	}
	for _, c := range changes {
		changed[c.field.top.Field] = true
		if v, ok := c.result(); ok {
			known[c.field.top.Field] = v
		} else {
			delete(known, c.field.top.Field)
		}
	}
	return known, changed
}

// writeIdentity sets what makes a new item one of the entity.
func (e *entityCore) writeIdentity(key reflect.Value, x *expressionBuilder, out *updateClauses) {
	out.set = append(out.set, x.name(e.model.schema.Discriminator)+" = "+x.text(e.name))
	for i, a := range e.keyFields {
		if slices.Contains(e.model.keyAttributes(), a.Name) {
			continue
		}
		av, err := a.Encoder.Encode(key.FieldByIndex(e.keyIndex[i]).Interface())
		if err != nil {
			x.faults.Addf(a.Field, "cannot be stored: %v", err)
		} else if av != nil {
			out.set = append(out.set, x.name(a.Name)+" = "+x.value(av))
		}
	}
}

// writeStamps counts up the version and renews the correlation.
func (e *entityCore) writeStamps(s writeContext, upsert bool, x *expressionBuilder, out *updateClauses) {
	if e.version != nil {
		out.add = append(out.add, x.name(e.version.Name)+" "+x.number(1))
	}
	if upsert && e.expireAfter > 0 {
		ttl := x.name(e.model.schema.TTL)
		out.set = append(out.set, ttl+" = if_not_exists("+ttl+", "+x.number(s.until.Add(e.expireAfter).Unix())+")")
	}
	if !e.correlated {
		return
	}
	for _, c := range []struct{ name, text string }{{correlation.Attribute, s.correlation}, {correlation.TraceAttribute, s.trace}} {
		if c.text == "" {
			out.remove = append(out.remove, x.name(c.name))
		} else {
			out.set = append(out.set, x.name(c.name)+" = "+x.text(c.text))
		}
	}
}

// uniqueWith returns the unique template that the field is in, or "".
func (e *entityCore) uniqueWith(field string) string {
	for _, u := range e.uniques {
		if u.Uses(field) {
			return fmt.Sprintf("%q", u.Source)
		}
	}
	return ""
}
