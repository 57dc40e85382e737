package conformance

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/suite"
)

const canceledFor = "Transaction cancelled, please refer cancellation reasons for specific reasons " //nolint:misspell // AWS's spelling

// reasons are the cancellation reasons of an error as "Code: Message".
func reasons(t *testing.T, err error) []string {
	t.Helper()
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	suite.True(t, ok, "the transaction is not canceled: %v", err)
	var out []string
	for _, r := range canceled.CancellationReasons {
		text := aws.ToString(r.Code)
		if r.Message != nil {
			text += ": " + *r.Message
		}
		out = append(out, text)
	}
	return out
}

func (c *checks) transact(ctx context.Context, items ...types.TransactWriteItem) error {
	_, err := c.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

func (c *checks) txPut(item attrs) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: &c.table, Item: item}}
}

func (c *checks) txAdd(key attrs, name, amount string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &c.table, Key: key, UpdateExpression: aws.String("ADD #n :n"),
		ExpressionAttributeNames: map[string]string{"#n": name}, ExpressionAttributeValues: attrs{":n": num(amount)},
	}}
}

// transactions checks that they are all or nothing, and how they are refused.
func (c *checks) transactions() {
	c.Check("a transaction writes all of its items", func(t *testing.T) {
		pk := c.partition()
		c.put(t, key(pk, "old"))
		suite.NoError(t, c.transact(t.Context(), c.txPut(key(pk, "a")), c.txAdd(key(pk, "b"), "n", "1"), types.TransactWriteItem{Delete: &types.Delete{TableName: &c.table, Key: key(pk, "old")}}))
		suite.Equal(t, key(pk, "a"), c.get(t, key(pk, "a")))
		suite.Equal(t, num("1"), c.get(t, key(pk, "b"))["n"])
		suite.Equal(t, attrs(nil), c.get(t, key(pk, "old")))
	})
	c.Check("a transaction of which one condition fails writes nothing and names each reason", func(t *testing.T) {
		pk := c.partition()
		c.put(t, with(key(pk, "text"), attrs{"v": str("x")}))
		err := c.transact(t.Context(), c.txPut(key(pk, "new")), types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &c.table, Key: key(pk, "none"), ConditionExpression: aws.String("attribute_exists(PK)"),
		}}, c.txAdd(key(pk, "text"), "v", "1"))
		suite.Refused(t, err, 400, "TransactionCanceledException", canceledFor+"[None, ConditionalCheckFailed, ValidationError]")
		suite.Equal(t, []string{
			"None", "ConditionalCheckFailed: The conditional request failed", "ValidationError: An operand in the update expression has an incorrect data type",
		}, reasons(t, err))
		suite.Equal(t, attrs(nil), c.get(t, key(pk, "new")))
	})
	c.Check("a cancellation reason has the item when asked", func(t *testing.T) {
		pk := c.partition()
		item := with(key(pk, "s"), attrs{"n": num("1")})
		c.put(t, item)
		for _, want := range []attrs{nil, item} {
			put := types.Put{TableName: &c.table, Item: key(pk, "s"), ConditionExpression: aws.String("attribute_not_exists(PK)")}
			if want != nil {
				put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
			}
			err := c.transact(t.Context(), types.TransactWriteItem{Put: &put})
			canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
			suite.True(t, ok, "the transaction is not canceled: %v", err)
			suite.Equal(t, want, canceled.CancellationReasons[0].Item)
		}
	})
	c.Check("an update that grows an item too large cancels its transaction", func(t *testing.T) {
		k := key(c.partition(), "s")
		err := c.transact(t.Context(), types.TransactWriteItem{Update: &types.Update{
			TableName: &c.table, Key: k, UpdateExpression: aws.String("SET v = :v"), ExpressionAttributeValues: attrs{":v": str(strings.Repeat("x", 409_600))},
		}})
		suite.Equal(t, []string{"ValidationError: Item size to update has exceeded the maximum allowed size"}, reasons(t, err))
	})
	c.Check("a transaction reads its items together, each with its projection", func(t *testing.T) {
		pk := c.partition()
		c.put(t, with(key(pk, "a"), attrs{"n": num("1"), "m": num("2")}))
		out, err := c.client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: &c.table, Key: key(pk, "none")}},
			{Get: &types.Get{TableName: &c.table, Key: key(pk, "a"), ProjectionExpression: aws.String("n")}},
		}})
		suite.NoError(t, err)
		suite.Equal(t, attrs(nil), out.Responses[0].Item)
		suite.Equal(t, attrs{"n": num("1")}, out.Responses[1].Item)
	})
	add := func(ctx context.Context, k attrs, token, amount string) error {
		_, err := c.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{ClientRequestToken: &token, TransactItems: []types.TransactWriteItem{c.txAdd(k, "n", amount)}})
		return err
	}
	c.Check("a token makes a transaction happen once", func(t *testing.T) {
		k, token := key(c.partition(), "s"), c.Name("t")[len(c.Prefix):]
		suite.NoError(t, add(t.Context(), k, token, "1"))
		suite.NoError(t, add(t.Context(), k, token, "1"))
		suite.Equal(t, num("1"), c.get(t, k)["n"])
		err := add(t.Context(), k, token, "2")
		_, ok := errors.AsType[*types.IdempotentParameterMismatchException](err)
		suite.True(t, ok, "other parameters under the token: %v", err)
	})
	c.CheckSlow("a token is forgotten after ten minutes", func(t *testing.T) {
		k, token := key(c.partition(), "s"), c.Name("t")[len(c.Prefix):]
		suite.NoError(t, add(t.Context(), k, token, "1"))
		time.Sleep(10*time.Minute + 30*time.Second)
		suite.NoError(t, add(t.Context(), k, token, "2"))
		suite.Equal(t, num("3"), c.get(t, k)["n"])
	})
	c.refusedTransactions()
}

func (c *checks) refusedTransactions() {
	transact := func(items ...types.TransactWriteItem) func(context.Context) error {
		return func(ctx context.Context) error { return c.transact(ctx, items...) }
	}
	read := types.TransactGetItem{Get: &types.Get{TableName: &c.table, Key: key("p", "s")}}
	c.refused([]refusal{
		{
			name: "a transaction needs an action", call: transact([]types.TransactWriteItem{}...),
			text: "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		{name: "an action of a transaction does something", call: transact(types.TransactWriteItem{}), text: "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"},
		{name: "an action of a transaction does one thing", call: transact(types.TransactWriteItem{
			Put: &types.Put{TableName: &c.table, Item: key("p", "s")}, Delete: &types.Delete{TableName: &c.table, Key: key("p", "s")},
		}), text: "TransactItems can only contain one of Check, Put, Update or Delete"},
		{name: "a transaction has an item once, checked or written", call: transact(c.txAdd(key("p", "s"), "n", "1"), types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &c.table, Key: key("p", "s"), ConditionExpression: aws.String("attribute_exists(PK)"),
		}}), text: "Transaction request cannot include multiple operations on one item"},
		{name: "a transaction reads an item once", text: "Transaction request cannot include multiple operations on one item", call: func(ctx context.Context) error {
			_, err := c.client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{read, read}})
			return err
		}},
		{name: "a transaction puts no item over 409,600 bytes", call: transact(c.txPut(with(key("p", "s"), attrs{"v": str(strings.Repeat("x", 409_600))}))), text: "Item size has exceeded the maximum allowed size"},
		{
			name: "a transaction refuses an empty key up front", call: transact(c.txPut(key("", "s"))),
			text: "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: PK",
		},
		{name: "a transaction on a table that is not there is refused", code: "ResourceNotFoundException", text: "Requested resource not found", call: transact(types.TransactWriteItem{Put: &types.Put{
			TableName: aws.String(c.table + "-none"), Item: key("p", "s"),
		}})},
	})
}
