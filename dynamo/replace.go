package dynamo

import (
	"context"
	"reflect"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// Replace stores a new value in the place of an old one, which was read before. It moves the claims
// on unique values.
type Replace[T any] struct {
	opTarget
	next any
	// rest are attributes of the stored item that T does not have.
	rest attr.Item
}

// Replace returns the operation that puts next in the place of old. Both must have
// the same key. With a version, the item has to be at the version of old; without,
// it has to be there with the unique values of old. Attributes that T does not have
// are lost; Modify keeps them. Nothing is sent before its Run.
func (e *Entity[T, K]) Replace(old, next T) Replace[T] {
	return Replace[T]{opTarget: opTarget{entity: e.must(), value: old}, next: next}
}

// If returns the operation with further conditions on the item that is there.
func (p Replace[T]) If(conditions ...Condition[T]) Replace[T] {
	p.opTarget = p.with(nodesOf(conditions))
	return p
}

// Run replaces the item.
func (p Replace[T]) Run(ctx context.Context, t *Table) error { return runAlone(ctx, t, p) }

// Stored returns the value as the operation stores it: at the version after old's.
func (p Replace[T]) Stored() T {
	return replacement(p.opTarget, p.next).Interface().(T)
}

func replacement(t opTarget, next any) reflect.Value {
	v := opTarget{value: next}.addressable()
	if e := t.entity; e.version != nil {
		old := t.addressable().FieldByIndex(e.version.Index).Int()
		v.FieldByIndex(e.version.Index).SetInt(old + 1)
	}
	return v
}

func (p Replace[T]) render(s writeContext) renderedOp {
	return renderReplace(p.opTarget, p.next, p.rest, s)
}

func renderReplace(t opTarget, next any, rest attr.Item, s writeContext) renderedOp {
	e := t.entity
	r := renderedOp{op: "replace", entity: e, until: s.until}
	old, v := t.addressable(), replacement(t, next)
	a := r.putItem(v, s)
	oldKey := e.keyOfValue(old, &r.faults)
	if oldKey != r.key {
		r.faults.Addf("", "the key of the new value is %s, that of the old one %s: delete the item and create another",
			keytemplate.Shown(r.key.String()), keytemplate.Shown(oldKey.String()))
	}
	for name, value := range rest {
		if _, ok := a.item[name]; !ok && a.item != nil {
			a.item[name] = value
		}
	}
	if e.version != nil {
		r.expect(old.FieldByIndex(e.version.Index).Int())
		e.setVersion(a.item, *r.version+1)
	}
	e.checkConditions(t.conditions, &r.faults)
	var x expressionBuilder
	conditions := []string{e.existing(&x, s), e.versionIs(r.version, &x), e.uniquesAre(old, &x)}
	if len(t.conditions) > 0 {
		conditions = append(conditions, writeAll(&x, t.conditions))
	}
	a.condition = conjunction(conditions...)
	a.use(&x, &r.faults)
	r.actions = append([]itemAction{a}, e.moveAll(old, v, r.key, s, &r.faults)...)
	return r
}
