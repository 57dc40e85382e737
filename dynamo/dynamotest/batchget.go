package dynamotest

import (
	"context"
	"maps"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

// Limits of the batch operations.
const (
	maxBatchKeys   = 100
	maxBatchWrites = 25
	maxBatchBytes  = 16 << 20
)

type keysAndAttributes struct {
	Keys                     []item            `json:",omitempty"`
	ConsistentRead           *bool             `json:",omitempty"`
	ProjectionExpression     *string           `json:",omitempty"`
	ExpressionAttributeNames map[string]string `json:",omitempty"`
}

type batchGetInput struct {
	RequestItems           map[string]keysAndAttributes
	ReturnConsumedCapacity *string
}

type batchGetOutput struct {
	Responses        map[string][]item
	UnprocessedKeys  map[string]keysAndAttributes
	ConsumedCapacity []consumedCapacity `json:",omitempty"`
}

func (db *DynamoDB) batchGetItem(ctx context.Context, in *batchGetInput) (*batchGetOutput, error) {
	projections, err := in.check()
	if err != nil {
		return nil, err
	}
	out := &batchGetOutput{Responses: map[string][]item{}, UnprocessedKeys: map[string]keysAndAttributes{}}
	usages := usageByTable{}
	c := wire.CallOf(ctx)
	entry, bytes := 0, 0
	db.mu.Lock()
	defer db.mu.Unlock()
	tables, err := db.openBatch(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		want, t := in.RequestItems[name], tables[name]
		shown := []item{}
		left := want
		left.Keys = nil
		for _, key := range want.Keys {
			r := t.find(expr.Item(key))
			entry++
			if c.FailEntry(entry-1) != nil || bytes+sizeOf(r) > maxBatchBytes {
				left.Keys = append(left.Keys, key)
				continue
			}
			bytes += sizeOf(r)
			if r != nil {
				shown = append(shown, item(projections[name].Apply(r.item)))
			}
			usages.of(t).read(nil, sizeOf(r), consistency(want.ConsistentRead))
		}
		out.Responses[name] = shown
		if left.Keys != nil {
			out.UnprocessedKeys[name] = left
		}
	}
	out.ConsumedCapacity = usages.report(in.ReturnConsumedCapacity, false)
	return out, nil
}

// openBatch finds the tables of a BatchGetItem and holds the keys against them.
func (db *DynamoDB) openBatch(ctx context.Context, in *batchGetInput) (map[string]*table, error) {
	tables := map[string]*table{}
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		t, err := db.open(ctx, &name)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, key := range in.RequestItems[name].Keys {
			if err := t.checkKey(expr.Item(key)); err != nil {
				return nil, err
			}
			encoded, _ := t.key.encode(expr.Item(key))
			if seen[encoded] {
				return nil, validation("Provided list of item keys contains duplicates")
			}
			seen[encoded] = true
		}
		tables[name] = t
	}
	return tables, nil
}

func (in *batchGetInput) check() (map[string]*expr.Projection, error) {
	if err := enum(in.ReturnConsumedCapacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE"); err != nil {
		return nil, err
	}
	if len(in.RequestItems) == 0 {
		return nil, validation("1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	projections := map[string]*expr.Projection{}
	keys := 0
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		want := in.RequestItems[name]
		if len(want.Keys) == 0 {
			return nil, validation("1 validation error detected: Value '[]' at 'requestItems.%s.member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1", name)
		}
		keys += len(want.Keys)
		for _, key := range want.Keys {
			if err := key.check(); err != nil {
				return nil, err
			}
		}
		var projection *expr.Projection
		names := placeholders{ExpressionAttributeNames: want.ExpressionAttributeNames}
		if err := names.readExpressions(readProjection(&projection, want.ProjectionExpression)); err != nil {
			return nil, err
		}
		projections[name] = projection
	}
	if keys > maxBatchKeys {
		return nil, validation("Too many items requested for the BatchGetItem call")
	}
	return projections, nil
}
