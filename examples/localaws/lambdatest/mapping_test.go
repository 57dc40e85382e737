package lambdatest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// world is a queue and the functions that its mappings invoke.
type world struct {
	queues    *messagingtest.SQS
	functions *lambdatest.Lambda
	orders    *messagingtest.Queue
	bodies    []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{queues: messagingtest.NewSQS(t)}
	w.orders = w.queues.NewQueue("orders", nil)
	w.functions = lambdatest.New(t, func(o *lambdatest.Options) {
		o.Mapper = func(m lambdatest.EventSourceMapping) (lambdatest.Poller, error) {
			if strings.HasSuffix(m.EventSourceARN, ":none") {
				return nil, errors.New("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.")
			}
			return w.queues.NewMapping(m.EventSourceARN, w.functions.Function(m.FunctionARN), func(o *messagingtest.MappingOptions) {
				o.BatchSize, o.MaximumBatchingWindow, o.Filters = m.BatchSize, m.MaximumBatchingWindow, m.Filters
				o.ReportBatchItemFailures = m.ReportBatchItemFailures
			}), nil
		}
	})
	w.functions.Create("ship", lambdatest.Event(func(_ context.Context, e awsevents.SQSEvent) error {
		for _, r := range e.Records {
			w.bodies = append(w.bodies, r.Body)
		}
		return nil
	}))
	return w
}

func (w *world) send(t *testing.T, body string) {
	t.Helper()
	_, err := w.queues.Client().SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(w.orders.URL()), MessageBody: aws.String(body)})
	require.NoError(t, err)
}

func TestAMappingPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		uuid := w.functions.Map(lambdatest.EventSourceMapping{EventSourceARN: w.orders.ARN(), FunctionARN: "ship"})
		require.Regexp(t, `^[0-9a-f-]{36}$`, uuid)
		w.send(t, "a")
		require.NoError(t, w.functions.Drain(t.Context()))
		require.Equal(t, []string{"a"}, w.bodies)
		require.Equal(t, "function ship: timeout 3s, 0 running\nevent source mapping "+w.orders.ARN()+" to "+shipARN+": Enabled\n", w.functions.Dump())

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.functions.Run(ctx) }()
		time.Sleep(time.Minute)
		w.send(t, "b")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"a", "b"}, w.bodies)
		cancel()
		require.NoError(t, <-ended)
	})
}

func TestMapRefusesWhatLambdaRefuses(t *testing.T) {
	w := newWorld(t)
	orders, stream := w.orders.ARN(), "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"
	fifo := orders + ".fifo"
	minute := 30 * time.Second
	for text, m := range map[string]lambdatest.EventSourceMapping{
		"Function does not exist":                          {EventSourceARN: orders, FunctionARN: "tea"},
		"must be greater than 0 if maximum batch size":     {EventSourceARN: orders, BatchSize: 11},
		"Value '10001' at 'batchSize'":                     {EventSourceARN: orders, BatchSize: 10_001},
		"Value '-1' at 'batchSize'":                        {EventSourceARN: orders, BatchSize: -1},
		"Value '301' at 'maximumBatchingWindowInSeconds'":  {EventSourceARN: orders, MaximumBatchingWindow: 301 * time.Second},
		"Batching window is not supported for FIFO queues": {EventSourceARN: fifo, MaximumBatchingWindow: time.Second},
		"Batch size for FIFO queues":                       {EventSourceARN: fifo, BatchSize: 11, MaximumBatchingWindow: time.Second},
		"Value '1' at 'scalingConfig.maximumConcurrency'":  {EventSourceARN: orders, MaximumConcurrency: 1},
		"Unsupported parameters":                           {EventSourceARN: orders, ParallelizationFactor: 2},
		"StartingPosition is not valid":                    {EventSourceARN: orders, StartingPosition: "LATEST"},
		"Value null at 'startingPosition'":                 {EventSourceARN: stream},
		"Member must satisfy enum value set: [LATEST":      {EventSourceARN: stream, StartingPosition: "FIRST"},
		"Value '11' at 'parallelizationFactor'":            {EventSourceARN: stream, StartingPosition: "LATEST", ParallelizationFactor: 11},
		"between 60 and 604800":                            {EventSourceARN: stream, StartingPosition: "LATEST", MaximumRecordAge: &minute},
		`an event source mapping of "arn:aws:kinesis:`:     {EventSourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/s"},
		"The specified queue does not exist":               {EventSourceARN: "arn:aws:sqs:us-east-1:123456789012:none"},
		"Invalid filter pattern definition.":               {EventSourceARN: orders, Filters: []string{"{"}},
	} {
		if m.FunctionARN == "" {
			m.FunctionARN = "ship"
		}
		func() {
			defer func() { require.Contains(t, recover(), text) }()
			w.functions.Map(m)
		}()
	}
	uuid := w.functions.Map(lambdatest.EventSourceMapping{EventSourceARN: orders, FunctionARN: "ship"})
	require.PanicsWithValue(t, "lambdatest: map "+orders+" to ship: ResourceConflictException: An event source mapping with SQS arn (\" "+orders+
		" \") and function (\" ship \") already exists. Please update or delete the existing mapping with UUID "+uuid, func() {
		w.functions.Map(lambdatest.EventSourceMapping{EventSourceARN: orders, FunctionARN: "ship"})
	})
	none := lambdatest.New(t)
	require.PanicsWithValue(t, "lambdatest: map q to ship: NotSimulated: an event source mapping without Options.Mapper is not simulated", func() {
		none.Map(lambdatest.EventSourceMapping{EventSourceARN: "q", FunctionARN: "ship"})
	})
}

// A mapping whose queue goes away is polled again when there is one.
func TestAMappingOutlivesItsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.functions.Map(lambdatest.EventSourceMapping{EventSourceARN: w.orders.ARN(), FunctionARN: "ship"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.functions.Run(ctx) }()
		synctest.Wait()
		_, err := w.queues.Client().DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: aws.String(w.orders.URL())})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		w.queues.NewQueue("orders", nil)
		w.send(t, "late")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"late"}, w.bodies)
		cancel()
		require.NoError(t, <-ended)
	})
}
