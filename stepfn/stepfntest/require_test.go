package stepfntest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// failures is a TB that keeps what is reported.
type failures struct {
	errors []string
	ended  bool
}

func (*failures) Helper()             {}
func (*failures) Logf(string, ...any) {}
func (*failures) Cleanup(func())      {}
func (f *failures) FailNow()          { f.ended = true }
func (f *failures) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

// startedTwo has one execution of each of two machines.
func startedTwo(t *testing.T) (m *stepfntest.StepFunctions, ship, bill string) {
	t.Helper()
	m = stepfntest.New(t)
	ship = m.Create("Ship", asl.MustMachine(&asl.PassState{Name: "A"}))
	bill = m.Create("Bill", asl.MustMachine(&asl.PassState{Name: "A"}))
	ctx := correlation.With(t.Context(), "req-1")
	for name, arn := range map[string]string{"ship-42": ship, "bill-42": bill} {
		_, err := stepfn.NewWorkflow[map[string]any, any](m.Client(), arn).Start(ctx, name, map[string]any{"order": 42})
		require.NoError(t, err)
	}
	require.NoError(t, m.Drain(t.Context()))
	return m, ship, bill
}

func TestRequireStarted(t *testing.T) {
	m, ship, bill := startedTwo(t)
	x := stepfntest.RequireStarted(t, m, ship)
	require.Equal(t, "ship-42", x.Name)
	require.Equal(t, stepfntest.StatusSucceeded, x.Status)
	require.NotEmpty(t, x.History)
	x = stepfntest.RequireStarted(t, m, "", nil, func(o *stepfntest.StartedOptions) { o.Name = "bill-42" })
	require.Equal(t, bill, x.StateMachineARN)
	for _, input := range []any{
		map[string]int{"order": 42}, // the correlation is left out
		[]byte(`{"order":42,"metadata":{"correlationId":"req-1"}}`),
	} {
		x = stepfntest.RequireStarted(t, m, ship, func(o *stepfntest.StartedOptions) { o.Input = input })
		require.Equal(t, "ship-42", x.Name)
	}
}

func TestRequireManyStarted(t *testing.T) {
	m, ship, _ := startedTwo(t)
	all := stepfntest.RequireManyStarted(t, m, "", 2)
	require.Len(t, all, 2)
	require.NotEqual(t, all[0].Name, all[1].Name)
	for _, x := range all {
		require.NotEmpty(t, x.History)
	}
	require.Len(t, stepfntest.RequireManyStarted(t, m, ship, 1), 1)
	named := func(o *stepfntest.StartedOptions) { o.Name = "bill-42" }
	require.Empty(t, stepfntest.RequireManyStarted(t, m, ship, 0, named))

	r := &failures{}
	require.Nil(t, stepfntest.RequireManyStarted(r, m, "", 0))
	require.Nil(t, stepfntest.RequireManyStarted(r, m, ship, 2, named))
	require.Nil(t, stepfntest.RequireManyStarted(r, m, ship, 0))
	require.Nil(t, stepfntest.RequireManyStarted(r, m, ship, -1))
	require.Nil(t, stepfntest.RequireManyStarted(r, m, ship, 1, func(o *stepfntest.StartedOptions) { o.Input = func() {} }))
	require.Len(t, r.errors, 5)
	require.Contains(t, r.errors[0], "2 executions were started, required: 0:")
	require.Contains(t, r.errors[1], "another name than bill-42")
	require.Contains(t, r.errors[2], "stepfntest: 1 execution was started, required: 0:")
	require.Equal(t, "stepfntest: RequireManyStarted: the count is -1; it is 0 or more", r.errors[3])
	require.Contains(t, r.errors[4], "stepfntest: RequireManyStarted: StartedOptions.Input has no JSON form: ")
	require.PanicsWithValue(t, "stepfntest: RequireManyStarted: the test is nil", func() {
		stepfntest.RequireManyStarted(nil, m, "", 2)
	})
}

func TestRequireStartedSaysWhatWasStarted(t *testing.T) {
	m, ship, bill := startedTwo(t)
	refund := m.Create("Refund", asl.MustMachine(&asl.PassState{Name: "A"}))
	for name, c := range map[string]struct {
		arn  string
		want []string
		opts func(*stepfntest.StartedOptions)
	}{
		"two": {"", []string{"2 executions were started, required: 1:", ":ship-42 SUCCEEDED with {\"order\":42", ":bill-42 SUCCEEDED with {\"order\":42"}, nil},
		"another machine": {refund, []string{
			"no execution of " + refund + " was started as required; started were:", ":Ship:ship-42 SUCCEEDED with {\"order\":42", "another state machine",
		}, nil},
		"another name": {ship, []string{"another name than ship-43"}, func(o *stepfntest.StartedOptions) { o.Name = "ship-43" }},
		"another input": {bill, []string{`another input than {"order":43}`}, func(o *stepfntest.StartedOptions) {
			o.Input = map[string]int{"order": 43}
		}},
		"other metadata": {bill, []string{"another input than"}, func(o *stepfntest.StartedOptions) {
			o.Input = []byte(`{"order":42,"metadata":{"correlationId":"req-2"}}`)
		}},
		"no object":  {bill, []string{"another input than 42"}, func(o *stepfntest.StartedOptions) { o.Input = 42 }},
		"no JSON":    {bill, []string{"stepfntest: RequireStarted: StartedOptions.Input has no JSON form"}, func(o *stepfntest.StartedOptions) { o.Input = func() {} }},
		"no members": {bill, []string{"another input than {}"}, func(o *stepfntest.StartedOptions) { o.Input = struct{}{} }},
	} {
		t.Run(name, func(t *testing.T) {
			r := &failures{}
			require.Nil(t, stepfntest.RequireStarted(r, m, c.arn, c.opts))
			require.True(t, r.ended)
			require.Len(t, r.errors, 1)
			for _, want := range c.want {
				require.Contains(t, r.errors[0], want)
			}
		})
	}
	r := &failures{}
	stepfntest.RequireStarted(r, stepfntest.New(t), "")
	require.Equal(t, []string{"stepfntest: no execution was started: none was started at all"}, r.errors)
	require.PanicsWithValue(t, "stepfntest: RequireStarted: the fake is nil", func() {
		stepfntest.RequireStarted(t, nil, ship)
	})
}
