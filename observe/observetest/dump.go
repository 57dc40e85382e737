package observetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dump returns what was recorded as text, for the output of a test that fails:
// the log lines, the metrics, the spans of each trace and the problems.
func (r *Recorder) Dump() string {
	out := "logged:" + list(r.Lines()) + "\nmetrics:" + list(r.Metrics()) + "\nspans:" + r.trees()
	if problems := r.Problems(); len(problems) > 0 {
		out += "\nproblems:\n  " + strings.Join(problems, "\n  ")
	}
	return out + "\n"
}

// String returns the line as it was written, without its end.
func (l Line) String() string { return strings.TrimSuffix(l.Raw, "\n") }

// String describes the metric on one line, as in "OrdersPlaced {Channel=web} [1 2] Count".
func (m Metric) String() string {
	var dimensions []string
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		dimensions = append(dimensions, name+"="+m.Dimensions[name])
	}
	return fmt.Sprintf("%s {%s} %v %s", m.Name, strings.Join(dimensions, " "), m.Values, m.Unit)
}

// traces are the ids of the traces, in the order their first spans ended.
func (r *Recorder) traces() (ids []string) {
	for _, s := range r.Segments() {
		if !slices.Contains(ids, s.TraceID) {
			ids = append(ids, s.TraceID)
		}
	}
	return ids
}

// trees draws all traces.
func (r *Recorder) trees() string {
	ids := r.traces()
	if len(ids) == 0 {
		return " none"
	}
	var out strings.Builder
	for _, id := range ids {
		tree := strings.TrimSuffix(r.Tree(id), "\n")
		out.WriteString("\n  " + id + "\n    " + strings.ReplaceAll(tree, "\n", "\n    "))
	}
	return out.String()
}
