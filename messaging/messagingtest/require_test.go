package messagingtest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

type placed struct {
	OrderID string `json:"orderId"`
	Total   int    `json:"total"`
}

func TestRequireSent(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	dead := queues.NewQueue("dead", nil)
	orders := queues.NewQueue("orders", map[string]string{"VisibilityTimeout": "0", "RedrivePolicy": messagingtest.RedriveTo(dead, 1)})
	client := queues.Client()
	send := func(kind, body string) {
		_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: aws.String(orders.URL()), MessageBody: &body,
			MessageAttributes: map[string]types.MessageAttributeValue{"type": {DataType: aws.String("String"), StringValue: &kind}},
		})
		require.NoError(t, err)
	}
	send("note", "hello")
	send("placed", `{"orderId":"A-1","total":5}`)
	send("revoked", `{"orderId":"A-1","reason":"late"}`)

	found := messagingtest.RequireSent[placed](t, orders)
	require.Equal(t, placed{"A-1", 5}, found.Body)
	require.Equal(t, `{"orderId":"A-1","total":5}`, found.Message.Body)
	require.Equal(t, "placed", found.Attributes["type"])
	require.Equal(t, "hello", messagingtest.RequireSent[string](t, orders, func(o *messagingtest.RequireOptions) { o.Attributes = map[string]string{"type": "note"} }).Body)
	require.Len(t, messagingtest.RequireManySent[json.RawMessage](t, orders, 3), 3)
	require.Empty(t, messagingtest.RequireManySent[placed](t, dead, 0))

	// What was received, deleted or moved came in all the same.
	for range 6 {
		_, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(orders.URL())})
		require.NoError(t, err)
	}
	require.Zero(t, orders.Depth().Total())
	messagingtest.RequireSent[placed](t, orders)
	require.Equal(t, orders.ARN(), messagingtest.RequireSent[placed](t, dead).Source)
	snapshot := queues.Snapshot()
	send("placed", `{"orderId":"A-2","total":5}`)
	messagingtest.RequireManySent[placed](t, orders, 2)
	queues.Restore(snapshot)
	send("placed", `{"orderId":"A-3","total":5}`)
	both := messagingtest.RequireManySent[placed](t, orders, 2)
	require.Equal(t, "A-3", both[1].Body.OrderID)
}

func TestRequireSentSaysWhatCameInstead(t *testing.T) {
	r := &recorder{}
	queues := messagingtest.NewSQS(r)
	orders := queues.NewQueue("orders.fifo", nil)
	require.Zero(t, messagingtest.RequireSent[placed](r, orders))
	for _, body := range []string{`{"orderId":"A-1"}`, `{"orderId":"A-2"} trailing`, `{"id":"A-3"}`} {
		require.NoError(t, orders.DeliverGroup("g")(t.Context(), []byte(body)))
	}
	require.Zero(t, messagingtest.RequireSent[placed](r, orders, func(o *messagingtest.RequireOptions) { o.GroupID = "h" }))
	require.Nil(t, messagingtest.RequireManySent[placed](r, orders, 0, func(o *messagingtest.RequireOptions) { o.GroupID = "g" }))
	require.Zero(t, messagingtest.RequireSent[placed](r, orders, func(o *messagingtest.RequireOptions) {
		o.Attributes, o.DeduplicationID = map[string]string{"type": "x"}, "d"
	}))
	require.Equal(t, []string{
		"messagingtest: queue orders.fifo: required messages: 1, found: 0",
		`messagingtest: queue orders.fifo: required messages: 1, found: 0; others that were sent:
  1. {"orderId":"A-1"}
     the group id is "g", required is "h"
  2. {"orderId":"A-2"} trailing
     the group id is "g", required is "h"
  3. {"id":"A-3"}
     the group id is "g", required is "h"`,
		`messagingtest: queue orders.fifo: required messages: 0, found: 1; found were:
  1. {"orderId":"A-1"}; others that were sent:
  1. {"orderId":"A-2"} trailing
     no messagingtest_test.placed: there is more after the JSON value
  2. {"id":"A-3"}
     no messagingtest_test.placed: json: unknown field "id"`,
		`messagingtest: queue orders.fifo: required messages: 1, found: 0; others that were sent:
  1. {"orderId":"A-1"}
     attribute type is "", required is "x"
  2. {"orderId":"A-2"} trailing
     attribute type is "", required is "x"
  3. {"id":"A-3"}
     attribute type is "", required is "x"`,
	}, r.errors)
	r.errors = nil
	require.Zero(t, messagingtest.RequireSent[string](r, orders, func(o *messagingtest.RequireOptions) { o.GroupID = "g" }))
	require.Nil(t, messagingtest.RequireManySent[string](r, orders, -1))
	require.Equal(t, []string{
		"messagingtest: queue orders.fifo: required messages: 1, found: 3; found were:\n" +
			`  1. {"orderId":"A-1"}` + "\n" + `  2. {"orderId":"A-2"} trailing` + "\n" + `  3. {"id":"A-3"}`,
		"messagingtest: RequireManySent: the count is -1; it is 0 or more",
	}, r.errors)
	require.PanicsWithValue(t, "messagingtest: RequireSent: the test is nil", func() { messagingtest.RequireSent[string](nil, orders) })
	require.PanicsWithValue(t, "messagingtest: RequireManySent: the queue is nil", func() { messagingtest.RequireManySent[string](t, nil, 1) })
}

func TestRequirePublished(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	arn := topics.NewTopic("orders", nil)
	enveloped := queues.NewQueue("enveloped", nil)
	topics.SubscribeQueue(arn, enveloped, nil)
	_, err := topics.Client().Publish(t.Context(), &sns.PublishInput{
		TopicArn: &arn, Message: aws.String(`{"orderId":"A-1","total":5}`), Subject: aws.String("placed"),
		MessageAttributes: map[string]snstypes.MessageAttributeValue{"channel": {DataType: aws.String("String"), StringValue: aws.String("web")}},
	})
	require.NoError(t, err)
	found := messagingtest.RequirePublished[placed](t, topics, arn, func(o *messagingtest.RequireOptions) {
		o.Subject, o.Attributes = "placed", map[string]string{"channel": "web"}
	})
	require.Equal(t, placed{"A-1", 5}, found.Body)
	require.Equal(t, arn, found.TopicARN)
	require.Equal(t, "A-1", messagingtest.RequireSent[placed](t, enveloped).Body.OrderID)
	require.Empty(t, messagingtest.RequireManyPublished[placed](t, topics, arn, 0, func(o *messagingtest.RequireOptions) { o.Subject = "revoked" }))
	snapshot := topics.Snapshot()
	require.NoError(t, topics.Publisher(arn)(t.Context(), []byte("plain")))
	messagingtest.RequireManyPublished[string](t, topics, arn, 2)
	topics.Restore(snapshot)
	messagingtest.RequireManyPublished[string](t, topics, arn, 1)

	r := &recorder{}
	missing := messagingtest.NewSNS(r, nil)
	require.Zero(t, messagingtest.RequirePublished[placed](r, missing, arn))
	require.Equal(t, []string{"messagingtest: topic " + arn + " does not exist", "messagingtest: topic " + arn + ": required messages: 1, found: 0"}, r.errors)
	require.PanicsWithValue(t, "messagingtest: RequirePublished: the fake is nil", func() { messagingtest.RequirePublished[string](t, nil, arn) })
	r.errors = nil
	require.NoError(t, topics.Publisher(arn)(t.Context(), []byte("again")))
	require.Nil(t, messagingtest.RequireManyPublished[string](r, topics, arn, -1))
	require.Zero(t, messagingtest.RequirePublished[string](r, topics, arn, func(o *messagingtest.RequireOptions) { o.Subject = "" }))
	require.Equal(t, []string{
		"messagingtest: RequireManyPublished: the count is -1; it is 0 or more",
		"messagingtest: topic " + arn + ": required messages: 1, found: 2; found were:\n" +
			`  1. {"orderId":"A-1","total":5}` + "\n  2. again",
	}, r.errors)
	require.PanicsWithValue(t, "messagingtest: RequireManyPublished: the test is nil", func() { messagingtest.RequireManyPublished[string](nil, topics, arn, 1) })
}

func TestHistoryIsBounded(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	large := queues.NewQueue("large", nil)
	body := []byte(strings.Repeat("x", 1<<20))
	for range 130 {
		require.NoError(t, large.Deliver(t.Context(), body))
	}
	require.Len(t, large.Sent(), 66) // 64 of the first 128, and 2
}
