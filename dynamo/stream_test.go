package dynamo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// drain runs the records of the store through a stream.
func drain(tb testing.TB, db *dynamotest.DynamoDB, stream *dynamo.Stream, optFns ...func(*dynamotest.MappingOptions)) {
	tb.Helper()
	optFns = append([]func(*dynamotest.MappingOptions){func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true }}, optFns...)
	require.NoError(tb, db.NewMapping("store", dynamotest.Func(stream.Handle), optFns...).Drain(context.Background()))
}

func TestStreamIsTypedForEveryKindOfChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		o := order("1", "pending", noon)
		o.Tags, o.Notes = []string{"a", "b"}, []string{"n"}
		require.NoError(t, orders.Create(o).Run(ctx, table))
		require.NoError(t, orders.Update(o.OrderKey).Do(dynamo.Set(status, "paid")).Run(ctx, table))
		require.NoError(t, orders.Delete(o.OrderKey).Run(ctx, table))
		require.NoError(t, accounts.Create(Account{AccountID: "a"}).Run(ctx, table), "no route: passed over")
		require.NoError(t, users.Create(User{UserID: "1", Email: "x"}).Run(ctx, table), "its guard is known")
		require.NoError(t, sessions.Create(Session{Token: "x", Expires: time.Now().Add(time.Hour)}).Run(ctx, table))
		time.Sleep(2 * time.Hour)
		db.DeleteExpired(ctx)

		var got []dynamo.Changed[Order]
		var expired []bool
		drain(t, db, dynamo.MustStream(store,
			dynamo.OnChange(orders, func(_ context.Context, c dynamo.Changed[Order]) error { got = append(got, c); return nil }),
			dynamo.OnChange(sessions, func(_ context.Context, c dynamo.Changed[Session]) error {
				expired = append(expired, c.Expired)
				return nil
			})))
		require.Len(t, got, 3)
		require.Equal(t, dynamo.Inserted, got[0].Kind)
		require.Nil(t, got[0].Old)
		require.Equal(t, []string{"n"}, got[0].New.Notes)
		require.ElementsMatch(t, []string{"a", "b"}, got[0].New.Tags)
		require.Equal(t, dynamo.Modified, got[1].Kind)
		require.Equal(t, "pending", got[1].Old.Status)
		require.Equal(t, "paid", got[1].New.Status)
		require.Equal(t, int64(2), got[1].New.Version)
		require.Equal(t, dynamo.Removed, got[2].Kind)
		require.Nil(t, got[2].New)
		require.NotEqual(t, got[0].ID, got[1].ID)
		require.Less(t, got[0].Sequence, got[1].Sequence)
		require.False(t, got[0].At.IsZero())
		require.Equal(t, []bool{false, true}, expired)
	})
}

func TestAFailureStopsTheBatchAndIsDeliveredAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		for i := range 6 {
			require.NoError(t, orders.Create(order(fmt.Sprint(i), "s", noon)).Run(ctx, table))
		}
		var seen []string
		var failures []dynamo.Failure
		left := map[string]func(){"2": func() { panic("boom") }}
		stream := dynamo.MustStream(store,
			dynamo.OnChange(orders, func(_ context.Context, c dynamo.Changed[Order]) error {
				if fail, ok := left[c.New.OrderID]; ok {
					delete(left, c.New.OrderID)
					fail()
				}
				seen = append(seen, c.New.OrderID)
				return nil
			}),
			dynamo.OnFailure(func(_ context.Context, f dynamo.Failure) { failures = append(failures, f) }))
		drain(t, db, stream)
		require.Equal(t, []string{"0", "1", "2", "3", "4", "5"}, seen)
		require.Len(t, failures, 1)
		require.Equal(t, "Order", failures[0].Entity)
		require.Equal(t, "ORDER#2/METADATA", failures[0].Key)
		require.ErrorContains(t, failures[0].Err, "panic: boom")
	})
}

// records makes an event of the table's stream records.
func records(tb testing.TB, db *dynamotest.DynamoDB) awsevents.DynamoDBEvent {
	tb.Helper()
	var all awsevents.DynamoDBEvent
	mapping := db.NewMapping("store", dynamotest.Event(func(_ context.Context, e awsevents.DynamoDBEvent) error {
		all.Records = append(all.Records, e.Records...)
		return nil
	}))
	require.NoError(tb, mapping.Drain(context.Background()))
	return all
}

func TestConcurrencyKeepsTheOrderOfEachItem(t *testing.T) {
	synctest.Test(t, testConcurrency)
}

func testConcurrency(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	table, db := newTable(t)
	for round := range 5 {
		for i := range 8 {
			o := order(fmt.Sprint(i), "s", noon)
			o.Version = int64(round)
			require.NoError(t, orders.Put(o).Run(ctx, table))
		}
	}
	event := records(t, db)
	var mu sync.Mutex
	versions := map[string][]int64{}
	var running, most atomic.Int32
	var fail atomic.Bool
	stream := dynamo.MustStream(store, dynamo.Concurrency(12),
		dynamo.OnFailure(func(context.Context, dynamo.Failure) {}),
		dynamo.OnChange(orders, func(_ context.Context, c dynamo.Changed[Order]) error {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Duration(10-c.New.Version) * time.Second) // the earlier, the slower
			if fail.Load() && c.New.OrderID == "3" && c.New.Version == 3 {
				return errors.New("no")
			}
			mu.Lock()
			defer mu.Unlock()
			versions[c.New.OrderID] = append(versions[c.New.OrderID], c.New.Version)
			return nil
		}))
	out, err := stream.Handle(ctx, event)
	require.NoError(t, err)
	require.Empty(t, out.BatchItemFailures)
	require.Greater(t, most.Load(), int32(1))
	for i := range 8 {
		require.Equal(t, []int64{1, 2, 3, 4, 5}, versions[fmt.Sprint(i)])
	}

	fail.Store(true)
	clear(versions)
	out, err = stream.Handle(ctx, event)
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 1)
	require.Equal(t, event.Records[2*8+3].Change.SequenceNumber, out.BatchItemFailures[0].ItemIdentifier)
	require.Equal(t, []int64{1, 2}, versions["3"], "nothing of the item after its failure")
	for i := range 3 {
		require.GreaterOrEqual(t, len(versions[fmt.Sprint(i)]), 3, "everything before the failure is done")
	}
}

func TestRecordsThatNobodyKnows(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
	setRaw(t, db, "ORDER#1", "METADATA", "EntityType", "Gift")
	event := records(t, db)
	var failure dynamo.Failure
	handle := dynamo.OnChange(orders, func(context.Context, dynamo.Changed[Order]) error { return nil })
	out, err := dynamo.MustStream(store, handle, dynamo.OnFailure(func(_ context.Context, f dynamo.Failure) { failure = f })).Handle(ctx, event)
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 1)
	require.ErrorIs(t, failure.Err, dynamo.ErrUnknownEntity)
	require.Equal(t, "Gift", failure.Entity)

	var skipped []string
	out, err = dynamo.MustStream(store, handle, dynamo.OnUnknown(func(_ context.Context, r awsevents.DynamoDBEventRecord) error {
		skipped = append(skipped, r.EventName)
		return nil
	})).Handle(ctx, event)
	require.NoError(t, err)
	require.Empty(t, out.BatchItemFailures)
	require.Equal(t, []string{"MODIFY"}, skipped)

	for i := range event.Records {
		event.Records[i].Change.NewImage, event.Records[i].Change.OldImage = nil, nil
		event.Records[i].Change.StreamViewType = "KEYS_ONLY"
	}
	_, err = dynamo.MustStream(store, handle, dynamo.OnFailure(func(_ context.Context, f dynamo.Failure) { failure = f })).Handle(ctx, event)
	require.NoError(t, err)
	require.ErrorContains(t, failure.Err, "the stream's view type is KEYS_ONLY and has to be NEW_AND_OLD_IMAGES")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	out, err = dynamo.MustStream(store, handle, dynamo.OnFailure(func(_ context.Context, f dynamo.Failure) { failure = f })).Handle(ended, event)
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 1)
	require.ErrorIs(t, failure.Err, context.Canceled)
}

func TestStreamsAreCheckedAtConstruction(t *testing.T) {
	_, err := dynamo.NewStream(store)
	require.EqualError(t, err, "dynamo: stream: it has no route")
	_, err = dynamo.NewStream(schema(t), dynamo.OnChange(orders, func(context.Context, dynamo.Changed[Order]) error { return nil }), dynamo.Concurrency(0))
	require.ErrorContains(t, err, "Order belongs to another model")
	require.ErrorContains(t, err, "concurrency 0 is less than 1")
	send := func(context.Context, []Mail) []error { return nil }
	_, err = dynamo.NewStream(store, dynamo.Relay(mail, send), dynamo.Relay(mail, send))
	require.ErrorContains(t, err, "the outbox Mail is relayed twice")
	_, err = dynamo.NewStream(store, dynamo.Relay[Mail](mail, nil), dynamo.OnChange(orders, nil), dynamo.OnUnknown(nil), dynamo.OnFailure(nil))
	require.ErrorContains(t, err, "the sender of the outbox Mail is nil")
	require.ErrorContains(t, err, "the handler of Order is nil")
	require.ErrorContains(t, err, "OnUnknown is nil")
	require.ErrorContains(t, err, "OnFailure is nil")
}

func TestRelayAnswersForEachMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		for i := range 6 {
			require.NoError(t, table.Transact(ctx, mail.Send(fmt.Sprint(i), Mail{To: fmt.Sprint(i)})))
		}
		err := table.Transact(ctx, mail.Send("0", Mail{}))
		require.ErrorIs(t, err, dynamo.ErrExists, "an id is sent once")

		var calls [][]string
		tries := map[string]int{}
		stream := dynamo.MustStream(store,
			dynamo.OnFailure(func(context.Context, dynamo.Failure) {}),
			dynamo.Relay(mail, func(_ context.Context, m []Mail) []error {
				var call []string
				errs := make([]error, len(m))
				for i, one := range m {
					call = append(call, one.To)
					if tries[one.To]++; one.To == "2" && tries[one.To] == 1 {
						errs[i] = errors.New("not now")
					}
				}
				calls = append(calls, call)
				return errs
			}))
		drain(t, db, stream)
		require.Equal(t, [][]string{{"0", "1", "2", "3", "4", "5"}, {"2", "3", "4", "5"}}, calls)
	})
}

// A message after a change that failed may tell of what the change should have done
// first: it waits until the change is delivered again.
func TestARelayStopsWhereARouteFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		require.NoError(t, table.Transact(ctx, mail.Send("1", Mail{To: "before"})))
		require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
		require.NoError(t, table.Transact(ctx, mail.Send("2", Mail{To: "after"})))
		var log []string
		tries := 0
		drain(t, db, dynamo.MustStream(store,
			dynamo.OnFailure(func(context.Context, dynamo.Failure) {}),
			dynamo.OnChange(orders, func(context.Context, dynamo.Changed[Order]) error {
				if tries++; tries == 1 {
					log = append(log, "failed")
					return errors.New("not now")
				}
				log = append(log, "handled")
				return nil
			}),
			dynamo.Relay(mail, func(_ context.Context, m []Mail) []error {
				for _, one := range m {
					log = append(log, one.To)
				}
				return make([]error, len(m))
			})))
		require.Equal(t, []string{"before", "failed", "handled", "after"}, log)
	})
}

func TestAnEntryInThePlaceOfAnExpiredOneIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		require.NoError(t, table.Transact(ctx, mail.Send("1", Mail{To: "first"})))
		records(t, db)
		time.Sleep(8 * 24 * time.Hour) // DynamoDB takes its time to delete
		require.NoError(t, table.Transact(ctx, mail.Send("1", Mail{To: "second"})))
		var sent []Mail
		drain(t, db, dynamo.MustStream(store, dynamo.Relay(mail, func(_ context.Context, m []Mail) []error {
			sent = append(sent, m...)
			return nil
		})))
		require.Equal(t, []Mail{{To: "second"}}, sent)
	})
}

func TestARelayThatMiscountsFailsAll(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, table.Transact(ctx, mail.Send("1", Mail{}), mail.Send("2", Mail{})))
	var failures []dynamo.Failure
	out, err := dynamo.MustStream(store,
		dynamo.OnFailure(func(_ context.Context, f dynamo.Failure) { failures = append(failures, f) }),
		dynamo.Relay(mail, func(context.Context, []Mail) []error { return make([]error, 1) })).Handle(ctx, records(t, db))
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 2)
	require.ErrorContains(t, failures[0].Err, "the sender of the outbox Mail answered 1 results for 2 messages")
}

type summaryKey struct{ Status string }

type summary struct {
	Status  string
	Orders  int
	Total   int64
	Version int64 `dynamo:"version"`
}

func TestProjectionAppliesEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		views := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt"})
		summaries := dynamo.MustEntity[summary, summaryKey](views, "Summary", dynamo.Key("SUMMARY#{Status}", "SUMMARY"))
		read := dynamo.New(db.Client(), "views", views)
		require.NoError(t, read.Create(ctx, db.Client()))
		view, err := dynamo.NewView(read, summaries)
		require.NoError(t, err)
		_, err = dynamo.NewView(read, summaries)
		require.NoError(t, err)

		stream := dynamo.MustStream(store, dynamo.Project(orders, view,
			func(o Order) (summaryKey, bool) { return summaryKey{o.Status}, o.Status != "draft" },
			func(s *summary, c dynamo.Changed[Order]) error {
				if c.Old != nil {
					s.Orders--
					s.Total -= c.Old.Total
				}
				if c.New != nil {
					s.Orders++
					s.Total += c.New.Total
				}
				return nil
			}))
		for i := range 5 {
			require.NoError(t, orders.Create(order(fmt.Sprint(i), "pending", noon)).Run(ctx, table))
		}
		require.NoError(t, orders.Create(order("d", "draft", noon)).Run(ctx, table))
		require.NoError(t, orders.Update(OrderKey{"1"}).Do(dynamo.Set(status, "paid"), dynamo.Add(total, 5)).Run(ctx, table))
		require.NoError(t, orders.Delete(OrderKey{"2"}).Run(ctx, table))
		event := records(t, db)
		for range 3 { // the whole batch, three times
			out, err := stream.Handle(ctx, event)
			require.NoError(t, err)
			require.Empty(t, out.BatchItemFailures)
		}
		pending, err := summaries.Get(ctx, read, summaryKey{"pending"})
		require.NoError(t, err)
		require.Equal(t, summary{Status: "pending", Orders: 3, Total: 300, Version: 7}, pending)
		paid, err := summaries.Get(ctx, read, summaryKey{"paid"})
		require.NoError(t, err)
		require.Equal(t, summary{Status: "paid", Orders: 1, Total: 105, Version: 1}, paid)
		_, err = summaries.Get(ctx, read, summaryKey{"draft"})
		require.ErrorIs(t, err, dynamo.ErrNotFound)
	})
}

func TestProjectionsRunConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		views := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})
		summaries := dynamo.MustEntity[summary, summaryKey](views, "Summary", dynamo.Key("SUMMARY#{Status}"))
		read := dynamo.New(db.Client(), "views", views, func(o *dynamo.Options) { o.Attempts = 50 })
		require.NoError(t, read.Create(ctx, db.Client()))
		view, err := dynamo.NewView(read, summaries)
		require.NoError(t, err)
		for i := range 12 {
			require.NoError(t, orders.Create(order(fmt.Sprint(i), "pending", noon)).Run(ctx, table))
		}
		stream := dynamo.MustStream(store, dynamo.Concurrency(6), dynamo.Project(orders, view,
			func(o Order) (summaryKey, bool) { return summaryKey{o.Status}, true },
			func(s *summary, _ dynamo.Changed[Order]) error { s.Orders++; return nil }))
		out, err := stream.Handle(ctx, records(t, db))
		require.NoError(t, err)
		require.Empty(t, out.BatchItemFailures)
		got, err := summaries.Get(ctx, read, summaryKey{"pending"})
		require.NoError(t, err)
		require.Equal(t, 12, got.Orders)
	})
}

func TestViewsAreCheckedAtConstruction(t *testing.T) {
	table := dynamo.New(noClient{}, "t", store)
	_, err := dynamo.NewView(table, accounts)
	require.ErrorContains(t, err, "dynamo: view Account: the entity has no version")
	_, err = dynamo.NewView(dynamo.New(noClient{}, "t", schema(t)), orders)
	require.ErrorContains(t, err, "belongs to another model")
}

func TestRecordsOfEveryType(t *testing.T) {
	data, err := os.ReadFile("testdata/stream.json")
	require.NoError(t, err)
	var event awsevents.DynamoDBEvent
	require.NoError(t, json.Unmarshal(data, &event))
	type everyKey struct{ ID string }
	type every struct {
		ID     string
		Text   string
		Number float64
		Bytes  []byte
		Yes    bool
		None   *string
		List   []any
		Map    map[string]int
		SS     []string  `dynamodbav:",stringset"`
		NS     []float64 `dynamodbav:",numberset"`
		BS     [][]byte  `dynamodbav:",binaryset"`
	}
	m := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK"})
	e := dynamo.MustEntity[every, everyKey](m, "Every", dynamo.Key("EVERY#{ID}"))
	var got every
	out, err := dynamo.MustStream(m, dynamo.OnChange(e, func(_ context.Context, c dynamo.Changed[every]) error { got = *c.New; return nil })).
		Handle(t.Context(), event)
	require.NoError(t, err)
	require.Empty(t, out.BatchItemFailures)
	require.Equal(t, every{
		ID: "1", Text: "t", Number: 1.5, Bytes: []byte("b"), Yes: true, List: []any{"x", 2.0, nil},
		Map: map[string]int{"a": 1}, SS: []string{"p", "q"}, NS: []float64{1, 2}, BS: [][]byte{[]byte("b")},
	}, got)
}

func TestAStreamMayFailAsAWhole(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
	boom := errors.New("boom")
	stream := dynamo.MustStream(store, dynamo.FailWholeBatch(), dynamo.OnFailure(func(context.Context, dynamo.Failure) {}),
		dynamo.OnChange(orders, func(context.Context, dynamo.Changed[Order]) error { return boom }))
	out, err := stream.Handle(ctx, records(t, db))
	require.ErrorIs(t, err, boom)
	require.Empty(t, out.BatchItemFailures)
}
