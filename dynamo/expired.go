package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// alive writes the condition that an item that is there has not expired; "" for an
// entity whose items do not expire.
func (e *entityCore) alive(x *expressionBuilder, s writeContext) string {
	if !e.expires() {
		return ""
	}
	return "(attribute_not_exists(" + x.name(e.model.schema.TTL) + ") OR NOT " + e.model.over(x, s.until) + ")"
}

// over writes the condition that the time of an item is over. As for readers, one that is
// not positive is none.
func (m *Model) over(x *expressionBuilder, now time.Time) string {
	return x.name(m.schema.TTL) + " BETWEEN " + x.number(1) + " AND " + x.number(now.Unix())
}

// inTheWay reports whether a write that makes an item failed because an expired one is
// still there. DynamoDB deletes it later; no write may build on it.
func (t *Table) inTheWay(r *renderedOp, reason *CancellationReason) bool {
	return r.makes && reason.Code == codeCondition && reason.Unique == "" && t.model.gone(reason.item, time.Now())
}

// clearAway deletes the expired items that canceled the operations, if nothing else did
// but what passes by itself, so that they can be tried again. It reports whether there
// were any.
func (t *Table) clearAway(ctx context.Context, rs []renderedOp, err error) (bool, error) {
	reasons := reasonsOf(err)
	if len(reasons) != len(rs) {
		return false, nil
	}
	var found []primaryKey
	for i := range reasons {
		switch {
		case t.inTheWay(&rs[i], &reasons[i]):
			found = append(found, rs[i].key)
		case reasons[i].Failed() && !reasons[i].retryable():
			return false, nil
		}
	}
	for _, key := range found {
		if err := t.deleteExpired(ctx, key); err != nil {
			return false, err
		}
	}
	return len(found) > 0, nil
}

// reasonsOf returns the reasons in the error of one operation or of a transaction.
func reasonsOf(err error) []CancellationReason {
	if canceled, ok := errors.AsType[*TransactionError](err); ok {
		return canceled.Reasons
	}
	if op, ok := errors.AsType[*OpError](err); ok {
		return []CancellationReason{op.Reason}
	}
	return nil
}

// deleteExpired deletes an item if it has expired. When it has not, or is gone, another
// writer was faster.
func (t *Table) deleteExpired(ctx context.Context, key primaryKey) error {
	var x expressionBuilder
	condition := t.model.over(&x, time.Now())
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &t.name, Key: key.attributes(t.schema()), ConditionExpression: &condition,
		ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values,
	})
	if _, changed := errors.AsType[*types.ConditionalCheckFailedException](err); err == nil || changed {
		return nil
	}
	return fmt.Errorf("dynamo: delete the expired item %s: %w", keytemplate.Shown(key.String()), err)
}

// mayClear reports whether an expired item may be cleared away after the attempt: to try
// again is part of one attempt where Options has no more.
func (t *Table) mayClear(attempt int) bool { return attempt < max(t.options.Attempts-1, 1) }

// again does an operation until no expired item is in its way, up to Options.Attempts.
func (t *Table) again(ctx context.Context, r *renderedOp, do func() error) error {
	for attempt := 0; ; attempt++ {
		err := do()
		if err == nil || !t.mayClear(attempt) {
			return err
		}
		cleared, clearErr := t.clearAway(ctx, []renderedOp{*r}, err)
		switch {
		case clearErr != nil:
			return errors.Join(err, clearErr)
		case !cleared:
			return err
		}
	}
}
