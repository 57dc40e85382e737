package dynamo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
)

func place(ctx context.Context, table *dynamo.Table, o Order, items ...Line) error {
	ops := []dynamo.Write{orders.Create(o)}
	for _, l := range items {
		ops = append(ops, lines.Create(l))
	}
	return table.Transact(ctx, ops...)
}

func TestOrderAndLinesInOneTransaction(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	o := order("42", "pending", noon)
	require.NoError(t, place(ctx, table, o, Line{OrderID: "42", No: 1, SKU: "a", Count: 2}, Line{OrderID: "42", No: 2, SKU: "b", Count: 1}))

	got, err := orders.Get(ctx, table, OrderKey{OrderID: "42"})
	require.NoError(t, err)
	require.Equal(t, int64(1), got.Version)
	require.Equal(t, orders.Create(o).Stored(), got)

	view, err := wholeOrder.Get(ctx, table, OrderKey{OrderID: "42"})
	require.NoError(t, err)
	require.Equal(t, got, view.Order)
	require.Len(t, view.Lines, 2)
	require.Equal(t, "b", view.Lines[1].SKU)
}

func TestDuplicateIsToldWithTheFirstOrder(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	require.NoError(t, place(ctx, table, order("42", "pending", noon)))
	err := place(ctx, table, order("42", "other", noon), Line{OrderID: "42", No: 1})

	te, ok := errors.AsType[*dynamo.TransactionError](err)
	require.True(t, ok, "%v", err)
	require.ErrorIs(t, err, dynamo.ErrExists)
	require.Len(t, te.Reasons, 2)
	require.Equal(t, "dynamo: transact: create Order ORDER#42/METADATA: already exists", err.Error())
	first, ok := orders.Existing(te.Reasons[0])
	require.True(t, ok)
	require.Equal(t, "pending", first.Status)
	require.False(t, te.Reasons[1].Failed())
	_, ok = lines.Existing(te.Reasons[0])
	require.False(t, ok, "another entity's item")

	_, err = lines.Get(ctx, table, LineKey{OrderID: "42", No: 1})
	require.ErrorIs(t, err, dynamo.ErrNotFound)
}

func TestPatternFollowsAnUpdateOfTheStatus(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	for i, id := range []string{"1", "2", "3"} {
		require.NoError(t, orders.Create(order(id, "pending", noon.Add(time.Duration(i)*time.Hour))).Run(ctx, table))
	}
	require.NoError(t, orders.Update(OrderKey{OrderID: "2"}).Do(dynamo.Set(status, "shipped")).Run(ctx, table))

	require.Equal(t, []string{"3", "1"}, ids(t, ordersByStatus.Query(ByStatus{Status: "pending"}).Newest(), table))
	require.Equal(t, []string{"2"}, ids(t, ordersByStatus.Query(ByStatus{Status: "shipped"}), table))
	require.Equal(t, []string{"3"}, ids(t, ordersByStatus.Query(ByStatus{Status: "pending", PlacedAt: dynamo.Since(noon.Add(time.Hour))}), table))
}

func ids(t *testing.T, q dynamo.Query[Order], table *dynamo.Table) []string {
	t.Helper()
	var out []string
	for o, err := range q.All(t.Context(), table) {
		require.NoError(t, err)
		out = append(out, o.OrderID)
	}
	return out
}

func TestItemsForAnotherTransaction(t *testing.T) {
	table, _ := newTable(t)
	items, err := table.Items(
		accounts.Update(AccountKey{AccountID: "a"}).Do(dynamo.Add(balance, -5)).If(balance.AtLeast(5)),
		accounts.Update(AccountKey{AccountID: "b"}).Do(dynamo.Add(balance, 5)))
	require.NoError(t, err)
	require.Len(t, items, 2)
	require.Equal(t, "#1 = :1 AND #0 >= :2", *items[0].Update.ConditionExpression)
}
