package dynamotest_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// places are an account and region, another account, and another region.
var places = []struct{ account, region string }{
	{"111111111111", "us-east-1"}, {"222222222222", "us-east-1"}, {"111111111111", "eu-west-1"},
}

func configIn(account, region string) aws.Config {
	return aws.Config{Region: region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: account, SecretAccessKey: "secret"}, nil
	})}
}

// A table of the same name in another account or region is another table, with a
// stream of its own.
func TestATableOfAnotherPlace(t *testing.T) {
	db := dynamotest.New(t)
	for i, place := range places {
		cfg := db.Join(configIn(place.account, place.region))
		client := dynamodb.NewFromConfig(cfg)
		_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
			StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"},
		})
		require.NoError(t, err)
		for range i + 1 {
			_, err = client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String("orders"), Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "a"}},
				UpdateExpression: aws.String("ADD N :one"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
			})
			require.NoError(t, err)
		}
	}
	for i, place := range places {
		cfg := db.Join(configIn(place.account, place.region))
		client := dynamodb.NewFromConfig(cfg)
		got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "a"}}})
		require.NoError(t, err)
		require.Equal(t, &types.AttributeValueMemberN{Value: string(rune('1' + i))}, got.Item["N"])
		list, err := client.ListTables(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"orders"}, list.TableNames)
		table, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
		require.NoError(t, err)
		require.Equal(t, "arn:aws:dynamodb:"+place.region+":"+place.account+":table/orders", *table.Table.TableArn)
		streams, err := dynamodbstreams.NewFromConfig(cfg).ListStreams(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, streams.Streams, 1)
		require.Equal(t, *table.Table.LatestStreamArn, *streams.Streams[0].StreamArn)
	}
	_, err := dynamodb.NewFromConfig(db.Join(configIn("222222222222", "eu-west-1"))).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
}
