package events_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/events"
)

// accepting is a client that takes every entry at once: what is left is the
// publisher.
type accepting struct{}

func (accepting) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	id := "6a7e8feb-b491-4cf7-a9f1-bf3703467718"
	out := &eventbridge.PutEventsOutput{Entries: make([]types.PutEventsResultEntry, len(in.Entries))}
	for i := range out.Entries {
		out.Entries[i].EventId = &id
	}
	return out, nil
}

// BenchmarkPublish is what the publisher adds to a PutEvents call of one entry.
func BenchmarkPublish(b *testing.B) {
	publisher := events.NewPublisher(accepting{}, "orders")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := publisher.Publish(b.Context(), orderPlaced.New(OrderPlaced{OrderID: "42", Amount: 1})); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDeliver routes one event to a typed handler.
func BenchmarkDeliver(b *testing.B) {
	router := events.MustRouter(
		events.OnEvent(orderShipped, func(context.Context, events.Event[OrderShipped]) error { return nil }),
		events.OnEvent(orderPlaced, func(context.Context, events.Event[OrderPlaced]) error { return nil }))
	event := []byte(`{"version":"0","id":"1","detail-type":"OrderPlaced","source":"shop.orders","account":"123456789012","time":"2020-01-02T03:04:05Z","region":"us-east-1","resources":[],"detail":{"orderId":"42","amount":1,"metadata":{"id":"i","correlationId":"c"}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := router.Deliver(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
}
