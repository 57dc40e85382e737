package stepfn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// running starts a fake that carries executions forward in the background.
func running(t *testing.T) *stepfntest.StepFunctions {
	t.Helper()
	m := stepfntest.New(t)
	go func() { _ = m.Run(t.Context()) }()
	return m
}

func TestWorkflowRunsAndIsIdempotentByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := running(t)
		l := &ledger{}
		saga := l.saga()
		m.Function("saga", stepfntest.Func(saga.Handle))
		arn := m.Create("PlaceOrder", saga.Machine(func(o *stepfn.MachineOptions) { o.Function = "arn:aws:lambda:us-east-1:123456789012:function:saga" }))
		wf := stepfn.NewWorkflow[placeOrder, map[string]any](m.Client(), arn)

		ctx := correlation.WithTrace(correlation.With(t.Context(), "corr-1"), "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
		out, err := wf.Run(ctx, "order-42", placeOrder{OrderID: "42"})
		require.NoError(t, err)
		require.Equal(t, "confirmed", out["ConfirmOrder"])
		x := m.Executions(arn)[0]
		require.Contains(t, x.Input, `"metadata":{"correlationId":"corr-1","traceHeader":"Root=1-`)
		require.Contains(t, x.TraceHeader, "Root=1-5759e988")

		again, err := wf.Run(correlation.With(t.Context(), "corr-2"), "order-42", placeOrder{OrderID: "42"})
		require.NoError(t, err, "the same business key, another request")
		require.Equal(t, out, again)
		require.Len(t, m.Executions(arn), 1)

		_, err = wf.Start(t.Context(), "order-42", placeOrder{OrderID: "43"})
		require.ErrorIs(t, err, stepfn.ErrConflict)
		_, err = wf.Start(t.Context(), "order/42", placeOrder{})
		require.ErrorIs(t, err, stepfn.ErrBadName)
		_, err = wf.Start(t.Context(), "big", placeOrder{OrderID: strings.Repeat("x", 262_144)})
		require.ErrorIs(t, err, stepfn.ErrTooLarge)
	})
}

func TestTheStepsOfASagaHaveTheCorrelation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := running(t)
		var seen []string
		look := func(ctx context.Context, _ stepfn.Call[placeOrder]) (string, error) {
			seen = append(seen, correlation.ID(ctx)+" "+correlation.Trace(ctx))
			return "", nil
		}
		saga := stepfn.MustSaga("S", (&ledger{}).park,
			stepfn.Step("A", look).Compensate("B", func(context.Context, stepfn.Undo[placeOrder, string]) error { return nil }))
		m.Function("${SFunctionArn}", stepfntest.Func(saga.Handle))
		arn := m.Create("S", saga.Machine())
		wf := stepfn.NewWorkflow[placeOrder, map[string]string](m.Client(), arn)
		_, err := wf.Run(correlation.WithTrace(correlation.With(t.Context(), "one"), "Root=1"), "", placeOrder{})
		require.NoError(t, err)
		require.NoError(t, m.Starter(arn)(t.Context(), []byte(`{"detail":{"metadata":{"correlationId":"two"}}}`)))
		require.NoError(t, m.Drain(t.Context()))
		require.Equal(t, []string{"one Root=1", "two "}, seen)
	})
}

func TestExecutionErrorTellsTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := running(t)
		l := &ledger{chargeErr: CardDeclined{}}
		saga := l.saga()
		m.Function("${PlaceOrderFunctionArn}", stepfntest.Func(saga.Handle))
		wf := stepfn.NewWorkflow[placeOrder, string](m.Client(), m.Create("PlaceOrder", saga.Machine()))
		_, err := wf.Run(t.Context(), "a", placeOrder{OrderID: "1"})
		require.ErrorIs(t, err, stepfn.ErrCompensated)
		require.NotErrorIs(t, err, stepfn.ErrParked)
		var x *stepfn.ExecutionError
		require.ErrorAs(t, err, &x)
		require.Equal(t, "FAILED", x.Status)

		l.chargeErr, l.undoErr = errors.New("no answer"), errors.New("down")
		_, err = wf.Run(t.Context(), "b", placeOrder{OrderID: "1"})
		require.ErrorIs(t, err, stepfn.ErrParked)
	})
}

func TestWorkflowOfAnExpressMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := stepfntest.New(t)
		arn := m.CreateExpress("E", asl.MustMachine(&asl.PassState{Name: "A", InputPath: "$.n"}))
		wf := stepfn.NewWorkflow[map[string]int, int](m.Client(), arn)
		n, err := wf.RunSync(t.Context(), "", map[string]int{"n": 7})
		require.NoError(t, err)
		require.Equal(t, 7, n)
		started, err := wf.Start(t.Context(), "", nil)
		require.NoError(t, err)
		_, err = wf.Wait(t.Context(), started.ARN)
		require.ErrorIs(t, err, stepfn.ErrExpress)
		failing := stepfn.NewWorkflow[int, int](m.Client(), m.CreateExpress("F", asl.MustMachine(&asl.FailState{Name: "F", Error: "E"})))
		_, err = failing.RunSync(t.Context(), "", 1)
		var x *stepfn.ExecutionError
		require.ErrorAs(t, err, &x)
		require.Equal(t, "E", x.Name)
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := stepfntest.New(t)
		wf := stepfn.NewWorkflow[int, int](m.Client(), m.Create("M", asl.MustMachine(&asl.WaitState{Name: "W", Seconds: 9999})))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := wf.Run(ctx, "x", 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, wf.Stop(t.Context(), m.Executions("")[0].ARN, "Stopped", "by hand"))
		require.Equal(t, stepfntest.StatusAborted, m.Executions("")[0].Status)
	})
}

func TestCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := running(t)
		tokens := make(chan string, 1)
		m.Function("F", stepfntest.Func(func(_ context.Context, token string) (string, error) {
			tokens <- token
			return "", nil
		}))
		arn := m.Create("M", asl.MustMachine(&asl.TaskState{
			Name: "Ask", Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken", HeartbeatSeconds: 30,
			Parameters: map[string]any{"FunctionName": "F", "Payload.$": "$$.Task.Token"},
		}))
		client := m.Client()
		wf := stepfn.NewWorkflow[int, string](client, arn)
		first, err := wf.Start(t.Context(), "first", 1)
		require.NoError(t, err)
		cb := stepfn.NewCallback[string](client, <-tokens)
		require.NoError(t, cb.Do(t.Context(), 20*time.Second, func(context.Context) (string, error) {
			time.Sleep(10 * time.Minute)
			return "approved", nil
		}), "heartbeats keep the task alive")
		out, err := wf.Wait(t.Context(), first.ARN)
		require.NoError(t, err)
		require.Equal(t, "approved", out)
		require.ErrorIs(t, cb.Succeed(t.Context(), "again"), stepfn.ErrTaskClosed)

		second, err := wf.Start(t.Context(), "second", 1)
		require.NoError(t, err)
		cb = stepfn.NewCallback[string](client, <-tokens)
		require.NoError(t, cb.Fail(t.Context(), CardDeclined{}))
		_, err = wf.Wait(t.Context(), second.ARN)
		require.ErrorContains(t, err, "CardDeclined")

		third, err := wf.Start(t.Context(), "third", 1)
		require.NoError(t, err)
		cb = stepfn.NewCallback[string](client, <-tokens)
		err = cb.Do(t.Context(), time.Minute, func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
		require.ErrorIs(t, err, stepfn.ErrTaskClosed, "the work is told that nobody waits any more")
		_, err = wf.Wait(t.Context(), third.ARN)
		require.ErrorContains(t, err, "States.Timeout")
	})
}

func TestExecutionName(t *testing.T) {
	require.Equal(t, "order-42_A", stepfn.ExecutionName("order-42_A"))
	require.Regexp(t, `^order-42-[0-9a-f]{16}$`, stepfn.ExecutionName("order/42"))
	require.NotEqual(t, stepfn.ExecutionName("order/42"), stepfn.ExecutionName("order:42"))
	require.Len(t, stepfn.ExecutionName(strings.Repeat("x", 200)), 80)
	require.NotEmpty(t, stepfn.ExecutionName(""))
}

func TestErrorName(t *testing.T) {
	require.Equal(t, "CardDeclined", stepfn.ErrorName(CardDeclined{}))
	require.Equal(t, "CardDeclined", stepfn.ErrorName(errors.Join(errors.New("x"), CardDeclined{})))
	require.Equal(t, "errorString", stepfn.ErrorName(errors.New("x")))
	require.Equal(t, "My.Name", stepfn.ErrorName(stepfn.WithErrorName("My.Name", CardDeclined{})))
	require.Equal(t, "My.Name", stepfn.ErrorName(stepfn.ReportError(stepfn.WithErrorName("My.Name", CardDeclined{}))))
	require.NoError(t, stepfn.ReportError(nil))
}
