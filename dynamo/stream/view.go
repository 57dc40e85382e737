package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/internal/bridge"
	"github.com/patternkit/serverless/internal/given"
)

// View is where Project stores what it makes of changes: an entity in a table.
type View[T, K any] struct {
	table  *dynamo.Table
	entity *dynamo.Entity[T, K]
	core   bridge.Entity[T, K]
}

// MustView is NewView for package-level variables: it panics when the view is wrong.
func MustView[T, K any](table *dynamo.Table, e *dynamo.Entity[T, K]) *View[T, K] {
	return given.Must(NewView(table, e))
}

// NewView returns the view of an entity in a table, which may be another table than
// that of the stream. The entity must have a version, and the schema a TTL attribute:
// the ids of applied changes are kept for 48 hours, the stream's 24 and as much again.
func NewView[T, K any](table *dynamo.Table, e *dynamo.Entity[T, K]) (*View[T, K], error) {
	core := bridge.OfEntity[T, K](e)
	switch {
	case table == nil || table.Model() == nil:
		return nil, errors.New("stream: view: the table is nil or its zero value")
	case !core.Made():
		return nil, errors.New("stream: view: the entity is nil or its zero value")
	}
	if err := core.CheckView(table); err != nil {
		return nil, fmt.Errorf("stream: view %s: %w", e.Name(), err)
	}
	return &View[T, K]{table: table, entity: e, core: core}, nil
}

// Apply changes the item of the key by one change with the id, exactly once: a second
// call with the id does nothing. The item is made when it is not there. apply may run
// several times when other writers come in between.
func (v *View[T, K]) Apply(ctx context.Context, id string, key K, apply func(*T) error) error {
	if v == nil || v.core == nil {
		return errors.New("stream: this View is nil or its zero value: make it with NewView or MustView")
	}
	return v.core.Apply(ctx, v.table, key, id, "", apply)
}
