package shop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/patternkit/serverless/dynamo"
)

// Fulfillment carries an order out. Its steps may run more than once and in
// spite of each other: a step that was undone must not happen afterwards.
type Fulfillment struct{ Table *dynamo.Table }

// errUndone says that a step came too late: it has been undone.
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

// undo takes a step back. Where the step has not happened, the effect that is
// undone in advance keeps it from happening later.
func (f Fulfillment) undo(ctx context.Context, key EffectKey, writes ...dynamo.Write) error {
	effect, err := Effects.Get(ctx, f.Table, key, dynamo.Consistent)
	switch {
	case errors.Is(err, dynamo.ErrNotFound):
		return Effects.Create(Effect{EffectKey: key, Undone: 1}).Run(ctx, f.Table)
	case err != nil:
		return err
	case effect.Undone > 0:
		return nil
	}
	undone := Effects.Update(key).Do(dynamo.Add(EffectUndone, 1)).If(EffectUndone.Equal(0))
	return f.Table.Transact(ctx, append([]dynamo.Write{undone}, writes...)...)
}

// advance moves an order to the status next; changed is false when it was
// there already.
func (f Fulfillment) advance(ctx context.Context, orderID string, next Status, from ...Status) (changed bool, err error) {
	order, err := Orders.Get(ctx, f.Table, OrderKey{orderID}, dynamo.Consistent)
	switch {
	case err != nil:
		return false, err
	case order.Status == next:
		return false, nil
	case !slices.Contains(from, order.Status):
		return false, fmt.Errorf("order %s is %s, it cannot become %s", orderID, order.Status, next)
	}
	moved := order
	moved.Status = next
	return true, Orders.Replace(order, moved).If(OrderStatus.Equal(order.Status)).Run(ctx, f.Table)
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
