package eventstest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/wire"
)

// dumpedEvents is how many events a Dump has, the last ones.
const dumpedEvents = 50

// Dump returns the buses with their rules, the last events and the deliveries as
// text, for the output of a test. A test that used the fake and has failed logs
// the first 100 lines of it by itself, with the last 20 calls.
func (b *EventBridge) Dump() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dump()
}

func (b *EventBridge) dump() string {
	var d wire.Dump
	keys := slices.SortedFunc(maps.Keys(b.regions), func(x, y regionKey) int {
		return cmp.Or(cmp.Compare(x.account, y.account), cmp.Compare(x.region, y.region))
	})
	for _, key := range keys {
		buses := b.regions[key].buses
		for _, name := range sortedKeys(buses) {
			d.Line(0, "bus %s%s", name, d.At(key.account, key.region))
			for _, r := range sortedKeys(buses[name].rules) {
				dumpRule(&d, buses[name].rules[r])
			}
		}
	}
	for _, e := range b.events[max(0, len(b.events)-dumpedEvents):] {
		rules := "no rule"
		if len(e.Rules) > 0 {
			rules = strings.Join(e.Rules, ", ")
		}
		d.Line(0, "event on %s for %s: %s", e.Bus, rules, e.JSON)
	}
	for _, p := range b.queue {
		text := fmt.Sprintf("pending: event %s to %s after %s", p.EventID, p.TargetARN, wire.Plural(p.Attempts, "attempt", "attempts"))
		if p.Err != nil {
			text += ": " + p.Err.Error()
		}
		d.Line(0, "%s", text)
	}
	for _, err := range b.lost {
		d.Line(0, "lost: %v", err)
	}
	return d.String()
}

func dumpRule(d *wire.Dump, r *rule) {
	d.Line(1, "rule %s, %s: %s", r.name, r.state, r.text)
	for _, t := range r.targets {
		d.Line(2, "target %s: %s", t.ID, t.Arn)
	}
}
