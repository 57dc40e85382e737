package shop

import (
	"context"
	"fmt"

	awsevents "github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/observe"
)

// Announcer publishes what happens to orders, from the stream of the table.
type Announcer struct {
	Table     *dynamo.Table
	Publisher *events.Publisher
}

// Stream is the handler of the table's stream.
func (a Announcer) Stream() *stream.Handler {
	return stream.MustHandler(Store,
		stream.OnChange(Orders, a.changed),
		// The markers of the consumers live in the same table.
		stream.OnUnknown(func(context.Context, awsevents.DynamoDBEventRecord) error { return nil }))
}

// changed announces a new order and one whose saga is over.
func (a Announcer) changed(ctx context.Context, c stream.Change[Order]) error {
	ctx, span := observe.StartSpan(ctx, "announce")
	defer span.End()
	switch {
	case c.New == nil:
		return nil
	case c.Old == nil:
		return a.placed(ctx, *c.New)
	case c.Old.Status != c.New.Status && (c.New.Status == Confirmed || c.New.Status == Canceled):
		closed := OrderClosed{
			OrderID: c.New.OrderID, CustomerID: c.New.CustomerID, VATID: c.New.VATID,
			Outcome: c.New.Status, Total: c.New.Total,
		}
		return a.publish(ctx, closed.OrderID, OrderClosedEvent.DetailType(), OrderClosedEvent.New(closed))
	}
	return nil
}

func (a Announcer) placed(ctx context.Context, order Order) error {
	whole, err := WholeOrder.Get(ctx, a.Table, order.OrderKey)
	if err != nil {
		return err
	}
	placed := OrderPlaced{
		OrderID: order.OrderID, CustomerID: order.CustomerID, Card: order.Card, Total: order.Total,
	}
	for _, line := range whole.Lines {
		placed.Items = append(placed.Items, OrderedItem{line.SKU, line.Quantity})
	}
	return a.publish(ctx, order.OrderID, OrderPlacedEvent.DetailType(), OrderPlacedEvent.New(placed))
}

// publish puts one event on the bus.
func (a Announcer) publish(ctx context.Context, orderID, detailType string, entry events.Entry) error {
	results, err := a.Publisher.Publish(ctx, entry)
	if err != nil {
		return fmt.Errorf("announce order %s: %w", orderID, err)
	}
	observe.Logger(ctx).Info("announced", zap.String("orderId", orderID),
		zap.String("detailType", detailType), zap.String("eventId", results[0].EventID))
	return nil
}
