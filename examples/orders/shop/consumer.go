package shop

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/observe"
)

// Invoicing writes an invoice for every order that is confirmed.
type Invoicing struct {
	Table   *dynamo.Table
	Markers *idempotency.Store
}

// Consumer is the handler of the queue. The invoice and the marker that says so
// commit in one transaction. A message that comes again finds the marker, so the
// effect happens once.
func (i Invoicing) Consumer(optFns ...func(*messaging.ConsumerOptions)) *messaging.Consumer {
	return messaging.NewConsumer(idempotency.ExactlyOnce(i.Markers, invoiceKey, i.write), consuming(optFns)...)
}

// consuming are the options of the shop's consumers: they read the detail of
// the event, and log what failed.
func consuming(optFns []func(*messaging.ConsumerOptions)) []func(*messaging.ConsumerOptions) {
	return append([]func(*messaging.ConsumerOptions){func(o *messaging.ConsumerOptions) {
		o.Payload = messaging.PayloadDetail
		o.OnOutcome = func(ctx context.Context, outcome messaging.Outcome) {
			if outcome.Verdict != messaging.VerdictAcked {
				observe.Logger(ctx).Warn("message not done", zap.String("messageId", outcome.MessageID),
					zap.Int("receiveCount", outcome.ReceiveCount), zap.Error(outcome.Err))
			}
		}
	}}, optFns...)
}

func invoiceKey(m messaging.Message[Invoiceable]) string { return "invoice#" + m.Body.OrderID }

func (i Invoicing) write(ctx context.Context, m messaging.Message[Invoiceable]) ([]types.TransactWriteItem, error) {
	ctx, span := observe.StartSpan(ctx, "invoice")
	defer span.End()
	observe.Logger(ctx).Info("invoicing", zap.String("orderId", m.Body.OrderID), zap.String("messageId", m.ID))
	return i.Table.Items(once(m.Body.OrderID, "INVOICE", m.Body.Total))
}

// once is the write that counts an effect.
func once(orderID, kind string, amount int64) dynamo.Write {
	return Effects.Upsert(EffectKey{OrderID: orderID, Kind: kind}).Do(
		dynamo.Add(EffectCount, 1), dynamo.Add(EffectAmount, amount))
}

// ProcessingTime is how long an order took from the front door to its end.
var ProcessingTime = observe.MustTimer("ProcessingTime")

// Dispatch tells the warehouse, or the customer, how an order ended.
type Dispatch struct {
	Table   *dynamo.Table
	Markers *idempotency.Store
}

// Consumer is the handler of the queue; see [Invoicing.Consumer].
func (d Dispatch) Consumer(optFns ...func(*messaging.ConsumerOptions)) *messaging.Consumer {
	return messaging.NewConsumer(idempotency.ExactlyOnce(d.Markers, dispatchKey, d.write), consuming(optFns)...)
}

func dispatchKey(m messaging.Message[OrderClosed]) string { return "dispatch#" + m.Body.OrderID }

func (d Dispatch) write(ctx context.Context, m messaging.Message[OrderClosed]) ([]types.TransactWriteItem, error) {
	ctx, span := observe.StartSpan(ctx, "dispatch")
	defer span.End()
	order, err := Orders.Get(ctx, d.Table, OrderKey{m.Body.OrderID})
	if err != nil {
		return nil, err
	}
	ProcessingTime.Record(ctx, time.Since(order.PlacedAt))
	observe.Logger(ctx).Info("dispatching", zap.String("orderId", m.Body.OrderID), zap.String("outcome", string(m.Body.Outcome)))
	kind := "SHIPMENT"
	if m.Body.Outcome == Canceled {
		kind = "APOLOGY"
	}
	return d.Table.Items(once(m.Body.OrderID, kind, m.Body.Total))
}
