package eventstest

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

type tag struct {
	Key   string
	Value string
}

type createEventBusInput struct {
	Name        string
	Description *string
	Tags        []tag
}

type createEventBusOutput struct {
	EventBusArn string
	Description *string `json:",omitempty"`
}

func (b *EventBridge) createEventBus(ctx context.Context, in *createEventBusInput) (*createEventBusOutput, error) {
	var bad constraints
	bad.name(in.Name, "name", "/", 256)
	if err := bad.err(); err != nil {
		return nil, err
	}
	c := wire.CallOf(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.region(regionKey{c.Account, c.Region})
	if r.buses[in.Name] != nil {
		return nil, wire.Errorf("ResourceAlreadyExistsException", 0, "Event bus %s already exists.", in.Name)
	}
	now := time.Now()
	e := &eventBus{
		name: in.Name, arn: c.ARN("events", "event-bus/"+in.Name), description: text(in.Description),
		created: now, modified: now, rules: map[string]*rule{},
	}
	r.buses[in.Name] = e
	b.setTags(e.arn, in.Tags)
	c.Touch(e.arn)
	return &createEventBusOutput{EventBusArn: e.arn, Description: in.Description}, nil
}

type updateEventBusInput struct {
	Name        *string
	Description *string
}

type updateEventBusOutput struct {
	Arn         string
	Name        string
	Description *string `json:",omitempty"`
}

func (b *EventBridge) updateEventBus(ctx context.Context, in *updateEventBusInput) (*updateEventBusOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.bus(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	e.description, e.modified = text(in.Description), time.Now()
	return &updateEventBusOutput{Arn: e.arn, Name: e.name, Description: in.Description}, nil
}

type describeEventBusInput struct{ Name *string }

type describeEventBusOutput struct {
	Arn              string
	Name             string
	Description      *string `json:",omitempty"`
	CreationTime     *wire.Timestamp
	LastModifiedTime *wire.Timestamp
}

func (b *EventBridge) describeEventBus(ctx context.Context, in *describeEventBusInput) (*describeEventBusOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.bus(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return e.describe(), nil
}

func (e *eventBus) describe() *describeEventBusOutput {
	return &describeEventBusOutput{
		Arn: e.arn, Name: e.name, Description: optional(e.description),
		CreationTime: wire.At(e.created), LastModifiedTime: wire.At(e.modified),
	}
}

type listEventBusesInput struct {
	NamePrefix *string
	Limit      *int32
	NextToken  *string
}

type listEventBusesOutput struct {
	EventBuses []*describeEventBusOutput
	NextToken  *string `json:",omitempty"`
}

func (b *EventBridge) listEventBuses(ctx context.Context, in *listEventBusesInput) (*listEventBusesOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := wire.CallOf(ctx)
	buses := b.region(regionKey{c.Account, c.Region}).buses
	var names []string
	for _, name := range sortedKeys(buses) {
		if strings.HasPrefix(name, text(in.NamePrefix)) {
			names = append(names, name)
		}
	}
	names, next, err := page(names, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listEventBusesOutput{EventBuses: []*describeEventBusOutput{}, NextToken: next}
	for _, name := range names {
		out.EventBuses = append(out.EventBuses, buses[name].describe())
	}
	return out, nil
}

type deleteEventBusInput struct{ Name string }

type none struct{}

func (b *EventBridge) deleteEventBus(ctx context.Context, in *deleteEventBusInput) (*none, error) {
	if in.Name == "default" {
		return nil, invalid("Cannot delete event bus default.")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := wire.CallOf(ctx)
	r := b.region(regionKey{c.Account, c.Region})
	if e := r.buses[in.Name]; e != nil {
		if len(e.rules) > 0 {
			return nil, invalid("Event bus can't be deleted since it has rules.")
		}
		delete(b.tags, e.arn)
	}
	delete(r.buses, in.Name)
	return nil, nil
}

// busName takes the name out of a bus's name or ARN; none is the default bus.
func busName(nameOrARN *string) string {
	name := text(nameOrARN)
	if name == "" {
		return "default"
	}
	if parts, err := awsid.ParseARN(name); err == nil {
		return strings.TrimPrefix(parts.Resource, "event-bus/")
	}
	return name
}

// noBus is the error of a bus there is not; the log says what exists. b.mu is
// held.
func (b *EventBridge) noBus(name, arn string) error {
	return notFound("Event bus %s does not exist.", name).Missing("event bus", arn, b.busARNs())
}

// busARNs are the ARNs of all event buses; b.mu is held.
func (b *EventBridge) busARNs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range b.regions {
			for _, e := range r.buses {
				if !yield(e.arn) {
					return
				}
			}
		}
	}
}

// noRule is the same of a rule.
func (b *EventBridge) noRule(name, bus, arn string) error {
	return notFound("Rule %s does not exist on EventBus %s.", name, bus).Missing("rule", arn, func(yield func(string) bool) {
		for _, r := range b.regions {
			for _, e := range r.buses {
				for _, rule := range e.rules {
					if !yield(rule.arn) {
						return
					}
				}
			}
		}
	})
}

// bus finds a bus by the name that the caller gives it, or by its ARN; b.mu is
// held.
func (b *EventBridge) bus(ctx context.Context, nameOrARN *string) (*eventBus, error) {
	c := wire.CallOf(ctx)
	arn := busARN(c, nameOrARN)
	e := b.byARN(arn)
	if e == nil {
		return nil, b.noBus(busName(nameOrARN), arn)
	}
	c.Touch(e.arn)
	return e, nil
}

// busARN is the ARN of a bus that the caller gives by name or ARN.
func busARN(c *wire.Call, nameOrARN *string) string {
	if _, err := awsid.ParseARN(text(nameOrARN)); err == nil {
		return *nameOrARN
	}
	return c.ARN("events", "event-bus/"+busName(nameOrARN))
}
