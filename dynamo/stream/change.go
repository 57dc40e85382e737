package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/bridge"
)

// Kind says what happened to an item.
type Kind string

// The kinds of a change, as DynamoDB calls them.
const (
	// Inserted is an item that was not there before.
	Inserted Kind = "INSERT"
	// Modified is an item that was there and is another one now.
	Modified Kind = "MODIFY"
	// Removed is an item that was there, by a delete or because it expired.
	Removed Kind = "REMOVE"
)

// Change is a change of an item of the entity that stores T.
type Change[T any] struct {
	// Kind says whether the item was inserted, modified or removed.
	Kind Kind
	// Old is the item before the change; nil when it was inserted.
	Old *T
	// New is the item after the change; nil when it was removed.
	New *T
	// Expired is set when the item was removed because its time was over, by DynamoDB or
	// by a write that made a new one in its place.
	Expired bool
	// At is when it happened, to the second.
	At time.Time
	// Sequence is the sequence number, which grows for each item.
	Sequence string
	// ID is the same whenever this change is delivered.
	ID string
}

// route handles one change.
type route func(ctx context.Context, c rawChange) error

// rawChange is a change before it is typed.
type rawChange struct {
	id       string
	sequence string
	at       time.Time
	expired  bool
	old, new attr.Item
}

// OnChange hands each change of the entity to handle. Routes of one entity run in the
// order in which they are given. When one fails, or panics, the record is delivered
// again, with all that follow it: handle has to be idempotent.
func OnChange[T, K any](e *dynamo.Entity[T, K], handle func(context.Context, Change[T]) error) Part {
	return partFunc(func(p *handlerParts) error {
		core := bridge.OfEntity[T, K](e)
		if !core.Made() {
			return errors.New("the entity of OnChange is nil or its zero value")
		}
		var errs []error
		if handle == nil {
			errs = append(errs, fmt.Errorf("the handler of %s is nil", e.Name()))
		}
		if err := errors.Join(append(errs, p.checkModel(e.Name(), core.Model()))...); err != nil {
			return err
		}
		p.routes[e.Name()] = append(p.routes[e.Name()], func(ctx context.Context, c rawChange) error {
			typed, err := typedChange(core, c)
			if err != nil {
				return err
			}
			return handle(ctx, typed)
		})
		return nil
	})
}

func typedChange[T, K any](e bridge.Entity[T, K], c rawChange) (Change[T], error) {
	out := Change[T]{Expired: c.expired, At: c.at, Sequence: c.sequence, ID: c.id}
	var err error
	if c.old != nil {
		if out.Old, err = e.Decode(c.old); err != nil {
			return out, err
		}
	}
	if c.new != nil {
		if out.New, err = e.Decode(c.new); err != nil {
			return out, err
		}
	}
	switch {
	case out.Old == nil:
		out.Kind = Inserted
	case out.New == nil:
		out.Kind = Removed
	default:
		out.Kind = Modified
	}
	return out, nil
}
