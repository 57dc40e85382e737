package xray_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/header"
	sdk "github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/internal/subsegment"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

const sampled = "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=1"

// traced runs f within the span of an invocation whose trace header is given.
func traced(t *testing.T, rec *observetest.Recorder, header string, f func(context.Context), optFns ...func(*xray.Options)) {
	t.Helper()
	optFns = append([]func(*xray.Options){func(o *xray.Options) { o.Output = rec.Traces() }}, optFns...)
	handler := observe.EventHandler("handler", func(ctx context.Context, _ int) error {
		f(ctx)
		return nil
	}, rec.Observe, func(o *observe.Options) { o.Tracer = xray.New(optFns...) })
	require.NoError(t, handler(observetest.Context(context.Background(), observetest.Invocation{TraceHeader: header}), 0))
}

func TestSpans(t *testing.T) {
	rec := observetest.New(t)
	synctest.Test(t, func(t *testing.T) {
		traced(t, rec, sampled, func(ctx context.Context) {
			ctx, span := observe.StartSpan(ctx, "charge")
			require.Equal(t, span, observe.CurrentSpan(ctx))
			require.Equal(t, span.Header(), observe.TraceHeader(ctx))
			span.Annotate("order id!", "42")
			for key, v := range map[string]any{"int64": int64(7), "uint8": uint8(8), "float32": float32(0.5), "nan": math.NaN(), "bool": true, "other": time.Second, "long": strings.Repeat("ü", 1000)} {
				span.Annotate(key, v)
			}
			span.Annotate("", "no key")
			span.Metadata("order", map[string]any{"ID": 42})
			span.Metadata("channel", make(chan int))
			span.Metadata("large", strings.Repeat("x", 40000))
			time.Sleep(250 * time.Millisecond)
			span.RecordError(nil)
			span.RecordError(errors.New("declined"))
			span.End()
			span.End()
			span.Annotate("late", 1)
			span.Metadata("late", 1)
			span.RecordError(errors.New("late"))
		})
	})
	trace := observetest.RequireOneTrace(t, rec)
	require.Equal(t, "handler\n  charge (fault)\n", rec.Tree(trace))
	span := rec.Trace(trace)[1]
	require.Equal(t, 250*time.Millisecond, span.End.Sub(span.Start))
	require.Equal(t, []string{"errors.errorString: declined"}, span.Errors)
	require.Equal(t, map[string]any{
		"order_id_": "42", "int64": 7.0, "uint8": 8.0, "float32": 0.5, "nan": "NaN", "bool": true, "other": "1s",
		"long": strings.Repeat("ü", 490) + "…[1020 bytes cut]",
	}, span.Annotations)
	require.Equal(t, map[string]any{
		"order": map[string]any{"ID": 42.0}, "channel": "not recorded: json: unsupported type: chan int",
		"large": "not recorded: 40002 bytes are too many",
	}, span.Metadata)
	require.Regexp(t, `^[0-9a-f]{16}$`, span.ID)
}

func TestNamesAreMadeAcceptable(t *testing.T) {
	rec := observetest.New(t)
	traced(t, rec, sampled, func(ctx context.Context) {
		for _, name := range []string{"", "GET /orders?id=\"1\"", strings.Repeat("é", 150), "\xff"} {
			_, span := observe.StartSpan(ctx, name)
			span.End()
		}
	})
	var names []string
	for _, s := range rec.Segments()[:4] {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{"unnamed", "GET /orders_id=_1_", strings.Repeat("é", 98) + "...", "_"}, names)
}

func TestWithoutASampledTraceTheHeaderIsPassedOn(t *testing.T) {
	for _, header := range []string{"", "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=0", "Root=1-a;Sampled=1", "junk"} {
		rec := observetest.New(t)
		traced(t, rec, header, func(ctx context.Context) {
			ctx, span := observe.StartSpan(ctx, "charge")
			span.Annotate("a", 1)
			span.Metadata("a", 1)
			span.RecordError(errors.New("x"))
			span.End()
			require.Equal(t, header, observe.TraceHeader(ctx))
		})
		require.Empty(t, rec.Segments())
	}
	t.Setenv("AWS_XRAY_SDK_DISABLED", "TRUE")
	rec := observetest.New(t)
	traced(t, rec, sampled, func(ctx context.Context) { require.Equal(t, sampled, observe.TraceHeader(ctx)) })
	require.Empty(t, rec.Segments())
}

func TestOnlyLineageOfTheFurtherPairsIsPassedOn(t *testing.T) {
	rec := observetest.New(t)
	traced(t, rec, "Self=1-x;Sampled=1; Parent=94ae789b969f1cc5;Lineage=a87bd80c:0;Root=1-5e272390-8c398be037738dc042009320", func(ctx context.Context) {
		require.Regexp(t, `^Root=1-5e272390-8c398be037738dc042009320;Parent=[0-9a-f]{16};Sampled=1;Lineage=a87bd80c:0$`, observe.TraceHeader(ctx))
	})
}

// Outside a bubble: a goroutine in a socket's read would hold its time.
func TestTheDaemonGetsPacketsByUDP(t *testing.T) {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, daemon.Close()) }()
	t.Setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.LocalAddr().String())
	rec := observetest.New(t)
	handler := observe.EventHandler("handler", func(ctx context.Context, _ int) error {
		ctx, span := observe.StartSpan(ctx, "charge")
		_, seg := sdk.BeginSubsegment(ctx, "the SDK's own") // shares the emitter, inside the span
		seg.Close(nil)
		span.End()
		return nil
	}, rec.Observe, func(o *observe.Options) { o.Tracer = xray.New() })
	require.NoError(t, handler(observetest.Context(t.Context(), observetest.Invocation{TraceHeader: sampled}), 0))

	var spans []observetest.Segment
	buf := make([]byte, 1<<16)
	for len(spans) < 3 {
		require.NoError(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
		n, _, err := daemon.ReadFrom(buf)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(buf[:n]), `{"format": "json", "version": 1}`+"\n"))
		got, err := observetest.ParsePacket(buf[:n])
		require.NoError(t, err)
		spans = append(spans, got...)
	}
	require.Equal(t, []string{"charge", "the SDK's own", "handler"}, []string{spans[0].Name, spans[1].Name, spans[2].Name})
	require.Equal(t, spans[0].ID, spans[1].ParentID)
	require.Equal(t, spans[2].ID, spans[0].ParentID)
	require.Equal(t, "94ae789b969f1cc5", spans[2].ParentID)
}

// What others open below a span through the SDK does not make its packet too large.
func TestSubsegmentsOfTheSDKGoByThemselvesWhereThereIsNoRoom(t *testing.T) {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, daemon.Close()) }()
	ctx, span := xray.New(func(o *xray.Options) { o.DaemonAddress = daemon.LocalAddr().String() }).Start(t.Context(), "charge", sampled)
	for range 8 {
		_, seg := sdk.BeginSubsegment(ctx, "the SDK's own")
		require.NoError(t, seg.AddMetadata("m", strings.Repeat("x", 10_000)))
		seg.Close(nil)
	}
	require.NoError(t, sdk.AddError(ctx, errors.New(strings.Repeat("y", 70_000))))
	span.RecordError(errors.New("declined"))
	span.End()
	var spans []observetest.Segment
	buf := make([]byte, 1<<16)
	for len(spans) < 9 {
		require.NoError(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
		n, _, err := daemon.ReadFrom(buf)
		require.NoError(t, err)
		require.LessOrEqual(t, n, 64_000)
		got, err := observetest.ParsePacket(buf[:n])
		require.NoError(t, err)
		spans = append(spans, got...)
	}
	for _, s := range spans {
		if s.Name == "charge" {
			require.Len(t, s.Errors, 2)
			require.Regexp(t, `y…\[\d+ bytes cut\]$`, s.Errors[0])
			continue
		}
		require.Len(t, s.Metadata["m"], 10_000)
	}
}

// A writer gets what the daemon gets, byte for byte but for ids and times.
func TestAWriterGetsThePacketsOfTheDaemon(t *testing.T) {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, daemon.Close()) }()
	var written []byte
	run := func(optFn func(*xray.Options)) {
		ctx, span := xray.New(optFn).Start(context.Background(), "charge", sampled)
		require.NotNil(t, ctx)
		span.Annotate("a", 1)
		span.Metadata("m", []int{1})
		span.RecordError(errors.New("declined"))
		span.End()
	}
	run(func(o *xray.Options) { o.Output = writer(func(p []byte) { written = append(written, p...) }) })
	run(func(o *xray.Options) { o.DaemonAddress = daemon.LocalAddr().String() })
	buf := make([]byte, 1<<16)
	require.NoError(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
	n, _, err := daemon.ReadFrom(buf)
	require.NoError(t, err)
	require.Equal(t, masked(t, buf[:n]), masked(t, written))
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

func masked(t *testing.T, packet []byte) string {
	t.Helper()
	head, body, _ := strings.Cut(string(packet), "\n")
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &m))
	for _, key := range []string{"id", "start_time", "end_time"} {
		require.Contains(t, m, key)
		m[key] = key
	}
	for _, e := range m["cause"].(map[string]any)["exceptions"].([]any) {
		e.(map[string]any)["id"] = "id"
		e.(map[string]any)["stack"] = "stack" // the two calls come from different lines
	}
	text, err := json.Marshal(m)
	require.NoError(t, err)
	return head + "\n" + string(text)
}

func TestAWrongAddressPanics(t *testing.T) {
	require.Panics(t, func() { xray.New(func(o *xray.Options) { o.DaemonAddress = "no address" }) })
	t.Setenv("AWS_XRAY_DAEMON_ADDRESS", "::::")
	require.Panics(t, func() { xray.New() })
}

type panicking struct{}

func (*panicking) Error() string               { panic("in Error") }
func (panicking) MarshalJSON() ([]byte, error) { panic("in MarshalJSON") }

func TestValuesThatPanicCostOnlyThemselves(t *testing.T) {
	rec := observetest.New(t)
	traced(t, rec, sampled, func(ctx context.Context) {
		observe.CurrentSpan(ctx).Metadata("m", panicking{})
		observe.CurrentSpan(ctx).RecordError(&panicking{})
	})
	span := rec.Segments()[0]
	require.Equal(t, "not recorded: encoding it panics: in MarshalJSON", span.Metadata["m"])
	require.Equal(t, []string{"errors.errorString: an error of type *xray_test.panicking whose text panics"}, span.Errors)
}

// FuzzHeader compares our reading of trace headers with the SDK's.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{sampled, "Self=1-x; Sampled=1;Parent=a;Root=b;Lineage=c", "Root=0;Root", "Root=a=b;Root=c;Sampled=?;Parent", ";;=;Root", "Parent=a;Root=b;Sampled=1;Sampled=0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		theirs := header.FromString(text)
		ours, ok := subsegment.ParseHeader(text)
		require.Equal(t, theirs.TraceID, ours.Root)
		require.Equal(t, theirs.ParentID, ours.Parent)
		require.Equal(t, theirs.SamplingDecision == header.Sampled && theirs.TraceID != "" && theirs.ParentID != "", ok)
	})
}

func BenchmarkSpan(b *testing.B) {
	tracer := xray.New(func(o *xray.Options) { o.Output = writer(func([]byte) {}) })
	b.ReportAllocs()
	for b.Loop() {
		_, span := tracer.Start(context.Background(), "charge", sampled)
		span.End()
	}
}
