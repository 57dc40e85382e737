package idempotency_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

type Transfer struct {
	ID       string
	From, To string
	Amount   int
}

func exampleTable() *dynamodb.Client {
	client := dynamotest.New(nil).Client()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String("bank"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"}, {AttributeName: aws.String("SK"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: "HASH"}, {AttributeName: aws.String("SK"), KeyType: "RANGE"},
		},
	})
	if err != nil {
		fmt.Println(err)
	}
	return client
}

// Debit and credit commit together with the marker of the transfer: it happens
// once, however often the message comes.
func ExampleExactlyOnce() {
	client := exampleTable()
	store := idempotency.NewStore(client, "bank")

	consumer := messaging.NewConsumer(idempotency.ExactlyOnce(store,
		func(m messaging.Message[Transfer]) string { return m.Body.ID },
		func(_ context.Context, m messaging.Message[Transfer]) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{add(m.Body.From, -m.Body.Amount), add(m.Body.To, m.Body.Amount)}, nil
		}))

	transfer := Transfer{"t-1", "alice", "bob", 30}
	for range 3 {
		fmt.Println("acknowledged:", messagingtest.Deliver(nil, consumer.HandleSQS, transfer).Acked(0))
	}
	out, err := client.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("bank"), Key: accountKey("bob")})
	fmt.Println(out.Item["Balance"].(*types.AttributeValueMemberN).Value, err)
	// Output:
	// acknowledged: true
	// acknowledged: true
	// acknowledged: true
	// 30 <nil>
}

// The second request with a key gets the stored answer.
func ExampleDo() {
	store := idempotency.NewStore(exampleTable(), "bank")
	charge := func(key string, amount int) {
		var replayed bool
		receipt, err := idempotency.Do(context.Background(), store, key, amount, func(context.Context, *idempotency.Lease) (string, error) {
			return fmt.Sprintf("charged %d", amount), nil
		}, func(o *idempotency.CallOptions) { o.Replayed = &replayed })
		fmt.Println(receipt, replayed, err)
	}
	charge("k-1", 10)
	charge("k-1", 10)
	charge("k-1", 20)
	// Output:
	// charged 10 false <nil>
	// charged 10 true <nil>
	//  false idempotency: k-1: the key was used with another payload
}

// An API's answer is stored in the transaction that has the effect.
func ExampleTransact() {
	client := exampleTable()
	store := idempotency.NewStore(client, "bank")
	deposit := func(key string, amount int) {
		receipt, err := idempotency.Transact(context.Background(), store, key, amount,
			func(context.Context) ([]types.TransactWriteItem, string, error) {
				return []types.TransactWriteItem{add("carol", amount)}, fmt.Sprintf("deposited %d", amount), nil
			})
		fmt.Println(receipt, err)
	}
	deposit("k-1", 10)
	deposit("k-1", 10)
	deposit("k-2", 5)
	out, err := client.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("bank"), Key: accountKey("carol")})
	fmt.Println(out.Item["Balance"].(*types.AttributeValueMemberN).Value, err)
	// Output:
	// deposited 10 <nil>
	// deposited 10 <nil>
	// deposited 5 <nil>
	// 15 <nil>
}

// A handler whose effect is elsewhere runs under a lease, at least once.
func ExampleLeased() {
	store := idempotency.NewStore(exampleTable(), "bank")
	ship := idempotency.Leased(store, func(m Transfer) string { return m.ID }, func(ctx context.Context, m Transfer) error {
		fmt.Println("shipping", m.ID, "under lease", idempotency.LeaseOf(ctx).Fence())
		return nil
	})
	fmt.Println(ship(context.Background(), Transfer{ID: "t-1"}))
	fmt.Println(ship(context.Background(), Transfer{ID: "t-1"}))
	// Output:
	// shipping t-1 under lease 1
	// <nil>
	// <nil>
}
