package stream_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

// newSummaries is a view of summaries in a table of its own.
func newSummaries(t *testing.T, db *dynamotest.DynamoDB, template string) (*stream.View[summary, summaryKey], func(string) summary) {
	t.Helper()
	views := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})
	summaries := dynamo.MustEntity[summary, summaryKey](views, "Summary", dynamo.Key(template))
	table := dynamo.New(db.Client(), "views", views)
	require.NoError(t, tabledef.Create(t.Context(), db.Client(), table))
	view, err := stream.NewView(table, summaries)
	require.NoError(t, err)
	return view, func(status string) summary {
		got, err := summaries.Get(t.Context(), table, summaryKey{status})
		if !errors.Is(err, dynamo.ErrNotFound) {
			require.NoError(t, err)
		}
		return got
	}
}

func statusOf(o Order) (summaryKey, bool) { return summaryKey{o.Status}, true }

func count(s *summary, c stream.Change[Order]) error {
	if c.Old != nil {
		s.Orders--
	}
	if c.New != nil {
		s.Orders++
	}
	return nil
}

func sum(s *summary, c stream.Change[Order]) error {
	if c.Old != nil {
		s.Total -= c.Old.Total
	}
	if c.New != nil {
		s.Total += c.New.Total
	}
	return nil
}

// Several parts that project one entity into one view each apply every change, in one
// Stream or in several.
func TestSeveralProjectionsIntoOneView(t *testing.T) {
	named := func(name string) func(*stream.ProjectOptions) {
		return func(o *stream.ProjectOptions) { o.Name = name }
	}
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{1, 4} {
			ctx := t.Context()
			table, db := newTable(t)
			view, get := newSummaries(t, db, "SUMMARY#{Status}")
			streams := []*stream.Handler{
				stream.MustHandler(store, stream.Concurrency(n),
					stream.Project(orders, view, statusOf, count), stream.Project(orders, view, statusOf, sum)),
				stream.MustHandler(store, stream.Concurrency(n), stream.Project(orders, view, statusOf, count, named("again"), nil)),
			}
			require.NoError(t, orders.Create(order("1", "a", noon)).Run(ctx, table))
			require.NoError(t, orders.Create(order("2", "a", noon)).Run(ctx, table))
			require.NoError(t, orders.Update(OrderKey{"1"}).Do(dynamo.Set(status, "b"), dynamo.Set(placedAt, noon)).Run(ctx, table))
			event := records(t, db)
			for range 2 {
				for _, s := range streams {
					out, err := s.Handle(ctx, event)
					require.NoError(t, err)
					require.Empty(t, out.BatchItemFailures)
				}
			}
			for _, status := range []string{"a", "b"} {
				got := get(status)
				require.Equal(t, 2, got.Orders, "by the stream and by the other stream")
				require.Equal(t, int64(100), got.Total)
			}
		}
	})
}

// A failure between two parts repeats the second alone.
func TestAProjectionThatFailsIsAppliedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, db := newTable(t)
		view, get := newSummaries(t, db, "SUMMARY#{Status}")
		tries := 0
		require.NoError(t, orders.Create(order("1", "a", noon)).Run(t.Context(), table))
		drain(t, db, stream.MustHandler(store, stream.OnFailure(func(context.Context, stream.RecordFailure) {}),
			stream.Project(orders, view, statusOf, count),
			stream.Project(orders, view, statusOf, func(s *summary, c stream.Change[Order]) error {
				if tries++; tries < 3 {
					return errors.New("not now")
				}
				return sum(s, c)
			})))
		got := get("a")
		require.Equal(t, 1, got.Orders)
		require.Equal(t, int64(100), got.Total)
	})
}

// Keys that are written alike are one item: a change between them is no removal.
func TestAKeyThatChangesItsCaseOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		view, get := newSummaries(t, db, "SUMMARY#{Status:lower}")
		require.NoError(t, orders.Create(order("1", "Paid", noon)).Run(ctx, table))
		for _, change := range []string{"PAID", "paid", "open", "Open"} {
			require.NoError(t, orders.Update(OrderKey{"1"}).Do(dynamo.Set(status, change), dynamo.Set(placedAt, noon), dynamo.Add(total, 1)).Run(ctx, table))
		}
		var kinds []stream.Kind
		drain(t, db, stream.MustHandler(store,
			stream.Project(orders, view, statusOf, count),
			stream.Project(orders, view, statusOf, func(s *summary, c stream.Change[Order]) error {
				kinds = append(kinds, c.Kind)
				return sum(s, c)
			})))
		require.Equal(t, []stream.Kind{"INSERT", "MODIFY", "MODIFY", "REMOVE", "INSERT", "MODIFY"}, kinds)
		require.Equal(t, 0, get("PAID").Orders)
		require.Equal(t, int64(0), get("paid").Total)
		require.Equal(t, 1, get("OPEN").Orders)
		require.Equal(t, int64(104), get("Open").Total)
	})
}

func TestKeysOfAViewThatLookAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type pairKey struct{ A, B string }
		type pair struct {
			pairKey
			Orders  int
			Version int64 `dynamo:"version"`
		}
		ctx := t.Context()
		table, db := newTable(t)
		views := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt"})
		pairs := dynamo.MustEntity[pair, pairKey](views, "Pair", dynamo.Key("{A}", "{B}"))
		to := dynamo.New(db.Client(), "views", views)
		require.NoError(t, tabledef.Create(ctx, db.Client(), to))
		view, err := stream.NewView(to, pairs)
		require.NoError(t, err)
		require.NoError(t, orders.Create(order("1", "x", noon)).Run(ctx, table))
		require.NoError(t, orders.Update(OrderKey{"1"}).Do(dynamo.Set(status, "y"), dynamo.Set(placedAt, noon)).Run(ctx, table))
		drain(t, db, stream.MustHandler(store, stream.Project(orders, view, func(o Order) (pairKey, bool) {
			if o.Status == "x" {
				return pairKey{"a/b", "c"}, true
			}
			return pairKey{"a", "b/c"}, true
		}, func(p *pair, c stream.Change[Order]) error {
			if p.Orders++; c.New == nil {
				p.Orders -= 2
			}
			return nil
		})))
		got, err := pairs.Get(ctx, to, pairKey{"a", "b/c"})
		require.NoError(t, err)
		require.Equal(t, 1, got.Orders)
		got, err = pairs.Get(ctx, to, pairKey{"a/b", "c"})
		require.NoError(t, err)
		require.Equal(t, 0, got.Orders)
	})
}

func TestProjectionsAreCheckedAtConstruction(t *testing.T) {
	db := dynamotest.New(t)
	view, _ := newSummaries(t, db, "SUMMARY#{Status}")
	_, err := stream.NewHandler(store, stream.Project[Order, OrderKey, summary, summaryKey](nil, nil, nil, nil))
	for _, fault := range []string{"the entity of Project is nil", "the view of Project is nil", "keyOf of Project is nil", "apply of Project is nil"} {
		require.ErrorContains(t, err, fault)
	}
	same := func(o *stream.ProjectOptions) { o.Name = "same" }
	_, err = stream.NewHandler(store, stream.Project(orders, view, statusOf, count, same), stream.Project(orders, view, statusOf, sum, same))
	require.ErrorContains(t, err, `two Project parts of Order into Summary have the name "same"`)

	require.ErrorIs(t, view.Apply(t.Context(), "id", summaryKey{}, func(*summary) error { return nil }), dynamo.ErrInvalid)
}
