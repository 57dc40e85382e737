package asl_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
)

// A literal that cannot be a machine is refused at once, with a sentence.
func TestMustPanicsWithTheFault(t *testing.T) {
	require.PanicsWithValue(t, "asl: a machine needs a state", func() { asl.MustMachine() })
	require.PanicsWithValue(t, "asl: a machine needs a state", func() { asl.MustSequence() })
	require.PanicsWithValue(t, "asl: state 0 is nil", func() { asl.MustSequence(nil) })
	require.PanicsWithValue(t, "asl: invalid state machine definition: INVALID_JSON_DESCRIPTION: No content to map due to end-of-input", func() { asl.MustParse(nil) })
	require.NotPanics(t, func() { asl.MustParse([]byte(`{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`)) })
}

// A constructor that fails returns nothing beside the error.
func TestMachinesThatCannotBe(t *testing.T) {
	for _, states := range [][]asl.State{
		nil,
		{nil},
		{(*asl.PassState)(nil)},
		{&asl.PassState{}},
		{&asl.PassState{Name: "A", Next: "B"}},
		{&asl.ParallelState{Name: "P", Branches: []asl.Branch{{}}}},
		{&asl.ParallelState{Name: "P", Branches: []asl.Branch{{StartAt: "A", States: []asl.State{nil}}}}},
		{&asl.MapState{Name: "M"}},
		{&asl.ChoiceState{Name: "C"}},
		{&asl.ChoiceState{Name: "C", Choices: []asl.Rule{{}, {And: []asl.Rule{}}, asl.WhenNot(asl.Rule{})}}},
		{&asl.TaskState{Name: "T", Retry: []asl.Retrier{{}}, Catch: []asl.Catcher{{}}}},
		{&asl.WaitState{Name: "W"}},
		{&asl.FailState{}},
	} {
		require.NotPanics(t, func() {
			m, err := asl.NewMachine(states...)
			require.Error(t, err)
			require.Nil(t, m)
		})
	}
}

// Nil and zero values are refused, or print as nothing, and do not crash.
func TestNilMachines(t *testing.T) {
	for _, m := range []*asl.Machine{nil, {}, {States: []asl.State{nil}}} {
		require.Error(t, m.Err())
		require.NotEmpty(t, m.Validate())
		require.NotEmpty(t, m.String())
		_ = m.Mermaid()
		require.Nil(t, m.State("A"))
		for range m.Walk() {
			require.Fail(t, "there is no state")
		}
		_, _ = m.MarshalJSON()
	}
	require.Error(t, (*asl.Machine)(nil).UnmarshalJSON([]byte(`{"StartAt":"A","States":{}}`)))
	_, err := asl.Parse(nil)
	require.Error(t, err)
	_ = asl.Rule{}.String()
	_ = asl.WhenNot(asl.Rule{}).String()
	_ = asl.Finding{}.String()
	require.NotEmpty(t, asl.Validate(nil))
	for _, err := range []error{&asl.DefinitionError{}, (*asl.DefinitionError)(nil)} {
		require.Equal(t, "asl: invalid state machine definition", err.Error())
		require.NoError(t, errors.Unwrap(err))
	}
}
