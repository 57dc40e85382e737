package messagingtest_test

import (
	"testing"

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
}
