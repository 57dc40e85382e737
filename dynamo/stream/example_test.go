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
