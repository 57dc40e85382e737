package asl_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
)

func TestRoundTripKeepsEverything(t *testing.T) {
	files, err := filepath.Glob("testdata/*.asl.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		m, err := asl.Parse(text)
		require.NoError(t, err, file)
		out, err := json.Marshal(m)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(out), file)
	}
}

// Every field of every state survives a round trip.
func TestEveryFieldOfTheModel(t *testing.T) {
	for _, s := range []asl.State{
		&asl.TaskState{}, &asl.PassState{}, &asl.ChoiceState{}, &asl.WaitState{}, &asl.SucceedState{},
		&asl.FailState{}, &asl.ParallelState{}, &asl.MapState{},
	} {
		fill(reflect.ValueOf(s).Elem(), 0)
		name := s.StateName()
		m := &asl.Machine{StartAt: name, States: []asl.State{s}, Extra: map[string]json.RawMessage{"x-mine": json.RawMessage(`1`)}}
		text, err := json.Marshal(m)
		require.NoError(t, err)
		back, err := asl.Parse(text)
		require.NoError(t, err)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
		for _, f := range reflect.VisibleFields(reflect.TypeOf(s).Elem()) {
			if f.Name != "Name" && f.Name != "Extra" {
				require.Contains(t, string(text), `"`+f.Name+`":`)
			}
		}
		require.Contains(t, string(again), `"x-unknown":{"a":[1,2]}`)
	}
}

// fill sets every field to something.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "Operator" || v.Type().Field(i).Name == "Value" {
				continue
			}
			fill(v.Field(i), depth)
		}
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(3)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Interface:
		v.Set(reflect.ValueOf(json.RawMessage(`{"b.$":"$.x","a":1}`)))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]json.RawMessage{"x-unknown": json.RawMessage(`{"a":[1,2]}`)}))
	case reflect.Pointer:
		if depth < 3 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth+1)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]asl.State]() {
			v.Set(reflect.ValueOf([]asl.State{&asl.PassState{Name: "inner", End: true}}))
		} else if depth < 3 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), depth+1)
		}
	}
}

func TestBuilderLinksStates(t *testing.T) {
	first := &asl.PassState{Name: "A"}
	m := asl.MustMachine(
		first,
		&asl.ChoiceState{Name: "B", Choices: []asl.Rule{
			asl.WhenAll(asl.When("$.n", "NumericGreaterThan", 1), asl.WhenNot(asl.When("$.s", "IsPresent", false))).Then("C"),
		}, Default: "D"},
		&asl.WaitState{Name: "C", Seconds: 5},
		&asl.SucceedState{Name: "D"})
	require.Empty(t, first.Next, "what was given is not changed")
	require.JSONEq(t, `{"StartAt":"A","States":{
		"A":{"Type":"Pass","Next":"B"},
		"B":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.n","NumericGreaterThan":1},{"Not":{"Variable":"$.s","IsPresent":false}}],"Next":"C"}],"Default":"D"},
		"C":{"Type":"Wait","Seconds":5,"Next":"D"},
		"D":{"Type":"Succeed"}}}`, m.String())
	require.Equal(t, "C", m.State("C").StateName())
	require.Nil(t, m.State("E"))
	_, err := asl.NewMachine()
	require.ErrorContains(t, err, "needs a state")
	_, err = asl.NewMachine(&asl.PassState{})
	require.ErrorContains(t, err, "has no name")
	require.PanicsWithValue(t, `asl: invalid state machine definition: MISSING_TRANSITION_TARGET: Missing 'Next' target: no at /States/A/Next`, func() {
		asl.MustMachine(&asl.PassState{Name: "A", Next: "no"})
	})
}

func TestFindingsHaveTheirPlaces(t *testing.T) {
	state := func(s string) string { return `{"StartAt":"A","States":{"A":{` + s + `}}}` }
	tests := []struct{ name, definition, want string }{
		{"no JSON", `{`, `INVALID_JSON_DESCRIPTION: Unexpected end-of-input: expected close marker for Object`},
		{"no object", `[]`, `SCHEMA_VALIDATION_FAILED: Expected an object, got an array at /`},
		{"nothing", `{}`, `SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt, States] at /`},
		{"no states", `{"StartAt":"A","States":{}}`, `SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States`},
		{"start", `{"StartAt":"B","States":{"A":{"Type":"Pass","End":true}}}`, `MISSING_TRANSITION_TARGET: Missing 'StartAt' target: B at /StartAt`},
		{"type", state(`"Type":"X"`), `SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/A/Type`},
		{"no type", state(`"End":true`), `SCHEMA_VALIDATION_FAILED: These fields are required: [Type] at /States/A`},
		{"unreachable", `{"StartAt":"A","States":{"A":{"Type":"Pass","End":true},"B":{"Type":"Succeed"}}}`, `MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B`},
		{"next and end", state(`"Type":"Pass","Next":"A","End":true`), `SCHEMA_VALIDATION_FAILED: Only one of these fields is allowed: [Next, End] at /States/A`},
		{"neither", state(`"Type":"Pass"`), `SCHEMA_VALIDATION_FAILED: One of these fields is required: [Next, End] at /States/A`},
		{"no resource", state(`"Type":"Task","End":true`), `SCHEMA_VALIDATION_FAILED: These fields are required: [Resource] at /States/A`},
		{"resource", state(`"Type":"Task","Resource":"charge","End":true`), `SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at /States/A/Resource`},
		{"service resource", state(`"Type":"Task","Resource":"arn:aws:sns:us-east-1:123456789012:T","End":true`), `SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:sns:us-east-1:123456789012:T is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/A/Resource`},
		{"credentials", state(`"Type":"Task","Resource":"${F}","Credentials":{},"End":true`), `SCHEMA_VALIDATION_FAILED: The field 'RoleArn' is required but was missing at /States/A/Credentials`},
		{"heartbeat", state(`"Type":"Task","Resource":"${F}","TimeoutSeconds":5,"HeartbeatSeconds":5,"End":true`), `SCHEMA_VALIDATION_FAILED: HeartbeatSeconds must be smaller than TimeoutSeconds at /States/A/HeartbeatSeconds`},
		{"path", state(`"Type":"Pass","InputPath":"a.b","End":true`), `SCHEMA_VALIDATION_FAILED: The value for the field 'InputPath' must be a valid JSONPath at /States/A/InputPath`},
		{"reference path", state(`"Type":"Pass","ResultPath":"$.a[*]","End":true`), `SCHEMA_VALIDATION_FAILED: The value for the field 'ResultPath' must be a valid Reference Path at /States/A/ResultPath`},
		{"template", state(`"Type":"Pass","Parameters":{"a":[{"b.$":"States.No()"}]},"End":true`), `SCHEMA_VALIDATION_FAILED: The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters/a/0/b.$`},
		{"wrong field", state(`"Type":"Pass","Resource":"x","End":true`), `SCHEMA_VALIDATION_FAILED: The field 'Resource' is not supported by the state type 'Pass' at /States/A/Resource`},
		{"JSONata field", state(`"Type":"Pass","Output":1,"End":true`), `SCHEMA_VALIDATION_FAILED: The field 'Output' is only supported when 'QueryLanguage' is 'JSONata' at /States/A/Output`},
		{"JSONPath field", state(`"Type":"Pass","QueryLanguage":"JSONata","InputPath":"$","End":true`), `SCHEMA_VALIDATION_FAILED: The JSONPath field 'InputPath' is not supported when 'QueryLanguage' is 'JSONata' at /States/A/InputPath`},
		{"language", `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","QueryLanguage":"JSONPath","End":true}}}`, `SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A/QueryLanguage`},
		{"wait", state(`"Type":"Wait","End":true`), `SCHEMA_VALIDATION_FAILED: One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/A`},
		{"two waits", state(`"Type":"Wait","Seconds":1,"Timestamp":"2020-01-01T00:00:00Z","End":true`), `SCHEMA_VALIDATION_FAILED: Only one of these fields is allowed: [Seconds, Timestamp] at /States/A`},
		{"fail", state(`"Type":"Fail","Error":"a","ErrorPath":"$.a"`), `SCHEMA_VALIDATION_FAILED: Only one of these fields is allowed: [Error, ErrorPath] at /States/A`},
		{"choices", state(`"Type":"Choice","Choices":[]`), `SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/A/Choices`},
		{"rule", state(`"Type":"Choice","Choices":[{"Variable":"$.a","Next":"A"}]`), `SCHEMA_VALIDATION_FAILED: A rule needs one of And, Or, Not or a comparison operator at /States/A/Choices/0`},
		{"operand", state(`"Type":"Choice","Choices":[{"And":[{"Variable":"$.a","NumericEquals":"1"}],"Next":"A"}]`), `SCHEMA_VALIDATION_FAILED: Expected a number, got "1" at /States/A/Choices/0/And/0/NumericEquals`},
		{"nested next", state(`"Type":"Choice","Choices":[{"Not":{"Variable":"$.a","IsNull":true,"Next":"A"},"Next":"A"}]`), `SCHEMA_VALIDATION_FAILED: The field 'Next' is only allowed in a rule at the top at /States/A/Choices/0/Not/Next`},
		{"retry", state(`"Type":"Task","Resource":"${F}","Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["X"]}],"End":true`), `SCHEMA_VALIDATION_FAILED: States.ALL must be the only element of its list and stand in the last entry at /States/A/Retry/0/ErrorEquals`},
		{"backoff", state(`"Type":"Task","Resource":"${F}","Retry":[{"ErrorEquals":["X"],"BackoffRate":0.5}],"End":true`), `SCHEMA_VALIDATION_FAILED: Expected a number from 1, got 0.5 at /States/A/Retry/0/BackoffRate`},
		{"reserved", state(`"Type":"Task","Resource":"${F}","Catch":[{"ErrorEquals":["States.Mine"],"Next":"A"}],"End":true`), `SCHEMA_VALIDATION_FAILED: Error name 'States.Mine' is not one of the reserved names that begin with 'States.' at /States/A/Catch/0/ErrorEquals/0`},
		{"catch target", state(`"Type":"Task","Resource":"${F}","Catch":[{"ErrorEquals":["X"],"Next":"B"}],"End":true`), `MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Catch/0/Next`},
		{"branches", state(`"Type":"Parallel","Branches":[],"End":true`), `SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/A/Branches`},
		{"inside", state(`"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Pass","Next":"A"}}}],"End":true`), `MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /States/A/Branches/0/States/B/Next`},
		{"twice", state(`"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}],"End":true`), `DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/Branches/0/States/A`},
		{"map", state(`"Type":"Map","End":true`), `SCHEMA_VALIDATION_FAILED: These fields are required: [ItemProcessor] at /States/A`},
		{"distributed", state(`"Type":"Map","ItemReader":{},"Iterator":{"StartAt":"B","States":{"B":{"Type":"Succeed"}}},"End":true`), `SCHEMA_VALIDATION_FAILED: The field 'ItemReader' is only supported by a Map state in DISTRIBUTED mode at /States/A/ItemReader`},
		{"variable", state(`"Type":"Pass","Assign":{"1a":1},"End":true`), `SCHEMA_VALIDATION_FAILED: The variable name '1a' is not valid at /States/A/Assign/1a`},
		{"pointer", `{"StartAt":"a/b~","States":{"a/b~":{"Type":"No"}}}`, `SCHEMA_VALIDATION_FAILED: ` + `The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/a~1b~0/Type`},
		{"long name", `{"StartAt":"` + strings.Repeat("x", 81) + `","States":{"` + strings.Repeat("x", 81) + `":{"Type":"Succeed"}}}`, `SCHEMA_VALIDATION_FAILED: State name is 81 characters long, more than 80 at /States/` + strings.Repeat("x", 81)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range asl.Validate([]byte(tt.definition)) {
				if f.Severity == asl.SeverityError {
					got = append(got, f.String())
				}
			}
			require.Contains(t, got, tt.want)
		})
	}
}

func TestWarnings(t *testing.T) {
	findings := asl.Validate([]byte(`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Comnent":"x","End":true}}}`))
	require.Len(t, findings, 2)
	require.Equal(t, asl.SeverityWarning, findings[0].Severity)
	require.Equal(t, "/States/A/Comnent", findings[0].Location)
	require.Contains(t, findings[1].Message, "hangs")
}

func TestParseRefusesOtherShapes(t *testing.T) {
	_, err := asl.Parse([]byte(`{"StartAt":1,"States":{"A":{"Type":"Task","Retry":[{"MaxAttempts":"x"}],"Resource":"r","End":1}},"TimeoutSeconds":"x"}`))
	var d *asl.DefinitionError
	require.ErrorAs(t, err, &d)
	var places []string
	for _, f := range d.Findings {
		places = append(places, f.Location)
	}
	require.Equal(t, []string{"/StartAt", "/States/A/Retry/0/MaxAttempts", "/States/A/End", "/TimeoutSeconds"}, places)
}

func TestMermaid(t *testing.T) {
	text, err := os.ReadFile("testdata/orders.asl.json")
	require.NoError(t, err)
	m, err := asl.Parse(text)
	require.NoError(t, err)
	golden := "testdata/orders.mmd"
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(golden, []byte(m.Mermaid()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), m.Mermaid())
}

func FuzzDefinition(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.asl.json")
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		findings := asl.Validate(text)
		m, err := asl.Parse(text)
		if err != nil {
			require.NotEmpty(t, findings, "what cannot be parsed is not valid")
			return
		}
		_ = m.Mermaid()
		once, err := json.Marshal(m)
		require.NoError(t, err)
		back, err := asl.Parse(once)
		require.NoError(t, err)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(once), string(again))
	})
}
