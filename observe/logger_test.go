package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

// logging runs f in an invocation and returns what it logged.
func logging(t *testing.T, f func(ctx context.Context, log *zap.Logger), optFns ...func(*observe.Options)) *observetest.Recorder {
	t.Helper()
	rec := observetest.New(t)
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		f(ctx, observe.Logger(ctx))
		return nil
	}, append([]func(*observe.Options){rec.Observe}, optFns...)...)
	require.NoError(t, handler(invocation(t), order{}))
	return rec
}

func messages(rec *observetest.Recorder) []string {
	var out []string
	for _, l := range rec.Lines() {
		out = append(out, l.Level+" "+l.Message)
	}
	return out
}

func everyLevel(_ context.Context, log *zap.Logger) {
	log.Log(observe.TraceLevel, "t")
	log.Debug("d")
	log.Info("i")
	log.Warn("w")
	log.Error("e")
	log.DPanic("dp")
	func() {
		defer func() { _ = recover() }()
		log.Panic("p")
	}()
}

func TestLevels(t *testing.T) {
	all := []string{"TRACE t", "DEBUG d", "INFO i", "WARN w", "ERROR e", "ERROR dp", "FATAL p"}
	differs := "WARN AWS_LAMBDA_LOG_LEVEL is less verbose than the level in the code"
	for _, c := range []struct {
		environment string
		level       zapcore.Level
		want        []string
	}{
		{"", zapcore.InfoLevel, all[2:]},
		{"", observe.TraceLevel, all},
		{"", zapcore.ErrorLevel, all[4:]},
		{"TRACE", zapcore.WarnLevel, all},
		{"debug", zapcore.WarnLevel, all[1:]},
		{"WARN", zapcore.InfoLevel, append([]string{differs}, all[3:]...)},
		{"ERROR", zapcore.ErrorLevel, all[4:]},
		{"FATAL", zapcore.FatalLevel, all[6:]},
		{"LOUD", zapcore.ErrorLevel, all[4:]},
	} {
		t.Run(c.environment+"/"+c.level.String(), func(t *testing.T) {
			clean(t)
			t.Setenv("AWS_LAMBDA_LOG_LEVEL", c.environment)
			rec := logging(t, everyLevel, func(o *observe.Options) { o.Level = c.level })
			require.Equal(t, c.want, messages(rec))
		})
	}
}

func TestParseLevel(t *testing.T) {
	_, err := observe.ParseLevel("CRITICAL")
	require.EqualError(t, err, `observe: log level "CRITICAL" is none of TRACE, DEBUG, INFO, WARN, ERROR, FATAL`)
}

func TestSamplingIsDecidedPerInvocation(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		observe.Logger(ctx).Debug("one")
		observe.Logger(ctx).Debug("two")
		return nil
	}, rec.Observe, func(o *observe.Options) { o.SampleRate = 0.5 })
	for range 400 {
		require.NoError(t, handler(t.Context(), order{}))
	}
	lines := rec.Lines()
	require.InDelta(t, 400, len(lines), 120)
	for i := 0; i < len(lines); i += 2 { // both lines of an invocation or none
		require.Equal(t, "one", lines[i].Message)
		require.Equal(t, lines[i].Text("requestId"), lines[i+1].Text("requestId"))
		require.Equal(t, "true", lines[i].Text("sampled"))
	}
	t.Setenv("AWS_LAMBDA_LOG_LEVEL", "INFO")
	require.Empty(t, logging(t, func(_ context.Context, log *zap.Logger) { log.Debug("no") },
		func(o *observe.Options) { o.SampleRate = 1 }).Lines())
}

func TestBufferedLinesAreWrittenOnlyWhenTheyMatter(t *testing.T) {
	clean(t)
	buffering := func(o *observe.Options) { o.BufferBytes = 2000 }
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		log.Debug("d")
		log.Info("i")
	}, buffering)
	require.Equal(t, []string{"INFO i"}, messages(rec))

	rec = logging(t, func(_ context.Context, log *zap.Logger) {
		log.Debug("d1")
		log.Info("i")
		log.Error("e")
		log.Debug("d2")
	}, buffering)
	require.Equal(t, []string{"INFO i", "DEBUG d1", "ERROR e"}, messages(rec))

	rec = logging(t, func(_ context.Context, log *zap.Logger) {
		for i := range 40 {
			log.Debug(fmt.Sprint("d", i))
		}
		log.Debug(strings.Repeat("x", 3000))
		log.Error("e")
	}, buffering)
	got := messages(rec)
	require.Equal(t, "WARN buffered log lines were dropped to keep within BufferBytes", got[0])
	require.Equal(t, fmt.Sprint(43-len(got)), rec.Lines()[0].Text("dropped"))
	require.Equal(t, []string{"DEBUG d38", "DEBUG d39", "ERROR e"}, got[len(got)-3:])

	rec = observetest.New(t)
	failing := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		observe.Logger(ctx).Debug("d")
		return errors.New("no")
	}, rec.Observe, buffering)
	require.Error(t, failing(invocation(t), order{}))
	require.Equal(t, []string{"DEBUG d", "ERROR the invocation failed"}, messages(rec))
}

func TestALineOfExactlyTheBufferFits(t *testing.T) {
	clean(t)
	size := 0
	f := func(_ context.Context, log *zap.Logger) {
		log.Debug("exact")
		log.Error("e")
	}
	for _, raw := range logging(t, f, func(o *observe.Options) { o.Level = zapcore.DebugLevel }).Raw() {
		if strings.Contains(raw, "exact") {
			size = len(raw)
		}
	}
	rec := logging(t, f, func(o *observe.Options) { o.BufferBytes = size })
	require.Equal(t, []string{"DEBUG exact", "ERROR e"}, messages(rec))
	rec = logging(t, f, func(o *observe.Options) { o.BufferBytes = size - 1 })
	require.Equal(t, []string{"WARN buffered log lines were dropped to keep within BufferBytes", "ERROR e"}, messages(rec))
}

func TestALineWrittenAfterItsInvocationGoesStraightOut(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	var late *zap.Logger
	var lateCtx context.Context
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		if late == nil {
			late, lateCtx = observe.Logger(ctx), ctx
			return nil
		}
		late.Info("late", zap.String("of", "first"))
		late.Debug("late detail")
		ordersPlaced.Add(lateCtx, 1, "late")
		ordersPlaced.Add(ctx, 1, "second")
		return nil
	}, rec.Observe, func(o *observe.Options) { o.BufferBytes = 2000 })
	for _, id := range []string{"first", "second"} {
		require.NoError(t, handler(observetest.Context(t.Context(), observetest.Invocation{RequestID: id}), order{}))
	}
	observetest.RequireLog(t, rec, "INFO", "late", "requestId=first")
	require.Empty(t, rec.Find("late detail"))
	for _, m := range rec.Metrics() {
		if m.Name == "OrdersPlaced" {
			require.Equal(t, map[string]string{"first": "late", "second": "second"}[m.Properties["requestId"].(string)], m.Dimensions["Channel"])
		}
	}
	observetest.RequireMetric(t, rec, "OrdersPlaced", 2)
}

type secretive struct {
	Name     string            `json:"name"`
	Password string            `json:"password"`
	Card     map[string]any    `json:"card"`
	Tags     map[string]string `json:"tags"`
}

func (s secretive) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("user_name", s.Name)
	enc.AddString("pass_word", s.Password)
	return enc.AddReflected("card", s.Card)
}

func TestRedaction(t *testing.T) {
	clean(t)
	in := secretive{
		Name: "jo", Password: "hunter2", Card: map[string]any{"number": 4111, "cvc": []any{1, "hunter2", map[string]any{"x": "]}"}}},
		Tags: map[string]string{"API-Key": "hunter2\"}", "plain": "ok"},
	}
	rec := logging(t, func(ctx context.Context, log *zap.Logger) {
		observe.SetProperty(ctx, "token", "hunter2")
		observe.SetProperty(ctx, "card", in.Card)
		ordersPlaced.Add(ctx, 1, "web")
		log.With(zap.String("token", "hunter2")).Info("a", zap.Reflect("in", in), zap.Object("obj", in), zap.Int("cvc", 7), zap.String("x", `"token":"1"`))
		log.Info("b", zap.Any("secret", observe.Secret("hunter2")), zap.String("s", fmt.Sprintf("%s %v %+v %#v %d", observe.Secret("hunter2"), observe.Secret("hunter2"), observe.Secret("hunter2"), observe.Secret("hunter2"), observe.Secret("hunter2"))),
			zap.Error(fmt.Errorf("login: %v", observe.Secret("hunter2"))), zap.Stringer("st", observe.Secret("hunter2")))
	}, func(o *observe.Options) {
		o.Redact = []string{"password", "apikey", "TOKEN", "cvc"}
		o.LogEvent = true
	})
	for _, raw := range rec.Raw() {
		require.NotContains(t, raw, "hunter2")
		require.NotContains(t, raw, `"cvc":7`)
	}
	a := observetest.RequireLog(t, rec, "INFO", "a", "token=[REDACTED]", "in.password=[REDACTED]", "in.name=jo", "in.card.number=4111", "in.card.cvc=[REDACTED]",
		"in.tags.API-Key=[REDACTED]", "in.tags.plain=ok", "obj.pass_word=[REDACTED]", "obj.user_name=jo", "cvc=[REDACTED]", `x="token":"1"`)
	require.Equal(t, a.Fields["obj"].(map[string]any)["card"].(map[string]any)["cvc"], "[REDACTED]")
	observetest.RequireLog(t, rec, "INFO", "event", `event={"ID":""}`)
	for _, m := range rec.Metrics() {
		if m.Name == "OrdersPlaced" {
			require.Equal(t, "[REDACTED]", m.Properties["token"])
			require.Equal(t, map[string]any{"number": 4111.0, "cvc": "[REDACTED]"}, m.Properties["card"])
		}
	}
}

type customer struct {
	Name  string `json:"name"`
	Email string `json:"mail,omitempty" redact:"true"`
	Cards []struct {
		Number string `redact:"true"`
		Brand  string
	}
	Next *customer
}

func TestRedactionByTag(t *testing.T) {
	clean(t)
	in := customer{Name: "jo", Email: "hunter2", Next: &customer{Email: "hunter2"}}
	in.Cards = append(in.Cards, struct {
		Number string `redact:"true"`
		Brand  string
	}{"hunter2", "visa"})
	rec := logging(t, func(ctx context.Context, log *zap.Logger) {
		observe.SetProperty(ctx, "customer", in)
		ordersPlaced.Add(ctx, 1, "web")
		log.With(zap.Any("c", in)).Info("a", zap.Any("list", []customer{in}), zap.Any("map", map[string]*customer{"k": &in}), zap.Reflect("none", nil))
		log.Info("b", zap.Dict("d", zap.Any("inner", in.Name)))
	})
	for _, raw := range rec.Raw() {
		require.NotContains(t, raw, "hunter2")
	}
	observetest.RequireLog(t, rec, "INFO", "a", "c.name=jo", "c.mail=[REDACTED]", `c.Cards=[{"Brand":"visa","Number":"[REDACTED]"}]`, "c.Next.mail=[REDACTED]", "map.k.mail=[REDACTED]")
}

func TestRedactionKeepsALineWithinTheLimit(t *testing.T) {
	clean(t)
	const limit = 128 << 10
	many := strings.Repeat(`{"pin":1},`, (limit-700)/10)
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		log.Info("pins", zap.Reflect("pins", json.RawMessage("["+many[:len(many)-1]+"]")))
	}, func(o *observe.Options) { o.MaxLineBytes, o.Redact = limit, []string{"pin"} })
	require.LessOrEqual(t, len(rec.Lines()[0].Raw), limit)
	observetest.RequireLog(t, rec, "INFO", "pins", "requestId=r-1")
}

func TestNoLineHasAKeyTwice(t *testing.T) {
	clean(t)
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		log.Info("a", zap.String("level", "mine"), zap.String("requestId", "mine"), zap.Int("n", 1), zap.Int("n", 2), zap.Int("n", 3))
		with := log.With(zap.String("n", "w"), zap.String("service", "mine"))
		with.Info("b", zap.Int("n", 1))
		with.With(zap.Namespace("g"), zap.String("n", "inner")).Info("c", zap.String("n", "x"), zap.String("level", "inner"))
		log.Info("d", zap.String("k", "1"), zap.Namespace("k"), zap.String("k", "2"), zap.String("k", "3"), zap.Skip())
	}, func(o *observe.Options) {
		o.Fields = []zap.Field{zap.String("requestId", "fixed"), zap.String("stage", "prod")}
	})
	observetest.RequireLog(t, rec, "INFO", "a", "level_2=mine", "requestId=r-1", "requestId_2=fixed", "requestId_3=mine", "n=1", "n_2=2", "n_3=3", "stage=prod")
	observetest.RequireLog(t, rec, "INFO", "b", "n=w", "n_2=1", "service=orders", "service_2=mine")
	observetest.RequireLog(t, rec, "INFO", "c", "n=w", "g.n=inner", "g.n_2=x", "g.level=inner", "requestId=r-1")
	observetest.RequireLog(t, rec, "INFO", "d", "k=1", "k_2.k=2", "k_2.k_2=3")
}

type panicking struct{}

func (panicking) MarshalLogObject(zapcore.ObjectEncoder) error { panic("in marshaler") }

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestFieldsThatCannotBeEncodedCostOnlyThemselves(t *testing.T) {
	clean(t)
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		log.Info("a", zap.Int("n", 1), zap.Object("o", panicking{}), zap.Int("m", 2))
		log.With(zap.Object("o", panicking{}), zap.Int("n", 1)).Info("b")
		log.Info("c", zap.Any("ch", make(chan int)), zap.Float64("nan", math.NaN()), zap.Float64("inf", math.Inf(-1)))
		log.Info("d", zap.Error((*nilError)(nil)))
		log.Info("e \x00\xff\u2028\"\\", zap.String("\xffkey", "\xff"))
		log.Info("f", zap.Error(errors.Join(fs.ErrExist, nil, &fs.PathError{Op: "open", Path: "p", Err: fs.ErrClosed})))
	})
	const lost = "not logged, encoding it panics: in marshaler"
	observetest.RequireLog(t, rec, "INFO", "a", "n=1", "m=2", "o="+lost)
	observetest.RequireLog(t, rec, "INFO", "b", "n=1", "o="+lost)
	observetest.RequireLog(t, rec, "INFO", "c", "nan=NaN", "inf=-Inf")
	observetest.RequireLog(t, rec, "INFO", "d", "error.type=*observe_test.nilError", "error.message=*observe_test.nilError (its text panics)")
	observetest.RequireLog(t, rec, "INFO", "e \x00\ufffd\u2028\"\\", "\ufffdkey=\ufffd")
	f := observetest.RequireLog(t, rec, "INFO", "f", "error.type=*errors.joinError")
	require.JSONEq(t, `[{"type":"*errors.errorString","message":"file already exists"},
		{"type":"*fs.PathError","message":"open p: file already closed","cause":{"type":"*errors.errorString","message":"file already closed"}}]`, f.Text("error.causes"))
}

func TestALineNeverExceedsTheLimit(t *testing.T) {
	clean(t)
	const limit = 128 << 10
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		log.Info(strings.Repeat("m", 3*limit), zap.String("k", "v"))
		log.Info("fields", zap.String("k", strings.Repeat("v", 2*limit)))
		log.With(zap.String("k", strings.Repeat("v", 2*limit))).Info("context \"\n\x01" + strings.Repeat("\x01", limit))
		log.Info("after")
	}, func(o *observe.Options) { o.MaxLineBytes = limit })
	lines := rec.Lines()
	require.Len(t, lines, 4)
	for _, l := range lines {
		require.LessOrEqual(t, len(l.Raw), limit)
		require.True(t, json.Valid([]byte(l.Raw)))
	}
	require.Greater(t, len(lines[0].Message), limit-2000)
	require.Equal(t, "r-1", lines[0].Text("requestId"))
	require.NotEmpty(t, lines[0].Text("truncatedBytes"))
	require.Equal(t, "fields", lines[1].Message)
	require.Equal(t, "orders", lines[2].Text("service"))
	require.Empty(t, lines[3].Text("truncatedBytes"))
}

func TestFormats(t *testing.T) {
	clean(t)
	for _, c := range []struct {
		format      observe.Format
		environment string
		text        bool
	}{
		{observe.FormatJSON, "", false},
		{observe.FormatJSON, "Text", false},
		{observe.FormatText, "", true},
		{observe.FormatText, "JSON", false},
		{observe.FormatLambda, "", true},
		{observe.FormatLambda, "JSON", false},
	} {
		t.Setenv("AWS_LAMBDA_LOG_FORMAT", c.environment)
		var out strings.Builder
		log := observe.NewLogger("orders", func(o *observe.Options) { o.Output, o.Format = &out, c.format })
		log.Info("hello", zap.Int("n", 1))
		if c.text {
			require.Regexp(t, `^INFO|\thello\t`, out.String())
			require.Contains(t, out.String(), `{"service": "orders", "n": 1}`)
		} else {
			require.Regexp(t, `^\{"level":"INFO","timestamp":"[-0-9T:.]+Z","message":"hello","service":"orders","n":1\}\n$`, out.String())
		}
	}
}

func TestLambdaDropsNoLineThatTheFilterLetsThrough(t *testing.T) {
	clean(t)
	rec := logging(t, func(ctx context.Context, log *zap.Logger) {
		ordersPlaced.Add(ctx, 1, "web")
		everyLevel(ctx, log)
	}, func(o *observe.Options) { o.Level = observe.TraceLevel })
	require.Len(t, observetest.Delivered("TRACE", rec.Raw()), 9)
	require.Len(t, observetest.Delivered("ERROR", rec.Raw()), 3)
	require.Len(t, observetest.Delivered("WARN", []string{"plain text\n", `{"level":"ERROR","ts":1.5,"msg":"zap's own"}`}), 0)

	t.Setenv("AWS_LAMBDA_LOG_LEVEL", "ERROR")
	rec = logging(t, func(ctx context.Context, _ *zap.Logger) { ordersPlaced.Add(ctx, 1, "web") }, func(o *observe.Options) { o.Level = zapcore.ErrorLevel })
	require.Len(t, observetest.Delivered("ERROR", rec.Raw()), 2, "metric documents are not lost under a filter")
}

func TestOptionsReportAllFaultsTogether(t *testing.T) {
	clean(t)
	defer func() {
		text, _ := recover().(string)
		for _, want := range []string{"the service name is empty", "SampleRate 2", "BufferLevel ERROR", "MaxLineBytes 5", `Namespace "AWS/Lambda"`, `dimension ":x"`, `value "é" of dimension d`} {
			require.Contains(t, text, want)
		}
	}()
	observe.EventHandler("", func(context.Context, order) error { return nil }, func(o *observe.Options) {
		o.SampleRate, o.BufferBytes, o.BufferLevel, o.MaxLineBytes = 2, 1, zapcore.ErrorLevel, 5
		o.Namespace, o.Dimensions = "AWS/Lambda", map[string]string{":x": "1", "d": "é"}
	})
}

func TestSixteenInvocationsAtOnce(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	handler := observe.EventHandler("orders", func(ctx context.Context, o order) error {
		log := observe.Logger(ctx)
		for i := range 20 {
			log.Debug("d", zap.String("mine", o.ID))
			ordersPlaced.Add(ctx, 1, o.ID)
			if i == 10 && strings.HasSuffix(o.ID, "3") {
				log.Error("e", zap.String("mine", o.ID))
			}
		}
		return nil
	}, rec.Observe, func(o *observe.Options) { o.BufferBytes = 1 << 16 })
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 25 {
				id := fmt.Sprintf("%d-%d", i, j)
				_ = handler(observetest.Context(t.Context(), observetest.Invocation{RequestID: id}), order{id})
			}
		})
	}
	wg.Wait()
	for _, l := range rec.Lines() {
		require.Equal(t, l.Text("requestId"), l.Text("mine"))
	}
	require.Len(t, rec.Metrics(), 16*25+1)
	cold := 0
	for _, m := range rec.Metrics() {
		if m.Name == "ColdStart" {
			cold++
			continue
		}
		require.Equal(t, 20.0, m.Sum())
		require.Equal(t, m.Properties["requestId"], m.Dimensions["Channel"])
	}
	require.Equal(t, 1, cold)
}
