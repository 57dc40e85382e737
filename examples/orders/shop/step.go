package shop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/patternkit/serverless/dynamo"
)

// Fulfillment carries out an order. Its steps may run more than once, and in two
// executions at the same time. A step that was undone must not happen afterwards.
type Fulfillment struct{ Table *dynamo.Table }

// errUndone says that a step has been undone before it ran.
var errUndone = errors.New("the step has been undone already")

// do commits the writes of a step together with its effect: once, however
// often the step runs, and never after it was undone.
func (f Fulfillment) do(ctx context.Context, key EffectKey, amount int64, writes ...dynamo.Write) error {
	effect := Effects.Create(Effect{EffectKey: key, Count: 1, Amount: amount})
	err := f.Table.Transact(ctx, append([]dynamo.Write{effect}, writes...)...)
	failed, ok := errors.AsType[*dynamo.TransactionError](err)
	if !ok {
		return err
	}
	there, ok := Effects.Existing(failed.Reasons[0])
	switch {
	case !ok:
		return err
	case there.Undone > 0:
		return fmt.Errorf("%s of order %s: %w", key.Kind, key.OrderID, errUndone)
	}
	return nil
}

// undo undoes a step. If the step has not happened yet, the record of the undone
// effect keeps it from happening later. Nothing of a confirmed order is undone: an
// event may start its saga twice, and one execution must not undo what the other
// has finished.
func (f Fulfillment) undo(ctx context.Context, key EffectKey, writes ...dynamo.Write) error {
	effect, err := Effects.Get(ctx, f.Table, key, dynamo.Consistent())
	var undone dynamo.Write = Effects.Update(key).Do(dynamo.Add(EffectUndone, 1)).If(EffectUndone.Equal(0))
	switch {
	case errors.Is(err, dynamo.ErrNotFound):
		undone, writes = Effects.Create(Effect{EffectKey: key, Undone: 1}), nil
	case err != nil:
		return err
	case effect.Undone > 0:
		return nil
	}
	open := Orders.Check(OrderKey{key.OrderID}).If(OrderStatus.NotEqual(Confirmed))
	err = f.Table.Transact(ctx, append([]dynamo.Write{open, undone}, writes...)...)
	if failed, ok := errors.AsType[*dynamo.TransactionError](err); ok && errors.Is(failed.Reasons[0].Err(), dynamo.ErrConditionFailed) {
		return nil
	}
	return err
}

// advance moves an order from one of the statuses to the next if the checks
// hold, and returns the status that it has then. An order with another status
// keeps it, because another execution of its saga has been faster.
func (f Fulfillment) advance(ctx context.Context, orderID string, next Status, from []Status, checks ...dynamo.Write) (status Status, changed bool, err error) {
	for range 4 { // a status changes twice at most
		order, err := Orders.Get(ctx, f.Table, OrderKey{orderID}, dynamo.Consistent())
		if err != nil || !slices.Contains(from, order.Status) {
			return order.Status, false, err
		}
		moved := order
		moved.Status = next
		move := Orders.Replace(order, moved).If(OrderStatus.Equal(order.Status))
		err = f.Table.Transact(ctx, append([]dynamo.Write{move}, checks...)...)
		if failed, ok := errors.AsType[*dynamo.TransactionError](err); ok && errors.Is(failed.Reasons[0].Err(), dynamo.ErrConditionFailed) {
			continue
		}
		return next, err == nil, err
	}
	return "", false, fmt.Errorf("order %s: its status does not come to rest", orderID)
}

// inForce demands that an effect has happened and was not undone.
func inForce(orderID, kind string) dynamo.Write {
	return Effects.Check(EffectKey{orderID, kind}).If(EffectUndone.Equal(0))
}

// quantities are the articles of an order with what it takes of each, in the
// order of their first line: a transaction writes an item once.
func quantities(items []OrderedItem) []OrderedItem {
	var out []OrderedItem
	for _, item := range items {
		i := slices.IndexFunc(out, func(o OrderedItem) bool { return o.SKU == item.SKU })
		if i < 0 {
			out = append(out, item)
			continue
		}
		out[i].Quantity += item.Quantity
	}
	return out
}
