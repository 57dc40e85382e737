package dynamotest

import (
	"context"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

type transactGet struct {
	TableName                *string
	Key                      item
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
}

type transactGetItem struct{ Get *transactGet }

type transactGetInput struct {
	TransactItems          []transactGetItem
	ReturnConsumedCapacity *string
}

type itemResponse struct {
	Item *item `json:",omitempty"`
}

type transactGetOutput struct {
	Responses        []itemResponse
	ConsumedCapacity []consumedCapacity `json:",omitempty"`
}

func (db *DynamoDB) transactGetItems(ctx context.Context, in *transactGetInput) (*transactGetOutput, error) {
	switch n := len(in.TransactItems); {
	case n == 0:
		return nil, validation("1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case n > maxActions:
		return nil, validation("1 validation error detected: Value '[%d items]' at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100", n)
	}
	if err := enum(in.ReturnConsumedCapacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE"); err != nil {
		return nil, err
	}
	projections := make([]*expr.Projection, len(in.TransactItems))
	for i, t := range in.TransactItems {
		if t.Get == nil {
			return nil, validation("1 validation error detected: Value null at 'transactItems.%d.member.get' failed to satisfy constraint: Member must not be null", i+1)
		}
		names := placeholders{ExpressionAttributeNames: t.Get.ExpressionAttributeNames}
		err := firstError(checkTableName(t.Get.TableName), checkKeyPresent(t.Get.Key), t.Get.Key.check(),
			names.readExpressions(readProjection(&projections[i], t.Get.ProjectionExpression)))
		if err != nil {
			return nil, err
		}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.transactGet(ctx, in, projections)
}

func (db *DynamoDB) transactGet(ctx context.Context, in *transactGetInput, projections []*expr.Projection) (*transactGetOutput, error) {
	out := &transactGetOutput{Responses: make([]itemResponse, len(in.TransactItems))}
	usages := usageByTable{}
	seen := map[string]bool{}
	reasons := make([]cancellationReason, len(in.TransactItems))
	failed := false
	bytes := 0
	for i, get := range in.TransactItems {
		t, err := db.open(ctx, get.Get.TableName)
		if err != nil {
			return nil, err
		}
		reasons[i].Code = "None"
		if err := t.checkKey(expr.Item(get.Get.Key)); err != nil {
			reasons[i], failed = reasonOf(nil, err), true
			continue
		}
		key, _ := t.key.encode(expr.Item(get.Get.Key))
		if seen[t.arn+key] {
			return nil, validation("Transaction request cannot include multiple operations on one item")
		}
		seen[t.arn+key] = true
		r := t.rows.get(key)
		if r != nil {
			if shown := item(projections[i].Apply(r.item)); len(shown) > 0 {
				out.Responses[i].Item = &shown
			}
		}
		if bytes += sizeOf(r); bytes > maxTransactionBytes {
			return nil, validation(transactionTooLarge)
		}
		usages.of(t).read(nil, sizeOf(r), transactional)
	}
	if failed {
		return nil, canceled(reasons)
	}
	out.ConsumedCapacity = usages.report(in.ReturnConsumedCapacity, true)
	return out, nil
}
