package shop

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/stepfn"
)

// OrdersCompensated counts the orders whose saga undid everything.
var OrdersCompensated = observe.MustCounter("OrdersCompensated")

// Compensations are the compensations of the saga, in the order in which they
// run.
var Compensations = Fulfillment{}.Saga().Compensations()

// Saga is the saga of an order. Its function carries out all of its steps.
//
// The event that starts it may come twice, so that two executions run for one
// order, one after the other or at the same time. An effect belongs to the order and
// happens once. The order is confirmed only if its effects have happened and were not
// undone, and nothing of a confirmed order is undone. So both executions end alike.
func (f Fulfillment) Saga() *stepfn.Saga[OrderPlaced] {
	return stepfn.MustSaga("PlaceOrder", f.park,
		stepfn.Step("AcceptOrder", f.accept).Compensate("CancelOrder", f.cancel),
		stepfn.Step("ReserveInventory", f.reserve).Compensate("ReleaseInventory", f.release).NotApplied("OutOfStock"),
		stepfn.Step("ChargeCustomer", f.charge).Compensate("RefundCustomer", f.refund).NotApplied("CardDeclined"),
		stepfn.Pivot("ConfirmOrder", f.confirm).NotApplied("OrderCanceled"))
}

// Definition returns the saga's state machine in the Amazon States Language, with
// the function at functionARN.
func Definition(functionARN string) ([]byte, error) {
	machine := Fulfillment{}.Saga().Machine(func(o *stepfn.MachineOptions) { o.Function = functionARN })
	return []byte(machine.String()), machine.Err()
}

// traced begins the span of a step and says in the log that it runs.
func traced(ctx context.Context, step, orderID string) (context.Context, observe.Span) {
	ctx, span := observe.StartSpan(ctx, step)
	observe.Logger(ctx).Info(step, zap.String("orderId", orderID))
	return ctx, span
}

// errCanceled says that another execution of the saga has canceled the order.
var errCanceled = errors.New("the order is canceled")

func (f Fulfillment) accept(ctx context.Context, c stepfn.Call[OrderPlaced]) (Status, error) {
	ctx, span := traced(ctx, "accept", c.Input.OrderID)
	defer span.End()
	status, _, err := f.advance(ctx, c.Input.OrderID, Processing, []Status{Placed})
	if err == nil && status == Canceled {
		err = errCanceled
	}
	return status, err
}

func (f Fulfillment) cancel(ctx context.Context, u stepfn.Undo[OrderPlaced, Status]) error {
	ctx, span := traced(ctx, "cancel", u.Input.OrderID)
	defer span.End()
	_, changed, err := f.advance(ctx, u.Input.OrderID, Canceled, []Status{Placed, Processing})
	if changed {
		OrdersCompensated.Add(ctx, 1)
	}
	return err
}

// Reservation is what reserve took.
type Reservation struct {
	Items []OrderedItem `json:"items"`
}

func (f Fulfillment) reserve(ctx context.Context, c stepfn.Call[OrderPlaced]) (Reservation, error) {
	ctx, span := traced(ctx, "reserve", c.Input.OrderID)
	defer span.End()
	items := quantities(c.Input.Items)
	writes := make([]dynamo.Write, len(items))
	for i, item := range items {
		writes[i] = Stocks.Update(StockKey{item.SKU}).
			Do(dynamo.Add(StockAvailable, -item.Quantity)).If(StockAvailable.AtLeast(item.Quantity))
	}
	err := f.do(ctx, EffectKey{c.Input.OrderID, "RESERVATION"}, c.Input.Total, writes...)
	if failed, ok := errors.AsType[*dynamo.TransactionError](err); ok {
		for _, reason := range failed.Reasons[1:] { // behind the effect
			if errors.Is(reason.Err(), dynamo.ErrConditionFailed) {
				return Reservation{}, stepfn.WithErrorName("OutOfStock", err)
			}
		}
	}
	return Reservation{items}, err
}

func (f Fulfillment) release(ctx context.Context, u stepfn.Undo[OrderPlaced, Reservation]) error {
	ctx, span := traced(ctx, "release", u.Input.OrderID)
	defer span.End()
	var writes []dynamo.Write
	for _, item := range quantities(u.Input.Items) {
		writes = append(writes, Stocks.Update(StockKey{item.SKU}).Do(dynamo.Add(StockAvailable, item.Quantity)))
	}
	return f.undo(ctx, EffectKey{u.Input.OrderID, "RESERVATION"}, writes...)
}

// Payment is what charge took, in cents.
type Payment struct {
	Amount int64 `json:"amount"`
}

// errDeclined is the answer of the payment service to a card without cover.
var errDeclined = errors.New("the card was declined")

func (f Fulfillment) charge(ctx context.Context, c stepfn.Call[OrderPlaced]) (Payment, error) {
	ctx, span := traced(ctx, "charge", c.Input.OrderID)
	defer span.End()
	if strings.HasSuffix(c.Input.Card, "declined") {
		span.RecordError(errDeclined)
		return Payment{}, stepfn.WithErrorName("CardDeclined", errDeclined)
	}
	return Payment{c.Input.Total}, f.do(ctx, EffectKey{c.Input.OrderID, "PAYMENT"}, c.Input.Total)
}

func (f Fulfillment) refund(ctx context.Context, u stepfn.Undo[OrderPlaced, Payment]) error {
	ctx, span := traced(ctx, "refund", u.Input.OrderID)
	defer span.End()
	return f.undo(ctx, EffectKey{u.Input.OrderID, "PAYMENT"})
}

func (f Fulfillment) confirm(ctx context.Context, c stepfn.Call[OrderPlaced]) (Status, error) {
	ctx, span := traced(ctx, "confirm", c.Input.OrderID)
	defer span.End()
	status, _, err := f.advance(ctx, c.Input.OrderID, Confirmed, []Status{Processing},
		inForce(c.Input.OrderID, "RESERVATION"), inForce(c.Input.OrderID, "PAYMENT"))
	switch {
	case errors.Is(err, dynamo.ErrConditionFailed), err == nil && status == Canceled:
		return status, stepfn.WithErrorName("OrderCanceled", errCanceled)
	case err == nil && status != Confirmed:
		return status, fmt.Errorf("order %s is %s, it cannot become %s", c.Input.OrderID, status, Confirmed)
	}
	return status, err
}

// park notifies the people on call: the order is neither done nor undone.
func (f Fulfillment) park(ctx context.Context, p stepfn.Parked[OrderPlaced]) error {
	observe.Logger(ctx).Error("order needs a person", zap.String("orderId", p.Input.OrderID),
		zap.String("outcome", p.Outcome), zap.Any("error", p.Error), zap.Any("failed", p.Failed))
	return nil
}
