package dynamotest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// The body is the first snippet of the package's documentation.
func TestFirstSnippet(t *testing.T) {
	ctx := t.Context()
	// begin
	db := dynamotest.New(t)
	client := db.Client()
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("orders"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	require.NoError(t, err)
	item := map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "ORDER#42"}}
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
	require.NoError(t, err)
	// end
}

func TestTheFirstSnippetIsThatOfTheDocumentation(t *testing.T) {
	source, err := os.ReadFile("doc_test.go")
	require.NoError(t, err)
	_, body, _ := strings.Cut(string(source), "\t// begin\n")
	body, _, _ = strings.Cut(body, "\t// end\n")
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, text, _ := strings.Cut(string(doc), "//\n//\t")
	text, _, _ = strings.Cut("//\t"+text, "//\n")
	require.Equal(t, body, strings.ReplaceAll(text, "//\t", "\t"))
}
