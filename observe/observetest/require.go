package observetest

import (
	"fmt"
	"strings"
)

// RequireMetric demands that the metric was written with dimensions that have all
// the pairs, each "name=value" as in "Channel=web", and that its values sum to
// want. It returns what was written of it, one Metric for each document.
// Otherwise the test fails and ends; the failure lists the metrics written.
func RequireMetric(tb TB, r *Recorder, name string, want float64, pairs ...string) []Metric {
	check(tb, r, "RequireMetric")
	tb.Helper()
	var found []Metric
	var sum float64
	for _, m := range r.Metrics() {
		if m.Name == name && m.has(pairs) {
			found = append(found, m)
			sum += m.Sum()
		}
	}
	what := strings.Join(append([]string{name}, pairs...), " ")
	switch {
	case len(found) == 0:
		endTest(tb, "observetest: no metric %s was written; written were:%s", what, list(r.Metrics()))
	case sum != want:
		endTest(tb, "observetest: the metric %s sums to %v, %v is required; written were:%s", what, sum, want, list(r.Metrics()))
	}
	return found
}

// RequireLog demands a log line with the level, the message and all the pairs,
// each "path=value" as in "error.type=*errors.errorString", and returns the first
// one. An empty level or message means any. Otherwise the test fails and ends;
// the failure lists the lines written.
func RequireLog(tb TB, r *Recorder, level, message string, pairs ...string) Line {
	check(tb, r, "RequireLog")
	tb.Helper()
	for _, l := range r.Lines() {
		if (level == "" || l.Level == level) && (message == "" || l.Message == message) && l.has(pairs) {
			return l
		}
	}
	what := ""
	for _, part := range append([]string{level, message}, pairs...) {
		if part != "" {
			what += " " + part
		}
	}
	endTest(tb, "observetest: no line%s was logged; logged were:%s", what, list(r.Lines()))
	return Line{}
}

// RequireNoErrors demands that no log line is an error or worse. Otherwise the
// test fails and ends; the failure lists those that are.
func RequireNoErrors(tb TB, r *Recorder) {
	check(tb, r, "RequireNoErrors")
	tb.Helper()
	var errors []Line
	for _, l := range r.Lines() {
		if l.Level == "ERROR" || l.Level == "FATAL" {
			errors = append(errors, l)
		}
	}
	if len(errors) > 0 {
		endTest(tb, "observetest: errors were logged:%s", list(errors))
	}
}

// RequireOneTrace demands that there are spans and that all belong to one trace,
// whose id it returns. Otherwise the test fails and ends; the failure draws the
// traces.
func RequireOneTrace(tb TB, r *Recorder) string {
	check(tb, r, "RequireOneTrace")
	tb.Helper()
	traces := r.traces()
	if len(traces) == 1 {
		return traces[0]
	}
	endTest(tb, "observetest: the spans belong to %d traces, 1 is required:%s", len(traces), r.trees())
	return ""
}

func check(tb TB, r *Recorder, name string) {
	if tb == nil || r == nil {
		panic("observetest: " + name + ": the test or the recorder is nil")
	}
}

// endTest reports a failure and ends the test where it can be ended from here.
func endTest(tb TB, format string, args ...any) {
	tb.Helper()
	tb.Errorf(format, args...)
	if t, ok := tb.(interface{ FailNow() }); ok {
		t.FailNow()
	}
}

// list is a line of text for each value.
func list[T fmt.Stringer](values []T) string {
	if len(values) == 0 {
		return " none"
	}
	var out strings.Builder
	for _, v := range values {
		out.WriteString("\n  " + v.String())
	}
	return out.String()
}
