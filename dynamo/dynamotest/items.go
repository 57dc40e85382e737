package dynamotest

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

// Items returns the items of a table, by partition key and then by sort key. The
// table is named by its name, in account 123456789012 and region us-east-1, or by
// its ARN. It is no call: it is not in the journal and consumes no capacity. A
// table that does not exist is an error of the test.
func (db *DynamoDB) Items(table string) []map[string]types.AttributeValue {
	db.made().TB().Helper()
	rows, ok := db.rowsOf(table)
	if !ok {
		db.server.Misuse("Items: there is no table %s", table)
	}
	var items []map[string]types.AttributeValue
	for _, r := range rows {
		items = append(items, attributesOf(r.item))
	}
	return items
}

// rowsOf returns the rows of a table in the order of their keys.
func (db *DynamoDB) rowsOf(name string) (rows []*row, ok bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.named(name)
	if t == nil {
		return nil, false
	}
	return t.inKeyOrder(), true
}

// named finds a table by its name in the default account and region, or by its
// ARN; nil if there is none.
func (db *DynamoDB) named(name string) *table {
	return db.tables[tableARN(wire.CallOf(context.Background()), name)]
}

// attributesOf turns an item into the SDK's types.
func attributesOf(fields expr.Item) map[string]types.AttributeValue {
	out := make(map[string]types.AttributeValue, len(fields))
	for name, v := range fields {
		out[name] = attributeOf(v)
	}
	return out
}

func attributeOf(v expr.Value) types.AttributeValue {
	switch v.Type() {
	case expr.S:
		return &types.AttributeValueMemberS{Value: v.Text()}
	case expr.N:
		return &types.AttributeValueMemberN{Value: v.Text()}
	case expr.B:
		return &types.AttributeValueMemberB{Value: []byte(v.Text())}
	case expr.BOOL:
		return &types.AttributeValueMemberBOOL{Value: v.True()}
	case expr.M:
		return &types.AttributeValueMemberM{Value: attributesOf(v.Fields())}
	case expr.L:
		list := make([]types.AttributeValue, len(v.Elements()))
		for i, e := range v.Elements() {
			list[i] = attributeOf(e)
		}
		return &types.AttributeValueMemberL{Value: list}
	case expr.SS:
		return &types.AttributeValueMemberSS{Value: texts(v)}
	case expr.NS:
		return &types.AttributeValueMemberNS{Value: texts(v)}
	case expr.BS:
		var set [][]byte
		for _, text := range texts(v) {
			set = append(set, []byte(text))
		}
		return &types.AttributeValueMemberBS{Value: set}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

// texts are the members of a set.
func texts(set expr.Value) []string {
	out := make([]string, len(set.Elements()))
	for i, e := range set.Elements() {
		out[i] = e.Text()
	}
	return out
}
