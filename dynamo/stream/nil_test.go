package stream_test

import (
	"context"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
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
		"a zero model":       {func() (any, error) { return stream.NewHandler(&dynamo.Model{}, stream.OnChange(orders, handle)) }, "the model is nil or its zero value"},
		"outbox, zero model": {func() (any, error) { return stream.NewOutbox[Mail](&dynamo.Model{}, "X") }, "the model is nil or its zero value"},
		"zero OnChange": {func() (any, error) {
			return stream.NewHandler(store, stream.OnChange(&dynamo.Entity[Order, OrderKey]{}, handle))
		}, "the entity of OnChange is nil or its zero value"},
		"zero Relay": {func() (any, error) { return stream.NewHandler(store, stream.Relay(&stream.Outbox[Mail]{}, send)) }, "the outbox of Relay is nil or its zero value"},
		"zero Project": {func() (any, error) {
			return stream.NewHandler(store, stream.Project[Order, OrderKey, Order, OrderKey](&dynamo.Entity[Order, OrderKey]{}, &stream.View[Order, OrderKey]{}, nil, nil))
		}, "the entity of Project is nil\nthe view of Project is nil\nkeyOf of Project is nil\napply of Project is nil"},
		"zero entity of a view": {func() (any, error) { return stream.NewView(table, &dynamo.Entity[Order, OrderKey]{}) }, "the entity is nil"},
		"zero table of a view":  {func() (any, error) { return stream.NewView(&dynamo.Table{}, orders) }, "the table is nil"},
		"entity of OnChange":    {func() (any, error) { return stream.NewHandler(store, stream.OnChange[Order, OrderKey](nil, handle)) }, "the entity of OnChange is nil"},
		"outbox of Relay":       {func() (any, error) { return stream.NewHandler(store, stream.Relay(nil, send)) }, "the outbox of Relay is nil"},
		"model of an outbox":    {func() (any, error) { return stream.NewOutbox[Mail](nil, "X", nil) }, "the model is nil"},
		"name of an outbox":     {func() (any, error) { return stream.NewOutbox[Mail](store, "") }, "stream: outbox: the name is empty"},
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
	require.PanicsWithValue(t, "stream: it has no route", func() { stream.MustHandler(store) })
	require.PanicsWithValue(t, "stream: outbox X: the model is nil or its zero value", func() { stream.MustOutbox[Mail](nil, "X") })
	require.PanicsWithValue(t, "stream: view: the table is nil or its zero value", func() { stream.MustView[Order, OrderKey](nil, orders) })
	require.PanicsWithValue(t, "stream: part 1 is nil; concurrency -1 is less than 1", func() { stream.MustHandler(store, nil, stream.Concurrency(-1)) })
}

// A handler whose only route is refused has one fault, not two.
func TestARefusedRouteIsARoute(t *testing.T) {
	_, err := stream.NewHandler(store, stream.OnChange(orders, nil))
	require.EqualError(t, err, "stream: the handler of Order is nil")
}

func TestWhatNobodyMadeSaysSo(t *testing.T) {
	for _, o := range []*stream.Outbox[Mail]{nil, {}} {
		require.PanicsWithValue(t, "stream: this Outbox is nil or its zero value: make it with NewOutbox or MustOutbox", func() { o.Send("1", Mail{}) })
	}
	for _, v := range []*stream.View[Order, OrderKey]{nil, {}} {
		require.EqualError(t, v.Apply(t.Context(), "1", OrderKey{}, nil), "stream: this View is nil or its zero value: make it with NewView or MustView")
	}
	for _, h := range []*stream.Handler{nil, {}} {
		_, err := h.Handle(t.Context(), awsevents.DynamoDBEvent{})
		require.EqualError(t, err, "stream: this Handler is nil or its zero value: make it with NewHandler or MustHandler")
	}
}
