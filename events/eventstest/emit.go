package eventstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// Emit puts an event on a bus as AWS services do: PutEvents takes no source that
// begins with "aws.". The event is JSON in EventBridge's envelope; it needs
// source, detail-type and detail, the rest has defaults. The bus is a name or an
// ARN, "" for the default bus, of the default account and region.
func (b *EventBridge) Emit(ctx context.Context, bus string, event []byte) error {
	var in envelope
	if err := json.Unmarshal(event, &in); err != nil {
		return fmt.Errorf("eventstest: emit: %w", err)
	}
	c := wire.CallOf(ctx)
	if err := in.complete(c.Account, c.Region, awsid.UUID(), time.Now()); err != nil {
		return fmt.Errorf("eventstest: emit: the event is no event: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	on, err := b.bus(ctx, &bus)
	if err != nil {
		return fmt.Errorf("eventstest: emit: %w", err)
	}
	if err := b.route(on, newEvent(on, in), in); err != nil {
		return fmt.Errorf("eventstest: emit: %w", err)
	}
	b.wake()
	return nil
}

// route writes the event, matches it, and queues its deliveries; b.mu is held.
func (b *EventBridge) route(bus *eventBus, ev *Event, content envelope) error {
	doc, err := marshal(content)
	if err != nil {
		return err
	}
	ev.JSON = doc
	rules, err := bus.matching(ev.JSON)
	if err != nil {
		return err
	}
	for _, r := range rules {
		ev.Rules = append(ev.Rules, r.name)
		for _, t := range r.targets {
			b.enqueue(ev, r, t)
		}
	}
	b.events = remember(b.events, *ev)
	return nil
}

// marshal writes JSON without escaping HTML, as AWS does.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}
