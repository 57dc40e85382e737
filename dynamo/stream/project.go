package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/internal/bridge"
	"github.com/patternkit/serverless/internal/given"
)

// ProjectOptions are the optional settings of a Project part.
type ProjectOptions struct {
	// Name identifies this part among those that project the same entity into the same
	// view; each part applies every change once.
	// Optional. Defaults to the part's place among them in the Handler: "" for the first,
	// then "2", "3" and so on. Give names where parts may change places, or where
	// several Handlers project the entity into the view.
	Name string
}

// Project keeps a view of the entity: for each change, apply works the change into the
// item of the view under keyOf. Each change is applied once, however often it is
// delivered. When keyOf moves to another item, the change counts as a removal under the
// old key and an insertion under the new one. Keys that are written alike, as two cases
// of a {Name:lower} are, count as one. If keyOf returns false, the item is not in the
// view. Several parts may project one entity into one view.
func Project[T, K, V, VK any](e *dynamo.Entity[T, K], v *View[V, VK], keyOf func(T) (VK, bool), apply func(*V, Change[T]) error, optFns ...func(*ProjectOptions)) Part {
	return partFunc(func(p *handlerParts) error {
		var errs []error
		for _, check := range []struct {
			missing bool
			text    string
		}{{!bridge.OfEntity[T, K](e).Made(), "the entity"}, {v == nil || v.core == nil, "the view"}, {keyOf == nil, "keyOf"}, {apply == nil, "apply"}} {
			if check.missing {
				errs = append(errs, fmt.Errorf("%s of Project is nil", check.text))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		name, err := p.nameProjection(projection{from: e.Name(), into: v.entity.Name(), view: v.core.Model(), table: v.table.Name()}, optFns)
		if err != nil {
			return err
		}
		return OnChange(e, func(ctx context.Context, c Change[T]) error {
			for _, part := range splitChange(v.core, c, keyOf) {
				err := v.core.Apply(ctx, v.table, part.key, c.ID, name, func(view *V) error { return apply(view, part.change) })
				if err != nil {
					return err
				}
			}
			return nil
		}).addTo(p)
	})
}

// projection is a part that projects an entity into a view.
type projection struct {
	from, into string // names of entities
	view       any    // the *dynamo.Model of the view
	table      string
	name       string
}

// nameProjection names a part among those with the same entity and view.
func (p *handlerParts) nameProjection(added projection, optFns []func(*ProjectOptions)) (string, error) {
	var o ProjectOptions
	given.Options(&o, optFns)
	added.name = o.Name
	for n := 2; slices.Contains(p.projections, added); n++ {
		if o.Name != "" {
			return "", fmt.Errorf("two Project parts of %s into %s have the name %q", added.from, added.into, o.Name)
		}
		added.name = strconv.Itoa(n)
	}
	p.projections = append(p.projections, added)
	return added.name, nil
}

// keyedChange is a change as one item of a view sees it.
type keyedChange[T, VK any] struct {
	key    VK
	change Change[T]
}

func splitChange[T, V, VK any](view bridge.Entity[V, VK], c Change[T], keyOf func(T) (VK, bool)) []keyedChange[T, VK] {
	var out []keyedChange[T, VK]
	var oldKey, newKey VK
	var hasOld, hasNew bool
	if c.Old != nil {
		oldKey, hasOld = keyOf(*c.Old)
	}
	if c.New != nil {
		newKey, hasNew = keyOf(*c.New)
	}
	if hasOld && hasNew && view.SameKey(oldKey, newKey) {
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
