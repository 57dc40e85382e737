package observe_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe"
)

// writtenEarly counts the documents that are there before the handler has returned.
func writtenEarly(t *testing.T, work func(context.Context)) (early, all int) {
	t.Helper()
	clean(t)
	var out strings.Builder
	handler := observe.EventHandler("svc", func(ctx context.Context, _ struct{}) error {
		work(ctx)
		early = strings.Count(out.String(), "CloudWatchMetrics")
		return nil
	}, func(o *observe.Options) { o.Output, o.OmitColdStart = &out, true })
	require.NoError(t, handler(t.Context(), struct{}{}))
	return early, strings.Count(out.String(), "CloudWatchMetrics")
}

// The two limits of the package's documentation.
func TestMetricsAreWrittenEarlyAtTheLimitsOnly(t *testing.T) {
	counter, histogram := observe.MustCounter("C", "D"), observe.MustHistogram("H", "D")
	combinations := func(n int) func(context.Context) {
		return func(ctx context.Context) {
			for i := range n {
				counter.Add(ctx, 1, fmt.Sprint(i))
				counter.Add(ctx, 1, fmt.Sprint(i))
			}
		}
	}
	values := func(n int) func(context.Context) {
		return func(ctx context.Context) {
			for i := range n {
				histogram.Record(ctx, float64(i), "d")
			}
		}
	}
	for _, c := range []struct {
		work       func(context.Context)
		early, all int
	}{
		{combinations(999), 0, 999},
		{values(9_999), 0, 100},
		{values(10_000), 100, 100},
		{values(10_001), 100, 101},
	} {
		early, all := writtenEarly(t, c.work)
		require.Equal(t, c.early, early)
		require.Equal(t, c.all, all)
	}
	early, all := writtenEarly(t, combinations(1_000))
	require.Equal(t, 1_000, early)
	require.Equal(t, 1_001, all, "the last one again: its second count came after")
	early, all = writtenEarly(t, func(ctx context.Context) {
		for i := range 20_000 {
			counter.Add(ctx, 1, fmt.Sprint(i%999))
		}
	})
	require.Zero(t, early, "a sum is one value however often it is added to")
	require.Equal(t, 999, all)
}

func TestEqualDimensionSetsAreRefused(t *testing.T) {
	counter := observe.MustCounter("C", "A", "B", "AB")
	for _, sets := range [][][]string{
		{{"A"}, {"A"}},
		{{"A"}, {"B"}, {"A"}},
		{{"A", "B"}, {"B", "A"}},
		{{}, {}},
		{{}, nil},
	} {
		require.PanicsWithValue(t, fmt.Sprintf("observe: metric \"C\": the set %q is there twice", sets[len(sets)-1]), func() { counter.Sets(sets...) })
	}
	require.NotPanics(t, func() { counter.Sets([]string{"A"}, []string{"B"}, []string{"A", "B"}, []string{"AB"}, nil) })
}

// Every document has a dimension service, so that a metric of that name would be there twice.
func TestAMetricIsNotNamedService(t *testing.T) {
	for name, declare := range map[string]func() error{
		"counter":   func() error { _, err := observe.NewCounter("service"); return err },
		"gauge":     func() error { _, err := observe.NewGauge("service", "D"); return err },
		"histogram": func() error { _, err := observe.NewHistogram("service"); return err },
		"timer":     func() error { _, err := observe.NewTimer("service"); return err },
	} {
		require.ErrorContains(t, declare(), `metric "service": the metric name: the name is reserved`, name)
	}
	_, err := observe.NewCounter("Service", "service")
	require.NoError(t, err, "a metric may have the dimension")
}
