package xray_test

import (
	"context"
	"fmt"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

// A handler with spans. In a function, lambda.Start takes the handler and the X-Ray
// daemon of Lambda gets the spans; here a recorder reads them.
func ExampleNew() {
	rec := observetest.New(nil)
	handler := observe.Handler("orders", func(ctx context.Context, order string) (string, error) {
		_, span := observe.StartSpan(ctx, "charge")
		defer span.End()
		span.Annotate("orderId", order)
		return "ok", nil
	}, rec.Observe, func(o *observe.Options) {
		o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
	})

	ctx := observetest.Context(context.Background(), observetest.Invocation{TraceHeader: observetest.NewTraceHeader()})
	if _, err := handler(ctx, "42"); err != nil {
		fmt.Println(err)
	}
	spans := rec.Segments()
	fmt.Println(spans[0].Name, spans[0].Annotations)
	fmt.Print(rec.Tree(spans[0].TraceID))
	// Output:
	// charge map[orderId:42]
	// orders
	//   charge
}
