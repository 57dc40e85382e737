package dynamo_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
)

func lineNo(no int) Line { return Line{OrderID: "1", No: no, SKU: "s"} }

func TestBatchSplitsAndWritesAll(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, lines.Put(lineNo(99)).Run(ctx, table))
	ops := []dynamo.BatchWrite{lines.Delete(LineKey{"1", 99})}
	for i := range 60 {
		ops = append(ops, lines.Put(lineNo(i)))
	}
	require.NoError(t, table.Batch(ctx, ops...))
	require.Len(t, db.Calls("BatchWriteItem"), 3)
	n, err := orderLines.Query(OrderKey{"1"}).Count(ctx, table)
	require.NoError(t, err)
	require.Equal(t, 60, n)
	require.NoError(t, table.Batch(ctx))
}

func TestBatchRetriesWhatIsUnprocessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		var ops []dynamo.BatchWrite
		for i := range 5 {
			ops = append(ops, lines.Put(lineNo(i)))
		}
		db.PartialFailure("BatchWriteItem", 1, 3).Times(3)
		require.NoError(t, table.Batch(ctx, ops...))
		require.Len(t, db.Calls("BatchWriteItem"), 3)

		db.PartialFailure("BatchWriteItem", 0).Times(100)
		err := table.Batch(ctx, ops[:3]...)
		be, ok := errors.AsType[*dynamo.BatchError](err)
		require.True(t, ok, "%v", err)
		require.Len(t, be.Errors, 3)
		require.ErrorIs(t, be.Errors[0], dynamo.ErrUnprocessed)
		require.NoError(t, be.Errors[1])
		require.NoError(t, be.Errors[2])
		require.EqualError(t, err, "dynamo: batch: 1 of 3 not written: put Line ORDER#1/LINE#0000: left unprocessed after 8 attempts")

		db.Fail("BatchWriteItem", errors.New("down")).Times(100)
		err = table.Batch(ctx, ops...)
		be, ok = errors.AsType[*dynamo.BatchError](err)
		require.True(t, ok)
		for i := range be.Errors {
			require.Error(t, be.Errors[i], "nothing is lost silently")
		}
	})
}

func TestBatchesThatAreRefused(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	err := table.Batch(ctx, lines.Put(lineNo(1)), orders.Put(order("1", "s", noon)), lines.Delete(LineKey{"1", 1}),
		users.Put(User{UserID: "1"}), lines.Put(Line{No: 2}), nil)
	for _, want := range []string{
		"put Order ORDER#1/METADATA: Order has a version, which a batch cannot check",
		"delete Line ORDER#1/LINE#0001: operations 0 and 2 of the batch write this item",
		"put User USER#1/PROFILE: User has unique values",
		"put Line: OrderID is empty",
		"operation 5 is nil",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorIs(t, err, dynamo.ErrInvalid)
	require.Empty(t, db.Calls("BatchWriteItem"))
}

func TestGetManyIsAlignedWithTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		var ops []dynamo.BatchWrite
		var keys []LineKey
		for i := range 150 {
			keys = append(keys, LineKey{"1", i})
			if i%10 != 0 {
				ops = append(ops, lines.Put(lineNo(i)))
			}
		}
		require.NoError(t, table.Batch(ctx, ops...))
		keys = append(keys, LineKey{"1", 1})
		db.PartialFailure("BatchGetItem", 0, 7).Times(2)
		got, err := lines.GetMany(ctx, table, keys, dynamo.Consistent())
		require.NoError(t, err)
		require.Len(t, got, 151)
		for i, k := range keys {
			if k.No%10 == 0 {
				require.Nil(t, got[i])
			} else {
				require.Equal(t, k.No, got[i].No)
			}
		}
		db.PartialFailure("BatchGetItem", 0).Times(100)
		_, err = lines.GetMany(ctx, table, keys[1:3])
		require.ErrorIs(t, err, dynamo.ErrUnprocessed)
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		_, err = lines.GetMany(ctx, table, keys[1:3])
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestReadsOfSeveralEntities(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	require.NoError(t, place(ctx, table, order("1", "s", noon), lineNo(1)))
	for name, read := range map[string]func(context.Context, ...dynamo.Read) error{"batch": table.BatchGet, "transaction": table.TransactGet} {
		var o Order
		var l, none Line
		require.NoError(t, read(ctx, orders.Into(&o, OrderKey{"1"}), lines.Into(&l, LineKey{"1", 1})), name)
		require.Equal(t, "s", o.Status)
		require.Equal(t, "s", l.SKU)
		o = Order{}
		err := read(ctx, orders.Into(&o, OrderKey{"1"}), lines.Into(&none, LineKey{"1", 2}))
		require.ErrorIs(t, err, dynamo.ErrNotFound)
		require.EqualError(t, err, "dynamo: get Line ORDER#1/LINE#0002: not found")
		require.Equal(t, "s", o.Status, "the others are read all the same")
		require.ErrorIs(t, read(ctx, lines.Into(&l, LineKey{})), dynamo.ErrInvalid)
		require.ErrorIs(t, read(ctx, dynamo.Read{}), dynamo.ErrInvalid)
		require.NoError(t, read(ctx))
	}
	var l Line
	err := table.TransactGet(ctx, lines.Into(&l, LineKey{"1", 1}), lines.Into(&l, LineKey{"1", 1}))
	require.ErrorContains(t, err, "is read twice in one transaction")
	many := make([]dynamo.Read, 101)
	for i := range many {
		many[i] = lines.Into(&l, LineKey{"1", i})
	}
	require.ErrorContains(t, table.TransactGet(ctx, many...), "101 items, the limit is 100")
}

func TestItemsOverTheLimitOfABatchAreSplit(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	text := strings.Repeat("x", 399_000)
	var ops []dynamo.BatchWrite
	for i := range 4 {
		ops = append(ops, accounts.Put(Account{AccountID: string(rune('a' + i)), Owner: Owner{Name: text}}))
	}
	require.NoError(t, table.Batch(ctx, ops...))
	require.Len(t, db.Calls("BatchWriteItem"), 1)
}
