package dynamo

import (
	"context"
)

// Delete removes the item of a key; there need be none. It is a BatchWrite.
type Delete[T any] struct{ opTarget }

// ConditionalDelete removes an item under a condition; a batch cannot hold it.
type ConditionalDelete[T any] struct {
	opTarget
	version *int64
	old     bool // target.value is the whole old value
}

// Check demands something of an item in a transaction and leaves it as it is. Without
// a condition it demands that the item is there.
type Check[T any] struct{ opTarget }

// Delete returns the operation that removes the item of the key. Nothing is sent before its
// Run. An entity with unique
// values refuses it: DeleteExisting knows the values to give up.
func (e *Entity[T, K]) Delete(key K) Delete[T] {
	return Delete[T]{opTarget{entity: e.must(), value: key, key: true}}
}

// DeleteExisting returns the operation that removes the item that was read as old,
// together with its claims on unique values. It fails with ErrStale when the item has
// another version by now, and with ErrConditionFailed when a unique value of it is
// another one. Nothing is sent before its Run.
func (e *Entity[T, K]) DeleteExisting(old T) ConditionalDelete[T] {
	return ConditionalDelete[T]{opTarget: opTarget{entity: e.must(), value: old}, old: true}
}

// Check returns the operation that demands that the item of the key is there.
func (e *Entity[T, K]) Check(key K) Check[T] {
	return Check[T]{opTarget{entity: e.must(), value: key, key: true}}
}

// If returns the Delete of an item that is there and meets the conditions.
func (d Delete[T]) If(conditions ...Condition[T]) ConditionalDelete[T] {
	return ConditionalDelete[T]{opTarget: d.with(nodesOf(conditions))}
}

// AtVersion returns the Delete of an item that is at the version.
func (d Delete[T]) AtVersion(version int64) ConditionalDelete[T] {
	return ConditionalDelete[T]{opTarget: d.opTarget, version: &version}
}

// If returns the operation with further conditions.
func (d ConditionalDelete[T]) If(conditions ...Condition[T]) ConditionalDelete[T] {
	d.opTarget = d.with(nodesOf(conditions))
	return d
}

// AtVersion returns the operation under the condition that the item is at the version.
func (d ConditionalDelete[T]) AtVersion(version int64) ConditionalDelete[T] {
	d.version = &version
	return d
}

// If returns the Check with conditions, all of which have to hold.
func (c Check[T]) If(conditions ...Condition[T]) Check[T] {
	return Check[T]{c.with(nodesOf(conditions))}
}

// Run removes the item.
func (d Delete[T]) Run(ctx context.Context, t *Table) error { return runAlone(ctx, t, d) }

// Run removes the item if the conditions hold.
func (d ConditionalDelete[T]) Run(ctx context.Context, t *Table) error { return runAlone(ctx, t, d) }

func (Delete[T]) batchable() {}

func (d Delete[T]) render(s writeContext) renderedOp {
	e := d.entity
	r := renderedOp{op: "delete", entity: e}
	r.key = e.keyOf(d.addressable(), &r.faults)
	if len(e.uniques) > 0 {
		r.faults.Addf("", "%s has unique values to give up, so that the old value is needed: use DeleteExisting", e.name)
	}
	r.actions = []itemAction{{kind: actDelete, key: r.key}}
	return r
}

func (d ConditionalDelete[T]) render(s writeContext) renderedOp {
	return renderDelete(d.opTarget, d.version, d.old, s)
}

func renderDelete(t opTarget, version *int64, old bool, s writeContext) renderedOp {
	e := t.entity
	r := renderedOp{op: "delete", entity: e, version: version, until: s.until}
	v := t.addressable()
	if old {
		r.key = e.keyOfValue(v, &r.faults)
		if e.version != nil && version == nil {
			r.expect(v.FieldByIndex(e.version.Index).Int())
		}
	} else {
		r.key = e.keyOf(v, &r.faults)
		if len(e.uniques) > 0 {
			r.faults.Addf("", "%s has unique values to give up, so that the old value is needed: use DeleteExisting", e.name)
		}
	}
	e.checkConditions(t.conditions, &r.faults)
	var x expressionBuilder
	conditions := []string{e.existing(&x, s), e.versionIs(r.version, &x)}
	var guards []itemAction
	if old {
		conditions = append(conditions, e.uniquesAre(v, &x))
		guards = e.releaseAll(v, r.key, &r.faults)
	}
	if len(t.conditions) > 0 {
		conditions = append(conditions, writeAll(&x, t.conditions))
	}
	a := itemAction{kind: actDelete, key: r.key, condition: conjunction(conditions...)}
	a.use(&x, &r.faults)
	r.actions = append([]itemAction{a}, guards...)
	return r
}

// versionIs writes the condition that the item is at the version, if one is given.
func (e *entityCore) versionIs(version *int64, x *expressionBuilder) string {
	switch {
	case version == nil:
		return ""
	case e.version == nil:
		x.faults.Addf("", "%s has no version", e.name)
		return ""
	}
	return x.name(e.version.Name) + " = " + x.number(*version)
}

func (c Check[T]) render(s writeContext) renderedOp {
	e := c.entity
	r := renderedOp{op: "check", entity: e, until: s.until}
	r.key = e.keyOf(c.addressable(), &r.faults)
	e.checkConditions(c.conditions, &r.faults)
	var x expressionBuilder
	conditions := []string{e.existing(&x, s)}
	if len(c.conditions) > 0 {
		conditions = append(conditions, writeAll(&x, c.conditions))
	}
	a := itemAction{kind: actCheck, key: r.key, condition: conjunction(conditions...)}
	a.use(&x, &r.faults)
	r.actions = []itemAction{a}
	return r
}
