package conformance

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/suite"
)

const (
	failing = `{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"Broken","Cause":"why"}}}`
	passing = `{"StartAt":"P","States":{"P":{"Type":"Pass","Result":"p","End":true}}}`
)

// after finds the event that another one is after, by previousEventId.
func after(t *testing.T, events []types.HistoryEvent, kind types.HistoryEventType) types.HistoryEventType {
	t.Helper()
	for _, e := range events {
		if e.Type == kind {
			suite.True(t, e.PreviousEventId > 0, "%s is after nothing", kind)
			return events[e.PreviousEventId-1].Type
		}
	}
	t.Fatalf("the history has no %s: %v", kind, kinds(events))
	return ""
}

// histories checks the events of executions.
func (c *checks) histories() {
	run := func(t *testing.T, definition, input string) (*sfn.DescribeExecutionOutput, []types.HistoryEvent) {
		t.Helper()
		arn := c.start(t, c.create(t, definition, ""), input)
		return c.wait(t, arn), c.history(t, arn)
	}
	for _, row := range []struct {
		name, definition, input string
		want                    []string
	}{
		{
			"pass and succeed", states(`"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}`), `{}`,
			[]string{"ExecutionStarted", "PassStateEntered", "PassStateExited", "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"},
		},
		{"fail", states(`"A":{"Type":"Fail","Error":"E","Cause":"c"}`), `{}`, []string{"ExecutionStarted", "FailStateEntered", "ExecutionFailed"}},
		{
			"wait and choice", states(`"A":{"Type":"Wait","Seconds":1,"Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":1,"Next":"C"}]},"C":{"Type":"Succeed"}`), `{"n":1}`,
			[]string{"ExecutionStarted", "WaitStateEntered", "WaitStateExited", "ChoiceStateEntered", "ChoiceStateExited", "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"},
		},
		{
			"parallel", states(`"A":{"Type":"Parallel","Branches":[` + passing + `],"End":true}`), `{}`,
			[]string{"ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted", "PassStateEntered", "PassStateExited", "ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"},
		},
		{
			"a caught failure in a branch", states(`"A":{"Type":"Parallel","Branches":[` + failing + `],"Catch":[{"ErrorEquals":["Broken"],"Next":"C"}],"End":true},"C":{"Type":"Pass","End":true}`), `{}`,
			[]string{"ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted", "FailStateEntered", "ParallelStateFailed", "ParallelStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"},
		},
		{
			"map", states(`"A":{"Type":"Map","ItemProcessor":` + passing + `,"End":true}`), `[1]`,
			[]string{"ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapIterationStarted", "PassStateEntered", "PassStateExited", "MapIterationSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"},
		},
		{
			"map over nothing", states(`"A":{"Type":"Map","ItemProcessor":` + passing + `,"End":true}`), `[]`,
			[]string{"ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"},
		},
	} {
		c.machine("the history of "+row.name, func(t *testing.T) {
			_, events := run(t, row.definition, row.input)
			suite.Equal(t, row.want, kinds(events))
			for i, e := range events {
				suite.Equal(t, int64(i+1), e.Id)
			}
		})
	}
	c.machine("a parallel state exits after the last state of its last branch", func(t *testing.T) {
		_, events := run(t, states(`"A":{"Type":"Parallel","Branches":[`+passing+`],"End":true}`), `{}`)
		suite.Equal(t, types.HistoryEventTypePassStateExited, after(t, events, types.HistoryEventTypeParallelStateExited))
	})
	c.machine("a map exits after the last state of its last iteration", func(t *testing.T) {
		_, events := run(t, states(`"A":{"Type":"Map","ItemProcessor":`+passing+`,"End":true}`), `[1]`)
		suite.Equal(t, types.HistoryEventTypePassStateExited, after(t, events, types.HistoryEventTypeMapStateExited))
		suite.Equal(t, types.HistoryEventTypeMapStateStarted, after(t, events, types.HistoryEventTypeMapIterationStarted))
	})
	c.machine("a map that is retried fails in the history once", func(t *testing.T) {
		x, events := run(t, states(`"A":{"Type":"Map","ItemProcessor":`+failing+`,"Retry":[{"ErrorEquals":["Broken"],"IntervalSeconds":1,"MaxAttempts":1}],"End":true}`), `[1]`)
		suite.Equal(t, "Broken", aws.ToString(x.Error))
		suite.Equal(t, []string{
			"ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapIterationStarted", "FailStateEntered", "MapIterationFailed",
			"MapStateStarted", "MapIterationStarted", "FailStateEntered", "MapIterationFailed", "MapStateFailed", "ExecutionFailed",
		}, kinds(events))
	})
	c.machine("an event has its details", func(t *testing.T) {
		_, events := run(t, states(`"A":{"Type":"Pass","Assign":{"x":1},"Result":"r","End":true}`), `{"a": 1}`)
		suite.Equal(t, `{"a": 1}`, *events[0].ExecutionStartedEventDetails.Input)
		suite.Equal(t, c.role, *events[0].ExecutionStartedEventDetails.RoleArn)
		suite.Equal(t, "A", *events[1].StateEnteredEventDetails.Name)
		suite.Equal(t, `"r"`, *events[2].StateExitedEventDetails.Output)
		suite.Equal(t, map[string]string{"x": "1"}, events[2].StateExitedEventDetails.AssignedVariables)
		suite.Equal(t, `"r"`, *events[3].ExecutionSucceededEventDetails.Output)
	})
	c.machine("a history comes in pages, from the end when asked", func(t *testing.T) {
		inner := ""
		for i := range 10 {
			inner += fmt.Sprintf(`"P%d":{"Type":"Pass","Next":"P%d"},`, i, i+1)
		}
		arn := c.start(t, c.create(t, `{"StartAt":"P0","States":{`+inner+`"P10":{"Type":"Pass","End":true}}}`, ""), `{}`)
		c.wait(t, arn)
		want := int64(24)
		pages := sfn.NewGetExecutionHistoryPaginator(c.client, &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 7, ReverseOrder: true, IncludeExecutionData: aws.Bool(false)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			suite.NoError(t, err)
			for _, e := range page.Events {
				suite.Equal(t, want, e.Id)
				suite.True(t, e.StateEnteredEventDetails == nil || e.StateEnteredEventDetails.Input == nil, "event %d has data", e.Id)
				want--
			}
		}
		suite.Equal(t, int64(0), want)
	})
}

// errors checks what is retried and caught.
func (c *checks) errors() {
	c.machine("the outputs of branches come in their order", func(t *testing.T) {
		slow := `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":2,"Next":"Q"},"Q":{"Type":"Pass","Result":"slow","End":true}}}`
		equalJSON(t, `{"k":1,"r":["slow","p"]}`, c.output(t, states(`"A":{"Type":"Parallel","Branches":[`+slow+`,`+passing+`],"ResultPath":"$.r","End":true}`), `{"k":1}`))
	})
	c.machine("a catcher gets the error and the cause", func(t *testing.T) {
		equalJSON(t, `{"k":1,"e":{"Error":"Broken","Cause":"why"}}`, c.output(t, states(`"A":{"Type":"Parallel","Branches":[`+failing+`],"Catch":[{"ErrorEquals":["Other"],"Next":"D"},
			{"ErrorEquals":["States.TaskFailed","Broken"],"ResultPath":"$.e","Next":"C"}],"End":true},"C":{"Type":"Pass","End":true},"D":{"Type":"Fail"}`), `{"k":1}`))
	})
	c.machine("States.ALL does not catch States.Runtime", func(t *testing.T) {
		broken := `{"StartAt":"P","States":{"P":{"Type":"Pass","InputPath":"$.none","End":true}}}`
		x := c.execute(t, states(`"A":{"Type":"Parallel","Branches":[`+broken+`],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"End":true},"C":{"Type":"Pass","End":true}`), `{}`)
		suite.Equal(t, "States.Runtime", aws.ToString(x.Error))
	})
	c.machine("a retrier tries again as often as it says", func(t *testing.T) {
		arn := c.start(t, c.create(t, states(`"A":{"Type":"Parallel","Branches":[`+failing+`],"Retry":[{"ErrorEquals":["Broken"],"IntervalSeconds":1,"MaxAttempts":2,"BackoffRate":1}],"End":true}`), ""), `{}`)
		x, tries := c.wait(t, arn), 0
		for _, kind := range kinds(c.history(t, arn)) {
			if kind == "FailStateEntered" {
				tries++
			}
		}
		suite.Equal(t, 3, tries)
		suite.Equal(t, "Broken", aws.ToString(x.Error))
		suite.Equal(t, "why", aws.ToString(x.Cause))
	})
	c.machine("a map has the items that its selector makes", func(t *testing.T) {
		equalJSON(t, `{"k":9,"items":["a","b"],"out":[{"v":"a","i":0,"k":9},{"v":"b","i":1,"k":9}]}`, c.output(t, states(`"A":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":1,
			"ItemSelector":{"v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","k.$":"$.k"},"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"ResultPath":"$.out","End":true}`), `{"k":9,"items":["a","b"]}`))
	})
	c.machine("a map fails with its first item, unless failures are tolerated", func(t *testing.T) {
		processor := `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":2,"Next":"F"}],"Default":"S"},"S":{"Type":"Succeed"},"F":{"Type":"Fail","Error":"Two"}}}`
		suite.Equal(t, "Two", aws.ToString(c.execute(t, states(`"A":{"Type":"Map","ItemProcessor":`+processor+`,"End":true}`), `[1,2,3]`).Error))
	})
}
