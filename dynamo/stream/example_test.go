package stream_test

import (
	"context"
	"fmt"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

func ExampleHandler() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	table := dynamo.New(db.Client(), "store", store)
	_ = tabledef.Create(ctx, db.Client(), table)
	handler := stream.MustHandler(store,
		stream.OnChange(orders, func(_ context.Context, c stream.Change[Order]) error {
			fmt.Println(c.Kind, c.New.OrderID, c.New.Status)
			return nil
		}),
		stream.Relay(mail, func(_ context.Context, messages []Mail) []error {
			fmt.Println("send", messages)
			return nil
		}))

	_ = table.Transact(ctx, orders.Create(order("42", "pending", noon)), mail.Send("42", Mail{To: "ann", Text: "thank you"}))
	_ = orders.Update(OrderKey{"42"}).Do(dynamo.Set(status, "paid")).Run(ctx, table)
	mapping := db.NewMapping("store", dynamotest.Func(handler.Handle), func(o *dynamotest.MappingOptions) {
		o.ReportBatchItemFailures = true
	})
	_ = mapping.Drain(ctx)
	// Output:
	// INSERT 42 pending
	// send [{ann thank you}]
	// MODIFY 42 paid
}

// A view of how many orders have each status: every change is applied once, although
// Lambda may deliver it several times.
func ExampleProject() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	table := dynamo.New(db.Client(), "store", store)
	views := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})
	summaries := dynamo.MustEntity[summary, summaryKey](views, "Summary", dynamo.Key("SUMMARY#{Status}"))
	viewTable := dynamo.New(db.Client(), "views", views)
	_ = tabledef.Create(ctx, db.Client(), table)
	_ = tabledef.Create(ctx, db.Client(), viewTable)

	keyOf := func(o Order) (summaryKey, bool) { return summaryKey{o.Status}, true }
	apply := func(s *summary, c stream.Change[Order]) error {
		if c.Old != nil {
			s.Orders--
		}
		if c.New != nil {
			s.Orders++
		}
		return nil
	}
	handler := stream.MustHandler(store, stream.Project(orders, stream.MustView(viewTable, summaries), keyOf, apply))

	_ = orders.Create(order("1", "pending", noon)).Run(ctx, table)
	_ = orders.Create(order("2", "pending", noon)).Run(ctx, table)
	_ = orders.Update(OrderKey{"1"}).Do(dynamo.Set(status, "paid"), dynamo.Set(placedAt, noon)).Run(ctx, table)
	for range 2 { // as if Lambda delivered everything twice
		_ = db.NewMapping("store", dynamotest.Func(handler.Handle), func(o *dynamotest.MappingOptions) {
			o.ReportBatchItemFailures = true
		}).Drain(ctx)
	}
	for _, status := range []string{"pending", "paid"} {
		s, err := summaries.Get(ctx, viewTable, summaryKey{status})
		fmt.Println(s.Status, s.Orders, err)
	}
	// Output:
	// pending 1 <nil>
	// paid 1 <nil>
}
