package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// transactSettings says how operations are run in one TransactWriteItems call.
type transactSettings struct {
	// token makes the transaction idempotent. Empty, each attempt has a random one,
	// which covers the SDK's own retries.
	token string
	// single marks a transaction that runs one operation, whose errors are reported as
	// an OpError.
	single bool
}

// Transact does all the operations or none. When DynamoDB cancels, the error is a
// *TransactionError with one reason for each operation. Conflicts with other
// transactions and throttling are tried again, up to Options.Attempts.
//
// A transaction holds at most 100 items and 4 MB, each item once; an operation on an
// entity with unique values counts their guards.
func (t *Table) Transact(ctx context.Context, ops ...Write) error {
	return t.runTransaction(ctx, ops, transactSettings{}, func() writeContext { return t.writeContext(ctx) })
}

// Items returns the operations as items for a TransactWriteItems call of the caller,
// or of a library that adds its own. It sends nothing. When package idempotency
// commits the slice as it is, the error of a canceled transaction is a
// *TransactionError; for items that were appended to others there is Explain. Operations
// that store the correlation find none here: ItemsFor takes it from a context.
func (t *Table) Items(ops ...Write) ([]types.TransactWriteItem, error) {
	return t.ItemsFor(context.Background(), ops...)
}

// ItemsFor is Items with the correlation id and the trace header of a context for the
// entities that store them.
func (t *Table) ItemsFor(ctx context.Context, ops ...Write) ([]types.TransactWriteItem, error) {
	rs, items, err := t.renderAll(t.writeContext(ctx), ops)
	if err != nil {
		return nil, err
	}
	return explained(rs, items), nil
}

// explainer explains a canceled transaction whose first items are those of its
// operations.
type explainer struct {
	types.AttributeValueMemberNULL // the type of its place in the items; it is never sent
	ops                            []renderedOp
}

// Explain turns the SDK's error into a *TransactionError.
func (e *explainer) Explain(err error) error { return cancellationError(e.ops, err) }

// explained puts the explainer of the items behind them, into the capacity of the
// slice: a library that commits the slice as it is finds it there, and needs
// nothing of this package. Nothing of it is sent, and an append overwrites it.
func explained(ops []renderedOp, items []types.TransactWriteItem) []types.TransactWriteItem {
	n := len(items)
	behind := types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		Key: map[string]types.AttributeValue{"": &explainer{ops: ops}},
	}}
	return append(items[:n:n], behind)[:n]
}

// Explain turns the SDK's error for a transaction whose first items are those of
// Items(ops...) into a *TransactionError. Other errors are returned as they are.
func (t *Table) Explain(err error, ops ...Write) error {
	var cancel *types.TransactionCanceledException
	if !errors.As(err, &cancel) {
		return err
	}
	rs, _, renderErr := t.renderAll(t.writeContext(context.Background()), ops)
	if renderErr != nil {
		return err
	}
	return cancellationError(rs, err)
}

func (t *Table) runTransaction(ctx context.Context, ops []Write, tx transactSettings, now func() writeContext) error {
	if len(ops) == 0 {
		return nil
	}
	in := &dynamodb.TransactWriteItemsInput{}
	if tx.token != "" {
		in.ClientRequestToken = aws.String(tx.token)
	}
	for attempt := 0; ; attempt++ {
		rs, items, err := t.renderAll(now(), ops)
		if err != nil {
			return err
		}
		in.TransactItems = items
		if _, err = t.client.TransactWriteItems(ctx, in); err == nil {
			return nil
		}
		err = cancellationError(rs, err)
		if t.mayClear(attempt) {
			cleared, clearErr := t.clearAway(ctx, rs, err)
			switch {
			case clearErr != nil:
				return errors.Join(err, clearErr)
			case cleared:
				continue
			}
		}
		if !retryable(err) || attempt+1 >= t.options.Attempts {
			if tx.single {
				return asSingleError(err)
			}
			return err
		}
		if pauseErr := t.pause(ctx, attempt); pauseErr != nil {
			return errors.Join(err, pauseErr)
		}
	}
}

// asSingleError converts the error of a one-operation transaction into that operation's
// OpError.
func asSingleError(err error) error {
	var canceled *TransactionError
	if !errors.As(err, &canceled) || len(canceled.Reasons) != 1 || !canceled.Reasons[0].Failed() {
		return err
	}
	r := canceled.Reasons[0]
	return &OpError{
		Op: r.Op, Entity: r.Entity, Key: r.Key, Reason: r,
		Err: &causedError{text: causeText(r.err), causes: []error{r.err, canceled.Err}},
	}
}

// retryable reports whether every reason of a cancellation is a conflict or throttling,
// or the transaction is still running under its token.
func retryable(err error) bool {
	var running *types.TransactionInProgressException
	if errors.As(err, &running) {
		return true
	}
	var canceled *TransactionError
	if !errors.As(err, &canceled) {
		return false
	}
	some := false
	for _, r := range canceled.Reasons {
		switch {
		case r.Code == codeNone:
		case r.retryable():
			some = true
		default:
			return false
		}
	}
	return some
}

// retryable reports whether the cause is a conflict or throttling.
func (r *CancellationReason) retryable() bool {
	return r.Code == codeConflict || r.Code == codeThrottling || r.Code == codeProvisioned
}

// renderAll renders the operations and checks what concerns them together.
func (t *Table) renderAll(s writeContext, ops []Write) ([]renderedOp, []types.TransactWriteItem, error) {
	rs := make([]renderedOp, len(ops))
	items := make([]types.TransactWriteItem, 0, len(ops))
	var errs []error
	var fs faults
	seen := make(map[primaryKey]string, len(ops))
	size := 0
	for i, op := range ops {
		if op == nil {
			fs.Addf("", "operation %d is nil", i)
			continue
		}
		rs[i] = renderWrite(op, s)
		r := &rs[i]
		if err := t.admit(r); err != nil {
			errs = append(errs, err)
			continue
		}
		for j := range r.actions {
			a := &r.actions[j]
			name := describeOp(r.op, r.entity.name, r.key.String())
			if other, twice := seen[a.key]; twice {
				fs.Addf("", "%s and %s write one item, %s, which a transaction cannot do", other, name, keytemplate.Shown(a.key.String()))
			}
			seen[a.key] = name
			size += a.size
			items = append(items, a.transactItem(&t.name, t.schema()))
		}
	}
	if len(items) > maxActions {
		fs.Addf("", "the transaction has %d items, the limit is %d", len(items), maxActions)
	}
	if size > maxTransaction {
		fs.Addf("", "the items of the transaction are %d bytes, the limit is %d bytes", size, maxTransaction)
	}
	if err := fs.err(); err != nil {
		errs = append(errs, fmt.Errorf("dynamo: transact: %w", err))
	}
	if len(errs) > 0 {
		return nil, nil, errors.Join(errs...)
	}
	return rs, items, nil
}

// runAction carries out an operation of one action.
func (t *Table) runAction(ctx context.Context, r *renderedOp) error {
	a := &r.actions[0]
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	var err error
	switch a.kind {
	case actPut:
		_, err = t.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &t.name, Item: a.item, ConditionExpression: optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		})
	case actUpdate:
		_, err = t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &t.name, Key: a.key.attributes(t.schema()),
			UpdateExpression: optionalText(a.update), ConditionExpression: optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		})
	case actDelete:
		_, err = t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &t.name, Key: a.key.attributes(t.schema()), ConditionExpression: optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		})
	default:
		err = errors.New("a check is possible in a transaction only")
	}
	if err != nil {
		return t.failed(r, err)
	}
	return nil
}
