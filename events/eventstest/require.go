package eventstest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/internal/assertion"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/wire"
)

// PublishedOptions are the settings of [RequirePublished]. Nothing is demanded of
// what is left zero.
type PublishedOptions struct {
	// Bus is the name of the event bus that accepted the event. Optional. Defaults
	// to any bus.
	Bus string
	// Pattern is what the event matches besides its kind. Optional. Defaults to
	// every event of the kind.
	Pattern *events.Pattern
	// Rule is the name of a rule of the bus that the event matched. Optional.
	// Defaults to any rule or none.
	Rule string
}

// RequirePublished demands that exactly one event of this kind was published, and
// returns it. Otherwise the test fails and ends; the failure lists the events
// that were published, and says why each is not the one.
//
// An event counts when a bus of the fake accepted it, whether it was delivered or
// not. What a second bus got from the first is the same event.
func RequirePublished[T any](tb TB, bus *EventBridge, kind *events.Definition[T], optFns ...func(*PublishedOptions)) events.Event[T] {
	requireGiven("RequirePublished", tb, bus, kind)
	tb.Helper()
	if found := requirePublished(tb, bus, kind, 1, optFns); len(found) == 1 {
		return found[0]
	}
	var none events.Event[T]
	return none
}

// RequireManyPublished demands that so many events of this kind were published, and
// returns them in the order in which they were accepted; see [RequirePublished]. A
// count of 0 demands that there was none.
func RequireManyPublished[T any](tb TB, bus *EventBridge, kind *events.Definition[T], count int, optFns ...func(*PublishedOptions)) []events.Event[T] {
	requireGiven("RequireManyPublished", tb, bus, kind)
	tb.Helper()
	if !assertion.Count("eventstest: RequireManyPublished", tb, count) {
		return nil
	}
	return requirePublished(tb, bus, kind, count, optFns)
}

// requireGiven panics when something is nil that both assertions need.
func requireGiven[T any](name string, tb TB, bus *EventBridge, kind *events.Definition[T]) {
	assertion.Needs("eventstest: "+name, tb, "fake", bus)
	assertion.Needs("eventstest: "+name, tb, "definition", kind)
}

func requirePublished[T any](tb TB, bus *EventBridge, kind *events.Definition[T], count int, optFns []func(*PublishedOptions)) []events.Event[T] {
	tb.Helper()
	var o PublishedOptions
	given.Options(&o, optFns)
	var found []events.Event[T]
	seen := map[string]bool{}
	var others strings.Builder
	for i, ev := range bus.Events() {
		e, err := kind.Decode(ev.JSON)
		why := ""
		switch {
		case ev.Source != kind.Source() || ev.DetailType != kind.DetailType():
			why = "another kind of event"
		case err != nil:
			why = err.Error()
		default:
			why = bus.unlike(&ev, &o)
		}
		switch {
		case why != "":
			fmt.Fprintf(&others, "\n  %d. on bus %s: %s\n     %s", i+1, ev.Bus, ev.JSON, strings.ReplaceAll(why, "\n", "\n     "))
		case !seen[ev.ID]:
			seen[ev.ID] = true
			found = append(found, e)
		}
	}
	switch {
	case len(found) == count:
		return found
	case len(found) > 0:
		assertion.End(tb, "eventstest: %s published, required: %d; ids %s%s", wire.Plural(len(found), fmt.Sprintf("event %s was", kind), fmt.Sprintf("events %s were", kind)), count, ids(found), list(others.String()))
	default:
		assertion.End(tb, "eventstest: no event %s was published as required%s", kind, list(others.String()))
	}
	return nil
}

// list introduces the list of the other events.
func list(others string) string {
	if others == "" {
		return "; no other event was published"
	}
	return "; others that were published:" + others
}

// unlike says why an event of the kind is not what is required; "" if it is.
func (b *EventBridge) unlike(ev *Event, o *PublishedOptions) string {
	if o.Bus != "" && o.Bus != ev.Bus {
		return "another bus than " + o.Bus
	}
	if o.Pattern != nil {
		switch why, err := o.Pattern.Explain(ev.JSON); {
		case err != nil:
			return err.Error()
		case !why.Matched:
			return "the pattern: " + why.String()
		}
	}
	if o.Rule == "" || slices.Contains(ev.Rules, o.Rule) {
		return ""
	}
	return b.explainRule(ev, o.Rule)
}

// explainRule says why an event did not match a rule of its bus.
func (b *EventBridge) explainRule(ev *Event, name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var r *rule
	if on := b.region(regionKey{ev.Account, ev.Region}).buses[ev.Bus]; on != nil {
		r = on.rules[name]
	}
	switch {
	case r == nil:
		return fmt.Sprintf("the bus has no rule %s", name)
	case r.state == "DISABLED":
		return fmt.Sprintf("rule %s is disabled", name)
	case r.pattern == nil:
		return fmt.Sprintf("rule %s has no pattern", name)
	}
	p, err := events.NewPattern(r.text)
	if err != nil {
		return fmt.Sprintf("rule %s: %v", name, err)
	}
	why, err := p.Explain(ev.JSON)
	if err != nil {
		return fmt.Sprintf("rule %s: %v", name, err)
	}
	if why.Matched {
		return fmt.Sprintf("rule %s matches it now, and did not when it was published", name)
	}
	return fmt.Sprintf("rule %s: %s", name, why)
}

// ids lists the ids of events.
func ids[T any](list []events.Event[T]) string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].ID
	}
	return strings.Join(out, ", ")
}
