package dynamotest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func TestRegionsAndAccountsAreApart(t *testing.T) {
	db, client := newTable(t)
	put(t, client, orderKey)
	other := dynamodb.NewFromConfig(db.Join(aws.Config{Region: "eu-west-1"}))
	_, err := other.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey})
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
	list, err := other.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	require.NoError(t, err)
	require.Empty(t, list.TableNames)
	createTable(t, other)
	got, err := other.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey})
	require.NoError(t, err)
	require.Nil(t, got.Item)
}

// TestOnAPort runs the same client over a socket; it checks the CRC32 of every
// answer there as well.
func TestOnAPort(t *testing.T) {
	db, client := newTable(t)
	server := httptest.NewServer(db.Handler())
	defer server.Close()
	cfg := db.Join(aws.Config{})
	cfg.HTTPClient = http.DefaultClient
	remote := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(server.URL) })
	_, err := remote.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: orderKey})
	require.NoError(t, err)
	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: orderKey})
	require.NoError(t, err)
	require.Equal(t, orderKey, got.Item)
	require.Equal(t, []string{"arn:aws:dynamodb:us-east-1:123456789012:table/orders"}, db.Calls("PutItem")[0].Resources)
	require.Equal(t, "dynamodb:PutItem", db.Calls("PutItem")[0].Action())
}
