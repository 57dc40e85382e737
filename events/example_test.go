package events_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
)

type OrderPlaced struct {
	OrderID string  `json:"orderId"`
	Amount  float64 `json:"amount"`
}

type OrderShipped struct {
	OrderID string `json:"orderId"`
}

var (
	orderPlaced  = events.MustDefinition[OrderPlaced]("shop.orders", "OrderPlaced")
	orderShipped = events.MustDefinition[OrderShipped]("shop.orders", "OrderShipped")
)

// An event goes from the publisher over a bus to the router of a function.
func Example() {
	ctx := context.Background()
	bus := eventstest.New(nil)
	client := bus.Client()

	router := events.MustRouter(events.OnEvent(orderPlaced, func(_ context.Context, e events.Event[OrderPlaced]) error {
		fmt.Printf("%s of %s: order %s over %.2f\n", e.DetailType, e.Source, e.Detail.OrderID, e.Detail.Amount)
		return nil
	}))
	placed := &eventbridge.PutRuleInput{Name: aws.String("placed"), EventPattern: aws.String(router.Pattern().String())}
	if _, err := client.PutRule(ctx, placed); err != nil {
		log.Fatal(err)
	}
	targets := &eventbridge.PutTargetsInput{Rule: placed.Name, Targets: []types.Target{{Id: aws.String("1"), Arn: aws.String("arn:aws:lambda:us-east-1:123456789012:function:fn")}}}
	if _, err := client.PutTargets(ctx, targets); err != nil {
		log.Fatal(err)
	}
	bus.Target("arn:aws:lambda:us-east-1:123456789012:function:fn", router.Deliver)

	publisher := events.NewPublisher(client, "default")
	if _, err := publisher.Publish(ctx, orderPlaced.New(OrderPlaced{OrderID: "42", Amount: 120})); err != nil {
		log.Fatal(err)
	}
	if err := bus.Drain(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: OrderPlaced of shop.orders: order 42 over 120.00
}

// Each event has its own result: those that EventBridge took are on the bus,
// whatever became of the others.
func ExamplePublisher_Publish() {
	bus := eventstest.New(nil)
	bus.PartialFailure("PutEvents", 0) // the first entry of the first request
	publisher := events.NewPublisher(bus.Client(), "default")

	results, err := publisher.Publish(context.Background(),
		orderPlaced.New(OrderPlaced{OrderID: "1"}),
		orderPlaced.New(OrderPlaced{OrderID: "2"}))
	for i, r := range results {
		fmt.Printf("entry %d: published %t after %d attempts\n", i, r.EventID != "", r.Attempts)
	}
	fmt.Println("error:", err)
	// Output:
	// entry 0: published true after 2 attempts
	// entry 1: published true after 1 attempts
	// error: <nil>
}

// A route may ask for more than the kind of the event; the rule follows.
func ExampleRouter_Pattern() {
	router := events.MustRouter(events.OnEvent(orderPlaced,
		func(context.Context, events.Event[OrderPlaced]) error { return nil },
		func(o *events.RouteOptions) {
			o.Pattern = events.MustPattern(`{"detail":{"amount":[{"numeric":[">",100]}]}}`)
		}))
	fmt.Println(router.Pattern())
	// Output: {"source":["shop.orders"],"detail-type":["OrderPlaced"],"detail":{"amount":[{"numeric":[">",100]}]}}
}

// Events that no route takes are an error, unless there is a default route.
func ExampleDefault() {
	router := events.MustRouter(
		events.OnEvent(orderPlaced, func(context.Context, events.Event[OrderPlaced]) error { return nil }),
		events.Default(func(_ context.Context, e events.Event[json.RawMessage]) error {
			fmt.Println("nobody wants", e.DetailType)
			return nil
		}))
	err := router.Handle(context.Background(), json.RawMessage(`{"source":"shop.orders","detail-type":"OrderLost","detail":{}}`))
	fmt.Println(err)
	// Output:
	// nobody wants OrderLost
	// <nil>
}

// A pattern says which of its fields an event failed, and on which values.
func ExamplePattern_Explain() {
	p := events.MustPattern(`{"source":["shop.orders"],"detail":{"amount":[{"numeric":[">",100]}],"coupon":[{"exists":false}]}}`)
	e, err := p.Explain([]byte(`{"source":"shop.orders","detail":{"amount":80}}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e)
	fmt.Println("failed:", e.Failed().Path)
	// Output:
	// no match
	//   no: detail.amount wants [{"numeric":[">",100]}], the event has 80
	//   yes: detail.coupon wants [{"exists":false}], the event has no value there
	//   yes: source wants ["shop.orders"], the event has "shop.orders"
	// failed: detail.amount
}

// What EventBridge would refuse is refused with its own words.
func ExampleNewPattern() {
	_, err := events.NewPattern(`{"detail":{"amount":[{"numeric":["!=",100]}]}}`)
	fmt.Println(err)
	// Output:
	// events: Event pattern is not valid. Reason: Unrecognized numeric range operator: !=
	//  at [Source: (String)"{"detail":{"amount":[{"numeric":["!=",100]}]}}"; line: 1, column: 42]
}

// An event that came by a rule, a topic and a queue is the body of a message.
func ExampleDefinition_Decode() {
	body := []byte(`{"version":"0","id":"1","detail-type":"OrderPlaced","source":"shop.orders","account":"123456789012",
		"time":"2026-01-02T03:04:05Z","region":"us-east-1","resources":[],
		"detail":{"orderId":"42","amount":120,"metadata":{"correlationId":"c-1"}}}`)
	e, err := orderPlaced.Decode(body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Detail.OrderID, e.Time.Year(), e.Metadata.CorrelationID)
	// Output: 42 2026 c-1
}

// Old events are brought up to the version that the program knows.
func ExampleMustDefinition_versions() {
	placed := events.MustDefinition[OrderPlaced]("shop.orders", "OrderPlaced", func(o *events.DefinitionOptions) {
		o.Version = 2
		o.Upcasts = map[int]events.Upcast{
			1: func(old json.RawMessage) (json.RawMessage, error) { // version 1 counted cents
				var v1 struct {
					OrderID string `json:"orderId"`
					Cents   int64  `json:"cents"`
				}
				if err := json.Unmarshal(old, &v1); err != nil {
					return nil, err
				}
				return json.Marshal(OrderPlaced{OrderID: v1.OrderID, Amount: float64(v1.Cents) / 100})
			},
		}
	})
	e, err := placed.Decode([]byte(`{"source":"shop.orders","detail-type":"OrderPlaced","detail":{"orderId":"42","cents":12050}}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Detail.Amount)
	// Output: 120.5
}

// An outbox keeps request entries; a relay publishes them and answers for each.
func ExamplePublisher_PublishEntries() {
	ctx := context.Background()
	bus := eventstest.New(nil)
	publisher := events.NewPublisher(bus.Client(), "default")

	entry, err := orderPlaced.New(OrderPlaced{OrderID: "42"}).Build(ctx) // goes into the transaction
	if err != nil {
		log.Fatal(err)
	}
	errs := publisher.PublishEntries(ctx, []types.PutEventsRequestEntry{entry}) // the relay, later
	fmt.Println(errs, len(bus.Events()))
	// Output: [<nil>] 1
}

// Many patterns are matched in one pass.
func ExampleNewPatternSet() {
	set := events.NewPatternSet(
		events.MustPattern(`{"source":["shop.orders"]}`),
		events.MustPattern(`{"source":[{"prefix":"shop."}]}`),
		events.MustPattern(`{"source":["bank"]}`))
	matched, err := set.Match([]byte(`{"source":"shop.orders"}`), nil)
	fmt.Println(matched, err)
	// Output: [0 1] <nil>
}
