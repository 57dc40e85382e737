package dynamo_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

type eventKey struct {
	Room string
	No   int
}

type event struct {
	Room string
	No   int
	Name string
	At   time.Time
	Hit  bool
}

type (
	byNo struct {
		Room string
		No   dynamo.Range[int]
	}
	byName struct {
		Room string
		Name dynamo.Range[string]
	}
	byTime struct {
		Room string
		At   dynamo.Range[time.Time]
	}
	byDay struct {
		Room string
		At   dynamo.Range[time.Time]
	}
	inRoom struct{ Room string }
)

var (
	eventModel = dynamo.MustModel(dynamo.Schema{
		PartitionKey: "PK", SortKey: "SK",
		Indexes: []dynamo.Index{
			{Name: "ByName", PartitionKey: "NPK", SortKey: "NSK"},
			{Name: "ByTime", PartitionKey: "TPK", SortKey: "TSK"},
			{Name: "ByDay", SortKey: "DSK", Local: true},
		},
	})
	events = dynamo.MustEntity[event, eventKey](eventModel, "Event", dynamo.Key("ROOM#{Room}", "E{No:03}#X"),
		dynamo.InIndex("ByName", "ROOM#{Room}", "NAME#{Name}"),
		dynamo.InIndex("ByTime", "ROOM#{Room}", "AT#{At}#{No:03}"),
		dynamo.InIndex("ByDay", "{At:day}#{No:03}"))
	notesIn = dynamo.MustEntity[event, eventKey](eventModel, "Note", dynamo.Key("ROOM#{Room}", "N{No:03}"),
		dynamo.InIndex("ByTime", "ROOM#{Room}", "AT#{At}#note{No:03}"))
	hit = dynamo.MustField[bool](events, "Hit")

	eventsByNo   = dynamo.MustAccessPattern[byNo](events, "")
	eventsByName = dynamo.MustAccessPattern[byName](events, "ByName")
	eventsByTime = dynamo.MustAccessPattern[byTime](events, "ByTime")
	eventsByDay  = dynamo.MustAccessPattern[byDay](events, "ByDay")
	eventsIn     = dynamo.MustAccessPattern[inRoom](events, "")
	theEvent     = dynamo.MustAccessPattern[eventKey](events, "")
)

// The names order with and around the separator, spaces and longer texts.
var names = []string{"a", "a b", "a!", "ab", "b", "b~", "ä", "z"}

func eventAt(no int) event {
	return event{
		Room: "r", No: no, Name: names[no%len(names)], Hit: no%3 == 0,
		At: noon.Add(time.Duration(no) * 7 * time.Hour),
	}
}

func eventTable(tb testing.TB, n int, optFns ...func(*dynamo.Options)) *dynamo.Table {
	tb.Helper()
	_, db := newTable(tb)
	table := dynamo.New(db.Client(), "events", eventModel, optFns...)
	require.NoError(tb, tabledef.Create(tb.Context(), db.Client(), table))
	var ops []dynamo.BatchWrite
	for i := range n {
		ops = append(ops, events.Put(eventAt(i)))
		if i%2 == 0 {
			ops = append(ops, notesIn.Put(eventAt(i)))
		}
	}
	other := eventAt(1)
	other.Room = "rr"
	require.NoError(tb, table.Batch(tb.Context(), append(ops, events.Put(other))...))
	return table
}

func numbers(tb testing.TB, table *dynamo.Table, q dynamo.Query[event]) []int {
	tb.Helper()
	out := []int{}
	for e, err := range q.All(tb.Context(), table) {
		require.NoError(tb, err)
		out = append(out, e.No)
	}
	return out
}

// ranges makes every kind of range over the values.
func ranges[V any](values []V) map[string]dynamo.Range[V] {
	out := map[string]dynamo.Range[V]{"all": {}}
	for i, a := range values {
		out[fmt.Sprint("since ", i)] = dynamo.Since(a)
		out[fmt.Sprint("until ", i)] = dynamo.Until(a)
		for j, b := range values {
			out[fmt.Sprint("between ", i, " ", j)] = dynamo.Between(a, b)
			out[fmt.Sprint("through ", i, " ", j)] = dynamo.Through(a, b)
		}
	}
	return out
}

// inRange says what a range means, from its name.
func inRange(name string, i int) bool {
	var kind string
	var a, b int
	_, _ = fmt.Sscan(name, &kind, &a, &b)
	switch kind {
	case "since":
		return i >= a
	case "until":
		return i < a
	case "between":
		return i >= a && i < b
	case "through":
		return i >= a && i <= b
	}
	return true
}

func TestRangesOfEveryKind(t *testing.T) {
	const n = 8
	table := eventTable(t, n)
	var nos []int
	var times []time.Time
	for i := range n {
		nos, times = append(nos, i), append(times, eventAt(i).At)
	}
	wantNos := func(name string) []int {
		out := []int{}
		for i := range n {
			if inRange(name, i) {
				out = append(out, i)
			}
		}
		return out
	}
	for name, r := range ranges(nos) {
		require.Equal(t, wantNos(name), numbers(t, table, eventsByNo.Query(byNo{"r", r})), "No %s", name)
	}
	for name, r := range ranges(times) {
		require.Equal(t, wantNos(name), numbers(t, table, eventsByTime.Query(byTime{"r", r})), "At %s", name)
	}
	for name, r := range ranges(times) {
		require.Equal(t, wantNos(name), numbers(t, table, eventsByDay.Query(byDay{"r", r})), "day of At %s", name)
	}
	sorted := slices.Sorted(slices.Values(names))
	for name, r := range ranges(sorted) {
		want := []int{}
		for i, s := range sorted {
			if inRange(name, i) {
				want = append(want, slices.Index(names, s))
			}
		}
		require.Equal(t, want, numbers(t, table, eventsByName.Query(byName{"r", r})), "Name %s", name)
	}
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, numbers(t, table, eventsByDay.Query(byDay{"r", dynamo.Until(noon.Add(36 * time.Hour))})))
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, numbers(t, table, eventsByDay.Query(byDay{"r", dynamo.Until(noon.Add(37 * time.Hour))})))
	require.Equal(t, []int{4, 5, 6, 7}, numbers(t, table, eventsByDay.Query(byDay{"r", dynamo.Since(noon.Add(24 * time.Hour))})))
	require.Empty(t, numbers(t, table, eventsByNo.Query(byNo{"r", dynamo.Until(0)})))
	require.Equal(t, []int{3}, numbers(t, table, theEvent.Query(eventKey{"r", 3})))
}

func TestOrderLimitAndFilter(t *testing.T) {
	ctx := t.Context()
	table := eventTable(t, 30)
	q := eventsIn.Query(inRoom{"r"})
	require.Equal(t, []int{29, 28, 27}, numbers(t, table, q.Newest().Limit(3)))
	require.Equal(t, []int{0, 1}, numbers(t, table, q.Newest().Oldest().Limit(2)))
	require.Equal(t, []int{0, 3, 6, 9}, numbers(t, table, q.Filter(hit.Equal(true)).Limit(4).PageSize(5)))
	require.Equal(t, []int{0, 1, 2}, numbers(t, table, eventsByTime.Query(byTime{Room: "r"}).Limit(3)), "notes between them do not count")
	n, err := q.Filter(hit.Equal(true)).Count(ctx, table)
	require.NoError(t, err)
	require.Equal(t, 10, n)
	first, err := q.Consistent().Newest().First(ctx, table)
	require.NoError(t, err)
	require.Equal(t, 29, first.No)
	_, err = eventsIn.Query(inRoom{"empty"}).First(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrNotFound)
	require.EqualError(t, err, "dynamo: query Event ROOM#empty: not found")
	for _, err := range q.All(ctx, table) {
		require.NoError(t, err)
		break // a caller may stop
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	ctx := t.Context()
	table := eventTable(t, 1)
	id := dynamo.MustField[int](events, "No")
	for name, tc := range map[string]struct {
		q    dynamo.Query[event]
		want string
	}{
		"empty":      {eventsIn.Query(inRoom{}), "Room is empty, and part of the key ROOM#{Room}"},
		"separator":  {eventsIn.Query(inRoom{"a#b"}), `contains the separator`},
		"negative":   {eventsByNo.Query(byNo{"r", dynamo.Since(-1)}), "No is -1"},
		"limit":      {eventsIn.Query(inRoom{"r"}).Limit(-1), "Limit is -1, negative"},
		"page size":  {eventsIn.Query(inRoom{"r"}).PageSize(-1), "PageSize is -1, negative"},
		"consistent": {eventsByTime.Query(byTime{Room: "r"}).Consistent(), "Consistent is not possible on the global index ByTime"},
		"zero":       {eventsIn.Query(inRoom{"r"}).Filter(dynamo.Condition[event]{}), "zero Condition"},
	} {
		_, err := tc.q.First(ctx, table)
		require.ErrorContains(t, err, tc.want, name)
		require.ErrorIs(t, err, dynamo.ErrInvalid, name)
	}
	_, err := eventsIn.Query(inRoom{"r"}).Filter(id.Equal(3)).First(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrNotFound, "a field that a key is made from is no key")
}

func TestPatternsAreCheckedAtConstruction(t *testing.T) {
	_, err := dynamo.NewAccessPattern[struct{ No int }](events, "")
	require.ErrorContains(t, err, "it has no field Room, which the partition key ROOM#{Room} needs")
	_, err = dynamo.NewAccessPattern[struct {
		Room string
		No   string
	}](events, "")
	require.ErrorContains(t, err, "its field No is a string, the entity's is a int")
	_, err = dynamo.NewAccessPattern[struct {
		Room string
		No   dynamo.Range[int64]
	}](events, "")
	require.ErrorContains(t, err, "its field No is a Range of int64, the entity's field is a int")
	_, err = dynamo.NewAccessPattern[struct {
		Room string
		No   int
	}](events, "ByTime")
	require.ErrorContains(t, err, "its field No needs a field At, which comes before it in the sort key AT#{At}#{No:03}")
	_, err = dynamo.NewAccessPattern[struct {
		Room string
		At   dynamo.Range[time.Time]
		No   int
	}](events, "ByTime")
	require.ErrorContains(t, err, "its field No comes after a Range")
	_, err = dynamo.NewAccessPattern[struct{ Room, Other string }](events, "ByName")
	require.ErrorContains(t, err, "its field Other is used by no key")
	_, err = dynamo.NewAccessPattern[struct{ Room string }](events, "Nope")
	require.ErrorContains(t, err, "the schema has no index Nope")
	_, err = dynamo.NewAccessPattern[struct{ Room string }](notesIn, "ByName")
	require.ErrorContains(t, err, "the entity is not on the index ByName")
	_, err = dynamo.NewAccessPattern[string](events, "")
	require.ErrorContains(t, err, "string is not a struct")

	m := schema(t)
	e := dynamo.MustEntity[pair, pairKey](m, "Pair", dynamo.Key("A#{A}", "{B}"), dynamo.InIndex("GSI1", "X", "{A}#{B}"))
	_, err = dynamo.NewAccessPattern[struct{ A dynamo.Range[string] }](e, "GSI1")
	require.ErrorContains(t, err, "values of varying length are in order at the end of a sort key only")
}

func TestCursorsContinueTheirOwnQuery(t *testing.T) {
	for name, keys := range map[string][][]byte{"plain": nil, "sealed": {[]byte("new"), []byte("old")}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			table := eventTable(t, 30, func(o *dynamo.Options) { o.CursorKeys = keys })
			q := eventsByTime.Query(byTime{Room: "r"}).Newest().Limit(7)
			var all []int
			pages := 0
			for page, err := range q.Pages(ctx, table) {
				require.NoError(t, err)
				pages++
				for _, e := range page.Items {
					all = append(all, e.No)
				}
			}
			require.Equal(t, 5, pages)
			require.Len(t, all, 30)
			require.True(t, slices.IsSortedFunc(all, func(a, b int) int { return b - a }))

			page, err := q.Page(ctx, table)
			require.NoError(t, err)
			raw, err := base64.RawURLEncoding.DecodeString(page.Cursor)
			require.NoError(t, err)
			if keys != nil {
				require.NotContains(t, string(raw), "ROOM")
			}
			for name, other := range map[string]dynamo.Query[event]{
				"partition": eventsByTime.Query(byTime{Room: "rr"}).Newest(),
				"range":     eventsByTime.Query(byTime{Room: "r", At: dynamo.Since(noon)}).Newest(),
				"direction": eventsByTime.Query(byTime{Room: "r"}),
				"index":     eventsByName.Query(byName{Room: "r"}).Newest(),
			} {
				_, err := other.After(page.Cursor).Page(ctx, table)
				require.ErrorIs(t, err, dynamo.ErrCursor, name)
			}
			for i := range raw {
				forged := slices.Clone(raw)
				forged[i] ^= 0x40
				_, err := q.After(base64.RawURLEncoding.EncodeToString(forged)).Page(ctx, table)
				if keys != nil {
					require.ErrorIs(t, err, dynamo.ErrCursor)
				}
				_, err = q.After(base64.RawURLEncoding.EncodeToString(raw[:i])).Page(ctx, table)
				if i > 0 {
					require.ErrorIs(t, err, dynamo.ErrCursor)
				}
			}
			_, err = q.After("no cursor").Page(ctx, table)
			require.ErrorIs(t, err, dynamo.ErrCursor)
		})
	}
}

func FuzzCursor(f *testing.F) {
	table := dynamo.New(noClient{}, "events", eventModel)
	sealed := dynamo.New(noClient{}, "events", eventModel, func(o *dynamo.Options) { o.CursorKeys = [][]byte{[]byte("k")} })
	q := eventsByTime.Query(byTime{Room: "r"})
	for _, s := range []string{"", "x", "AQ", "Ag", "AQAAAAAAAAAA", "AgAAAAAAAAAAAAAAAAAAAAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if cursor == "" {
			return
		}
		for _, table := range []*dynamo.Table{table, sealed} {
			_, err := q.After(cursor).Page(t.Context(), table)
			require.ErrorIs(t, err, dynamo.ErrCursor)
		}
	})
}

func TestCursorKeysRotate(t *testing.T) {
	ctx := t.Context()
	keys := [][]byte{[]byte("old")}
	_, db := newTable(t)
	old := dynamo.New(db.Client(), "events", eventModel, func(o *dynamo.Options) { o.CursorKeys = keys })
	require.NoError(t, tabledef.Create(ctx, db.Client(), old))
	for i := range 3 {
		require.NoError(t, events.Put(eventAt(i)).Run(ctx, old))
	}
	q := eventsIn.Query(inRoom{"r"}).Limit(1)
	page, err := q.Page(ctx, old)
	require.NoError(t, err)
	rotated := dynamo.New(db.Client(), "events", eventModel, func(o *dynamo.Options) { o.CursorKeys = [][]byte{[]byte("new"), []byte("old")} })
	next, err := q.After(page.Cursor).Page(ctx, rotated)
	require.NoError(t, err)
	require.Equal(t, 1, next.Items[0].No)
	_, err = q.After(next.Cursor).Page(ctx, old)
	require.ErrorIs(t, err, dynamo.ErrCursor, "the new key is not among the old")
	unsealed := dynamo.New(db.Client(), "events", eventModel)
	plain, err := q.Page(ctx, unsealed)
	require.NoError(t, err)
	_, err = q.After(plain.Cursor).Page(ctx, rotated)
	require.ErrorIs(t, err, dynamo.ErrCursor, "a plain one is not accepted where cursors are sealed")
}

func TestPagesWithoutLimitFollowTheCalls(t *testing.T) {
	ctx := t.Context()
	table := eventTable(t, 10)
	q := eventsIn.Query(inRoom{"r"}).PageSize(4)
	var sizes []int
	for page, err := range q.Pages(ctx, table) {
		require.NoError(t, err)
		sizes = append(sizes, len(page.Items))
	}
	require.Equal(t, []int{4, 4, 2}, sizes)
	last, err := eventsIn.Query(inRoom{"r"}).Limit(10).Page(ctx, table)
	require.NoError(t, err)
	require.Len(t, last.Items, 10)
}

func TestItemsOfUnknownEntitiesSurface(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, place(ctx, table, order("1", "s", noon), Line{OrderID: "1", No: 1}))
	setRaw(t, db, "ORDER#1", "LINE#0002", "EntityType", "Gift")
	_, err := wholeOrder.Get(ctx, table, OrderKey{"1"})
	require.ErrorIs(t, err, dynamo.ErrUnknownEntity)
	require.EqualError(t, err, `dynamo: collect OrderView ORDER#1: unknown entity "Gift" under the key ORDER#1/LINE#0002`)
	_, err = orderLines.Query(OrderKey{"1"}).Count(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrUnknownEntity)

	lenient := dynamo.New(db.Client(), "store", store, func(o *dynamo.Options) { o.SkipUnknown = true })
	view, err := wholeOrder.Get(ctx, lenient, OrderKey{"1"}, dynamo.Consistent())
	require.NoError(t, err)
	require.Len(t, view.Lines, 1)

	setRaw(t, db, "ORDER#1", "METADATA", "EntityType", "Account")
	_, err = orders.Get(ctx, table, OrderKey{"1"})
	require.ErrorIs(t, err, dynamo.ErrWrongEntity)
	require.ErrorIs(t, orders.Update(OrderKey{"1"}).Do(dynamo.Set(total, 1)).Run(ctx, table), dynamo.ErrWrongEntity)
}

func TestCollections(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	_, err := wholeOrder.Get(ctx, table, OrderKey{"1"})
	require.EqualError(t, err, "dynamo: collect OrderView ORDER#1: Order: not found")
	require.ErrorIs(t, err, dynamo.ErrNotFound)
	require.NoError(t, lines.Put(Line{OrderID: "1", No: 1}).Run(ctx, table))
	optional := dynamo.MustCollection[OrderKey, struct {
		Order *Order
		Lines []Line
	}](orders, lines)
	view, err := optional.Get(ctx, table, OrderKey{"1"})
	require.NoError(t, err)
	require.Nil(t, view.Order)
	require.Len(t, view.Lines, 1)
	single := dynamo.MustCollection[OrderKey, struct{ Line *Line }](lines)
	require.NoError(t, lines.Put(Line{OrderID: "1", No: 2}).Run(ctx, table))
	_, err = single.Get(ctx, table, OrderKey{"1"})
	require.ErrorContains(t, err, "there are several items of Line, and the field Line holds one")

	type byProduct struct{ SKU string }
	onIndex := dynamo.MustCollectionOn[byProduct, struct{ Lines []Line }]("GSI1", lines)
	require.NoError(t, lines.Put(Line{OrderID: "2", No: 1, SKU: "p"}).Run(ctx, table))
	found, err := onIndex.Get(ctx, table, byProduct{"p"})
	require.NoError(t, err)
	require.Len(t, found.Lines, 1)
	_, err = onIndex.Get(ctx, table, byProduct{"p"}, dynamo.Consistent())
	require.ErrorIs(t, err, dynamo.ErrInvalid)

	_, err = dynamo.NewCollection[OrderKey, OrderView](orders)
	require.ErrorContains(t, err, "no entity fills the field Lines")
	_, err = dynamo.NewCollection[OrderKey, OrderView](orders, lines, accounts)
	require.ErrorContains(t, err, "Account: its partition key is ACCOUNT#{AccountID}, that of the others ORDER#{OrderID}")
	_, err = dynamo.NewCollection[AccountKey, OrderView](orders, lines)
	require.ErrorContains(t, err, "has no field OrderID")
	_, err = dynamo.NewCollection[OrderKey, OrderView]()
	require.ErrorContains(t, err, "it has no entities")
	_, err = dynamo.NewCollection[OrderKey, struct{ A, B Order }](orders)
	require.ErrorContains(t, err, "has 2 fields for it")
}

// Bounds within a unit of a truncated time, in every way to read, with fields that are
// stored in several forms.
func TestRangesOfTruncatedTimes(t *testing.T) {
	type visitKey struct{ ID string }
	type visit struct {
		visitKey
		Shop string
		At   time.Time
		Left *time.Time `dynamodbav:",unixtime"`
	}
	type inTime struct {
		Shop string
		At   dynamo.Range[time.Time]
	}
	type left struct {
		Shop string
		Left dynamo.Range[*time.Time]
	}
	model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", Indexes: []dynamo.Index{
		{Name: "day", PartitionKey: "DPK", SortKey: "DSK"}, {Name: "hour", PartitionKey: "HPK", SortKey: "HSK"}, {Name: "left", PartitionKey: "LPK", SortKey: "LSK"},
	}})
	visits := dynamo.MustEntity[visit, visitKey](model, "Visit", dynamo.Key("VISIT#{ID}"),
		dynamo.InIndex("day", "{Shop}", "{At:day}#{ID}"), dynamo.InIndex("hour", "{Shop}", "{At:hour}"), dynamo.InIndex("left", "{Shop}", "{Left:month}#{ID}"))
	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "visits", model)
	require.NoError(t, tabledef.Create(t.Context(), db.Client(), table))
	var times []time.Time
	for i := range 40 {
		at := noon.Add(time.Duration(i) * 100 * time.Minute)
		leaves := at.Add(time.Hour)
		times = append(times, at)
		require.NoError(t, visits.Create(visit{visitKey{fmt.Sprintf("%02d", i)}, "s", at, &leaves}).Run(t.Context(), table))
	}
	bounds := []time.Time{noon, noon.Add(time.Nanosecond), times[7], times[7].Add(30 * time.Minute), times[20].In(time.FixedZone("", 7*3600)), times[39].Add(time.Hour), noon.AddDate(1, 0, 0)}
	for name, r := range ranges(bounds) {
		var kind string
		var a, b int
		_, _ = fmt.Sscan(name, &kind, &a, &b)
		want := []string{}
		for i, at := range times {
			from := kind == "all" || kind == "until" || !at.Before(bounds[a])
			to := kind == "all" || kind == "since" || kind == "until" && at.Before(bounds[a]) || kind == "between" && at.Before(bounds[b]) || kind == "through" && !at.After(bounds[b])
			if from && to {
				want = append(want, fmt.Sprintf("%02d", i))
			}
		}
		for _, index := range []string{"day", "hour"} {
			q := dynamo.MustAccessPattern[inTime](visits, index).Query(inTime{"s", r})
			check := func(how string, q dynamo.Query[visit], want []string) {
				got := []string{}
				for v, err := range q.All(t.Context(), table) {
					require.NoError(t, err)
					got = append(got, v.ID)
				}
				require.Equal(t, want, got, "%s %s %s", index, name, how)
			}
			check("all", q, want)
			check("pages of 3", q.PageSize(3), want)
			check("at most 4", q.Limit(4), want[:min(4, len(want))])
			newest := slices.Clone(want)
			slices.Reverse(newest)
			check("newest", q.Newest(), newest)
			check("the newest", q.Newest().Limit(1), newest[:min(1, len(want))])
			n, err := q.Count(t.Context(), table)
			require.NoError(t, err)
			require.Equal(t, len(want), n)
			paged := []string{}
			for page, err := range q.Limit(5).Pages(t.Context(), table) {
				require.NoError(t, err)
				for _, v := range page.Items {
					paged = append(paged, v.ID)
				}
			}
			require.Equal(t, want, paged)
			first, err := q.First(t.Context(), table)
			if len(want) == 0 {
				require.ErrorIs(t, err, dynamo.ErrNotFound)
			} else {
				require.Equal(t, want[0], first.ID)
			}
		}
	}
	until := times[10].Add(time.Hour)
	n, err := dynamo.MustAccessPattern[left](visits, "left").Query(left{"s", dynamo.Until(&until)}).Count(t.Context(), table)
	require.NoError(t, err)
	require.Equal(t, 10, n)
	n, err = dynamo.MustAccessPattern[left](visits, "left").Query(left{"s", dynamo.Between[*time.Time](&times[3], nil)}).Count(t.Context(), table)
	require.NoError(t, err)
	require.Zero(t, n)

	// A cursor of one bound does not fit another in the same unit.
	byDay := dynamo.MustAccessPattern[inTime](visits, "day")
	page, err := byDay.Query(inTime{"s", dynamo.Until(times[20])}).Limit(2).Page(t.Context(), table)
	require.NoError(t, err)
	_, err = byDay.Query(inTime{"s", dynamo.Until(times[20].Add(time.Minute))}).After(page.Cursor).Page(t.Context(), table)
	require.ErrorIs(t, err, dynamo.ErrCursor)

	// One of a query whose keys tell all is what it always was: clients hold such.
	require.NotEmpty(t, page.Cursor)
	page, err = byDay.Query(inTime{"s", dynamo.Since(noon.Truncate(24 * time.Hour))}).Limit(1).Page(t.Context(), table)
	require.NoError(t, err)
	require.Equal(t, "AeStG3O5VxmPCFZJU0lUIzAwAXMNMjAyNi0wMy0wMSMwMA", page.Cursor)
}
