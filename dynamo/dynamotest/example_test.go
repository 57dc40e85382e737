package dynamotest_test

import (
	"context"
	"fmt"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// orders is a table with a stream.
func orders() *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName:            aws.String("orders"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("ID"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("ID"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage},
	}
}

// A test passes its *testing.T where this example passes nil, and uses the
// client as it would use one of AWS.
func ExampleNew() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	client := db.Client()
	if _, err := client.CreateTable(ctx, orders()); err != nil {
		fmt.Println(err)
		return
	}
	create := &dynamodb.PutItemInput{
		TableName:           aws.String("orders"),
		Item:                map[string]types.AttributeValue{"ID": &types.AttributeValueMemberS{Value: "42"}},
		ConditionExpression: aws.String("attribute_not_exists(ID)"),
	}
	_, err := client.PutItem(ctx, create)
	fmt.Println(err)
	_, err = client.PutItem(ctx, create)
	fmt.Println(err != nil)
	fmt.Println(db.Calls("PutItem")[1].Outcome)
	// Output:
	// <nil>
	// true
	// ConditionalCheckFailedException
}

// A mapping hands the stream of a table to a Lambda function.
func ExampleDynamoDB_NewMapping() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	mapping := db.NewMapping("orders", dynamotest.Event(func(_ context.Context, e awsevents.DynamoDBEvent) error {
		for _, r := range e.Records {
			fmt.Println(r.EventName, r.Change.NewImage["ID"].String())
		}
		return nil
	}))
	client := db.Client()
	if _, err := client.CreateTable(ctx, orders()); err != nil {
		fmt.Println(err)
		return
	}
	item := map[string]types.AttributeValue{"ID": &types.AttributeValueMemberS{Value: "42"}}
	if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mapping.Drain(ctx))
	// Output:
	// INSERT 42
	// <nil>
}

// Faults make calls go wrong: here the write happens and its answer is lost.
// The SDK tries again, and meets what its first try has written.
func ExampleDynamoDB_DropReply() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	client := db.Client(func(o *dynamodb.Options) { o.RetryMaxAttempts = 2 })
	if _, err := client.CreateTable(ctx, orders()); err != nil {
		fmt.Println(err)
		return
	}
	db.DropReply("PutItem")
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:           aws.String("orders"),
		Item:                map[string]types.AttributeValue{"ID": &types.AttributeValueMemberS{Value: "42"}},
		ConditionExpression: aws.String("attribute_not_exists(ID)"),
	})
	fmt.Println(err != nil)
	for _, call := range db.Calls("PutItem") {
		fmt.Printf("dropped=%v outcome=%q\n", call.Dropped, call.Outcome)
	}
	// Output:
	// true
	// dropped=true outcome=""
	// dropped=false outcome="ConditionalCheckFailedException"
}

// A state taken with Snapshot can be gone back to, as often as a simulation
// needs it.
func ExampleDynamoDB_Snapshot() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	client := db.Client()
	before := db.Snapshot()
	if _, err := client.CreateTable(ctx, orders()); err != nil {
		fmt.Println(err)
		return
	}
	db.Restore(before)
	out, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
	fmt.Println(len(out.TableNames), err)
	// Output: 0 <nil>
}
