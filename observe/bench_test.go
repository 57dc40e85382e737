package observe_test

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

// rawZap is zap as one would set it up by hand for Lambda, with the fields that
// Logger(ctx) attaches.
func rawZap() *zap.Logger {
	cfg := zap.NewProductionEncoderConfig()
	cfg.TimeKey, cfg.MessageKey = "timestamp", "message"
	cfg.EncodeTime = zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.000Z07:00")
	cfg.EncodeLevel = zapcore.CapitalLevelEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(cfg), zapcore.AddSync(io.Discard), zap.InfoLevel)).With(
		zap.String("service", "orders"), zap.String("functionName", "place-order"), zap.String("requestId", "r-1"), zap.Bool("coldStart", true),
		zap.String("correlationId", "r-1"), zap.String("traceId", "1-5e272390-8c398be037738dc042009320"))
}

func line(l *zap.Logger) {
	l.Info("placing", zap.String("orderId", "42"), zap.Int("lines", 3), zap.Int64("total", 1999), zap.Bool("gift", true), zap.Duration("took", time.Second))
}

func benchContext(b *testing.B) context.Context {
	b.Helper()
	b.Setenv("AWS_LAMBDA_LOG_LEVEL", "")
	b.Setenv("AWS_LAMBDA_RUNTIME_API", "")
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	b.Cleanup(cancel)
	return observetest.Context(ctx, observetest.Invocation{RequestID: "r-1", FunctionName: "place-order", TraceHeader: "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=1"})
}

func discard(o *observe.Options) { o.Output = io.Discard }

// BenchmarkLine compares a line of Logger(ctx) with zap's own: batches of both
// alternate, and the ratio is that of the medians.
func BenchmarkLine(b *testing.B) {
	_ = observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		ours, raw := observe.Logger(ctx), rawZap()
		const batch = 200
		measure := func(l *zap.Logger) float64 {
			start := time.Now()
			for range batch {
				line(l)
			}
			return float64(time.Since(start)) / batch
		}
		var observed, plain []float64
		for b.Loop() {
			observed, plain = append(observed, measure(ours)), append(plain, measure(raw))
		}
		slices.Sort(observed)
		slices.Sort(plain)
		b.ReportMetric(observed[len(observed)/2], "ns/line")
		b.ReportMetric(plain[len(plain)/2], "ns/zap-line")
		b.ReportMetric(observed[len(observed)/2]/plain[len(plain)/2], "ratio")
		return nil
	}, discard)(benchContext(b), order{})
}

// BenchmarkHandler is what the middleware costs per invocation, deadline watch
// included, against the bare handler.
func BenchmarkHandler(b *testing.B) {
	ctx := benchContext(b)
	event := awsevents.APIGatewayProxyRequest{Headers: map[string]string{"accept": "*/*", "x-correlation-id": "c-1", "host": "example.com"}}
	bare := func(context.Context, awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		return awsevents.APIGatewayProxyResponse{StatusCode: 200}, nil
	}
	for name, handler := range map[string]func(context.Context, awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error){
		"bare":     bare,
		"observed": observe.Handler("orders", bare, discard),
		"observed, line and metric": observe.Handler("orders", func(ctx context.Context, in awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
			line(observe.Logger(ctx))
			ordersPlaced.Add(ctx, 1, "web")
			return bare(ctx, in)
		}, discard),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = handler(ctx, event)
			}
		})
	}
}
