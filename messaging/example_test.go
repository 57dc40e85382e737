package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/filter"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

type OrderPlaced struct {
	OrderID string
	Total   int
}

var errNoStock = errors.New("no stock")

// ship is a handler: its error is the verdict about the message.
func ship(_ context.Context, m messaging.Message[OrderPlaced]) error {
	switch {
	case m.Body.OrderID == "":
		return messaging.Poison(errors.New("an order without an id"))
	case m.Body.Total == 0:
		return messaging.Discard(errors.New("nothing to ship"))
	case m.Body.Total > 1000:
		return messaging.RetryAfter(time.Minute, errNoStock)
	}
	fmt.Println("shipped", m.Body.OrderID)
	return nil
}

// A consumer decides message by message what Lambda delivers again.
func Example() {
	consumer := messaging.NewConsumer(ship)
	d := messagingtest.Deliver(nil, consumer.HandleSQS,
		OrderPlaced{"A-1", 20}, OrderPlaced{"A-2", 0}, OrderPlaced{"A-3", 2000}, OrderPlaced{"", 20})
	for i := range 4 {
		fmt.Println(i, "acknowledged:", d.Acked(i))
	}
	// Output:
	// shipped A-1
	// 0 acknowledged: true
	// 1 acknowledged: true
	// 2 acknowledged: false
	// 3 acknowledged: false
}

// Poison goes to the dead letters with its reason; then it is acknowledged.
func ExampleDeadLetterQueue() {
	queues := messagingtest.NewSQS(nil)
	dead := queues.NewQueue("orders-dead", nil)
	client := queues.Client()

	consumer := messaging.NewConsumer(ship, func(o *messaging.ConsumerOptions) {
		o.DeadLetter = messaging.NewDeadLetterQueue(client, dead.URL())
	})
	d := messagingtest.Deliver(nil, consumer.HandleSQS, OrderPlaced{"", 20}, "not JSON")
	fmt.Println("acknowledged:", d.Acked(0), d.Acked(1))
	for _, m := range dead.Messages() {
		fmt.Printf("%s: %s\n", m.Body, m.Attributes[messaging.AttrReason])
	}
	// Output:
	// acknowledged: true true
	// {"OrderID":"","Total":20}: messaging: poisoned: an order without an id
	// not JSON: messaging: decode messaging_test.OrderPlaced: invalid character 'o' in literal null (expecting 'u')
}

// A queue of one type: groups and deduplication come from the value.
func ExampleQueue() {
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders.fifo", nil)

	queue := messaging.NewQueue(queues.Client(), orders.URL(), func(o *messaging.QueueOptions[OrderPlaced]) {
		o.Group = func(p OrderPlaced) string { return p.OrderID }
		o.Deduplicate = func(p OrderPlaced) string { return fmt.Sprint(p.OrderID, "/placed") }
	})
	ctx := context.Background()
	results, err := queue.SendAll(ctx, []OrderPlaced{{"A-1", 20}, {"", 5}, {"A-1", 20}})
	fmt.Println(results[0].Err, results[2].Err)
	fmt.Println(errors.Unwrap(results[1].Err))
	fmt.Println(err != nil, orders.Visible())
	// Output:
	// <nil> <nil>
	// a FIFO queue or topic needs a group id: set Group or SendOptions.GroupID
	// true 1
}

// A topic of one type: attributes for filter policies come from the value.
func ExampleTopic() {
	queues := messagingtest.NewSQS(nil)
	topics := messagingtest.NewSNS(nil, queues)
	large := filter.MustPolicy(filter.ScopeAttributes, filter.Where("total", filter.AtLeast(100)))
	orders := topics.NewTopic("orders", nil)
	queue := queues.NewQueue("large-orders", nil)
	topics.SubscribeQueue(orders, queue, large.SubscriptionAttributes())

	topic := messaging.NewTopic(topics.Client(), orders, func(o *messaging.TopicOptions[OrderPlaced]) {
		o.Attributes = func(p OrderPlaced) messaging.Attributes {
			return messaging.Attributes{"total": messaging.Number(p.Total)}
		}
	})
	_, err := topic.SendAll(context.Background(), []OrderPlaced{{"A-1", 20}, {"A-2", 200}})
	fmt.Println(err, queue.Visible())
	// Output: <nil> 1
}

// Dead letters go back once their cause is repaired.
func ExampleRedrive() {
	queues := messagingtest.NewSQS(nil)
	dead, orders := queues.NewQueue("dead", nil), queues.NewQueue("orders", nil)
	deadLetters := queues.NewQueue("source", map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dead, 1)})
	fmt.Println(deadLetters.Visible(), dead.Deliver(context.Background(), []byte("letter")))

	ctx := context.Background()
	task, err := messaging.Redrive(ctx, queues.Client(), dead.ARN(), func(o *messaging.RedriveOptions) {
		o.Destination = orders.ARN()
		o.Interval = time.Millisecond
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := task.Wait(ctx)
	fmt.Println(status.Status, status.Moved, orders.Visible(), err)
	// Output:
	// 0 <nil>
	// COMPLETED 1 1 <nil>
}

// Several types share a queue.
func ExampleMux() {
	mux := messaging.MustMux(messaging.ByAttribute("type"),
		messaging.OnType("placed", ship),
		messaging.OnType("returned", func(_ context.Context, m messaging.Message[string]) error {
			fmt.Println("returned", m.Body)
			return nil
		}))
	consumer := messaging.NewConsumer(mux.Handle)
	typed := func(id, kind, body string) awsevents.SQSMessage {
		return awsevents.SQSMessage{MessageId: id, Body: body, MessageAttributes: map[string]awsevents.SQSMessageAttribute{
			"type": {DataType: "String", StringValue: &kind},
		}}
	}
	_, err := consumer.HandleSQS(context.Background(), awsevents.SQSEvent{Records: []awsevents.SQSMessage{
		typed("1", "placed", `{"OrderID":"A-1","Total":5}`), typed("2", "returned", `"A-2"`),
	}})
	fmt.Println(err)
	// Output:
	// shipped A-1
	// returned "A-2"
	// <nil>
}

// Outside of Lambda a consumer polls.
func ExampleConsumer_Poll() {
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders", nil)
	client := sqs.NewFromConfig(queues.Join(aws.Config{})) // on AWS: from config.LoadDefaultConfig
	ctx, stop := context.WithCancel(context.Background())  // on a server: signal.NotifyContext
	_, err := messaging.NewQueue[OrderPlaced](client, orders.URL()).Send(ctx, OrderPlaced{"A-1", 20})
	if err != nil {
		fmt.Println(err)
	}
	consumer := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[OrderPlaced]) error {
		defer stop()
		return ship(ctx, m)
	})
	fmt.Println(consumer.Poll(ctx, client, orders.URL()), orders.Depth().Total())
	// Output:
	// shipped A-1
	// <nil> 0
}
