package simulate_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/simulate"
)

// payment is the message of all tests here.
type payment struct{ ID string }

const body = `{"ID":"p-1"}`

func paymentID(m messaging.Message[payment]) string { return m.Body.ID }

// world is a table and some way to handle the payment.
type world struct {
	db     *dynamotest.DynamoDB
	client *dynamodb.Client
	handle func(ctx context.Context, table *dynamodb.Client, d simulate.Delivery) error
}

func (w *world) Config() aws.Config { return w.db.Join(aws.Config{}) }

func (w *world) Deliver(ctx context.Context, cfg aws.Config, d simulate.Delivery) error {
	return w.handle(ctx, dynamodb.NewFromConfig(cfg), d)
}

// effects is how often the payment was made.
func (w *world) effects() int {
	out, err := w.client.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("payments"), Key: id("effect")})
	if err != nil {
		panic(err)
	}
	return number(out.Item["n"])
}

func number(v types.AttributeValue) int {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	i, err := strconv.Atoi(n.Value)
	if err != nil {
		panic(err)
	}
	return i
}

// with makes worlds with this handler.
func with(handle func(ctx context.Context, table *dynamodb.Client, d simulate.Delivery) error) func(*testing.T) *world {
	return func(t *testing.T) *world {
		t.Helper()
		db := dynamotest.New(t)
		w := &world{db, db.Client(), handle}
		_, err := w.client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: aws.String("payments"), BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		})
		require.NoError(t, err)
		return w
	}
}

// consumer runs a handler as a Lambda function does.
func consumer(build func(store *idempotency.Store, table *dynamodb.Client) func(context.Context, messaging.Message[payment]) error) func(*testing.T) *world {
	return with(func(ctx context.Context, table *dynamodb.Client, d simulate.Delivery) error {
		store := idempotency.NewStore(table, "payments", func(o *idempotency.Options) { o.PartitionKey, o.SortKey = "id", "" })
		return simulate.SQS(ctx, messaging.NewConsumer(build(store, table)).HandleSQS, d, body)
	})
}

func once() func(*world, simulate.Outcome) error { return simulate.Once((*world).effects) }

func id(s string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: s}}
}

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

func n(v int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}
}

// pay is the effect, not repeatable.
func pay(ctx context.Context, table *dynamodb.Client) error {
	_, err := table.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("payments"), Key: id("effect"), UpdateExpression: aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": n(1)},
	})
	return err
}

// payment as a write of a transaction.
func payWrite() types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: aws.String("payments"), Key: id("effect"), UpdateExpression: aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": n(1)},
	}}
}

func refused(err error) bool {
	_, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	return ok
}

// The protocols below are the usual mistakes.

// checkProcessMark is how a consumer is written by hand most often.
func checkProcessMark(ctx context.Context, table *dynamodb.Client, _ simulate.Delivery) error {
	out, err := table.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("payments"), Key: id("marker"), ConsistentRead: aws.Bool(true)})
	if err != nil || len(out.Item) > 0 {
		return err
	}
	if err := pay(ctx, table); err != nil {
		return err
	}
	_, err = table.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("payments"), Item: id("marker")})
	return err
}

// markFirst loses what fails after its mark.
func markFirst(ctx context.Context, table *dynamodb.Client, _ simulate.Delivery) error {
	_, err := table.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String("payments"), Item: id("marker"), ConditionExpression: aws.String("attribute_not_exists(id)"),
	})
	switch {
	case refused(err):
		return nil
	case err != nil:
		return err
	}
	return pay(ctx, table)
}

var errBusy = errors.New("in progress elsewhere")

// takeLease answers false when the marker is done.
func takeLease(ctx context.Context, table *dynamodb.Client, owner string) (bool, error) {
	now := time.Now()
	item := id("marker")
	item["state"], item["until"], item["owner"] = s("running"), n(now.Add(time.Minute).Unix()), s(owner)
	_, err := table.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String("payments"), Item: item,
		ConditionExpression:                 aws.String("attribute_not_exists(id) OR (#s = :running AND #u < :now)"),
		ExpressionAttributeNames:            map[string]string{"#s": "state", "#u": "until"},
		ExpressionAttributeValues:           map[string]types.AttributeValue{":running": s("running"), ":now": n(now.Unix())},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		if state, ok := old.Item["state"].(*types.AttributeValueMemberS); ok && state.Value == "done" {
			return false, nil
		}
		return false, errBusy
	}
	return true, err
}

// unfencedLease completes and deletes without looking who owns the marker.
func unfencedLease(ctx context.Context, table *dynamodb.Client, d simulate.Delivery) error {
	taken, err := takeLease(ctx, table, strconv.Itoa(d.Number))
	if err != nil || !taken {
		return err
	}
	if err := pay(ctx, table); err != nil {
		_, deleteErr := table.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("payments"), Key: id("marker")})
		return errors.Join(err, deleteErr)
	}
	item := id("marker")
	item["state"] = s("done")
	_, err = table.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("payments"), Item: item})
	return err
}

// ackWhenBusy commits effect and marker together, but takes a busy marker for a
// finished one.
func ackWhenBusy(ctx context.Context, table *dynamodb.Client, d simulate.Delivery) error {
	owner := strconv.Itoa(d.Number)
	taken, err := takeLease(ctx, table, owner)
	switch {
	case errors.Is(err, errBusy):
		return nil
	case err != nil || !taken:
		return err
	}
	_, err = table.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{payWrite(), {
		Update: &types.Update{
			TableName: aws.String("payments"), Key: id("marker"), UpdateExpression: aws.String("SET #s = :done"), ConditionExpression: aws.String("#o = :me"),
			ExpressionAttributeNames:  map[string]string{"#s": "state", "#o": "owner"},
			ExpressionAttributeValues: map[string]types.AttributeValue{":done": s("done"), ":me": s(owner)},
		},
	}}})
	return err
}

// canceledIsDone takes every canceled transaction for one that a run before it
// has carried out.
func canceledIsDone(ctx context.Context, table *dynamodb.Client, _ simulate.Delivery) error {
	_, err := table.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{payWrite(), {
		Put: &types.Put{TableName: aws.String("payments"), Item: id("marker"), ConditionExpression: aws.String("attribute_not_exists(id)")},
	}}})
	if _, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		return nil
	}
	return err
}

// markerUnharmedIsDone takes a transaction for done unless the write of its
// marker was in the way of another one.
func markerUnharmedIsDone(ctx context.Context, table *dynamodb.Client, _ simulate.Delivery) error {
	_, err := table.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{payWrite(), {
		Put: &types.Put{TableName: aws.String("payments"), Item: id("marker"), ConditionExpression: aws.String("attribute_not_exists(id)")},
	}}})
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if ok && *canceled.CancellationReasons[1].Code != "TransactionConflict" {
		return nil
	}
	return err
}

// conflictIsDone does so with a single write.
func conflictIsDone(ctx context.Context, table *dynamodb.Client, _ simulate.Delivery) error {
	_, err := table.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("payments"), Key: id("effect"), UpdateExpression: aws.String("ADD n :one"),
		ConditionExpression: aws.String("attribute_not_exists(n)"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": n(1)},
	})
	if _, ok := errors.AsType[*types.TransactionConflictException](err); ok || refused(err) {
		return nil
	}
	return err
}
