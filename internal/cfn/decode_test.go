package cfn_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/cfn"
)

type common struct {
	Tags cfn.Unused
}

type queue struct {
	common

	QueueName         string
	VisibilityTimeout *int
	Delay             int `cfn:"DelaySeconds"`
	Fifo              bool
	Ratio             float64
	Size              uint8
	Redrive           *struct {
		Target string `cfn:"deadLetterTargetArn,required"`
		Max    int    `cfn:"maxReceiveCount,required"`
	} `cfn:"RedrivePolicy"`
	Names       []string
	Variables   map[string]string
	Definition  *cfn.Value
	Policy      json.RawMessage
	Anything    any
	Needed      string `cfn:",required"`
	Ignored     string `cfn:"-"`
	notExported string //nolint:unused // a member cannot fill it
}

// properties reads a template file in which the resource Queue has these
// properties, one a line from line 4.
func properties(t *testing.T, text string) *cfn.Value {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template.yaml")
	require.NoError(t, os.WriteFile(path, []byte("Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n"+text), 0o600))
	t.Chdir(filepath.Dir(path))
	parsed, err := cfn.Read("template.yaml")
	require.NoError(t, err)
	d, err := parsed.Deploy(cfn.Environment{})
	require.NoError(t, err)
	v, err := d.Properties(parsed.Resource("Queue"))
	require.NoError(t, err)
	return v
}

func TestDecode(t *testing.T) {
	v := properties(t, `
      QueueName: 30
      VisibilityTimeout: "60"
      DelaySeconds: 5.0
      Fifo: "true"
      Ratio: "0.5"
      Size: 255
      RedrivePolicy: {deadLetterTargetArn: !Ref AWS::Region, maxReceiveCount: 3}
      Names: [a, true, 1.10]
      Variables: {A: 2012-10-17, B: 0755}
      Definition: {b: 1, a: 2}
      Policy: {z: [1, null], y: <>}
      Anything: [a, {b: 1}]
      Needed: ""
      Tags: [{Key: a}]
`)
	var q queue
	require.NoError(t, v.Decode(&q))
	require.Equal(t, "30", q.QueueName)
	require.Equal(t, 60, *q.VisibilityTimeout)
	require.Equal(t, 5, q.Delay)
	require.True(t, q.Fifo)
	require.InDelta(t, 0.5, q.Ratio, 0)
	require.Equal(t, uint8(255), q.Size)
	require.Equal(t, "us-east-1", q.Redrive.Target)
	require.Equal(t, 3, q.Redrive.Max)
	require.Equal(t, []string{"a", "true", "1.10"}, q.Names)
	require.Equal(t, map[string]string{"A": "2012-10-17", "B": "0755"}, q.Variables)
	text, err := q.Definition.JSON()
	require.NoError(t, err)
	require.Equal(t, `{"b":1,"a":2}`, string(text))
	require.Equal(t, `{"z":[1,null],"y":"<>"}`, string(q.Policy))
	require.Equal(t, []any{"a", map[string]any{"b": 1}}, q.Anything)
}

func TestDecodeFaults(t *testing.T) {
	v := properties(t, `      VisibilityTimout: 60
      QueueName: [a]
      DelaySeconds: many
      Fifo: 1
      Ratio: {a: b}
      Size: 256
      RedrivePolicy: {deadLetterTargetARN: x}
      Names: [a, {b: c}]
      Variables: {A: [1]}
      VisibilityTimeout: null
      Ignored: x
      notExported: x
      Color: red
`)
	require.EqualError(t, v.Decode(&queue{}), `template.yaml:5: Queue (AWS::SQS::Queue): unknown property "VisibilityTimout", did you mean "VisibilityTimeout"?
template.yaml:5: Queue (AWS::SQS::Queue): the property "Needed" is missing
template.yaml:6: Queue (AWS::SQS::Queue): QueueName is a string, not a list
template.yaml:7: Queue (AWS::SQS::Queue): DelaySeconds is an integer, not a string "many"
template.yaml:8: Queue (AWS::SQS::Queue): Fifo is a boolean, not a number "1"
template.yaml:9: Queue (AWS::SQS::Queue): Ratio is a number, not a mapping
template.yaml:10: Queue (AWS::SQS::Queue): Size is an integer that is not negative, not a number "256"
template.yaml:11: Queue (AWS::SQS::Queue): unknown property "deadLetterTargetARN" in RedrivePolicy, did you mean "deadLetterTargetArn"?
template.yaml:11: Queue (AWS::SQS::Queue): the property "deadLetterTargetArn" is missing in RedrivePolicy
template.yaml:11: Queue (AWS::SQS::Queue): the property "maxReceiveCount" is missing in RedrivePolicy
template.yaml:12: Queue (AWS::SQS::Queue): Names[1] is a string, not a mapping
template.yaml:13: Queue (AWS::SQS::Queue): Variables.A is a string, not a list
template.yaml:14: Queue (AWS::SQS::Queue): VisibilityTimeout: 'null' values are not allowed in templates, this is an integer
template.yaml:15: Queue (AWS::SQS::Queue): unknown property "Ignored"
template.yaml:16: Queue (AWS::SQS::Queue): unknown property "notExported"
template.yaml:17: Queue (AWS::SQS::Queue): unknown property "Color"`)
	var flags struct{ A, B, C, D bool }
	require.NoError(t, properties(t, "      A: yes\n      B: Off\n      C: 'TRUE'\n      D: true\n").Decode(&flags))
	require.Equal(t, struct{ A, B, C, D bool }{true, false, true, true}, flags)
	require.EqualError(t, properties(t, "      A: 'yes'\n").Decode(&flags), `template.yaml:5: Queue (AWS::SQS::Queue): A is a boolean, not a string "yes"`)
	require.PanicsWithValue(t, "cfn: Decode takes a pointer that is not nil", func() { _ = v.Decode(queue{}) })
	require.PanicsWithValue(t, "cfn: Decode cannot fill a field of type chan int", func() { _ = v.Decode(&struct{ QueueName, Color chan int }{}) })
	require.EqualError(t, (*cfn.Value)(nil).Decode(&queue{}), "the value: 'null' values are not allowed in templates, this is a mapping")
}

func TestSuggest(t *testing.T) {
	for name, want := range map[string]string{
		"VisibilityTimout":  `, did you mean "VisibilityTimeout"?`,
		"visibilitytimeout": `, did you mean "VisibilityTimeout"?`,
		"QueueNmae":         `, did you mean "QueueName"?`,
		"Fio":               `, did you mean "Fifo"?`,
		"Paint":             "",
		"":                  "",
	} {
		require.Equal(t, want, cfn.Suggest(name, []string{"QueueName", "VisibilityTimeout", "Fifo", "Name"}), name)
	}
}

func TestValuesBuilt(t *testing.T) {
	v := cfn.NewMap(3).Set("a", cfn.NewInt(4, 5)).Set("b", nil).Set("c", cfn.NewList(5, cfn.NewRef(5, "R"), cfn.NewGetAtt(6, "R", "Arn"), cfn.NewSub(7, "${R}"))).Set("a", cfn.NewBool(8, true))
	c := v.Clone()
	require.Equal(t, "true", v.Remove("a").Text())
	require.Nil(t, v.Remove("a"))
	require.Equal(t, map[string]any{"a": true, "c": []any{
		map[string]any{"Ref": "R"}, map[string]any{"Fn::GetAtt": []any{"R", "Arn"}}, map[string]any{"Fn::Sub": "${R}"},
	}}, c.Plain())
	require.Equal(t, 6, c.At("c.1").Line)
	require.Nil(t, c.At("c.3"))
	require.Nil(t, c.At("c.x"))
	require.Nil(t, c.At("a.b.c"))
	require.EqualError(t, c.At("c.1").Fault("it is %d", 5), "line 6: it is 5")
	name, argument := c.At("c.0").Intrinsic()
	require.Equal(t, "Ref", name)
	require.Equal(t, "R", argument.Text())
	require.Equal(t, cfn.Null, (*cfn.Value)(nil).Kind())
	require.Nil(t, (*cfn.Value)(nil).Clone())
}
