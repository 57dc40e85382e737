package dynamo_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
)

// A key may be thousands of bytes; an error says enough of it to find the item.
func TestErrorsCutKeys(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	long, wide := strings.Repeat("k", 2000), strings.Repeat("ü", 900)
	_, get := orders.Get(ctx, table, OrderKey{long})
	_, umlauts := orders.Get(ctx, table, OrderKey{wide})
	_, modify := orders.Modify(ctx, table, OrderKey{long}, nil)
	_, separator := orders.Get(ctx, table, OrderKey{long + "#"})
	_, large := orders.Get(ctx, table, OrderKey{long + long})
	for name, err := range map[string]error{
		"get": get, "umlauts": umlauts, "modify": modify, "separator": separator, "too large": large,
		"update":       orders.Update(OrderKey{long}).Do(dynamo.Set(total, 1)).Run(ctx, table),
		"another key":  orders.Replace(order(long, "s", noon), order("2", "s", noon)).Run(ctx, table),
		"transact":     table.Transact(ctx, orders.Update(OrderKey{long}).Do(dynamo.Set(total, 1))),
		"written once": table.Transact(ctx, orders.Put(order(long, "s", noon)), orders.Delete(OrderKey{long})),
	} {
		require.Error(t, err, name)
		require.Less(t, len(err.Error()), 600, "%s: %v", name, err)
		require.Contains(t, err.Error(), "…", name)
		require.True(t, utf8.ValidString(err.Error()), name)
	}
	var op *dynamo.OpError
	require.True(t, errors.As(get, &op))
	require.Equal(t, "ORDER#"+long+"/METADATA", op.Key, "the whole key is there for programs")
	require.EqualError(t, get, "dynamo: get Order ORDER#"+long[:94]+"…: not found")

	_, short := orders.Get(ctx, table, OrderKey{long[:85]})
	require.EqualError(t, short, "dynamo: get Order ORDER#"+long[:85]+"/METADATA: not found", "100 bytes are whole")
}
