package messagingtest_test

import (
	"context"
	"io"
	"testing"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// What is nil is named; nothing dereferences it.
func TestNilArguments(t *testing.T) {
	queues := messagingtest.NewSQS(nil, nil)
	queues.NewQueue("orders", nil)
	require.PanicsWithValue(t, "messagingtest: Func: the handler is nil", func() { messagingtest.Func[awsevents.SQSEvent, awsevents.SQSEventResponse](nil) })
	require.PanicsWithValue(t, "messagingtest: Event: the handler is nil", func() { messagingtest.Event[awsevents.SQSEvent](nil) })
	require.PanicsWithValue(t, "messagingtest: mapping of orders: the function is nil", func() { queues.NewMapping("orders", nil, nil) })
	require.EqualError(t, messagingtest.DrainAll(ctx, nil), "messagingtest: DrainAll: mapping 1 is nil")
	require.PanicsWithValue(t, "messagingtest: Deliver: the handler is nil", func() { messagingtest.Deliver(t, nil, "x") })
	require.PanicsWithValue(t, "messagingtest: RedriveTo: the dead-letter queue is nil", func() { messagingtest.RedriveTo(nil, 3) })
	require.PanicsWithValue(t, "messagingtest: Restore: the snapshot is nil", func() { queues.Restore(nil) })

	topics := messagingtest.NewSNS(nil, nil)
	require.PanicsWithValue(t, "messagingtest: Restore: the snapshot is nil", func() { topics.Restore(nil) })
	topics.Endpoint("https://example.org", nil)
	require.NoError(t, topics.Publisher(topics.NewTopic("orders", nil))(ctx, []byte("x")))
	require.NotEmpty(t, (&messagingtest.PanicError{}).Error())
	require.NoError(t, (&messagingtest.PanicError{Value: "text"}).Unwrap())
	require.ErrorIs(t, &messagingtest.PanicError{Value: io.EOF}, io.EOF)
}

// A mistake of the test is refused where it is made, with a sentence.
func TestMistakesHaveASentence(t *testing.T) {
	queues := messagingtest.NewSQS(nil)
	topics := messagingtest.NewSNS(nil, queues)
	topic := topics.NewTopic("orders", nil)
	orders, fifo := queues.NewQueue("orders", nil), queues.NewQueue("orders.fifo", nil)
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	for want, call := range map[string]func(){
		"messagingtest: Queue: the reference is empty; it is a URL, an ARN or a name":                         func() { queues.Queue("") },
		`messagingtest: create queue "": MissingParameter: The request must contain the parameter QueueName.`: func() { queues.NewQueue("", nil) },
		"messagingtest: RedriveTo: maxReceiveCount is 0; it is 1 to 1000":                                     func() { messagingtest.RedriveTo(orders, 0) },
		"messagingtest: RedriveTo: maxReceiveCount is 1001; it is 1 to 1000":                                  func() { messagingtest.RedriveTo(orders, 1001) },
		"messagingtest: DuplicateNext: -1 messages; the number is 0 or more":                                  func() { orders.DuplicateNext(-1) },
		"messagingtest: Duplicate: the time -1s is negative":                                                  func() { orders.Duplicate("id", -time.Second) },
		`messagingtest: queue orders has no message "id"`:                                                     func() { orders.Duplicate("id", 0) },
		"messagingtest: queue orders.fifo is FIFO and delivers no duplicates":                                 func() { fifo.Duplicate("id", 0) },
		"messagingtest: the Queue is made by SQS.Queue or SQS.NewQueue; this one is nil or empty":             func() { new(messagingtest.Queue).Depth() },
		"messagingtest: the Mapping is made by SQS.NewMapping; this one is nil or empty":                      func() { _ = new(messagingtest.Mapping).Drain(ctx) },
		"messagingtest: SubscribeQueue: the queue is nil":                                                     func() { topics.SubscribeQueue(topic, nil, nil) },
		"messagingtest: Endpoint: the endpoint is empty; it is a URL or the ARN of a function":                func() { topics.Endpoint("", nil) },
		`messagingtest: mapping of "": the queue has no name`:                                                 func() { queues.NewMapping("", nothing) },
		"messagingtest: mapping of orders:\n  the function is nil\n  InvalidParameterValueException: Batch size must be between 1 and 10000, got -1.": func() {
			queues.NewMapping("orders", nil, func(o *messagingtest.MappingOptions) { o.BatchSize = -1 })
		},
		"messagingtest: Restore: the snapshot is empty; SQS.Snapshot makes one":                       func() { queues.Restore(&messagingtest.SQSSnapshot{}) },
		"messagingtest: Restore: the snapshot is empty; SNS.Snapshot makes one":                       func() { topics.Restore(&messagingtest.SNSSnapshot{}) },
		"messagingtest: Restore: the snapshot is of another SQS":                                      func() { queues.Restore(messagingtest.NewSQS(nil).Snapshot()) },
		"messagingtest: Restore: the snapshot is of another SNS":                                      func() { topics.Restore(messagingtest.NewSNS(nil, nil).Snapshot()) },
		"messagingtest: the SQS is made by NewSQS; this one is nil or empty":                          func() { new(messagingtest.SQS).NewQueue("orders", nil) },
		"messagingtest: the SNS is made by NewSNS; this one is nil or empty":                          func() { new(messagingtest.SNS).NewTopic("orders", nil) },
		"messagingtest: a Fault is made by a method of a fake, such as Throttle; this one is empty":   func() { new(messagingtest.Fault).When(nil) },
		`messagingtest: PartialFailure("Publish"): the operation has no entries that fail one by one`: func() { topics.PartialFailure("Publish", 0) },
		`messagingtest: PartialFailure("SendMessageBatch"): the entry -1: entries count from 0`:       func() { queues.PartialFailure("SendMessageBatch", 1, -1) },
	} {
		require.PanicsWithValue(t, want, call)
	}
}
