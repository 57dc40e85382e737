package dynamo_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/internal/correlation"
)

type (
	HoldKey struct{ ID string }
	Hold    struct {
		HoldKey
		Amount  int64
		Version int64 `dynamo:"version"`
	}
	SentKey struct{ ID string }
	Sent    struct{ ID, To string }
)

var (
	holds   = dynamo.MustEntity[Hold, HoldKey](expiring, "Hold", dynamo.Key("HOLD#{ID}"), dynamo.ExpireAfter(time.Hour), dynamo.Correlated())
	held    = dynamo.MustField[int64](holds, "Amount")
	ledgers = dynamo.MustEntity[Account, AccountKey](expiring, "Ledger", dynamo.Key("LEDGER#{AccountID}"))
	sent    = dynamo.MustEntity[Sent, SentKey](expiring, "Sent", dynamo.Key("SENT#{ID}"), dynamo.ExpireAfter(168*time.Hour), dynamo.Correlated())
)

// send writes as an outbox does: once for each id, with the correlation of the context.
func send(id, to string) dynamo.Write { return sent.Create(Sent{ID: id, To: to}) }

// onceKinds are operations with a time, a version or a correlation in them.
var onceKinds = map[string]func() []dynamo.Write{
	"outbox": func() []dynamo.Write { return []dynamo.Write{send("1", "ann")} },
	"create": func() []dynamo.Write { return []dynamo.Write{holds.Create(Hold{HoldKey: HoldKey{"new"}})} },
	"put":    func() []dynamo.Write { return []dynamo.Write{holds.Put(Hold{HoldKey: HoldKey{"put"}})} },
	"update": func() []dynamo.Write {
		return []dynamo.Write{holds.Update(HoldKey{"old"}).Do(dynamo.Add(held, 1)).AtVersion(1)}
	},
	"upsert": func() []dynamo.Write { return []dynamo.Write{holds.Upsert(HoldKey{"up"}).Do(dynamo.Add(held, 1))} },
	"replace": func() []dynamo.Write {
		return []dynamo.Write{holds.Replace(Hold{HoldKey{"old"}, 0, 1}, Hold{HoldKey{"old"}, 5, 1})}
	},
	"delete": func() []dynamo.Write { return []dynamo.Write{holds.DeleteExisting(Hold{HoldKey{"old"}, 0, 1})} },
	"check":  func() []dynamo.Write { return []dynamo.Write{holds.Check(HoldKey{"old"}), send("2", "")} },
	"unique with an expiry": func() []dynamo.Write {
		return []dynamo.Write{seats.Create(Seat{SeatKey: SeatKey{"1"}, Holder: "ann", Until: 4102444800})}
	},
	"everything": func() []dynamo.Write {
		return []dynamo.Write{
			holds.Create(Hold{HoldKey: HoldKey{"new"}}), holds.Upsert(HoldKey{"up"}).Do(dynamo.Add(held, 1)),
			holds.Update(HoldKey{"old"}).Do(dynamo.Add(held, 1)), send("1", "ann"), counters.Upsert(CounterKey{"c"}).Do(dynamo.Add(counted, 1)),
		}
	},
}

// stored are all items of the table.
func stored(t *testing.T, db *dynamotest.DynamoDB) []map[string]types.AttributeValue {
	t.Helper()
	out, err := db.Client().Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("store")})
	require.NoError(t, err)
	return out.Items
}

// request is the context of one invocation.
func request(ctx context.Context, id, trace string) context.Context {
	return correlation.WithTrace(correlation.With(ctx, id), trace)
}

func TestTransactOnceHasOneEffect(t *testing.T) {
	for kind, ops := range onceKinds {
		for _, later := range []time.Duration{0, time.Second, 59 * time.Second, 3 * time.Minute, 9*time.Minute + 55*time.Second} {
			for _, second := range []string{"same", "other", ""} {
				t.Run(fmt.Sprintf("%s, %s later, correlation %q", kind, later, second), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						table, db := newExpiring(t)
						time.Sleep(59*time.Second + 900*time.Millisecond)
						require.NoError(t, holds.Create(Hold{HoldKey: HoldKey{"old"}}).Run(t.Context(), table))
						first := request(t.Context(), "same", "Root=1-1")
						require.NoError(t, table.TransactOnce(first, "token-1", ops()...))
						before := stored(t, db)
						time.Sleep(later)
						elsewhere := dynamo.New(db.Client(), "store", expiring)
						require.NoError(t, elsewhere.TransactOnce(request(t.Context(), second, "Root=1-2"), "token-1", ops()...))
						require.Equal(t, before, stored(t, db))
					})
				})
			}
		}
	}
}

func TestTransactOnceTellsOtherWrites(t *testing.T) {
	others := map[string][]dynamo.Write{
		"another amount": {holds.Update(HoldKey{"old"}).Do(dynamo.Add(held, 2)), send("1", "ann")},
		"another item":   {holds.Update(HoldKey{"two"}).Do(dynamo.Add(held, 1)), send("1", "ann")},
		"less":           {holds.Update(HoldKey{"old"}).Do(dynamo.Add(held, 1))},
		"another order":  {send("1", "ann"), holds.Update(HoldKey{"old"}).Do(dynamo.Add(held, 1))},
		"a condition":    {holds.Update(HoldKey{"old"}).Do(dynamo.Add(held, 1)).If(held.AtLeast(0)), send("1", "ann")},
		"no time in it":  {ledgers.Create(Account{AccountID: "a"})},
	}
	for name, other := range others {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := request(t.Context(), "a", "Root=1-1")
				table, db := newExpiring(t)
				for _, id := range []string{"old", "two"} {
					require.NoError(t, holds.Create(Hold{HoldKey: HoldKey{id}}).Run(ctx, table))
				}
				ops := []dynamo.Write{holds.Update(HoldKey{"old"}).Do(dynamo.Add(held, 1)), send("1", "ann")}
				require.NoError(t, table.TransactOnce(ctx, "token-1", ops...))
				before := stored(t, db)
				time.Sleep(90 * time.Second)
				err := table.TransactOnce(ctx, "token-1", other...)
				var mismatch *types.IdempotentParameterMismatchException
				require.ErrorAs(t, err, &mismatch)
				require.Equal(t, before, stored(t, db))
				require.NoError(t, table.TransactOnce(ctx, "token-1", ops...), "the first ones are known still")

				time.Sleep(9 * time.Minute)
				require.ErrorIs(t, table.TransactOnce(ctx, "token-1", ops...), dynamo.ErrExists, "after 10 minutes it is a new transaction")
			})
		})
	}
}

func TestTransactOnceKeepsTheCorrelation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, db := newExpiring(t)
		require.NoError(t, table.TransactOnce(request(t.Context(), "c-1", "Root=1-1"), "token-1", send("1", "ann")))
		items := stored(t, db)
		require.Len(t, items, 1)
		require.Equal(t, &types.AttributeValueMemberS{Value: "c-1"}, items[0]["correlationId"])
		require.NotContains(t, items[0], "traceHeader")
	})
}

// The minute is rounded on the safe side: what has expired is not written to, and what
// has not is not overwritten.
func TestTransactOnceIsOnTheSafeSideOfTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, _ := newExpiring(t)
		put := func(left time.Duration) {
			require.NoError(t, passes.Put(Pass{PassKey: PassKey{"1"}, Until: time.Now().Add(left)}).Run(ctx, table))
		}
		put(10 * time.Second)
		time.Sleep(20 * time.Second)
		require.ErrorIs(t, table.TransactOnce(ctx, "a", passes.Update(PassKey{"1"}).Do(dynamo.Add(uses, 1))), dynamo.ErrNotFound)
		put(10 * time.Second)
		require.ErrorIs(t, table.TransactOnce(ctx, "b", passes.Create(Pass{PassKey: PassKey{"1"}})), dynamo.ErrExists)
		put(2 * time.Minute)
		require.NoError(t, table.TransactOnce(ctx, "c", passes.Update(PassKey{"1"}).Do(dynamo.Add(uses, 1))))
	})
}
