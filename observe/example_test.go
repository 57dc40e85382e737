package observe_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

func ExampleHandler() {
	placed := observe.MustCounter("OrdersPlaced", "Channel")
	rec := observetest.New(nil)
	handler := observe.Handler("orders", func(ctx context.Context, in awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		observe.Logger(ctx).Info("placing", zap.String("orderId", in.PathParameters["id"]))
		placed.Add(ctx, 1, "web")
		return awsevents.APIGatewayProxyResponse{StatusCode: 201}, nil
	}, rec.Observe)

	ctx := observetest.Context(context.Background(), observetest.Invocation{RequestID: "r-1", FunctionName: "place-order"})
	_, _ = handler(ctx, awsevents.APIGatewayProxyRequest{
		Headers:        map[string]string{"X-Correlation-Id": "c-1"},
		PathParameters: map[string]string{"id": "42"},
	})

	line := rec.Lines()[0]
	fmt.Println(line.Level, line.Message, line.Text("orderId"), line.Text("requestId"), line.Text("correlationId"), line.Text("coldStart"))
	fmt.Println(rec.Sum("OrdersPlaced", "service=orders", "Channel=web"), rec.Sum("ColdStart"))
	// Output:
	// INFO placing 42 r-1 c-1 true
	// 1 1
}

func ExampleEventHandler() {
	rec := observetest.New(nil)
	handler := observe.EventHandler("shipping", func(ctx context.Context, in awsevents.SQSEvent) error {
		observe.Logger(ctx).Debug("looking for a parcel") // held back until something goes wrong
		return fmt.Errorf("ship %s: %w", in.Records[0].Body, errors.New("no parcel fits"))
	}, rec.Observe, func(o *observe.Options) { o.BufferBytes = 20_000 })

	_ = handler(context.Background(), awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: "42"}}})
	for _, line := range rec.Lines() {
		fmt.Printf("%s %s: %q caused by %q\n", line.Level, line.Message, line.Text("error.message"), line.Text("error.cause.message"))
	}
	// Output:
	// DEBUG looking for a parcel: "" caused by ""
	// ERROR the invocation failed: "ship 42: no parcel fits" caused by "no parcel fits"
}

func ExampleWrap() {
	rec := observetest.New(nil)
	handler := observe.Wrap("heartbeat", func(ctx context.Context) error {
		observe.Logger(ctx).Info("still here")
		return nil
	}, rec.Observe)
	fmt.Println(handler(context.Background()), rec.Lines()[0].Message)
	// Output: <nil> still here
}

func ExampleCounter_Sets() {
	// CloudWatch aggregates by channel, and over all channels.
	placed := observe.MustCounter("OrdersPlaced", "Channel").Sets([]string{"Channel"}, nil)
	rec := observetest.New(nil)
	handler := observe.Wrap("orders", func(ctx context.Context) {
		placed.Add(ctx, 2, "web")
		placed.Add(ctx, 1, "phone")
	}, rec.Observe)
	handler(context.Background())
	fmt.Println(rec.Sum("OrdersPlaced", "Channel=web"), rec.Sum("OrdersPlaced"), rec.Metrics()[1].Sets)
	// Output: 2 3 [[service Channel] [service]]
}

func ExampleTimer_Start() {
	latency := observe.MustTimer("Latency", "Step")
	rec := observetest.New(nil)
	handler := observe.Wrap("orders", func(ctx context.Context) {
		defer latency.Start(ctx, "charge")()
		time.Sleep(2 * time.Millisecond)
	}, rec.Observe)
	handler(context.Background())
	m := rec.Metrics()[1]
	fmt.Println(m.Name, m.Unit, len(m.Values))
	// Output: Latency Milliseconds 1
}

func ExampleStartSpan() {
	rec := observetest.New(nil)
	handler := observe.Wrap("orders", func(ctx context.Context) error {
		ctx, span := observe.StartSpan(ctx, "charge")
		defer span.End()
		span.Annotate("orderId", "42")
		observe.Logger(ctx).Info("charging") // its traceId is the span's
		return nil
	}, rec.Observe, func(o *observe.Options) {
		o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
	})
	const header = "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=1"
	_ = handler(observetest.Context(context.Background(), observetest.Invocation{TraceHeader: header}))
	fmt.Print(rec.Tree("1-5e272390-8c398be037738dc042009320"))
	fmt.Println(rec.Lines()[0].Text("traceId"))
	// Output:
	// orders
	//   charge
	// 1-5e272390-8c398be037738dc042009320
}

func ExampleWithCorrelationID() {
	rec := observetest.New(nil)
	handler := observe.Wrap("stream", func(ctx context.Context) {
		ctx = observe.WithCorrelationID(ctx, "order-42") // for instance from the record at hand
		observe.Logger(ctx).Info("changed")
	}, rec.Observe)
	handler(context.Background())
	fmt.Println(rec.Lines()[0].Text("correlationId"))
	// Output: order-42
}

func ExampleGo() {
	sent := observe.MustCounter("ReceiptsSent")
	rec := observetest.New(nil)
	handler := observe.Wrap("orders", func(ctx context.Context) (string, error) {
		observe.Go(ctx, func(ctx context.Context) { // beside the rest of the handler; the invocation waits for it
			sent.Add(ctx, 1)
			panic("no printer")
		})
		return "placed", nil
	}, rec.Observe, func(o *observe.Options) { o.RecoverPanics = true })
	out, err := handler(context.Background())
	fmt.Println(out, err)
	fmt.Println(rec.Lines()[0].Level, rec.Lines()[0].Message, rec.Sum("ReceiptsSent"))
	// Output:
	// placed observe: handler panicked: no printer
	// ERROR a goroutine panicked 1
}

func ExampleSecret() {
	token := observe.Secret("s3cr3t")
	fmt.Printf("%v %q %#v %d\n", token, token, token, len(string(token)))
	// Output: [REDACTED] [REDACTED] [REDACTED] 6
}

func ExampleSetProperty() {
	placed := observe.MustCounter("OrdersPlaced")
	rec := observetest.New(nil)
	handler := observe.Wrap("orders", func(ctx context.Context) {
		observe.SetProperty(ctx, "orderId", "42") // searchable, but no dimension
		placed.Add(ctx, 1)
	}, rec.Observe)
	handler(context.Background())
	m := rec.Metrics()[1]
	fmt.Println(m.Dimensions, m.Properties["orderId"])
	// Output: map[service:orders] 42
}
