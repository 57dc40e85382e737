package dynamotest

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"net/http"
	"strings"
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

func (db *DB) transactWriteItems(ctx context.Context, in *transactWriteInput) (*transactWriteOutput, error) {
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
		if err := a.bind(t); err != nil {
			return nil, err
		}
	}
	if err := checkTransaction(actions); err != nil {
		return nil, err
	}
	if err := commitAll(c, actions); err != nil {
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

// place is where an action acts: its table and its key there.
func (a *action) place() string {
	of := a.key
	if a.item != nil {
		of = a.item
	}
	key, _ := a.table.key.encode(of)
	return a.table.arn + "|" + key
}

// checkTransaction refuses two actions on one item, and too much in all.
func checkTransaction(actions []*action) error {
	seen := map[string]bool{}
	bytes := 0
	for _, a := range actions {
		if seen[a.place()] {
			return validation("Transaction request cannot include multiple operations on one item")
		}
		seen[a.place()] = true
		bytes += expr.ItemSize(a.item) + expr.ItemSize(a.key)
	}
	if bytes > maxTransactionBytes {
		return validation(transactionTooLarge)
	}
	return nil
}

// commitAll tries every action, and commits them when all of them succeed.
func commitAll(c *wire.Call, actions []*action) error {
	reasons := make([]cancellationReason, len(actions))
	failed := false
	for i, a := range actions {
		reasons[i].Code = "None"
		if err := a.try(); err != nil {
			reasons[i] = reasonOf(a, err)
			failed = true
		}
	}
	if failed {
		return canceled(reasons)
	}
	for _, a := range actions {
		a.commit(c)
	}
	return nil
}

type cancellationReason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    item   `json:",omitempty"`
}

func reasonOf(a *action, err error) cancellationReason {
	if errors.Is(err, errCondition) {
		r := cancellationReason{Code: "ConditionalCheckFailed", Message: "The conditional request failed"}
		if a.returnOld && a.before != nil {
			r.Item = item(a.before.item)
		}
		return r
	}
	var answer *wire.Error
	if errors.As(err, &answer) {
		return cancellationReason{Code: "ValidationError", Message: answer.Message}
	}
	return cancellationReason{Code: "ValidationError", Message: err.Error()}
}

func canceled(reasons []cancellationReason) error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.Code
	}
	e := wire.Errorf("TransactionCanceledException", http.StatusBadRequest,
		"Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.MessageKey = "Message"
	e.Fields = map[string]any{"CancellationReasons": reasons}
	return e
}

// replay finds the transaction that a token stands for already.
func (db *DB) replay(c *wire.Call, in *transactWriteInput) (*idempotent, error) {
	if in.ClientRequestToken == nil {
		return nil, nil
	}
	now := db.now()
	for token, seen := range db.tokens {
		if now.Sub(seen.done) >= tokenLife {
			delete(db.tokens, token)
		}
	}
	seen := db.tokens[c.Account+"|"+*in.ClientRequestToken]
	if seen == nil {
		return nil, nil
	}
	digest, err := in.digest()
	if err != nil {
		return nil, err
	}
	if seen.digest != digest {
		e := wire.Errorf("IdempotentParameterMismatchException", http.StatusBadRequest, "Retry request parameters do not match the original request parameters")
		e.MessageKey = "Message"
		return nil, e
	}
	return seen, nil
}

func (db *DB) remember(c *wire.Call, in *transactWriteInput, actions []*action) {
	if in.ClientRequestToken == nil {
		return
	}
	if digest, err := in.digest(); err == nil {
		db.tokens[c.Account+"|"+*in.ClientRequestToken] = &idempotent{digest, db.now(), actions}
	}
}

// digest tells transactions apart that come under one token.
func (in *transactWriteInput) digest() (uint64, error) {
	h := fnv.New64a()
	for _, i := range in.TransactItems {
		// Items are written in random order, their sorted form is not.
		if err := json.NewEncoder(h).Encode(canonical(i)); err != nil {
			return 0, err
		}
	}
	return h.Sum64(), nil
}

// canonical is an element with its attribute values as text.
func canonical(i transactWriteItem) map[string]any {
	out := map[string]any{}
	add := func(kind string, table *string, key, it item, update *string, c transactConditions) {
		out[kind] = []any{
			table, expr.Map(key).String(), expr.Map(it).String(), update, c.ConditionExpression,
			c.ReturnValuesOnConditionCheckFailure, c.ExpressionAttributeNames, expr.Map(c.ExpressionAttributeValues).String(),
		}
	}
	if k := i.ConditionCheck; k != nil {
		add("ConditionCheck", k.TableName, k.Key, nil, nil, k.transactConditions)
	}
	if k := i.Put; k != nil {
		add("Put", k.TableName, nil, k.Item, nil, k.transactConditions)
	}
	if k := i.Delete; k != nil {
		add("Delete", k.TableName, k.Key, nil, nil, k.transactConditions)
	}
	if k := i.Update; k != nil {
		add("Update", k.TableName, k.Key, nil, k.UpdateExpression, k.transactConditions)
	}
	return out
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
