package dynamotest_test

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// A table made in wall time is used in a bubble, whose clock begins in 2000.
func TestATableFromOutsideTheBubble(t *testing.T) {
	client := dynamotest.New(t).Client()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
	})
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		item := map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "a"}}
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
		require.NoError(t, err)
		got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: item})
		require.NoError(t, err)
		require.Equal(t, item, got.Item)
	})
}
