package messagingtest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

func TestResetAndDump(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	orders := queues.NewQueue("orders", nil)
	topic := topics.NewTopic("news", nil)
	topics.SubscribeQueue(topic, orders, map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"kind":["a"]}`})
	topics.SubscribeQueue(topic, queues.NewQueue("all", nil), nil)
	client := queues.Client()
	for _, delay := range []int32{0, 60, 0} {
		_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: aws.String("line\nof text"), DelaySeconds: delay})
		require.NoError(t, err)
	}
	_, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(orders.URL())})
	require.NoError(t, err)
	require.Equal(t, `queue all: 0 messages
queue orders: 3 messages
  in flight: line\nof text
  delayed: line\nof text
  waiting: line\nof text
`, queues.Dump())
	require.Equal(t, `topic news
  subscription sqs arn:aws:sqs:us-east-1:123456789012:orders, filter {"kind":["a"]}
  subscription sqs arn:aws:sqs:us-east-1:123456789012:all
`, topics.Dump())

	queues.Throttle("").Times(-1)
	topics.Throttle("").Times(-1)
	queues.Reset()
	topics.Reset()
	require.Empty(t, queues.Dump()+topics.Dump())
	require.Empty(t, queues.Journal())
	listed, err := client.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	require.Empty(t, listed.QueueUrls)
	_, err = topics.Client().ListTopics(t.Context(), &sns.ListTopicsInput{})
	require.NoError(t, err)
	queues.NewQueue("orders", nil) // its name is free at once
}
