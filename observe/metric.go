package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// kind says how the values of one invocation are put together.
type kind int

const (
	kindSum    kind = iota // one value: the sum
	kindLast               // one value: the newest
	kindValues             // every value
)

// instrument is a declared metric. It does not change after it was made.
type instrument struct {
	name string
	unit Unit
	kind kind
	dims []string
	sets [][]string // nil: one set of all dims
	high bool

	definition []byte // {"Name":…}
	member     []byte // "name":
	dimMembers [][]byte
}

func newInstrument(k kind, name string, unit Unit, dims []string) (instrument, error) {
	in := instrument{name: name, unit: unit, kind: k, dims: slices.Clone(dims)}
	var faults []error
	if err := checkMetricName(name); err != nil {
		faults = append(faults, fmt.Errorf("the metric name: %w", err))
	}
	total := len(dims)
	if !slices.Contains(dims, keyService) {
		total++
	}
	if total > maxDimensions {
		faults = append(faults, fmt.Errorf("%d dimensions with \"service\", which every metric has, at most %d are allowed", total, maxDimensions))
	}
	for i, d := range dims {
		if err := checkDimensionName(d); err != nil {
			faults = append(faults, fmt.Errorf("dimension %q: %w", d, err))
		}
		if d == name {
			faults = append(faults, fmt.Errorf("dimension %q has the name of the metric", d))
		}
		if slices.Contains(dims[:i], d) {
			faults = append(faults, fmt.Errorf("dimension %q is there twice", d))
		}
	}
	if len(faults) > 0 {
		return in, fmt.Errorf("observe: metric %q: %w", name, errors.Join(faults...))
	}
	return in.render(), nil
}

// must returns a declared instrument to make a copy of.
func (in *instrument) must() instrument {
	if !in.isDeclared() {
		panic("observe: " + undeclared)
	}
	return *in
}

// isDeclared is false for nil and zero values, which a constructor did not return.
func (in *instrument) isDeclared() bool { return in != nil && in.definition != nil }

const undeclared = "a metric that was not made by NewCounter or the like"

// render prepares the JSON that every document with the metric needs.
func (in instrument) render() instrument {
	in.definition = appendString([]byte(`{"Name":`), in.name)
	if in.unit != UnitNone {
		in.definition = appendString(append(in.definition, `,"Unit":`...), string(in.unit))
	}
	if in.high {
		in.definition = append(in.definition, `,"StorageResolution":1`...)
	}
	in.definition = append(in.definition, '}')
	in.member = append(appendString(nil, in.name), ':')
	in.dimMembers = make([][]byte, len(in.dims))
	for i, d := range in.dims {
		in.dimMembers[i] = append(appendString(nil, d), ':')
	}
	return in
}

// withUnit panics on a unit that CloudWatch does not know.
func (in instrument) withUnit(u Unit) instrument {
	if !u.known() {
		panic(fmt.Sprintf("observe: metric %q: CloudWatch has no unit %q", in.name, u))
	}
	in.unit = u
	return in.render()
}

func (in instrument) highResolution() instrument {
	in.high = true
	return in.render()
}

// withSets panics on a set that names something other than the metric's
// dimensions, and on one that is there twice, in whatever order.
func (in instrument) withSets(sets [][]string) instrument {
	if len(sets) == 0 {
		panic(fmt.Sprintf("observe: metric %q: Sets needs at least one set", in.name))
	}
	in.sets = make([][]string, len(sets))
	var faults []error
	for i, set := range sets {
		for j, d := range set {
			if !slices.Contains(in.dims, d) || slices.Contains(set[:j], d) {
				faults = append(faults, fmt.Errorf("the set %q names %q, which is not a dimension of the metric or is there twice", set, d))
			}
		}
		in.sets[i] = slices.Clone(set)
		if slices.ContainsFunc(in.sets[:i], func(before []string) bool { return sameNames(before, set) }) {
			faults = append(faults, fmt.Errorf("the set %q is there twice", set))
		}
	}
	if len(faults) > 0 {
		return given.Must(in, fmt.Errorf("observe: metric %q: %w", in.name, errors.Join(faults...)))
	}
	return in
}

// sameNames compares sets none of which has a name twice.
func sameNames(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(name string) bool { return !slices.Contains(b, name) })
}

// Counter counts: what one invocation adds with the same dimension values is
// summed into one value. Its unit is Count.
type Counter struct{ in instrument }

func (c *Counter) declared() *instrument {
	if c == nil {
		return nil
	}
	return &c.in
}

// NewCounter declares a counter with the names of its dimensions: the name has 1
// to 255 characters, a dimension 1 to 250, and there are at most 29 dimensions besides
// "service", which every metric has. Everything that is wrong is in the one error. Those
// of Options.Dimensions count too, but are not known here: where a handler has too many
// of them for the metric, its values are refused with a warning in the log.
func NewCounter(name string, dimensions ...string) (*Counter, error) {
	in, err := newInstrument(kindSum, name, UnitCount, dimensions)
	if err != nil {
		return nil, err
	}
	return &Counter{in}, nil
}

// MustCounter is NewCounter for package-level variables: it panics when a name is wrong.
func MustCounter(name string, dimensions ...string) *Counter {
	return given.Must(NewCounter(name, dimensions...))
}

// Unit returns a copy of the counter with another unit.
func (c *Counter) Unit(u Unit) *Counter { return &Counter{c.declared().must().withUnit(u)} }

// HighResolution returns a copy that CloudWatch keeps by the second.
func (c *Counter) HighResolution() *Counter { return &Counter{c.declared().must().highResolution()} }

// Sets returns a copy that CloudWatch aggregates by each of the sets of
// dimensions, instead of by all dimensions only; an empty set leaves the default
// dimensions. Each set is a metric of its own, and is paid for; Sets panics on one
// that is there twice or names something else than the counter's dimensions.
func (c *Counter) Sets(sets ...[]string) *Counter {
	return &Counter{c.declared().must().withSets(sets)}
}

// Add adds n for the values of the dimensions, in the order of their declaration.
// A wrong number of values, an empty or overlong value, and an n that is not
// finite are refused with a warning in the log.
func (c *Counter) Add(ctx context.Context, n float64, values ...string) {
	record(ctx, c.declared(), n, values)
}

// Gauge keeps the newest value of an invocation. It has no unit.
type Gauge struct{ in instrument }

func (g *Gauge) declared() *instrument {
	if g == nil {
		return nil
	}
	return &g.in
}

// NewGauge declares a gauge, with the limits of NewCounter.
func NewGauge(name string, dimensions ...string) (*Gauge, error) {
	in, err := newInstrument(kindLast, name, UnitNone, dimensions)
	if err != nil {
		return nil, err
	}
	return &Gauge{in}, nil
}

// MustGauge is NewGauge for package-level variables: it panics when a name is wrong.
func MustGauge(name string, dimensions ...string) *Gauge {
	return given.Must(NewGauge(name, dimensions...))
}

// Unit returns a copy of the gauge with another unit.
func (g *Gauge) Unit(u Unit) *Gauge { return &Gauge{g.declared().must().withUnit(u)} }

// HighResolution returns a copy that CloudWatch keeps by the second.
func (g *Gauge) HighResolution() *Gauge { return &Gauge{g.declared().must().highResolution()} }

// Sets returns a copy that is aggregated by each of the sets, as Counter.Sets.
func (g *Gauge) Sets(sets ...[]string) *Gauge { return &Gauge{g.declared().must().withSets(sets)} }

// Set records the value; refusals are as for Counter.Add.
func (g *Gauge) Set(ctx context.Context, value float64, values ...string) {
	record(ctx, g.declared(), value, values)
}

// Histogram keeps every value, so that CloudWatch can compute percentiles. It has no unit.
type Histogram struct{ in instrument }

func (h *Histogram) declared() *instrument {
	if h == nil {
		return nil
	}
	return &h.in
}

// NewHistogram declares a histogram, with the limits of NewCounter.
func NewHistogram(name string, dimensions ...string) (*Histogram, error) {
	in, err := newInstrument(kindValues, name, UnitNone, dimensions)
	if err != nil {
		return nil, err
	}
	return &Histogram{in}, nil
}

// MustHistogram is NewHistogram for package-level variables: it panics when a name is wrong.
func MustHistogram(name string, dimensions ...string) *Histogram {
	return given.Must(NewHistogram(name, dimensions...))
}

// Unit returns a copy of the histogram with another unit.
func (h *Histogram) Unit(u Unit) *Histogram { return &Histogram{h.declared().must().withUnit(u)} }

// HighResolution returns a copy that CloudWatch keeps by the second.
func (h *Histogram) HighResolution() *Histogram {
	return &Histogram{h.declared().must().highResolution()}
}

// Sets returns a copy that is aggregated by each of the sets, as Counter.Sets.
func (h *Histogram) Sets(sets ...[]string) *Histogram {
	return &Histogram{h.declared().must().withSets(sets)}
}

// Record records a value; refusals are as for Counter.Add.
func (h *Histogram) Record(ctx context.Context, value float64, values ...string) {
	record(ctx, h.declared(), value, values)
}

// Timer is a histogram of durations, in milliseconds.
type Timer struct{ in instrument }

func (t *Timer) declared() *instrument {
	if t == nil {
		return nil
	}
	return &t.in
}

// NewTimer declares a timer, with the limits of NewCounter.
func NewTimer(name string, dimensions ...string) (*Timer, error) {
	in, err := newInstrument(kindValues, name, UnitMilliseconds, dimensions)
	if err != nil {
		return nil, err
	}
	return &Timer{in}, nil
}

// MustTimer is NewTimer for package-level variables: it panics when a name is wrong.
func MustTimer(name string, dimensions ...string) *Timer {
	return given.Must(NewTimer(name, dimensions...))
}

// HighResolution returns a copy that CloudWatch keeps by the second.
func (t *Timer) HighResolution() *Timer { return &Timer{t.declared().must().highResolution()} }

// Sets returns a copy that is aggregated by each of the sets, as Counter.Sets.
func (t *Timer) Sets(sets ...[]string) *Timer { return &Timer{t.declared().must().withSets(sets)} }

// Record records a duration; refusals are as for Counter.Add.
func (t *Timer) Record(ctx context.Context, d time.Duration, values ...string) {
	record(ctx, t.declared(), float64(d)/float64(time.Millisecond), values)
}

// Start returns a function that records the time since Start, for use with defer.
func (t *Timer) Start(ctx context.Context, values ...string) (stop func()) {
	start := time.Now()
	values = slices.Clone(values)
	return func() { t.Record(ctx, time.Since(start), values...) }
}
