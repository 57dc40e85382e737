package outside

import (
	"context"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/awscalls"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xraylite"
)

type placed struct{ ID string }

func TestMessagesAreRequired(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	orders, topic := queues.NewQueue("orders", nil), topics.NewTopic("news", nil)
	for _, id := range []string{`{"ID":"1"}`, `{"ID":"2"}`} {
		_, err := queues.Client().SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: &id})
		require.NoError(t, err)
	}
	var sent []messagingtest.Sent[placed] = messagingtest.RequireManySent[placed](t, orders, 2)
	require.Equal(t, "2", sent[1].Body.ID)
	_, err := topics.Client().Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Subject: aws.String("one"), Message: aws.String(`{"ID":"3"}`)})
	require.NoError(t, err)
	var one messagingtest.Published[placed] = messagingtest.RequirePublished[placed](t, topics, topic, func(o *messagingtest.RequireOptions) { o.Subject = "one" })
	require.Equal(t, "3", one.Body.ID)
	require.Len(t, messagingtest.RequireManyPublished[placed](t, topics, topic, 1), 1)

	other := queues.NewQueue("other", nil)
	_, err = queues.Client().SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(other.URL()), MessageBody: aws.String(`{"ID":"4"}`)})
	require.NoError(t, err)
	require.Equal(t, "4", messagingtest.RequireSent[placed](t, other).Body.ID)

	kind := events.MustDefinition[placed]("shop", "Placed")
	bus := eventstest.New(t)
	_, err = events.NewPublisher(bus.Client(), "default").Publish(t.Context(), kind.New(placed{"5"}), kind.New(placed{"6"}))
	require.NoError(t, err)
	require.Len(t, eventstest.RequireManyPublished(t, bus, kind, 2), 2)
}

// What a handler observes, with the calls of its SDK clients in the same trace.
func TestObservationsAreRequired(t *testing.T) {
	counter := observe.MustCounter("OrdersPlaced", "Channel")
	db := dynamotest.New(t)
	rec := observetest.New(t)
	handler := observe.Handler("orders", func(ctx context.Context, order string) (string, error) {
		client := dynamodb.NewFromConfig(awscalls.Observe(db.Join(aws.Config{})))
		if _, err := client.ListTables(ctx, &dynamodb.ListTablesInput{}); err != nil {
			return "", err
		}
		counter.Add(ctx, 1, "web")
		observe.Logger(ctx).Info("placed", zap.String("orderId", order))
		lc, _ := lambdacontext.FromContext(ctx)
		return lc.AwsRequestID, nil
	}, rec.Observe, func(o *observe.Options) {
		o.Tracer = xraylite.New(func(o *xraylite.Options) { o.Output = rec.Traces() })
	})
	ctx := observetest.Context(t.Context(), observetest.Invocation{RequestID: "r-1", TraceHeader: observetest.NewTraceHeader()})
	id, err := handler(ctx, "42")
	require.NoError(t, err)
	require.Equal(t, "r-1", id)

	var metrics []observetest.Metric = observetest.RequireMetric(t, rec, "OrdersPlaced", 1, "Channel=web")
	require.Len(t, metrics, 1)
	var line observetest.Line = observetest.RequireLog(t, rec, "INFO", "placed", "orderId=42")
	require.Equal(t, "r-1", line.Text("requestId"))
	require.Contains(t, rec.Tree(observetest.RequireOneTrace(t, rec)), "DynamoDB")
	observetest.RequireNoErrors(t, rec)
}
