package dynamotest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// Dump returns the tables with their items, indexes and streams as text, for
// the output of a test. A test that used the database and has failed logs the
// first 100 lines of it by itself, with the last 20 calls.
func (db *DynamoDB) Dump() string {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.dump()
}

func (db *DynamoDB) dump() string {
	var d wire.Dump
	for _, arn := range slices.Sorted(maps.Keys(db.tables)) {
		t := db.tables[arn]
		p, _ := awsid.ParseARN(arn)
		d.Line(0, "table %s%s: %s", t.name, d.At(p.Account, p.Region), wire.Plural(t.rows.Len(), "item", "items"))
		for _, r := range t.inKeyOrder() {
			d.Line(1, "%s", readable(r.item))
		}
		for _, x := range t.indexes {
			d.Line(1, "index %s: %s", x.name, wire.Plural(x.rows.Len(), "entry", "entries"))
		}
		if t.stream.enabled() {
			d.Line(1, "stream: %s", wire.Plural(len(t.stream.records), "record", "records"))
		}
	}
	return d.String()
}

// inKeyOrder returns the rows by partition key, then by sort key.
func (t *table) inKeyOrder() []*row {
	var rows []*row
	t.rows.walk(span{}, "", false, func(e entry) bool {
		rows = append(rows, e.row)
		return true
	})
	slices.SortStableFunc(rows, func(a, b *row) int { return cmp.Compare(a.key[hashLength:], b.key[hashLength:]) })
	return rows
}

// readable writes an item as JSON with its attributes in order.
func readable(i expr.Item) string {
	var attributes map[string]any
	if err := json.Unmarshal(appendFields(nil, i), &attributes); err != nil {
		return err.Error()
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
