package dynamo_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
)

func TestPutHoldsTheVersion(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	first := orders.Put(order("1", "pending", noon))
	require.NoError(t, first.Run(ctx, table))
	o := first.Stored()
	require.Equal(t, int64(1), o.Version)

	err := first.Run(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrStale)
	require.EqualError(t, err, "dynamo: put Order ORDER#1/METADATA: stale version: the item is at version 1, not 0")

	o.Status = "paid"
	second := orders.Put(o)
	require.NoError(t, second.Run(ctx, table))
	require.ErrorIs(t, orders.Put(o).Run(ctx, table), dynamo.ErrStale)
	got, err := orders.Get(ctx, table, o.OrderKey)
	require.NoError(t, err)
	require.Equal(t, second.Stored(), got)

	require.ErrorIs(t, orders.DeleteExisting(o).Run(ctx, table), dynamo.ErrStale)
	require.ErrorIs(t, orders.Delete(o.OrderKey).AtVersion(1).Run(ctx, table), dynamo.ErrStale)
	require.ErrorIs(t, orders.Replace(o, o).Run(ctx, table), dynamo.ErrStale)
	require.NoError(t, orders.DeleteExisting(got).Run(ctx, table))
	err = orders.Put(got).Run(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrNotFound)
	require.ErrorIs(t, err, dynamo.ErrStale)
}

func TestPutUnderConditions(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	a := Account{AccountID: "a", Balance: 5, Owner: Owner{Name: "Ann"}}
	require.NoError(t, accounts.Put(a).Run(ctx, table))
	name := dynamo.MustField[string](accounts, "Owner.Name")
	for _, tc := range []struct {
		name string
		c    dynamo.Condition[Account]
		want bool
	}{
		{"equal", balance.Equal(5), true},
		{"not equal", balance.NotEqual(5), false},
		{"less", balance.LessThan(6), true},
		{"at most", balance.AtMost(4), false},
		{"more", balance.MoreThan(4), true},
		{"at least", balance.AtLeast(6), false},
		{"between", balance.Between(5, 6), true},
		{"in", balance.In(1, 5), true},
		{"not in", dynamo.Not(balance.In(1, 5)), false},
		{"exists", balance.Exists(), true},
		{"missing", balance.Missing(), false},
		{"nested", name.BeginsWith("A"), true},
		{"contains", name.Contains("nn"), true},
		{"all", dynamo.All(balance.Equal(5), name.Equal("Bob")), false},
		{"any", dynamo.Any(balance.Equal(4), name.Equal("Ann")), true},
		{"any of all", dynamo.Any(dynamo.All(balance.Equal(4), name.Equal("Ann")), dynamo.All(balance.Equal(5), name.Equal("Ann"))), true},
		{"all of any", dynamo.All(dynamo.Any(balance.Equal(4), name.Equal("Ann")), dynamo.Any(balance.Equal(4), name.Equal("Bob"))), false},
		{"any before", dynamo.All(dynamo.Any(balance.Equal(5), balance.Equal(4)), name.Equal("Bob")), false},
		{"not any of two", dynamo.Not(dynamo.Any(balance.Equal(4), name.Equal("Ann"))), false},
		{"not any", dynamo.Not(dynamo.Any(balance.Equal(4), name.Equal("Bob"))), true},
		{"not not", dynamo.Not(dynamo.Not(balance.Equal(5))), true},
		{"one of one", dynamo.All(dynamo.Any(balance.Equal(5))), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := accounts.Put(a).If(tc.c).Run(ctx, table)
			if tc.want {
				require.NoError(t, err)
				require.NoError(t, table.Transact(ctx, accounts.Check(AccountKey{"a"}).If(tc.c)))
				return
			}
			require.ErrorIs(t, err, dynamo.ErrConditionFailed)
			oe, ok := errors.AsType[*dynamo.OpError](err)
			require.True(t, ok)
			got, ok := accounts.Existing(oe.Reason)
			require.True(t, ok)
			require.Equal(t, a, got)
			var sdk *types.ConditionalCheckFailedException
			require.ErrorAs(t, err, &sdk)
		})
	}
}

func TestUpdateActions(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	o := order("1", "pending", noon)
	o.Tags, o.Notes = []string{"a"}, []string{"n"}
	require.NoError(t, orders.Create(o).Run(ctx, table))
	got, err := orders.Update(o.OrderKey).
		Do(dynamo.Add(total, 5), dynamo.Append(notes, "m", "o")).
		Do(dynamo.Include(tags, "b", "c")).
		If(total.Equal(100)).Return(ctx, table)
	require.NoError(t, err)
	require.Equal(t, int64(105), got.Total)
	require.Equal(t, []string{"n", "m", "o"}, got.Notes)
	require.ElementsMatch(t, []string{"a", "b", "c"}, got.Tags)
	require.Equal(t, int64(2), got.Version)

	got, err = orders.Update(o.OrderKey).AtVersion(2).
		Do(dynamo.Exclude(tags, "a"), dynamo.SetIfAbsent(total, 1), dynamo.Remove(notes)).Return(ctx, table)
	require.NoError(t, err)
	require.Equal(t, int64(105), got.Total)
	require.Nil(t, got.Notes)
	require.ElementsMatch(t, []string{"b", "c"}, got.Tags)

	got, err = orders.Update(o.OrderKey).Do(dynamo.Set(tags, nil)).Return(ctx, table)
	require.NoError(t, err, "an empty set is left out, as its tag says")
	require.Empty(t, got.Tags)

	_, err = orders.Update(o.OrderKey).AtVersion(2).Do(dynamo.Set(total, 1)).Return(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrStale)
	require.EqualError(t, err, "dynamo: update Order ORDER#1/METADATA: stale version: the item is at version 4, not 2")
	err = orders.Update(OrderKey{"9"}).Do(dynamo.Set(total, 1)).Run(ctx, table)
	require.EqualError(t, err, "dynamo: update Order ORDER#9/METADATA: not found")
	require.ErrorIs(t, err, dynamo.ErrNotFound)
	_, err = orders.Get(ctx, table, OrderKey{"9"})
	require.ErrorIs(t, err, dynamo.ErrNotFound, "an update makes no item")
}

func TestNestedFields(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	age := dynamo.MustField[int](accounts, "Owner.Age")
	require.NoError(t, accounts.Create(Account{AccountID: "a"}).Run(ctx, table))
	got, err := accounts.Update(AccountKey{"a"}).Do(dynamo.Add(age, 2)).Return(ctx, table)
	require.NoError(t, err)
	require.Equal(t, 2, got.Owner.Age)
	_, err = dynamo.NewField[int](accounts, "Owner.Nme")
	require.EqualError(t, err, `dynamo: field Owner.Nme of Account: dynamo_test.Owner has no stored field "Nme" (it has Name, Age)`)
	_, err = dynamo.NewField[int](accounts, "Balance")
	require.EqualError(t, err, "dynamo: field Balance of Account: its type is int64, not int")
	_, err = dynamo.NewField[int](accounts, "Balance.X")
	require.ErrorContains(t, err, "int64 is not a struct")
}

func TestUpsertMakesTheItem(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	for want := int64(5); want <= 10; want += 5 {
		got, err := accounts.Upsert(AccountKey{"a"}).Do(dynamo.Add(balance, 5)).Return(ctx, table)
		require.NoError(t, err)
		require.Equal(t, Account{AccountID: "a", Balance: want}, got)
	}
	require.NoError(t, orders.Upsert(OrderKey{"1"}).Do(dynamo.Set(status, "new"), dynamo.Set(placedAt, noon)).Run(ctx, table))
	require.Equal(t, []string{"1"}, ids(t, ordersByStatus.Query(ByStatus{Status: "new"}), table), "it is in its index")
	got, err := orders.Get(ctx, table, OrderKey{"1"})
	require.NoError(t, err)
	require.Equal(t, int64(1), got.Version)
}

func TestUpdateKeepsIndexesRightOrIsRefused(t *testing.T) {
	m := schema(t)
	type ticketKey struct{ ID string }
	type ticket struct {
		ID, Team, State string
		Rank            int
		At              time.Time
	}
	tickets := dynamo.MustEntity[ticket, ticketKey](m, "Ticket", dynamo.Key("TICKET#{ID}", "TICKET"),
		dynamo.InIndex("GSI1", "TEAM#{Team}#{State}", "{Rank:03}#{ID}"), dynamo.InIndex("LSI1", "{At}"))
	team, state := dynamo.MustField[string](tickets, "Team"), dynamo.MustField[string](tickets, "State")
	rank, at := dynamo.MustField[int](tickets, "Rank"), dynamo.MustField[time.Time](tickets, "At")
	table := dynamo.New(noClient{}, "t", m)
	update := func(u dynamo.Update[ticket]) (string, error) {
		items, err := table.Items(u)
		if err != nil {
			return "", err
		}
		text := *items[0].Update.UpdateExpression
		for placeholder, name := range items[0].Update.ExpressionAttributeNames {
			text = strings.ReplaceAll(text, placeholder, name)
		}
		for placeholder, v := range items[0].Update.ExpressionAttributeValues {
			text = strings.ReplaceAll(text, placeholder, value(v))
		}
		return text, nil
	}
	one := tickets.Update(ticketKey{"1"})

	_, err := update(one.Do(dynamo.Set(state, "done")))
	require.EqualError(t, err, "dynamo: update Ticket TICKET#1/TICKET: Team is not known, and the key GSI1PK of index GSI1 is TEAM#{Team}#{State}: "+
		"Set it, compare it with Equal in If, or use Modify")
	require.ErrorIs(t, err, dynamo.ErrInvalid)
	_, err = update(one.Do(dynamo.Add(rank, 1)))
	require.ErrorContains(t, err, "Rank is not known, and the key GSI1SK")
	_, err = update(one.Do(dynamo.Set(state, "done")).If(dynamo.Any(team.Equal("x"), team.Equal("y"))))
	require.ErrorContains(t, err, "Team is not known")

	got, err := update(one.Do(dynamo.Set(state, "done")).If(team.Equal("x")))
	require.NoError(t, err)
	require.Equal(t, "SET State = done, GSI1PK = TEAM#x#done", got)
	got, err = update(one.Do(dynamo.Set(state, "done"), dynamo.Set(team, "y")))
	require.NoError(t, err)
	require.Equal(t, "SET State = done, Team = y, GSI1PK = TEAM#y#done", got)
	got, err = update(one.Do(dynamo.Set(rank, 7)))
	require.NoError(t, err)
	require.Equal(t, "SET Rank = 7, GSI1SK = 007#1", got)
	got, err = update(one.Do(dynamo.Remove(at)))
	require.NoError(t, err)
	require.Equal(t, "REMOVE At, LSI1SK", got)
	_, err = update(one.Do(dynamo.Set(rank, 1000)))
	require.ErrorContains(t, err, "Rank is 1000, the key has room for 3 digits")
}

func value(v types.AttributeValue) string {
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return text(v)
}

func TestUpdatesThatAreRefused(t *testing.T) {
	table, _ := newTable(t)
	id := dynamo.MustField[string](orders, "OrderID")
	version := dynamo.MustField[int64](orders, "Version")
	owner := dynamo.MustField[Owner](accounts, "Owner")
	age := dynamo.MustField[int](accounts, "Owner.Age")
	var none dynamo.Field[Order, int64]
	up, account := orders.Update(OrderKey{"1"}), accounts.Update(AccountKey{"a"})
	for name, tc := range map[string]struct {
		op   dynamo.Write
		want string
	}{
		"nothing":       {up, "the update has nothing to Do"},
		"zero action":   {up.Do(dynamo.Action[Order]{}), "an action is the zero Action"},
		"zero field":    {up.Do(dynamo.Set(none, 1)), "no entity: it is the zero Field"},
		"zero cond":     {up.Do(dynamo.Set(total, 1)).If(dynamo.Condition[Order]{}), "a condition is the zero Condition"},
		"empty all":     {up.Do(dynamo.Set(total, 1)).If(dynamo.All[Order]()), "combines no conditions with AND"},
		"empty in":      {up.Do(dynamo.Set(total, 1)).If(total.In()), "Total is compared with 0 values by In, which takes 1 to 100"},
		"many in":       {up.Do(dynamo.Set(total, 1)).If(total.In(make([]int64, 101)...)), "101 values"},
		"key":           {up.Do(dynamo.Set(id, "2")), "OrderID is part of the key, which never changes"},
		"version":       {up.Do(dynamo.Set(version, 2)), "Version is the version"},
		"twice":         {up.Do(dynamo.Set(total, 2), dynamo.Add(total, 1)), "Total is changed twice"},
		"inside":        {account.Do(dynamo.Set(owner, Owner{}), dynamo.Add(age, 1)), "Owner.Age is changed twice (the other change is of Owner)"},
		"unique":        {users.Update(UserKey{"1"}).Do(dynamo.Set(email, "x")), `Email is in the unique value "{Email:lower}"`},
		"no version":    {account.Do(dynamo.Add(balance, 1)).AtVersion(1), "Account has no version"},
		"order of list": {up.Do(dynamo.Set(total, 1)).If(notes.AtLeast(nil)), "Notes is compared by order"},
		"empty include": {up.Do(dynamo.Include(tags)), "Tags is not stored as a set of at least one element"},
		"list include":  {up.Do(dynamo.Include(notes, "x")), "Notes is not stored as a set"},
		"set append":    {up.Do(dynamo.Append(tags, "x")), "Tags is not stored as a list"},
		"utf8":          {up.Do(dynamo.Append(notes, "\xff")), "Notes[0] is not valid UTF-8"},
		"long":          {up.Do(dynamo.Set(total, 1)).If(dynamo.Any(manyConditions(600)...)), "the condition is an expression of "},
		"put unique":    {users.Put(User{UserID: "1"}), "use Create or Replace"},
		"delete unique": {users.Delete(UserKey{"1"}), "use DeleteExisting"},
		"replace key":   {users.Replace(User{UserID: "1"}, User{UserID: "2"}), "the key of the new value is USER#2/PROFILE, that of the old one USER#1/PROFILE"},
		"big":           {accounts.Put(Account{AccountID: "a", Owner: Owner{Name: strings.Repeat("x", 410_000)}}), "the item is 410"},
	} {
		_, err := table.Items(tc.op)
		require.ErrorContains(t, err, tc.want, name)
		require.ErrorIs(t, err, dynamo.ErrInvalid, name)
	}
}

func manyConditions(n int) []dynamo.Condition[Order] {
	out := make([]dynamo.Condition[Order], n)
	for i := range out {
		out[i] = total.Equal(int64(i))
	}
	return out
}

func TestOperationsAreImmutable(t *testing.T) {
	table, _ := newTable(t)
	base := orders.Update(OrderKey{"1"}).Do(dynamo.Set(total, 1)).Do(dynamo.Append(notes, "x")).Do(dynamo.Remove(extra)).
		If(total.Exists()).If(total.AtLeast(0)).If(total.AtMost(9)) // 3 of a slice that has room for 4
	a, b := base.Do(dynamo.Set(status, "a")), base.Do(dynamo.Remove(tags))
	c, d := base.If(status.Equal("c")), base.If(status.Missing())
	texts := map[string]bool{}
	for _, op := range []dynamo.Update[Order]{base, a, b, c, d} {
		items, err := table.Items(op)
		require.NoError(t, err)
		texts[*items[0].Update.UpdateExpression+*items[0].Update.ConditionExpression] = true
	}
	require.Len(t, texts, 5)

	q := ordersByStatus.Query(ByStatus{Status: "s"}).Filter(total.Exists()).Filter(total.AtLeast(0))
	q1, q2 := q.Filter(notes.Exists()), q.Filter(notes.Missing())
	require.NotEqual(t, q1, q2)

	elements := []string{"x"}
	op := base.Do(dynamo.Include(tags, elements...))
	elements[0] = "y"
	items, err := table.Items(op)
	require.NoError(t, err)
	require.Contains(t, items[0].Update.ExpressionAttributeValues, ":3")
	for _, v := range items[0].Update.ExpressionAttributeValues {
		if set, ok := v.(*types.AttributeValueMemberSS); ok {
			require.Equal(t, []string{"x"}, set.Value)
		}
	}
}

func TestUniqueValuesSurviveReplaceAndDelete(t *testing.T) {
	ctx := t.Context()
	table, _ := newTable(t)
	ann := User{UserID: "1", Email: "Ann@x.org", Name: "Ann"}
	require.NoError(t, users.Create(ann).Run(ctx, table))
	bob := User{UserID: "2", Email: "ann@X.org"}
	err := users.Create(bob).Run(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrNotUnique)
	require.NotErrorIs(t, err, dynamo.ErrExists)
	require.EqualError(t, err, "dynamo: create User USER#2/PROFILE: value is taken: {Email:lower}")
	require.ErrorIs(t, users.Create(ann).Run(ctx, table), dynamo.ErrExists)

	moved := ann
	moved.Email = "ann@y.org"
	require.NoError(t, users.Replace(ann, moved).Run(ctx, table))
	require.NoError(t, users.Create(bob).Run(ctx, table), "the old value is free")
	require.ErrorIs(t, users.Replace(ann, moved).Run(ctx, table), dynamo.ErrConditionFailed, "old is not what is stored")
	taken := bob
	taken.Email = "Ann@y.org"
	require.ErrorIs(t, users.Replace(bob, taken).Run(ctx, table), dynamo.ErrNotUnique)
	renamed := moved
	renamed.Name = "Anna"
	require.NoError(t, users.Replace(moved, renamed).Run(ctx, table), "the same value is no conflict")

	require.ErrorIs(t, users.DeleteExisting(ann).Run(ctx, table), dynamo.ErrConditionFailed)
	unclaimed := renamed
	unclaimed.Email = ""
	require.ErrorIs(t, users.DeleteExisting(unclaimed).Run(ctx, table), dynamo.ErrConditionFailed, "its claim would stay behind")
	require.ErrorIs(t, users.Replace(unclaimed, renamed).Run(ctx, table), dynamo.ErrConditionFailed)
	require.NoError(t, users.DeleteExisting(renamed).Run(ctx, table))
	require.NoError(t, users.Replace(bob, taken).Run(ctx, table), "the deleted value is free")
	none := User{UserID: "3"}
	require.NoError(t, users.Create(none).Run(ctx, table))
	require.NoError(t, users.Create(User{UserID: "4"}).Run(ctx, table), "an empty value claims nothing")
	require.ErrorIs(t, users.DeleteExisting(User{UserID: "9", Email: "q"}).Run(ctx, table), dynamo.ErrNotFound)
}

func TestExpiredItemsAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, _ := newTable(t)
		s := Session{Token: "x", User: "ann", Expires: time.Now().Add(time.Hour)}
		require.NoError(t, sessions.Create(s).Run(ctx, table))
		require.NoError(t, sessions.Create(Session{Token: "forever"}).Run(ctx, table))
		user := dynamo.MustField[string](sessions, "User")
		require.ErrorIs(t, sessions.Create(s).Run(ctx, table), dynamo.ErrExists)
		got, err := sessions.Get(ctx, table, SessionKey{"x"})
		require.NoError(t, err)
		require.True(t, s.Expires.Equal(got.Expires))

		time.Sleep(time.Hour)
		_, err = sessions.Get(ctx, table, SessionKey{"x"})
		require.ErrorIs(t, err, dynamo.ErrNotFound)
		forever, err := sessions.Get(ctx, table, SessionKey{"forever"})
		require.NoError(t, err)
		require.True(t, forever.Expires.IsZero())
		many, err := sessions.GetMany(ctx, table, []SessionKey{{"x"}, {"forever"}})
		require.NoError(t, err)
		require.Nil(t, many[0])
		require.NotNil(t, many[1])
		err = sessions.Update(SessionKey{"x"}).Do(dynamo.Set(user, "bob")).Run(ctx, table)
		require.ErrorIs(t, err, dynamo.ErrNotFound)
		require.ErrorContains(t, err, "it has expired")
		s.Expires = time.Now().Add(time.Hour)
		require.NoError(t, sessions.Create(s).Run(ctx, table), "the key is free again")
	})
}

func TestModifyOfManyWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, _ := newTable(t, func(o *dynamo.Options) { o.Attempts = 100 })
		require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := orders.Modify(ctx, table, OrderKey{"1"}, func(o *Order) error {
					o.Total++
					return nil
				})
				require.NoError(t, err)
			})
		}
		wg.Wait()
		got, err := orders.Get(ctx, table, OrderKey{"1"})
		require.NoError(t, err)
		require.Equal(t, int64(110), got.Total)
		require.Equal(t, int64(11), got.Version)
	})
}

func TestModifyIsAppliedOnceThoughTheAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
		db.DropReply("TransactWriteItems").Times(2)
		db.DropReply("PutItem").Times(2)
		got, err := orders.Modify(ctx, table, OrderKey{"1"}, func(o *Order) error { o.Total++; return nil })
		require.NoError(t, err)
		require.Equal(t, int64(101), got.Total)
		got, err = orders.Get(ctx, table, OrderKey{"1"})
		require.NoError(t, err)
		require.Equal(t, int64(101), got.Total)
		require.Equal(t, int64(2), got.Version)

		db.DropReply("TransactWriteItems").Times(2)
		require.NoError(t, table.Transact(ctx, orders.Update(OrderKey{"1"}).Do(dynamo.Add(total, 1))))
		got, err = orders.Get(ctx, table, OrderKey{"1"})
		require.NoError(t, err)
		require.Equal(t, int64(102), got.Total)
	})
}

func TestModifyKeepsWhatItDoesNotKnow(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, orders.Create(order("1", "s", noon)).Run(ctx, table))
	setRaw(t, db, "ORDER#1", "METADATA", "Future", "kept")
	stored, err := orders.Modify(ctx, table, OrderKey{"1"}, func(o *Order) error { o.Status = "t"; return nil })
	require.NoError(t, err)
	require.Equal(t, int64(2), stored.Version)
	require.Equal(t, "kept", text(getRaw(t, db, "ORDER#1", "METADATA")["Future"]))

	boom := errors.New("boom")
	_, err = orders.Modify(ctx, table, OrderKey{"1"}, func(*Order) error { return boom })
	require.ErrorIs(t, err, boom)
	_, err = orders.Modify(ctx, table, OrderKey{"9"}, func(*Order) error { return nil })
	require.ErrorIs(t, err, dynamo.ErrNotFound)
	_, err = orders.Modify(ctx, table, OrderKey{"1"}, func(o *Order) error { o.OrderID = "2"; return nil })
	require.ErrorIs(t, err, dynamo.ErrInvalid)
	_, err = accounts.Modify(ctx, table, AccountKey{"1"}, func(*Account) error { return nil })
	require.ErrorContains(t, err, `Account has no version: tag a field dynamo:"version"`)
}

func TestTransactionsInConflictAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		table, db := newTable(t)
		conflict := canceled("TransactionConflict", "None")
		db.Fail("TransactWriteItems", conflict).Times(3)
		start := time.Now()
		require.NoError(t, table.Transact(ctx, accounts.Create(Account{AccountID: "a"}), accounts.Create(Account{AccountID: "b"})))
		require.Len(t, db.Calls("TransactWriteItems"), 4)
		require.Positive(t, time.Since(start))

		db.Fail("TransactWriteItems", conflict).Times(100)
		err := table.Transact(ctx, accounts.Create(Account{AccountID: "c"}), accounts.Create(Account{AccountID: "d"}))
		require.ErrorIs(t, err, dynamo.ErrConflict)
		require.Len(t, db.Calls("TransactWriteItems"), 12)

		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		err = table.Transact(ctx, accounts.Create(Account{AccountID: "c"}), accounts.Create(Account{AccountID: "d"}))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestTransactionLimits(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, table.Transact(ctx))
	a := Account{AccountID: "a"}
	err := table.Transact(ctx, accounts.Create(a), accounts.Check(AccountKey{"a"}), nil)
	require.ErrorContains(t, err, "create Account ACCOUNT#a/BALANCE and check Account ACCOUNT#a/BALANCE write one item")
	require.ErrorContains(t, err, "operation 2 is nil")
	var many []dynamo.Write
	for i := range 101 {
		many = append(many, lines.Create(Line{OrderID: "1", No: i}))
	}
	require.ErrorContains(t, table.Transact(ctx, many...), "the transaction has 101 items, the limit is 100")
	many = nil
	for i := range 11 {
		many = append(many, lines.Create(Line{OrderID: "1", No: i, SKU: "s"}))
		many = append(many, accounts.Put(Account{AccountID: string(rune('a' + i)), Owner: Owner{Name: strings.Repeat("x", 390_000)}}))
	}
	require.ErrorContains(t, table.Transact(ctx, many...), "the limit is 4194304 bytes")
	require.Empty(t, db.Calls("TransactWriteItems"), "nothing was sent")

	require.NoError(t, table.TransactOnce(ctx, "token-1", accounts.Create(a)))
	require.NoError(t, table.TransactOnce(ctx, "token-1", accounts.Create(a)), "the same token has no second effect")
	require.ErrorContains(t, table.TransactOnce(ctx, "", accounts.Create(a)), "token is 0 characters long")
}

func TestExplainAnErrorOfTheCallersTransaction(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	require.NoError(t, accounts.Create(Account{AccountID: "a", Balance: 3}).Run(ctx, table))
	op := accounts.Update(AccountKey{"a"}).Do(dynamo.Add(balance, -5)).If(balance.AtLeast(5))
	items, err := table.Items(op)
	require.NoError(t, err)
	_, err = db.Client().TransactWriteItems(ctx, transaction(items))
	te, ok := errors.AsType[*dynamo.TransactionError](table.Explain(err, op))
	require.True(t, ok)
	got, ok := accounts.Existing(te.Reasons[0])
	require.True(t, ok)
	require.Equal(t, int64(3), got.Balance)
	require.Equal(t, context.Canceled, table.Explain(context.Canceled, op), "another error is left as it is")
}

func TestAnotherModelsEntityIsRefused(t *testing.T) {
	ctx := t.Context()
	table := dynamo.New(noClient{}, "t", schema(t))
	_, err := orders.Get(ctx, table, OrderKey{"1"})
	require.EqualError(t, err, "dynamo: get Order ORDER#1/METADATA: Order belongs to another model than the table t")
	require.ErrorIs(t, orders.Put(Order{OrderKey: OrderKey{"1"}}).Run(ctx, table), dynamo.ErrInvalid)
	_, err = ordersByStatus.Query(ByStatus{Status: "x"}).First(ctx, table)
	require.ErrorIs(t, err, dynamo.ErrInvalid)
	_, err = wholeOrder.Get(ctx, table, OrderKey{"1"})
	require.ErrorIs(t, err, dynamo.ErrInvalid)
	require.Panics(t, func() { dynamo.New(nil, "t", store) })
}

func TestTimesAreStoredInOrder(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	o := order("1", "s", noon.In(time.FixedZone("CET", 3600)))
	require.NoError(t, orders.Create(o).Run(ctx, table))
	require.Equal(t, "2026-03-01T12:00:00.000000000Z", text(getRaw(t, db, "ORDER#1", "METADATA")["PlacedAt"]))
	check := func(c dynamo.Condition[Order]) error { return table.Transact(ctx, orders.Check(o.OrderKey).If(c)) }
	require.NoError(t, check(placedAt.Equal(noon)), "whatever the zone")
	require.NoError(t, check(placedAt.LessThan(noon.Add(time.Millisecond))), "whatever the fraction")
	require.ErrorIs(t, check(placedAt.MoreThan(noon.Add(time.Nanosecond))), dynamo.ErrConditionFailed)
	o.PlacedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	require.ErrorIs(t, orders.Put(o).Run(ctx, table), dynamo.ErrInvalid)
}

func TestAnExpiryCanBeTakenAway(t *testing.T) {
	ctx := t.Context()
	table, db := newTable(t)
	expires := dynamo.MustField[time.Time](sessions, "Expires")
	require.NoError(t, sessions.Create(Session{Token: "y"}).Run(ctx, table))
	require.NotContains(t, getRaw(t, db, "SESSION#y", "SESSION"), "ExpiresAt")
	require.NoError(t, sessions.Create(Session{Token: "x", Expires: time.Now().Add(time.Hour)}).Run(ctx, table))
	require.NoError(t, sessions.Update(SessionKey{"x"}).Do(dynamo.Set(expires, time.Now().Add(2*time.Hour))).Run(ctx, table))
	require.Contains(t, getRaw(t, db, "SESSION#x", "SESSION"), "ExpiresAt")
	require.NoError(t, sessions.Update(SessionKey{"x"}).Do(dynamo.Set(expires, time.Time{})).Run(ctx, table))
	require.NotContains(t, getRaw(t, db, "SESSION#x", "SESSION"), "ExpiresAt")
	_, err := sessions.Get(ctx, table, SessionKey{"x"})
	require.NoError(t, err)
}
