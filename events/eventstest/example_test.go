package eventstest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
)

// A rule hands an event to a Go function; a target that fails has its event put
// on the dead-letter queue.
func Example() {
	ctx := context.Background()
	bus := eventstest.New(nil, func(o *eventstest.Options) {
		o.RetryDelay = func(int) time.Duration { return time.Millisecond } // without synctest time is real
	})
	client := bus.Client()
	must := func(_ any, err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	must(client.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String("big"), EventPattern: aws.String(`{"source":["shop"],"detail":{"total":[{"numeric":[">",100]}]}}`),
	}))
	must(client.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("big"), Targets: []types.Target{{
		Id: aws.String("1"), Arn: aws.String("arn:aws:lambda:us-east-1:123456789012:function:fn"),
		InputPath:        aws.String("$.detail"),
		RetryPolicy:      &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(2)},
		DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:dlq")},
	}}}))
	bus.Target("arn:aws:lambda:us-east-1:123456789012:function:fn", func(_ context.Context, event []byte) error {
		fmt.Printf("call with %s\n", event)
		return errors.New("table is gone")
	})
	bus.DeadLetters("arn:aws:sqs:us-east-1:123456789012:dlq", func(_ context.Context, _ []byte, attributes map[string]string) error {
		fmt.Println("dead:", attributes["ERROR_MESSAGE"], "after", attributes["RETRY_ATTEMPTS"], "retries")
		return nil
	})

	must(client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("Placed"), Detail: aws.String(`{"total":50}`)},
		{Source: aws.String("shop"), DetailType: aws.String("Placed"), Detail: aws.String(`{"total":150}`)},
	}}))
	if err := bus.Drain(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// call with {"total":150}
	// call with {"total":150}
	// call with {"total":150}
	// dead: table is gone after 2 retries
}

// A test asks for the event that the code under test had to publish.
func ExampleRequirePublished() {
	type Placed struct {
		OrderID string `json:"orderId"`
	}
	orderPlaced := events.MustDefinition[Placed]("shop", "OrderPlaced")
	t := printer{} // a *testing.T in a test
	bus := eventstest.New(t)

	publisher := events.NewPublisher(bus.Client(), "default") // in the code under test
	if _, err := publisher.Publish(context.Background(), orderPlaced.New(Placed{OrderID: "42"})); err != nil {
		log.Fatal(err)
	}

	e := eventstest.RequirePublished(t, bus, orderPlaced)
	fmt.Println("published:", e.Detail.OrderID)
	eventstest.RequirePublished(t, bus, orderPlaced, func(o *eventstest.PublishedOptions) { o.Bus = "orders" })
	// Output:
	// published: 42
	// no event shop OrderPlaced
}

// printer is a TB for the example: it prints the beginning of a failure.
type printer struct{}

func (printer) Helper()             {}
func (printer) Logf(string, ...any) {}
func (printer) Cleanup(func())      {}
func (printer) Errorf(format string, args ...any) {
	text, _, _ := strings.Cut(fmt.Sprintf(format, args...), " was published")
	fmt.Println(strings.TrimPrefix(text, "eventstest: "))
}
