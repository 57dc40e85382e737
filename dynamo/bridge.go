package dynamo

import (
	"context"
	"reflect"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/bridge"
)

// Package stream reaches models and entities through these, and users do not see them.
func init() {
	bridge.Register(func(v any) any {
		return v.(interface{ bridged() any }).bridged()
	})
}

// bridgedModel is a Model to package stream.
type bridgedModel struct{ *Model }

func (m *Model) bridged() any { return bridgedModel{m} }

// Knows reports whether items with the discriminator belong to the model.
func (m bridgedModel) Knows(discriminator string) bool { return m.known(discriminator) }

// Expired reports whether the item had expired at the time.
func (m bridgedModel) Expired(it attr.Item, at time.Time) bool { return m.gone(it, at) }

// KeyText shows the primary key of a stored item.
func (m bridgedModel) KeyText(it attr.Item) string { return m.keyIn(it).String() }

// bridgedEntity is an Entity to package stream.
type bridgedEntity[T, K any] struct{ of *Entity[T, K] }

func (e *Entity[T, K]) bridged() any { return bridgedEntity[T, K]{e} }

// Made reports whether the entity is neither nil nor its zero value.
func (b bridgedEntity[T, K]) Made() bool { return b.of.entity() != nil }

// Model returns the model of the entity.
func (b bridgedEntity[T, K]) Model() any { return b.of.core.model }

// Decode returns the value of an item of the entity.
func (b bridgedEntity[T, K]) Decode(it attr.Item) (*T, error) {
	v := new(T)
	if err := b.of.core.decode(it, v); err != nil {
		return nil, err
	}
	return v, nil
}

// CheckView reports why the entity in the table cannot be a view.
func (b bridgedEntity[T, K]) CheckView(table any) error {
	return b.of.core.checkView(table.(*Table))
}

// SameKey reports whether two keys are those of one item.
func (b bridgedEntity[T, K]) SameKey(x, y K) bool {
	return b.of.core.sameKey(reflect.ValueOf(&x).Elem(), reflect.ValueOf(&y).Elem())
}

// Apply changes the item of the key, or makes it, once for each id and part.
func (b bridgedEntity[T, K]) Apply(ctx context.Context, table any, key K, id, part string, apply func(*T) error) error {
	return b.of.applyOnce(ctx, table.(*Table), key, id, part, apply)
}

var (
	_ bridge.Model            = bridgedModel{}
	_ bridge.Entity[int, int] = bridgedEntity[int, int]{}
)
