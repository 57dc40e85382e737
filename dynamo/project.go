package dynamo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// View is where Project stores what it makes of changes: an entity in a table.
type View[T, K any] struct {
	table   *Table
	entity  *Entity[T, K]
	applied *Entity[applied, appliedKey]
}

// NewView returns the view of an entity in a table, which may be another table than
// that of the stream. The entity must have a version, and the schema a TTL attribute:
// the ids of applied changes are kept for 48 hours, the stream's 24 and as much again.
func NewView[T, K any](table *Table, e *Entity[T, K]) (*View[T, K], error) {
	switch {
	case table == nil:
		return nil, errors.New("dynamo: view: the table is nil")
	case e == nil:
		return nil, errors.New("dynamo: view: the entity is nil")
	}
	errs := []error{table.of(e.core)}
	if e.core.version == nil {
		errs = append(errs, errors.New(`the entity has no version: tag a field dynamo:"version"`))
	}
	if table.model.schema.TTL == "" {
		errs = append(errs, errors.New("the schema has no TTL attribute to let the ids of applied changes expire by"))
	}
	err := errors.Join(errs...)
	var marks *Entity[applied, appliedKey]
	if err == nil {
		marks, err = table.model.appliedEntity()
	}
	if err != nil {
		return nil, fmt.Errorf("dynamo: view %s: %w", e.core.name, err)
	}
	return &View[T, K]{table: table, entity: e, applied: marks}, nil
}

const (
	appliedName = "AppliedChange"
	appliedFor  = 48 * time.Hour
)

type appliedKey struct {
	Applied string
}

type applied struct {
	appliedKey
}

// appliedEntity declares the entity of applied changes, once for each model.
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

// Apply changes the item of the key by one change with the id, exactly once: a second
// call with the id does nothing. The item is made when it is not there. apply may run
// several times when other writers come in between.
func (v *View[T, K]) Apply(ctx context.Context, id string, key K, apply func(*T) error) error {
	return v.apply(ctx, id, "", key, apply)
}

// apply is Apply for the part of the name.
func (v *View[T, K]) apply(ctx context.Context, id, part string, key K, apply func(*T) error) error {
	e := v.entity
	var fs faults
	k := e.core.keyOf(reflect.ValueOf(&key).Elem(), &fs)
	if apply == nil {
		fs.add("", "the function that applies the change is nil")
	}
	if err := fs.err(); err != nil {
		return (&rendered{op: "apply", entity: e.core, key: k}).fail(err)
	}
	mark := v.applied.Create(applied{appliedKey{Applied: digest(e.core.name, k.partition, k.sort, id, part)}})
	for attempt := 0; ; attempt++ {
		err := v.applyOnce(ctx, key, mark, apply)
		var canceled *TransactionError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &canceled) && len(canceled.Reasons) == 2 && errors.Is(canceled.Reasons[1].Err(), ErrExists):
			return nil
		case !errors.Is(err, ErrStale) && !errors.Is(err, ErrExists) || attempt+1 >= v.table.options.Attempts:
			return err
		}
		if pauseErr := v.table.pause(ctx, attempt); pauseErr != nil {
			return errors.Join(err, pauseErr)
		}
	}
}

func (v *View[T, K]) applyOnce(ctx context.Context, key K, mark Write, apply func(*T) error) error {
	e := v.entity
	var old T
	raw, err := e.core.get(ctx, v.table, reflect.ValueOf(&key).Elem(), &old, ReadOptions{Consistent: true})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	var next T
	if raw == nil {
		e.core.setKey(reflect.ValueOf(&next).Elem(), reflect.ValueOf(&key).Elem())
	} else if err := e.core.decode(raw, &next); err != nil {
		return err
	}
	if err := apply(&next); err != nil {
		return err
	}
	var write Write = e.Create(next)
	if raw != nil {
		replace := e.Replace(old, next)
		replace.rest = e.core.foreign(raw)
		write = replace
	}
	return v.table.Transact(ctx, write, mark)
}

// ProjectOptions are the optional settings of a Project part.
type ProjectOptions struct {
	// Name tells the changes that this part has applied from those of other parts that
	// project the same entity into the same view; each part applies every change once.
	// Optional. Defaults to the part's place among them in the Stream: "" for the first,
	// then "2", "3" and so on. Give names where parts may change places, or where
	// several Streams project the entity into the view.
	Name string
}

// Project keeps a view of the entity: for each change, apply works the change into the
// item of the view under keyOf. Each change is applied once, however often it is
// delivered. When keyOf moves to another item, the change counts as a removal under the
// old key and an insertion under the new one; keys that differ in nothing the view's
// templates write, as in the case of a {Name:lower}, are one. A key that is false has no
// place in the view. Several parts may project one entity into one view.
func Project[T, K, V, VK any](e *Entity[T, K], v *View[V, VK], keyOf func(T) (VK, bool), apply func(*V, Changed[T]) error, optFns ...func(*ProjectOptions)) StreamPart {
	return func(p *streamParts) error {
		var errs []error
		for _, check := range []struct {
			missing bool
			text    string
		}{{e == nil, "the entity"}, {v == nil, "the view"}, {keyOf == nil, "keyOf"}, {apply == nil, "apply"}} {
			if check.missing {
				errs = append(errs, fmt.Errorf("%s of Project is nil", check.text))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		name, err := p.nameProjection(e.core, v.table, v.entity.core, optFns)
		if err != nil {
			return err
		}
		return OnChange(e, func(ctx context.Context, c Changed[T]) error {
			for _, part := range splitChange(v.entity.core, c, keyOf) {
				err := v.apply(ctx, c.ID, name, part.key, func(view *V) error { return apply(view, part.change) })
				if err != nil {
					return err
				}
			}
			return nil
		})(p)
	}
}

// projection is a part that projects an entity into a view.
type projection struct {
	from, into *entity
	table      string
	name       string
}

// nameProjection names a part among those with the same entity and view.
func (p *streamParts) nameProjection(from *entity, table *Table, into *entity, optFns []func(*ProjectOptions)) (string, error) {
	var o ProjectOptions
	given.Options(&o, optFns)
	added := projection{from: from, into: into, table: table.name, name: o.Name}
	for n := 2; slices.Contains(p.projections, added); n++ {
		if o.Name != "" {
			return "", fmt.Errorf("two Project parts of %s into %s have the name %q", from.name, into.name, o.Name)
		}
		added.name = strconv.Itoa(n)
	}
	p.projections = append(p.projections, added)
	return added.name, nil
}

// keyedChange is a change as one item of a view sees it.
type keyedChange[T, VK any] struct {
	key    VK
	change Changed[T]
}

func splitChange[T, VK any](view *entity, c Changed[T], keyOf func(T) (VK, bool)) []keyedChange[T, VK] {
	var out []keyedChange[T, VK]
	var oldKey, newKey VK
	var hasOld, hasNew bool
	if c.Old != nil {
		oldKey, hasOld = keyOf(*c.Old)
	}
	if c.New != nil {
		newKey, hasNew = keyOf(*c.New)
	}
	if hasOld && hasNew && view.sameKey(reflect.ValueOf(&oldKey).Elem(), reflect.ValueOf(&newKey).Elem()) {
		return []keyedChange[T, VK]{{newKey, c}}
	}
	if hasOld {
		gone := c
		gone.Kind, gone.New = Removed, nil
		out = append(out, keyedChange[T, VK]{oldKey, gone})
	}
	if hasNew {
		come := c
		come.Kind, come.Old = Inserted, nil
		out = append(out, keyedChange[T, VK]{newKey, come})
	}
	return out
}

// sameKey reports whether two keys are those of one item. A key that cannot be written
// is no item's.
func (e *entity) sameKey(a, b reflect.Value) bool {
	var fs faults
	same := e.keyOf(a, &fs) == e.keyOf(b, &fs)
	return same && len(fs) == 0
}

// digest shortens an id to what fits any key.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q", parts)))
	return hex.EncodeToString(sum[:16])
}
