package dynamo_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// What is nil is refused where it is given, or passed over where it is an option.
func TestNilIsRefused(t *testing.T) {
	table := dynamo.New(noClient{}, "t", store, nil)
	for name, c := range map[string]struct {
		make func() (any, error)
		want string
	}{
		"model of an entity":     {func() (any, error) { return dynamo.NewEntity[Order, OrderKey](nil, "X", dynamo.Key("X", "Y"), nil) }, "the model is nil"},
		"entity of a pattern":    {func() (any, error) { return dynamo.NewAccessPattern[OrderKey, Order, OrderKey](nil, "") }, "the entity is nil"},
		"entity of a field":      {func() (any, error) { return dynamo.NewField[string, Order, OrderKey](nil, "Status") }, "the entity is nil"},
		"member of a collection": {func() (any, error) { return dynamo.NewCollection[OrderKey, OrderView](orders, nil) }, "entity 2 is nil"},
		"entity in a collection": {func() (any, error) {
			return dynamo.NewCollection[OrderKey, OrderView]((*dynamo.Entity[Order, OrderKey])(nil))
		}, "entity 1 is nil"},
		"operation":            {func() (any, error) { return nil, table.Transact(t.Context(), nil) }, "operation 0 is nil"},
		"operation of a batch": {func() (any, error) { return nil, table.Batch(t.Context(), nil) }, "operation 0 is nil"},
		"zero read":            {func() (any, error) { return nil, table.BatchGet(t.Context(), dynamo.Read{}) }, "the zero Read reads nothing"},
		"action": {func() (any, error) {
			return nil, orders.Update(OrderKey{"1"}).Do(dynamo.Action[Order]{}).Run(t.Context(), table)
		}, "an action is the zero Action"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.make()
			require.ErrorContains(t, err, c.want)
		})
	}
	require.PanicsWithValue(t, "dynamotest: mapping of t: the function is nil", func() { dynamotest.New(nil, nil).NewMapping("t", nil, nil) })
	for _, op := range []dynamo.Write{
		dynamo.Put[Order]{},
		dynamo.ConditionalPut[Order]{},
		dynamo.Create[Order]{},
		dynamo.Update[Order]{},
		dynamo.Replace[Order]{},
		dynamo.Delete[Order]{},
		dynamo.ConditionalDelete[Order]{},
		dynamo.Check[Order]{},
	} {
		require.ErrorContains(t, table.Transact(t.Context(), op), "the operation is the zero value of its type")
		_, err := table.Items(op)
		require.ErrorIs(t, err, dynamo.ErrInvalid)
		if op, ok := op.(interface {
			Run(context.Context, *dynamo.Table) error
		}); ok {
			require.ErrorIs(t, op.Run(t.Context(), table), dynamo.ErrInvalid)
		}
		if op, ok := op.(dynamo.BatchWrite); ok {
			require.ErrorIs(t, table.Batch(t.Context(), op), dynamo.ErrInvalid)
		}
	}
	require.ErrorContains(t, orders.Create(order("1", "s", noon)).Run(t.Context(), nil), "the table is nil")

	for want, make := range map[string]func(){
		"the client is nil":                            func() { dynamo.New(nil, "t", store) },
		"the client is a nil *dynamodb.Client":         func() { dynamo.New((*dynamodb.Client)(nil), "t", store) },
		"the table name is empty":                      func() { dynamo.New(noClient{}, "", store) },
		"the model is nil or was not made by NewModel": func() { dynamo.New(noClient{}, "t", new(dynamo.Model)) },
		"the client is nil; the table name is empty; the model is nil or was not made by NewModel; Attempts is -1 and must be 0 or more; " +
			"MinBackoff is -1ns and must be 0s or more; MaxBackoff is -2ns and must be -1ns or more; key 2 of CursorKeys is empty": func() {
			dynamo.New(nil, "", nil, func(o *dynamo.Options) {
				o.Attempts, o.MinBackoff, o.MaxBackoff, o.CursorKeys = -1, -1, -2, [][]byte{{1}, nil}
			})
		},
		"MaxBackoff is 2s and must be 1m0s or more": func() {
			dynamo.New(noClient{}, "t", store, func(o *dynamo.Options) { o.MinBackoff = time.Minute })
		},
	} {
		require.PanicsWithValue(t, "dynamo: New: "+want, make)
	}
	require.NotPanics(t, func() {
		dynamo.New(noClient{}, "t", store, func(o *dynamo.Options) { o.Attempts, o.MinBackoff, o.MaxBackoff = 0, 0, 0 })
	})

	for _, err := range (dynamo.Query[Order]{}).All(t.Context(), table) {
		require.EqualError(t, err, "dynamo: query: the query is the zero Query: access patterns make queries")
		require.ErrorIs(t, err, dynamo.ErrInvalid)
	}
	_, err := dynamo.Query[Order]{}.Page(t.Context(), table)
	require.ErrorIs(t, err, dynamo.ErrInvalid)

	good, db := newTable(t, nil)
	_, err = orders.Get(t.Context(), good, OrderKey{"1"}, nil, dynamo.Consistent())
	require.ErrorIs(t, err, dynamo.ErrNotFound)
	require.NoError(t, orders.Create(order("1", "s", noon)).Run(t.Context(), good))
	_, err = orders.Modify(t.Context(), good, OrderKey{"1"}, nil)
	require.ErrorContains(t, err, "the function that changes the item is nil")
	require.NoError(t, db.NewMapping("store", dynamotest.Event(func(context.Context, map[string]any) error { return nil }), nil).Drain(t.Context()))
}

// What its constructor did not make says so, and is not dereferenced.
func TestWhatNobodyMadeSaysSo(t *testing.T) {
	ctx := t.Context()
	table := dynamo.New(noClient{}, "t", store)
	for _, e := range []*dynamo.Entity[Order, OrderKey]{nil, {}} {
		for name, f := range map[string]func(){
			"Name":           func() { _ = e.Name() },
			"Key":            func() { e.Key(Order{}) },
			"Put":            func() { e.Put(Order{}) },
			"Create":         func() { e.Create(Order{}) },
			"Update":         func() { e.Update(OrderKey{}) },
			"Upsert":         func() { e.Upsert(OrderKey{}) },
			"Replace":        func() { e.Replace(Order{}, Order{}) },
			"Delete":         func() { e.Delete(OrderKey{}) },
			"DeleteExisting": func() { e.DeleteExisting(Order{}) },
			"Check":          func() { e.Check(OrderKey{}) },
			"Get":            func() { _, _ = e.Get(ctx, table, OrderKey{"1"}) },
			"GetMany":        func() { _, _ = e.GetMany(ctx, table, []OrderKey{{"1"}}) },
			"Into":           func() { e.Into(nil, OrderKey{"1"}) },
			"Modify":         func() { _, _ = e.Modify(ctx, table, OrderKey{"1"}, nil) },
		} {
			require.PanicsWithValue(t, "dynamo: this Entity is nil or its zero value: make it with NewEntity or MustEntity", f, name)
		}
		_, err := dynamo.NewAccessPattern[OrderKey](e, "")
		require.ErrorContains(t, err, "the entity is nil or its zero value")
		_, err = dynamo.NewField[string](e, "Status")
		require.EqualError(t, err, "dynamo: field Status: the entity is nil or its zero value")
		_, err = dynamo.NewCollection[OrderKey, OrderView](e)
		require.ErrorContains(t, err, "entity 1 is nil or its zero value")
	}
	_, err := dynamo.NewField[string](orders, "")
	require.EqualError(t, err, "dynamo: field of Order: the name is empty")
	for _, p := range []*dynamo.AccessPattern[OrderKey, Order]{nil, {}} {
		require.PanicsWithValue(t, "dynamo: this AccessPattern is nil or its zero value: make it with NewAccessPattern or MustAccessPattern", func() { p.Query(OrderKey{}) })
	}
	for _, c := range []*dynamo.Collection[OrderKey, OrderView]{nil, {}} {
		require.PanicsWithValue(t, "dynamo: this Collection is nil or its zero value: make it with NewCollection or MustCollection", func() { _, _ = c.Get(ctx, table, OrderKey{"1"}) })
	}
	for _, m := range []*dynamo.Model{nil, {}} {
		_, err := dynamo.NewEntity[Order, OrderKey](m, "X", dynamo.Key("X", "Y"))
		require.EqualError(t, err, "dynamo: entity X: the model is nil or its zero value")
		require.Empty(t, m.Schema())
		require.Empty(t, m.Describe())
	}
	_, err = dynamo.NewEntity[Order, OrderKey](store, "", dynamo.Key("X#{OrderID}", "Y"))
	require.EqualError(t, err, "dynamo: entity: the name is empty")
	for _, none := range []*dynamo.Table{nil, {}} {
		require.Empty(t, none.Name())
		require.Nil(t, none.Model())
		for name, f := range map[string]func() error{
			"Get":           func() error { _, err := orders.Get(ctx, none, OrderKey{"1"}); return err },
			"GetMany":       func() error { _, err := orders.GetMany(ctx, none, []OrderKey{{"1"}}); return err },
			"Modify":        func() error { _, err := orders.Modify(ctx, none, OrderKey{"1"}, nil); return err },
			"Collection":    func() error { _, err := wholeOrder.Get(ctx, none, OrderKey{"1"}); return err },
			"Page":          func() error { _, err := ordersByStatus.Query(ByStatus{Status: "s"}).Page(ctx, none); return err },
			"Transact":      func() error { return none.Transact(ctx, orders.Put(order("1", "s", noon))) },
			"TransactOnce":  func() error { return none.TransactOnce(ctx, "t", orders.Put(order("1", "s", noon))) },
			"Batch":         func() error { return none.Batch(ctx, orders.Put(order("1", "s", noon))) },
			"BatchGet":      func() error { return none.BatchGet(ctx, orders.Into(new(Order), OrderKey{"1"})) },
			"TransactGet":   func() error { return none.TransactGet(ctx, orders.Into(new(Order), OrderKey{"1"})) },
			"Items":         func() error { _, err := none.Items(orders.Put(order("1", "s", noon))); return err },
			"Run":           func() error { return orders.Put(order("1", "s", noon)).Run(ctx, none) },
			"Run an update": func() error { return orders.Update(OrderKey{"1"}).Do(dynamo.Set(status, "x")).Run(ctx, none) },
		} {
			require.NotPanics(t, func() { require.ErrorContains(t, f(), "the table is nil or its zero value", name) }, name)
		}
	}
}

// An error that somebody made, for a test of their own, has a text.
func TestZeroErrorsHaveAText(t *testing.T) {
	for err, want := range map[error]string{
		&dynamo.OpError{}:          "dynamo: : no cause is given",
		&dynamo.TransactionError{}: "dynamo: transact: no cause is given",
		&dynamo.BatchError{}:       "dynamo: batch: 0 of 0 not written: ",
		&dynamo.InputError{}:       "dynamo: invalid input",
	} {
		require.Equal(t, want, err.Error())
		require.NotErrorIs(t, err, dynamo.ErrNotFound)
	}
	require.NotPanics(t, func() {
		_ = dynamo.CancellationReason{}.String()
		_ = dynamo.CancellationReason{}.Err()
		_ = dynamo.CancellationReason{}.Item()
		_ = dynamo.FieldError{}.Error()
	})
	_, ok := orders.Existing(dynamo.CancellationReason{})
	require.False(t, ok)
}
