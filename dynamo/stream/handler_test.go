package stream_test

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
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/dynamo/tabledef"
	"github.com/patternkit/serverless/internal/correlation"
)

// drain runs the records of the store through a stream.
func drain(tb testing.TB, db *dynamotest.DynamoDB, handler *stream.Handler, optFns ...func(*dynamotest.MappingOptions)) {
	tb.Helper()
	optFns = append([]func(*dynamotest.MappingOptions){func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true }}, optFns...)
	require.NoError(tb, db.NewMapping("store", dynamotest.Func(handler.Handle), optFns...).Drain(context.Background()))
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

		var got []stream.Change[Order]
		var expired []bool
		drain(t, db, stream.MustHandler(store,
			stream.OnChange(orders, func(_ context.Context, c stream.Change[Order]) error { got = append(got, c); return nil }),
			stream.OnChange(sessions, func(_ context.Context, c stream.Change[Session]) error {
				expired = append(expired, c.Expired)
				return nil
			})))
		require.Len(t, got, 3)
		require.Equal(t, stream.Inserted, got[0].Kind)
		require.Nil(t, got[0].Old)
		require.Equal(t, []string{"n"}, got[0].New.Notes)
		require.ElementsMatch(t, []string{"a", "b"}, got[0].New.Tags)
		require.Equal(t, stream.Modified, got[1].Kind)
		require.Equal(t, "pending", got[1].Old.Status)
		require.Equal(t, "paid", got[1].New.Status)
		require.Equal(t, int64(2), got[1].New.Version)
		require.Equal(t, stream.Removed, got[2].Kind)
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
		var failures []stream.RecordFailure
		left := map[string]func(){"2": func() { panic("boom") }}
		handler := stream.MustHandler(store,
			stream.OnChange(orders, func(_ context.Context, c stream.Change[Order]) error {
				if fail, ok := left[c.New.OrderID]; ok {
					delete(left, c.New.OrderID)
					fail()
				}
				seen = append(seen, c.New.OrderID)
				return nil
			}),
			stream.OnFailure(func(_ context.Context, f stream.RecordFailure) { failures = append(failures, f) }))
		drain(t, db, handler)
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
	handler := stream.MustHandler(store, stream.Concurrency(12),
		stream.OnFailure(func(context.Context, stream.RecordFailure) {}),
		stream.OnChange(orders, func(_ context.Context, c stream.Change[Order]) error {
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
	out, err := handler.Handle(ctx, event)
	require.NoError(t, err)
	require.Empty(t, out.BatchItemFailures)
	require.Greater(t, most.Load(), int32(1))
	for i := range 8 {
		require.Equal(t, []int64{1, 2, 3, 4, 5}, versions[fmt.Sprint(i)])
	}

	fail.Store(true)
	clear(versions)
	out, err = handler.Handle(ctx, event)
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
	setDiscriminator(t, db, "ORDER#1", "METADATA", "Gift")
	event := records(t, db)
	var failure stream.RecordFailure
	handle := stream.OnChange(orders, func(context.Context, stream.Change[Order]) error { return nil })
	out, err := stream.MustHandler(store, handle, stream.OnFailure(func(_ context.Context, f stream.RecordFailure) { failure = f })).Handle(ctx, event)
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 1)
	require.ErrorIs(t, failure.Err, dynamo.ErrUnknownEntity)
	require.Equal(t, "Gift", failure.Entity)

	var skipped []string
	out, err = stream.MustHandler(store, handle, stream.OnUnknown(func(_ context.Context, r awsevents.DynamoDBEventRecord) error {
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
	_, err = stream.MustHandler(store, handle, stream.OnFailure(func(_ context.Context, f stream.RecordFailure) { failure = f })).Handle(ctx, event)
	require.NoError(t, err)
	require.ErrorContains(t, failure.Err, "the stream's view type is KEYS_ONLY and has to be NEW_AND_OLD_IMAGES")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	out, err = stream.MustHandler(store, handle, stream.OnFailure(func(_ context.Context, f stream.RecordFailure) { failure = f })).Handle(ended, event)
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 1)
	require.ErrorIs(t, failure.Err, context.Canceled)
}

func TestStreamsAreCheckedAtConstruction(t *testing.T) {
	_, err := stream.NewHandler(store)
	require.EqualError(t, err, "stream: it has no route")
	other := dynamo.MustModel(store.Schema())
	_, err = stream.NewHandler(other, stream.OnChange(orders, func(context.Context, stream.Change[Order]) error { return nil }), stream.Concurrency(0))
	require.ErrorContains(t, err, "Order belongs to another model")
	require.ErrorContains(t, err, "concurrency 0 is less than 1")
	send := func(context.Context, []Mail) []error { return nil }
	_, err = stream.NewHandler(store, stream.Relay(mail, send), stream.Relay(mail, send))
	require.ErrorContains(t, err, "the outbox Mail is relayed twice")
	_, err = stream.NewHandler(store, stream.Relay[Mail](mail, nil), stream.OnChange(orders, nil), stream.OnUnknown(nil), stream.OnFailure(nil))
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
		handler := stream.MustHandler(store,
			stream.OnFailure(func(context.Context, stream.RecordFailure) {}),
			stream.Relay(mail, func(_ context.Context, m []Mail) []error {
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
		drain(t, db, handler)
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
		drain(t, db, stream.MustHandler(store,
			stream.OnFailure(func(context.Context, stream.RecordFailure) {}),
			stream.OnChange(orders, func(context.Context, stream.Change[Order]) error {
				if tries++; tries == 1 {
					log = append(log, "failed")
					return errors.New("not now")
				}
				log = append(log, "handled")
				return nil
			}),
			stream.Relay(mail, func(_ context.Context, m []Mail) []error {
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
		drain(t, db, stream.MustHandler(store, stream.Relay(mail, func(_ context.Context, m []Mail) []error {
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
	var failures []stream.RecordFailure
	out, err := stream.MustHandler(store,
		stream.OnFailure(func(_ context.Context, f stream.RecordFailure) { failures = append(failures, f) }),
		stream.Relay(mail, func(context.Context, []Mail) []error { return make([]error, 1) })).Handle(ctx, records(t, db))
	require.NoError(t, err)
	require.Len(t, out.BatchItemFailures, 2)
	require.ErrorContains(t, failures[0].Err, "the sender of the outbox Mail answered 1 results for 2 messages")
}

func TestProjectionAppliesEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		views := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt"})
		summaries := dynamo.MustEntity[summary, summaryKey](views, "Summary", dynamo.Key("SUMMARY#{Status}", "SUMMARY"))
		read := dynamo.New(db.Client(), "views", views)
		require.NoError(t, tabledef.Create(ctx, db.Client(), read))
		view, err := stream.NewView(read, summaries)
		require.NoError(t, err)
		_, err = stream.NewView(read, summaries)
		require.NoError(t, err)

		handler := stream.MustHandler(store, stream.Project(orders, view,
			func(o Order) (summaryKey, bool) { return summaryKey{o.Status}, o.Status != "draft" },
			func(s *summary, c stream.Change[Order]) error {
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
			out, err := handler.Handle(ctx, event)
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
		require.NoError(t, tabledef.Create(ctx, db.Client(), read))
		view, err := stream.NewView(read, summaries)
		require.NoError(t, err)
		for i := range 12 {
			require.NoError(t, orders.Create(order(fmt.Sprint(i), "pending", noon)).Run(ctx, table))
		}
		handler := stream.MustHandler(store, stream.Concurrency(6), stream.Project(orders, view,
			func(o Order) (summaryKey, bool) { return summaryKey{o.Status}, true },
			func(s *summary, _ stream.Change[Order]) error { s.Orders++; return nil }))
		out, err := handler.Handle(ctx, records(t, db))
		require.NoError(t, err)
		require.Empty(t, out.BatchItemFailures)
		got, err := summaries.Get(ctx, read, summaryKey{"pending"})
		require.NoError(t, err)
		require.Equal(t, 12, got.Orders)
	})
}

func TestViewsAreCheckedAtConstruction(t *testing.T) {
	table := dynamo.New(noClient{}, "t", store)
	_, err := stream.NewView(table, accounts)
	require.ErrorContains(t, err, "stream: view Account: the entity has no version")
	_, err = stream.NewView(dynamo.New(noClient{}, "t", dynamo.MustModel(store.Schema())), orders)
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
	out, err := stream.MustHandler(m, stream.OnChange(e, func(_ context.Context, c stream.Change[every]) error { got = *c.New; return nil })).
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
	handler := stream.MustHandler(store, stream.FailWholeBatch(), stream.OnFailure(func(context.Context, stream.RecordFailure) {}),
		stream.OnChange(orders, func(context.Context, stream.Change[Order]) error { return boom }))
	out, err := handler.Handle(ctx, records(t, db))
	require.ErrorIs(t, err, boom)
	require.Empty(t, out.BatchItemFailures)
}

func TestAReplacedExpiredItemIsARemovalByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		type counterKey struct{ Name string }
		type counter struct {
			counterKey
			Count int
		}
		model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})
		counters := dynamo.MustEntity[counter, counterKey](model, "Counter", dynamo.Key("COUNTER#{Name}"), dynamo.ExpireAfter(time.Hour))
		db := dynamotest.New(t)
		table := dynamo.New(db.Client(), "store", model)
		require.NoError(t, tabledef.Create(ctx, db.Client(), table))
		up := counters.Upsert(counterKey{"a"}).Do(dynamo.Add(dynamo.MustField[int](counters, "Count"), 1))
		require.NoError(t, up.Run(ctx, table))
		time.Sleep(2 * time.Hour)
		require.NoError(t, up.Run(ctx, table))
		var kinds []stream.Kind
		var expired []bool
		handler := stream.MustHandler(model, stream.OnChange(counters, func(_ context.Context, c stream.Change[counter]) error {
			kinds, expired = append(kinds, c.Kind), append(expired, c.Expired)
			return nil
		}))
		drain(t, db, handler)
		require.Equal(t, []stream.Kind{stream.Inserted, stream.Removed, stream.Inserted}, kinds)
		require.Equal(t, []bool{false, true, false}, expired)
	})
}

func TestStreamHandsChangesWithTheirCorrelation(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	var seen []string
	var mails []Mail
	handler := stream.MustHandler(store,
		stream.OnChange(orders, func(_ context.Context, c stream.Change[Order]) error {
			seen = append(seen, string(c.Kind)+" "+c.New.OrderID+" "+c.New.Status)
			return nil
		}),
		stream.Relay(mail, func(ctx context.Context, m []Mail) []error {
			require.Equal(t, "c-1", correlation.ID(ctx))
			require.Equal(t, "Root=1-0;Sampled=1", correlation.Trace(ctx))
			mails = append(mails, m...)
			return nil
		}))

	with := correlation.WithTrace(correlation.With(ctx, "c-1"), "Root=1-0;Sampled=1")
	require.NoError(t, table.Transact(with, orders.Create(order("42", "pending", noon)), mail.Send("42", Mail{To: "a", Text: "hi"})))
	require.NoError(t, orders.Update(OrderKey{OrderID: "42"}).Do(dynamo.Set(status, "paid")).Run(ctx, table))

	mapping := db.NewMapping("store", dynamotest.Func(handler.Handle), func(o *dynamotest.MappingOptions) { o.ReportBatchItemFailures = true })
	require.NoError(t, mapping.Drain(ctx))
	require.Equal(t, []string{"INSERT 42 pending", "MODIFY 42 paid"}, seen)
	require.Equal(t, []Mail{{To: "a", Text: "hi"}}, mails)
}
