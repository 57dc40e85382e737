package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// alive writes the condition that an item that is there has not expired; "" for an
// entity whose items do not expire.
func (e *entity) alive(x *expression, s stamp) string {
	if !e.expires() {
		return ""
	}
	ttl := x.name(e.model.schema.TTL)
	return "(attribute_not_exists(" + ttl + ") OR " + ttl + " > " + x.number(s.until.Unix()) + ")"
}

// inTheWay reports whether a write that makes an item failed because an expired one is
// still there. DynamoDB deletes it some time; no write may build on it.
func (t *Table) inTheWay(r *rendered, reason *Reason) bool {
	return r.makes && reason.Code == codeCondition && reason.Unique == "" && t.model.gone(reason.item, time.Now())
}

// clearAway deletes the expired items that canceled the operations, if nothing else did
// but what passes by itself, so that they can be tried again. It reports whether there
// were any.
func (t *Table) clearAway(ctx context.Context, rs []rendered, err error) (bool, error) {
	reasons := reasonsOf(err)
	if len(reasons) != len(rs) {
		return false, nil
	}
	var found []primaryKey
	for i := range reasons {
		switch {
		case t.inTheWay(&rs[i], &reasons[i]):
			found = append(found, rs[i].key)
		case reasons[i].Failed() && !reasons[i].passes():
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
func reasonsOf(err error) []Reason {
	if canceled, ok := errors.AsType[*TransactionError](err); ok {
		return canceled.Reasons
	}
	if op, ok := errors.AsType[*OpError](err); ok {
		return []Reason{op.Reason}
	}
	return nil
}

// deleteExpired deletes an item if it has expired. When it has not, or is gone, another
// writer was faster.
func (t *Table) deleteExpired(ctx context.Context, key primaryKey) error {
	var x expression
	condition := x.name(t.schema().TTL) + " <= " + x.number(time.Now().Unix())
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &t.name, Key: key.attributes(t.schema()), ConditionExpression: &condition,
		ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values,
	})
	if _, changed := errors.AsType[*types.ConditionalCheckFailedException](err); err == nil || changed {
		return nil
	}
	return fmt.Errorf("dynamo: delete the expired item %s: %w", shortened(key.String()), err)
}

// again does an operation until no expired item is in its way, up to Options.Attempts.
func (t *Table) again(ctx context.Context, r *rendered, do func() error) error {
	for attempt := 0; ; attempt++ {
		err := do()
		if err == nil || attempt+1 >= t.options.Attempts {
			return err
		}
		cleared, clearErr := t.clearAway(ctx, []rendered{*r}, err)
		switch {
		case clearErr != nil:
			return errors.Join(err, clearErr)
		case !cleared:
			return err
		}
	}
}
