package dynamo_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/internal/wire"
)

// What the tests do beside the library, by the SDK.

func rawKey(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: sk},
	}
}

func setRaw(tb testing.TB, db *dynamotest.DynamoDB, pk, sk, name, value string) {
	tb.Helper()
	_, err := db.Client().UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName: aws.String("store"), Key: rawKey(pk, sk), UpdateExpression: aws.String("SET #n = :v"),
		ExpressionAttributeNames:  map[string]string{"#n": name},
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberS{Value: value}},
	})
	require.NoError(tb, err)
}

func getRaw(tb testing.TB, db *dynamotest.DynamoDB, pk, sk string) map[string]types.AttributeValue {
	tb.Helper()
	out, err := db.Client().GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("store"), Key: rawKey(pk, sk)})
	require.NoError(tb, err)
	return out.Item
}

func transaction(items []types.TransactWriteItem) *dynamodb.TransactWriteItemsInput {
	return &dynamodb.TransactWriteItemsInput{TransactItems: items}
}

// canceled is DynamoDB's answer to a transaction with the codes.
func canceled(codes ...string) error {
	reasons := []map[string]any{}
	for _, c := range codes {
		r := map[string]any{"Code": c}
		if c != "None" {
			r["Message"] = "Transaction is ongoing for the item"
		}
		reasons = append(reasons, r)
	}
	e := wire.Errorf("TransactionCanceledException", 400, "the transaction was not done")
	e.Namespace, e.MessageKey = "com.amazonaws.dynamodb.v20120810#", "Message"
	e.Fields = map[string]any{"CancellationReasons": reasons}
	return e
}
