package xraylite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
	"github.com/patternkit/serverless/observe/xraylite"
)

const sampled = "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=1;Lineage=a87bd80c:0"

type packets struct{ list []string }

func (p *packets) Write(b []byte) (int, error) {
	p.list = append(p.list, string(b))
	return len(b), nil
}

type panicking struct{}

func (*panicking) Error() string               { panic("in Error") }
func (panicking) MarshalJSON() ([]byte, error) { panic("in MarshalJSON") }

// work uses everything a span has.
func work(ctx context.Context) {
	ctx, span := observe.StartSpan(ctx, `POST /charges?"é`+strings.Repeat("x", 300))
	for key, v := range map[string]any{
		"order id!": "42", "int64": int64(7), "uint8": uint8(8), "float32": float32(0.5), "nan": math.NaN(), "bool": true,
		"other": time.Second, "long": strings.Repeat("ü", 1000),
	} {
		span.Annotate(key, v)
	}
	for i := range 60 {
		observe.CurrentSpan(ctx).Annotate("k", i)
		observe.CurrentSpan(ctx).Annotate(fmt.Sprint("k", i), i)
	}
	span.Metadata("order", map[string]any{"ID": 42, "x": "<&>"})
	span.Metadata("channel", make(chan int))
	span.Metadata("panics", panicking{})
	span.Metadata("large", strings.Repeat("x", 40000))
	_, call := observe.StartSpan(ctx, "DynamoDB")
	if aws, ok := call.(observe.AWSSpan); ok {
		aws.DescribeAWSCall(observe.AWSCall{Service: "DynamoDB", Operation: "GetItem", Region: "eu-west-1", RequestID: "r", Status: 400, Retries: 2, Throttled: true})
	}
	time.Sleep(250 * time.Millisecond)
	call.RecordError(errors.New("throttled"))
	call.RecordError(&panicking{})
	call.End()
	span.End()
	span.End()
	span.Annotate("late", 1)
}

var volatile = regexp.MustCompile(`"(id|parent_id)":"[0-9a-f]{16}"|"stack":\[\{.*?\}\]|,"Dummy":false`)

// TestThePacketsAreTheSDKs compares byte for byte, but for ids, stacks and the
// member Dummy that the SDK lets slip.
func TestThePacketsAreTheSDKs(t *testing.T) {
	run := func(tracer observe.Tracer, header string) (passed string) {
		synctest.Test(t, func(t *testing.T) {
			handler := observe.Wrap("s", func(ctx context.Context) error {
				passed = observe.TraceHeader(ctx)
				work(ctx)
				return errors.New("no")
			}, observetest.New(t).Observe, func(o *observe.Options) { o.Tracer = tracer })
			_ = handler(observetest.Context(t.Context(), observetest.Invocation{RequestID: "r", TraceHeader: header}))
		})
		return volatile.ReplaceAllString(passed, "")
	}
	for _, header := range []string{
		sampled, "Self=1-x;Sampled=1; Parent=94ae789b969f1cc5;Root=1-5e272390-8c398be037738dc042009320", "",
		"Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=0", "Root=1-5e272390-8c398be037738dc042009320;Sampled=1", "junk",
	} {
		var theirs, ours packets
		a := run(xray.New(func(o *xray.Options) { o.Output = &theirs }), header)
		b := run(xraylite.New(func(o *xraylite.Options) { o.Output = &ours }), header)
		parent := regexp.MustCompile(`Parent=[0-9a-f]{16}`)
		require.Equal(t, parent.ReplaceAllString(a, "Parent"), parent.ReplaceAllString(b, "Parent"))
		require.Len(t, ours.list, len(theirs.list))
		for i := range ours.list {
			require.Equal(t, volatile.ReplaceAllString(theirs.list[i], "$1"), volatile.ReplaceAllString(ours.list[i], "$1"))
			spans, err := observetest.ParsePacket([]byte(ours.list[i]))
			require.NoError(t, err)
			require.Len(t, spans, 1)
		}
	}
}

func TestTheDaemonGetsPacketsByUDP(t *testing.T) {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, daemon.Close()) }()
	for _, address := range []string{daemon.LocalAddr().String(), "tcp:127.0.0.1:1 udp:" + daemon.LocalAddr().String(), "udp:" + daemon.LocalAddr().String() + " tcp:127.0.0.1:1"} {
		t.Setenv("AWS_XRAY_DAEMON_ADDRESS", address)
		_, span := xraylite.New().Start(t.Context(), "charge", sampled)
		span.End()
		buf := make([]byte, 1<<16)
		require.NoError(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
		n, _, err := daemon.ReadFrom(buf)
		require.NoError(t, err)
		spans, err := observetest.ParsePacket(buf[:n])
		require.NoError(t, err)
		require.Equal(t, "charge", spans[0].Name)
	}
	t.Setenv("AWS_XRAY_DAEMON_ADDRESS", "nowhere")
	require.PanicsWithValue(t, `xraylite: New: the daemon's address "nowhere": address nowhere: missing port in address`, func() { xraylite.New() })
	t.Setenv("AWS_XRAY_SDK_DISABLED", "True")
	_, span := xraylite.New(func(o *xraylite.Options) { o.DaemonAddress = "127.0.0.1:1" }).Start(t.Context(), "charge", sampled)
	require.Nil(t, span)
}

func TestStacksNameTheCaller(t *testing.T) {
	var out packets
	_, span := xraylite.New(func(o *xraylite.Options) { o.Output = &out }).Start(t.Context(), "charge", sampled)
	span.RecordError(errors.New("declined"))
	span.RecordError(nil)
	span.End()
	_, body, _ := strings.Cut(out.list[0], "\n")
	var d struct {
		Cause struct {
			Exceptions []struct {
				Stack []struct{ Path, Label string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &d))
	require.Len(t, d.Cause.Exceptions, 1)
	require.Equal(t, "TestStacksNameTheCaller", d.Cause.Exceptions[0].Stack[0].Label)
}

func BenchmarkSpan(b *testing.B) {
	for name, tracer := range map[string]observe.Tracer{
		"xraylite": xraylite.New(func(o *xraylite.Options) { o.Output = &discard{} }),
		"xray":     xray.New(func(o *xray.Options) { o.Output = &discard{} }),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, span := tracer.Start(context.Background(), "charge", sampled)
				span.End()
			}
		})
	}
}

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }
