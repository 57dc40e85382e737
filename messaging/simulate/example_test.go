package simulate_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/simulate"
)

// Deposit is the message.
type Deposit struct{ ID string }

// Bank is the world of one case: a table, in which deposits are counted.
type Bank struct{ db *dynamotest.DynamoDB }

func NewBank(t *testing.T) *Bank {
	t.Helper()
	b := &Bank{dynamotest.New(t)}
	_, err := b.db.Client().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("bank"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func account() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "account"}}
}

// Config leads the clients of a process to the table.
func (b *Bank) Config() aws.Config { return b.db.Join(aws.Config{}) }

// Deliver is a process that handles one delivery: the code under test, with
// clients of its own.
func (b *Bank) Deliver(ctx context.Context, cfg aws.Config, d simulate.Delivery) error {
	store := idempotency.NewStore(dynamodb.NewFromConfig(cfg), "bank", func(o *idempotency.Options) { o.PartitionKey, o.SortKey = "id", "" })
	consumer := messaging.NewConsumer(idempotency.ExactlyOnce(store,
		func(m messaging.Message[Deposit]) string { return m.Body.ID },
		func(context.Context, messaging.Message[Deposit]) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{{Update: &types.Update{
				TableName: aws.String("bank"), Key: account(), UpdateExpression: aws.String("ADD deposits :one"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
			}}}, nil
		}))
	return simulate.SQS(ctx, consumer.HandleSQS, d, `{"ID":"D-1"}`)
}

// Deposits is how often the effect of the message happened.
func (b *Bank) Deposits() int {
	out, err := b.db.Client().GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("bank"), Key: account()})
	if err != nil {
		panic(err)
	}
	var n int
	if v, ok := out.Item["deposits"].(*types.AttributeValueMemberN); ok {
		_, _ = fmt.Sscan(v.Value, &n)
	}
	return n
}

// The body of a test: every crash, lost reply, throttled request and duplicate
// within the bounds, each in a world of its own.
func ExampleRun() {
	var t *testing.T // the argument of TestDepositHappensOnce

	simulate.Run(t, NewBank, simulate.Once((*Bank).Deposits))
}

func TestDepositHappensOnce(t *testing.T) {
	proof(t, NewBank, simulate.Once((*Bank).Deposits))
}
