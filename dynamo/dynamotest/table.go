package dynamotest

import (
	"time"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// table is one table with its items, indexes and stream.
type table struct {
	name, arn, id string
	created       time.Time
	definitions   []attributeDefinition
	types         map[string]expr.Type
	key           keySchema
	rows          *tree
	indexes       []*index
	protected     bool
	class         string
	billing       billing
	stream        *stream
	ttl           string  // attribute; "" when off
	soonest       float64 // no item expires before this second
	readyAt       time.Time
	size          int64
	consumed      tally
	lag           time.Duration // of the global indexes
	tags          map[string]string
}

// billing is the billing mode and the throughput of a table.
type billing struct {
	onDemand   bool
	changed    time.Time
	throughput throughput
}

// throughput is provisioned capacity, or the cap of on-demand capacity.
type throughput struct {
	ReadCapacityUnits  int64
	WriteCapacityUnits int64
}

// index is a secondary index of a table.
type index struct {
	name       string
	global     bool
	key        keySchema
	projection projection
	throughput throughput
	rows       *tree
	readyAt    time.Time
	size       int64
	pending    []change // what a lagging index has yet to take in
}

// change is the replacement of one row by another, due in an index at a time.
type change struct {
	due           time.Time
	before, after *row
}

// projection is what an index holds besides the keys.
type projection struct {
	ProjectionType   string   `json:",omitempty"`
	NonKeyAttributes []string `json:",omitempty"`
}

// row is an item with its key in the table. Rows do not change: a write
// replaces them.
type row struct {
	key  string
	item expr.Item
	size int
}

// entry is a row in the table or in one index, under the key it has there.
type entry struct {
	key string
	row *row
}

// indexARN is the ARN of an index of the table.
func (t *table) indexARN(name string) string { return t.arn + "/index/" + name }

// index finds an index by name, or nil.
func (t *table) index(name string) *index {
	for _, x := range t.indexes {
		if x.name == name {
			return x
		}
	}
	return nil
}

// keeps says whether the index holds an attribute.
func (x *index) keeps(t *table, attribute string) bool {
	if x.projection.ProjectionType == "ALL" {
		return true
	}
	for _, names := range [][]string{t.key.names(), x.key.names(), x.projection.NonKeyAttributes} {
		for _, name := range names {
			if name == attribute {
				return true
			}
		}
	}
	return false
}

// project is the part of an item that the index holds.
func (x *index) project(t *table, i expr.Item) expr.Item {
	if x.projection.ProjectionType == "ALL" {
		return i
	}
	out := expr.Item{}
	for name, v := range i {
		if x.keeps(t, name) {
			out[name] = v
		}
	}
	return out
}

// entryKey is the key of an item in the index: its index key, then its key in
// the table. ok is false when the item is not in the index.
func (x *index) entryKey(i expr.Item, key string) (string, bool) {
	own, ok := x.key.encode(i)
	return own + key, ok
}

// newRow makes the row of an item whose key has been checked.
func (t *table) newRow(i expr.Item) *row {
	key, _ := t.key.encode(i)
	return &row{key: key, item: i, size: expr.ItemSize(i)}
}

// find returns the row with the key that i has.
func (t *table) find(i expr.Item) *row {
	key, _ := t.key.encode(i)
	return t.rows.get(key)
}

// replace stores after in the place of before; either may be nil. It keeps the
// indexes and the stream.
func (t *table) replace(before, after *row, who identity) {
	switch {
	case after != nil:
		t.rows.Set(entry{after.key, after})
		t.size += int64(after.size)
		if at, ok := t.expiry(after.item); ok {
			t.soonest = min(t.soonest, at)
		}
	case before != nil:
		t.rows.Delete(entry{key: before.key})
	}
	if before != nil {
		t.size -= int64(before.size)
	}
	for _, x := range t.indexes {
		if x.global && t.lag > 0 {
			x.pending = append(x.pending, change{time.Now().Add(t.lag), before, after})
			continue
		}
		x.replace(t, before, after)
	}
	if t.stream.enabled() {
		t.stream.record(t, before, after, who)
	}
}

// settle lets the indexes take in the changes that are due.
func (t *table) settle(now time.Time) {
	for _, x := range t.indexes {
		for len(x.pending) > 0 && !now.Before(x.pending[0].due) {
			x.replace(t, x.pending[0].before, x.pending[0].after)
			x.pending = x.pending[1:]
		}
	}
}

func (x *index) replace(t *table, before, after *row) {
	if before != nil {
		if key, ok := x.entryKey(before.item, before.key); ok {
			x.rows.Delete(entry{key: key})
			x.size -= int64(x.sizeOf(t, before))
		}
	}
	if after != nil {
		if key, ok := x.entryKey(after.item, after.key); ok {
			x.rows.Set(entry{key, after})
			x.size += int64(x.sizeOf(t, after))
		}
	}
}

// sizeOf is the size of a row as the index holds it.
func (x *index) sizeOf(t *table, r *row) int {
	if x.projection.ProjectionType == "ALL" {
		return r.size
	}
	n := 0
	for name, v := range r.item {
		if x.keeps(t, name) {
			n += len(name) + v.Size()
		}
	}
	return n
}
