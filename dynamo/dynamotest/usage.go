package dynamotest

import (
	"maps"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// tally is what a request has read and written of one table or index.
type tally struct{ read, write float64 }

// usage adds up the capacity that a request consumes on one table.
type usage struct {
	table   *table
	own     tally
	indexes map[*index]*tally
	split   bool // report reads and writes apart, as transactions do
}

func newUsage(t *table) *usage { return &usage{table: t} }

// at is the tally of an index, or of the table when x is nil.
func (u *usage) at(x *index) *tally {
	if x == nil {
		return &u.own
	}
	if u.indexes == nil {
		u.indexes = map[*index]*tally{}
	}
	if u.indexes[x] == nil {
		u.indexes[x] = &tally{}
	}
	return u.indexes[x]
}

// blocks is how many blocks of a size bytes fill: one at least.
func blocks(bytes, block int) float64 {
	return float64(max(1, (bytes+block-1)/block))
}

// read counts a read of so many bytes; a read through an index is charged to
// the index.
func (u *usage) read(x *index, bytes int, factor float64) {
	u.at(x).read += blocks(bytes, 4096) * factor
}

// write counts a tried action. A transaction doubles the table's part and not
// that of the indexes.
func (u *usage) write(a *action, inTransaction bool) {
	n := blocks(max(sizeOf(a.before), sizeOf(a.after)), 1024)
	if inTransaction {
		n *= 2
	}
	u.own.write += n
	if a.before == a.after {
		return
	}
	for _, x := range u.table.indexes {
		if n := x.writeUnits(u.table, a.before, a.after); n > 0 {
			u.at(x).write += n
		}
	}
}

// writeUnits is what a change costs in the index: nothing when what it holds
// stays the same, one write, or two when the entry moves.
func (x *index) writeUnits(t *table, before, after *row) float64 {
	oldKey, newKey := "", ""
	oldSize, newSize := 0, 0
	if before != nil {
		if key, ok := x.entryKey(before.item, before.key); ok {
			oldKey, oldSize = key, x.sizeOf(t, before)
		}
	}
	if after != nil {
		if key, ok := x.entryKey(after.item, after.key); ok {
			newKey, newSize = key, x.sizeOf(t, after)
		}
	}
	switch {
	case oldKey == "" && newKey == "":
		return 0
	case oldKey == "":
		return blocks(newSize, 1024)
	case newKey == "":
		return blocks(oldSize, 1024)
	case oldKey != newKey:
		return blocks(oldSize, 1024) + blocks(newSize, 1024)
	case expr.EqualItems(x.project(t, before.item), x.project(t, after.item)):
		return 0
	}
	return blocks(max(oldSize, newSize), 1024)
}

// report charges the table and returns the answer's ConsumedCapacity under a
// ReturnConsumedCapacity.
func (u *usage) report(which *string) *consumedCapacity {
	total := u.own
	for _, n := range u.indexes {
		total.read += n.read
		total.write += n.write
	}
	u.table.consumed.read += total.read
	u.table.consumed.write += total.write
	if which == nil || *which == "NONE" {
		return nil
	}
	sum := u.units(total)
	c := &consumedCapacity{
		TableName: u.table.name, CapacityUnits: sum.CapacityUnits,
		ReadCapacityUnits: sum.ReadCapacityUnits, WriteCapacityUnits: sum.WriteCapacityUnits,
	}
	if *which != "INDEXES" {
		return c
	}
	own := u.units(u.own)
	c.Table = &own
	for x, n := range u.indexes {
		into := &c.LocalSecondaryIndexes
		if x.global {
			into = &c.GlobalSecondaryIndexes
		}
		if *into == nil {
			*into = map[string]units{}
		}
		(*into)[x.name] = u.units(*n)
	}
	return c
}

func (u *usage) units(n tally) units {
	out := units{CapacityUnits: n.read + n.write}
	if u.split && n.read > 0 {
		out.ReadCapacityUnits = &n.read
	}
	if u.split && n.write > 0 {
		out.WriteCapacityUnits = &n.write
	}
	return out
}

// usageByTable is what a request consumes on several tables.
type usageByTable map[string]*usage

func (u usageByTable) of(t *table) *usage {
	if u[t.arn] == nil {
		u[t.arn] = newUsage(t)
	}
	return u[t.arn]
}

// report lists the tables by name.
func (u usageByTable) report(which *string, split bool) []consumedCapacity {
	var out []consumedCapacity
	for _, arn := range slices.Sorted(maps.Keys(u)) {
		u[arn].split = split
		if c := u[arn].report(which); c != nil {
			out = append(out, *c)
		}
	}
	return out
}
