package dynamotest

import (
	"context"
	"maps"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

type putRequest struct{ Item item }

type deleteRequest struct{ Key item }

type writeRequest struct {
	PutRequest    *putRequest    `json:",omitempty"`
	DeleteRequest *deleteRequest `json:",omitempty"`
}

type batchWriteInput struct {
	RequestItems                map[string][]writeRequest
	ReturnConsumedCapacity      *string
	ReturnItemCollectionMetrics *string
}

type batchWriteOutput struct {
	UnprocessedItems      map[string][]writeRequest
	ItemCollectionMetrics map[string][]itemCollectionMetrics `json:",omitempty"`
	ConsumedCapacity      []consumedCapacity                 `json:",omitempty"`
}

// batchEntry is one write of a batch, with the request it came from.
type batchEntry struct {
	*action
	table   string
	request writeRequest
}

func (db *DynamoDB) batchWriteItem(ctx context.Context, in *batchWriteInput) (*batchWriteOutput, error) {
	entries, err := in.read()
	if err != nil {
		return nil, err
	}
	c := wire.CallOf(ctx)
	db.mu.Lock()
	defer db.mu.Unlock()
	seen := map[string]bool{}
	for _, e := range entries {
		t, err := db.open(ctx, &e.table)
		if err != nil {
			return nil, err
		}
		if e.item != nil && !t.hasKey(e.item) {
			return nil, validation(keyMismatch)
		}
		if err := e.bind(t); err != nil {
			return nil, err
		}
		place, _ := e.place()
		if seen[place] {
			return nil, validation("Provided list of item keys contains duplicates")
		}
		seen[place] = true
	}
	out := &batchWriteOutput{UnprocessedItems: map[string][]writeRequest{}}
	usages := usageByTable{}
	for i, e := range entries {
		if c.FailEntry(i) != nil {
			out.UnprocessedItems[e.table] = append(out.UnprocessedItems[e.table], e.request)
			continue
		}
		if err := e.run(); err != nil {
			return nil, err
		}
		usages.of(e.action.table).write(e.action, false)
		if m := e.collectionMetrics(in.ReturnItemCollectionMetrics); m != nil {
			if out.ItemCollectionMetrics == nil {
				out.ItemCollectionMetrics = map[string][]itemCollectionMetrics{}
			}
			out.ItemCollectionMetrics[e.table] = append(out.ItemCollectionMetrics[e.table], *m)
		}
	}
	out.ConsumedCapacity = usages.report(in.ReturnConsumedCapacity, false)
	return out, nil
}

// read makes the actions of a batch, in the order of tables and requests.
func (in *batchWriteInput) read() ([]*batchEntry, error) {
	err := firstError(
		enum(in.ReturnConsumedCapacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE"),
		enum(in.ReturnItemCollectionMetrics, "returnItemCollectionMetrics", "SIZE", "NONE"))
	if err != nil {
		return nil, err
	}
	if len(in.RequestItems) == 0 {
		return nil, validation("1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	var entries []*batchEntry
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		requests := in.RequestItems[name]
		if len(requests) == 0 || len(requests) > maxBatchWrites {
			return nil, tooManyWrites(name, len(requests))
		}
		for _, request := range requests {
			a, err := request.read()
			if err != nil {
				return nil, err
			}
			entries = append(entries, &batchEntry{a, name, request})
		}
	}
	if len(entries) > maxBatchWrites {
		return nil, validation("Too many items requested for the BatchWriteItem call")
	}
	return entries, nil
}

func tooManyWrites(table string, n int) error {
	return validation("1 validation error detected: Value '{%s=[%d requests]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]", table, n)
}

func (w *writeRequest) read() (*action, error) {
	switch {
	case w.PutRequest != nil && w.DeleteRequest != nil:
		return nil, validation(severalTypes)
	case w.PutRequest != nil:
		return &action{item: expr.Item(w.PutRequest.Item)}, firstError(w.PutRequest.Item.check(), checkNewItem(expr.Item(w.PutRequest.Item)))
	case w.DeleteRequest != nil:
		return &action{key: expr.Item(w.DeleteRequest.Key), remove: true}, firstError(checkKeyPresent(w.DeleteRequest.Key), w.DeleteRequest.Key.check())
	}
	return nil, validation(severalTypes)
}
