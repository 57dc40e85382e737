// Package outside uses the library as a module of a user does: it has no access
// to internal packages.
package outside

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// code is the code of an error of a service.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

// twice is a helper as users write them: it has the type of a fault.
func twice(f *dynamotest.Fault) *dynamotest.Fault { return f.Times(2) }

func inEurope(c *dynamotest.Call) bool { return c.Region == "eu-west-1" }

func TestDynamoDB(t *testing.T) {
	db := dynamotest.New(t)
	client := db.Client(func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	list := func() error {
		_, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		return err
	}
	twice(db.Throttle("ListTables"))
	require.Equal(t, "ProvisionedThroughputExceededException", code(list()))
	require.Equal(t, "ProvisionedThroughputExceededException", code(list()))
	require.NoError(t, list())

	db.Fail("ListTables", &dynamotest.Error{Code: "Mine", Message: "text"}).When(inEurope)
	require.NoError(t, list())
	db.Reset()
	db.Fail("", fmt.Errorf("wrapped: %w", &dynamotest.Error{Code: "Mine", Message: "text", Status: 503, Fields: map[string]any{"a": 1}}))
	require.Equal(t, "Mine", code(list()))
	db.Fail("", &types.InternalServerError{Message: aws.String("text")}).When(func(c *dynamotest.Call) bool { return c.Operation == "ListTables" })
	require.Equal(t, "InternalServerError", code(list()))
	db.Fail("", errors.New("the cable is cut")).Times(1)
	require.ErrorContains(t, list(), "the cable is cut")
	db.DropReply("ListTables")
	require.ErrorContains(t, list(), "connection reset")

	var calls []dynamotest.Call = db.Journal()
	require.Len(t, calls, 4)
	require.Equal(t, "dynamodb:ListTables", calls[0].Action())
	require.Equal(t, "Mine", calls[0].Outcome)
	require.True(t, calls[3].Dropped)
	require.Len(t, db.Calls("ListTables"), 4)

	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            aws.String("orders"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	require.NoError(t, err)
	var empty *dynamotest.Snapshot = db.Snapshot()
	put := func(key string) types.WriteRequest {
		return types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: key}}}}
	}
	db.PartialFailure("BatchWriteItem", 1)
	out, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": {put("a"), put("b")}}})
	require.NoError(t, err)
	require.Len(t, out.UnprocessedItems["orders"], 1)
	item := db.RequireItem(t, "orders", "a")
	require.Equal(t, []map[string]types.AttributeValue{item}, db.Items("orders"))
	require.Equal(t, "table orders: 1 item\n  {\"PK\":{\"S\":\"a\"}}\n", db.Dump())
	db.RequireNoScan(t)
	db.Restore(empty)
	require.Empty(t, db.Items("orders"))
}

func TestSQSAndSNS(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	orders := queues.NewQueue("orders", nil)
	topic := topics.NewTopic("news", nil)
	topics.SubscribeQueue(topic, orders, nil)
	cfg := topics.Join(queues.Join(aws.Config{}))
	cfg.RetryMaxAttempts = 1
	send := func() error {
		_, err := sqs.NewFromConfig(cfg).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: aws.String("text")})
		return err
	}
	publish := func() error {
		_, err := sns.NewFromConfig(cfg).Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("text")})
		return err
	}
	var f *messagingtest.Fault = queues.Fail("SendMessage", &messagingtest.Error{Code: "Mine"})
	f.When(func(c *messagingtest.Call) bool { return c.Account == "123456789012" })
	require.Equal(t, "Mine", code(send()))
	topics.Throttle("Publish")
	require.Equal(t, "Throttled", code(publish()))
	require.NoError(t, publish())
	require.NoError(t, send())
	require.Len(t, queues.Calls("SendMessage"), 2)
	require.Equal(t, "sns:Publish", topics.Journal()[0].Action())
	require.Contains(t, queues.Dump(), "queue orders: 2 messages")
	require.Contains(t, topics.Dump(), "topic news")
	kept, subscribed := queues.Snapshot(), topics.Snapshot()
	queues.Reset()
	topics.Reset()
	require.Empty(t, queues.Dump()+topics.Dump())
	queues.Restore(kept)
	topics.Restore(subscribed)
	require.NoError(t, publish())
	require.Contains(t, queues.Dump(), "queue orders: 3 messages")
}

func TestEventBridge(t *testing.T) {
	bus := eventstest.New(t)
	put := func() (*eventbridge.PutEventsOutput, error) {
		return bus.Client(func(o *eventbridge.Options) { o.Retryer = aws.NopRetryer{} }).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{{
			Source: aws.String("shop"), DetailType: aws.String("Placed"), Detail: aws.String("{}"),
		}}})
	}
	bus.Fail("PutEvents", &eventstest.Error{Code: "InternalException", Status: 500})
	_, err := put()
	require.Equal(t, "InternalException", code(err))
	bus.PartialFailure("PutEvents", 0).When(func(c *eventstest.Call) bool { return c.Service == "events" })
	out, err := put()
	require.NoError(t, err)
	require.EqualValues(t, 1, out.FailedEntryCount)
	empty := bus.Snapshot()
	_, err = put()
	require.NoError(t, err)
	require.Contains(t, bus.Dump(), "event on default for no rule")
	bus.Restore(empty)
	require.Empty(t, bus.Events())
	bus.Reset()
	require.Empty(t, bus.Journal())
}

func TestStepFunctions(t *testing.T) {
	machines := stepfntest.New(t)
	client := machines.Client(func(o *sfn.Options) { o.Retryer = aws.NopRetryer{} })
	machines.Fail("ListStateMachines", &stepfntest.Error{Code: "Mine"}).When(func(c *stepfntest.Call) bool { return true })
	_, err := client.ListStateMachines(t.Context(), &sfn.ListStateMachinesInput{})
	require.Equal(t, "Mine", code(err))
	require.Equal(t, "states:ListStateMachines", machines.Journal()[0].Action())
	machines.Restore(machines.Snapshot())
	machines.Reset()
	require.Empty(t, machines.Dump())
}

func TestSecretsManager(t *testing.T) {
	secrets := authorizertest.NewSecretsManager(t)
	secrets.Put("password", "one")
	get := func() (string, error) {
		out, err := secrets.Client(func(o *secretsmanager.Options) { o.Retryer = aws.NopRetryer{} }).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("password")})
		if err != nil {
			return "", err
		}
		return *out.SecretString, nil
	}
	secrets.Fail("GetSecretValue", &authorizertest.Error{Code: "DecryptionFailure"}).When(func(c *authorizertest.Call) bool { return true })
	_, err := get()
	require.Equal(t, "DecryptionFailure", code(err))
	before := secrets.Snapshot()
	secrets.Put("password", "two")
	secrets.Restore(before)
	value, err := get()
	require.NoError(t, err)
	require.Equal(t, "one", value)
	require.Contains(t, secrets.Dump(), "secret password")
	secrets.Reset()
	require.Empty(t, secrets.Journal())
}

// The calls and errors of all fakes have the same fields: one helper serves all.
func TestOneHelperForAllFakes(t *testing.T) {
	db, queues := dynamotest.New(t), messagingtest.NewSQS(t)
	_, err := db.Client().ListTables(t.Context(), &dynamodb.ListTablesInput{})
	require.NoError(t, err)
	_, err = queues.Client().ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	var all []dynamotest.Call
	all = append(all, db.Journal()...)
	for _, c := range queues.Journal() {
		all = append(all, dynamotest.Call(c))
	}
	require.Len(t, all, 2)
	e := &dynamotest.Error{Code: "Mine"}
	queues.Fail("ListQueues", (*messagingtest.Error)(e))
	_, err = queues.Client().ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.Equal(t, "Mine", code(err))
}
