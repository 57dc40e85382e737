package dynamo_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

// The entities of this file expire: counters an hour after they were made, seats at a
// time of their own, and each seat's holder is unique.
var (
	expiring = dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})

	counters   = dynamo.MustEntity[Counter, CounterKey](expiring, "Counter", dynamo.Key("COUNTER#{Name}"), dynamo.ExpireAfter(time.Hour))
	counted    = dynamo.MustField[int](counters, "Count")
	lastCaller = dynamo.MustField[string](counters, "Last")

	seats   = dynamo.MustEntity[Seat, SeatKey](expiring, "Seat", dynamo.Key("SEAT#{No}"), dynamo.Unique("{Holder}"))
	holder  = dynamo.MustField[string](seats, "Holder")
	row     = dynamo.MustField[string](seats, "Row")
	seatTTL = dynamo.MustField[int64](seats, "Until")

	passes  = dynamo.MustEntity[Pass, PassKey](expiring, "Pass", dynamo.Key("PASS#{ID}"))
	passTTL = dynamo.MustField[time.Time](passes, "Until")
	uses    = dynamo.MustField[int](passes, "Uses")
)

type (
	CounterKey struct{ Name string }
	Counter    struct {
		CounterKey
		Count   int
		Last    string `dynamodbav:",omitempty"`
		Version int64  `dynamo:"version"`
	}
	SeatKey struct{ No string }
	Seat    struct {
		SeatKey
		Holder, Row string
		Until       int64 `dynamodbav:"ExpiresAt"`
		Version     int64 `dynamo:"version"`
	}
	PassKey struct{ ID string }
	Pass    struct {
		PassKey
		Uses  int
		Until time.Time `dynamodbav:"ExpiresAt,unixtime"`
	}
)

func newExpiring(t *testing.T) (*dynamo.Table, *dynamotest.DynamoDB) {
	t.Helper()
	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "store", expiring)
	require.NoError(t, tabledef.Create(t.Context(), db.Client(), table))
	return table, db
}

// expiryOf is the stored expiry under a key, or "".
func expiryOf(t *testing.T, db *dynamotest.DynamoDB, key string) string {
	t.Helper()
	out, err := db.Client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("store"), Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: key}}})
	require.NoError(t, err)
	if n, ok := out.Item["ExpiresAt"].(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

// An Upsert on an expired item that is still there starts anew, whichever way it is sent.
func TestUpsertOfAnExpiredItemStartsAnew(t *testing.T) {
	up := func() dynamo.Update[Counter] { return counters.Upsert(CounterKey{"a"}).Do(dynamo.Add(counted, 1)) }
	send := map[string]func(ctx context.Context, table *dynamo.Table) error{
		"Run": func(ctx context.Context, table *dynamo.Table) error { return up().Run(ctx, table) },
		"If": func(ctx context.Context, table *dynamo.Table) error {
			return up().If(lastCaller.Missing()).Run(ctx, table)
		},
		"Return": func(ctx context.Context, table *dynamo.Table) error {
			_, err := up().Return(ctx, table)
			return err
		},
		"Transact": func(ctx context.Context, table *dynamo.Table) error {
			return table.Transact(ctx, passes.Put(Pass{PassKey: PassKey{"x"}}), up())
		},
		"TransactOnce": func(ctx context.Context, table *dynamo.Table) error {
			return table.TransactOnce(ctx, "token", passes.Put(Pass{PassKey: PassKey{"x"}}), up())
		},
	}
	for name, send := range send {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				table, _ := newExpiring(t)
				for range 3 {
					require.NoError(t, counters.Upsert(CounterKey{"a"}).Do(dynamo.Add(counted, 1), dynamo.Set(lastCaller, "ann")).Run(ctx, table))
					time.Sleep(10 * time.Minute)
				}
				c, err := counters.Get(ctx, table, CounterKey{"a"})
				require.NoError(t, err)
				require.Equal(t, 3, c.Count)
				time.Sleep(30 * time.Minute) // an hour after the first: an Upsert leaves the expiry alone
				_, err = counters.Get(ctx, table, CounterKey{"a"})
				require.ErrorIs(t, err, dynamo.ErrNotFound)

				require.NoError(t, send(ctx, table))
				c, err = counters.Get(ctx, table, CounterKey{"a"})
				require.NoError(t, err, "the write is not gone")
				require.Equal(t, Counter{CounterKey: CounterKey{"a"}, Count: 1, Version: 1}, c, "nothing of the expired item is left")
				time.Sleep(59 * time.Minute)
				_, err = counters.Get(ctx, table, CounterKey{"a"})
				require.NoError(t, err)
				time.Sleep(3 * time.Minute) // TransactOnce rounds up to the minute
				_, err = counters.Get(ctx, table, CounterKey{"a"})
				require.ErrorIs(t, err, dynamo.ErrNotFound)
			})
		})
	}
}

func TestUpsertOfAnExpiryOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, _ := newExpiring(t)
		require.NoError(t, passes.Put(Pass{PassKey{"1"}, 7, time.Now().Add(time.Minute)}).Run(ctx, table))
		time.Sleep(time.Hour)
		until := time.Now().Add(time.Hour).Truncate(time.Second)
		got, err := passes.Upsert(PassKey{"1"}).Do(dynamo.Add(uses, 1), dynamo.Set(passTTL, until)).Return(ctx, table)
		require.NoError(t, err)
		require.Equal(t, 1, got.Uses)
		require.True(t, got.Until.Equal(until))

		time.Sleep(2 * time.Hour)
		got, err = passes.Upsert(PassKey{"1"}).Do(dynamo.Add(uses, 1)).Return(ctx, table)
		require.NoError(t, err)
		require.Equal(t, 1, got.Uses)
		require.True(t, got.Until.IsZero(), "a new item without an expiry")
	})
}

func TestAConditionalPutSeesNoExpiredItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, _ := newExpiring(t)
		old := Pass{PassKey{"1"}, 7, time.Now().Add(time.Minute)}
		next := Pass{PassKey: PassKey{"1"}}
		require.NoError(t, passes.Put(old).Run(ctx, table))
		require.ErrorIs(t, passes.Put(next).If(uses.Missing()).Run(ctx, table), dynamo.ErrConditionFailed)
		time.Sleep(time.Hour)
		require.ErrorIs(t, passes.Put(next).If(uses.Equal(7)).Run(ctx, table), dynamo.ErrConditionFailed)
		require.NoError(t, passes.Put(old).Run(ctx, table))
		require.NoError(t, passes.Put(next).If(uses.Missing()).Run(ctx, table))
		got, err := passes.Get(ctx, table, PassKey{"1"})
		require.NoError(t, err)
		require.Zero(t, got.Uses)
	})
}

// Items sends nothing, so that it cannot clear an expired item away: the transaction
// fails and says why.
func TestItemsRefuseToBuildOnAnExpiredItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newExpiring(t)
		up := counters.Upsert(CounterKey{"a"}).Do(dynamo.Add(counted, 1))
		require.NoError(t, up.Run(ctx, table))
		time.Sleep(2 * time.Hour)
		items, err := table.Items(up)
		require.NoError(t, err)
		_, err = db.Client().TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
		err = table.Explain(err, up)
		require.ErrorIs(t, err, dynamo.ErrConditionFailed)
		require.ErrorContains(t, err, "the item has expired and is still there")
	})
}

// An item that another write keeps from being stored does not lose the expired one.
func TestACanceledTransactionClearsNothingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newExpiring(t)
		require.NoError(t, counters.Upsert(CounterKey{"a"}).Do(dynamo.Add(counted, 1)).Run(ctx, table))
		time.Sleep(2 * time.Hour)
		err := table.Transact(ctx, counters.Upsert(CounterKey{"a"}).Do(dynamo.Add(counted, 1)), passes.Check(PassKey{"none"}))
		require.ErrorIs(t, err, dynamo.ErrNotFound)
		require.NotEmpty(t, expiryOf(t, db, "COUNTER#a"))
	})
}

// The guard of a unique value lives as long as its item: what would part them is refused,
// what is not refused keeps them together.
func TestAnExpiryAndItsGuardsStayTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newExpiring(t)
		soon, late := time.Now().Add(time.Hour).Unix(), time.Now().Add(24*time.Hour).Unix()
		ann := Seat{SeatKey: SeatKey{"1"}, Holder: "ann", Until: soon}
		require.NoError(t, seats.Create(ann).Run(ctx, table))
		for _, change := range []dynamo.Action[Seat]{
			dynamo.Set(seatTTL, late), dynamo.Set(seatTTL, 0), dynamo.SetIfAbsent(seatTTL, late), dynamo.Remove(seatTTL), dynamo.Add(seatTTL, 60),
		} {
			for _, op := range []dynamo.Update[Seat]{seats.Update(SeatKey{"1"}), seats.Upsert(SeatKey{"1"})} {
				err := op.Do(change).Run(ctx, table)
				require.ErrorIs(t, err, dynamo.ErrInvalid)
				require.ErrorContains(t, err, "Until is the expiry, which the guards of unique values share, and an update does not know them: use Replace or Modify")
			}
		}
		require.NoError(t, seats.Update(SeatKey{"1"}).Do(dynamo.Set(row, "A")).If(holder.Equal("ann")).Run(ctx, table))
		_, err := seats.Modify(ctx, table, SeatKey{"1"}, func(s *Seat) error { s.Until = late; return nil })
		require.NoError(t, err)
		require.Equal(t, expiryOf(t, db, "SEAT#1"), expiryOf(t, db, "UNIQUE#Seat.Unique.Holder#ann"))
		time.Sleep(2 * time.Hour)
		require.ErrorIs(t, seats.Create(Seat{SeatKey: SeatKey{"2"}, Holder: "ann"}).Run(ctx, table), dynamo.ErrNotUnique)

		now, err := seats.Get(ctx, table, SeatKey{"1"})
		require.NoError(t, err)
		forGood := now
		forGood.Until = 0
		require.NoError(t, seats.Replace(now, forGood).Run(ctx, table))
		require.Empty(t, expiryOf(t, db, "UNIQUE#Seat.Unique.Holder#ann"))
		time.Sleep(48 * time.Hour)
		db.DeleteExpired(ctx)
		require.ErrorIs(t, seats.Create(Seat{SeatKey: SeatKey{"2"}, Holder: "ann"}).Run(ctx, table), dynamo.ErrNotUnique)
	})
}

// One try in all includes the clearing away.
func TestUpsertOfAnExpiredItemWithOneAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		_, db := newExpiring(t)
		table := dynamo.New(db.Client(), "store", expiring, func(o *dynamo.Options) { o.Attempts = 1 })
		up := counters.Upsert(CounterKey{"a"}).Do(dynamo.Add(counted, 1))
		for _, send := range []func() error{
			func() error { return up.Run(ctx, table) },
			func() error { return up.Run(ctx, table) },
			func() error { _, err := up.Return(ctx, table); return err },
			func() error { return table.Transact(ctx, up) },
			func() error { return table.TransactOnce(ctx, "token", up) },
		} {
			require.NoError(t, send())
			time.Sleep(2 * time.Hour)
		}
	})
}

// An expiry that is not positive is none, for writes as for reads: the item is there.
func TestAnExpiryThatIsNotPositive(t *testing.T) {
	type ticket struct {
		PassKey
		Uses  int
		Until int64 `dynamodbav:"ExpiresAt"`
	}
	m := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})
	tickets := dynamo.MustEntity[ticket, PassKey](m, "Ticket", dynamo.Key("TICKET#{ID}"))
	uses := dynamo.MustField[int](tickets, "Uses")
	until := dynamo.MustField[int64](tickets, "Until")
	for _, expiry := range []int64{0, -5} {
		ctx := t.Context()
		db := dynamotest.New(t)
		table := dynamo.New(db.Client(), "store", m)
		require.NoError(t, tabledef.Create(ctx, db.Client(), table))
		require.NoError(t, tickets.Create(ticket{PassKey: PassKey{"1"}}).Run(ctx, table))
		require.NoError(t, tickets.Update(PassKey{"1"}).Do(dynamo.Add(until, expiry)).Run(ctx, table))
		require.ErrorIs(t, tickets.Create(ticket{PassKey: PassKey{"1"}}).Run(ctx, table), dynamo.ErrExists)
		require.NoError(t, tickets.Update(PassKey{"1"}).Do(dynamo.Add(uses, 1)).Run(ctx, table))
		require.NoError(t, tickets.Upsert(PassKey{"1"}).Do(dynamo.Add(uses, 1)).Run(ctx, table))
		require.NoError(t, table.Transact(ctx, tickets.Check(PassKey{"1"})))
		got, err := tickets.Get(ctx, table, PassKey{"1"})
		require.NoError(t, err)
		require.Equal(t, ticket{PassKey{"1"}, 2, expiry}, got)
	}
}

func TestUpsertRefusesToClaim(t *testing.T) {
	type badgeKey struct{ Tenant, Email string }
	type badge struct {
		badgeKey
		Name string
	}
	m := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK"})
	badges := dynamo.MustEntity[badge, badgeKey](m, "Badge", dynamo.Key("T#{Tenant}", "B#{Email}"), dynamo.Unique("{Email}"))
	name := dynamo.MustField[string](badges, "Name")
	err := badges.Upsert(badgeKey{"t", "e"}).Do(dynamo.Set(name, "n")).Run(t.Context(), dynamo.New(noClient{}, "t", m))
	require.ErrorContains(t, err, "the new item would claim the unique value {Email}, which an Upsert cannot do: use Create or Modify")
}
