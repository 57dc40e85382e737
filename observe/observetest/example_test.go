package observetest_test

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

// A test asks for the log lines, metrics and spans that the handler had to write.
func Example() {
	placed := observe.MustCounter("OrdersPlaced", "Channel")
	place := func(ctx context.Context, order string) (string, error) { // the code under test
		_, span := observe.StartSpan(ctx, "charge")
		defer span.End()
		placed.Add(ctx, 1, "web")
		observe.Logger(ctx).Info("placed", zap.String("orderId", order))
		return "ok", nil
	}

	t := printer{} // a *testing.T in a test
	rec := observetest.New(t)
	handler := observe.Handler("orders", place, rec.Observe, func(o *observe.Options) {
		o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
	})
	ctx := observetest.Context(context.Background(), observetest.Invocation{RequestID: "r-1", TraceHeader: observetest.NewTraceHeader()})
	if _, err := handler(ctx, "42"); err != nil {
		t.Errorf("place: %v", err)
	}

	observetest.RequireMetric(t, rec, "OrdersPlaced", 1, "Channel=web")
	line := observetest.RequireLog(t, rec, "INFO", "placed", "orderId=42")
	fmt.Println("logged for request", line.Text("requestId"))
	fmt.Print(rec.Tree(observetest.RequireOneTrace(t, rec)))
	observetest.RequireMetric(t, rec, "OrdersPlaced", 2)
	// Output:
	// logged for request r-1
	// orders
	//   charge
	// observetest: the metric OrdersPlaced sums to 1, 2 is required; written were:
	//   ColdStart {functionName=function service=orders} [1] Count
	//   OrdersPlaced {Channel=web service=orders} [1] Count
}

// printer is a TB for the example: it prints failures.
type printer struct{}

func (printer) Helper()             {}
func (printer) Logf(string, ...any) {}
func (printer) Cleanup(func())      {}
func (printer) Errorf(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}
