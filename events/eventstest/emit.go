package eventstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// Emit puts an event on a bus as AWS services do: PutEvents takes no source that
// begins with "aws.". The event is JSON in EventBridge's envelope; it needs
// source, detail-type and detail, the rest has defaults. The bus is a name or an
// ARN, "" for the default bus, of the default account and region.
func (b *Bus) Emit(ctx context.Context, bus string, event []byte) error {
	var in envelope
	if err := json.Unmarshal(event, &in); err != nil {
		return fmt.Errorf("eventstest: emit: %w", err)
	}
	if in.Source == "" || in.DetailType == "" || !isObject(string(in.Detail)) {
		return errors.New("eventstest: emit: the event needs source, detail-type and a detail that is an object")
	}
	c := wire.CallOf(ctx)
	now := time.Now()
	in.Version = "0"
	for _, d := range []struct{ value, fallback *string }{
		{&in.ID, new(awsid.UUID())}, {&in.Account, &c.Account}, {&in.Region, &c.Region}, {&in.Time, new(now.UTC().Format(time.RFC3339))},
	} {
		if *d.value == "" {
			*d.value = *d.fallback
		}
	}
	if in.Resources == nil {
		in.Resources = []string{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	on, err := b.bus(ctx, &bus)
	if err != nil {
		return fmt.Errorf("eventstest: emit: %w", err)
	}
	ev := &Event{
		ID: in.ID, Bus: on.name, Account: in.Account, Region: in.Region, Source: in.Source, DetailType: in.DetailType, accepted: now,
	}
	if err := b.route(on, ev, in); err != nil {
		return fmt.Errorf("eventstest: emit: %w", err)
	}
	b.wake()
	return nil
}

// route writes the event, matches it, and queues its deliveries; b.mu is held.
func (b *Bus) route(bus *eventBus, ev *Event, content envelope) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(content); err != nil {
		return err
	}
	ev.JSON = bytes.TrimRight(out.Bytes(), "\n")
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
