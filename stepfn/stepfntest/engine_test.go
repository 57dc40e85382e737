package stepfntest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// machine parses a definition that a test writes as JSON.
func machine(t *testing.T, definition string) *asl.Machine {
	t.Helper()
	m, err := asl.Parse([]byte(definition))
	require.NoError(t, err)
	return m
}

// states makes a machine that starts at the state named A.
func states(t *testing.T, inner string) *asl.Machine {
	t.Helper()
	return machine(t, `{"StartAt": "A", "States": {`+inner+`}}`)
}

// execute runs a machine in a bubble.
func execute(t *testing.T, m *asl.Machine, input string, prepare func(*stepfntest.StepFunctions)) stepfntest.Execution {
	t.Helper()
	var x stepfntest.Execution
	synctest.Test(t, func(t *testing.T) {
		machines := stepfntest.New(t)
		if prepare != nil {
			prepare(machines)
		}
		var err error
		x, err = machines.Execute(t.Context(), machines.Create("M", m), []byte(input))
		require.NoError(t, err)
	})
	return x
}

// The data flow of a state, its context and its variables.
func TestDataFlow(t *testing.T) {
	const in = `{"a": 1, "list": [{"v": 1}, {"v": 2, "w": 3}], "detail-type": "x", "s": "t", "nested": {"b": [10, 20, 30]}}`
	tests := []struct{ name, state, want string }{
		{"as it is", `"Type":"Pass","End":true`, `{"a":1,"list":[{"v":1},{"v":2,"w":3}],"detail-type":"x","s":"t","nested":{"b":[10,20,30]}}`},
		{"input path", `"Type":"Pass","InputPath":"$.nested","End":true`, `{"b":[10,20,30]}`},
		{"no input", `"Type":"Pass","InputPath":null,"End":true`, `{}`},
		{"no output", `"Type":"Pass","OutputPath":null,"End":true`, `{}`},
		{"discarded result", `"Type":"Pass","Result":5,"ResultPath":null,"OutputPath":"$.a","End":true`, `1`},
		{"result", `"Type":"Pass","Result":{"z":1,"y":2},"End":true`, `{"z":1,"y":2}`},
		{"result path", `"Type":"Pass","Result":5,"ResultPath":"$.nested.c.d","OutputPath":"$.nested","End":true`, `{"b":[10,20,30],"c":{"d":5}}`},
		{"result path index", `"Type":"Pass","Result":5,"ResultPath":"$.nested.b[1]","OutputPath":"$.nested.b","End":true`, `[10,5,30]`},
		{"template", `"Type":"Pass","Parameters":{"k":[{"x.$":"$.s"},"$.s"],"h.$":"$.detail-type"},"End":true`, `{"k":[{"x":"t"},"$.s"],"h":"x"}`},
		{"indefinite", `"Type":"Pass","Parameters":{"v.$":"$.list[*].v","w.$":"$.list[*].nothing","f.$":"$.list[?(@.v > 1)].w"},"End":true`, `{"v":[1,2],"w":[],"f":[3]}`},
		{"slices and deep scans", `"Type":"Pass","Parameters":{"a.$":"$.nested.b[0:2]","b.$":"$..v","c.$":"$.nested.b[-1]","d.$":"$.[\"a\"]"},"End":true`, `{"a":[10,20],"b":[1,2],"c":30,"d":1}`},
		{"context", `"Type":"Pass","Parameters":{"n.$":"$$.State.Name","m.$":"$$.StateMachine.Name","a.$":"$$.Execution.Input.a","t.$":"$$.Execution.StartTime","r.$":"$$.State.RetryCount"},"End":true`, `{"n":"A","m":"M","a":1,"t":"2000-01-01T00:00:00.000Z","r":0}`},
		{"whole context", `"Type":"Pass","Parameters":{"c.$":"$$"},"OutputPath":"$.c.State.Name","End":true`, `"A"`},
		{"variables", `"Type":"Pass","Assign":{"x.$":"$.a","y":2},"Next":"B"},"B":{"Type":"Pass","Assign":{"x.$":"$y","y.$":"$x"},"Next":"C"},"C":{"Type":"Pass","Parameters":{"x.$":"$x","y.$":"$y"},"End":true`, `{"x":2,"y":1}`},
		{"variable paths", `"Type":"Pass","Assign":{"n.$":"$.nested"},"Next":"B"},"B":{"Type":"Pass","Parameters":{"x.$":"$n.b[1]","s.$":"States.Format('{}!', $n.b[0])"},"End":true`, `{"x":20,"s":"10!"}`},
		{"succeed", `"Type":"Succeed","OutputPath":"$.s"`, `"t"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := execute(t, states(t, `"A":{`+tt.state+`}`), in, nil)
			require.NoError(t, x.Err())
			require.JSONEq(t, tt.want, x.Output)
		})
	}
}

func TestRuntimeErrorsSayWhere(t *testing.T) {
	prefix := "An error occurred while executing the state 'A' (entered at the event id #2). "
	tests := []struct{ name, state, want string }{
		{"input path", `"Type":"Pass","InputPath":"$.x","End":true`, `Invalid path '$.x' : No results for path: $['x']`},
		{"deeper", `"Type":"Pass","InputPath":"$.x.y","End":true`, `Invalid path '$.x.y' : Missing property in path $['x']`},
		{"parameter", `"Type":"Pass","Parameters":{"value.$":"$.x"},"End":true`, `The JSONPath '$.x' specified for the field 'value.$' could not be found in the input '{"a":1}'`},
		{"choice", `"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"Next":"A"}],"Default":"A"`, `Invalid path '$.x': The choice state's condition path references an invalid value.`},
		{"no choice", `"Type":"Choice","Choices":[{"Variable":"$.a","NumericEquals":2,"Next":"A"}]`, `Failed to transition out of the state. The state does not point to a next state.`},
		{"wait", `"Type":"Wait","SecondsPath":"$.x","End":true`, `The SecondsPath parameter does not reference an input value: $.x`},
		{"fail", `"Type":"Fail","ErrorPath":"$.x"`, `The JSONPath '$.x' specified for the field 'ErrorPath' could not be found in the input '{"a":1}'`},
		{"map", `"Type":"Map","ItemsPath":"$.a","ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}},"End":true`, `Map state input must be an array but was: 1`},
		{"intrinsic", `"Type":"Pass","Parameters":{"v.$":"States.ArrayGetItem(States.Array(1), 5)"},"End":true`, `The function 'States.ArrayGetItem(States.Array(1), 5)' had the following error: the index 5 is out of bounds for an array of length 1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := execute(t, states(t, `"A":{`+tt.state+`}`), `{"a":1}`, nil)
			require.Equal(t, stepfntest.StatusFailed, x.Status)
			require.Equal(t, "States.Runtime", x.Error)
			require.Equal(t, prefix+tt.want, x.Cause)
		})
	}
}

func TestChoiceOperators(t *testing.T) {
	const in = `{"s":"b","n":2,"f":2.50,"t":"2020-01-02T00:00:00Z","o":"2020-01-02T01:00:00+01:00","y":true,"z":null,"s2":"b","star":"a*b","l":[]}`
	tests := []struct {
		rule string
		want bool
	}{
		{`"Variable":"$.s","StringEquals":"b"`, true},
		{`"Variable":"$.s","StringEqualsPath":"$.s2"`, true},
		{`"Variable":"$.s","StringLessThan":"c"`, true},
		{`"Variable":"$.s","StringGreaterThan":"b"`, false},
		{`"Variable":"$.s","StringLessThanEquals":"b"`, true},
		{`"Variable":"$.s","StringGreaterThanEqualsPath":"$.s2"`, true},
		{`"Variable":"$.n","StringEquals":"2"`, false},
		{`"Variable":"$.star","StringMatches":"a\\*b"`, true},
		{`"Variable":"$.s","StringMatches":"a\\*b"`, false},
		{`"Variable":"$.t","StringMatches":"2020*T*Z"`, true},
		{`"Variable":"$.s","StringMatches":"*"`, true},
		{`"Variable":"$.s","StringMatches":"b*b"`, false},
		{`"Variable":"$.n","NumericEquals":2.0`, true},
		{`"Variable":"$.f","NumericGreaterThan":2.4`, true},
		{`"Variable":"$.n","NumericLessThanPath":"$.f"`, true},
		{`"Variable":"$.n","NumericLessThanEquals":1`, false},
		{`"Variable":"$.n","NumericGreaterThanEquals":2`, true},
		{`"Variable":"$.s","NumericEquals":2`, false},
		{`"Variable":"$.t","TimestampEquals":"2020-01-02T00:00:00.000Z"`, true},
		{`"Variable":"$.t","TimestampEqualsPath":"$.o"`, true},
		{`"Variable":"$.t","TimestampLessThan":"2020-01-02T00:00:01Z"`, true},
		{`"Variable":"$.t","TimestampGreaterThanEquals":"2020-01-02T00:00:01Z"`, false},
		{`"Variable":"$.y","BooleanEquals":true`, true},
		{`"Variable":"$.y","BooleanEqualsPath":"$.y"`, true},
		{`"Variable":"$.z","IsNull":true`, true},
		{`"Variable":"$.n","IsNull":false`, true},
		{`"Variable":"$.z","IsPresent":true`, true},
		{`"Variable":"$.no","IsPresent":false`, true},
		{`"Variable":"$.no.deeper","IsPresent":true`, false},
		{`"Variable":"$.n","IsNumeric":true`, true},
		{`"Variable":"$.s","IsNumeric":false`, true},
		{`"Variable":"$.s","IsString":true`, true},
		{`"Variable":"$.y","IsBoolean":true`, true},
		{`"Variable":"$.t","IsTimestamp":true`, true},
		{`"Variable":"$.s","IsTimestamp":true`, false},
		{`"And":[{"Variable":"$.n","NumericEquals":2},{"Variable":"$.s","StringEquals":"b"}]`, true},
		{`"And":[{"Variable":"$.n","NumericEquals":2},{"Variable":"$.s","StringEquals":"c"}]`, false},
		{`"Or":[{"Variable":"$.n","NumericEquals":3},{"Not":{"Variable":"$.s","StringEquals":"c"}}]`, true},
		{`"Not":{"Variable":"$.n","NumericEquals":2}`, false},
		{`"And":[{"Variable":"$.no","IsPresent":true},{"Variable":"$.no","StringEquals":"c"}]`, false},
	}
	for _, tt := range tests {
		x := execute(t, states(t, `"A":{"Type":"Choice","Choices":[{`+tt.rule+`,"Next":"T"}],"Default":"F"},"T":{"Type":"Succeed"},"F":{"Type":"Succeed"}`), in, nil)
		require.NoError(t, x.Err(), tt.rule)
		require.Equal(t, map[bool]string{true: "T", false: "F"}[tt.want], x.Path[1], tt.rule)
	}
	require.Len(t, asl.Operators(), 39)
}

func TestIntrinsicFunctions(t *testing.T) {
	const in = `{"a":[1,2,2,3],"s":"x,y;z","o":{"k":1},"p":{"k":2,"q":3},"j":"{\"m\":[1]}","i":1}`
	tests := []struct{ call, want string }{
		{`States.Array(1, 'two', $.i, null, true)`, `[1,"two",1,null,true]`},
		{`States.ArrayPartition($.a, 3)`, `[[1,2,2],[3]]`},
		{`States.ArrayContains($.a, 3)`, `true`},
		{`States.ArrayRange(1, 9, 4)`, `[1,5,9]`},
		{`States.ArrayRange(3, 1, -1)`, `[3,2,1]`},
		{`States.ArrayGetItem($.a, $.i)`, `2`},
		{`States.ArrayLength($.a)`, `4`},
		{`States.ArrayUnique($.a)`, `[1,2,3]`},
		{`States.Base64Encode('hello')`, `"aGVsbG8="`},
		{`States.Base64Decode('aGVsbG8=')`, `"hello"`},
		{`States.Hash('input data', 'SHA-1')`, `"aaff4a450a104cd177d28d18d74485e8cae074b7"`},
		{`States.JsonMerge($.o, $.p, false)`, `{"k":2,"q":3}`},
		{`States.StringToJson($.j)`, `{"m":[1]}`},
		{`States.JsonToString($.o)`, `"{\"k\":1}"`},
		{`States.MathAdd(111, -1)`, `110`},
		{`States.StringSplit($.s, ',;')`, `["x","y","z"]`},
		{`States.Format('{} is \'{}\' \{\}', $.i, $.o)`, `"1 is '{\"k\":1}' {}"`},
		{`States.ArrayLength(States.StringSplit(States.Format('{},{}', 1, 2), ','))`, `2`},
	}
	for _, tt := range tests {
		call, _ := json.Marshal(tt.call)
		x := execute(t, states(t, `"A":{"Type":"Pass","Parameters":{"v.$":`+string(call)+`},"OutputPath":"$.v","End":true}`), in, nil)
		require.NoError(t, x.Err(), tt.call)
		require.JSONEq(t, tt.want, x.Output, tt.call)
	}
	x := execute(t, states(t, `"A":{"Type":"Pass","Parameters":{"u.$":"States.UUID()","r.$":"States.MathRandom(1, 3)","s.$":"States.MathRandom(1, 1000, 7)"},"End":true}`), in, nil)
	require.Regexp(t, `"u":"[0-9a-f-]{36}","r":[12],"s":\d+`, strings.ReplaceAll(reorder(x.Output), " ", ""))
}

func reorder(s string) string {
	var v struct {
		U string
		R int
		S int
	}
	_ = json.Unmarshal([]byte(s), &v)
	return fmt.Sprintf(`{"u":"%s","r":%d,"s":%d}`, v.U, v.R, v.S)
}

const fn = "arn:aws:lambda:us-east-1:123456789012:function:F"

// Busy is an error with a name.
type Busy struct{} //nolint:errname // the name that the machine sees

func (*Busy) Error() string { return "busy" }

func TestRetriesComeExactlyWhenTheyShould(t *testing.T) {
	var at []time.Duration
	x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","End":true,
		"Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":2,"BackoffRate":3,"MaxAttempts":4,"MaxDelaySeconds":20},{"ErrorEquals":["States.ALL"],"MaxAttempts":1}]}`),
		`{}`, func(m *stepfntest.StepFunctions) {
			begin := time.Now()
			m.Function(fn, func(context.Context, []byte) ([]byte, error) {
				at = append(at, time.Since(begin))
				if len(at) == 3 {
					return nil, errors.New("other")
				}
				return nil, &Busy{}
			})
		})
	require.Equal(t, "Busy", x.Error)
	require.Equal(t, `{"errorMessage":"busy","errorType":"Busy"}`, x.Cause)
	// 2 s, 6 s, 1 s of the other retrier, 18 s, 20 s
	require.Equal(t, []time.Duration{0, 2 * time.Second, 8 * time.Second, 9 * time.Second, 27 * time.Second, 47 * time.Second}, at)
}

func TestJitterStaysBelowTheDelay(t *testing.T) {
	var last time.Time
	var gaps []time.Duration
	execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","End":true,"Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":100,"BackoffRate":1,"MaxAttempts":50,"JitterStrategy":"FULL"}]}`),
		`{}`, func(m *stepfntest.StepFunctions) {
			m.Function(fn, func(context.Context, []byte) ([]byte, error) {
				if !last.IsZero() {
					gaps = append(gaps, time.Since(last))
				}
				last = time.Now()
				return nil, &Busy{}
			})
		})
	require.Len(t, gaps, 50)
	var sum time.Duration
	for _, g := range gaps {
		require.LessOrEqual(t, g, 100*time.Second)
		sum += g
	}
	require.InDelta(t, 50, (sum / 50).Seconds(), 25, "a mean of about half the delay")
}

func TestCatch(t *testing.T) {
	x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","End":true,"Catch":[
		{"ErrorEquals":["Other"],"Next":"B"},{"ErrorEquals":["States.TaskFailed"],"ResultPath":"$.error","Assign":{"name.$":"$.Error"},"Next":"C"}]},
		"B":{"Type":"Fail"},"C":{"Type":"Pass","Parameters":{"n.$":"$name","e.$":"$.error.Error","in.$":"$.x"},"End":true}`),
		`{"x":7}`, func(m *stepfntest.StepFunctions) {
			m.Function(fn, func(context.Context, []byte) ([]byte, error) { return nil, &Busy{} })
		})
	require.NoError(t, x.Err())
	require.JSONEq(t, `{"n":"Busy","e":"Busy","in":7}`, x.Output)
	var kinds []string
	for _, e := range x.History {
		kinds = append(kinds, e.Type)
	}
	require.Equal(t, []string{
		"ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionFailed",
		"TaskStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
	}, kinds)
	require.Equal(t, map[string]string{"name": `"Busy"`}, x.History[5].StateExited.AssignedVariables)
}

func TestWhatNoCatchCatches(t *testing.T) {
	catch := `"Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}],"Retry":[{"ErrorEquals":["States.ALL"]}]`
	tests := []struct{ name, params, size, want string }{
		{"runtime", `"Parameters":{"x.$":"$.missing"},`, "", "States.Runtime"},
		{"data limit", "", strings.Repeat("x", 262_145), "States.DataLimitExceeded"},
	}
	for _, tt := range tests {
		x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`",`+tt.params+catch+`,"End":true},"B":{"Type":"Succeed"}`), `{}`,
			func(m *stepfntest.StepFunctions) {
				m.Function(fn, func(context.Context, []byte) ([]byte, error) { return json.Marshal(tt.size) })
			})
		require.Equal(t, tt.want, x.Error, tt.name)
	}
	x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"Next":"B"}],"End":true},"B":{"Type":"Succeed"}`), `{}`,
		func(m *stepfntest.StepFunctions) {
			m.Function(fn, func(context.Context, []byte) ([]byte, error) { return json.Marshal(strings.Repeat("x", 262_145)) })
		})
	require.NoError(t, x.Err(), "by its own name")
	x = execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","TimeoutSeconds":5,"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"B"}],"End":true},"B":{"Type":"Succeed"}`), `{}`,
		func(m *stepfntest.StepFunctions) {
			m.Function(fn, func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
		})
	require.Equal(t, "States.Timeout", x.Error, "a time-out is no TaskFailed")
	require.Equal(t, 5*time.Second, x.Stopped.Sub(x.Started))
	require.Equal(t, "LambdaFunctionTimedOut", x.History[4].Type)
}

func TestParallel(t *testing.T) {
	slow := func(name, next string, seconds int) string {
		return fmt.Sprintf(`{"StartAt":"%[1]s","States":{"%[1]s":{"Type":"Wait","Seconds":%[2]d,"Next":"%[3]s"},"%[3]s":{"Type":"Pass","Result":"%[1]s","End":true}}}`, name, seconds, next)
	}
	x := execute(t, states(t, `"A":{"Type":"Parallel","Branches":[`+slow("W1", "P1", 30)+`,`+slow("W2", "P2", 10)+`],"ResultPath":"$.r","End":true}`), `{"k":1}`, nil)
	require.NoError(t, x.Err())
	require.JSONEq(t, `{"k":1,"r":["W1","W2"]}`, x.Output)
	require.Equal(t, 30*time.Second, x.Stopped.Sub(x.Started), "at the same time")

	failing := `{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"Broken","Cause":"why"}}}`
	x = execute(t, states(t, `"A":{"Type":"Parallel","Branches":[`+slow("W1", "P1", 30)+`,`+failing+`],"Catch":[{"ErrorEquals":["Broken"],"Next":"C"}],"End":true},"C":{"Type":"Pass","End":true}`), `{"k":1}`, nil)
	require.NoError(t, x.Err())
	require.JSONEq(t, `{"Error":"Broken","Cause":"why"}`, x.Output)
	require.Equal(t, time.Duration(0), x.Stopped.Sub(x.Started), "the slow branch is given up")
	var kinds []string
	for _, e := range x.History {
		kinds = append(kinds, e.Type)
	}
	require.Equal(t, []string{
		"ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted", "WaitStateEntered", "FailStateEntered", "WaitStateAborted",
		"ParallelStateFailed", "ParallelStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
	}, kinds)
	require.EqualValues(t, 3, x.History[4].PreviousID, "events chain by cause")
}

func TestMap(t *testing.T) {
	m := states(t, `"A":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,
		"ItemSelector":{"v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","k.$":"$.k"},
		"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"`+fn+`","End":true}}},"ResultPath":"$.out","End":true}`)
	var running, most atomic.Int32
	prepare := func(ms *stepfntest.StepFunctions) {
		ms.Function(fn, func(_ context.Context, p []byte) ([]byte, error) {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			return p, nil
		})
	}
	x := execute(t, m, `{"k":9,"items":["a","b","c","d","e"]}`, prepare)
	require.NoError(t, x.Err())
	var out struct {
		Out []struct {
			V    string
			I, K int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(x.Output), &out))
	require.Len(t, out.Out, 5)
	require.Equal(t, "e", out.Out[4].V)
	require.Equal(t, 4, out.Out[4].I)
	require.Equal(t, 9, out.Out[4].K)
	require.EqualValues(t, 2, most.Load())
	require.Equal(t, 3*time.Second, x.Stopped.Sub(x.Started))

	x = execute(t, m, `{"k":9,"items":[]}`, prepare)
	require.NoError(t, x.Err())
	require.JSONEq(t, `{"k":9,"items":[],"out":[]}`, x.Output)
}

func TestMapFailureAbortsTheOthers(t *testing.T) {
	x := execute(t, states(t, `"A":{"Type":"Map","ItemProcessor":{"StartAt":"C","States":{
		"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":2,"Next":"F"}],"Default":"W"},
		"W":{"Type":"Wait","Seconds":60,"End":true},"F":{"Type":"Fail","Error":"Two"}}},"End":true}`), `[1,2,3]`, nil)
	require.Equal(t, "Two", x.Error)
	count := map[string]int{}
	for _, e := range x.History {
		count[e.Type]++
	}
	require.Equal(t, 3, count["MapIterationStarted"])
	require.Equal(t, 1, count["MapIterationFailed"])
	require.Equal(t, 2, count["MapIterationAborted"])
	require.Equal(t, 1, count["MapStateFailed"])
}

func TestMocks(t *testing.T) {
	x := execute(t, states(t, `"A":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:ec2:describeInstances","Parameters":{},"Retry":[{"ErrorEquals":["States.ALL"]}],"End":true}`), `{}`,
		func(m *stepfntest.StepFunctions) {
			m.Mock("M", "A", stepfntest.Throw("Ec2.Busy", "later").Times(2), stepfntest.Return(map[string]int{"n": 1}).After(time.Minute))
		})
	require.NoError(t, x.Err())
	require.JSONEq(t, `{"n":1}`, x.Output)
	require.Equal(t, 63*time.Second, x.Stopped.Sub(x.Started))
}

func TestFunctionErrorsAreReportedAsLambdaDoes(t *testing.T) {
	tests := []struct {
		name        string
		f           func(context.Context, []byte) ([]byte, error)
		error, want string
	}{
		{"a type", func(context.Context, []byte) ([]byte, error) { return nil, &Busy{} }, "Busy", `{"errorMessage":"busy","errorType":"Busy"}`},
		{"errors.New", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("x") }, "errorString", `{"errorMessage":"x","errorType":"errorString"}`},
		{"wrapped", func(context.Context, []byte) ([]byte, error) { return nil, fmt.Errorf("y: %w", &Busy{}) }, "wrapError", `{"errorMessage":"y: busy","errorType":"wrapError"}`},
		{"named", func(context.Context, []byte) ([]byte, error) {
			return nil, stepfn.ReportError(stepfn.WithErrorName("My.Name", errors.New("z")))
		}, "My.Name", `{"errorMessage":"z","errorType":"My.Name"}`},
		{"panic", func(context.Context, []byte) ([]byte, error) { panic("boom") }, "string", `{"errorMessage":"boom","errorType":"string"}`},
		{"bad payload", stepfntest.Func(func(context.Context, []string) (int, error) { return 0, nil }), "UnmarshalTypeError", `{"errorMessage":"json: cannot unmarshal object into Go value of type []string","errorType":"UnmarshalTypeError"}`},
		{"crash", func(context.Context, []byte) ([]byte, error) { stepfntest.Crash(); return nil, nil }, "Lambda.Unknown", "The cause could not be determined because Lambda did not return an error type. Returned payload: {\"errorMessage\":\"Runtime exited without providing a reason\"}"},
		{"too long", func(ctx context.Context, _ []byte) ([]byte, error) {
			time.Sleep(time.Hour)
			return nil, nil
		}, "Sandbox.Timedout", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","End":true}`), `{}`, func(m *stepfntest.StepFunctions) { m.Function(fn, tt.f) })
			require.Equal(t, tt.error, x.Error)
			if tt.want != "" {
				require.Equal(t, tt.want, x.Cause)
			}
		})
	}
	x := execute(t, states(t, `"A":{"Type":"Task","Resource":"`+fn+`","End":true}`), `{}`, nil)
	require.Equal(t, "Lambda.ResourceNotFoundException", x.Error)
	require.Equal(t, "LambdaFunctionScheduleFailed", x.History[3].Type)
}
