package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/suite"
)

// Options adjust a run.
type Options struct {
	// Prefix begins the names of the buses, rules and queues that are made.
	// Optional. Defaults to "conformance-".
	Prefix string

	// Queues makes the queues that events are delivered to. Optional. Without
	// it the checks of deliveries are skipped.
	Queues *sqs.Client

	// RoleARN is a role that lets EventBridge put events on the buses that are
	// made. Optional. Without it the check of a bus behind a bus is skipped.
	RoleARN string

	// Around runs each check, for example in a bubble of virtual time in which a
	// fake delivers. Optional. Defaults to calling the check.
	Around func(t *testing.T, check func(t *testing.T))

	// Differs names checks that are skipped because the implementation is known
	// to differ, each with the reason. Optional. Defaults to none.
	Differs map[string]string
}

// Run checks the EventBridge behind a client against what is known of AWS.
func Run(t *testing.T, client *eventbridge.Client, optFns ...func(*Options)) {
	t.Helper()
	options := Options{Prefix: "conformance-"}
	given.Options(&options, optFns)
	c := &checks{
		Suite:  &suite.Suite{Prefix: options.Prefix, Around: options.Around, Differs: options.Differs},
		client: client, queues: options.Queues, role: options.RoleARN,
	}
	c.bus = c.makeBus(t)
	c.Run(t, func() {
		c.entries()
		c.patterns()
		c.refusedPatterns()
		c.rules()
		c.targets()
		c.buses()
		c.deliveries()
	})
}

// checks has the bus that the checks share, each with a source of its own, so
// that nothing of the account's default bus is touched.
type checks struct {
	*suite.Suite
	client *eventbridge.Client
	queues *sqs.Client
	bus    string
	role   string
}

func (c *checks) makeBus(t *testing.T) string {
	t.Helper()
	name := c.Name("bus")
	_, err := c.client.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &name})
	suite.NoError(t, err)
	suite.Cleanup(t, "the event bus "+name, func(ctx context.Context) error {
		_, err := c.client.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &name})
		return err
	})
	return name
}

// makeRule makes a rule for the events of a source; its targets end with it.
func (c *checks) makeRule(t *testing.T, bus, source string, targets ...types.Target) string {
	t.Helper()
	name, pattern := c.Name("rule"), `{"source":["`+source+`"]}`
	_, err := c.client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, EventBusName: &bus, EventPattern: &pattern})
	suite.NoError(t, err)
	suite.Cleanup(t, "the rule "+name, func(ctx context.Context) error {
		list, err := c.client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &name, EventBusName: &bus})
		if err != nil {
			return err
		}
		var ids []string
		for _, target := range list.Targets {
			ids = append(ids, *target.Id)
		}
		if len(ids) > 0 {
			if _, err = c.client.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &name, EventBusName: &bus, Ids: ids}); err != nil {
				return err
			}
		}
		_, err = c.client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name, EventBusName: &bus})
		return err
	})
	if len(targets) > 0 {
		out, err := c.client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &bus, Targets: targets})
		suite.NoError(t, err)
		suite.Equal(t, int32(0), out.FailedEntryCount)
	}
	return name
}

func (c *checks) entry(source, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{Source: &source, DetailType: aws.String("Placed"), Detail: &detail, EventBusName: &c.bus}
}

// refusal is a call that EventBridge refuses with status 400.
type refusal struct {
	name       string
	call       func(ctx context.Context) error
	code, text string
}

func (c *checks) refused(rows []refusal) {
	for _, row := range rows {
		c.Check(row.name, func(t *testing.T) { suite.Refused(t, row.call(t.Context()), 400, row.code, row.text) })
	}
}
