package stepfntest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// keepLog is a TB that keeps what is logged.
type keepLog struct{ lines []string }

func (*keepLog) Helper()                   {}
func (*keepLog) Cleanup(func())            {}
func (*keepLog) Errorf(string, ...any)     {}
func (k *keepLog) Logf(f string, a ...any) { k.lines = append(k.lines, fmt.Sprintf(f, a...)) }

// names lists executions by their inputs.
func inputs(list []stepfntest.Execution) (out []string) {
	for _, x := range list {
		out = append(out, x.Input)
	}
	return out
}

// The executions that closed first are forgotten, by every operation.
func TestClosedExecutionsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, log := t.Context(), &keepLog{}
		m := stepfntest.New(log, func(o *stepfntest.Options) { o.KeepExecutions = 3 })
		c := m.Client()
		arn := m.Create("M", states(t, `"A":{"Type":"Pass","End":true}`))
		other := m.Create("Other", states(t, `"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"F","Payload.$":"$$.Task.Token"},"End":true}`))
		var token string
		m.Function("F", stepfntest.Func(func(_ context.Context, in string) (string, error) { token = in; return "", nil }))
		waiting, err := m.Execute(ctx, other, 0)
		require.NoError(t, err)
		for i := range 4 {
			_, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: ptr(fmt.Sprint("x", i)), Input: ptr(fmt.Sprint(i))})
			require.NoError(t, err)
			require.NoError(t, m.Drain(ctx))
		}
		require.Equal(t, []string{"1", "2", "3"}, inputs(m.Executions(arn)))
		require.Equal(t, []string{"0", "1", "2", "3"}, inputs(m.Executions("")), "one that runs stays")

		first := account + "execution:M:x0"
		requireForgotten(t, m, first)
		list, err := c.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &arn})
		require.NoError(t, err)
		require.Len(t, list.Executions, 3)
		require.Equal(t, "x3", *list.Executions[0].Name)
		_, err = c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: ptr("x3"), Input: ptr("4")})
		var exists *types.ExecutionAlreadyExists
		require.ErrorAs(t, err, &exists)
		_, err = c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: ptr("x0"), Input: ptr("5")})
		require.NoError(t, err, "its name is free")
		require.NoError(t, m.Drain(ctx))
		require.Equal(t, []string{"2", "3", "5"}, inputs(m.Executions(arn)))

		// The order is that of the ends, and tokens go with their execution.
		_, err = c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: ptr("1")})
		require.NoError(t, err)
		require.NoError(t, m.Drain(ctx))
		require.Equal(t, []string{"0", "3", "5"}, inputs(m.Executions("")))
		_, err = c.SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: &token})
		requireAPIError(t, err, "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
		for range 3 {
			_, err := m.Execute(ctx, arn, 9)
			require.NoError(t, err)
		}
		requireForgotten(t, m, waiting.ARN)
		_, err = c.SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: &token})
		requireAPIError(t, err, "InvalidToken", "Invalid Token: 'Invalid token'")
		require.Equal(t, 1, strings.Count(strings.Join(log.lines, "\n"), "Options.KeepExecutions"), "it is said once")
	})
}

func requireForgotten(t *testing.T, m *stepfntest.StepFunctions, arn string) {
	t.Helper()
	_, err := m.Execution(arn)
	require.ErrorIs(t, err, stepfntest.ErrNoExecution)
	var missing *types.ExecutionDoesNotExist
	_, err = m.Client().DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	require.ErrorAs(t, err, &missing)
	_, err = m.Client().GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: &arn})
	require.ErrorAs(t, err, &missing)
	_, err = m.Client().StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &arn})
	require.ErrorAs(t, err, &missing)
}

// The service keeps a closed execution for 90 days after its end, and one that
// runs for as long as it does.
func TestExecutionsAreForgottenAfter90Days(t *testing.T) {
	for _, keep := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			m := stepfntest.New(t, func(o *stepfntest.Options) { o.KeepExecutions = keep })
			arn := m.Create("M", states(t, `"A":{"Type":"Wait","Seconds":100,"End":true}`))
			x, err := m.Execute(ctx, arn, 1)
			require.NoError(t, err)
			running, err := m.Client().StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn})
			require.NoError(t, err)
			time.Sleep(90*24*time.Hour - time.Second)
			_, err = m.Execution(x.ARN)
			require.NoError(t, err)
			_, err = m.Client().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &x.ARN})
			require.NoError(t, err)
			time.Sleep(time.Second)
			requireForgotten(t, m, x.ARN)
			require.Len(t, m.Executions(arn), 1)
			list, err := m.Client().ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &arn})
			require.NoError(t, err)
			require.Len(t, list.Executions, 1)
			time.Sleep(200 * 24 * time.Hour)
			_, err = m.Execution(*running.ExecutionArn)
			require.NoError(t, err)
		})
	}
}

// By default there are 10,000 closed executions at most, however long a
// program runs.
func TestTheDefaultBoundOfExecutions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := stepfntest.New(nil)
		express := m.CreateExpress("E", states(t, `"A":{"Type":"Pass","End":true}`))
		standard := m.Create("S", states(t, `"A":{"Type":"Pass","End":true}`))
		for range 5_100 {
			for _, arn := range []string{express, standard} {
				require.NoError(t, m.Starter(arn)(t.Context(), []byte("1")))
			}
		}
		require.Len(t, m.Executions(""), 10_200, "those that run")
		require.NoError(t, m.Drain(t.Context()))
		require.Len(t, m.Executions(""), 10_000)
		require.InDelta(t, 5_000, len(m.Executions(express)), 101)
	})
}

// Large histories are bounded by their size.
func TestTheBoundOfHistories(t *testing.T) {
	for keep, want := range map[int]int{0: 26, -1: 40} {
		synctest.Test(t, func(t *testing.T) {
			m := stepfntest.New(nil, func(o *stepfntest.Options) { o.KeepExecutions = keep })
			var states []asl.State
			for i := range 19 {
				states = append(states, &asl.PassState{Name: fmt.Sprint("P", i)})
			}
			arn := m.Create("M", asl.MustMachine(states...))
			input := []byte(`"` + strings.Repeat("x", 249_998) + `"`)
			for range 40 { // 40 payloads of 250,000 bytes each
				require.NoError(t, m.Starter(arn)(t.Context(), input))
				require.NoError(t, m.Drain(t.Context()))
			}
			require.Len(t, m.Executions(arn), want)
		})
	}
}

// What is listed has no history: that of many executions would be copied.
func TestExecutionsHaveNoHistory(t *testing.T) {
	bubble(t, func(r rig) {
		arn := r.m.Create("M", states(r.t, `"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}`))
		x, err := r.m.Execute(r.t.Context(), arn, 1)
		require.NoError(r.t, err)
		require.Len(r.t, x.History, 6)
		listed := r.m.Executions(arn)[0]
		require.Nil(r.t, listed.History)
		listed.History = x.History
		require.Equal(r.t, x, listed)
		require.Equal(r.t, []string{"A", "B"}, listed.Path)
	})
}

// A fake that ran in a bubble can be looked at outside, where it is another
// year.
func TestExecutionsOfABubbleOutside(t *testing.T) {
	m := stepfntest.New(nil)
	arn := m.Create("M", asl.MustMachine(&asl.PassState{Name: "P"}))
	var x stepfntest.Execution
	synctest.Test(t, func(t *testing.T) {
		var err error
		x, err = m.Execute(t.Context(), arn, 1)
		require.NoError(t, err)
	})
	_, err := m.Execution(x.ARN)
	require.NoError(t, err)
}
