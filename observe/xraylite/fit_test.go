package xraylite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
	"github.com/patternkit/serverless/observe/xraylite"
)

// tracers are the two, each with an output or the daemon at an address.
var tracers = map[string]func(out io.Writer, address string) observe.Tracer{
	"xray": func(out io.Writer, address string) observe.Tracer {
		return xray.New(func(o *xray.Options) { o.Output, o.DaemonAddress = out, address })
	},
	"xraylite": func(out io.Writer, address string) observe.Tracer {
		return xraylite.New(func(o *xraylite.Options) { o.Output, o.DaemonAddress = out, address })
	},
}

// spanning runs f within the span of an invocation and returns what was logged.
func spanning(t *testing.T, tracer observe.Tracer, f func(ctx context.Context, span observe.Span)) *observetest.Recorder {
	t.Helper()
	rec := observetest.New(t)
	handler := observe.Wrap("s", func(ctx context.Context) {
		ctx, span := observe.StartSpan(ctx, "charge")
		defer span.End()
		f(ctx, span)
	}, rec.Observe, func(o *observe.Options) { o.Tracer = tracer })
	handler(observetest.Context(t.Context(), observetest.Invocation{TraceHeader: sampled}))
	return rec
}

// chain is an error of n errors, each with the text.
func chain(text string, n int) error {
	err := errors.New(text)
	for range n {
		err = fmt.Errorf("%s: %w", text, err)
	}
	return err
}

// Whatever a span is given, the daemon gets its packet.
func TestEverySpanFitsIntoAPacket(t *testing.T) {
	for name, fill := range map[string]func(observe.Span){
		"all of the documented": func(s observe.Span) {
			for i := range 50 {
				s.Annotate(fmt.Sprint("key", i), strings.Repeat("x", 1000))
			}
			s.Metadata("m", strings.Repeat("x", 30_000))
		},
		"error text":    func(s observe.Span) { s.RecordError(errors.New(strings.Repeat("x", 1<<20))) },
		"quotes":        func(s observe.Span) { s.RecordError(errors.New(strings.Repeat("\"", 70_000))) },
		"control bytes": func(s observe.Span) { s.RecordError(errors.New(strings.Repeat("\x01", 70_000))) },
		"invalid bytes": func(s observe.Span) { s.RecordError(errors.New(strings.Repeat("\xff", 70_000))) },
		"letters":       func(s observe.Span) { s.RecordError(errors.New(strings.Repeat("é", 70_000))) },
		"chain":         func(s observe.Span) { s.RecordError(chain(strings.Repeat("<", 900), 100)) },
		"joined":        func(s observe.Span) { s.RecordError(errors.Join(chain("a", 9000), chain("b", 9000))) },
		"many errors": func(s observe.Span) {
			for i := range 1000 {
				s.RecordError(fmt.Errorf("error %d", i))
			}
		},
		"many long ones": func(s observe.Span) {
			for range 100 {
				s.RecordError(errors.New(strings.Repeat("<", 5000)))
			}
		},
		"annotations": func(s observe.Span) {
			for i := range 60 {
				s.Annotate(fmt.Sprint("k", i), strings.Repeat("<\x02", 5000))
			}
		},
		"keys": func(s observe.Span) {
			for i := range 60 {
				s.Annotate(fmt.Sprint(i)+strings.Repeat("k", 5000), strings.Repeat("x", 5000))
			}
		},
		"metadata": func(s observe.Span) {
			s.Metadata("m", strings.Repeat("<", 5400))
			s.Metadata("n", map[string]any{"x": strings.Repeat("y", 20_000)})
		},
		"metadata keys": func(s observe.Span) {
			for i := range 5000 {
				s.Metadata(fmt.Sprint(i)+strings.Repeat("\x03", 700), i)
			}
		},
		"small metadata": func(s observe.Span) {
			for i := range 5000 {
				s.Metadata(fmt.Sprint(i), i)
			}
		},
		"one value often": func(s observe.Span) {
			for i := range 5000 {
				s.Metadata("k", strings.Repeat(fmt.Sprint(i%10), 100))
			}
		},
		"AWS call": func(s observe.Span) {
			long := strings.Repeat("\"", 70_000)
			s.(observe.AWSSpan).DescribeAWSCall(observe.AWSCall{Service: long, Operation: long, Region: long, RequestID: long})
		},
		"everything": func(s observe.Span) {
			for i := range 60 {
				s.RecordError(chain(strings.Repeat("\x01", 500), 10))
				s.Annotate(fmt.Sprint("k", i), strings.Repeat("&", 1000))
				s.Metadata(fmt.Sprint("k", i), strings.Repeat("&", 1000))
			}
		},
	} {
		for kind, tracer := range tracers {
			t.Run(name+"/"+kind, func(t *testing.T) {
				daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
				require.NoError(t, err)
				defer func() { require.NoError(t, daemon.Close()) }()
				rec := spanning(t, tracer(nil, daemon.LocalAddr().String()), func(_ context.Context, span observe.Span) { fill(span) })
				require.Empty(t, rec.Find("a span was not sent"))
				buf := make([]byte, 1<<16)
				require.NoError(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
				n, _, err := daemon.ReadFrom(buf)
				require.NoError(t, err)
				require.LessOrEqual(t, n, 64_000)
				spans, err := observetest.ParsePacket(buf[:n])
				require.NoError(t, err)
				require.Equal(t, "charge", spans[0].Name)
			})
		}
	}
}

func TestWhatIsCutIsMarked(t *testing.T) {
	for kind, tracer := range tracers {
		t.Run(kind, func(t *testing.T) {
			out := observetest.New(t)
			span := func(fill func(observe.Span)) observetest.Segment {
				out.Reset()
				rec := spanning(t, tracer(out.Traces(), ""), func(_ context.Context, span observe.Span) { fill(span) })
				require.Empty(t, rec.Find("a span was not sent"))
				return out.Segments()[0]
			}
			s := span(func(s observe.Span) {
				s.RecordError(errors.New(strings.Repeat("x", 5000)))
				for i := range 50 {
					s.Annotate(fmt.Sprintf("key%02d", i), fmt.Sprintf("%02d", i)+strings.Repeat("x", 998))
				}
				s.Metadata("small", 42)
				s.Metadata("large", map[string]any{"id": 1, "text": strings.Repeat("x", 30_000)})
			})
			require.Regexp(t, `^errors.errorString: x+…\[10\d\d bytes cut\]$`, s.Errors[0])
			require.Len(t, s.Annotations, 50)
			for i := range 50 {
				require.Equal(t, fmt.Sprintf("%02d", i)+strings.Repeat("x", 998), s.Annotations[fmt.Sprintf("key%02d", i)], "annotations give way last")
			}
			require.Equal(t, 42.0, s.Metadata["small"])
			require.Regexp(t, `^\{"id":1,"text":"x+…\[\d+ bytes cut\]$`, s.Metadata["large"])

			s = span(func(s observe.Span) {
				for i := range 2000 {
					s.RecordError(fmt.Errorf("error %d", i))
				}
				for i := range 50 {
					s.Annotate(fmt.Sprintf("key%02d", i), strings.Repeat("x", 3000))
				}
				for i := range 900 {
					s.Metadata(fmt.Sprint("key", i), i)
				}
			})
			require.Equal(t, "errors.errorString: error 0", strings.Replace(s.Errors[0], "fmt.wrapError", "errors.errorString", 1))
			require.Regexp(t, `^observe: \d+ further errors are left out$`, s.Errors[len(s.Errors)-1])
			require.Len(t, s.Annotations, 50)
			require.Regexp(t, `^x+…\[\d+ bytes cut\]$`, s.Annotations["key49"])

			s = span(func(s observe.Span) {
				for range 1000 {
					s.Metadata("k", strings.Repeat("x", 1000))
				}
				s.Annotate(strings.Repeat("k", 501), 1)
			})
			require.Equal(t, strings.Repeat("x", 1000), s.Metadata["k"], "a value that is set again takes its room once")
			require.Equal(t, map[string]any{strings.Repeat("k", 496) + "_cut": 1.0}, s.Annotations)
		})
	}
}

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no route to the daemon") }

func TestASpanThatIsNotSentIsALine(t *testing.T) {
	long := "Root=" + strings.Repeat("1", 70_000) + ";Parent=94ae789b969f1cc5;Sampled=1"
	for kind, tracer := range tracers {
		t.Run(kind, func(t *testing.T) {
			rec := spanning(t, tracer(broken{}, ""), func(context.Context, observe.Span) {})
			observetest.RequireLog(t, rec, "WARN", "a span was not sent", "span=charge", "error.message=no route to the daemon")
			require.Len(t, rec.Find("a span was not sent"), 2, "the handler's own, too")

			rec = observetest.New(t)
			handler := observe.Wrap("s", func(context.Context) {}, rec.Observe, func(o *observe.Options) { o.Tracer = tracer(rec.Traces(), "") })
			handler(observetest.Context(t.Context(), observetest.Invocation{TraceHeader: long}))
			require.Regexp(t, `^its packet has 7\d{4} bytes, at most 64000 are sent$`, observetest.RequireLog(t, rec, "WARN", "a span was not sent").Text("error.message"))
		})
	}
}

// Nothing must not show in a trace that must not show in a log.
func TestSpansAreRedacted(t *testing.T) {
	type card struct {
		Number string `redact:"true"`
		key    observe.Secret
	}
	for kind, tracer := range tracers {
		t.Run(kind, func(t *testing.T) {
			out := observetest.New(t)
			rec := observetest.New(t)
			handler := observe.Wrap("s", func(ctx context.Context) {
				c := card{"hunter2", "hunter2"}
				s := observe.CurrentSpan(ctx)
				s.Annotate("pass_word", "hunter2")
				s.Annotate("query", "a=b&password=hunter2")
				s.Annotate("card", c)
				s.Annotate("n", 7)
				s.Metadata("password", "hunter2")
				s.Metadata("body", `{"password":"hunter2"}`)
				s.Metadata("card", map[string]any{"c": c, "kept": 1})
				s.RecordError(fmt.Errorf("card %w", fmt.Errorf(`{"password":"hunter2"}`)))
			}, rec.Observe, func(o *observe.Options) { o.Tracer, o.Redact = tracer(out.Traces(), ""), []string{"password"} })
			handler(observetest.Context(t.Context(), observetest.Invocation{TraceHeader: sampled}))
			s := out.Segments()[0]
			require.NotContains(t, fmt.Sprint(s), "hunter2")
			require.Equal(t, 7.0, s.Annotations["n"])
			require.Equal(t, map[string]any{"c": map[string]any{"Number": "[REDACTED]"}, "kept": 1.0}, s.Metadata["card"])
			require.Contains(t, s.Errors[0], "card ")
		})
	}
}

func TestSpansInProgress(t *testing.T) {
	for kind, tracer := range tracers {
		t.Run(kind, func(t *testing.T) {
			out := observetest.New(t)
			_, span := tracer(out.Traces(), "").Start(t.Context(), "charge", sampled)
			sent, ok := span.(observe.SentSpan)
			require.True(t, ok)
			span.Annotate("a", 1)
			sent.Flush()
			sent.Flush()
			first := out.Segments()
			span.Annotate("b", 2)
			span.End()
			sent.Flush()
			second := out.Segments()
			require.Len(t, first, 1)
			require.True(t, first[0].InProgress)
			require.True(t, first[0].End.IsZero())
			require.Equal(t, map[string]any{"a": 1.0}, first[0].Annotations)
			require.Len(t, second, 1)
			require.False(t, second[0].InProgress)
			require.Equal(t, first[0].ID, second[0].ID)
			require.Equal(t, first[0].ParentID, second[0].ParentID)
			require.Equal(t, map[string]any{"a": 1.0, "b": 2.0}, second[0].Annotations)
		})
	}
}
