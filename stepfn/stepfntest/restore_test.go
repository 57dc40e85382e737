package stepfntest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// reports is a TB that keeps the errors.
type reports struct{ errors []string }

func (r *reports) Helper() {}

func (r *reports) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *reports) Logf(string, ...any) {}
func (r *reports) Cleanup(func())      {}

func TestSnapshotAndRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := stepfntest.New(t)
		m.Mock("Flow", "Task", stepfntest.Return(1), stepfntest.Return(2))
		arn := m.Create("Flow", asl.MustMachine(&asl.TaskState{Name: "Task", Resource: "arn:aws:states:::sns:publish", Parameters: map[string]any{}}))
		first, err := m.Execute(t.Context(), arn, nil)
		require.NoError(t, err)
		require.Equal(t, "1", first.Output)

		before, dump := m.Snapshot(), m.Dump()
		for range 2 {
			second, err := m.Execute(t.Context(), arn, nil)
			require.NoError(t, err)
			require.Equal(t, "2", second.Output, "the mock goes on where the snapshot was")
			m.Create("Other", asl.MustMachine(&asl.PassState{Name: "Pass"}))
			require.Len(t, m.Executions(""), 2)

			m.Restore(before)
			require.Equal(t, dump, m.Dump())
			require.Len(t, m.Executions(""), 1)
			_, err = m.Execution(second.ARN)
			require.ErrorIs(t, err, stepfntest.ErrNoExecution)
			got, err := m.Execution(first.ARN)
			require.NoError(t, err)
			require.Equal(t, first, got)
		}
	})
}

func TestASnapshotHasNoRunningExecution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reports{}
		m := stepfntest.New(r)
		arn := m.Create("Wait", asl.MustMachine(&asl.WaitState{Name: "Wait", Seconds: 60}))
		empty := m.Snapshot()
		require.Empty(t, r.errors)
		require.NoError(t, m.Starter(arn)(t.Context(), []byte(`{}`)))
		m.Snapshot()
		require.Equal(t, []string{"stepfntest: Snapshot: 1 execution is running, which a snapshot does not have. Drain, and answer the task tokens, before it is taken"}, r.errors)
		m.Restore(empty)
		require.Empty(t, m.Executions(""))
		require.NoError(t, m.Drain(t.Context()))
		require.PanicsWithValue(t, "stepfntest: Restore: the snapshot is nil", func() { m.Restore(nil) })
		require.PanicsWithValue(t, "stepfntest: Restore: the snapshot is empty; StepFunctions.Snapshot makes one", func() { m.Restore(&stepfntest.Snapshot{}) })
		require.PanicsWithValue(t, "stepfntest: Restore: the snapshot is of another StepFunctions", func() { m.Restore(stepfntest.New(t).Snapshot()) })
	})
}

func TestResetAndDump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := stepfntest.New(t)
		m.Function(greetARN, stepfntest.Func(func(context.Context, any) (string, error) { return "hello", nil }))
		arn := m.Create("Greeting", asl.MustMachine(&asl.TaskState{Name: "Greet", Resource: greetARN}))
		x, err := m.Execute(t.Context(), arn, map[string]int{"n": 1})
		require.NoError(t, err)
		require.Equal(t, "STANDARD machine Greeting\n  "+x.Name+` SUCCEEDED {"n":1}
    states: ["Greet"]
    output: "hello"
`, m.Dump())
		m.Throttle("").Times(-1)
		m.Reset()
		require.Empty(t, m.Dump())
		require.Empty(t, m.Journal())
		out, err := m.Client().ListStateMachines(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, out.StateMachines)
	})
}
