package conformance

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/internal/suite"
)

// rules checks rules; they match nothing that anybody sends.
func (c *checks) rules() {
	c.Check("a rule is described as it was made, and is enabled", func(t *testing.T) {
		name := c.makeRule(t, c.bus, c.Name("source"))
		out, err := c.client.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: &name, EventBusName: &c.bus})
		suite.NoError(t, err)
		suite.Equal(t, types.RuleStateEnabled, out.State)
		suite.Equal(t, c.bus, *out.EventBusName)
		suite.True(t, suite.Matches("arn:…:rule/"+c.bus+"/"+name, *out.Arn), "the ARN is %s", *out.Arn)
	})
	c.Check("a rule is disabled and enabled", func(t *testing.T) {
		name := c.makeRule(t, c.bus, c.Name("source"))
		state := func(want types.RuleState) {
			t.Helper()
			out, err := c.client.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: &name, EventBusName: &c.bus})
			suite.NoError(t, err)
			suite.Equal(t, want, out.State)
		}
		_, err := c.client.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: &name, EventBusName: &c.bus})
		suite.NoError(t, err)
		state(types.RuleStateDisabled)
		_, err = c.client.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: &name, EventBusName: &c.bus})
		suite.NoError(t, err)
		state(types.RuleStateEnabled)
	})
	c.Check("rules are listed in pages", func(t *testing.T) {
		want := map[string]bool{}
		for range 3 {
			want[c.makeRule(t, c.bus, c.Name("source"))] = true
		}
		in := &eventbridge.ListRulesInput{EventBusName: &c.bus, NamePrefix: aws.String(c.Prefix + "rule-"), Limit: aws.Int32(2)}
		for {
			out, err := c.client.ListRules(t.Context(), in)
			suite.NoError(t, err)
			suite.True(t, len(out.Rules) <= 2, "a page has %d rules", len(out.Rules))
			for _, rule := range out.Rules {
				delete(want, *rule.Name)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		suite.Equal(t, 0, len(want))
	})
	c.Check("a rule has the tags that it was given", func(t *testing.T) {
		name := c.makeRule(t, c.bus, c.Name("source"))
		rule, err := c.client.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: &name, EventBusName: &c.bus})
		suite.NoError(t, err)
		_, err = c.client.TagResource(t.Context(), &eventbridge.TagResourceInput{ResourceARN: rule.Arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}})
		suite.NoError(t, err)
		out, err := c.client.ListTagsForResource(t.Context(), &eventbridge.ListTagsForResourceInput{ResourceARN: rule.Arn})
		suite.NoError(t, err)
		suite.Equal(t, 1, len(out.Tags))
	})
	put := func(name, bus string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.client.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: &bus, EventPattern: aws.String(`{"source":["none"]}`)})
			return err
		}
	}
	none := c.Name("none")
	c.refused([]refusal{
		{
			name: "the name of a rule has no blank", call: put("Invalid Name With Spaces!", c.bus), code: "ValidationException",
			text: `1 validation error detected: Value 'Invalid Name With Spaces!' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`,
		},
		{name: "a rule is on a bus that there is", call: put(none, none), code: "ResourceNotFoundException", text: "Event bus " + none + " does not exist."},
		{name: "a rule has a valid pattern", code: "InvalidEventPatternException", text: "Event pattern is not valid. Reason: Empty arrays are not allowed\n at [Source: (String)\"{\"a\":[]}\"; line: 1, column: 8]", call: func(ctx context.Context) error {
			_, err := c.client.PutRule(ctx, &eventbridge.PutRuleInput{Name: &none, EventBusName: &c.bus, EventPattern: aws.String(`{"a":[]}`)})
			return err
		}},
		{name: "a rule that there is not is not described", code: "ResourceNotFoundException", text: "Rule " + none + " does not exist on EventBus " + c.bus + ".", call: func(ctx context.Context) error {
			_, err := c.client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &none, EventBusName: &c.bus})
			return err
		}},
	})
}

const nobody = "arn:aws:lambda:us-east-1:123456789012:function:conformance-nobody"

func target(id, arn string) types.Target { return types.Target{Id: &id, Arn: &arn} }

// targets checks what can be a target.
func (c *checks) targets() {
	put := func(t *testing.T, rule string, targets ...types.Target) error {
		t.Helper()
		_, err := c.client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &rule, EventBusName: &c.bus, Targets: targets}, func(o *eventbridge.Options) { o.RetryMaxAttempts = 1 })
		return err
	}
	both, placeholder := target("t", nobody), target("t", nobody)
	both.Input, both.InputPath = aws.String("{}"), aws.String("$.detail")
	placeholder.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`{"a":<notdefinedkey>}`)}
	six := make([]types.Target, 6)
	for i := range six {
		six[i] = target(strconv.Itoa(i), nobody)
	}
	const constraint = "' at 'targets.1.member.id' failed to satisfy constraint: Member must "
	long := strings.Repeat("x", 65)
	for _, row := range []struct {
		name       string
		targets    []types.Target
		code, text string
	}{
		{"the id of a target is of letters and digits", []types.Target{target("!@#$@!#$", nobody)}, "ValidationException", "1 validation error detected: Value '!@#$@!#$" + constraint + `satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`},
		{"the id of a target has at most 64 characters", []types.Target{target(long, nobody)}, "ValidationException", "1 validation error detected: Value '" + long + constraint + "have length less than or equal to 64"},
		{"a target has one kind of input", []types.Target{both}, "ValidationException", "Only one of Input, InputPath, or InputTransformer must be provided for target t."},
		{"a template has the placeholders that are given", []types.Target{placeholder}, "ValidationException", "InputTemplate for target t contains invalid placeholder notdefinedkey."},
		{"a rule has at most five targets", six, "LimitExceededException", "The requested resource exceeds the maximum number allowed."},
	} {
		c.Check(row.name, func(t *testing.T) {
			suite.Refused(t, put(t, c.makeRule(t, c.bus, c.Name("source")), row.targets...), 400, row.code, row.text)
		})
	}
	c.CheckIf(c.queues != nil, "Options.Queues is empty", "a rule with targets is not deleted, and targets are removed one by one", func(t *testing.T) {
		queue := c.makeQueue(t, "")
		name := c.makeRule(t, c.bus, c.Name("source"), target("1", queue.arn))
		_, err := c.client.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: &name, EventBusName: &c.bus})
		suite.Refused(t, err, 400, "ValidationException", "Rule can't be deleted since it has targets.")
		list, err := c.client.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: &name, EventBusName: &c.bus})
		suite.NoError(t, err)
		suite.Equal(t, queue.arn, *list.Targets[0].Arn)
		names, err := c.client.ListRuleNamesByTarget(t.Context(), &eventbridge.ListRuleNamesByTargetInput{TargetArn: &queue.arn, EventBusName: &c.bus})
		suite.NoError(t, err)
		suite.Equal(t, []string{name}, names.RuleNames)
		_, err = c.client.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: &name, EventBusName: &c.bus, Ids: []string{"1"}})
		suite.NoError(t, err)
	})
}

// buses checks event buses.
func (c *checks) buses() {
	c.Check("a bus is described as it was made", func(t *testing.T) {
		out, err := c.client.DescribeEventBus(t.Context(), &eventbridge.DescribeEventBusInput{Name: &c.bus})
		suite.NoError(t, err)
		suite.True(t, suite.Matches("arn:…:event-bus/"+c.bus, *out.Arn), "the ARN is %s", *out.Arn)
	})
	none := c.Name("none")
	c.refused([]refusal{
		{name: "the name of a bus is taken once", code: "ResourceAlreadyExistsException", text: "Event bus " + c.bus + " already exists.", call: func(ctx context.Context) error {
			_, err := c.client.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &c.bus})
			return err
		}},
		{name: "the default bus is not deleted", code: "ValidationException", text: "Cannot delete event bus default.", call: func(ctx context.Context) error {
			_, err := c.client.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("default")})
			return err
		}},
		{name: "a bus that there is not is not described", code: "ResourceNotFoundException", text: "Event bus " + none + " does not exist.", call: func(ctx context.Context) error {
			_, err := c.client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &none})
			return err
		}},
	})
}
