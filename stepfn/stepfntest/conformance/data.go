package conformance

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/suite"
)

// equalJSON compares values, whatever the order of keys and the blanks.
func equalJSON(t *testing.T, want, got string) {
	t.Helper()
	var a, b any
	suite.NoError(t, json.Unmarshal([]byte(want), &a))
	suite.NoError(t, json.Unmarshal([]byte(got), &b), got)
	suite.Equal(t, a, b)
}

// data checks how input becomes output.
func (c *checks) data() {
	const in = `{"a":1,"list":[{"v":1},{"v":2,"w":3}],"detail-type":"x","s":"t","nested":{"b":[10,20,30]}}`
	for _, row := range []struct{ name, state, want string }{
		{"an input path takes a part", `"Type":"Pass","InputPath":"$.nested","End":true`, `{"b":[10,20,30]}`},
		{"an input path of null takes nothing", `"Type":"Pass","InputPath":null,"End":true`, `{}`},
		{"an output path of null leaves nothing", `"Type":"Pass","OutputPath":null,"End":true`, `{}`},
		{"a result replaces the input", `"Type":"Pass","Result":{"z":1},"End":true`, `{"z":1}`},
		{"a result path of null keeps the input", `"Type":"Pass","Result":5,"ResultPath":null,"OutputPath":"$.a","End":true`, `1`},
		{"a result path makes what it needs", `"Type":"Pass","Result":5,"ResultPath":"$.nested.c.d","OutputPath":"$.nested","End":true`, `{"b":[10,20,30],"c":{"d":5}}`},
		{"parameters read paths in fields that end with .$", `"Type":"Pass","Parameters":{"k":[{"x.$":"$.s"},"$.s"],"h.$":"$.detail-type"},"End":true`, `{"k":[{"x":"t"},"$.s"],"h":"x"}`},
		{"a path that is not definite gives a list", `"Type":"Pass","Parameters":{"v.$":"$.list[*].v","none.$":"$.list[*].nothing","f.$":"$.list[?(@.v > 1)].w"},"End":true`, `{"v":[1,2],"none":[],"f":[3]}`},
		{"slices, deep scans and negative positions", `"Type":"Pass","Parameters":{"a.$":"$.nested.b[0:2]","b.$":"$..v","c.$":"$.nested.b[-1]"},"End":true`, `{"a":[10,20],"b":[1,2],"c":30}`},
		{"the context has names and the input", `"Type":"Pass","Parameters":{"n.$":"$$.State.Name","a.$":"$$.Execution.Input.a"},"End":true`, `{"n":"A","a":1}`},
		{"variables are assigned together", `"Type":"Pass","Assign":{"x.$":"$.a","y":2},"Next":"B"},"B":{"Type":"Pass","Assign":{"x.$":"$y","y.$":"$x"},"Next":"C"},"C":{"Type":"Pass","Parameters":{"x.$":"$x","y.$":"$y"},"End":true`, `{"x":2,"y":1}`},
		{"intrinsic functions nest", `"Type":"Pass","Parameters":{"v.$":"States.ArrayLength(States.StringSplit(States.Format('{},{}', 1, $.s), ','))"},"End":true`, `{"v":2}`},
		{"MathAdd rounds half up", `"Type":"Pass","Parameters":{"a.$":"States.MathAdd(-1.5, 0)","b.$":"States.MathAdd(1.5, 0)","c.$":"States.MathAdd(-0.5, 0)"},"End":true`, `{"a":-1,"b":2,"c":0}`},
		{"a succeed state has an output path", `"Type":"Succeed","OutputPath":"$.s"`, `"t"`},
	} {
		c.machine(row.name, func(t *testing.T) { equalJSON(t, row.want, c.output(t, states(`"A":{`+row.state+`}`), in)) })
	}
}

// mistakes checks the errors of paths and inputs, which nothing catches.
func (c *checks) mistakes() {
	const prefix = "An error occurred while executing the state 'A' (entered at the event id #2). "
	for _, row := range []struct{ name, state, want string }{
		{"a path that leads nowhere", `"Type":"Pass","InputPath":"$.x","End":true`, `Invalid path '$.x' : No results for path: $['x']`},
		{"a path below what is not there", `"Type":"Pass","InputPath":"$.x.y","End":true`, `Invalid path '$.x.y' : Missing property in path $['x']`},
		{"a parameter that is not there", `"Type":"Pass","Parameters":{"value.$":"$.x"},"End":true`, `The JSONPath '$.x' specified for the field 'value.$' could not be found in the input '{"a":1}'`},
		{"a wait by a path that leads nowhere", `"Type":"Wait","SecondsPath":"$.x","End":true`, `The SecondsPath parameter does not reference an input value: $.x`},
		{"an error by a path that leads nowhere", `"Type":"Fail","ErrorPath":"$.x"`, `The JSONPath '$.x' specified for the field 'ErrorPath' could not be found in the input '{"a":1}'`},
	} {
		c.machine("States.Runtime: "+row.name, func(t *testing.T) {
			x := c.execute(t, states(`"A":{`+row.state+`}`), `{"a":1}`)
			suite.Equal(t, types.ExecutionStatusFailed, x.Status)
			suite.Equal(t, "States.Runtime", aws.ToString(x.Error))
			suite.Equal(t, prefix+row.want, aws.ToString(x.Cause))
		})
	}
	c.machine("a choice without the value it looks at fails", func(t *testing.T) {
		x := c.execute(t, states(`"A":{"Type":"Choice","Choices":[{"Variable":"$.x","NumericEquals":1,"Next":"B"}],"Default":"B"},"B":{"Type":"Succeed"}`), `{"a":1}`)
		suite.Equal(t, "States.Runtime", aws.ToString(x.Error))
	})
}

// choices checks the operators of choices, many in one machine.
func (c *checks) choices() {
	const in = `{"s":"b","n":2,"t":"2020-01-02T00:00:00Z","o":"2020-01-02T01:00:00+01:00","y":true,"z":null,"star":"a*b"}`
	for _, row := range []struct {
		name  string
		rules []string // that hold
	}{
		{"texts are compared", []string{`"Variable":"$.s","StringEquals":"b"`, `"Variable":"$.s","StringLessThan":"c"`, `"Variable":"$.s","StringEqualsPath":"$.s"`, `"Not":{"Variable":"$.n","StringEquals":"2"}`}},
		{"a star matches anything, and may be escaped", []string{`"Variable":"$.t","StringMatches":"2020*T*Z"`, `"Variable":"$.star","StringMatches":"a\\*b"`, `"Not":{"Variable":"$.s","StringMatches":"a\\*b"}`}},
		{"numbers are compared", []string{`"Variable":"$.n","NumericEquals":2.0`, `"Variable":"$.n","NumericGreaterThan":1.9`, `"Variable":"$.n","NumericLessThanEqualsPath":"$.n"`, `"Not":{"Variable":"$.s","NumericEquals":2}`}},
		{"moments are compared over zones", []string{`"Variable":"$.t","TimestampEqualsPath":"$.o"`, `"Variable":"$.t","TimestampLessThan":"2020-01-02T00:00:01Z"`}},
		{"types are told apart", []string{`"Variable":"$.z","IsNull":true`, `"Variable":"$.n","IsNumeric":true`, `"Variable":"$.s","IsString":true`, `"Variable":"$.y","IsBoolean":true`, `"Variable":"$.t","IsTimestamp":true`, `"Variable":"$.s","IsTimestamp":false`}},
		{"what is not there is not present", []string{`"Variable":"$.no","IsPresent":false`, `"Variable":"$.z","IsPresent":true`, `"Not":{"And":[{"Variable":"$.no","IsPresent":true},{"Variable":"$.no","StringEquals":"c"}]}`}},
	} {
		c.machine("choice: "+row.name, func(t *testing.T) {
			all := ""
			for i, rule := range row.rules {
				if i > 0 {
					all += ","
				}
				all += "{" + rule + "}"
			}
			rules := `"And":[` + all + `]`
			equalJSON(t, `"held"`, c.output(t, states(`"A":{"Type":"Choice","Choices":[{`+rules+`,"Next":"T"}],"Default":"F"},"T":{"Type":"Pass","Result":"held","End":true},"F":{"Type":"Pass","Result":"did not","End":true}`), in))
		})
	}
	c.machine("the first rule that holds counts", func(t *testing.T) {
		equalJSON(t, `1`, c.output(t, states(`"A":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":2,"Next":"One"},{"Variable":"$.n","NumericEquals":2,"Next":"Two"}]},
			"One":{"Type":"Pass","Result":1,"End":true},"Two":{"Type":"Pass","Result":2,"End":true}`), in))
	})
}
