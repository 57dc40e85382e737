package dynamo

import (
	"context"
	"errors"
	"maps"
	"reflect"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/internal/correlation"
)

// Modify reads the item of the key, lets change work on it and stores the result if no other
// writer came in between; otherwise it starts over, up to Options.Attempts. The entity must
// have a version. Unique values move along, and attributes that T does not have are kept.
// The result is stored by a transaction, at twice the price of a Put. Its token tells a
// repeated request from another writer, so a lost answer does not apply change twice. change
// may run several times, on a fresh value each time. When it returns an error, nothing is
// stored and Modify returns that error. When the item would stay as it is, nothing is
// written, and the version stays too; an expiry that ExpireAfter renews makes another item.
// The answer is the value as stored.
func (e *Entity[T, K]) Modify(ctx context.Context, t *Table, key K, change func(*T) error) (T, error) {
	var zero T
	if e.must().version == nil {
		r := renderedOp{op: "modify", entity: e.must()}
		r.faults.Addf("", `%s has no version: tag a field dynamo:"version"`, e.must().name)
		return zero, r.err()
	}
	for attempt := 0; ; attempt++ {
		stored, err := e.modifyOnce(ctx, t, key, change)
		if err == nil {
			return stored, nil
		}
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrConflict) || attempt+1 >= t.options.Attempts {
			return zero, err
		}
		if pauseErr := t.pause(ctx, attempt); pauseErr != nil {
			return zero, errors.Join(err, pauseErr)
		}
	}
}

func (e *Entity[T, K]) modifyOnce(ctx context.Context, t *Table, key K, change func(*T) error) (T, error) {
	var old T
	raw, err := e.must().get(ctx, t, reflect.ValueOf(&key).Elem(), &old, ReadOptions{Consistent: true})
	if err != nil {
		return old, err
	}
	var next T
	if err := e.must().decode(raw, &next); err != nil {
		return old, err
	}
	if change == nil {
		return old, (&renderedOp{op: "modify", entity: e.must()}).fail(invalid("", "the function that changes the item is nil"))
	}
	if err := change(&next); err != nil {
		return old, err
	}
	op := e.Replace(old, next)
	op.rest = e.must().foreign(raw)
	if unchanged, ok := op.unchanged(raw, t.writeContext(ctx)); ok {
		return unchanged, nil
	}
	return op.Stored(), t.runTransaction(ctx, []Write{op}, transactSettings{single: true}, func() writeContext { return t.writeContext(ctx) })
}

// unchanged returns the value at the version of old, if its item is the stored one.
func (p Replace[T]) unchanged(stored attr.Item, s writeContext) (T, bool) {
	e := p.entity
	v := replacement(p.opTarget, p.next)
	version := v.FieldByIndex(e.version.Index)
	version.SetInt(version.Int() - 1)
	var fs faults
	it, _ := e.encode(v, s, &fs)
	for name, value := range p.rest {
		if _, ok := it[name]; !ok && it != nil {
			it[name] = value
		}
	}
	if len(fs) > 0 || !e.sameItem(it, stored) {
		var zero T
		return zero, false
	}
	return v.Interface().(T), true
}

// sameItem compares two items, but for who wrote them.
func (e *entityCore) sameItem(a, b attr.Item) bool {
	a, b = maps.Clone(a), maps.Clone(b)
	if e.correlated {
		for _, it := range []attr.Item{a, b} {
			delete(it, correlation.Attribute)
			delete(it, correlation.TraceAttribute)
		}
	}
	return maps.EqualFunc(a, b, attr.Same)
}

// foreign returns the attributes of a stored item that are neither fields of the
// entity nor the library's own.
func (e *entityCore) foreign(it attr.Item) attr.Item {
	own := map[string]bool{
		e.model.schema.Discriminator: true, e.model.schema.TTL: true,
		correlation.Attribute: true, correlation.TraceAttribute: true,
	}
	for _, name := range e.model.keyAttributes() {
		own[name] = true
	}
	for _, a := range e.attributes {
		own[a.Name] = true
	}
	out := attr.Item{}
	for name, v := range it {
		if !own[name] {
			out[name] = v
		}
	}
	return out
}
