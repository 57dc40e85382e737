package asl_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
)

// A state that is nil, typed or not, is a fault and no crash.
func TestNilStates(t *testing.T) {
	pass := &asl.PassState{Name: "A", End: true}
	for _, missing := range []asl.State{nil, (*asl.PassState)(nil)} {
		_, err := asl.NewMachine(missing)
		require.EqualError(t, err, "asl: state 0 is nil")
		_, err = asl.NewMachine(pass, missing)
		require.EqualError(t, err, "asl: state 1 is nil")
		require.PanicsWithValue(t, "asl: state 0 is nil", func() { asl.MustSequence(missing) })

		m := &asl.Machine{StartAt: "A", States: []asl.State{pass, missing}}
		require.ErrorContains(t, m.Err(), "state 1 is nil")
		require.Contains(t, m.String(), "state 1 is nil")
		require.Contains(t, m.Mermaid(), "A")
		require.Nil(t, m.State("B"))
		inner := &asl.ParallelState{Name: "P", End: true, Branches: []asl.Branch{{StartAt: "A", States: []asl.State{missing}}}}
		require.ErrorContains(t, (&asl.Machine{StartAt: "P", States: []asl.State{inner}}).Err(), "state 0 is nil")
	}
	var none *asl.Machine
	require.Error(t, none.Err())
}

// Every fault is found, at its place.
func TestFindings(t *testing.T) {
	state := func(body string) string { return `{"StartAt":"A","States":{"A":{` + body + `}}}` }
	inMap := func(more, processor string) string {
		return state(`"Type":"Map","End":true` + more + `,"ItemProcessor":{` + processor + `"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}`)
	}
	branch := func(more, inner string) string {
		return `{"StartAt":"P","States":{"P":{"Type":"Pass","Assign":{"x":1},"Next":"A"},"A":{"Type":"Parallel","End":true` + more +
			`,"Branches":[{"StartAt":"B","States":{"B":{"Type":"Pass","Assign":{` + inner + `},"End":true}}}]}}}`
	}
	const task = `"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:F","End":true`
	tests := []struct{ name, definition, at string }{
		{"expression in JSONPath", state(`"Type":"Wait","Seconds":"{% 1 %}","End":true`), "/States/A/Seconds"},
		{"expression as a timestamp", state(`"Type":"Wait","Timestamp":"{% 1 %}","End":true`), "/States/A/Timestamp"},
		{"expression at the top", `{"QueryLanguage":"JSONata","TimeoutSeconds":"{% 1 %}","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, "/TimeoutSeconds"},
		{"expression in Retry", state(task + `,"Retry":[{"ErrorEquals":["X"],"MaxAttempts":"{% 1 %}"}]`), "/States/A/Retry/0/MaxAttempts"},
		{"substitution in Retry", state(task + `,"Retry":[{"ErrorEquals":["X"],"MaxAttempts":"${N}"}]`), "/States/A/Retry/0/MaxAttempts"},
		{"Comment at the top", `{"Comment":1,"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, "/Comment"},
		{"Comment of a retrier", state(task + `,"Retry":[{"ErrorEquals":["X"],"Comment":null}]`), "/States/A/Retry/0/Comment"},
		{"Mode null", inMap("", `"ProcessorConfig":{"Mode":null},`), "/States/A/ItemProcessor/ProcessorConfig/Mode"},
		{"Parameters text", state(`"Type":"Pass","Parameters":"x","End":true`), "/States/A/Parameters"},
		{"Parameters list", state(`"Type":"Pass","Parameters":[1],"End":true`), "/States/A/Parameters"},
		{"ResultSelector null", state(task + `,"ResultSelector":null`), "/States/A/ResultSelector"},
		{"ItemSelector number", inMap(`,"ItemSelector":1`, ""), "/States/A/ItemSelector"},
		{"given twice", state(`"Type":"Pass","Parameters":{"b":{"a":1,"a.$":"$"}},"End":true`), "/States/A/Parameters/b/a.$"},
		{"percentage above 100", inMap(`,"ToleratedFailurePercentage":100.5`, ""), "/States/A/ToleratedFailurePercentage"},
		{"percentage below 0", inMap(`,"ToleratedFailurePercentage":-0.5`, ""), "/States/A/ToleratedFailurePercentage"},
		{"percentage text", inMap(`,"ToleratedFailurePercentage":"1"`, ""), "/States/A/ToleratedFailurePercentage"},
		{"outer variable", branch("", `"x":2`), "/States/A/Branches/0/States/B/Assign/x"},
		{"outer variable by path", branch("", `"x.$":"$"`), "/States/A/Branches/0/States/B/Assign/x.$"},
		{"variable of the Parallel", branch(`,"Assign":{"y":1}`, `"y":2`), "/States/A/Branches/0/States/B/Assign/y"},
		{"variable of a catcher", branch(`,"Catch":[{"ErrorEquals":["X"],"Next":"P","Assign":{"z":1}}]`, `"z":2`), "/States/A/Branches/0/States/B/Assign/z"},
		{"member twice", `{"StartAt":"B","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, "/StartAt"},
		{"state twice", `{"StartAt":"A","States":{"A":{"Type":"Succeed"},"A":{"Type":"Succeed"}}}`, "/States/A"},
		{"member twice below", state(`"Type":"Pass","Result":[1,{"a/b":1,"a/b":2}],"End":true`), "/States/A/Result/1/a~1b"},
	}
	for _, tt := range tests {
		var places []string
		for _, f := range asl.Validate([]byte(tt.definition)) {
			if f.Severity == asl.SeverityError {
				places = append(places, f.Location)
			}
		}
		require.Equal(t, []string{tt.at}, places, tt.name)
	}
	for _, definition := range []string{
		inMap(`,"ToleratedFailurePercentage":12.5`, ""),
		branch("", `"other":2`),
		`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Wait","Seconds":"{% 1 %}","End":true}}}`,
	} {
		require.Empty(t, asl.Validate([]byte(definition)), definition)
	}
}

// Only one of two members of one name could be kept.
func TestParseRefusesRepeatedMembers(t *testing.T) {
	_, err := asl.Parse([]byte(`{"StartAt":"A","States":{"A":{"Type":"Succeed"},"A":{"Type":"Fail"}}}`))
	require.ErrorContains(t, err, "Duplicate field 'A'")
}

func TestReservedErrorNameOfAFail(t *testing.T) {
	findings := asl.Validate([]byte(`{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"States.Foo"}}}`))
	require.Len(t, findings, 1)
	require.Equal(t, asl.SeverityWarning, findings[0].Severity)
	require.Equal(t, "/States/A/Error", findings[0].Location)
}

// Only a path can be discarded: a text that reads "null" stays a text.
func TestDiscardIsAPath(t *testing.T) {
	m := asl.MustMachine(&asl.PassState{Name: "A", Comment: "null", Result: "null", ResultPath: asl.Discard})
	require.JSONEq(t, `{"StartAt":"A","States":{"A":{"Type":"Pass","Comment":"null","Result":"null","ResultPath":null,"End":true}}}`, m.String())
	back, err := asl.Parse([]byte(m.String()))
	require.NoError(t, err)
	require.Equal(t, asl.Discard, back.State("A").(*asl.PassState).ResultPath)
	for _, field := range []string{"SecondsPath", "Comment"} {
		_, err = asl.Parse([]byte(`{"StartAt":"A","States":{"A":{"Type":"Wait","` + field + `":null,"End":true}}}`))
		require.ErrorContains(t, err, "Expected a string, got null at /States/A/"+field)
	}
}

// A duration is a number of nanoseconds, which no member of the language holds.
func TestSecondsAreNumbers(t *testing.T) {
	for field, s := range map[string]asl.State{
		"TimeoutSeconds":   &asl.TaskState{Name: "A", Resource: "${F}", TimeoutSeconds: 30 * time.Millisecond},
		"HeartbeatSeconds": &asl.TaskState{Name: "A", Resource: "${F}", TimeoutSeconds: 60, HeartbeatSeconds: 30 * time.Millisecond},
		"Seconds":          &asl.WaitState{Name: "A", Seconds: 30 * time.Millisecond},
	} {
		_, err := asl.NewMachine(s)
		require.ErrorContains(t, err, field+": 30ms is a time.Duration: write the number of seconds, 0.03")
	}
}
