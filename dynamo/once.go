package dynamo

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/internal/correlation"
)

// TransactOnce is Transact with a token for idempotency across calls. For 10 minutes after
// the first call was done, a later one with the token and the same operations returns nil
// and has no effect, in whatever process. Other operations under the token fail with the
// SDK's IdempotentParameterMismatchException. The token has 1 to 36 characters.
//
// DynamoDB compares the writes themselves, so that they must not differ between calls. The
// times in them are therefore rounded to the minute, on the safe side. What ExpireAfter
// sets is up to a minute later. An item counts as expired for Update, Upsert, Replace,
// Delete and Check up to a minute early. For Create it counts as not yet expired up to a
// minute late. A later call also tries the minutes before its own, 13 requests for each
// correlation id.
//
// Trace headers, of which each call has its own, are not stored. Where a Correlated item or
// an outbox entry has the correlation id of the first call, a later one with another id
// reads it there. Times and ids in the caller's own values are the caller's to keep.
func (t *Table) TransactOnce(ctx context.Context, token string, ops ...Write) error {
	if n := len(token); n < 1 || n > 36 {
		return fmt.Errorf("dynamo: transact: %w", invalid("token", "is %d characters long, it has to be 1 to 36", n))
	}
	first := t.writeContext(ctx).toTheMinute()
	var tried [][]types.TransactWriteItem
	send := func(s writeContext) error {
		if _, items, err := t.renderAll(s, ops); err == nil {
			if slices.ContainsFunc(tried, func(other []types.TransactWriteItem) bool { return reflect.DeepEqual(items, other) }) {
				return errTried
			}
			tried = append(tried, items)
		}
		return t.runTransaction(ctx, ops, transactSettings{token: token}, func() writeContext { return s })
	}
	err := send(first)
	if !mismatch(err) {
		return err
	}
	ids, readErr := t.correlations(ctx, first, ops)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	for _, id := range ids {
		for _, minutes := range minutesToTry {
			s := first.moved(minutes * time.Minute)
			s.correlation = id
			if retry := send(s); !errors.Is(retry, errTried) && !mismatch(retry) {
				return retry
			}
		}
	}
	return err
}

// minutesToTry are when the first call can have been: the token lives 10 minutes from its
// end, and the clocks of two processes differ.
var minutesToTry = [...]time.Duration{0, -1, 1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11}

var errTried = errors.New("these writes were sent already")

func mismatch(err error) bool {
	_, ok := errors.AsType[*types.IdempotentParameterMismatchException](err)
	return ok
}

// toTheMinute is the writeContext of every call in the same minute with the same correlation.
func (s writeContext) toTheMinute() writeContext {
	s.now = s.now.Truncate(time.Minute)
	s.until = s.now.Add(time.Minute)
	s.trace = ""
	return s
}

func (s writeContext) moved(d time.Duration) writeContext {
	s.now, s.until = s.now.Add(d), s.until.Add(d)
	return s
}

// correlations are the correlation ids with which the operations may have been written:
// those that are stored, at most 3, then the caller's own.
func (t *Table) correlations(ctx context.Context, s writeContext, ops []Write) ([]string, error) {
	rs, _, err := t.renderAll(s, ops)
	if err != nil {
		return nil, err
	}
	var ids []string
	for i := range rs {
		a := &rs[i].actions[0]
		if len(ids) == 3 || !rs[i].entity.correlated || a.kind != actPut && a.kind != actUpdate {
			continue
		}
		out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: &t.name, Key: a.key.attributes(t.schema()), ConsistentRead: aws.Bool(true),
		})
		if err != nil {
			return nil, t.failed(&rs[i], err)
		}
		if id := attr.Text(out.Item, correlation.Attribute); out.Item != nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if !slices.Contains(ids, s.correlation) {
		ids = append(ids, s.correlation)
	}
	return ids, nil
}
