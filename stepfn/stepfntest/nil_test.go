package stepfntest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// refusal runs f and returns the sentence that it panics with, "" when it does
// not. A nil that is dereferenced is no sentence.
func refusal(t *testing.T, f func()) (sentence string) {
	t.Helper()
	defer func() {
		p := recover()
		if _, crash := p.(runtime.Error); crash {
			t.Errorf("%v", p)
		}
		if p != nil {
			sentence = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}

func TestNilArguments(t *testing.T) {
	m := stepfntest.New(nil, nil)
	require.Equal(t, "stepfntest: create M: the machine is nil", refusal(t, func() { m.Create("M", nil) }))
	require.Equal(t, "stepfntest: create M: the machine is nil", refusal(t, func() { m.CreateExpress("M", nil) }))
	require.Equal(t, "stepfntest: Func: the handler is nil", refusal(t, func() { stepfntest.Func[int, int](nil) }))

	x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","End":true}`), `{}`, func(m *stepfntest.StepFunctions) {
		m.Function(fn, func(context.Context, []byte) ([]byte, error) { return nil, nil })
		m.Function(fn, nil)
	})
	require.Equal(t, "Lambda.ResourceNotFoundException", x.Error, "nil takes a binding back")

	for _, outcome := range []stepfntest.Outcome{{}, stepfntest.Return(nil), stepfntest.Return(nil).Times(0), stepfntest.Throw("", "").Times(-1)} {
		x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","End":true}`), `null`, func(m *stepfntest.StepFunctions) {
			m.Mock("M", "A")
			m.Mock("", "A", outcome)
		})
		require.NotEqual(t, stepfntest.StatusRunning, x.Status)
	}
	require.Error(t, stepfntest.Execution{}.Err())
	_, err := m.Execute(t.Context(), "", nil)
	require.Error(t, err)
	require.Empty(t, m.Executions("none"))
}

// A mistake of the test is refused where it is made, with a sentence.
func TestMistakesHaveASentence(t *testing.T) {
	m := stepfntest.New(nil)
	machine := asl.MustMachine(&asl.PassState{Name: "A"})
	for want, call := range map[string]func(){
		"stepfntest: Function: the ARN is empty":      func() { m.Function("", nil) },
		"stepfntest: Mock: the state has no name":     func() { m.Mock("M", "", stepfntest.Return(nil)) },
		"stepfntest: After: the time -1s is negative": func() { stepfntest.Return(nil).After(-time.Second) },
		"stepfntest: create: the machine has no name": func() { m.Create("", machine) },
		"stepfntest: Options.KeepExecutions is -2; it is 0 or more, or -1 for all": func() {
			stepfntest.New(t, func(o *stepfntest.Options) { o.KeepExecutions = -2 })
		},
		"stepfntest: the StepFunctions is made by New; this one is nil or empty":                  func() { new(stepfntest.StepFunctions).Create("M", machine) },
		"stepfntest: a Fault is made by a method of a fake, such as Throttle; this one is empty":  func() { new(stepfntest.Fault).Times(1) },
		`stepfntest: Delay("StartExecution", -1s): a delay is not negative`:                       func() { m.Delay("StartExecution", -time.Second) },
		`stepfntest: no service here has the operation "Start": a fault of it would never happen`: func() { m.Throttle("Start") },
	} {
		require.Equal(t, want, refusal(t, call))
	}
}

// everything is a definition with every field that has a shape of its own.
const everything = `{"Comment":"c","StartAt":"A","TimeoutSeconds":1000,"Version":"1.0","QueryLanguage":"JSONPath","States":{
	"A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","InputPath":"$","Parameters":{"StateMachineArn":"x","Input":{"a":1},"Name":"n"},"ResultSelector":{"a.$":"$"},"ResultPath":"$.r","OutputPath":"$","TimeoutSeconds":9,"HeartbeatSeconds":3,"Credentials":{"RoleArn":"r"},
		"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":1,"MaxAttempts":1,"BackoffRate":1.5,"MaxDelaySeconds":3,"JitterStrategy":"FULL"}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"B","ResultPath":"$.e","Assign":{"v":1}}],"Assign":{"w.$":"$"},"Next":"B"},
	"B":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.a","NumericEquals":1},{"Not":{"Variable":"$.b","IsPresent":true}}],"Next":"C","Assign":{"v":2}},{"Variable":"$.s","StringEqualsPath":"$.s","Next":"C"}],"Default":"C"},
	"C":{"Type":"Parallel","Branches":[{"StartAt":"D","States":{"D":{"Type":"Pass","Result":{"a":1},"Parameters":{"x.$":"States.Format('{}',$)"},"End":true}}}],"ResultPath":"$.p","Next":"E"},
	"E":{"Type":"Map","ItemsPath":"$.p","ItemSelector":{"v.$":"$$.Map.Item.Value"},"MaxConcurrency":1,"ToleratedFailureCount":1,"ToleratedFailurePercentage":50,"ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"F","States":{"F":{"Type":"Wait","Seconds":1,"End":true}}},"ResultPath":"$.m","Next":"G"},
	"G":{"Type":"Wait","Timestamp":"2000-01-01T00:00:01Z","Next":"H"},"H":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"F","Payload":{"a":1},"Qualifier":"1","InvocationType":"Event"},"End":true}}}`

// variants yields copies of a JSON value in which one member or element, at
// any depth, is replaced.
func variants(v any, by []any, yield func(any)) {
	replace := func(at any, put func(any)) {
		for _, b := range by {
			put(b)
			yield(v)
		}
		put(at)
	}
	var descend func(at any)
	descend = func(at any) {
		switch at := at.(type) {
		case map[string]any:
			for name, c := range at {
				replace(c, func(n any) { at[name] = n })
				descend(c)
			}
		case []any:
			for i, c := range at {
				replace(c, func(n any) { at[i] = n })
				descend(c)
			}
		}
	}
	descend(v)
}

// Null, or a value of another kind, anywhere in a definition is refused or run.
func TestAResultThatJSONCannotHold(t *testing.T) {
	require.PanicsWithValue(t, "stepfntest: Return: the result has no JSON form: json: unsupported type: chan int", func() {
		stepfntest.Return(make(chan int))
	})
	m := stepfntest.New(t)
	_, err := m.Execute(t.Context(), m.Create("M", asl.MustMachine(&asl.SucceedState{Name: "S"})), make(chan int))
	require.EqualError(t, err, "stepfntest: Execute: the input has no JSON form: json: unsupported type: chan int")
	_, err = m.Execute(t.Context(), "M", 1)
	require.EqualError(t, err, "stepfntest: Execute: InvalidArn: Invalid Arn: 'M'")
}

func TestNullAnywhereInADefinition(t *testing.T) {
	var definition any
	require.NoError(t, json.Unmarshal([]byte(everything), &definition))
	ran := 0
	variants(definition, []any{nil, []any{nil}, map[string]any{"a": nil}}, func(v any) {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		require.Empty(t, refusal(t, func() {
			asl.Validate(text)
			m, err := asl.Parse(text)
			if err != nil {
				return
			}
			_, _ = m.String(), m.Mermaid()
			_ = m.Validate()
			answer := postRaw(t, stepfntest.New(nil), "CreateStateMachine", map[string]any{"name": "M", "definition": string(text), "roleArn": "arn:aws:iam::123456789012:role/r"})
			if strings.Contains(answer, "stateMachineArn") && m.Err() == nil {
				ran++
				executeNull(t, m)
			}
		}), string(text))
	})
	require.Greater(t, ran, 20)
}

// executeNull runs a machine with inputs that have nulls.
func executeNull(t *testing.T, m *asl.Machine) {
	t.Helper()
	for _, input := range []string{`null`, `{"a":null,"b":null,"s":null}`} {
		executeToTheEnd(t, m, input, func(m *stepfntest.StepFunctions) {
			m.Function("F", func(context.Context, []byte) ([]byte, error) { return nil, nil })
		})
	}
}

// postRaw sends a request as no SDK would, and returns the answer. A panic of
// the fake goes through to the test.
func postRaw(t *testing.T, m *stepfntest.StepFunctions, operation string, body any) string {
	t.Helper()
	text, ok := body.([]byte)
	if !ok {
		var err error
		text, err = json.Marshal(body)
		require.NoError(t, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://states.us-east-1.amazonaws.com/", bytes.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("X-Amz-Target", "AWSStepFunctions."+operation)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	res, err := m.Client().Options().HTTPClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var b bytes.Buffer
	_, err = b.ReadFrom(res.Body)
	require.NoError(t, err)
	require.Less(t, res.StatusCode, 500, "%s %s: %s", operation, text, b.String())
	return b.String()
}

// Null, or a value of another kind, anywhere in a request gets an answer.
func TestNullAnywhereInARequest(t *testing.T) {
	arn := account + "stateMachine:M"
	requests := map[string]string{
		"CreateStateMachine":               `{"name":"N","definition":"{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}","roleArn":"arn:aws:iam::123456789012:role/r","type":"STANDARD","tags":[{"key":"k","value":"v"}],"publish":false,"versionDescription":"d","encryptionConfiguration":{"type":"AWS_OWNED_KEY"},"tracingConfiguration":{"enabled":true},"loggingConfiguration":{"level":"ALL","includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"a"}}]}}`,
		"UpdateStateMachine":               `{"stateMachineArn":"` + arn + `","definition":"{}","roleArn":"x","loggingConfiguration":{"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"a"}}]},"tracingConfiguration":{"enabled":true}}`,
		"StartExecution":                   `{"stateMachineArn":"` + arn + `","name":"n","input":"{}","traceHeader":"t"}`,
		"StartSyncExecution":               `{"stateMachineArn":"` + arn + `","name":"n","input":"{}","traceHeader":"t","includedData":"ALL_DATA"}`,
		"StopExecution":                    `{"executionArn":"` + account + `execution:M:x","error":"e","cause":"c"}`,
		"DescribeExecution":                `{"executionArn":"` + account + `execution:M:x","includedData":"ALL_DATA"}`,
		"DescribeStateMachineForExecution": `{"executionArn":"` + account + `execution:M:x"}`,
		"GetExecutionHistory":              `{"executionArn":"` + account + `execution:M:x","maxResults":1,"nextToken":"t","reverseOrder":true,"includeExecutionData":true}`,
		"ListExecutions":                   `{"stateMachineArn":"` + arn + `","statusFilter":"RUNNING","maxResults":1,"nextToken":"t","redriveFilter":"REDRIVEN","mapRunArn":"m"}`,
		"ListStateMachines":                `{"maxResults":1,"nextToken":"t"}`,
		"DescribeStateMachine":             `{"stateMachineArn":"` + arn + `","includedData":"ALL_DATA"}`,
		"DeleteStateMachine":               `{"stateMachineArn":"` + account + `stateMachine:None"}`,
		"ValidateStateMachineDefinition":   `{"definition":"{}","type":"STANDARD","severity":"ERROR","maxResults":1}`,
		"CreateActivity":                   `{"name":"a","tags":[{"key":"k","value":"v"}],"encryptionConfiguration":{"type":"x"}}`,
		"DescribeActivity":                 `{"activityArn":"` + account + `activity:a"}`,
		"DeleteActivity":                   `{"activityArn":"` + account + `activity:a"}`,
		"ListActivities":                   `{"maxResults":1,"nextToken":"t"}`,
		"SendTaskSuccess":                  `{"taskToken":"t","output":"{}"}`,
		"SendTaskFailure":                  `{"taskToken":"t","error":"e","cause":"c"}`,
		"SendTaskHeartbeat":                `{"taskToken":"t"}`,
	}
	m := stepfntest.New(nil)
	m.Create("M", machine(t, `{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"End":true}}}`))
	postRaw(t, m, "StartExecution", map[string]any{"stateMachineArn": arn, "name": "x"})
	for operation, request := range requests {
		var body any
		require.NoError(t, json.Unmarshal([]byte(request), &body))
		postRaw(t, m, operation, body)
		for _, whole := range []string{``, `null`, `[]`, `[null]`, `""`, `0`, `{}`, `{"`, "\xff"} {
			require.Empty(t, refusal(t, func() { postRaw(t, m, operation, []byte(whole)) }), "%s %s", operation, whole)
		}
		variants(body, []any{nil, []any{nil}, []any{}, map[string]any{"a": nil}, "", 0, -1, true, []any{[]any{nil}}}, func(v any) {
			require.Empty(t, refusal(t, func() { postRaw(t, m, operation, v) }), "%s %v", operation, v)
		})
	}
}

// A parameter that is null is as good as none.
func TestNullParametersOfServices(t *testing.T) {
	bubble(t, func(r rig) {
		child := r.m.Create("Child", machine(r.t, `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`))
		x, err := r.m.Execute(r.t.Context(), r.m.Create("Parent", states(r.t, `"A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2",`+
			`"Parameters":{"StateMachineArn":"`+child+`","Input":null,"Name":null,"TraceHeader":null},"OutputPath":"$.Output","End":true}`)), nil)
		require.NoError(r.t, err)
		require.NoError(r.t, x.Err())
		require.Equal(r.t, `{}`, x.Output)
	})
}
