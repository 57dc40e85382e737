package observe_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/awscalls"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
	"github.com/patternkit/serverless/observe/xraylite"
)

// What is nil or zero is refused in a sentence, or does nothing.
func TestNothingIsDereferencedThatIsNil(t *testing.T) {
	clean(t)
	var none context.Context
	rec := observetest.New(t)
	var (
		counter   *observe.Counter
		gauge     *observe.Gauge
		histogram observe.Histogram
		timer     observe.Timer
	)
	work := func(ctx context.Context) {
		counter.Add(ctx, 1, "a")
		gauge.Set(ctx, 1)
		histogram.Record(ctx, 1)
		timer.Record(ctx, time.Second)
		timer.Start(ctx)()
		observe.SetProperty(ctx, "nothing", nil)
		observe.Flush(ctx)
		observe.Go(ctx, func(context.Context) {})
		require.NotNil(t, observe.Logger(ctx))
		ctx, span := observe.StartSpan(ctx, "")
		require.NotNil(t, ctx)
		span.Annotate("", nil)
		span.Annotate("nothing", nil)
		span.Metadata("", nil)
		span.Metadata("nothing", nil)
		span.RecordError(nil)
		span.RecordError((*nilError)(nil))
		span.RecordError((*observe.PanicError)(nil))
		span.End()
	}
	work(none)
	require.NotNil(t, observe.CurrentSpan(none))
	require.False(t, observe.Active(none))
	require.False(t, observe.ColdStart(none))
	require.Empty(t, observe.CorrelationID(none)+observe.TraceID(none)+observe.TraceHeader(none))
	require.Equal(t, "c", observe.CorrelationID(observe.WithCorrelationID(none, "c")))

	for _, tracer := range []observe.Tracer{nil, xray.New(nil, func(o *xray.Options) { o.Output = rec.Traces() }), xraylite.New(nil, func(o *xraylite.Options) { o.Output = rec.Traces() })} {
		handler := observe.EventHandler("s", func(ctx context.Context, _ *order) error {
			work(ctx)
			log := observe.Logger(ctx)
			log.Info("m", zap.Field{}, zap.Error(nil), zap.Any("a", nil), zap.Any("b", (*customer)(nil)), zap.Reflect("c", nil), zap.Stringer("d", (*nilStringer)(nil)),
				zap.Object("e", nil), zap.Inline(nil), zap.Array("f", nil), zap.Dict("g"), zap.Error((*nilError)(nil)), zap.Error((*observe.FatalError)(nil)), zap.Skip())
			log.With(zap.Field{}, zap.Object("e", nil), zap.Stringer("d", panickingStringer{})).Info("n", zap.Stringer("d", panickingStringer{}))
			slog.New(observe.SlogHandler()).InfoContext(ctx, "o", "a", nil, "b", (*customer)(nil), slog.Attr{})
			slog.New(observe.SlogHandler()).InfoContext(none, "p")
			return nil
		}, rec.Observe, nil, func(o *observe.Options) {
			o.Tracer, o.LogEvent, o.Fields, o.Redact = tracer, true, []zapcore.Field{{}}, []string{"x"}
		})
		require.NoError(t, handler(none, nil))
		require.NoError(t, handler(observetest.Context(none, observetest.Invocation{TraceHeader: header}), nil))
	}
	require.Len(t, rec.Find("m"), 6)
	require.Len(t, rec.Find("n"), 6)
	require.Len(t, rec.Find("a metric that was not made by NewCounter or the like is not recorded"), 6, "once per invocation")
	awscalls.Observe(aws.Config{}, nil)

	const undeclared = "observe: a metric that was not made by NewCounter or the like"
	require.PanicsWithValue(t, undeclared, func() { counter.Unit(observe.UnitBytes) })
	require.PanicsWithValue(t, undeclared, func() { gauge.Sets([]string{"a"}) })
	require.PanicsWithValue(t, undeclared, func() { histogram.HighResolution() })
	require.PanicsWithValue(t, undeclared, func() { timer.Sets() })
}

type nilStringer struct{ text string }

func (s *nilStringer) String() string { return s.text }

type panickingStringer struct{}

func (panickingStringer) String() string { panic("in String") }

func TestZeroErrorsHaveATextOfTheirOwn(t *testing.T) {
	for _, err := range []error{&observe.PanicError{}, (*observe.PanicError)(nil), &observe.FatalError{}, (*observe.FatalError)(nil)} {
		require.NotEmpty(t, err.Error())
		require.NotPanics(t, func() { _ = fmt.Sprintf("%v %+v", err, err) })
	}
	require.NoError(t, (*observe.PanicError)(nil).Unwrap())
	require.NoError(t, (&observe.PanicError{}).Unwrap())
}

// A wrong option is a programming error: the panic has every fault, on one line.
func TestPanicsAreOneSentence(t *testing.T) {
	handle := func(context.Context, int) error { return nil }
	for want, f := range map[string]func(){
		"observe: Handler: the handler is nil":      func() { observe.Handler[int, int]("s", nil) },
		"observe: EventHandler: the handler is nil": func() { observe.EventHandler[int]("s", nil) },
		"observe: the service name is empty; BufferBytes -1 is negative; MaxDimensionValues -1 is negative": func() {
			observe.NewLogger("", func(o *observe.Options) { o.BufferBytes, o.MaxDimensionValues = -1, -1 })
		},
		"observe: DeadlineMargin is -1s: only -1 disables it": func() {
			observe.EventHandler("s", handle, func(o *observe.Options) { o.DeadlineMargin = -time.Second })
		},
		"observe: Fields must not open a namespace": func() {
			observe.EventHandler("s", handle, func(o *observe.Options) { o.Fields = []zapcore.Field{zap.Namespace("n")} })
		},
	} {
		require.PanicsWithValue(t, want, f)
	}
	require.NotPanics(t, func() { observe.EventHandler("s", handle, func(o *observe.Options) { o.DeadlineMargin = -1 }) })
}
