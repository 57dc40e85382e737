package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/internal/lambdahost"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xraylite"
)

// spans returns what the daemon got from a process: two spans, which were sent in
// progress before they ended, if they did.
func spans(t *testing.T, host *lambdahost.Host, inProgress bool) *observetest.Recorder {
	t.Helper()
	rec := observetest.New(t)
	require.Eventually(t, func() bool { // the daemon reads in a goroutine of its own
		rec.Reset()
		for _, p := range host.Packets() {
			_, err := rec.Traces().Write(p)
			require.NoError(t, err)
		}
		open := func(s observetest.Segment) bool { return s.InProgress }
		return len(rec.Segments()) >= 2 && (inProgress || !slices.ContainsFunc(rec.Segments(), open))
	}, 10*time.Second, time.Millisecond)
	return rec
}

// However the process ends, what was recorded until then is there.
func TestLastWordsOfAProcess(t *testing.T) {
	for _, c := range []struct {
		do, message string
		lines       int // at FATAL, since each is said once
		inProgress  bool
	}{
		{do: "fatal", message: "no way on 7", lines: 1},
		{do: "fatal in a goroutine", message: "no way on 7", lines: 1, inProgress: true},
		{do: "log.Fatal", message: "no way on 7", lines: 1},
		{do: "log.Fatal in a goroutine", message: "no way on 7", lines: 1},
		{do: "log.Panic", message: "no way on 7", lines: 1},
		{do: "panic", message: "the handler panicked", lines: 1},
		{do: "go panic", message: "a goroutine panicked", lines: 1},
		{do: "exit", inProgress: true},
	} {
		t.Run(c.do, func(t *testing.T) {
			t.Parallel()
			host := inProcess(t, func(o *lambdahost.Options) {
				o.FunctionName, o.Env = "place-order", []string{"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=ERROR"}
			})
			payload, err := json.Marshal(map[string]string{"ID": "7", "Do": c.do})
			require.NoError(t, err)
			_, err = host.Invoke(t.Context(), payload, func(e *lambdahost.Event) { e.RequestID, e.Timeout = "r-7", time.Minute })
			require.NoError(t, err)
			traced := spans(t, host, c.inProgress)
			host.Close()
			rec := observetest.New(t)
			for _, line := range host.Lines() {
				if strings.HasPrefix(line, "{") { // the Go runtime says what it says about a panic
					_, err := rec.Write([]byte(line))
					require.NoError(t, err)
				}
			}
			delivered := observetest.Delivered("ERROR", host.Lines())
			fatal := 0
			for _, raw := range delivered {
				if strings.Contains(raw, `"level":"FATAL"`) {
					fatal++
					require.Contains(t, raw, `"message":"`+c.message+`"`)
					require.Contains(t, raw, `"requestId":"r-7"`)
				}
			}
			require.Equal(t, c.lines, fatal, delivered)
			observetest.RequireMetric(t, rec, "Calls", 5, "ID=7")
			observetest.RequireMetric(t, rec, "Values", 10, "ID=7")
			observetest.RequireLog(t, rec, "DEBUG", "detail", "requestId=r-7")
			require.Equal(t, "orders\n  work\n", strings.ReplaceAll(traced.Tree(observetest.RequireOneTrace(t, traced)), " (fault)", ""))
			for _, s := range traced.Segments() {
				require.Equal(t, c.inProgress, s.InProgress, s.Name)
			}
		})
	}
}

// traced observes with spans that go to the recorder.
func traced(rec *observetest.Recorder) func(*observe.Options) {
	return func(o *observe.Options) {
		rec.Observe(o)
		o.Tracer = xraylite.New(func(o *xraylite.Options) { o.Output = rec.Traces() })
	}
}

func TestATimeOutLosesNothing(t *testing.T) {
	clean(t)
	t.Setenv("AWS_LAMBDA_LOG_LEVEL", "ERROR")
	synctest.Test(t, func(t *testing.T) {
		rec := observetest.New(t)
		handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
			ctx, span := observe.StartSpan(ctx, "work")
			defer span.End()
			ordersPlaced.Add(ctx, 1, "web")
			observe.Go(ctx, func(ctx context.Context) { time.Sleep(2 * time.Hour) })
			time.Sleep(2950 * time.Millisecond)

			require.Len(t, observetest.Delivered("ERROR", rec.Raw()), 3, "cold start, the line, the metric")
			observetest.RequireLog(t, rec, "ERROR", "the invocation is about to time out", "leftMs=100")
			observetest.RequireMetric(t, rec, "OrdersPlaced", 1)
			require.Equal(t, "orders\n  work\n", rec.Tree(observetest.RequireOneTrace(t, rec)))
			for _, s := range rec.Segments() {
				require.True(t, s.InProgress)
			}
			return nil
		}, traced(rec))
		ctx, cancel := context.WithTimeout(invocation(t), 3*time.Second)
		defer cancel()
		require.NoError(t, handler(ctx, order{}))
		for _, s := range rec.Segments() {
			require.False(t, s.InProgress, "the end came after all")
		}
		require.Len(t, rec.Segments(), 2)
	})
}

func TestAFatalLineIsWrittenOnce(t *testing.T) {
	clean(t)
	for name, end := range map[string]func(*zap.Logger){
		"Fatal":  func(l *zap.Logger) { l.Fatal("no way on") },
		"Fatalf": func(l *zap.Logger) { l.Sugar().Fatalf("no way %s", "on") },
		"Panic":  func(l *zap.Logger) { l.Panic("no way on") },
		"child":  func(l *zap.Logger) { l.With(zap.Int("n", 1)).Named("x").Fatal("no way on") },
	} {
		for _, recovered := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				rec := observetest.New(t)
				handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
					ctx, span := observe.StartSpan(ctx, "work")
					defer span.End()
					ordersPlaced.Add(ctx, 1, "web")
					observe.Logger(ctx).Debug("detail")
					end(observe.Logger(ctx))
					return nil
				}, traced(rec), func(o *observe.Options) { o.RecoverPanics, o.BufferBytes = recovered, 4096 })
				if recovered {
					var pe *observe.PanicError
					require.ErrorAs(t, handler(invocation(t), order{}), &pe)
				} else {
					require.Panics(t, func() { _ = handler(invocation(t), order{}) })
				}
				require.Equal(t, []string{"DEBUG detail", "FATAL no way on"}, messages(rec))
				observetest.RequireMetric(t, rec, "OrdersPlaced", 1)
				require.Len(t, rec.Segments(), 2)
			})
		}
	}
	// A panic that nobody has logged is, whatever was logged before.
	rec := observetest.New(t)
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		func() {
			defer func() { _ = recover() }()
			observe.Logger(ctx).Panic("no way on")
		}()
		panic("another")
	}, rec.Observe, func(o *observe.Options) { o.RecoverPanics = true })
	require.Error(t, handler(invocation(t), order{}))
	observetest.RequireLog(t, rec, "ERROR", "the handler panicked", "error.message=another")
}

// Not in a handler: what was fatal is said, and metrics of no invocation are not there.
func TestFatalOutsideAnInvocation(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	require.PanicsWithError(t, "observe: fatal: no way on", func() { observe.NewLogger("s", rec.Observe).Fatal("no way on") })
	observetest.RequireLog(t, rec, "FATAL", "no way on")
}

func TestGo(t *testing.T) {
	clean(t)
	synctest.Test(t, func(t *testing.T) {
		rec := observetest.New(t)
		handler := observe.Handler("orders", func(ctx context.Context, _ order) (string, error) {
			ctx = observe.WithCorrelationID(ctx, "c-1")
			observe.Go(ctx, func(ctx context.Context) {
				time.Sleep(time.Second)
				observe.Go(ctx, func(ctx context.Context) {
					ctx, span := observe.StartSpan(ctx, "later")
					defer span.End()
					time.Sleep(time.Second)
					observe.Logger(ctx).Info("later")
					ordersPlaced.Add(ctx, 1, "web")
				})
			})
			return "done", nil
		}, traced(rec))
		start := time.Now()
		out, err := handler(invocation(t), order{})
		require.NoError(t, err)
		require.Equal(t, "done", out)
		require.Equal(t, 2*time.Second, time.Since(start))
		observetest.RequireLog(t, rec, "INFO", "later", "requestId=r-1", "correlationId=c-1")
		observetest.RequireMetric(t, rec, "OrdersPlaced", 1)
		require.Equal(t, "orders\n  later\n", rec.Tree(observetest.RequireOneTrace(t, rec)))
	})
}

func TestAPanicInAGoroutineIsTheInvocations(t *testing.T) {
	clean(t)
	failed := errors.New("the handler's own")
	for _, recovered := range []bool{false, true} {
		for name, handle := range map[string]func(ctx context.Context) error{
			"while it runs": func(ctx context.Context) error {
				done := make(chan struct{})
				observe.Go(ctx, func(context.Context) { defer close(done); panic("boom") })
				<-done
				return nil
			},
			"after it": func(ctx context.Context) error {
				observe.Go(ctx, func(context.Context) { time.Sleep(time.Second); panic("boom") })
				return nil
			},
			"that has failed": func(ctx context.Context) error {
				observe.Go(ctx, func(context.Context) { panic("boom") })
				return failed
			},
			"two of them": func(ctx context.Context) error {
				for range 2 {
					observe.Go(ctx, func(context.Context) { panic("boom") })
				}
				return nil
			},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					rec := observetest.New(t)
					handler := observe.Wrap("orders", func(ctx context.Context) (int, error) {
						ordersPlaced.Add(ctx, 1, "web")
						observe.Logger(ctx).Debug("detail")
						return 1, handle(ctx)
					}, traced(rec), func(o *observe.Options) { o.RecoverPanics, o.BufferBytes = recovered, 4096 })
					level := "FATAL"
					if recovered {
						level = "ERROR"
						_, err := handler(invocation(t))
						var pe *observe.PanicError
						require.ErrorAs(t, err, &pe)
						require.Equal(t, "boom", pe.Value)
						require.Equal(t, name == "that has failed", errors.Is(err, failed))
					} else {
						require.PanicsWithValue(t, "boom", func() { _, _ = handler(invocation(t)) })
					}
					line := observetest.RequireLog(t, rec, level, "a goroutine panicked", "requestId=r-1", "error.message=boom")
					require.Contains(t, line.Text("error.stack"), "lastwords_test.go")
					observetest.RequireLog(t, rec, "DEBUG", "detail")
					observetest.RequireMetric(t, rec, "OrdersPlaced", 1)
					require.Len(t, rec.Segments(), 1)
					require.True(t, rec.Segments()[0].Fault)
				})
			})
		}
	}
}

func TestAHandlerThatPanicsCancelsItsGoroutines(t *testing.T) {
	clean(t)
	synctest.Test(t, func(t *testing.T) {
		rec := observetest.New(t)
		var cause error
		handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
			observe.Go(ctx, func(ctx context.Context) {
				<-ctx.Done()
				cause = context.Cause(ctx)
				ordersPlaced.Add(ctx, 1, "late")
			})
			panic("boom")
		}, rec.Observe)
		require.PanicsWithValue(t, "boom", func() { _ = handler(invocation(t), order{}) })
		require.ErrorIs(t, cause, observe.ErrHandlerPanicked)
		observetest.RequireMetric(t, rec, "OrdersPlaced", 1, "Channel=late")
		require.Len(t, rec.Find("the handler panicked"), 1)
	})
}

func TestGoOutsideAnInvocation(t *testing.T) {
	clean(t)
	ran := false
	observe.Go(t.Context(), func(context.Context) { ran = true })
	require.True(t, ran)
	require.PanicsWithValue(t, "boom", func() { observe.Go(t.Context(), func(context.Context) { panic("boom") }) })
	require.PanicsWithValue(t, "observe: Go: the function is nil", func() { observe.Go(t.Context(), nil) })

	rec := observetest.New(t)
	var over context.Context
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error { over = ctx; return nil }, rec.Observe)
	require.NoError(t, handler(invocation(t), order{}))
	ran = false
	observe.Go(over, func(context.Context) { ran = true })
	require.True(t, ran)
}

// With several invocations at a time, a line of the standard log belongs to the one
// whose handler runs in its goroutine, or has started it.
func TestTheStandardLogFindsItsInvocation(t *testing.T) {
	clean(t)
	t.Setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
	before, flags := log.Writer(), log.Flags()
	t.Cleanup(func() {
		log.SetOutput(before)
		log.SetFlags(flags)
		slog.SetDefault(slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	})
	for _, concurrency := range []string{"", "2"} {
		t.Setenv("AWS_LAMBDA_MAX_CONCURRENCY", concurrency)
		log.SetOutput(&bytes.Buffer{})
		rec := observetest.New(t)
		inner := observe.EventHandler("orders", func(_ context.Context, o order) error {
			log.Print("line of ", o.ID)
			done := make(chan struct{})
			go func() { defer close(done); log.Print("goroutine of ", o.ID) }()
			<-done
			return nil
		}, rec.Observe)
		outer := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
			log.Print("line of a")
			if concurrency == "" {
				return nil
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = inner(observetest.Context(t.Context(), observetest.Invocation{RequestID: "b"}), order{"b"})
			}()
			<-done
			return nil
		}, rec.Observe)
		require.NoError(t, outer(observetest.Context(t.Context(), observetest.Invocation{RequestID: "a"}), order{"a"}))
		log.Print("nobody's")
		observetest.RequireLog(t, rec, "INFO", "line of a", "requestId=a", "logger=log")
		require.Empty(t, observetest.RequireLog(t, rec, "INFO", "nobody's").Text("requestId"))
		if concurrency != "" {
			observetest.RequireLog(t, rec, "INFO", "line of b", "requestId=b")
			observetest.RequireLog(t, rec, "INFO", "goroutine of b", "requestId=b")
		}
		func() {
			defer func() { require.Equal(t, "no way on", recover()) }()
			_ = observe.EventHandler("orders", func(context.Context, order) error { log.Panic("no way on"); return nil }, rec.Observe)(invocation(t), order{})
		}()
		observetest.RequireLog(t, rec, "FATAL", "no way on", "requestId=r-1")
		require.Empty(t, rec.Find("the handler panicked"))
	}
}
