package dynamotest_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

var orderKey = attrs{"PK": str("p"), "SK": str("s")}

func TestReturnValues(t *testing.T) {
	before := attrs{"PK": str("p"), "SK": str("s"), "n": num("1"), "m": &types.AttributeValueMemberM{Value: attrs{"a": num("1"), "b": num("2")}}}
	for which, want := range map[types.ReturnValue]attrs{
		types.ReturnValueNone:       nil,
		types.ReturnValueAllOld:     before,
		types.ReturnValueUpdatedOld: {"n": num("1"), "m": &types.AttributeValueMemberM{Value: attrs{"a": num("1")}}},
		types.ReturnValueUpdatedNew: {"n": num("2"), "m": &types.AttributeValueMemberM{Value: attrs{"a": num("5")}}, "x": str("new")},
		types.ReturnValueAllNew: {
			"PK": str("p"), "SK": str("s"), "n": num("2"), "m": &types.AttributeValueMemberM{Value: attrs{"a": num("5"), "b": num("2")}}, "x": str("new"),
		},
	} {
		t.Run(string(which), func(t *testing.T) {
			_, client := newTable(t)
			put(t, client, before)
			out, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String("orders"), Key: orderKey, ReturnValues: which,
				UpdateExpression:          aws.String("SET n = n + :one, m.a = :five, x = :x"),
				ExpressionAttributeValues: attrs{":one": num("1"), ":five": num("5"), ":x": str("new")},
			})
			require.NoError(t, err)
			require.Equal(t, want, out.Attributes)
		})
	}
}

func TestUpsertAndDelete(t *testing.T) {
	_, client := newTable(t)
	out, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("orders"), Key: orderKey, ReturnValues: types.ReturnValueAllNew})
	require.NoError(t, err)
	require.Equal(t, orderKey, out.Attributes)
	deleted, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: orderKey, ReturnValues: types.ReturnValueAllOld})
	require.NoError(t, err)
	require.Equal(t, orderKey, deleted.Attributes)
	deleted, err = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: orderKey, ReturnValues: types.ReturnValueAllOld})
	require.NoError(t, err)
	require.Nil(t, deleted.Attributes)
	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey})
	require.NoError(t, err)
	require.Nil(t, got.Item)
}

func TestConditionFails(t *testing.T) {
	_, client := newTable(t)
	put(t, client, orderKey)
	for _, returnOld := range []types.ReturnValuesOnConditionCheckFailure{"", types.ReturnValuesOnConditionCheckFailureAllOld} {
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: aws.String("orders"), Item: orderKey, ConditionExpression: aws.String("attribute_not_exists(PK)"),
			ReturnValuesOnConditionCheckFailure: returnOld,
		})
		failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
		require.True(t, ok)
		require.Equal(t, "The conditional request failed", failed.ErrorMessage())
		if returnOld == "" {
			require.Nil(t, failed.Item)
		} else {
			require.Equal(t, orderKey, failed.Item)
		}
	}
}

func TestNumbersAreNormalized(t *testing.T) {
	_, client := newTable(t)
	put(t, client, attrs{"PK": str("p"), "SK": str("s"), "n": num("0042.1200"), "big": num("1E20"), "set": &types.AttributeValueMemberNS{Value: []string{"1.0", "2"}}})
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey})
	require.NoError(t, err)
	require.Equal(t, num("42.12"), out.Item["n"])
	require.Equal(t, num("100000000000000000000"), out.Item["big"])
	require.Equal(t, &types.AttributeValueMemberNS{Value: []string{"1", "2"}}, out.Item["set"])
}

func TestConsumedCapacity(t *testing.T) {
	db, client := newTable(t)
	write := func(item attrs) *types.ConsumedCapacity {
		out, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: aws.String("orders"), Item: item, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
		})
		require.NoError(t, err)
		return out.ConsumedCapacity
	}
	item := func(more attrs) attrs {
		i := attrs{"PK": str("p"), "SK": str("s")}
		for k, v := range more {
			i[k] = v
		}
		return i
	}
	of := func(c map[string]types.Capacity, index string) float64 { return aws.ToFloat64(c[index].CapacityUnits) }

	c := write(item(attrs{"GSI1PK": str("a"), "GSI1SK": str("a"), "Rank": num("1")}))
	require.InDelta(t, 3, *c.CapacityUnits, 0)
	require.InDelta(t, 1, *c.Table.CapacityUnits, 0)
	require.InDelta(t, 1, of(c.GlobalSecondaryIndexes, "GSI1"), 0)
	require.InDelta(t, 1, of(c.LocalSecondaryIndexes, "LSI1"), 0)
	c = write(item(attrs{"GSI1PK": str("a"), "GSI1SK": str("a"), "Rank": num("1")}))
	require.InDelta(t, 1, *c.CapacityUnits, 0, "what the indexes hold has not changed")
	c = write(item(attrs{"GSI1PK": str("a"), "GSI1SK": str("a"), "Rank": num("1"), "x": str("y")}))
	require.InDelta(t, 2, *c.CapacityUnits, 0, "the local index holds keys alone")
	c = write(item(attrs{"GSI1PK": str("b"), "GSI1SK": str("a"), "Rank": num("1"), "x": str("y")}))
	require.InDelta(t, 2, of(c.GlobalSecondaryIndexes, "GSI1"), 0, "the entry moved")
	c = write(item(nil))
	require.InDelta(t, 1, of(c.GlobalSecondaryIndexes, "GSI1"), 0, "the entry went")

	out, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
		TransactItems:          []types.TransactWriteItem{{Put: &types.Put{TableName: aws.String("orders"), Item: item(attrs{"Rank": num("2")})}}},
	})
	require.NoError(t, err)
	require.InDelta(t, 3, *out.ConsumedCapacity[0].CapacityUnits, 0, "two for the table, one for the index")
	require.InDelta(t, 3, *out.ConsumedCapacity[0].WriteCapacityUnits, 0)

	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey, ReturnConsumedCapacity: "TOTAL"})
	require.NoError(t, err)
	require.InDelta(t, 0.5, *got.ConsumedCapacity.CapacityUnits, 0)
	require.InDelta(t, 0.5, db.Consumed("orders").Read, 0)
	require.InDelta(t, 3+1+2+3+3+3, db.Consumed("orders").Write, 0)
}

func TestTransactionTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := newTable(t)
		add := func(token, amount string) (*dynamodb.TransactWriteItemsOutput, error) {
			return client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{
				ClientRequestToken: aws.String(token), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
				TransactItems: []types.TransactWriteItem{{Update: &types.Update{
					TableName: aws.String("orders"), Key: orderKey, UpdateExpression: aws.String("ADD n :n"), ExpressionAttributeValues: attrs{":n": num(amount)},
				}}},
			})
		}
		balance := func() types.AttributeValue {
			out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey})
			require.NoError(t, err)
			return out.Item["n"]
		}
		first, err := add("a", "1")
		require.NoError(t, err)
		require.InDelta(t, 2, *first.ConsumedCapacity[0].WriteCapacityUnits, 0)
		replay, err := add("a", "1")
		require.NoError(t, err)
		require.InDelta(t, 2, *replay.ConsumedCapacity[0].ReadCapacityUnits, 0, "a replay is charged as a read")
		require.Equal(t, num("1"), balance())
		_, err = add("a", "2")
		mismatch, ok := errors.AsType[*types.IdempotentParameterMismatchException](err)
		require.True(t, ok, "%v", err)
		require.NotEmpty(t, mismatch.ErrorMessage())
		time.Sleep(10 * time.Minute)
		_, err = add("a", "2")
		require.NoError(t, err, "the token is forgotten after ten minutes")
		require.Equal(t, num("3"), balance())
	})
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	_, client := newTable(t)
	put(t, client, attrs{"PK": str("p"), "SK": str("s"), "n": num("5"), "text": str("x")})
	_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("orders"), Item: attrs{"PK": str("p"), "SK": str("new")}}},
		{ConditionCheck: &types.ConditionCheck{
			TableName: aws.String("orders"), Key: attrs{"PK": str("p"), "SK": str("none")}, ConditionExpression: aws.String("attribute_exists(PK)"),
		}},
		{Update: &types.Update{
			TableName: aws.String("orders"), Key: orderKey, UpdateExpression: aws.String("ADD #t :n"),
			ExpressionAttributeNames: map[string]string{"#t": "text"}, ExpressionAttributeValues: attrs{":n": num("1")},
		}},
	}})
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError]", canceled.ErrorMessage()) //nolint:misspell // AWS's spelling
	require.Nil(t, canceled.CancellationReasons[0].Message)
	require.Equal(t, "The conditional request failed", *canceled.CancellationReasons[1].Message)
	require.Equal(t, "An operand in the update expression has an incorrect data type", *canceled.CancellationReasons[2].Message)
	out, err := client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: aws.String("orders"), Key: attrs{"PK": str("p"), "SK": str("new")}}},
		{Get: &types.Get{TableName: aws.String("orders"), Key: orderKey, ProjectionExpression: aws.String("n")}},
	}})
	require.NoError(t, err)
	require.Nil(t, out.Responses[0].Item)
	require.Equal(t, attrs{"n": num("5")}, out.Responses[1].Item)
}

func TestBatches(t *testing.T) {
	db, client := newTable(t)
	var requests []types.WriteRequest
	var keys []map[string]types.AttributeValue
	for i := range 25 {
		key := attrs{"PK": str("p"), "SK": str(fmt.Sprintf("s%02d", i))}
		keys = append(keys, key)
		requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: key}})
	}
	db.PartialFailure("BatchWriteItem", 3, 4)
	written, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": requests}})
	require.NoError(t, err)
	require.Equal(t, requests[3:5], written.UnprocessedItems["orders"])
	db.PartialFailure("BatchGetItem", 0)
	got, err := client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"orders": {Keys: keys}}})
	require.NoError(t, err)
	require.Len(t, got.Responses["orders"], 22)
	require.Equal(t, keys[:1], got.UnprocessedKeys["orders"].Keys)
}

func TestSchemaFaultsCancelTransactions(t *testing.T) {
	_, client := newTable(t)
	_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("orders"), Item: orderKey}},
		{Put: &types.Put{TableName: aws.String("orders"), Item: attrs{"PK": str("p")}}},
		{Put: &types.Put{TableName: aws.String("orders"), Item: attrs{"PK": str("p"), "SK": str("s2"), "Rank": str("first")}}},
		{Delete: &types.Delete{TableName: aws.String("orders"), Key: attrs{"PK": num("1"), "SK": str("s")}}},
		{Update: &types.Update{
			TableName: aws.String("orders"), Key: attrs{"PK": str("p"), "SK": str("s3")}, UpdateExpression: aws.String("SET PK = :p"),
			ExpressionAttributeValues: attrs{":p": str("p")},
		}},
	}})
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	require.True(t, ok, "%v", err)
	var got []string
	for _, r := range canceled.CancellationReasons {
		got = append(got, aws.ToString(r.Code)+": "+aws.ToString(r.Message))
	}
	require.Equal(t, []string{
		"None: ",
		"ValidationError: One or more parameter values were invalid: Missing the key SK in the item",
		"ValidationError: One or more parameter values were invalid: Type mismatch for Index Key Rank Expected: N Actual: S IndexName: LSI1",
		"ValidationError: The provided key element does not match the schema",
		"ValidationError: One or more parameter values were invalid: Cannot update attribute PK. This attribute is part of the key",
	}, got)
	_, err = client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("orders"), Item: attrs{"PK": str(""), "SK": str("s")}}},
	}})
	require.ErrorContains(t, err, "ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: PK")
	_, err = client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: aws.String("orders"), Key: orderKey}},
		{Get: &types.Get{TableName: aws.String("orders"), Key: attrs{"PK": str("p")}}},
	}})
	require.ErrorContains(t, err, "please refer cancellation reasons for specific reasons [None, ValidationError]")
}

func TestCancelTransaction(t *testing.T) {
	db, client := newTable(t)
	db.CancelTransaction("TransactionConflict", "None")
	write := func() error {
		_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: aws.String("orders"), Item: orderKey}},
			{Put: &types.Put{TableName: aws.String("orders"), Item: attrs{"PK": str("p"), "SK": str("s2")}}},
		}})
		return err
	}
	canceled, ok := errors.AsType[*types.TransactionCanceledException](write())
	require.True(t, ok)
	require.Equal(t, "Transaction is ongoing for the item", *canceled.CancellationReasons[0].Message)
	require.Nil(t, canceled.CancellationReasons[1].Message)
	require.NoError(t, write())
}

func TestIndexLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := dynamotest.New(t, func(o *dynamotest.Options) { o.IndexLag = time.Second })
		client := db.Client()
		createTable(t, client)
		query := func(status string) int {
			out, err := client.Query(t.Context(), &dynamodb.QueryInput{
				TableName: aws.String("orders"), IndexName: aws.String("GSI1"), KeyConditionExpression: aws.String("GSI1PK = :g"),
				ExpressionAttributeValues: attrs{":g": str(status)},
			})
			require.NoError(t, err)
			return len(out.Items)
		}
		move := func(status string) {
			put(t, client, attrs{"PK": str("p"), "SK": str("s"), "GSI1PK": str(status), "GSI1SK": str("1")})
		}
		move("a")
		require.Zero(t, query("a"), "the index does not know yet")
		time.Sleep(time.Second)
		require.Equal(t, 1, query("a"))
		move("b")
		time.Sleep(500 * time.Millisecond)
		move("c")
		require.Equal(t, 1, query("a"))
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, []int{0, 1, 0}, []int{query("a"), query("b"), query("c")})
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, []int{0, 0, 1}, []int{query("a"), query("b"), query("c")})
	})
}

// A projection that selects nothing of an item leaves out Item in a transaction, and
// answers an empty one to GetItem.
func TestAProjectionThatSelectsNothing(t *testing.T) {
	db, client := newTable(t)
	put(t, client, attrs{"PK": str("p"), "SK": str("s"), "v": str("x")})
	get := func(projection string) types.TransactGetItem {
		return types.TransactGetItem{Get: &types.Get{TableName: aws.String("orders"), Key: attrs{"PK": str("p"), "SK": str("s")}, ProjectionExpression: aws.String(projection)}}
	}
	second := get("v")
	second.Get.Key = attrs{"PK": str("p"), "SK": str("none")}
	out, err := client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("nothing, m.zz"), second}})
	require.NoError(t, err)
	require.Len(t, out.Responses, 2)
	require.Nil(t, out.Responses[0].Item)
	require.Nil(t, out.Responses[1].Item)
	out, err = client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("nothing, v")}})
	require.NoError(t, err)
	require.Len(t, out.Responses[0].Item, 1)
	_, raw := call(t, db, "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"orders","Key":{"PK":{"S":"p"},"SK":{"S":"s"}},"ProjectionExpression":"nothing"}}]}`)
	require.Equal(t, map[string]any{"Responses": []any{map[string]any{}}}, raw)
}
