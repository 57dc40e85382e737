package stepfntest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

const greetARN = "arn:aws:lambda:us-east-1:123456789012:function:Greet"

// The whole way through the real SDK client.
func TestClientDrivesAMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines := stepfntest.New(t)
		client := machines.Client()
		ctx := t.Context()
		m := asl.MustMachine(
			&asl.TaskState{Name: "Greet", Resource: greetARN, ResultPath: "$.greeting"},
			&asl.WaitState{Name: "Rest", Seconds: 3600},
			&asl.PassState{Name: "Done", Parameters: map[string]any{"said.$": "$.greeting", "by.$": "$$.Execution.Name"}},
		)
		machines.Function(greetARN, stepfntest.Func(func(_ context.Context, in struct{ Name string }) (string, error) {
			return "hello " + in.Name, nil
		}))
		created, err := client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
			Name: aws.String("Greeting"), Definition: aws.String(m.String()), RoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
		})
		require.NoError(t, err)
		started, err := client.StartExecution(ctx, &sfn.StartExecutionInput{
			StateMachineArn: created.StateMachineArn, Name: aws.String("one"), Input: aws.String(`{"Name": "Ann"}`),
		})
		require.NoError(t, err)
		begin := time.Now()
		require.NoError(t, machines.Drain(ctx))
		require.Equal(t, time.Hour, time.Since(begin))

		x, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		require.NoError(t, err)
		require.Equal(t, types.ExecutionStatusSucceeded, x.Status)
		require.Equal(t, `{"by":"one","said":"hello Ann"}`, *x.Output)
		require.Equal(t, time.Hour, x.StopDate.Sub(*x.StartDate))

		h, err := client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: started.ExecutionArn})
		require.NoError(t, err)
		var kinds []types.HistoryEventType
		for i, e := range h.Events {
			require.EqualValues(t, i+1, e.Id)
			kinds = append(kinds, e.Type)
		}
		require.Equal(t, []types.HistoryEventType{
			"ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded",
			"TaskStateExited", "WaitStateEntered", "WaitStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
		}, kinds)
		require.Equal(t, `{"Name": "Ann"}`, *h.Events[0].ExecutionStartedEventDetails.Input)
		require.Equal(t, `"hello Ann"`, *h.Events[4].LambdaFunctionSucceededEventDetails.Output)
		require.Equal(t, `{"Name":"Ann","greeting":"hello Ann"}`, *h.Events[5].StateExitedEventDetails.Output)
	})
}

func TestAYearOfWaits(t *testing.T) {
	wall := time.Now()
	synctest.Test(t, func(t *testing.T) {
		machines := stepfntest.New(t)
		var states []asl.State
		for _, day := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
			states = append(states, &asl.WaitState{Name: day, Seconds: 365 * 86400 / 12})
		}
		arn := machines.Create("Year", asl.MustMachine(states...))
		begin := time.Now()
		x, err := machines.Execute(t.Context(), arn, nil)
		require.NoError(t, err)
		require.NoError(t, x.Err())
		require.Equal(t, 365*24*time.Hour, time.Since(begin))
	})
	t.Logf("a year took %v", time.Since(wall))
}

// A fake that was made outside the bubble works inside.
func TestAFakeMadeOutsideTheBubble(t *testing.T) {
	machines := stepfntest.New(t)
	arn := machines.Create("M", asl.MustMachine(&asl.WaitState{Name: "W", Seconds: 86_400}, &asl.TaskState{Name: "T", Resource: greetARN}))
	machines.Function(greetARN, func(_ context.Context, p []byte) ([]byte, error) { return p, nil })
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			x, err := machines.Execute(t.Context(), arn, 1)
			require.NoError(t, err)
			require.NoError(t, x.Err())
			require.Equal(t, 24*time.Hour, x.Stopped.Sub(x.Started))
		})
	}
}
