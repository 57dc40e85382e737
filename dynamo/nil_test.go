package dynamo_test

import (
	"context"
	"testing"

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

	for _, client := range []dynamo.TableClient{nil, (*dynamodb.Client)(nil)} {
		require.PanicsWithValue(t, "dynamo: New: the client is nil", func() { dynamo.New(client, "t", store) })
	}
	require.PanicsWithValue(t, "dynamo: New: the model is nil", func() { dynamo.New(noClient{}, "t", nil) })

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
