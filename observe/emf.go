package observe

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// emfWriter writes metric documents in the embedded metric format.
type emfWriter struct {
	host     *host
	head     []byte // up to the timestamp
	directed []byte // from the timestamp's end to the dimension sets
	defaults []defaultDimension
	seed     maphash.Seed
	cap      *cardinality
	sets     sync.Pool
	buffers  sync.Pool
}

type defaultDimension struct {
	name   string
	quoted []byte
	member []byte // "name":"value"
}

func newEMFWriter(h *host) *emfWriter {
	w := &emfWriter{host: h, seed: maphash.MakeSeed()}
	// Lambda drops lines below its level: metrics must not be among them.
	level := zapcore.InfoLevel
	if h.env.hasLevel {
		level = max(level, h.env.level)
	}
	w.head = []byte(`{"level":"` + levelName(level) + `","timestamp":"`)
	w.directed = append(appendString([]byte(`,"CloudWatchMetrics":[{"Namespace":`), h.opts.Namespace), `,"Dimensions":[`...)
	w.addDefault(keyService, h.service)
	for _, name := range sortedKeys(h.opts.Dimensions) {
		w.addDefault(name, h.opts.Dimensions[name])
	}
	if h.opts.MaxDimensionValues > 0 {
		w.cap = &cardinality{max: h.opts.MaxDimensionValues, host: h}
	}
	w.sets.New = func() any { return new(metricSet) }
	w.buffers.New = func() any { b := make([]byte, 0, 1024); return &b }
	return w
}

func (w *emfWriter) addDefault(name, value string) {
	d := defaultDimension{name: name, quoted: appendString(nil, name)}
	d.member = appendString(append(slices.Clone(d.quoted), ':'), value)
	for i := range w.defaults {
		if w.defaults[i].name == name { // Options.Dimensions may set service
			w.defaults[i] = d
			return
		}
	}
	w.defaults = append(w.defaults, d)
}

func (w *emfWriter) take() *metricSet {
	s, _ := w.sets.Get().(*metricSet)
	return s
}

func (w *emfWriter) give(s *metricSet) {
	s.reset()
	clear(s.properties)
	s.properties = s.properties[:0]
	w.sets.Put(s)
}

// flush writes what the invocation has recorded.
func (w *emfWriter) flush(inv *invocation) {
	inv.metricsMu.Lock()
	defer inv.metricsMu.Unlock()
	if inv.metrics != nil {
		w.write(inv, inv.metrics)
	}
}

// release takes the set away from the invocation, for the next one.
func (w *emfWriter) release(inv *invocation) {
	inv.metricsMu.Lock()
	defer inv.metricsMu.Unlock()
	if inv.metrics != nil {
		w.give(inv.metrics)
		inv.metrics = nil
	}
}

// write writes the set as documents and empties it; metricsMu is held.
func (w *emfWriter) write(inv *invocation, s *metricSet) {
	if len(s.groups) == 0 {
		return
	}
	scratch, _ := w.buffers.Get().(*[]byte)
	d := document{w: w, inv: inv, set: s, now: time.Now(), buf: (*scratch)[:0]}
	for i := range s.groups {
		d.group(&s.groups[i])
	}
	*scratch = d.buf[:0]
	w.buffers.Put(scratch)
	s.reset()
}

// document encodes the groups of a set.
type document struct {
	w   *emfWriter
	inv *invocation
	set *metricSet
	now time.Time
	buf []byte
}

// group writes a group as often as its metrics, their values and the bytes need,
// each time with all dimensions and properties.
func (d *document) group(g *group) {
	rounds := 1
	for i := range g.series {
		rounds = max(rounds, (len(g.series[i].values)+maxValuesPerDoc-1)/maxValuesPerDoc)
	}
	for round := range rounds {
		for next := 0; next < len(g.series); {
			next = d.one(g, round, next)
		}
	}
}

// one writes a document with the metrics from index first on, and returns the
// index of the first one that has to go into another document.
func (d *document) one(g *group, round, first int) int {
	size := d.open(g)
	begin, count, next := len(d.buf), 0, first
	limit := d.w.host.opts.MaxLineBytes
	size += d.propertiesSize(limit - size)
	for ; next < len(g.series) && count < maxMetricsPerDoc; next++ {
		sr := &g.series[next]
		values := chunk(sr.values, round)
		if len(values) == 0 {
			continue
		}
		if count > 0 && clash(g.series[first:next], sr, round) {
			break
		}
		cost := len(sr.in.definition) + len(sr.in.member) + 3 + 25*len(values)
		if count > 0 && size+cost > limit {
			break
		}
		size += cost
		if count > 0 {
			d.buf = append(d.buf, ',')
		}
		d.buf = append(d.buf, sr.in.definition...)
		count++
	}
	if count == 0 {
		d.buf = d.buf[:begin]
		return next
	}
	d.buf = append(d.buf, `]}]}`...)
	d.dimensions(g)
	for i := first; i < next; i++ {
		d.value(&g.series[i], chunk(g.series[i].values, round))
	}
	d.tail(g)
	if len(d.buf) > limit {
		d.inv.refuse(g.series[first].in.name, fmt.Errorf("its document has %d bytes, at most %d are allowed", len(d.buf), limit))
		return next
	}
	_ = d.w.host.sink.write(d.buf) // there is nowhere left to report it
	return next
}

// clash reports whether a series of the same name is in the document already.
func clash(before []series, sr *series, round int) bool {
	for i := range before {
		if before[i].in.name == sr.in.name && len(chunk(before[i].values, round)) > 0 {
			return true
		}
	}
	return false
}

func chunk(values []float64, round int) []float64 {
	lo := min(round*maxValuesPerDoc, len(values))
	return values[lo:min(lo+maxValuesPerDoc, len(values))]
}

// open begins a document up to its metric definitions and returns an upper bound
// of its size without metrics and properties.
func (d *document) open(g *group) int {
	b := append(d.buf[:0], d.w.head...)
	b = d.now.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","_aws":{"Timestamp":`...)
	b = strconv.AppendInt(b, d.now.UnixMilli(), 10)
	b = append(b, d.w.directed...)
	if g.like.sets == nil {
		b = d.appendSet(b, g, g.like.dims)
	}
	for i, set := range g.like.sets {
		if i > 0 {
			b = append(b, ',')
		}
		b = d.appendSet(b, g, set)
	}
	d.buf = append(b, `],"Metrics":[`...)
	size := len(d.buf) + 16 + len(d.inv.requestID) + len(d.inv.correlationID)*6 + len(d.inv.traceID)*6 + 64
	for i := range d.w.defaults {
		size += len(d.w.defaults[i].member) + 1
	}
	for i, v := range g.values {
		size += len(g.like.dimMembers[i]) + 2*len(v) + 3
	}
	return size
}

// appendSet writes a dimension set: the defaults that the metric does not
// override, and the names given.
func (d *document) appendSet(b []byte, g *group, names []string) []byte {
	b = append(b, '[')
	n := 0
	for i := range d.w.defaults {
		if slices.Contains(g.like.dims, d.w.defaults[i].name) {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = append(b, d.w.defaults[i].quoted...)
	}
	for _, name := range names {
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = appendString(b, name)
	}
	return append(b, ']')
}

// dimensions writes the values of the dimensions.
func (d *document) dimensions(g *group) {
	for i := range d.w.defaults {
		if !slices.Contains(g.like.dims, d.w.defaults[i].name) {
			d.buf = append(append(d.buf, ','), d.w.defaults[i].member...)
		}
	}
	for i, v := range g.values {
		d.buf = append(append(d.buf, ','), g.like.dimMembers[i]...)
		d.buf = appendString(d.buf, v)
	}
}

// value writes a metric: a number, or an array of them.
func (d *document) value(sr *series, values []float64) {
	if len(values) == 0 {
		return
	}
	d.buf = append(append(d.buf, ','), sr.in.member...)
	if len(values) == 1 {
		d.buf = appendNumber(d.buf, values[0])
		return
	}
	d.buf = append(d.buf, '[')
	for i, v := range values {
		if i > 0 {
			d.buf = append(d.buf, ',')
		}
		d.buf = appendNumber(d.buf, v)
	}
	d.buf = append(d.buf, ']')
}

// propertiesSize is what the properties will take, 0 when they do not fit.
func (d *document) propertiesSize(room int) int {
	size := 0
	for i := range d.set.properties {
		size += len(d.set.properties[i].member) + 1
	}
	if size > room/2 {
		d.inv.warnOnce("properties", "the metric properties are too large for a document and are left out", zap.Int("bytes", size))
		d.set.properties = d.set.properties[:0]
		return 0
	}
	return size
}

// tail writes the ids and properties and ends the line.
func (d *document) tail(g *group) {
	id := func(key, value string) {
		if value != "" && !g.has(key) {
			d.buf = append(append(append(d.buf, `,"`...), key...), `":`...)
			d.buf = appendString(d.buf, value)
		}
	}
	id(keyRequestID, d.inv.requestID)
	id(keyCorrelationID, d.inv.correlationID)
	id(keyTraceID, d.inv.traceID)
	for i := range d.set.properties {
		if p := &d.set.properties[i]; !g.has(p.key) && !d.w.isDefault(p.key) {
			d.buf = append(append(d.buf, ','), p.member...)
		}
	}
	d.buf = append(d.buf, "}\n"...)
}

// has reports whether the group has a metric or dimension of the name.
func (g *group) has(name string) bool {
	for i := range g.series {
		if g.series[i].in.name == name {
			return true
		}
	}
	return slices.Contains(g.like.dims, name)
}

func (w *emfWriter) isDefault(name string) bool {
	return slices.ContainsFunc(w.defaults, func(d defaultDimension) bool { return d.name == name })
}

// coldStart writes the metric ColdStart by service and function.
func (w *emfWriter) coldStart(inv *invocation) {
	var in instrument
	var values []string
	if inv.functionName == "" || checkDimensionValue(inv.functionName) != nil {
		in, _ = newInstrument(kindSum, "ColdStart", UnitCount, nil)
	} else {
		in, _ = newInstrument(kindSum, "ColdStart", UnitCount, []string{keyFunction})
		values = []string{inv.functionName}
	}
	if err := w.check(&in, 1, values); err != nil {
		inv.refuse(in.name, err)
		return
	}
	set := w.take()
	_ = set.add(w, &in, 1, values)
	w.write(inv, set)
	w.give(set)
}

// appendNumber writes a finite number as JSON.
func appendNumber(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	if abs := math.Abs(v); abs < 1e-6 || abs >= 1e21 {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string; what is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[start:i]...), `\ufffd`...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\t':
			b = append(b, `\t`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
