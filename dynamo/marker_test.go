package dynamo_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/messaging/idempotency"
)

func TestQueriesPassOverMarkers(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
	require.NoError(t, lines.Put(Line{OrderID: "1", No: 1}).Run(ctx, table))
	for _, sort := range []string{"A", "LINE#0000"} { // in the partition of the order, and among its lines
		markers := idempotency.NewStore(db.Client(), "store", func(o *idempotency.Options) { o.Prefix, o.SortValue = "ORDER#", sort })
		require.NoError(t, idempotency.Leased(markers, func(id string) string { return id }, func(context.Context, string) error { return nil })(ctx, "1"))
	}
	for _, skip := range []bool{false, true} {
		table := dynamo.New(db.Client(), "store", store, func(o *dynamo.Options) { o.SkipUnknown = skip })
		n, err := orderLines.Query(OrderKey{"1"}).Count(ctx, table)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		page, err := orderLines.Query(OrderKey{"1"}).Limit(1).Page(ctx, table)
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		view, err := wholeOrder.Get(ctx, table, OrderKey{"1"})
		require.NoError(t, err)
		require.Len(t, view.Lines, 1)
	}
}

func TestTheMarkOfOthersIsReserved(t *testing.T) {
	_, err := dynamo.NewModel(dynamo.Schema{PartitionKey: "PK", Discriminator: "patternkit"})
	require.ErrorContains(t, err, "attribute patternkit is both Discriminator and the mark of items")
	type key struct{ ID string }
	type thing struct {
		ID   string
		Mark string `dynamodbav:"patternkit"`
	}
	_, err = dynamo.NewEntity[thing, key](store, "Thing", dynamo.Key("THING#{ID}", "THING"))
	require.ErrorContains(t, err, "field Mark is stored in the attribute patternkit")
}
