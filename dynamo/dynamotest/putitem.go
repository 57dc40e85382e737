package dynamotest

import (
	"context"
)

type putItemInput struct {
	TableName *string
	Item      item
	placeholders
	writeOptions
}

// writeOptions are the members that all single writes have in common.
type writeOptions struct {
	ConditionExpression                 *string
	ReturnValues                        *string
	ReturnValuesOnConditionCheckFailure *string
	ReturnConsumedCapacity              *string
	ReturnItemCollectionMetrics         *string
}

// check refuses options that do not exist.
func (o *writeOptions) check() error {
	return firstError(
		enum(o.ReturnConsumedCapacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE"),
		enum(o.ReturnValuesOnConditionCheckFailure, "returnValuesOnConditionCheckFailure", "ALL_OLD", "NONE"),
		enum(o.ReturnItemCollectionMetrics, "returnItemCollectionMetrics", "SIZE", "NONE"),
		enum(o.ReturnValues, "returnValues", "ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"),
	)
}

// oldOnly refuses ReturnValues that only an update has.
func (o *writeOptions) oldOnly() error {
	if o.ReturnValues == nil || *o.ReturnValues == "NONE" || *o.ReturnValues == "ALL_OLD" {
		return nil
	}
	return validation("ReturnValues can only be ALL_OLD or NONE")
}

type writeOutput struct {
	Attributes            *item                  `json:",omitempty"`
	ConsumedCapacity      *consumedCapacity      `json:",omitempty"`
	ItemCollectionMetrics *itemCollectionMetrics `json:",omitempty"`
}

func (db *DynamoDB) putItem(ctx context.Context, in *putItemInput) (*writeOutput, error) {
	a := &action{item: in.Item, returnOld: is(in.ReturnValuesOnConditionCheckFailure, "ALL_OLD")}
	if in.Item == nil {
		return nil, validation("1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null")
	}
	err := firstError(checkTableName(in.TableName), in.check(), in.oldOnly(), in.Item.check(),
		in.readExpressions(a.readCondition(in.ConditionExpression)), checkNewItem(in.Item))
	if err != nil {
		return nil, err
	}
	return db.write(ctx, in.TableName, a, &in.writeOptions)
}

// write carries a single action out and answers it.
func (db *DynamoDB) write(ctx context.Context, name *string, a *action, o *writeOptions) (*writeOutput, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.open(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := a.bind(t); err != nil {
		return nil, err
	}
	if err := a.run(); err != nil {
		return nil, err
	}
	out := &writeOutput{
		Attributes:            a.returned(o.ReturnValues),
		ItemCollectionMetrics: a.collectionMetrics(o.ReturnItemCollectionMetrics),
	}
	usage := newUsage(t)
	usage.write(a, false)
	out.ConsumedCapacity = usage.report(o.ReturnConsumedCapacity)
	return out, nil
}

// returned is what ReturnValues shows of a finished action.
func (a *action) returned(which *string) *item {
	if which == nil {
		return nil
	}
	var shown item
	switch *which {
	case "ALL_OLD":
		shown = itemOf(a.before)
	case "ALL_NEW":
		shown = itemOf(a.after)
	case "UPDATED_OLD":
		shown = a.updated(a.before)
	case "UPDATED_NEW":
		shown = a.updated(a.after)
	}
	if len(shown) == 0 {
		return nil
	}
	return &shown
}
