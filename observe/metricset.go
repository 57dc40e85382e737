package observe

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"go.uber.org/zap"
)

// metricSet is what one invocation has recorded and not yet written.
type metricSet struct {
	groups     []group
	pending    int // values
	properties []property
}

// group is what is recorded with the same dimension values.
type group struct {
	hash   uint64
	like   *instrument // names and sets of the dimensions
	values []string
	series []series
}

type series struct {
	in     *instrument
	values []float64
}

// property is a root member of the documents that is no metric and no dimension.
type property struct {
	key    string
	member []byte // "key":value
}

// maxPending and maxGroups are how many values and groups are kept before they
// are written, so that a loop of any length needs bounded memory, and bounded
// time to find a group.
const (
	maxPending = 10000
	maxGroups  = 1000
)

// record is where every instrument ends. values must not be kept.
func record(ctx context.Context, in *instrument, v float64, values []string) {
	inv := from(ctx)
	if !in.isDeclared() {
		if inv == nil {
			outside(known(ctx)).Warn(undeclared + " is not recorded")
		} else {
			inv.warnOnce(undeclared, undeclared+" is not recorded")
		}
		return
	}
	if inv == nil {
		outside(known(ctx)).Warn("a metric outside an invocation is not recorded", zap.String("metric", in.name))
		return
	}
	w := inv.host.emf
	if err := w.check(in, v, values); err != nil {
		inv.refuse(in.name, err)
		return
	}
	inv.metricsMu.Lock()
	defer inv.metricsMu.Unlock()
	set := inv.metrics
	if set == nil { // the invocation is over: nothing would write it later
		set = w.take()
		defer w.give(set)
		defer w.write(inv, set)
	}
	if err := set.add(w, in, v, values); err != nil {
		inv.refuse(in.name, err)
		return
	}
	if set.pending >= maxPending || len(set.groups) >= maxGroups {
		w.write(inv, set)
	}
}

// refuse warns of a value that is not recorded, once per metric and invocation.
func (inv *invocation) refuse(metric string, err error) {
	inv.warnOnce("metric "+metric, "a metric value was refused", zap.String("metric", metric), zap.Error(err))
}

// check refuses what would make a document invalid.
func (w *emfWriter) check(in *instrument, v float64, values []string) error {
	if err := checkValue(v); err != nil {
		return err
	}
	if len(values) != len(in.dims) {
		return fmt.Errorf("%d values for the dimensions %q", len(values), in.dims)
	}
	for i := range values {
		if err := checkDimensionValue(values[i]); err != nil {
			return fmt.Errorf("dimension %s: %w", in.dims[i], err)
		}
	}
	total := len(in.dims)
	for i := range w.defaults {
		if !slices.Contains(in.dims, w.defaults[i].name) {
			total++
		}
		if w.defaults[i].name == in.name {
			return fmt.Errorf("the metric has the name of the default dimension %s", in.name)
		}
	}
	if total > maxDimensions {
		return fmt.Errorf("%d dimensions with the default ones, at most %d are allowed", total, maxDimensions)
	}
	return nil
}

// add records a value that was checked.
func (s *metricSet) add(w *emfWriter, in *instrument, v float64, values []string) error {
	if w.cap != nil {
		values = w.cap.limit(in, values)
	}
	g := s.group(w.seed, in, values)
	sr := g.find(in)
	switch {
	case len(sr.values) == 0 || in.kind == kindValues:
		sr.values = append(sr.values, v)
		s.pending++
	case in.kind == kindLast:
		sr.values[0] = v
	default:
		sum := sr.values[0] + v
		if err := checkValue(sum); err != nil {
			return fmt.Errorf("the sum: %w", err)
		}
		sr.values[0] = sum
	}
	return nil
}

// group finds the group of the dimension values, or adds it.
func (s *metricSet) group(seed maphash.Seed, in *instrument, values []string) *group {
	var h uint64 = 14695981039346656037
	for _, v := range values {
		h = (h ^ maphash.String(seed, v)) * 1099511628211
	}
	for i := range s.groups {
		if g := &s.groups[i]; g.hash == h && sameDimensions(g.like, in) && slices.Equal(g.values, values) {
			return g
		}
	}
	if len(s.groups) < cap(s.groups) {
		s.groups = s.groups[:len(s.groups)+1] // with the slices of its last use
	} else {
		s.groups = append(s.groups, group{})
	}
	g := &s.groups[len(s.groups)-1]
	g.hash, g.like = h, in
	g.values = append(g.values[:0], values...)
	g.series = g.series[:0]
	return g
}

func sameDimensions(a, b *instrument) bool {
	if a == b {
		return true
	}
	return slices.Equal(a.dims, b.dims) && (a.sets == nil) == (b.sets == nil) &&
		slices.EqualFunc(a.sets, b.sets, slices.Equal[[]string])
}

// find returns the series of an instrument, or of an equal one.
func (g *group) find(in *instrument) *series {
	for i := range g.series {
		if o := g.series[i].in; o == in ||
			o.name == in.name && o.unit == in.unit && o.high == in.high && o.kind == in.kind {
			return &g.series[i]
		}
	}
	if len(g.series) < cap(g.series) {
		g.series = g.series[:len(g.series)+1]
	} else {
		g.series = append(g.series, series{})
	}
	sr := &g.series[len(g.series)-1]
	sr.in, sr.values = in, sr.values[:0]
	return sr
}

// reset empties the set and keeps its memory.
func (s *metricSet) reset() {
	for i := range s.groups {
		clear(s.groups[i].values)
	}
	s.groups, s.pending = s.groups[:0], 0
}

// SetProperty adds a member to every metric document of the invocation that is
// written from now on: it is no dimension and costs nothing, and Logs Insights
// can search it. The value is encoded as JSON. A property with the name of a
// metric or dimension gives way to it; a reserved name and a value that is no
// JSON are refused with a warning in the log.
func SetProperty(ctx context.Context, key string, value any) {
	inv := from(ctx)
	if inv == nil {
		return
	}
	err := checkText(key, maxDimensionValue)
	if err == nil {
		err = checkReserved(key)
	}
	var text []byte
	if err == nil {
		text, err = inv.host.tags.marshal(value)
	}
	if err != nil {
		inv.warnOnce("property "+key, "a metric property was refused", zap.String("property", key), zap.Error(err))
		return
	}
	p := property{key: strings.Clone(key), member: append(append(appendString(nil, key), ':'), text...)}
	if r := inv.host.redact; r != nil {
		p.member = r.apply(nil, p.member, 0)
	}
	inv.metricsMu.Lock()
	defer inv.metricsMu.Unlock()
	if inv.metrics == nil {
		return // the invocation is over
	}
	for i := range inv.metrics.properties {
		if inv.metrics.properties[i].key == key {
			inv.metrics.properties[i] = p
			return
		}
	}
	inv.metrics.properties = append(inv.metrics.properties, p)
}

// Flush writes what the invocation of ctx has recorded so far, and its buffered log
// lines; open spans are sent in progress. Handlers need it only before something that
// may end the process, such as os.Exit, which cannot be caught.
func Flush(ctx context.Context) {
	if inv := from(ctx); inv != nil {
		inv.flush()
	}
}
