package dynamotest

import (
	"context"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

// Limits of a transaction.
const (
	maxActions          = 100
	maxTransactionBytes = 4 << 20
	tokenLife           = 10 * time.Minute
)

const transactionTooLarge = "Collection size of items exceeded, which can also be caused by the aggregate size of the items in the transaction exceeding the 4MB limit"

type transactConditions struct {
	ConditionExpression                 *string
	ReturnValuesOnConditionCheckFailure *string
	placeholders
}

type transactPut struct {
	TableName *string
	Item      item
	transactConditions
}

type transactKeyed struct {
	TableName *string
	Key       item
	transactConditions
}

type transactUpdate struct {
	TableName        *string
	Key              item
	UpdateExpression *string
	transactConditions
}

type transactWriteItem struct {
	ConditionCheck *transactKeyed
	Put            *transactPut
	Delete         *transactKeyed
	Update         *transactUpdate
}

type transactWriteInput struct {
	TransactItems               []transactWriteItem
	ClientRequestToken          *string
	ReturnConsumedCapacity      *string
	ReturnItemCollectionMetrics *string
}

type transactWriteOutput struct {
	ConsumedCapacity      []consumedCapacity                 `json:",omitempty"`
	ItemCollectionMetrics map[string][]itemCollectionMetrics `json:",omitempty"`
}

// idempotent remembers a transaction by its token.
type idempotent struct {
	digest  uint64
	done    time.Time
	actions []*action
}

func (db *DynamoDB) transactWriteItems(ctx context.Context, in *transactWriteInput) (*transactWriteOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	actions := make([]*action, len(in.TransactItems))
	names := make([]*string, len(in.TransactItems))
	for i := range in.TransactItems {
		var err error
		if actions[i], names[i], err = in.TransactItems[i].read(); err != nil {
			return nil, err
		}
	}
	c := wire.CallOf(ctx)
	db.mu.Lock()
	defer db.mu.Unlock()
	seen, err := db.replay(c, in)
	if err != nil {
		return nil, err
	}
	if seen != nil {
		return transactOutput(seen.actions, in, true), nil
	}
	for i, a := range actions {
		t, err := db.open(ctx, names[i])
		if err != nil {
			return nil, err
		}
		a.table = t
	}
	if err := checkTransaction(actions); err != nil {
		return nil, err
	}
	if err := bindAll(actions); err != nil {
		return nil, err
	}
	if err := commitAll(actions); err != nil {
		return nil, err
	}
	db.remember(c, in, actions)
	return transactOutput(actions, in, false), nil
}

func (in *transactWriteInput) check() error {
	err := firstError(
		enum(in.ReturnConsumedCapacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE"),
		enum(in.ReturnItemCollectionMetrics, "returnItemCollectionMetrics", "SIZE", "NONE"))
	switch n := len(in.TransactItems); {
	case err != nil:
		return err
	case n == 0:
		return validation("1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case n > maxActions:
		return validation("1 validation error detected: Value '[%d items]' at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100", n)
	case in.ClientRequestToken != nil && len(*in.ClientRequestToken) > 36:
		return validation("1 validation error detected: Value '%s' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 36", *in.ClientRequestToken)
	}
	return nil
}

// read makes the action of one element, without its table.
func (i *transactWriteItem) read() (*action, *string, error) {
	kinds := 0
	for _, set := range []bool{i.ConditionCheck != nil, i.Put != nil, i.Delete != nil, i.Update != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return nil, nil, validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
	case kinds > 1:
		return nil, nil, validation("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	a := &action{}
	switch {
	case i.Put != nil:
		a.item = expr.Item(i.Put.Item)
		return a, i.Put.TableName, firstError(checkTableName(i.Put.TableName), i.Put.Item.check(), i.Put.read(a), checkNewItem(a.item))
	case i.Update != nil:
		a.key = expr.Item(i.Update.Key)
		return a, i.Update.TableName, firstError(checkTableName(i.Update.TableName), checkKeyPresent(i.Update.Key), i.Update.Key.check(),
			i.Update.read(a, a.readUpdate(i.Update.UpdateExpression)), i.Update.required())
	case i.Delete != nil:
		a.key, a.remove = expr.Item(i.Delete.Key), true
		return a, i.Delete.TableName, i.Delete.check(a)
	}
	a.key = expr.Item(i.ConditionCheck.Key)
	if i.ConditionCheck.ConditionExpression == nil {
		return nil, nil, validation("1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null")
	}
	return a, i.ConditionCheck.TableName, i.ConditionCheck.check(a)
}

func (u *transactUpdate) required() error {
	if u.UpdateExpression == nil {
		return validation("1 validation error detected: Value null at 'transactItems.1.member.update.updateExpression' failed to satisfy constraint: Member must not be null")
	}
	return nil
}

func (k *transactKeyed) check(a *action) error {
	return firstError(checkTableName(k.TableName), checkKeyPresent(k.Key), k.Key.check(), k.read(a))
}

// read reads the expressions of an element into its action.
func (o *transactConditions) read(a *action, before ...expression) error {
	a.returnOld = is(o.ReturnValuesOnConditionCheckFailure, "ALL_OLD")
	return firstError(
		enum(o.ReturnValuesOnConditionCheckFailure, "returnValuesOnConditionCheckFailure", "ALL_OLD", "NONE"),
		o.readExpressions(append(before, a.readCondition(o.ConditionExpression))...))
}

// transactOutput reports what a transaction consumed. A replay is charged as a
// transactional read.
func transactOutput(actions []*action, in *transactWriteInput, replayed bool) *transactWriteOutput {
	out := &transactWriteOutput{}
	usages := usageByTable{}
	for _, a := range actions {
		u := usages.of(a.table)
		if replayed {
			u.read(nil, max(sizeOf(a.before), sizeOf(a.after)), transactional)
		} else {
			u.write(a, true)
		}
		if m := a.collectionMetrics(in.ReturnItemCollectionMetrics); m != nil {
			if out.ItemCollectionMetrics == nil {
				out.ItemCollectionMetrics = map[string][]itemCollectionMetrics{}
			}
			out.ItemCollectionMetrics[a.table.name] = append(out.ItemCollectionMetrics[a.table.name], *m)
		}
	}
	out.ConsumedCapacity = usages.report(in.ReturnConsumedCapacity, true)
	return out
}
