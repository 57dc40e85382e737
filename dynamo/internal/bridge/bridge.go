// Package bridge is what package stream needs of package dynamo and no user does.
// Package dynamo registers itself when the program is initialized, and nothing here
// changes after that.
package bridge

import (
	"context"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// Model is what a stream needs of a *dynamo.Model.
type Model interface {
	// Knows reports whether items with the discriminator belong to the model.
	Knows(discriminator string) bool
	// Expired reports whether the item had expired at the time.
	Expired(it attr.Item, at time.Time) bool
	// KeyText shows the primary key of a stored item: "ORDER#42/METADATA".
	KeyText(it attr.Item) string
}

// Entity is what a stream or a view needs of a *dynamo.Entity[T, K].
type Entity[T, K any] interface {
	// Made reports whether the entity is neither nil nor its zero value.
	Made() bool
	// Model returns the *dynamo.Model of the entity.
	Model() any
	// Decode returns the value of an item of the entity.
	Decode(it attr.Item) (*T, error)
	// CheckView reports why the entity in the *dynamo.Table cannot be a view.
	CheckView(table any) error
	// SameKey reports whether two keys are written alike.
	SameKey(a, b K) bool
	// Apply changes the item of the key, or makes it, once for each id and part. The
	// table is a *dynamo.Table.
	Apply(ctx context.Context, table any, key K, id, part string, apply func(*T) error) error
}

// inside returns what a value of package dynamo is to package stream.
var inside func(any) any

// Register is called by package dynamo when it is initialized.
func Register(f func(any) any) { inside = f }

// OfModel returns the inside of a *dynamo.Model.
func OfModel(model any) Model { return inside(model).(Model) }

// OfEntity returns the inside of a *dynamo.Entity[T, K].
func OfEntity[T, K any](entity any) Entity[T, K] { return inside(entity).(Entity[T, K]) }
