package observetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
	"github.com/patternkit/serverless/observe/xray"
)

// failing is a test that keeps its failures, and goes on after one that ends it.
type failing struct {
	texts []string
	ended int
}

func (*failing) Helper()             {}
func (*failing) Logf(string, ...any) {}
func (*failing) Cleanup(func())      {}
func (f *failing) FailNow()          { f.ended++ }
func (f *failing) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

// record runs a handler that counts, logs, fails and traces.
func record(t *testing.T, rec *observetest.Recorder) {
	t.Helper()
	requests := observe.MustCounter("Requests", "Route")
	handler := observe.Wrap("shop", func(ctx context.Context) error {
		requests.Add(ctx, 2, "/a")
		observe.Logger(ctx).Info("hello", zap.Int("n", 1))
		_, span := observe.StartSpan(ctx, "work")
		span.End()
		return errors.New("no")
	}, rec.Observe, func(o *observe.Options) {
		o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
	})
	require.EqualError(t, handler(observetest.Context(t.Context(), observetest.Invocation{TraceHeader: observetest.NewTraceHeader()})), "no")
}

func TestRequireReturnsWhatIsFound(t *testing.T) {
	rec := observetest.New(t)
	observetest.RequireNoErrors(t, rec)
	synctest.Test(t, func(t *testing.T) { record(t, rec) }) // the recorder was made outside the bubble
	metrics := observetest.RequireMetric(t, rec, "Requests", 2, "Route=/a", "service=shop")
	require.Len(t, metrics, 1)
	require.Equal(t, []float64{2}, metrics[0].Values)
	require.Equal(t, "Count", metrics[0].Unit)
	for _, line := range []observetest.Line{
		observetest.RequireLog(t, rec, "INFO", "hello", "n=1", "service=shop"),
		observetest.RequireLog(t, rec, "", "hello"),
		observetest.RequireLog(t, rec, "", "", "n=1"),
	} {
		require.Equal(t, "hello", line.Message)
	}
	require.Equal(t, "shop (fault)\n  work\n", rec.Tree(observetest.RequireOneTrace(t, rec)))
	record(t, rec)
	require.Len(t, observetest.RequireMetric(t, rec, "Requests", 4, "Route=/a"), 2, "one for each document")
}

func TestRequireSaysWhatIsThereInstead(t *testing.T) {
	tb, rec := &failing{}, observetest.New(t)
	fails := func(want ...string) {
		t.Helper()
		require.Len(t, tb.texts, 1)
		require.Equal(t, 1, tb.ended, "a requirement that is not met ends the test")
		for _, part := range want {
			require.Contains(t, tb.texts[0], part)
		}
		tb.texts, tb.ended = nil, 0
	}
	observetest.RequireMetric(tb, rec, "Requests", 0)
	fails("observetest: no metric Requests was written; written were: none")
	observetest.RequireLog(tb, rec, "INFO", "hello")
	fails("observetest: no line INFO hello was logged; logged were: none")
	observetest.RequireOneTrace(tb, rec)
	fails("observetest: the spans belong to 0 traces, 1 is required: none")

	record(t, rec)
	observetest.RequireMetric(tb, rec, "Requests", 3)
	fails("the metric Requests sums to 2, 3 is required; written were:\n", "\n  Requests {Route=/a service=shop} [2] Count")
	observetest.RequireMetric(tb, rec, "Requests", 2, "Route=/b")
	fails("no metric Requests Route=/b was written; written were:\n", "\n  Requests {Route=/a ")
	observetest.RequireMetric(tb, rec, "Missing", 0)
	fails("no metric Missing was written")
	observetest.RequireLog(tb, rec, "INFO", "hello", "n=2")
	fails("no line INFO hello n=2 was logged; logged were:\n", `"message":"hello"`)
	observetest.RequireLog(tb, rec, "WARN", "hello")
	fails("no line WARN hello was logged")
	observetest.RequireNoErrors(tb, rec)
	fails("errors were logged:\n", "the invocation failed")
	record(t, rec)
	observetest.RequireOneTrace(tb, rec)
	fails("the spans belong to 2 traces, 1 is required:\n", "\n    shop (fault)\n      work")

	observetest.RequireMetric(tb, rec, "Requests", 4, "Route", "service=shop")
	fails(`observetest: RequireMetric: ["Route"] is no name=value`)
	observetest.RequireLog(tb, rec, "INFO", "hello", "n=1", "service", "shop")
	fails(`observetest: RequireLog: ["service" "shop"] is no path=value`)

	alone := observetest.New((*testing.T)(nil)) // no test in an interface is no test
	for want, call := range map[string]func(){
		"observetest: RequireMetric: the test is nil":       func() { observetest.RequireMetric(nil, rec, "Requests", 4) },
		"observetest: RequireLog: the recorder is nil":      func() { observetest.RequireLog(t, nil, "INFO", "hello") },
		"observetest: RequireNoErrors: the test is nil":     func() { observetest.RequireNoErrors((*testing.T)(nil), rec) },
		`observetest: Find: ["n"] is no path=value`:         func() { alone.Find("hello", "n") },
		`observetest: the metric M: ["n"] is no name=value`: func() { alone.Sum("M", "n", "x=1") },
		`observetest: Delivered: "bogus" is no level; the levels are TRACE, DEBUG, INFO, WARN, ERROR, FATAL`: func() {
			observetest.Delivered("bogus", nil)
		},
	} {
		require.PanicsWithValue(t, want, call)
	}
	reporting := observetest.New(tb)
	require.Empty(t, reporting.Find("hello", "n"))
	require.Equal(t, []string{`observetest: Find: ["n"] is no path=value`}, tb.texts)
}

func TestDumpListsEverything(t *testing.T) {
	rec := observetest.New(t)
	require.Equal(t, "logged: none\nmetrics: none\nspans: none\n", rec.Dump())
	record(t, rec)
	dump := rec.Dump()
	for _, part := range []string{`"message":"hello"`, "\n  Requests {", "\n    shop (fault)\n      work\n"} {
		require.Contains(t, dump, part)
	}
	require.NotContains(t, dump, "problems")
	rec.Reset()
	require.Equal(t, "logged: none\nmetrics: none\nspans: none\n", rec.Dump())
}
