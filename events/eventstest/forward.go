package eventstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/handover"
)

// Errors of a target that is an event bus; neither is tried again.
var errNoEvent = errors.New("it needs source, detail-type and a detail that is an object")

// hopError is the refusal of an event that came from another bus already.
type hopError struct{ id string }

func (e hopError) Error() string {
	return "Event ingestion rejected for event " + e.id + " because an event can be sent to an event bus target only once." +
		" This event was previously delivered to an event bus target."
}

func (hopError) Is(target error) bool { return target == ErrPermanent }

// forward puts the event on the event bus that the target names. The event
// stays what it is, with the account, the region and the id of its origin.
func (b *EventBridge) forward(d *delivery) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	on := b.byARN(d.TargetARN)
	switch {
	case on == nil && namesBus(d.TargetARN):
		return handover.NoTarget(fmt.Errorf("there is no event bus %s, and no function is bound to it", d.TargetARN))
	case on == nil:
		return handover.NoTarget(fmt.Errorf("no function is bound to the target %s, see EventBridge.Target", d.TargetARN))
	case d.event.forwarded:
		return hopError{d.EventID}
	}
	var in envelope
	if err := json.Unmarshal(d.Input, &in); err != nil {
		return fmt.Errorf("%w: the input of an event bus: %w: %w", ErrPermanent, errNoEvent, err)
	}
	from := d.event
	if err := in.complete(from.Account, from.Region, from.ID, from.accepted); err != nil {
		return fmt.Errorf("%w: the input of an event bus: %w", ErrPermanent, err)
	}
	ev := newEvent(on, in)
	ev.TraceHeader, ev.forwarded, ev.copies = from.TraceHeader, true, from.copies
	if err := b.route(on, ev, in); err != nil {
		return err
	}
	b.wake()
	return nil
}

// byARN finds an event bus of any account and region; nil where there is none.
// b.mu is held.
func (b *EventBridge) byARN(arn string) *eventBus {
	if !namesBus(arn) {
		return nil
	}
	parts, _ := awsid.ParseARN(arn)
	return b.region(regionKey{parts.Account, parts.Region}).buses[strings.TrimPrefix(parts.Resource, busPrefix)]
}

const busPrefix = "event-bus/"

// namesBus says whether an ARN is that of an event bus.
func namesBus(arn string) bool {
	parts, err := awsid.ParseARN(arn)
	return err == nil && parts.Service == "events" && strings.HasPrefix(parts.Resource, busPrefix)
}

// complete checks an event that did not come by PutEvents, and fills in what it
// lacks.
func (e *envelope) complete(account, region, id string, at time.Time) error {
	if e.Source == "" || e.DetailType == "" || !bytes.HasPrefix(bytes.TrimSpace(e.Detail), []byte("{")) {
		return errNoEvent
	}
	e.Version = "0"
	for _, d := range []struct {
		value    *string
		fallback string
	}{{&e.ID, id}, {&e.Account, account}, {&e.Region, region}, {&e.Time, at.UTC().Format(time.RFC3339)}} {
		if *d.value == "" {
			*d.value = d.fallback
		}
	}
	if e.Resources == nil {
		e.Resources = []string{}
	}
	return nil
}

// newEvent is the record of an event on a bus.
func newEvent(on *eventBus, e envelope) *Event {
	return &Event{
		ID: e.ID, Bus: on.name, Account: e.Account, Region: e.Region, Source: e.Source, DetailType: e.DetailType,
		accepted: time.Now(), copies: map[string]int{},
	}
}
