package dynamo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
)

// appliedEntity declares the entity of the marks, once for each model.
func (m *Model) appliedEntity() (*Entity[applied, appliedKey], error) {
	m.appliedMu.Lock()
	defer m.appliedMu.Unlock()
	if m.applied != nil {
		return m.applied, nil
	}
	key := Key("APPLIED" + m.schema.Separator + "{Applied}")
	if m.schema.SortKey != "" {
		key.sort = "APPLIED"
	}
	e, err := NewEntity[applied, appliedKey](m, appliedName, key, ExpireAfter(appliedFor))
	if err != nil {
		return nil, err
	}
	m.applied = e
	return e, nil
}

// checkView reports why the entity in the table cannot be a view.
func (e *entityCore) checkView(t *Table) error {
	errs := []error{t.checkModel(e)}
	if e.version == nil {
		errs = append(errs, errors.New(`the entity has no version: tag a field dynamo:"version"`))
	}
	if t.model.schema.TTL == "" {
		errs = append(errs, errors.New("the schema has no TTL attribute to let the ids of applied changes expire by"))
	}
	err := errors.Join(errs...)
	if err == nil {
		_, err = t.model.appliedEntity()
	}
	return err
}

// applyOnce changes the item of the key by one change with the id, for the part of the
// name: a second call with both does nothing. The item is made when it is not there.
func (e *Entity[T, K]) applyOnce(ctx context.Context, t *Table, key K, id, part string, apply func(*T) error) error {
	var fs faults
	k := e.must().keyOf(reflect.ValueOf(&key).Elem(), &fs)
	if apply == nil {
		fs.Addf("", "the function that applies the change is nil")
	}
	if err := fs.err(); err != nil {
		return (&renderedOp{op: "apply", entity: e.must(), key: k}).fail(err)
	}
	marks, err := t.model.appliedEntity()
	if err != nil {
		return err
	}
	mark := marks.Create(applied{appliedKey{Applied: digest(e.must().name, k.partition, k.sort, id, part)}})
	for attempt := 0; ; attempt++ {
		err := e.applyWith(ctx, t, key, mark, apply)
		var canceled *TransactionError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &canceled) && len(canceled.Reasons) == 2 && errors.Is(canceled.Reasons[1].Err(), ErrExists):
			return nil
		case !errors.Is(err, ErrStale) && !errors.Is(err, ErrExists) || attempt+1 >= t.options.Attempts:
			return err
		}
		if pauseErr := t.pause(ctx, attempt); pauseErr != nil {
			return errors.Join(err, pauseErr)
		}
	}
}

// applyWith reads, changes and stores the item in one transaction with the mark.
func (e *Entity[T, K]) applyWith(ctx context.Context, t *Table, key K, mark Write, apply func(*T) error) error {
	var old T
	raw, err := e.must().get(ctx, t, reflect.ValueOf(&key).Elem(), &old, ReadOptions{Consistent: true})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	var next T
	if raw == nil {
		e.must().setKey(reflect.ValueOf(&next).Elem(), reflect.ValueOf(&key).Elem())
	} else if err := e.must().decode(raw, &next); err != nil {
		return err
	}
	if err := apply(&next); err != nil {
		return err
	}
	var write Write = e.Create(next)
	if raw != nil {
		replace := e.Replace(old, next)
		replace.rest = e.must().foreign(raw)
		write = replace
	}
	return t.Transact(ctx, write, mark)
}

// sameKey reports whether two keys are those of one item. A key that cannot be written
// is no item's.
func (e *entityCore) sameKey(a, b reflect.Value) bool {
	var fs faults
	same := e.keyOf(a, &fs) == e.keyOf(b, &fs)
	return same && len(fs) == 0
}

// digest shortens an id to what fits any key.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q", parts)))
	return hex.EncodeToString(sum[:16])
}
