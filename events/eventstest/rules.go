package eventstest

import (
	"context"
	"errors"
	"strings"

	"github.com/patternkit/serverless/internal/pattern"
	"github.com/patternkit/serverless/internal/wire"
)

type putRuleInput struct {
	Name         string
	Description  *string
	EventBusName *string
	EventPattern *string
	RoleArn      *string
	State        *string
	Tags         []tag
}

type putRuleOutput struct{ RuleArn string }

func (b *EventBridge) putRule(ctx context.Context, in *putRuleInput) (*putRuleOutput, error) {
	var bad constraints
	bad.name(in.Name, "name", "", 64)
	state := "ENABLED"
	if in.State != nil {
		state = *in.State
	}
	switch state {
	case "ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS":
	default:
		bad.broken(state, "state", "Member must satisfy enum value set: [ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS, DISABLED, ENABLED]")
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	if text(in.EventPattern) == "" {
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	p, err := parsePattern(*in.EventPattern)
	if err != nil {
		return nil, err
	}
	c := wire.CallOf(ctx)
	r := e.rules[in.Name]
	if r == nil {
		r = &rule{name: in.Name, arn: c.ARN("events", e.ruleResource(in.Name))}
		e.rules[in.Name] = r
		b.setTags(r.arn, in.Tags)
	}
	r.description, r.role, r.text, r.state, r.pattern = text(in.Description), text(in.RoleArn), *in.EventPattern, state, p
	e.changed()
	c.Touch(r.arn)
	return &putRuleOutput{RuleArn: r.arn}, nil
}

// parsePattern checks a pattern; the error is the service's.
func parsePattern(s string) (*pattern.Pattern, error) {
	p, err := pattern.Parse(pattern.EventBridge, []byte(s))
	var refused *pattern.Error
	if errors.As(err, &refused) {
		return nil, wire.Errorf("InvalidEventPatternException", 0, "Event pattern is not valid. Reason: %s", refused.Message)
	}
	return p, err
}

// ruleResource is the resource in the ARN of a rule of the bus.
func (e *eventBus) ruleResource(name string) string {
	if e.name == "default" {
		return "rule/" + name
	}
	return "rule/" + e.name + "/" + name
}

// rule finds a rule; b.mu is held.
func (b *EventBridge) rule(ctx context.Context, name string, bus *string) (*eventBus, *rule, error) {
	e, err := b.bus(ctx, bus)
	if err != nil {
		return nil, nil, err
	}
	r := e.rules[name]
	if r == nil {
		return nil, nil, b.noRule(name, e.name, wire.CallOf(ctx).ARN("events", e.ruleResource(name)))
	}
	wire.CallOf(ctx).Touch(r.arn)
	return e, r, nil
}

type ruleInput struct {
	Name         string
	EventBusName *string
}

type ruleDescription struct {
	Arn          string
	Name         string
	EventBusName string
	EventPattern string
	State        string
	Description  *string `json:",omitempty"`
	RoleArn      *string `json:",omitempty"`
}

type describeRuleOutput struct {
	ruleDescription
	CreatedBy string
}

func (r *rule) describe(e *eventBus) ruleDescription {
	return ruleDescription{
		Arn: r.arn, Name: r.name, EventBusName: e.name, EventPattern: r.text, State: r.state,
		Description: optional(r.description), RoleArn: optional(r.role),
	}
}

func (b *EventBridge) describeRule(ctx context.Context, in *ruleInput) (*describeRuleOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, r, err := b.rule(ctx, in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	return &describeRuleOutput{ruleDescription: r.describe(e), CreatedBy: wire.CallOf(ctx).Account}, nil
}

type listRulesInput struct {
	EventBusName *string
	NamePrefix   *string
	Limit        *int32
	NextToken    *string
}

type listRulesOutput struct {
	Rules     []ruleDescription
	NextToken *string `json:",omitempty"`
}

func (b *EventBridge) listRules(ctx context.Context, in *listRulesInput) (*listRulesOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range sortedKeys(e.rules) {
		if strings.HasPrefix(name, text(in.NamePrefix)) {
			names = append(names, name)
		}
	}
	names, next, err := page(names, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listRulesOutput{Rules: []ruleDescription{}, NextToken: next}
	for _, name := range names {
		out.Rules = append(out.Rules, e.rules[name].describe(e))
	}
	return out, nil
}

func (b *EventBridge) enableRule(ctx context.Context, in *ruleInput) (*none, error) {
	return nil, b.setState(ctx, in, "ENABLED")
}

func (b *EventBridge) disableRule(ctx context.Context, in *ruleInput) (*none, error) {
	return nil, b.setState(ctx, in, "DISABLED")
}

func (b *EventBridge) setState(ctx context.Context, in *ruleInput, state string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, r, err := b.rule(ctx, in.Name, in.EventBusName)
	if err != nil {
		return err
	}
	r.state = state
	e.changed()
	return nil
}

type deleteRuleInput struct {
	Name         string
	EventBusName *string
	// Force is for rules that AWS services manage; the fake has none.
	Force wire.Ignored
}

func (b *EventBridge) deleteRule(ctx context.Context, in *deleteRuleInput) (*none, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r := e.rules[in.Name]
	if r == nil {
		return nil, nil
	}
	if len(r.targets) > 0 {
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	delete(e.rules, in.Name)
	delete(b.tags, r.arn)
	e.changed()
	return nil, nil
}

type testEventPatternInput struct {
	Event        string
	EventPattern string
}

type testEventPatternOutput struct{ Result bool }

func (b *EventBridge) testEventPattern(_ context.Context, in *testEventPatternInput) (*testEventPatternOutput, error) {
	p, err := parsePattern(in.EventPattern)
	if err != nil {
		return nil, err
	}
	if !isWholeEvent(in.Event) {
		return nil, invalid("Parameter Event is not valid.")
	}
	matched, err := p.Match([]byte(in.Event))
	if err != nil {
		return nil, invalid("Parameter Event is not valid.")
	}
	return &testEventPatternOutput{Result: matched}, nil
}
