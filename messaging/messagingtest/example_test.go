package messagingtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// The real SDK client sends, receives and deletes in process.
func ExampleNewSQS() {
	ctx := context.Background()
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders", nil)
	client := sqs.NewFromConfig(queues.Join(aws.Config{}))

	_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: aws.String("order 42")})
	if err != nil {
		fmt.Println(err)
	}
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(orders.URL())})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(*out.Messages[0].Body, orders.Depth())
	// Output: order 42 {0 1 0}
}

// A mapping invokes a Lambda handler as Lambda does: what the handler reports
// comes back after the visibility timeout, and goes to the dead-letter queue
// when its receives are used up.
func ExampleSQS_NewMapping() {
	ctx := context.Background()
	queues := messagingtest.NewSQS(nil)
	dead := queues.NewQueue("dead", nil)
	orders := queues.NewQueue("orders", map[string]string{
		"VisibilityTimeout": "1", "RedrivePolicy": messagingtest.RedriveTo(dead, 1),
	})
	for _, body := range []string{"good", "bad", "fine"} {
		if err := orders.Deliver(ctx, []byte(body)); err != nil {
			fmt.Println(err)
		}
	}
	handler := func(_ context.Context, e awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
		var out awsevents.SQSEventResponse
		for _, r := range e.Records {
			if r.Body == "bad" {
				out.BatchItemFailures = append(out.BatchItemFailures, awsevents.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
			}
		}
		return out, nil
	}
	mapping := queues.NewMapping("orders", messagingtest.Func(handler), func(o *messagingtest.MappingOptions) {
		o.ReportBatchItemFailures = true
	})
	fmt.Println(mapping.Drain(ctx), orders.Depth().Total(), dead.Bodies())
	// Output: <nil> 0 [bad]
}

// A topic fans out to queues by filter policies on the body.
func ExampleNewSNS() {
	ctx := context.Background()
	queues := messagingtest.NewSQS(nil)
	topics := messagingtest.NewSNS(nil, queues)
	topic := topics.NewTopic("orders", nil)
	big, all := queues.NewQueue("big", nil), queues.NewQueue("all", nil)
	topics.SubscribeQueue(topic, all, map[string]string{"RawMessageDelivery": "true"})
	topics.SubscribeQueue(topic, big, map[string]string{
		"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": `{"total":[{"numeric":[">",100]}]}`,
	})
	client := topics.Client()
	for _, message := range []string{`{"total":50}`, `{"total":500}`} {
		if _, err := client.Publish(ctx, &sns.PublishInput{TopicArn: &topic, Message: &message}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(all.Bodies())
	fmt.Println(big.Bodies())
	// Output:
	// [{"total":50} {"total":500}]
	// [{"total":500}]
}

// Deliver hands a batch to a handler without any queue.
func ExampleDeliver() {
	handler := func(_ context.Context, e awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
		if strings.Contains(e.Records[0].Body, "43") {
			return awsevents.SQSEventResponse{}, errors.New("no such order")
		}
		return awsevents.SQSEventResponse{}, nil
	}
	type order struct{ ID int }
	fmt.Println(messagingtest.Deliver(nil, handler, order{42}).Acked(0))
	fmt.Println(messagingtest.Deliver(nil, handler, order{43}).Err)
	// Output:
	// true
	// no such order
}

// A fault makes a standard queue deliver a message twice, as it may at any
// time.
func ExampleQueue_DuplicateNext() {
	ctx := context.Background()
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders", nil)
	if err := orders.Deliver(ctx, []byte("42")); err != nil {
		fmt.Println(err)
	}
	orders.DuplicateNext(1)
	var seen []string
	err := queues.NewMapping("orders", messagingtest.Event(func(_ context.Context, e awsevents.SQSEvent) error {
		for _, r := range e.Records {
			seen = append(seen, r.Body+" receive "+r.Attributes["ApproximateReceiveCount"])
		}
		return nil
	})).Drain(ctx)
	fmt.Println(seen, err)
	// Output: [42 receive 1 42 receive 2] <nil>
}

// Faults of the wire: the next send is carried out, but its answer is lost.
func ExampleSQS_dropReply() {
	ctx := context.Background()
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders", nil)
	queues.DropReply("SendMessage")
	_, err := queues.Client().SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: aws.String("42")},
		func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
	fmt.Println(err != nil, orders.Bodies())
	// Output: true [42]
}

// A test demands that one message was sent, and looks at it.
func ExampleRequireSent() {
	t := exampleTest{}
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders", nil)
	_, err := queues.Client().SendMessage(context.Background(), &sqs.SendMessageInput{
		QueueUrl: aws.String(orders.URL()), MessageBody: aws.String(`{"id":42}`),
	})
	fmt.Println(err)

	type order struct {
		ID int `json:"id"`
	}
	sent := messagingtest.RequireSent[order](t, orders)
	fmt.Println(sent.Body.ID, sent.State)
	messagingtest.RequireManySent[order](t, orders, 2)
	// Output:
	// <nil>
	// 42 visible
	// messagingtest: queue orders: required messages: 2, found: 1; found were:
	//   1. {"id":42}
}

// exampleTest prints what a *testing.T would report.
type exampleTest struct{}

func (exampleTest) Helper()                           {}
func (exampleTest) Cleanup(func())                    {}
func (exampleTest) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (exampleTest) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
