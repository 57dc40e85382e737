package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

// open returns a table of the model in an in-process DynamoDB.
func open() (context.Context, *dynamo.Table) {
	ctx := context.Background()
	db := dynamotest.New(nil)
	table := dynamo.New(db.Client(), "store", store)
	if err := tabledef.Create(ctx, db.Client(), table); err != nil {
		panic(err)
	}
	return ctx, table
}

func Example() {
	type NoteKey struct{ Author, Title string }
	type Note struct {
		NoteKey
		Text string
	}
	model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK"})
	entity := dynamo.MustEntity[Note, NoteKey](model, "Note", dynamo.Key("AUTHOR#{Author}", "NOTE#{Title}"))
	byAuthor := dynamo.MustAccessPattern[struct{ Author string }](entity, "")

	ctx := context.Background()
	db := dynamotest.New(nil)
	table := dynamo.New(db.Client(), "notes", model)
	if err := tabledef.Create(ctx, db.Client(), table); err != nil {
		fmt.Println(err)
	}
	for _, title := range []string{"Monday", "Friday"} {
		if err := entity.Create(Note{NoteKey{"ann", title}, "…"}).Run(ctx, table); err != nil {
			fmt.Println(err)
		}
	}
	for n, err := range byAuthor.Query(struct{ Author string }{"ann"}).All(ctx, table) {
		fmt.Println(n.Title, err)
	}
	_, err := entity.Get(ctx, table, NoteKey{"ann", "Sunday"})
	fmt.Println(err)
	// Output:
	// Friday <nil>
	// Monday <nil>
	// dynamo: get Note AUTHOR#ann/NOTE#Sunday: not found
}

func ExampleTable_Transact() {
	ctx, table := open()
	_ = accounts.Create(Account{AccountID: "from", Balance: 30}).Run(ctx, table)
	_ = accounts.Create(Account{AccountID: "to"}).Run(ctx, table)

	transfer := func(amount int64) error {
		return table.Transact(ctx,
			accounts.Update(AccountKey{"from"}).Do(dynamo.Add(balance, -amount)).If(balance.AtLeast(amount)),
			accounts.Update(AccountKey{"to"}).Do(dynamo.Add(balance, amount)))
	}
	fmt.Println(transfer(20))
	err := transfer(20)
	fmt.Println(err)
	if te, ok := errors.AsType[*dynamo.TransactionError](err); ok {
		left, _ := accounts.Existing(te.Reasons[0])
		fmt.Println("left:", left.Balance)
	}
	// Output:
	// <nil>
	// dynamo: transact: update Account ACCOUNT#from/BALANCE: condition failed
	// left: 10
}

func ExampleAccessPattern_Query() {
	ctx, table := open()
	for i, id := range []string{"1", "2", "3"} {
		_ = orders.Create(order(id, "pending", noon.Add(time.Duration(i)*time.Hour))).Run(ctx, table)
	}
	since := dynamo.Since(noon.Add(30 * time.Minute))
	for o, err := range ordersByStatus.Query(ByStatus{Status: "pending", PlacedAt: since}).Newest().All(ctx, table) {
		fmt.Println(o.OrderID, err)
	}
	// Output:
	// 3 <nil>
	// 2 <nil>
}

func ExampleQuery_Page() {
	ctx, table := open()
	for i := range 3 {
		_ = lines.Put(Line{OrderID: "42", No: i + 1}).Run(ctx, table)
	}
	query := orderLines.Query(OrderKey{"42"}).Limit(2)
	page, _ := query.Page(ctx, table)
	fmt.Println(len(page.Items), page.Cursor != "")
	page, _ = query.After(page.Cursor).Page(ctx, table)
	fmt.Println(len(page.Items), page.Cursor != "")
	_, err := orderLines.Query(OrderKey{"43"}).After("bm8").Page(ctx, table)
	fmt.Println(errors.Is(err, dynamo.ErrCursor))
	// Output:
	// 2 true
	// 1 false
	// true
}

func ExampleCollection_Get() {
	ctx, table := open()
	_ = table.Transact(ctx,
		orders.Create(order("42", "pending", noon)),
		lines.Create(Line{OrderID: "42", No: 1, SKU: "tea"}),
		lines.Create(Line{OrderID: "42", No: 2, SKU: "cup"}))
	view, err := wholeOrder.Get(ctx, table, OrderKey{"42"})
	fmt.Println(view.Order.Status, view.Lines[0].SKU, view.Lines[1].SKU, err)
	// Output: pending tea cup <nil>
}

func ExampleEntity_Update() {
	ctx, table := open()
	_ = orders.Create(order("42", "pending", noon)).Run(ctx, table)
	o, err := orders.Update(OrderKey{"42"}).
		Do(dynamo.Set(status, "paid"), dynamo.Add(total, 5)).
		If(status.Equal("pending")).
		Return(ctx, table)
	fmt.Println(o.Status, o.Total, o.Version, err)
	err = orders.Update(OrderKey{"43"}).Do(dynamo.Set(status, "paid")).Run(ctx, table)
	fmt.Println(err)
	// Output:
	// paid 105 2 <nil>
	// dynamo: update Order ORDER#43/METADATA: not found
}

func ExampleEntity_Modify() {
	ctx, table := open()
	_ = orders.Create(order("42", "pending", noon)).Run(ctx, table)
	o, err := orders.Modify(ctx, table, OrderKey{"42"}, func(o *Order) error {
		if o.Status != "pending" {
			return errors.New("too late")
		}
		o.Status = "canceled"
		return nil
	})
	fmt.Println(o.Status, o.Version, err)
	// Output: canceled 2 <nil>
}

func ExampleUnique() {
	ctx, table := open()
	ann := User{UserID: "1", Email: "ann@example.org"}
	fmt.Println(users.Create(ann).Run(ctx, table))
	err := users.Create(User{UserID: "2", Email: "Ann@example.org"}).Run(ctx, table)
	fmt.Println(err)
	moved := ann
	moved.Email = "ann@example.com"
	fmt.Println(users.Replace(ann, moved).Run(ctx, table))
	fmt.Println(users.Create(User{UserID: "2", Email: "Ann@example.org"}).Run(ctx, table))
	// Output:
	// <nil>
	// dynamo: create User USER#2/PROFILE: value is taken: {Email:lower}
	// <nil>
	// <nil>
}

func ExampleTable_Batch() {
	ctx, table := open()
	var ops []dynamo.BatchWrite
	for i := range 30 {
		ops = append(ops, lines.Put(Line{OrderID: "42", No: i}))
	}
	fmt.Println(table.Batch(ctx, ops...))
	n, err := orderLines.Query(OrderKey{"42"}).Count(ctx, table)
	fmt.Println(n, err)
	// Output:
	// <nil>
	// 30 <nil>
}
