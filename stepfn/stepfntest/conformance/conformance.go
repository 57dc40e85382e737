package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/suite"
)

// Options adjust a run.
type Options struct {
	// Prefix begins the names of the state machines and activities that are
	// made. Optional. Defaults to "conformance-".
	Prefix string

	// RoleARN is a role that states.amazonaws.com may assume; it needs no
	// permission. Optional. Without it only what needs no state machine is
	// checked.
	RoleARN string

	// Slow also runs what takes more than a minute. Optional. Defaults to false.
	Slow bool

	// Around runs each check, for example in a bubble of virtual time in which a
	// fake runs executions. Optional. Defaults to calling the check.
	Around func(t *testing.T, check func(t *testing.T))

	// Differs names checks that are skipped because the implementation is known
	// to differ, each with the reason. Optional. Defaults to none.
	Differs map[string]string
}

// Run checks the Step Functions behind a client against what is known of AWS.
func Run(t *testing.T, client *sfn.Client, optFns ...func(*Options)) {
	t.Helper()
	options := Options{Prefix: "conformance-"}
	given.Options(&options, optFns)
	c := &checks{
		Suite:  &suite.Suite{Prefix: options.Prefix, Slow: options.Slow, Around: options.Around, Differs: options.Differs},
		client: client, role: options.RoleARN,
	}
	c.Run(t, func() {
		c.definitions()
		c.refusals()
		c.data()
		c.mistakes()
		c.choices()
		c.histories()
		c.errors()
		c.executions()
		c.workers()
		c.express()
	})
}

type checks struct {
	*suite.Suite
	client *sfn.Client
	role   string
}

// machine runs a check that makes state machines.
func (c *checks) machine(name string, check func(t *testing.T)) {
	c.CheckIf(c.role != "", "Options.RoleARN is empty", name, check)
}

// create makes a state machine for as long as the test runs.
func (c *checks) create(t *testing.T, definition string, kind types.StateMachineType) string {
	t.Helper()
	name := c.Name("machine")
	out, err := c.client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: &c.role, Type: kind})
	suite.NoError(t, err)
	suite.Cleanup(t, "the state machine "+name, func(ctx context.Context) error {
		_, err := c.client.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: out.StateMachineArn})
		return err
	})
	return *out.StateMachineArn
}

// states is a definition that begins with the state A.
func states(inner string) string { return `{"StartAt":"A","States":{` + inner + `}}` }

func (c *checks) start(t *testing.T, machine, input string) string {
	t.Helper()
	out, err := c.client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &machine, Input: &input})
	suite.NoError(t, err)
	return *out.ExecutionArn
}

// wait waits until an execution has ended.
func (c *checks) wait(t *testing.T, execution string) *sfn.DescribeExecutionOutput {
	t.Helper()
	var x *sfn.DescribeExecutionOutput
	suite.Soon(t, func() string {
		out, err := c.client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &execution})
		if err != nil {
			return err.Error()
		}
		if x = out; x.Status == types.ExecutionStatusRunning {
			return "the execution runs"
		}
		return ""
	})
	return x
}

// execute runs a definition to its end.
func (c *checks) execute(t *testing.T, definition, input string) *sfn.DescribeExecutionOutput {
	t.Helper()
	return c.wait(t, c.start(t, c.create(t, definition, ""), input))
}

// output is the output of a definition that succeeds.
func (c *checks) output(t *testing.T, definition, input string) string {
	t.Helper()
	x := c.execute(t, definition, input)
	if x.Status != types.ExecutionStatusSucceeded {
		t.Fatalf("the execution ended with %s: %s: %s", x.Status, aws.ToString(x.Error), aws.ToString(x.Cause))
	}
	return aws.ToString(x.Output)
}

func (c *checks) history(t *testing.T, execution string) []types.HistoryEvent {
	t.Helper()
	var events []types.HistoryEvent
	pages := sfn.NewGetExecutionHistoryPaginator(c.client, &sfn.GetExecutionHistoryInput{ExecutionArn: &execution})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		suite.NoError(t, err)
		events = append(events, page.Events...)
	}
	return events
}

func kinds(events []types.HistoryEvent) []string {
	var out []string
	for _, e := range events {
		out = append(out, string(e.Type))
	}
	return out
}
