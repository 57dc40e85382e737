package eventstest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// maxTargets is how many targets a rule may have.
const maxTargets = 5

// target is a target of a rule, as PutTargets takes it.
type target struct {
	ID               string `json:"Id"`
	Arn              string
	RoleArn          *string           `json:",omitempty"`
	Input            *string           `json:",omitempty"`
	InputPath        *string           `json:",omitempty"`
	InputTransformer *inputTransformer `json:",omitempty"`
	DeadLetterConfig *deadLetterConfig `json:",omitempty"`
	RetryPolicy      *retryPolicy      `json:",omitempty"`
	SqsParameters    *sqsParameters    `json:",omitempty"`
}

type sqsParameters struct {
	MessageGroupID *string `json:"MessageGroupId,omitempty"`
}

type inputTransformer struct {
	InputPathsMap map[string]string `json:",omitempty"`
	InputTemplate string
}

type deadLetterConfig struct {
	Arn *string `json:",omitempty"`
}

type retryPolicy struct {
	MaximumEventAgeInSeconds *int32 `json:",omitempty"`
	MaximumRetryAttempts     *int32 `json:",omitempty"`
}

type failedTarget struct {
	TargetID     string `json:"TargetId"`
	ErrorCode    string
	ErrorMessage string
}

type putTargetsInput struct {
	Rule         string
	EventBusName *string
	Targets      []*target
}

type targetsOutput struct {
	FailedEntryCount int
	FailedEntries    []failedTarget
}

func (b *EventBridge) putTargets(ctx context.Context, in *putTargetsInput) (*targetsOutput, error) {
	var bad constraints
	bad.name(in.Rule, "rule", "", 64)
	if len(in.Targets) == 0 {
		bad.broken("[]", "targets", "Member must have length greater than or equal to 1")
	}
	for i, t := range in.Targets {
		t.check(&bad, fmt.Sprintf("targets.%d.member", i+1))
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e, r, err := b.rule(ctx, in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	after := slices.Clone(r.targets)
	for _, t := range in.Targets {
		if err := t.checkAddress(); err != nil {
			return nil, err
		}
		if err := t.checkInput(e); err != nil {
			return nil, err
		}
		if at := findTarget(after, t.ID); at >= 0 {
			after[at] = t
		} else {
			after = append(after, t)
		}
	}
	if len(after) > maxTargets {
		return nil, wire.Errorf("LimitExceededException", 0, "The requested resource exceeds the maximum number allowed.")
	}
	r.targets = after
	return &targetsOutput{FailedEntries: []failedTarget{}}, nil
}

func findTarget(targets []*target, id string) int {
	return slices.IndexFunc(targets, func(t *target) bool { return t.ID == id })
}

// check holds a target against the service's model.
func (t *target) check(bad *constraints, at string) {
	bad.name(t.ID, at+".id", "", 64)
	if t.Arn == "" {
		bad.broken("null", at+".arn", "Member must not be null")
	}
	if p := t.RetryPolicy; p != nil {
		bad.between(p.MaximumEventAgeInSeconds, at+".retryPolicy.maximumEventAgeInSeconds", 60, 86400)
		bad.between(p.MaximumRetryAttempts, at+".retryPolicy.maximumRetryAttempts", 0, 185)
	}
}

// isQueue says whether the target is a queue.
func (t *target) isQueue() bool { return strings.Contains(t.Arn, ":sqs:") && service(t.Arn) == "sqs" }

// service is the service that an ARN names; "" of what is no ARN.
func service(arn string) string {
	parts, _ := awsid.ParseARN(arn)
	return parts.Service
}

// checkAddress refuses what cannot be a target: what is no ARN, a FIFO queue
// without a message group, a message group where there is no queue.
func (t *target) checkAddress() error {
	_, err := awsid.ParseARN(t.Arn)
	grouped := t.SqsParameters != nil && text(t.SqsParameters.MessageGroupID) != ""
	switch {
	case err != nil:
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", t.Arn)
	case t.isQueue() && strings.HasSuffix(t.Arn, ".fifo") && !grouped:
		return invalid("Parameter(s) SqsParameters must be specified for target: %s.", t.ID)
	case t.SqsParameters != nil && !t.isQueue():
		return invalid("Parameter(s) SqsParameters not valid for target: %s.", t.ID)
	}
	return t.checkDeadLetters()
}

func (t *target) checkDeadLetters() error {
	if t.DeadLetterConfig == nil || text(t.DeadLetterConfig.Arn) == "" {
		return nil
	}
	switch arn := *t.DeadLetterConfig.Arn; {
	case service(arn) == "":
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", arn)
	case service(arn) != "sqs" || strings.HasSuffix(arn, ".fifo"):
		return invalid("Parameter %s is not valid. Reason: a dead-letter queue must be a standard queue.", arn)
	}
	return nil
}

// checkInput holds the target's input against what the service accepts of a rule
// on the bus e.
func (t *target) checkInput(e *eventBus) error {
	ways := 0
	for _, given := range []bool{t.Input != nil, t.InputPath != nil, t.InputTransformer != nil} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.ID)
	}
	switch {
	case ways > 0 && t.isForeignBus(e):
		return invalid("Input, InputPath and InputTransformer are not valid for target %s, which is an event bus of another account.", t.ID)
	case t.Input != nil && !isJSON(*t.Input):
		return invalid("JSON syntax error in input for target %s.", t.ID)
	case t.InputPath != nil:
		if _, err := parsePath(*t.InputPath); err != nil {
			return invalid("Invalid InputPath for target %s.", t.ID)
		}
	case t.InputTransformer != nil:
		return t.InputTransformer.check(t.ID)
	}
	return nil
}

// isForeignBus says whether the target is an event bus of another account than e.
func (t *target) isForeignBus(e *eventBus) bool {
	own, _ := awsid.ParseARN(e.arn)
	other, _ := awsid.ParseARN(t.Arn)
	return other.Service == "events" && other.Account != own.Account
}

type listTargetsByRuleInput struct {
	Rule         string
	EventBusName *string
	Limit        *int32
	NextToken    *string
}

type listTargetsByRuleOutput struct {
	Targets   []*target
	NextToken *string `json:",omitempty"`
}

func (b *EventBridge) listTargetsByRule(ctx context.Context, in *listTargetsByRuleInput) (*listTargetsByRuleOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, r, err := b.rule(ctx, in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, t := range r.targets {
		ids = append(ids, t.ID)
	}
	slices.Sort(ids)
	ids, next, err := page(ids, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listTargetsByRuleOutput{Targets: []*target{}, NextToken: next}
	for _, id := range ids {
		out.Targets = append(out.Targets, r.targets[findTarget(r.targets, id)])
	}
	return out, nil
}

type listRuleNamesByTargetInput struct {
	TargetArn    string
	EventBusName *string
	Limit        *int32
	NextToken    *string
}

type listRuleNamesByTargetOutput struct {
	RuleNames []string
	NextToken *string `json:",omitempty"`
}

func (b *EventBridge) listRuleNamesByTarget(ctx context.Context, in *listRuleNamesByTargetInput) (*listRuleNamesByTargetOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, name := range sortedKeys(e.rules) {
		if slices.ContainsFunc(e.rules[name].targets, func(t *target) bool { return t.Arn == in.TargetArn }) {
			names = append(names, name)
		}
	}
	names, next, err := page(names, in.Limit, in.NextToken)
	return &listRuleNamesByTargetOutput{RuleNames: names, NextToken: next}, err
}

type removeTargetsInput struct {
	Rule         string
	EventBusName *string
	Ids          []string
	// Force is for rules that AWS services manage; the fake has none.
	Force wire.Ignored
}

func (b *EventBridge) removeTargets(ctx context.Context, in *removeTargetsInput) (*targetsOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, r, err := b.rule(ctx, in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	out := &targetsOutput{FailedEntries: []failedTarget{}}
	for _, id := range in.Ids {
		at := findTarget(r.targets, id)
		if at < 0 {
			out.FailedEntryCount++
			out.FailedEntries = append(out.FailedEntries, failedTarget{
				TargetID: id, ErrorCode: "ResourceNotFoundException",
				ErrorMessage: fmt.Sprintf("Rule %s does not have a target with the Id %s.", r.name, id),
			})
			continue
		}
		r.targets = slices.Delete(slices.Clone(r.targets), at, at+1)
	}
	return out, nil
}
