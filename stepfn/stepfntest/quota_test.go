package stepfntest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// numbers is an input of n numbers.
func numbers(n int) string {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	text, _ := json.Marshal(list)
	return string(text)
}

const (
	callF    = `{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:F","End":true}`
	invokeF  = `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"F"},"End":true}`
	catchAll = `,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Caught"}],"End":true},"Caught":{"Type":"Succeed"}`
	retryAll = `,"Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":99999999,"BackoffRate":1}]`
	passes   = `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`
	loop     = `{"StartAt":"L","States":{"L":{"Type":"Pass","Next":"M"},"M":{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"N"}],"Default":"L"},"N":{"Type":"Succeed"}}}`
)

// The quota of 25,000 events holds for every event of a STANDARD execution,
// wherever it happens; nothing catches, retries or tolerates it.
func TestTheQuotaOfEvents(t *testing.T) {
	each := func(state string) string { return `{"StartAt":"B","States":{"B":` + state + `}}` }
	tests := map[string]struct{ states, input string }{
		"a loop":                   {`"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}`, `{}`},
		"a Map that calls":         {`"A":{"Type":"Map","ItemProcessor":` + each(callF) + catchAll, numbers(5000)},
		"another one does not fit": {`"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Map","ItemProcessor":{"StartAt":"C","States":{"C":` + callF + `}}` + catchAll, numbers(5000)},
		"forty at a time":          {`"A":{"Type":"Map","MaxConcurrency":40,"ItemProcessor":` + each(invokeF) + catchAll, numbers(5000)},
		"more items than events":   {`"A":{"Type":"Map","ItemProcessor":` + passes + catchAll, numbers(30_000)},
		"failures are tolerated":   {`"A":{"Type":"Map","ToleratedFailurePercentage":100,"ItemProcessor":` + each(`{"Type":"Fail","Error":"E"}`) + catchAll, numbers(9000)},
		"a Map inside a Map":       {`"A":{"Type":"Map","ItemProcessor":` + each(`{"Type":"Map","ItemsPath":"$$.Execution.Input","ItemProcessor":{"StartAt":"C","States":{"C":`+callF+`}},"End":true}`) + catchAll, numbers(200)},
		"a retry without an end":   {`"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:Broken"` + retryAll + catchAll, `{}`},
		"a retried Map":            {`"A":{"Type":"Map","ItemProcessor":` + each(`{"Type":"Fail","Error":"E"}`) + retryAll + catchAll, `[1,2,3]`},
		"a retried Parallel":       {`"A":{"Type":"Parallel","Branches":[` + passes + `,` + each(`{"Type":"Fail","Error":"E"}`) + `]` + retryAll + catchAll, `{}`},
		"branches without an end":  {`"A":{"Type":"Parallel","Branches":[` + loop + `,` + passes + `]` + catchAll, `{}`},
		"beside one that waits":    {`"A":{"Type":"Parallel","Branches":[` + loop + `,` + each(`{"Type":"Wait","Seconds":99999,"End":true}`) + `]` + catchAll, `{}`},
		"tokens that nobody takes": {`"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"F"},"TimeoutSeconds":1` + retryAll + catchAll, `{}`},
	}
	for name, tt := range tests {
		var calls atomic.Int64
		x := executeToTheEnd(t, states(t, tt.states), tt.input, func(m *stepfntest.StepFunctions) {
			m.Function("F", func(context.Context, []byte) ([]byte, error) { calls.Add(1); return []byte("null"), nil })
			m.Function("Broken", func(context.Context, []byte) ([]byte, error) { calls.Add(1); return nil, fmt.Errorf("broken") })
		})
		requireQuota(t, x, name)
		started := 0
		for _, e := range x.History {
			if e.Type == "LambdaFunctionStarted" || e.Type == "TaskStarted" {
				started++
			}
		}
		require.EqualValues(t, started, calls.Load(), "%s: what the history does not have did not happen", name)
	}
}

func requireQuota(t *testing.T, x stepfntest.Execution, name string) {
	t.Helper()
	require.Equal(t, stepfntest.StatusFailed, x.Status, name)
	require.Equal(t, "States.Runtime", x.Error, name)
	require.Equal(t, "The execution reached the maximum number of history events (25000).", x.Cause, name)
	require.Len(t, x.History, 25_000, name)
	for i, e := range x.History[:24_999] {
		if e.ID != int64(i+1) || e.Type == "ExecutionFailed" {
			require.Fail(t, name, "event %d is %v", i+1, e)
		}
	}
	end := x.History[24_999]
	require.Equal(t, "ExecutionFailed", end.Type, name)
	require.EqualValues(t, 24_999, end.PreviousID, name)
	require.Equal(t, &stepfntest.ErrorDetails{Error: x.Error, Cause: x.Cause}, end.ExecutionFailed, name)
}

// An execution whose end is event 25,000 ends as it would; one event more is
// too many.
func TestTheLastEventThatFits(t *testing.T) {
	run := func(more string) stepfntest.Execution {
		// 6 events beside 4 for each item and 2 for each Pass state
		return execute(t, states(t, `"A":{"Type":"Map","ItemProcessor":`+passes+`,"Next":"B"},`+more), numbers(6248), nil)
	}
	x := run(`"B":{"Type":"Pass","End":true}`)
	require.NoError(t, x.Err())
	require.Len(t, x.History, 25_000)
	require.Equal(t, "ExecutionSucceeded", x.History[24_999].Type)
	requireQuota(t, run(`"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Pass","End":true}`), "two events more")
	x = run(`"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Fail","Error":"E"}`)
	requireQuota(t, x, "a Fail state that cannot be entered")
	x = execute(t, states(t, `"A":{"Type":"Map","ItemProcessor":`+passes+`,"Next":"C"},"C":{"Type":"Fail","Error":"E"}`), numbers(6248), nil)
	require.Equal(t, "E", x.Error)
	require.Len(t, x.History, 24_999)
}

// EXPRESS executions have no such quota.
func TestExpressHasNoQuotaOfEvents(t *testing.T) {
	bubble(t, func(r rig) {
		arn := r.m.CreateExpress("E", states(r.t, `"A":{"Type":"Map","ItemProcessor":`+passes+`,"End":true}`))
		x, err := r.m.Execute(r.t.Context(), arn, json.RawMessage(numbers(7000)))
		require.NoError(r.t, err)
		require.NoError(r.t, x.Err())
		require.Greater(r.t, len(x.History), 25_000)
	})
}

// A worker does not get the task of an execution that ends when it takes it.
func TestTheQuotaWhenAWorkerTakesATask(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		activity, err := c.CreateActivity(t.Context(), &sfn.CreateActivityInput{Name: ptr("Work")})
		require.NoError(t, err)
		// 1 for the start, 4 and 4 for each item, 2 for the Pass state, 2 for the task
		arn := m.Create("M", states(t, `"A":{"Type":"Map","ItemProcessor":`+passes+`,"Next":"B"},"B":{"Type":"Task","Resource":"`+*activity.ActivityArn+`","End":true}`))
		one, err := m.Execute(t.Context(), arn, json.RawMessage(numbers(6248)))
		require.NoError(t, err)
		require.Equal(t, stepfntest.StatusRunning, one.Status)
		require.Len(t, one.History, 24_999)
		other, err := m.Execute(t.Context(), arn, json.RawMessage(`[]`))
		require.NoError(t, err)

		out, err := c.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: activity.ActivityArn})
		require.NoError(t, err)
		one, err = m.Execution(one.ARN)
		require.NoError(t, err)
		requireQuota(t, one, "taken")
		_, err = c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: out.TaskToken, Output: ptr("1")})
		require.NoError(t, err, "it got the next task")
		require.NoError(t, m.Drain(t.Context()))
		other, err = m.Execution(other.ARN)
		require.NoError(t, err)
		require.NoError(t, other.Err())
	})
}
