package dynamo

import (
	"context"
)

// Delete removes the item of a key; there need be none. It is a BatchWrite.
type Delete[T any] struct{ target }

// ConditionalDelete removes an item under a condition; a batch cannot hold it.
type ConditionalDelete[T any] struct {
	target
	version *int64
	old     bool // target.value is the whole old value
}

// Check demands something of an item in a transaction and leaves it as it is. Without
// a condition it demands that the item is there.
type Check[T any] struct{ target }

// Delete returns the operation that removes the item of the key. Nothing is sent before its
// Run. An entity with unique
// values refuses it: DeleteExisting knows the values to give up.
func (e *Entity[T, K]) Delete(key K) Delete[T] {
	return Delete[T]{target{entity: e.core, value: key, key: true}}
}

// DeleteExisting returns the operation that removes the item that was read as old,
// together with its claims on unique values. It fails with ErrStale when the item has
// another version by now, and with ErrConditionFailed when a unique value of it is
// another one. Nothing is sent before its Run.
func (e *Entity[T, K]) DeleteExisting(old T) ConditionalDelete[T] {
	return ConditionalDelete[T]{target: target{entity: e.core, value: old}, old: true}
}

// Check returns the operation that demands that the item of the key is there.
func (e *Entity[T, K]) Check(key K) Check[T] {
	return Check[T]{target{entity: e.core, value: key, key: true}}
}

// If returns the Delete of an item that is there and meets the conditions.
func (d Delete[T]) If(conditions ...Condition[T]) ConditionalDelete[T] {
	return ConditionalDelete[T]{target: d.with(nodesOf(conditions))}
}

// AtVersion returns the Delete of an item that is at the version.
func (d Delete[T]) AtVersion(version int64) ConditionalDelete[T] {
	return ConditionalDelete[T]{target: d.target, version: &version}
}

// If returns the operation with further conditions.
func (d ConditionalDelete[T]) If(conditions ...Condition[T]) ConditionalDelete[T] {
	d.target = d.with(nodesOf(conditions))
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
func (d Delete[T]) Run(ctx context.Context, t *Table) error { return run(ctx, t, d) }

// Run removes the item if the conditions hold.
func (d ConditionalDelete[T]) Run(ctx context.Context, t *Table) error { return run(ctx, t, d) }

func (Delete[T]) batchable() {}

func (d Delete[T]) render(s writeContext) request {
	e := d.entity
	r := request{op: "delete", entity: e}
	r.key = e.keyOf(d.addressable(), &r.faults)
	if len(e.uniques) > 0 {
		r.faults.Add("", "%s has unique values to give up, so that the old value is needed: use DeleteExisting", e.name)
	}
	r.actions = []action{{kind: actDelete, key: r.key}}
	return r
}

func (d ConditionalDelete[T]) render(s writeContext) request {
	return renderDelete(d.target, d.version, d.old, s)
}

func renderDelete(t target, version *int64, old bool, s writeContext) request {
	e := t.entity
	r := request{op: "delete", entity: e, version: version, until: s.until}
	v := t.addressable()
	if old {
		r.key = e.keyOfValue(v, &r.faults)
		if e.version != nil && version == nil {
			r.expect(v.FieldByIndex(e.version.Index).Int())
		}
	} else {
		r.key = e.keyOf(v, &r.faults)
		if len(e.uniques) > 0 {
			r.faults.Add("", "%s has unique values to give up, so that the old value is needed: use DeleteExisting", e.name)
		}
	}
	e.checkConditions(t.conditions, &r.faults)
	var x expression
	conditions := []string{e.existing(&x, s), e.versionIs(r.version, &x)}
	var guards []action
	if old {
		conditions = append(conditions, e.uniquesAre(v, &x))
		guards = e.releaseAll(v, r.key, &r.faults)
	}
	if len(t.conditions) > 0 {
		conditions = append(conditions, writeAll(&x, t.conditions))
	}
	a := action{kind: actDelete, key: r.key, condition: and(conditions...)}
	a.use(&x, &r.faults)
	r.actions = append([]action{a}, guards...)
	return r
}

// versionIs writes the condition that the item is at the version, if one is given.
func (e *entity) versionIs(version *int64, x *expression) string {
	switch {
	case version == nil:
		return ""
	case e.version == nil:
		x.faults.Add("", "%s has no version", e.name)
		return ""
	}
	return x.name(e.version.Name) + " = " + x.number(*version)
}

func (c Check[T]) render(s writeContext) request {
	e := c.entity
	r := request{op: "check", entity: e, until: s.until}
	r.key = e.keyOf(c.addressable(), &r.faults)
	e.checkConditions(c.conditions, &r.faults)
	var x expression
	conditions := []string{e.existing(&x, s)}
	if len(c.conditions) > 0 {
		conditions = append(conditions, writeAll(&x, c.conditions))
	}
	a := action{kind: actCheck, key: r.key, condition: and(conditions...)}
	a.use(&x, &r.faults)
	r.actions = []action{a}
	return r
}
