package observe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

var emfSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("testdata/emf.schema.json")
})

// documents returns the metric documents of rec, each valid by the schema.
func documents(t *testing.T, rec *observetest.Recorder) []string {
	t.Helper()
	schema, err := emfSchema()
	require.NoError(t, err)
	var out []string
	for _, raw := range rec.Raw() {
		if !strings.Contains(raw, `"_aws":`) {
			continue
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(v), raw)
		out = append(out, raw)
	}
	return out
}

// recording runs f in an invocation that reports no cold start.
func recording(t *testing.T, f func(ctx context.Context), optFns ...func(*observe.Options)) *observetest.Recorder {
	t.Helper()
	rec := observetest.New(t)
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		f(ctx)
		return nil
	}, append([]func(*observe.Options){rec.Observe, func(o *observe.Options) { o.OmitColdStart = true }}, optFns...)...)
	ctx := observetest.Context(context.Background(), observetest.Invocation{RequestID: "r-1"})
	require.NoError(t, handler(ctx, order{}))
	return rec
}

func TestAMetricDocument(t *testing.T) {
	clean(t)
	latency := observe.MustHistogram("Latency", "Channel").Unit(observe.UnitMicroseconds).HighResolution()
	depth := observe.MustGauge("Depth", "Channel")
	synctest.Test(t, func(t *testing.T) {
		rec := recording(t, func(ctx context.Context) {
			observe.SetProperty(ctx, "orderId", "42")
			observe.SetProperty(ctx, "orderId", "43")
			observe.SetProperty(ctx, "Depth", "gives way")
			observe.SetProperty(ctx, "stage", "gives way")
			ordersPlaced.Add(ctx, 1.5, "web")
			latency.Record(ctx, 10, "web")
			latency.Record(ctx, 1e-7, "web")
			depth.Set(ctx, -3e25, "web")
		}, func(o *observe.Options) {
			o.Namespace, o.Dimensions = "Shop", map[string]string{"stage": "prod", "Channel": "overridden"}
		})
		require.Equal(t, []string{`{"level":"INFO","timestamp":"2000-01-01T00:00:00.000Z","_aws":{"Timestamp":946684800000,"CloudWatchMetrics":[{"Namespace":"Shop",` +
			`"Dimensions":[["service","stage","Channel"]],"Metrics":[{"Name":"OrdersPlaced","Unit":"Count"},{"Name":"Latency","Unit":"Microseconds","StorageResolution":1},{"Name":"Depth"}]}]},` +
			`"service":"orders","stage":"prod","Channel":"web","OrdersPlaced":1.5,"Latency":[10,1e-07],"Depth":-3e+25,"requestId":"r-1","correlationId":"r-1","orderId":"43"}` + "\n"}, documents(t, rec))
	})
}

func TestDimensionSets(t *testing.T) {
	clean(t)
	placed := observe.MustCounter("Placed", "Channel", "Region")
	by := placed.Sets([]string{"Channel"}, []string{"Channel", "Region"}, nil)
	rec := recording(t, func(ctx context.Context) {
		by.Add(ctx, 1, "web", "eu")
		by.Add(ctx, 1, "web", "us")
		placed.Add(ctx, 1, "app", "eu")
	})
	require.Len(t, documents(t, rec), 3)
	observetest.RequireMetric(t, rec, "Placed", 2, "Channel=web")
	observetest.RequireMetric(t, rec, "Placed", 1, "Channel=web", "Region=us")
	require.Equal(t, [][]string{{"service", "Channel"}, {"service", "Channel", "Region"}, {"service"}}, rec.Metrics()[0].Sets)
	require.Equal(t, [][]string{{"service", "Channel", "Region"}}, rec.Metrics()[2].Sets)
	require.Panics(t, func() { placed.Sets([]string{"Tenant"}) })
	require.Panics(t, func() { placed.Sets([]string{"Channel", "Channel"}) })
	require.Panics(t, func() { placed.Sets() })
}

func TestEveryPartOfASplitKeepsDimensionsAndProperties(t *testing.T) {
	clean(t)
	values := observe.MustHistogram("Values", "Tenant")
	counters := make([]*observe.Counter, 250)
	for i := range counters {
		counters[i] = observe.MustCounter(fmt.Sprintf("Counter%d", i), "Tenant")
	}
	check := func(rec *observetest.Recorder, wantDocs int) {
		t.Helper()
		require.Len(t, documents(t, rec), wantDocs)
		for _, m := range rec.Metrics() {
			require.Equal(t, map[string]string{"service": "orders", "Tenant": "acme"}, m.Dimensions)
			require.Equal(t, "x", m.Properties["kept"])
			require.Equal(t, "r-1", m.Properties["requestId"])
		}
	}
	rec := recording(t, func(ctx context.Context) {
		observe.SetProperty(ctx, "kept", "x")
		for i, c := range counters {
			c.Add(ctx, float64(i), "acme")
		}
	})
	check(rec, 3)
	for i := range counters {
		observetest.RequireMetric(t, rec, fmt.Sprintf("Counter%d", i), float64(i), "Tenant=acme")
	}

	rec = recording(t, func(ctx context.Context) {
		observe.SetProperty(ctx, "kept", "x")
		for i := range 201 {
			values.Record(ctx, float64(i), "acme")
			counters[0].Add(ctx, 1, "acme")
		}
	})
	check(rec, 3)
	observetest.RequireMetric(t, rec, "Counter0", 201)
	got := rec.Values("Values")
	require.Len(t, got, 201)
	for i, v := range got {
		require.Equal(t, float64(i), v)
	}

	// By bytes: 100 metrics of 100 values do not fit into 128 KiB.
	histograms := make([]*observe.Histogram, 100)
	for i := range histograms {
		histograms[i] = observe.MustHistogram(fmt.Sprintf("H%d", i), "Tenant")
	}
	rec = recording(t, func(ctx context.Context) {
		observe.SetProperty(ctx, "kept", "x")
		observe.SetProperty(ctx, "large", strings.Repeat("x", 40000))
		for i := range 99 {
			for _, h := range histograms {
				h.Record(ctx, float64(i)/3, "acme")
			}
		}
	}, func(o *observe.Options) { o.MaxLineBytes = 128 << 10 })
	docs := documents(t, rec)
	require.Greater(t, len(docs), 1)
	check(rec, len(docs))
	for _, d := range docs {
		require.LessOrEqual(t, len(d), 128<<10)
		require.Contains(t, d, `"large":"xxx`)
	}
	require.Len(t, rec.Values("H7"), 99)

	rec = recording(t, func(ctx context.Context) {
		observe.SetProperty(ctx, "large", strings.Repeat("x", 100000))
		counters[0].Add(ctx, 1, "acme")
	}, func(o *observe.Options) { o.MaxLineBytes = 128 << 10 })
	observetest.RequireLog(t, rec, "WARN", "the metric properties are too large for a document and are left out")
	observetest.RequireMetric(t, rec, "Counter0", 1)

	// A loop of any length needs bounded memory: what is full is written.
	early := 0
	own := observetest.New(t)
	rec = recording(t, func(ctx context.Context) {
		observe.SetProperty(ctx, "kept", "x")
		for range 10001 {
			values.Record(ctx, 1, "acme")
		}
		early = len(own.Metrics())
	}, own.Observe)
	require.Empty(t, rec.Raw())
	require.Equal(t, 100, early)
	rec = own
	check(rec, 101)
	observetest.RequireMetric(t, rec, "Values", 10001)
}

func TestWhatCloudWatchRefusesIsRefusedWithAWarning(t *testing.T) {
	clean(t)
	depth := observe.MustGauge("Depth", "Queue")
	big := observe.MustCounter("Big")
	for _, c := range []struct {
		name, reason string
		record       func(context.Context)
	}{
		{"NaN", "NaN is not a number within ±2^360", func(ctx context.Context) { depth.Set(ctx, math.NaN(), "q") }},
		{"Inf", "+Inf is not a number", func(ctx context.Context) { depth.Set(ctx, math.Inf(1), "q") }},
		{"too large", "is not a number within ±2^360", func(ctx context.Context) { depth.Set(ctx, -math.Ldexp(1.01, 360), "q") }},
		{"overflowing sum", "the sum: ", func(ctx context.Context) {
			big.Add(ctx, math.Ldexp(1, 360))
			big.Add(ctx, math.Ldexp(1, 360))
		}},
		{"missing value", `0 values for the dimensions [\"Queue\"]`, func(ctx context.Context) { depth.Set(ctx, 1) }},
		{"extra value", "2 values for", func(ctx context.Context) { depth.Set(ctx, 1, "a", "b") }},
		{"empty", "dimension Queue: it is blank", func(ctx context.Context) { depth.Set(ctx, 1, "") }},
		{"blank", "dimension Queue: it is blank", func(ctx context.Context) { depth.Set(ctx, 1, "   ") }},
		{"long", "it has 1025 characters, at most 1024 are allowed", func(ctx context.Context) { depth.Set(ctx, 1, strings.Repeat("x", 1025)) }},
		{"not ASCII", "only printable ASCII", func(ctx context.Context) { depth.Set(ctx, 1, "café") }},
		{"control", "only printable ASCII", func(ctx context.Context) { depth.Set(ctx, 1, "a\nb") }},
		{"named as a default dimension", "the name of the default dimension", func(ctx context.Context) { observe.MustGauge("stage").Set(ctx, 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := recording(t, func(ctx context.Context) {
				c.record(ctx)
				c.record(ctx)
				ordersPlaced.Add(ctx, 1, "fine")
			}, func(o *observe.Options) { o.Dimensions = map[string]string{"stage": "prod"} })
			docs := documents(t, rec)
			require.NotEmpty(t, docs)
			require.Len(t, rec.Find("a metric value was refused"), 1, "once per metric and invocation")
			require.Contains(t, rec.Raw()[0], strings.ReplaceAll(c.reason, "+Inf", "+Inf"))
			observetest.RequireMetric(t, rec, "OrdersPlaced", 1, "Channel=fine")
			if c.name == "overflowing sum" {
				observetest.RequireMetric(t, rec, "Big", math.Ldexp(1, 360))
			} else {
				require.Len(t, rec.Metrics(), 1)
			}
		})
	}
	rec := recording(t, func(ctx context.Context) {
		observe.SetProperty(ctx, "_aws", 1)
		observe.SetProperty(ctx, "", 1)
		observe.SetProperty(ctx, "ch", make(chan int))
		observe.SetProperty(ctx, "nan", math.NaN())
		ordersPlaced.Add(ctx, 1, "fine")
	})
	require.Len(t, rec.Find("a metric property was refused"), 4)
	observetest.RequireMetric(t, rec, "OrdersPlaced", 1)
}

func TestDeclarationsAreChecked(t *testing.T) {
	dims := make([]string, 31)
	for i := range dims {
		dims[i] = fmt.Sprint("d", i)
	}
	_, err := observe.NewCounter("", "a", "a", ":b", "", strings.Repeat("x", 251), "requestId", "é")
	for _, want := range []string{
		`observe: metric "":`, "the metric name: it is blank", `dimension "a" is there twice`, `dimension ":b": it begins with a colon`,
		`dimension "": it is blank`, "it has 251 characters, at most 250", `dimension "requestId": the name is reserved`, `dimension "é": only printable ASCII`,
	} {
		require.ErrorContains(t, err, want)
	}
	for name, dims := range map[string][]string{
		strings.Repeat("m", 256): nil, ":m": nil, "_aws": nil, "level": nil, "a\x00": nil, "\xff": nil, "m": dims, "same": {"same"},
	} {
		_, err := observe.NewCounter(name, dims...)
		require.Error(t, err, name)
		require.Panics(t, func() { observe.MustHistogram(name, dims...) })
		require.Panics(t, func() { observe.MustGauge(name, dims...) })
		require.Panics(t, func() { observe.MustTimer(name, dims...) })
	}
	require.PanicsWithValue(t, `observe: metric "m": CloudWatch has no unit "Furlongs"`, func() { observe.MustGauge("m").Unit("Furlongs") })
	// "service" is one of the 30.
	const tooMany = `observe: metric "m": 31 dimensions with "service", which every metric has, at most 30 are allowed`
	for _, declare := range []func() error{
		func() error { _, err := observe.NewCounter("m", dims[:30]...); return err },
		func() error { _, err := observe.NewGauge("m", dims[:30]...); return err },
		func() error { _, err := observe.NewHistogram("m", dims[:30]...); return err },
		func() error { _, err := observe.NewTimer("m", dims[:30]...); return err },
	} {
		require.EqualError(t, declare(), tooMany)
	}
	require.PanicsWithValue(t, tooMany, func() { observe.MustCounter("m", dims[:30]...) })
	own := append([]string{"service"}, dims[:29]...)
	full, err := observe.NewGauge("m", own...)
	require.NoError(t, err)
	require.PanicsWithValue(t, "observe: metric \"m\": the set [\"x\"] names \"x\", which is not a dimension of the metric or is there twice; "+
		"the set [] is there twice", func() { full.Sets([]string{"x"}, nil, nil) })
	clean(t)
	rec := recording(t, func(ctx context.Context) {
		full.Set(ctx, 1, own...)
		observe.MustGauge("n", dims[:29]...).Set(ctx, 1, dims[:29]...)
	})
	documents(t, rec)
	observetest.RequireMetric(t, rec, "m", 1)
	observetest.RequireMetric(t, rec, "n", 1)

	rec = recording(t, func(ctx context.Context) { observe.MustGauge("n", dims[:29]...).Set(ctx, 1, dims[:29]...) },
		func(o *observe.Options) { o.Dimensions = map[string]string{"stage": "prod"} })
	observetest.RequireLog(t, rec, "WARN", "a metric value was refused", "metric=n", "error.message=31 dimensions with the default ones, at most 30 are allowed")
}

func TestADeclarationIsNotChangedByItsCopies(t *testing.T) {
	clean(t)
	base := observe.MustHistogram("H", "a", "b")
	first := base.Unit(observe.UnitBytes)
	second := first.HighResolution().Unit(observe.UnitSeconds)
	third := base.Sets([]string{"a"})
	rec := recording(t, func(ctx context.Context) {
		for _, h := range []*observe.Histogram{base, first, second, third} {
			h.Record(ctx, 1, "x", "y")
		}
	})
	var got []string
	for _, m := range rec.Metrics() {
		got = append(got, fmt.Sprint(m.Unit, m.HighResolution, m.Sets))
	}
	require.Equal(t, []string{"Nonefalse [[service a b]]", "Bytesfalse [[service a b]]", "Secondstrue [[service a b]]", "Nonefalse [[service a]]"}, got)
	documents(t, rec) // one name with several units: a document each
}

func TestColdStartOfOnDemandEnvironmentsOnly(t *testing.T) {
	clean(t)
	for kind, want := range map[string]int{"": 1, "on-demand": 1, "provisioned-concurrency": 0, "lambda-managed-instances": 0} {
		t.Setenv("AWS_LAMBDA_INITIALIZATION_TYPE", kind)
		rec := observetest.New(t)
		handler := observe.EventHandler("orders", func(context.Context, order) error { return nil }, rec.Observe)
		require.NoError(t, handler(invocation(t), order{}))
		require.Len(t, documents(t, rec), want, kind)
	}
}

func TestCardinalityIsCapped(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	handler := observe.EventHandler("orders", func(ctx context.Context, o order) error {
		ordersPlaced.Add(ctx, 1, o.ID)
		return nil
	}, rec.Observe, func(o *observe.Options) { o.MaxDimensionValues = 3 })
	for i := range 10 {
		require.NoError(t, handler(invocation(t), order{fmt.Sprint("c", i%6)}))
	}
	observetest.RequireMetric(t, rec, "OrdersPlaced", 2, "Channel=c0")
	observetest.RequireMetric(t, rec, "OrdersPlaced", 4, "Channel=other")
	require.Len(t, rec.Find(`a dimension has too many values; further ones are recorded as "other"`), 1)
}

func FuzzEMF(f *testing.F) {
	f.Add("Name", "dim", "value", 1.5, "key", "text", 3)
	f.Add("m\"\\", "d", "\x7f", math.NaN(), "_aws", "\xff\u2028", 101)
	f.Add("Name", "service", "x", math.Inf(-1), "Name", "<&>", 0)
	f.Add("ü", "dim", strings.Repeat("v", 1024), 5e-324, "k\n", "{}", 250)
	f.Fuzz(func(t *testing.T, name, dim, value string, v float64, key, text string, n int) {
		counter, err := observe.NewCounter(name, dim)
		histogram, err2 := observe.NewHistogram(name+"H", dim)
		if err != nil || err2 != nil {
			return
		}
		rec := observetest.New(nil)
		handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
			observe.SetProperty(ctx, key, text)
			counter.Add(ctx, v, value)
			for range n % 300 {
				histogram.Record(ctx, v, value)
			}
			return nil
		}, rec.Observe)
		require.NoError(t, handler(observetest.Context(context.Background(), observetest.Invocation{}), order{}))
		require.Empty(t, rec.Problems())
		documents(t, rec)
		if got := rec.Values(name); len(got) > 0 {
			require.Equal(t, []float64{v}, got)
			require.Len(t, rec.Values(name+"H"), max(0, n%300))
		}
	})
}

var encoded []byte

// BenchmarkEMF is a document of 3 metrics with 2 dimensions in all.
func BenchmarkEMF(b *testing.B) {
	b.Setenv("AWS_LAMBDA_LOG_LEVEL", "")
	requests, bytes, latency := observe.MustCounter("Requests", "Route"), observe.MustGauge("Bytes", "Route"), observe.MustTimer("Latency", "Route")
	handler := observe.EventHandler("orders", func(ctx context.Context, _ order) error {
		for range b.N {
			requests.Add(ctx, 1, "GET /orders")
			bytes.Set(ctx, 1234.5, "GET /orders")
			latency.Record(ctx, 1500000, "GET /orders")
			observe.Flush(ctx)
		}
		return nil
	}, func(o *observe.Options) { o.Output = io.Discard })
	b.ReportAllocs()
	_ = handler(observetest.Context(context.Background(), observetest.Invocation{RequestID: "r"}), order{})
}

// BenchmarkEMFByHand is the same document through encoding/json.
func BenchmarkEMFByHand(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		encoded, _ = json.Marshal(map[string]any{
			"_aws": map[string]any{"Timestamp": 1, "CloudWatchMetrics": []any{map[string]any{
				"Namespace": "orders", "Dimensions": [][]string{{"service", "Route"}},
				"Metrics": []map[string]string{{"Name": "Requests", "Unit": "Count"}, {"Name": "Bytes"}, {"Name": "Latency", "Unit": "Milliseconds"}},
			}}},
			"service": "orders", "Route": "GET /orders", "Requests": 1, "Bytes": 1234.5, "Latency": 1.5, "requestId": "r",
		})
	}
}
