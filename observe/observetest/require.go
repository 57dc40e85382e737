package observetest

import (
	"fmt"
	"strings"

	"github.com/patternkit/serverless/internal/assertion"
)

// RequireMetric demands that the metric was written with dimensions that have all
// the pairs, each "name=value" as in "Channel=web", and that its values sum to
// want. It returns what was written of it, one Metric for each document.
// Otherwise, or with a pair that has no "=", the test fails and ends; the failure
// lists the metrics written.
func RequireMetric(tb TB, r *Recorder, name string, want float64, pairs ...string) []Metric {
	assertion.Needs("observetest: RequireMetric", tb, "recorder", r)
	tb.Helper()
	if p := unpaired(pairs); p != nil {
		assertion.End(tb, "observetest: RequireMetric: %q is no name=value", p)
		return nil
	}
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
		assertion.End(tb, "observetest: no metric %s was written; written were:%s", what, list(r.Metrics()))
	case sum != want:
		assertion.End(tb, "observetest: the metric %s sums to %v, %v is required; written were:%s", what, sum, want, list(r.Metrics()))
	}
	return found
}

// RequireLog demands a log line with the level, the message and all the pairs,
// each "path=value" as in "error.type=*errors.errorString", and returns the first
// one. An empty level or message means any. Otherwise, or with a pair that has no
// "=", the test fails and ends; the failure lists the lines written.
func RequireLog(tb TB, r *Recorder, level, message string, pairs ...string) Line {
	assertion.Needs("observetest: RequireLog", tb, "recorder", r)
	tb.Helper()
	if p := unpaired(pairs); p != nil {
		assertion.End(tb, "observetest: RequireLog: %q is no path=value", p)
		return Line{}
	}
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
	assertion.End(tb, "observetest: no line%s was logged; logged were:%s", what, list(r.Lines()))
	return Line{}
}

// RequireNoErrors demands that no log line is an error or worse. Otherwise the
// test fails and ends; the failure lists those that are.
func RequireNoErrors(tb TB, r *Recorder) {
	assertion.Needs("observetest: RequireNoErrors", tb, "recorder", r)
	tb.Helper()
	var errors []Line
	for _, l := range r.Lines() {
		if l.Level == "ERROR" || l.Level == "FATAL" {
			errors = append(errors, l)
		}
	}
	if len(errors) > 0 {
		assertion.End(tb, "observetest: errors were logged:%s", list(errors))
	}
}

// RequireOneTrace demands that there are spans and that all belong to one trace,
// whose id it returns. Otherwise the test fails and ends; the failure draws the
// traces.
func RequireOneTrace(tb TB, r *Recorder) string {
	assertion.Needs("observetest: RequireOneTrace", tb, "recorder", r)
	tb.Helper()
	traces := r.traces()
	if len(traces) == 1 {
		return traces[0]
	}
	assertion.End(tb, "observetest: the spans belong to %d traces, 1 is required:%s", len(traces), r.trees())
	return ""
}

// unpaired returns the texts that are no pairs because they have no "=".
func unpaired(pairs []string) []string {
	var out []string
	for _, p := range pairs {
		if !strings.Contains(p, "=") {
			out = append(out, p)
		}
	}
	return out
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
