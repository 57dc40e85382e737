package stream_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/stream"
)

// What is nil is refused where it is given, or passed over where it is an option.
func TestNilIsRefused(t *testing.T) {
	handle := func(context.Context, stream.Change[Order]) error { return nil }
	send := func(context.Context, []Mail) []error { return nil }
	table := dynamo.New(noClient{}, "t", store, nil)
	for name, c := range map[string]struct {
		make func() (any, error)
		want string
	}{
		"model of a stream":  {func() (any, error) { return stream.NewHandler(nil, stream.OnChange(orders, handle)) }, "the model is nil"},
		"part of a stream":   {func() (any, error) { return stream.NewHandler(store, nil, stream.OnChange(orders, handle), nil) }, "part 1 is nil\npart 3 is nil"},
		"entity of OnChange": {func() (any, error) { return stream.NewHandler(store, stream.OnChange[Order, OrderKey](nil, handle)) }, "the entity of OnChange is nil"},
		"outbox of Relay":    {func() (any, error) { return stream.NewHandler(store, stream.Relay(nil, send)) }, "the outbox of Relay is nil"},
		"model of an outbox": {func() (any, error) { return stream.NewOutbox[Mail](nil, "X", nil) }, "the model is nil"},
		"name of an outbox":  {func() (any, error) { return stream.NewOutbox[Mail](store, "") }, `outbox : dynamo: entity : the name "" is empty`},
		"KeepFor": {func() (any, error) {
			return stream.NewOutbox[Mail](store, "X", func(o *stream.OutboxOptions) { o.KeepFor = -1 })
		}, "outbox X: KeepFor is negative"},
		"table of a view":  {func() (any, error) { return stream.NewView[Order, OrderKey](nil, orders) }, "the table is nil"},
		"entity of a view": {func() (any, error) { return stream.NewView[Order, OrderKey](table, nil) }, "the entity is nil"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.make()
			require.ErrorContains(t, err, c.want)
		})
	}
	view, err := stream.NewView(table, orders)
	require.NoError(t, err)
	require.ErrorContains(t, view.Apply(t.Context(), "id", OrderKey{"1"}, nil), "the function that applies the change is nil")
}

func TestMustPanicsWithTheFaults(t *testing.T) {
	require.PanicsWithError(t, "stream: it has no route", func() { stream.MustHandler(store) })
	require.PanicsWithError(t, "stream: outbox X: the model is nil", func() { stream.MustOutbox[Mail](nil, "X") })
	require.PanicsWithError(t, "stream: view: the table is nil", func() { stream.MustView[Order, OrderKey](nil, orders) })
}
