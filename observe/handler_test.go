package observe_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

var (
	ordersPlaced   = observe.MustCounter("OrdersPlaced", "Channel")
	processingTime = observe.MustTimer("ProcessingTime")
	queueDepth     = observe.MustGauge("QueueDepth", "Queue")
)

type order struct{ ID string }

// clean hides the Lambda settings of the machine the tests run on.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_LAMBDA_LOG_LEVEL", "AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_EMF_NAMESPACE", "AWS_XRAY_SDK_DISABLED",
	} {
		t.Setenv(name, "")
	}
}

func invocation(t *testing.T) context.Context {
	t.Helper()
	return observetest.Context(t.Context(), observetest.Invocation{
		RequestID: "r-1", FunctionName: "place-order", TenantID: "acme",
		TraceHeader: "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=1",
	})
}

func TestHandlerObservesAnInvocation(t *testing.T) {
	clean(t)
	synctest.Test(t, func(t *testing.T) {
		rec := observetest.New(t)
		handler := observe.Handler("orders", func(ctx context.Context, in order) (string, error) {
			observe.Logger(ctx).Info("placing", zap.String("orderId", in.ID))
			ordersPlaced.Add(ctx, 1, "web")
			ordersPlaced.Add(ctx, 2, "web")
			ordersPlaced.Add(ctx, 1, "phone")
			queueDepth.Set(ctx, 7, "q")
			queueDepth.Set(ctx, 3, "q")
			defer processingTime.Start(ctx)()
			time.Sleep(1500 * time.Millisecond)
			return "receipt " + in.ID, nil
		}, rec.Observe)

		out, err := handler(invocation(t), order{"42"})
		require.NoError(t, err)
		require.Equal(t, "receipt 42", out)

		line := observetest.RequireLog(t, rec, "INFO", "placing", "orderId=42")
		require.Equal(t, map[string]any{
			"service": "orders", "functionName": "place-order", "requestId": "r-1", "tenantId": "acme", "coldStart": true,
			"correlationId": "r-1", "traceId": "1-5e272390-8c398be037738dc042009320", "orderId": "42",
		}, line.Fields)
		require.Equal(t, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), line.Time)

		observetest.RequireMetric(t, rec, "OrdersPlaced", 3, "Channel=web", "service=orders")
		observetest.RequireMetric(t, rec, "OrdersPlaced", 1, "Channel=phone")
		observetest.RequireMetric(t, rec, "QueueDepth", 3)
		observetest.RequireMetric(t, rec, "ProcessingTime", 1500)
		observetest.RequireMetric(t, rec, "ColdStart", 1, "functionName=place-order")
		for _, m := range rec.Metrics() {
			require.Equal(t, "orders", m.Namespace)
			require.Equal(t, "r-1", m.Properties["requestId"])
		}

		_, err = handler(invocation(t), order{"43"})
		require.NoError(t, err)
		observetest.RequireMetric(t, rec, "ColdStart", 1) // still one
		observetest.RequireLog(t, rec, "INFO", "placing", "orderId=43", "coldStart=false")
	})
}

func TestErrorsAndPanicsAreWrittenWithTheirMetrics(t *testing.T) {
	clean(t)
	cause := errors.New("declined")
	type shape = func(context.Context, order) (string, error)
	run := func(f shape, optFns ...func(*observe.Options)) (rec *observetest.Recorder, panicked any, err error) {
		rec = observetest.New(t)
		handler := observe.Handler("orders", func(ctx context.Context, in order) (string, error) {
			ordersPlaced.Add(ctx, 1, "web")
			return f(ctx, in)
		}, append(optFns, rec.Observe)...)
		defer func() { panicked = recover() }()
		_, err = handler(invocation(t), order{})
		return rec, nil, err
	}

	rec, _, err := run(func(context.Context, order) (string, error) { return "", fmt.Errorf("charge: %w", cause) })
	require.ErrorIs(t, err, cause)
	observetest.RequireLog(t, rec, "ERROR", "the invocation failed", "error.type=*fmt.wrapError", "error.message=charge: declined",
		"error.cause.type=*errors.errorString", "error.cause.message=declined")
	observetest.RequireMetric(t, rec, "OrdersPlaced", 1)

	boom := func(context.Context, order) (string, error) { panic("boom") }
	rec, panicked, _ := run(boom)
	require.Equal(t, "boom", panicked)
	line := observetest.RequireLog(t, rec, "FATAL", "the handler panicked", "error.type=string", "error.message=boom")
	require.Contains(t, line.Text("error.stack"), "handler_test.go")
	require.Contains(t, line.Fields["error"].(map[string]any)["stack"].([]any)[0], "TestErrorsAndPanics")
	observetest.RequireMetric(t, rec, "OrdersPlaced", 1)

	rec, panicked, err = run(boom, func(o *observe.Options) { o.RecoverPanics = true })
	require.Nil(t, panicked)
	var pe *observe.PanicError
	require.ErrorAs(t, err, &pe)
	require.Equal(t, "boom", pe.Value)
	observetest.RequireLog(t, rec, "ERROR", "the handler panicked")
	observetest.RequireMetric(t, rec, "OrdersPlaced", 1)

	rec, panicked, err = run(func(context.Context, order) (string, error) { panic(cause) }, func(o *observe.Options) { o.RecoverPanics = true })
	require.Nil(t, panicked)
	require.ErrorIs(t, err, cause)
	observetest.RequireLog(t, rec, "ERROR", "the handler panicked", "error.type=*errors.errorString")

	rec, panicked, _ = run(func(ctx context.Context, _ order) (string, error) {
		observe.Logger(ctx).Fatal("no way on")
		return "", nil
	})
	require.IsType(t, &observe.FatalError{}, panicked)
	observetest.RequireLog(t, rec, "FATAL", "no way on")
	observetest.RequireMetric(t, rec, "OrdersPlaced", 1)

	rec = observetest.New(t)
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		ordersPlaced.Add(ctx, 1, "web")
		runtime.Goexit()
		return nil
	}, rec.Observe)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = handler(invocation(t), order{})
	}()
	<-done
	observetest.RequireLog(t, rec, "ERROR", "the handler left through runtime.Goexit")
	observetest.RequireMetric(t, rec, "OrdersPlaced", 1)
}

func TestWhatIsBufferedIsWrittenBeforeTheDeadline(t *testing.T) {
	clean(t)
	synctest.Test(t, func(t *testing.T) {
		rec := observetest.New(t)
		handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
			observe.Logger(ctx).Debug("a detail")
			ordersPlaced.Add(ctx, 1, "web")
			time.Sleep(2899 * time.Millisecond)
			require.Empty(t, rec.Find("a detail"))
			time.Sleep(2 * time.Millisecond)
			require.Len(t, rec.Find("a detail"), 1, "100 ms before the deadline")
			observetest.RequireLog(t, rec, "ERROR", "the invocation is about to time out", "leftMs=100")
			observetest.RequireMetric(t, rec, "OrdersPlaced", 1)
			ordersPlaced.Add(ctx, 1, "web")
			return nil
		}, rec.Observe, func(o *observe.Options) { o.BufferBytes = 4096 })
		ctx, cancel := context.WithTimeout(invocation(t), 3*time.Second)
		defer cancel()
		require.NoError(t, handler(ctx, order{}))
		observetest.RequireMetric(t, rec, "OrdersPlaced", 2) // what came later is not lost either
	})
}

func TestWrapKeepsEveryShape(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	require.NoError(t, observe.Wrap("s", func() error { return nil }, rec.Observe)())
	observe.Wrap("s", func(ctx context.Context) { ordersPlaced.Add(ctx, 1, "a") }, rec.Observe)(t.Context())
	got, err := observe.Wrap("s", func(n int) (int, error) { return n + 1, nil }, rec.Observe)(41)
	require.NoError(t, err)
	require.Equal(t, 42, got)
	type named func(context.Context, order) error
	failed := observe.Wrap("s", named(func(ctx context.Context, o order) error {
		ordersPlaced.Add(ctx, 1, "a")
		return errors.New("no " + o.ID)
	}), rec.Observe)
	require.EqualError(t, failed(t.Context(), order{"7"}), "no 7")
	observetest.RequireMetric(t, rec, "OrdersPlaced", 2, "Channel=a")
	observetest.RequireLog(t, rec, "ERROR", "the invocation failed", "error.message=no 7")

	recovering := observe.Wrap("s", func(context.Context, order) (int, error) { panic("boom") }, rec.Observe,
		func(o *observe.Options) { o.RecoverPanics = true })
	n, err := recovering(t.Context(), order{})
	require.Zero(t, n)
	require.EqualError(t, err, "observe: handler panicked: boom")

	require.PanicsWithValue(t, "observe: Wrap: a handler is a function, not int", func() { observe.Wrap("s", 1) })
	require.Panics(t, func() { observe.Wrap("s", func(_, _ int) {}) })
	require.Panics(t, func() { observe.Wrap("s", func() (int, int) { return 0, 0 }) })
	require.Panics(t, func() { observe.Wrap[func()]("s", nil) })
	require.Panics(t, func() { observe.Handler[int, int]("s", nil) })
}

func TestSpansJoinOneTraceOverSeveralFunctions(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	traced := func(o *observe.Options) {
		rec.Observe(o)
		o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
	}
	synctest.Test(t, func(t *testing.T) {
		var sent string // what a sender puts into its message
		api := observe.Handler("api", func(ctx context.Context, in awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
			time.Sleep(10 * time.Millisecond)
			ctx, span := observe.StartSpan(ctx, "write order")
			span.Annotate("orderId", "42")
			span.Metadata("order", order{"42"})
			time.Sleep(20 * time.Millisecond)
			sent = correlation.Trace(ctx)
			span.End()
			return awsevents.APIGatewayProxyResponse{StatusCode: 201}, nil
		}, traced)
		consumer := observe.EventHandler("consumer", func(ctx context.Context, in awsevents.SQSEvent) error {
			for range in.Records { // as a consumer does for each record
				ctx := correlation.With(correlation.WithTrace(ctx, sent), "c-42")
				observe.Logger(ctx).Info("shipping")
				ctx, span := observe.StartSpan(ctx, "ship")
				_, inner := observe.StartSpan(ctx, "label")
				inner.RecordError(errors.New("printer on fire"))
				time.Sleep(time.Millisecond)
				inner.End()
				inner.End()
				span.End()
			}
			return nil
		}, traced)

		_, err := api(invocation(t), awsevents.APIGatewayProxyRequest{Headers: map[string]string{"x-correlation-id": "c-42"}})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		batch := awsevents.SQSEvent{Records: []awsevents.SQSMessage{{MessageId: "m"}}}
		require.NoError(t, consumer(observetest.Context(t.Context(), observetest.Invocation{TraceHeader: sent}), batch))
	})
	trace := observetest.RequireOneTrace(t, rec)
	require.Equal(t, "1-5e272390-8c398be037738dc042009320", trace)
	require.Equal(t, `api
  write order
    consumer
      ship
        label (fault)
`, rec.Tree(trace))
	spans := rec.Trace(trace)
	require.Equal(t, "94ae789b969f1cc5", spans[0].ParentID)
	require.Equal(t, map[string]any{"Service": "api", "ColdStart": true, "CorrelationId": "c-42"}, spans[0].Annotations)
	require.Equal(t, map[string]any{"orderId": "42"}, spans[1].Annotations)
	require.Equal(t, map[string]any{"order": map[string]any{"ID": "42"}}, spans[1].Metadata)
	require.Equal(t, 20*time.Millisecond, spans[1].End.Sub(spans[1].Start))
	require.Equal(t, []string{"errors.errorString: printer on fire"}, spans[4].Errors)
	observetest.RequireLog(t, rec, "INFO", "shipping", "correlationId=c-42", "traceId="+trace)
}
