package stepfntest_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// untilTheEnd is a function that gives no answer while its task lives.
func untilTheEnd(m *stepfntest.StepFunctions) {
	m.Function("F", func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
}

// A missed heartbeat is told as a time-out; its own name is one for Retry and
// Catch only.
func TestNamesOfTheTwoTimeouts(t *testing.T) {
	tests := []struct {
		limits, entry string
		matched       bool
	}{
		{`"HeartbeatSeconds":3,"TimeoutSeconds":10`, "States.HeartbeatTimeout", true},
		{`"HeartbeatSeconds":3,"TimeoutSeconds":10`, "States.Timeout", true},
		{`"HeartbeatSeconds":3,"TimeoutSeconds":10`, "States.ALL", true},
		{`"HeartbeatSeconds":3,"TimeoutSeconds":10`, "States.TaskFailed", false},
		{`"HeartbeatSecondsPath":"$.h"`, "States.HeartbeatTimeout", true},
		{`"HeartbeatSecondsPath":"$.h"`, "States.Timeout", true},
		{`"TimeoutSeconds":10`, "States.Timeout", true},
		{`"TimeoutSeconds":10`, "States.ALL", true},
		{`"TimeoutSeconds":10`, "States.TaskFailed", false},
		{`"TimeoutSeconds":10`, "States.HeartbeatTimeout", false},
	}
	// Each kind of task has its own event.
	tasks := map[string]string{
		"LambdaFunctionTimedOut": `"Resource":"arn:aws:lambda:us-east-1:123456789012:function:F"`,
		"TaskTimedOut":           `"Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"F"}`,
		"ActivityTimedOut":       `"Resource":"arn:aws:states:us-east-1:123456789012:activity:Nobody"`,
	}
	for event, resource := range tasks {
		for _, tt := range tests {
			task := `"A":{"Type":"Task",` + resource + `,` + tt.limits + `,"End":true`
			prepare := func(m *stepfntest.StepFunctions) {
				untilTheEnd(m)
				_, err := m.Client().CreateActivity(context.Background(), &sfn.CreateActivityInput{Name: ptr("Nobody")})
				require.NoError(t, err)
			}
			run := func(recovery string) stepfntest.Execution {
				return executeToTheEnd(t, states(t, task+recovery+`},"B":{"Type":"Pass","InputPath":"$.e","End":true}`), `{"h":3}`, prepare)
			}
			count := func(x stepfntest.Execution) (n int) {
				for _, e := range x.History {
					if e.Type == event {
						n++
					}
				}
				return n
			}

			x := run(`,"Catch":[{"ErrorEquals":["Another"],"Next":"B"}]`)
			require.Equal(t, stepfntest.StatusFailed, x.Status, "%s %s", event, tt.limits)
			require.Equal(t, "States.Timeout", x.Error, "%s %s", event, tt.limits)
			require.Empty(t, x.Cause)
			timedOut, end := x.History[len(x.History)-2], x.History[len(x.History)-1]
			require.Equal(t, event, timedOut.Type)
			require.JSONEq(t, `{"error":"States.Timeout"}`, string(timedOutDetails(t, timedOut)))
			require.Equal(t, &stepfntest.ErrorDetails{Error: "States.Timeout"}, end.ExecutionFailed)

			x = run(`,"Catch":[{"ErrorEquals":["` + tt.entry + `"],"ResultPath":"$.e","Next":"B"}]`)
			if tt.matched {
				require.NoError(t, x.Err(), "%s %s %s", event, tt.limits, tt.entry)
				require.JSONEq(t, `{"Error":"States.Timeout","Cause":""}`, x.Output)
			} else {
				require.Equal(t, "States.Timeout", x.Error, "%s %s %s", event, tt.limits, tt.entry)
			}

			x = run(`,"Retry":[{"ErrorEquals":["` + tt.entry + `"],"MaxAttempts":2}],"Catch":[{"ErrorEquals":["Another"],"Next":"B"}]`)
			require.Equal(t, "States.Timeout", x.Error)
			want := 1
			if tt.matched {
				want = 3
			}
			require.Equal(t, want, count(x), "%s %s %s", event, tt.limits, tt.entry)
		}
	}
}

// timedOutDetails is what a time-out of a task has beside its resource.
func timedOutDetails(t *testing.T, e stepfntest.Event) []byte {
	t.Helper()
	var v any
	switch e.Type {
	case "LambdaFunctionTimedOut":
		v = e.LambdaTimedOut
	case "ActivityTimedOut":
		v = e.ActivityTimedOut
	default:
		require.Equal(t, "invoke.waitForTaskToken", e.TaskTimedOut.Resource)
		v = stepfntest.ErrorDetails{Error: e.TaskTimedOut.Error, Cause: e.TaskTimedOut.Cause}
	}
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}

// A missed heartbeat inside a branch or an item is one for the state around
// it, too.
func TestAMissedHeartbeatInside(t *testing.T) {
	inner := `{"StartAt":"C","States":{"C":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:F","HeartbeatSeconds":3,"End":true}}}`
	for _, outer := range []string{`"Type":"Parallel","Branches":[` + inner + `]`, `"Type":"Map","ItemProcessor":` + inner} {
		for _, entry := range []string{"States.Timeout", "States.HeartbeatTimeout"} {
			x := execute(t, states(t, `"A":{`+outer+`,"Catch":[{"ErrorEquals":["`+entry+`"],"Next":"B"}],"End":true},"B":{"Type":"Pass","End":true}`), `[1]`, untilTheEnd)
			require.NoError(t, x.Err(), "%s %s", outer, entry)
			require.JSONEq(t, `{"Error":"States.Timeout","Cause":""}`, x.Output)
		}
	}
	// An error that is only called so is none.
	x := execute(t, states(t, `"A":{"Type":"Fail","Error":"States.Timeout"}`), `{}`, nil)
	require.Equal(t, "States.Timeout", x.Error)
	x = execute(t, states(t, `"A":{"Type":"Parallel","Branches":[{"StartAt":"C","States":{"C":{"Type":"Fail","Error":"States.Timeout"}}}],`+
		`"Catch":[{"ErrorEquals":["States.HeartbeatTimeout"],"Next":"B"}],"End":true},"B":{"Type":"Pass","End":true}`), `{}`, nil)
	require.Equal(t, "States.Timeout", x.Error)
}

// The error of an execution that timed out is in its history only.
func TestAnExecutionThatTimedOutHasNoError(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		ctx := t.Context()
		slow := states(t, `"A":{"Type":"Wait","Seconds":100,"End":true}`)
		slow.TimeoutSeconds = 30
		arn := m.Create("Slow", slow)
		x, err := m.Execute(ctx, arn, nil)
		require.NoError(t, err)
		require.Equal(t, stepfntest.StatusTimedOut, x.Status)
		require.Equal(t, 30*time.Second, x.Stopped.Sub(x.Started))
		require.Empty(t, x.Error+x.Cause)
		require.EqualError(t, x.Err(), "stepfntest: execution "+x.Name+": TIMED_OUT")

		d, err := c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &x.ARN})
		require.NoError(t, err)
		require.Equal(t, types.ExecutionStatusTimedOut, d.Status)
		require.Nil(t, d.Error)
		require.Nil(t, d.Cause)
		require.Nil(t, d.Output)
		require.NotNil(t, d.StopDate)
		require.Equal(t, types.ExecutionRedriveStatusRedrivable, d.RedriveStatus)

		h, err := c.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &x.ARN, ReverseOrder: true})
		require.NoError(t, err)
		require.Equal(t, types.HistoryEventTypeExecutionTimedOut, h.Events[0].Type)
		require.Equal(t, "States.Timeout", *h.Events[0].ExecutionTimedOutEventDetails.Error)
		require.Nil(t, h.Events[0].ExecutionTimedOutEventDetails.Cause)
		require.Zero(t, h.Events[0].PreviousEventId)

		list, err := c.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &arn, StatusFilter: types.ExecutionStatusTimedOut})
		require.NoError(t, err)
		require.Len(t, list.Executions, 1)

		_, err = stepfn.NewWorkflow[any, any](c, arn).Wait(ctx, x.ARN)
		var ended *stepfn.ExecutionError
		require.ErrorAs(t, err, &ended)
		require.Equal(t, "TIMED_OUT", ended.Status)
		require.EqualError(t, err, "stepfn: execution "+x.ARN+": TIMED_OUT")
		require.Equal(t, "States.Timeout", stepfn.ErrorName(err), "so a function that returns it reports a time-out")

		// A task that waits for it gets its description as the cause.
		for _, pattern := range []string{".sync", ".sync:2"} {
			parent := states(t, `"A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution`+pattern+
				`","Parameters":{"StateMachineArn":"`+arn+`"},"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"No"},{"ErrorEquals":["States.TaskFailed"],"Next":"Yes"}],"End":true},`+
				`"No":{"Type":"Fail"},"Yes":{"Type":"Pass","End":true}`)
			x, err := m.Execute(ctx, m.Create("Parent"+pattern[len(pattern)-1:], parent), nil)
			require.NoError(t, err)
			require.NoError(t, x.Err())
			var caught struct{ Error, Cause string }
			require.NoError(t, json.Unmarshal([]byte(x.Output), &caught))
			require.Equal(t, "States.TaskFailed", caught.Error)
			var child map[string]any
			require.NoError(t, json.Unmarshal([]byte(caught.Cause), &child))
			require.Equal(t, "TIMED_OUT", child["Status"])
			require.NotContains(t, child, "Error")
			require.NotContains(t, child, "Cause")
		}
	})
}

func ptr[T any](v T) *T { return &v }

// executeToTheEnd is execute for a machine that nobody answers: a month
// passes.
func executeToTheEnd(t *testing.T, m *asl.Machine, input string, prepare func(*stepfntest.StepFunctions)) stepfntest.Execution {
	t.Helper()
	var x stepfntest.Execution
	bubble(t, func(r rig) {
		prepare(r.m)
		begun, err := r.c.StartExecution(r.t.Context(), &sfn.StartExecutionInput{StateMachineArn: ptr(r.m.Create("M", m)), Input: &input})
		require.NoError(r.t, err)
		ctx, cancel := context.WithTimeout(r.t.Context(), 30*24*time.Hour)
		defer cancel()
		require.ErrorIs(r.t, r.m.Run(ctx), context.DeadlineExceeded)
		x, err = r.m.Execution(*begun.ExecutionArn)
		require.NoError(r.t, err)
	})
	return x
}
