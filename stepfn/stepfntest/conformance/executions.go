package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/suite"
)

// executions checks names, ends and lists.
func (c *checks) executions() {
	waiting := states(`"A":{"Type":"Wait","Seconds":600,"End":true}`)
	c.machine("a machine is made again with the same definition", func(t *testing.T) {
		arn := c.create(t, states(pass), "")
		d, err := c.client.DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
		suite.NoError(t, err)
		again, err := c.client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{Name: d.Name, Definition: d.Definition, RoleArn: &c.role})
		suite.NoError(t, err)
		suite.Equal(t, arn, *again.StateMachineArn)
		_, err = c.client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{Name: d.Name, Definition: &waiting, RoleArn: &c.role})
		suite.Refused(t, err, 400, "StateMachineAlreadyExists", "State Machine Already Exists: '"+arn+"'")
	})
	c.machine("an execution is started once under its name", func(t *testing.T) {
		arn := c.create(t, waiting, "")
		start := func(input string) (*sfn.StartExecutionOutput, error) {
			return c.client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn, Name: aws.String("x"), Input: &input})
		}
		first, err := start(`{"a":1}`)
		suite.NoError(t, err)
		again, err := start(`{"a":1}`)
		suite.NoError(t, err, "the same again while it runs")
		suite.Equal(t, *first.ExecutionArn, *again.ExecutionArn)
		_, err = start(`{"a":2}`)
		suite.Refused(t, err, 400, "ExecutionAlreadyExists", "Execution Already Exists: '"+*first.ExecutionArn+"'")
		_, err = c.client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: first.ExecutionArn})
		suite.NoError(t, err)
		c.wait(t, *first.ExecutionArn)
		_, err = start(`{"a":1}`)
		suite.Refused(t, err, 400, "ExecutionAlreadyExists", "Execution Already Exists: '"+*first.ExecutionArn+"'")
	})
	c.machine("an execution that is stopped is aborted", func(t *testing.T) {
		arn := c.start(t, c.create(t, waiting, ""), `{}`)
		_, err := c.client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &arn, Error: aws.String("E"), Cause: aws.String("why")})
		suite.NoError(t, err)
		x := c.wait(t, arn)
		suite.Equal(t, types.ExecutionStatusAborted, x.Status)
		suite.Equal(t, "E why", aws.ToString(x.Error)+" "+aws.ToString(x.Cause))
		events := c.history(t, arn)
		last := events[len(events)-1]
		suite.Equal(t, types.HistoryEventTypeExecutionAborted, last.Type)
		suite.Equal(t, int64(0), last.PreviousEventId)
	})
	c.machine("an execution that takes too long is timed out, without error and cause", func(t *testing.T) {
		x := c.execute(t, `{"StartAt":"A","TimeoutSeconds":1,"States":{"A":{"Type":"Wait","Seconds":600,"End":true}}}`, `{}`)
		suite.Equal(t, types.ExecutionStatusTimedOut, x.Status)
		suite.True(t, x.Error == nil && x.Cause == nil, "it has %s: %s", aws.ToString(x.Error), aws.ToString(x.Cause))
	})
	c.machine("an execution keeps the definition it began with", func(t *testing.T) {
		machine := c.create(t, waiting, "")
		arn := c.start(t, machine, `{}`)
		_, err := c.client.UpdateStateMachine(t.Context(), &sfn.UpdateStateMachineInput{StateMachineArn: &machine, Definition: aws.String(states(pass))})
		suite.NoError(t, err)
		d, err := c.client.DescribeStateMachineForExecution(t.Context(), &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: &arn})
		suite.NoError(t, err)
		equalJSON(t, waiting, *d.Definition)
		_, err = c.client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &arn})
		suite.NoError(t, err)
	})
	c.machine("executions are listed by status", func(t *testing.T) {
		machine := c.create(t, states(pass), "")
		arn := c.start(t, machine, `{}`)
		c.wait(t, arn)
		suite.Soon(t, func() string {
			for status, want := range map[types.ExecutionStatus]int{types.ExecutionStatusSucceeded: 1, types.ExecutionStatusFailed: 0} {
				out, err := c.client.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: &machine, StatusFilter: status})
				suite.NoError(t, err)
				if len(out.Executions) != want {
					return "the list of " + string(status) + " is another"
				}
			}
			return ""
		})
	})
}

// express checks machines that run within the call.
func (c *checks) express() {
	sync := func(t *testing.T, definition, input string) *sfn.StartSyncExecutionOutput {
		t.Helper()
		arn := c.create(t, definition, types.StateMachineTypeExpress)
		out, err := c.client.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: &arn, Input: &input})
		suite.NoError(t, err)
		return out
	}
	c.machine("an express machine answers with its output", func(t *testing.T) {
		out := sync(t, states(`"A":{"Type":"Wait","Seconds":1,"Next":"B"},"B":{"Type":"Pass","Result":"ok","End":true}`), `{}`)
		suite.Equal(t, types.SyncExecutionStatusSucceeded, out.Status)
		suite.Equal(t, `"ok"`, *out.Output)
	})
	c.machine("an express machine that fails is an answer", func(t *testing.T) {
		out := sync(t, states(`"A":{"Type":"Fail","Error":"E","Cause":"c"}`), `{}`)
		suite.Equal(t, types.SyncExecutionStatusFailed, out.Status)
		suite.Equal(t, "E c", aws.ToString(out.Error)+" "+aws.ToString(out.Cause))
	})
	c.machine("an express execution is not described", func(t *testing.T) {
		arn := c.create(t, states(pass), types.StateMachineTypeExpress)
		out, err := c.client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn})
		suite.NoError(t, err)
		_, err = c.client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: out.ExecutionArn})
		suite.Refused(t, err, 400, "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")
	})
}
