package dynamotest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/assertion"
	"github.com/patternkit/serverless/internal/wire"
)

// RequireItem demands that a table has the item with this key, and returns the
// item. Otherwise the test fails and ends; the failure lists what the table has.
// The key is the value of the partition key and, if the table has one, that of
// the sort key: a string, a []byte, or a Go number. The table is named as for
// [DynamoDB.Items].
//
//	item := db.RequireItem(t, "orders", "ORDER#42", "META")
func (db *DynamoDB) RequireItem(tb TB, table string, key ...any) map[string]types.AttributeValue {
	assertion.Needs("dynamotest: RequireItem", tb, "fake", db)
	tb.Helper()
	r, err := db.find(table, key)
	if err != nil {
		assertion.End(tb, "dynamotest: RequireItem: %v", err)
		return nil
	}
	return attributesOf(r.item)
}

// find returns the row of a table with a key.
func (db *DynamoDB) find(name string, key []any) (*row, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.named(name)
	if t == nil {
		return nil, fmt.Errorf("there is no table %s", name)
	}
	names := t.key.names()
	if len(key) != len(names) {
		return nil, fmt.Errorf("the key of table %s is %s; the test gives %s", name, strings.Join(names, " and "), wire.Plural(len(key), "value", "values"))
	}
	wanted := expr.Item{}
	for i, v := range key {
		value, err := keyValue(v)
		if err == nil && value.Type() != t.types[names[i]] {
			err = errors.New("the attribute has another type")
		}
		if err != nil {
			return nil, fmt.Errorf("%v is no value of %s, which is of type %s: %w", v, names[i], t.types[names[i]], err)
		}
		wanted[names[i]] = value
	}
	encoded, _ := t.key.encode(wanted)
	if r := t.rows.get(encoded); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("table %s has no item with the key %s; %s", name, readable(wanted), t.contents())
}

// keyValue turns a Go value into the value of a key attribute.
func keyValue(v any) (expr.Value, error) {
	switch v := v.(type) {
	case string:
		return expr.String(v), nil
	case []byte:
		return expr.Binary(v), nil
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return expr.Number(fmt.Sprint(v))
	}
	return expr.Value{}, fmt.Errorf("a key is a string, a []byte or a number, and not a %T", v)
}

// shownItems is how many items a failure lists.
const shownItems = 10

// contents lists the keys of the items of a table.
func (t *table) contents() string {
	rows := t.inKeyOrder()
	if len(rows) == 0 {
		return "it is empty"
	}
	var keys []string
	for _, r := range rows[:min(len(rows), shownItems)] {
		keys = append(keys, readable(expr.Item(pick(r.item, t.key.names()))))
	}
	text := "it has " + strings.Join(keys, ", ")
	if more := len(rows) - shownItems; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// RequireNoScan demands that no call so far was a Scan, which reads a whole
// table. Otherwise the test fails, with an error for every Scan, and ends.
func (db *DynamoDB) RequireNoScan(tb TB) {
	assertion.Needs("dynamotest: RequireNoScan", tb, "fake", db)
	tb.Helper()
	var scans []string
	for _, c := range db.Calls("Scan") {
		scans = append(scans, "Scan of "+strings.Join(c.Resources, ", "))
	}
	if scans != nil {
		assertion.End(tb, "dynamotest: %s", strings.Join(scans, "\n"))
	}
}

// Capacity is consumed capacity in units.
type Capacity struct {
	// Read are read units: one reads 4 KB consistently.
	Read float64
	// Write are write units: one writes 1 KB.
	Write float64
}

// Consumed is the capacity that the calls on a table have consumed so far, its
// indexes included, whether they asked for ReturnConsumedCapacity or not.
func (db *DynamoDB) Consumed(tableName string) Capacity {
	db.mu.Lock()
	defer db.mu.Unlock()
	var total Capacity
	for _, t := range db.tables {
		if t.name == tableName {
			total.Read += t.consumed.read
			total.Write += t.consumed.write
		}
	}
	return total
}
