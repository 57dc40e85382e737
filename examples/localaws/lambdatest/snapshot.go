package lambdatest

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// Snapshot is the state of a [Lambda] at one moment: its functions, its event
// source mappings, and the asynchronous invocations that wait. It does not change.
type Snapshot struct {
	of        *wire.Server
	functions map[string]*function
	mappings  map[string]*mapping
	queue     []*event
}

// Snapshot returns the state. What runs, the journal and the faults are not part
// of it.
func (l *Lambda) Snapshot() *Snapshot {
	server := l.made()
	l.mu.Lock()
	defer l.mu.Unlock()
	return (&Snapshot{server, l.functions, l.mappings, l.queue}).clone()
}

// Restore brings the state of the snapshot back, any number of times. What runs
// goes on, and its event is not made again. A nil snapshot panics, and so does one
// that this fake has not taken.
func (l *Lambda) Restore(snapshot *Snapshot) {
	l.checkSnapshot(snapshot)
	l.restore(snapshot)
}

func (l *Lambda) restore(snapshot *Snapshot) {
	fresh := snapshot.clone()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.functions, l.mappings, l.queue, l.lost = fresh.functions, fresh.mappings, fresh.queue, nil
	l.epoch++
	for _, m := range l.mappings {
		l.sequence++
		m.generation = l.sequence
	}
	l.wake()
}

// Reset empties the fake, as New made it: functions, mappings, events, faults and
// journal.
func (l *Lambda) Reset() {
	l.made().Reset()
	l.restore(&Snapshot{})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.invocations = 0
}

func (s *Snapshot) clone() *Snapshot {
	out := &Snapshot{of: s.of, functions: make(map[string]*function, len(s.functions)), mappings: make(map[string]*mapping, len(s.mappings))}
	for arn, f := range s.functions {
		out.functions[arn] = f.clone()
	}
	for uuid, m := range s.mappings {
		c := *m
		c.tags = maps.Clone(m.tags)
		out.mappings[uuid] = &c
	}
	for _, e := range s.queue {
		c := *e
		out.queue = append(out.queue, &c)
	}
	return out
}

// clone copies a function. Its versions do not change.
func (f *function) clone() *function {
	c := *f
	c.versions, c.tags = slices.Clone(f.versions), maps.Clone(f.tags)
	c.aliases, c.async = copyOf(f.aliases), copyOf(f.async)
	c.urls, c.policies = copyOf(f.urls), make(map[string]*policy, len(f.policies))
	for qualifier, p := range f.policies {
		c.policies[qualifier] = &policy{revision: p.revision, statements: slices.Clone(p.statements)}
	}
	return &c
}

// copyOf copies a map with what it points to.
func copyOf[V any](m map[string]*V) map[string]*V {
	out := make(map[string]*V, len(m))
	for key, value := range m {
		c := *value
		out[key] = &c
	}
	return out
}

// Dump returns the functions, the event source mappings and the events that wait
// as text, for the output of a test. A test that used the fake and has failed logs
// the first 100 lines of it by itself, with the last 20 calls.
func (l *Lambda) Dump() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dump()
}

func (l *Lambda) dump() string {
	var d wire.Dump
	for _, arn := range slices.Sorted(maps.Keys(l.functions)) {
		f := l.functions[arn]
		limit := ""
		if f.reserved != nil {
			limit = ", reserved concurrency " + strconv.Itoa(*f.reserved)
		}
		d.Line(0, "function %s%s: timeout %v, %d running%s", f.name, d.At(f.account, f.region), f.latest.Timeout, *f.running, limit)
		for _, v := range f.versions {
			d.Line(1, "version %s", v.Version)
		}
		for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
			d.Line(1, "alias %s: version %s", name, f.aliases[name].version)
		}
	}
	now := time.Now()
	byKey := map[string]*mapping{}
	for _, m := range l.mappings {
		byKey[m.EventSourceARN+" to "+m.FunctionARN] = m
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		d.Line(0, "event source mapping %s: %s", key, byKey[key].state(now))
	}
	for _, e := range l.queue {
		d.Line(0, "event %s for %s: %s, %s", e.id, e.ref.qualified(), wire.Plural(e.attempt, "attempt", "attempts"), e.payload)
	}
	return d.String()
}
