package observetest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Metric is what CloudWatch extracts from a metric document for one metric name.
type Metric struct {
	// Namespace, Name and Unit identify the metric; Unit is "None" when it was left out.
	Namespace, Name, Unit string
	// Dimensions are the values of every dimension of the document.
	Dimensions map[string]string
	// Sets are the dimension sets CloudWatch aggregates by, in the document's order.
	Sets [][]string
	// Values are the values, in the order they were recorded.
	Values []float64
	// HighResolution says that CloudWatch keeps the metric by the second.
	HighResolution bool
	// Time is the document's timestamp.
	Time time.Time
	// Properties are the other members of the document.
	Properties map[string]any
}

const maxEvent = 1 << 20

// units are CloudWatch's names of units.
var units = strings.Fields(`Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes
	Bits Kilobits Megabits Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second
	Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second Gigabits/Second
	Terabits/Second Count/Second None`)

// directive is an entry of _aws.CloudWatchMetrics.
type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []struct {
		Name              string
		Unit              string
		StorageResolution *int
	}
}

// extract reads a document as CloudWatch does. A document with a fault gives no metrics.
func extract(text []byte) ([]Metric, []string) {
	var root map[string]any
	var envelope struct {
		AWS struct {
			Timestamp         *int64
			CloudWatchMetrics []directive
		} `json:"_aws"`
	}
	if err := json.Unmarshal(text, &root); err != nil {
		return nil, []string{err.Error()}
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return nil, []string{err.Error()}
	}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if envelope.AWS.Timestamp == nil {
		fault("no Timestamp")
		return nil, faults
	}
	if len(envelope.AWS.CloudWatchMetrics) == 0 {
		fault("no directive")
	}
	if len(text) > maxEvent {
		fault("%d bytes", len(text))
	}
	var metrics []Metric
	for _, d := range envelope.AWS.CloudWatchMetrics {
		metrics = append(metrics, d.extract(root, time.UnixMilli(*envelope.AWS.Timestamp).UTC(), fault)...)
	}
	return metrics, faults
}

func (d directive) extract(root map[string]any, at time.Time, fault func(string, ...any)) []Metric {
	if n := len(d.Namespace); n < 1 || n > 255 {
		fault("Namespace has %d characters", n)
	}
	if len(d.Dimensions) == 0 {
		fault("no dimension set")
	}
	if n := len(d.Metrics); n < 1 || n > 100 {
		fault("%d metric definitions", n)
	}
	dimensions := d.dimensions(root, fault)
	properties := map[string]any{}
	for key, value := range root {
		_, isDimension := dimensions[key]
		if key != "_aws" && !isDimension {
			properties[key] = value
		}
	}
	var metrics []Metric
	seen := map[string]bool{}
	for _, def := range d.Metrics {
		if seen[def.Name] {
			fault("the metric %q is defined twice", def.Name)
		}
		seen[def.Name] = true
		if n := utf8.RuneCountInString(def.Name); n < 1 || n > 255 {
			fault("a metric name of %d characters", n)
		}
		if _, ok := dimensions[def.Name]; ok {
			fault("%q is both a metric and a dimension", def.Name)
		}
		unit := def.Unit
		if unit == "" {
			unit = "None"
		}
		if !slices.Contains(units, unit) {
			fault("the unit %q of %s", unit, def.Name)
		}
		if r := def.StorageResolution; r != nil && *r != 1 && *r != 60 {
			fault("the storage resolution %d of %s", *r, def.Name)
		}
		delete(properties, def.Name)
		metrics = append(metrics, Metric{
			Namespace: d.Namespace, Name: def.Name, Unit: unit, Time: at,
			Dimensions: dimensions, Sets: d.Dimensions, Properties: properties,
			HighResolution: def.StorageResolution != nil && *def.StorageResolution == 1,
			Values:         numbers(root[def.Name], def.Name, fault),
		})
	}
	return metrics
}

func (d directive) dimensions(root map[string]any, fault func(string, ...any)) map[string]string {
	dimensions := map[string]string{}
	for _, set := range d.Dimensions {
		if len(set) > 30 {
			fault("a dimension set of %d dimensions", len(set))
		}
		for _, name := range set {
			value, ok := root[name].(string)
			if !ok {
				fault("the dimension %q has no string value", name)
			}
			if n := len(name); n < 1 || n > 250 {
				fault("a dimension name of %d characters", n)
			}
			if n := utf8.RuneCountInString(value); n < 1 || n > 1024 || strings.TrimSpace(value) == "" {
				fault("the value %q of dimension %s", value, name)
			}
			dimensions[name] = value
		}
	}
	return dimensions
}

// numbers reads the target of a metric: a number or an array of at most 100.
func numbers(v any, name string, fault func(string, ...any)) []float64 {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) < 1 || len(list) > 100 {
		fault("%d values of %s", len(list), name)
	}
	values := make([]float64, 0, len(list))
	for _, item := range list {
		n, ok := item.(float64)
		if !ok || math.Abs(n) > math.Ldexp(1, 360) {
			fault("the value %v of %s", item, name)
			continue
		}
		values = append(values, n)
	}
	return values
}

// has reports whether the metric is aggregated by a set with all "name=value" pairs.
func (m Metric) has(pairs []string) bool {
	return slices.ContainsFunc(m.Sets, func(set []string) bool {
		for _, p := range pairs {
			name, value, _ := strings.Cut(p, "=")
			if !slices.Contains(set, name) || m.Dimensions[name] != value {
				return false
			}
		}
		return true
	})
}

// Sum returns the sum of the values.
func (m Metric) Sum() float64 {
	var sum float64
	for _, v := range m.Values {
		sum += v
	}
	return sum
}

// Metrics returns what CloudWatch would have extracted, in the order it was written.
func (r *Recorder) Metrics() []Metric {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Metric(nil), r.metrics...)
}

// Values returns all values of a metric for dimensions that have all the pairs,
// each "name=value" as in "Channel=web". A pair that has no "=" is an error of the
// test, or panics where the recorder has no test.
func (r *Recorder) Values(name string, pairs ...string) []float64 {
	if p := unpaired(pairs); p != nil {
		r.misuse("the metric %s: %q is no name=value", name, p)
		return nil
	}
	var values []float64
	for _, m := range r.Metrics() {
		if m.Name == name && m.has(pairs) {
			values = append(values, m.Values...)
		}
	}
	return values
}

// Sum returns the sum of what Values returns; 0 when the metric was not written.
func (r *Recorder) Sum(name string, pairs ...string) float64 {
	return Metric{Values: r.Values(name, pairs...)}.Sum()
}
