package eventstest

import (
	"maps"
	"slices"

	"github.com/patternkit/serverless/internal/wire"
)

// Snapshot is the state of an [EventBridge] at one moment: buses, rules, targets,
// tags, events, and the deliveries that are pending or have ended. It does not
// change.
type Snapshot struct {
	of       *wire.Server
	regions  map[regionKey]*region
	tags     map[string]map[string]string
	events   []Event
	queue    []*delivery
	done     []Delivery
	lost     []error
	sequence int
}

// Snapshot returns the state. The functions that Target and DeadLetters have
// bound, the journal and the faults are not part of it. Neither is a delivery
// whose target is being called: to take a snapshot then is an error of the test.
func (b *EventBridge) Snapshot() *Snapshot {
	server := b.made()
	server.TB().Helper()
	b.mu.Lock()
	underWay := b.inFlight
	s := (&Snapshot{server, b.regions, b.tags, b.events, b.queue, b.done, b.lost, b.sequence}).clone()
	b.mu.Unlock()
	if underWay > 0 {
		b.server.Misuse("Snapshot: the targets of %s being called; a snapshot does not have what is under way", wire.Plural(underWay, "delivery are", "deliveries are"))
	}
	return s
}

// Restore brings the state of the snapshot back, any number of times. Times are
// not moved: what was to be tried again at a certain time still is. A delivery
// whose target is being called goes on. A nil snapshot panics, and so does one
// that this fake has not taken.
func (b *EventBridge) Restore(snapshot *Snapshot) {
	b.checkSnapshot(snapshot)
	b.restore(snapshot)
}

func (b *EventBridge) restore(snapshot *Snapshot) {
	s := snapshot.clone()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.regions, b.tags, b.events, b.queue, b.done, b.lost, b.sequence = s.regions, s.tags, s.events, s.queue, s.done, s.lost, s.sequence
	b.wake()
}

// Reset empties the fake, as New made it: buses but the default ones, rules,
// events, deliveries, bound functions, faults and journal. A delivery whose
// target is being called goes on.
func (b *EventBridge) Reset() {
	b.made().Reset()
	b.restore(&Snapshot{})
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.targets)
	clear(b.dead)
}

func (s *Snapshot) clone() *Snapshot {
	out := &Snapshot{
		of: s.of, regions: make(map[regionKey]*region, len(s.regions)), tags: make(map[string]map[string]string, len(s.tags)),
		events: slices.Clone(s.events), done: slices.Clone(s.done), lost: slices.Clone(s.lost), sequence: s.sequence,
	}
	for key, r := range s.regions {
		out.regions[key] = r.clone()
	}
	for arn, tags := range s.tags {
		out.tags[arn] = maps.Clone(tags)
	}
	for _, d := range s.queue {
		c := *d
		out.queue = append(out.queue, &c)
	}
	return out
}

// clone copies the buses with their rules. Patterns and targets do not change.
func (r *region) clone() *region {
	out := &region{buses: make(map[string]*eventBus, len(r.buses))}
	for name, old := range r.buses {
		bus := *old
		bus.rules = make(map[string]*rule, len(old.rules))
		for name, old := range old.rules {
			r := *old
			r.targets = slices.Clone(old.targets)
			bus.rules[name] = &r
		}
		bus.changed()
		out.buses[name] = &bus
	}
	return out
}
