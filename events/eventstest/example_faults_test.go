package eventstest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/events/eventstest"
)

// PutEvents answers for each entry. Here the second one of two fails.
func ExampleEventBridge_PartialFailure() {
	bus := eventstest.New(nil)
	bus.PartialFailure("PutEvents", 1)
	order := types.PutEventsRequestEntry{Source: aws.String("shop"), DetailType: aws.String("OrderPlaced"), Detail: aws.String(`{}`)}
	out, err := bus.Client().PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{order, order}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.FailedEntryCount, *out.Entries[1].ErrorCode)
	fmt.Println(len(bus.Events()), "event was accepted")
	for _, call := range bus.Journal() {
		fmt.Printf("%s %q\n", call.Action(), call.Outcome)
	}
	// Output:
	// 1 InternalFailure
	// 1 event was accepted
	// events:PutEvents ""
}
