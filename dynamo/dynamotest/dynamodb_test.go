package dynamotest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }

type attrs = map[string]types.AttributeValue

// newTable makes a database with the table "orders": PK and SK, GSI1 on
// GSI1PK and GSI1SK, LSI1 on PK and Rank, and a stream.
func newTable(tb testing.TB, optFns ...func(*dynamodb.CreateTableInput)) (*dynamotest.DynamoDB, *dynamodb.Client) {
	tb.Helper()
	db := dynamotest.New(tb)
	client := db.Client()
	createTable(tb, client, optFns...)
	return db, client
}

func createTable(tb testing.TB, client *dynamodb.Client, optFns ...func(*dynamodb.CreateTableInput)) {
	tb.Helper()
	key := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange},
		}
	}
	in := &dynamodb.CreateTableInput{
		TableName:   aws.String("orders"),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("SK"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("GSI1PK"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("GSI1SK"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("Rank"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: key("PK", "SK"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("GSI1"), KeySchema: key("GSI1PK", "GSI1SK"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("LSI1"), KeySchema: key("PK", "Rank"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	}
	for _, fn := range optFns {
		fn(in)
	}
	_, err := client.CreateTable(tb.Context(), in)
	require.NoError(tb, err)
}

func put(tb testing.TB, client *dynamodb.Client, item attrs) {
	tb.Helper()
	_, err := client.PutItem(tb.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
	require.NoError(tb, err)
}

func TestJourney(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, client := newTable(t)
		ctx := t.Context()
		order := attrs{
			"PK": str("ORDER#42"), "SK": str("METADATA"), "GSI1PK": str("STATUS#pending"), "GSI1SK": str("2000"),
			"Total": num("100"), "Tags": &types.AttributeValueMemberSS{Value: []string{"a", "b"}},
		}
		write := func(token string) error {
			_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
				ClientRequestToken: aws.String(token),
				TransactItems: []types.TransactWriteItem{
					{Put: &types.Put{
						TableName: aws.String("orders"), Item: order, ConditionExpression: aws.String("attribute_not_exists(PK)"),
						ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
					}},
					{Put: &types.Put{TableName: aws.String("orders"), Item: attrs{"PK": str("ORDER#42"), "SK": str("LINE#1"), "Rank": num("1")}}},
				},
			})
			return err
		}
		require.NoError(t, write("one"))
		require.NoError(t, write("one"))
		err := write("two")
		canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]", canceled.ErrorMessage()) //nolint:misspell // AWS's spelling
		require.Equal(t, order, canceled.CancellationReasons[0].Item)
		require.Equal(t, "None", aws.ToString(canceled.CancellationReasons[1].Code))

		got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: attrs{"PK": str("ORDER#42"), "SK": str("METADATA")}})
		require.NoError(t, err)
		require.Equal(t, order, got.Item)

		page, err := client.Query(ctx, &dynamodb.QueryInput{
			TableName: aws.String("orders"), IndexName: aws.String("GSI1"),
			KeyConditionExpression:    aws.String("GSI1PK = :p AND begins_with(GSI1SK, :s)"),
			ExpressionAttributeValues: attrs{":p": str("STATUS#pending"), ":s": str("20")},
		})
		require.NoError(t, err)
		require.Equal(t, []attrs{order}, page.Items)

		_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: aws.String("orders"), Key: attrs{"PK": str("ORDER#42"), "SK": str("METADATA")},
			UpdateExpression: aws.String("SET #t = #t + :n REMOVE GSI1PK"), ExpressionAttributeValues: attrs{":n": num("5")},
			ExpressionAttributeNames: map[string]string{"#t": "Total"},
		})
		require.NoError(t, err)

		var names []string
		failed := 0
		mapping := db.NewMapping("orders", dynamotest.Func(func(_ context.Context, e awsevents.DynamoDBEvent) (awsevents.DynamoDBEventResponse, error) {
			if failed++; failed == 1 {
				return awsevents.DynamoDBEventResponse{BatchItemFailures: []awsevents.DynamoDBBatchItemFailure{{ItemIdentifier: e.Records[1].Change.SequenceNumber}}}, nil
			}
			for _, r := range e.Records {
				names = append(names, r.EventName+" "+r.Change.Keys["SK"].String())
			}
			return awsevents.DynamoDBEventResponse{}, nil
		}), func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true })
		start := time.Now()
		require.NoError(t, mapping.Drain(ctx))
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, []string{"INSERT LINE#1", "MODIFY METADATA"}, names)
	})
}
