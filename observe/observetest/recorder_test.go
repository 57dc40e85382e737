package observetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/observe/observetest"
)

func document(directive, members string) string {
	return `{"_aws":{"Timestamp":1,"CloudWatchMetrics":[` + directive + `]},` + members + "}\n"
}

func TestInvalidDocumentsGiveNoMetrics(t *testing.T) {
	const fine = `{"Namespace":"n","Dimensions":[["d"]],"Metrics":[{"Name":"m","Unit":"Count"}]}`
	many := func(n int, format string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = strings.ReplaceAll(format, "%", fmt.Sprint(i))
		}
		return strings.Join(items, ",")
	}
	for name, c := range map[string]struct{ text, want string }{
		"fine":                 {document(fine, `"d":"x","m":1`), ""},
		"fine array":           {document(fine, `"d":"x","m":[1,2]`), ""},
		"not JSON":             {"metric m 1\n", "a line is no JSON object"},
		"two lines":            {"{}\n{}\n", "not exactly one line"},
		"no line ending":       {document(fine, `"d":"x","m":1`)[:40], "not exactly one line"},
		"no timestamp":         {`{"_aws":{"CloudWatchMetrics":[` + fine + `]},"d":"x","m":1}` + "\n", "no Timestamp"},
		"no directive":         {document("", `"m":1`), "no directive"},
		"NaN as null":          {document(fine, `"d":"x","m":null`), "the value <nil> of m"},
		"missing target":       {document(fine, `"d":"x"`), "the value <nil> of m"},
		"text value":           {document(fine, `"d":"x","m":"1"`), "the value 1 of m"},
		"empty array":          {document(fine, `"d":"x","m":[]`), "0 values of m"},
		"101 values":           {document(fine, `"d":"x","m":[`+many(101, "%")+`]`), "101 values of m"},
		"too large a value":    {document(fine, `"d":"x","m":1e300`), "the value 1e+300 of m"},
		"number as dimension":  {document(fine, `"d":1,"m":1`), `the dimension "d" has no string value`},
		"empty dimension":      {document(fine, `"d":"","m":1`), `the value "" of dimension d`},
		"missing dimension":    {document(fine, `"m":1`), `the dimension "d" has no string value`},
		"unit":                 {document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"m","Unit":"Furlongs"}]}`, `"m":1`), `the unit "Furlongs"`},
		"resolution":           {document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"m","StorageResolution":5}]}`, `"m":1`), "the storage resolution 5"},
		"no set":               {document(`{"Namespace":"n","Dimensions":[],"Metrics":[{"Name":"m"}]}`, `"m":1`), "no dimension set"},
		"no namespace":         {document(`{"Dimensions":[[]],"Metrics":[{"Name":"m"}]}`, `"m":1`), "Namespace has 0 characters"},
		"metric twice":         {document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"m"},{"Name":"m"}]}`, `"m":1`), "is defined twice"},
		"metric and dimension": {document(`{"Namespace":"n","Dimensions":[["m"]],"Metrics":[{"Name":"m"}]}`, `"m":"1"`), "both a metric and a dimension"},
		"101 metrics": {
			document(`{"Namespace":"n","Dimensions":[[]],"Metrics":[`+many(101, `{"Name":"m%"}`)+`]}`, many(101, `"m%":1`)),
			"101 metric definitions",
		},
		"31 dimensions": {
			document(`{"Namespace":"n","Dimensions":[[`+many(31, `"d%"`)+`]],"Metrics":[{"Name":"m"}]}`, many(31, `"d%":"x"`)+`,"m":1`),
			"a dimension set of 31 dimensions",
		},
		"key twice":     {document(fine, `"d":"x","d":"y","m":1`), `the key "d" is there twice`},
		"level":         {`{"level":"NOTICE","timestamp":"2000-01-01T00:00:00Z","message":"m"}` + "\n", "level is"},
		"epoch time":    {`{"level":"INFO","timestamp":1.5,"message":"m"}` + "\n", "timestamp is"},
		"line too long": {`{"level":"INFO","timestamp":"2000-01-01T00:00:00Z","message":"` + strings.Repeat("x", 1<<20) + `"}` + "\n", "CloudWatch Logs takes 1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := observetest.New(nil)
			n, err := rec.Write([]byte(c.text))
			require.NoError(t, err)
			require.Equal(t, len(c.text), n)
			if c.want == "" {
				require.Empty(t, rec.Problems())
				require.Len(t, rec.Metrics(), 1)
				return
			}
			require.NotEmpty(t, rec.Problems())
			require.Contains(t, rec.Problems()[0], c.want)
			if !strings.Contains(c.want, "twice") && name != "two lines" {
				require.Empty(t, rec.Metrics())
			}
		})
	}
}

// What is written wrongly fails the test of the recorder, whoever reads it.
func TestProblemsFailTheTest(t *testing.T) {
	tb := &failing{}
	rec := observetest.New(tb)
	_, _ = rec.Traces().Write([]byte("junk"))
	require.Len(t, tb.texts, 1)
	require.Contains(t, tb.texts[0], "observetest: an invalid trace packet")
	_, _ = rec.Write([]byte("junk\n"))
	require.Len(t, tb.texts, 2)
	require.Len(t, rec.Problems(), 2)
	require.Contains(t, rec.Dump(), "problems:\n  an invalid trace packet")
	rec.Reset()
	require.Empty(t, rec.Raw())
	require.Empty(t, rec.Problems())
}

func TestParsePacket(t *testing.T) {
	const head = `{"format": "json", "version": 1}` + "\n"
	spans, err := observetest.ParsePacket([]byte(head + `{"trace_id":"1-2-3","id":"a","name":"n","start_time":946684800.25,"end_time":946684801,"namespace":"aws","aws":{"operation":"Get"},
		"subsegments":[{"id":"b","name":"inner","start_time":946684800.5,"fault":true,"cause":{"exceptions":[{"type":"T","message":"m"}]},"subsegments":[{"id":"c","name":"leaf","start_time":1}]}]}`))
	require.NoError(t, err)
	require.Len(t, spans, 3)
	require.Equal(t, "a", spans[1].ParentID)
	require.Equal(t, "b", spans[2].ParentID)
	require.Equal(t, "1-2-3", spans[2].TraceID)
	require.Equal(t, []string{"T: m"}, spans[1].Errors)
	require.Equal(t, "Get", spans[0].AWS["operation"])
	require.Equal(t, 250000000, spans[0].Start.Nanosecond())
	for name, packet := range map[string]string{
		"no header": `{"trace_id":"1-2-3","id":"a","name":"n","start_time":1}`, "no body": head, "no name": head + `{"trace_id":"1-2-3","id":"a","start_time":1}`,
		"no parent": head + `{"trace_id":"1-2-3","id":"a","name":"n","start_time":1,"type":"subsegment"}`, "too large": head + strings.Repeat(" ", 70000),
	} {
		_, err := observetest.ParsePacket([]byte(packet))
		require.Error(t, err, name)
	}
}

func FuzzParsePacket(f *testing.F) {
	const head = `{"format": "json", "version": 1}` + "\n"
	f.Add([]byte(head + `{"trace_id":"1-2-3","id":"a","name":"n","start_time":1e300,"subsegments":[{"id":"a","subsegments":[]}]}`))
	f.Add([]byte(head + `[]`))
	f.Fuzz(func(_ *testing.T, packet []byte) {
		rec := observetest.New(nil)
		_, _ = rec.Traces().Write(packet)
		_, _ = rec.Write(packet)
		for _, s := range rec.Segments() {
			_ = rec.Tree(s.TraceID)
		}
	})
}
