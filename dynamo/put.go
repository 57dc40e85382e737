package dynamo

import (
	"context"
	"reflect"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// Put stores a whole item, whether or not one is there. It is a value that sends nothing
// until Run, Table.Batch or Table.Transact does. With a version it stores the
// item only at the version of the value: version 0 means "not there yet". It is a
// BatchWrite, which a batch refuses at run time for an entity with a version.
type Put[T any] struct{ opTarget }

// ConditionalPut is a Put under a condition; a batch cannot hold it. An expired item that
// is still there counts as not there, as for an Upsert.
type ConditionalPut[T any] struct{ opTarget }

// Create stores an item that is not there yet. It is a value that sends nothing until Run
// or Table.Transact does. It fails with ErrExists when there is an item, and an expired one
// counts as not there.
type Create[T any] struct{ opTarget }

// Put returns the operation that stores v. Nothing is sent before its Run.
func (e *Entity[T, K]) Put(v T) Put[T] {
	return Put[T]{opTarget{entity: e.must(), value: v}}
}

// Create returns the operation that stores v if there is no item under its key. Nothing is
// sent before its Run.
func (e *Entity[T, K]) Create(v T) Create[T] {
	return Create[T]{opTarget{entity: e.must(), value: v}}
}

// If returns the Put under conditions on the item that is there, all of which have to
// hold.
func (p Put[T]) If(conditions ...Condition[T]) ConditionalPut[T] {
	return ConditionalPut[T]{p.with(nodesOf(conditions))}
}

// If returns the operation with further conditions.
func (p ConditionalPut[T]) If(conditions ...Condition[T]) ConditionalPut[T] {
	return ConditionalPut[T]{p.with(nodesOf(conditions))}
}

// Run stores the item.
func (p Put[T]) Run(ctx context.Context, t *Table) error { return runAlone(ctx, t, p) }

// Run stores the item if the conditions hold.
func (p ConditionalPut[T]) Run(ctx context.Context, t *Table) error { return runAlone(ctx, t, p) }

// Run stores the item if it is not there yet.
func (c Create[T]) Run(ctx context.Context, t *Table) error { return runAlone(ctx, t, c) }

// Stored returns the value as the operation stores it: at the next version.
func (p Put[T]) Stored() T { return storedValue[T](p.opTarget, false) }

// Stored returns the value as the operation stores it: at the next version.
func (p ConditionalPut[T]) Stored() T { return storedValue[T](p.opTarget, false) }

// Stored returns the value as the operation stores it: at version 1.
func (c Create[T]) Stored() T { return storedValue[T](c.opTarget, true) }

func storedValue[T any](t opTarget, created bool) T {
	v := t.addressable()
	if t.entity.version != nil {
		f := v.FieldByIndex(t.entity.version.Index)
		if created {
			f.SetInt(0)
		}
		f.SetInt(f.Int() + 1)
	}
	return v.Interface().(T)
}

func (Put[T]) batchable() {}

func (p Put[T]) render(s writeContext) renderedOp            { return renderPut(p.opTarget, s) }
func (p ConditionalPut[T]) render(s writeContext) renderedOp { return renderPut(p.opTarget, s) }
func (c Create[T]) render(s writeContext) renderedOp         { return renderCreate(c.opTarget, s) }

func renderPut(t opTarget, s writeContext) renderedOp {
	e := t.entity
	r := renderedOp{op: "put", entity: e, until: s.until}
	v := t.addressable()
	a := r.putItem(v, s)
	if len(e.uniques) > 0 {
		r.faults.Addf("", "%s has unique values, so that a Put would have to know the old ones: use Create or Replace", e.name)
	}
	var x expressionBuilder
	e.checkConditions(t.conditions, &r.faults)
	switch {
	case e.version != nil:
		r.expect(v.FieldByIndex(e.version.Index).Int())
		a.condition = parenthesized(e.atVersion(*r.version, &x, s), writeAll(&x, t.conditions))
		e.setVersion(a.item, *r.version+1)
	case len(t.conditions) > 0:
		r.makes = true
		a.condition = conjunction(e.alive(&x, s), writeAll(&x, t.conditions))
	}
	a.use(&x, &r.faults)
	r.actions = []itemAction{a}
	return r
}

func renderCreate(t opTarget, s writeContext) renderedOp {
	e := t.entity
	r := renderedOp{op: "create", entity: e, until: s.until}
	v := t.addressable()
	a := r.putItem(v, s)
	var x expressionBuilder
	a.condition = e.vacant(&x, s)
	if e.version != nil {
		e.setVersion(a.item, 1)
	}
	a.use(&x, &r.faults)
	r.actions = append([]itemAction{a}, e.claimAll(v, r.key, s, &r.faults)...)
	return r
}

// putItem encodes and checks the item of a put.
func (r *renderedOp) putItem(v reflect.Value, s writeContext) itemAction {
	it, key := r.entity.encode(v, s, &r.faults)
	r.key = key
	return itemAction{kind: actPut, key: key, item: it, size: checkItem(it, &r.faults)}
}

func (r *renderedOp) expect(version int64) { r.version = &version }

// atVersion writes the condition that the item is at the version; 0 is "not there".
func (e *entityCore) atVersion(version int64, x *expressionBuilder, s writeContext) string {
	if version == 0 {
		return e.vacant(x, s)
	}
	return x.name(e.version.Name) + " = " + x.number(version)
}

func (e *entityCore) setVersion(it attr.Item, version int64) {
	if it != nil {
		it[e.version.Name] = &types.AttributeValueMemberN{Value: strconv.FormatInt(version, 10)}
	}
}
