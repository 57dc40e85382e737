package cfn_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/cfn"
)

const template = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Timeout: 5}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {maxReceiveCount: 5, deadLetterTargetArn: !GetAtt DLQ.Arn}
  DLQ: {Type: AWS::SQS::Queue}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      Name: !Sub "${AWS::StackName}-rule"
      Joined: !Join ["-", [a, !Ref B]]
      Targets: [{Arn: x}]
`

func TestParse(t *testing.T) {
	parsed, err := cfn.Parse([]byte(template))
	require.NoError(t, err)
	require.Len(t, parsed.OfType("AWS::SQS::Queue"), 2)
	queue := parsed.Resource("Queue")
	require.Equal(t, 6, queue.Line)
	require.Equal(t, 60, queue.At("VisibilityTimeout"))
	require.Equal(t, 5, queue.At("RedrivePolicy.maxReceiveCount"))
	require.Equal(t, map[string]any{"Fn::GetAtt": []any{"DLQ", "Arn"}}, queue.At("RedrivePolicy.deadLetterTargetArn"))
	rule := parsed.Resource("Rule")
	require.Equal(t, map[string]any{"Ref": "Bus"}, rule.At("EventBusName"))
	require.Equal(t, map[string]any{"Fn::Sub": "${AWS::StackName}-rule"}, rule.At("Name"))
	require.Equal(t, map[string]any{"Fn::Join": []any{"-", []any{"a", map[string]any{"Ref": "B"}}}}, rule.At("Joined"))
	require.Equal(t, "x", rule.At("Targets.0.Arn"))
	require.Nil(t, rule.At("Targets.1.Arn"))
	require.Nil(t, rule.At("Name.x.y.z"))
	require.Nil(t, parsed.Resource("None"))
	require.Equal(t, map[string]any{"Function": map[string]any{"Timeout": 5}}, parsed.Globals)
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "line 1: Template format error: the template is not a mapping, it is null",
		"[1]":                    "not a mapping, it is a list",
		"a: 1":                   "line 1: Template format error: Invalid template property or properties [a]\nline 1: Template format error: At least one Resources member",
		"Resources: {}":          "At least one Resources member must be defined",
		"Resources: 5":           "Resources is a mapping, not a number",
		"Resources: {A: {B: 1}}": "line 1: Template format error: [/Resources/A] resource A has no Type",
		"Resources: {A: {Type: T, Properties: [1]}}":                                           "line 1: the Properties of A are a mapping, not a list",
		"Resources: {A-B: {Type: T}}":                                                          "Resource name A-B is non alphanumeric",
		"Resources:\n  A:\n    Type: T\n    Propreties: {}":                                    `line 4: A (T): Invalid template resource property 'Propreties', did you mean "Properties"?`,
		"Resources: {A: {Type: T, DependsOn: [{a: b}]}}":                                       "Every DependsOn value must be a string",
		"Resources: {A: {Type: T, Condition: [a]}}":                                            "Every Condition member must be a string",
		"Resources: {A: {Type: T}}\nOutput: {}":                                                `line 2: Template format error: Invalid template property or properties [Output], did you mean "Outputs"?`,
		"Resources: {A: {Type: T}}\nGlobals: {}":                                               "Invalid template property or properties [Globals]: the template lacks Transform",
		"Resources: {A: {Type: T}}\nOutputs: {A: {}}":                                          "A has none",
		"Resources: {A: {Type: T}}\nOutputs: {A: {Value: 1, Exprot: 1}}":                       `Invalid template output property 'Exprot', did you mean "Export"?`,
		"Resources: {A: {Type: T}}\nTransform: [Mine]":                                         "line 2: the transform Mine is not applied",
		"Resources: {A: {Type: T}}\nTransform: {Name: AWS::Include}":                           "the transform AWS::Include is not applied",
		"Resources: {A: {Type: T}}\nTransform: AWS::Serverless":                                "the transform AWS::Serverless is not applied",
		"Resources:\n  Fn::ForEach::Topics: []\n  A: {Type: T}":                                "line 2: Fn::ForEach::Topics in Resources is not evaluated",
		"Resources: {A: {Type: T}}\nMappings: {M: {a: 1}}":                                     "M.a is a number",
		"Resources: {A: {Type: T}}\nAWSTemplateFormatVersion: 2010-09-8":                       "unsupported value for AWSTemplateFormatVersion: 2010-09-8",
		"Resources: {A: {Type: T}}\nParameters: {P: {Type: Strng}}":                            `parameter P: Template format error: Unrecognized parameter type: Strng, did you mean "String"?`,
		"Resources: {A: {Type: T}}\nParameters: {P: {}}":                                       "Every Parameters object must contain a Type member",
		"Resources: {A: {Type: T}}\nParameters: {P: {Type: String, Defalut: 1}}":               `Invalid template parameter property 'Defalut', did you mean "Default"?`,
		"Resources: {A: {Type: T}}\nParameters: {P: {Type: String, AllowedPattern: '(?=a)b'}}": "none that Go's regexp knows",
		"Resources:\n  A: {Type: T}\n  A: {Type: U}":                                           `line 3: "A" stands twice: first in line 2`,
		"{\"Resources\": {\n\t\"A\": {\"Type\": \"T\"},\n\t\"A\": {\"Type\": \"T\"}}}":         `line 3: "A" stands twice: first in line 2`,
		"Resources:\n  A:\n\tType: T":                                                          "line 3: the template is not YAML: a tab indents the line",
		"Resources: {A: {Type: T}}\n---\nResources: {B: {Type: T}}":                            "line 2: a template is one document",
		"Resources: {A: {Type: T, Properties: {a: !!binary aGk=}}}":                            "the tag !!binary is not known",
		"Resources: {A: {Type: T, Properties: {[a]: b}}}":                                      "the name of a member is a text",
		"Resources: {A: {Type: T, Properties: {<<: 5}}}":                                       "a merge key takes mappings, not a number",
		"Resources: {A: {Type: T, Properties: &a {b: *a}}}":                                    "nested more than 200 deep",
		"a: [": "line 1: the template is not YAML",
		"Resources: {A: {Type: T, Properties: {b: \xff}}}":                                "not YAML",
		"Resources: " + strings.Repeat("[", 1000):                                         "not YAML",
		"Resources: " + strings.Repeat("{a: ", 20000):                                     "not YAML",
		`{"Resources": ` + strings.Repeat(`{"a":`, 5000) + "1":                            "not YAML",
		"Resources: " + strings.Repeat("[", 300) + strings.Repeat("]", 300):               "nested more than 200 deep",
		`{"a": ` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}":              "nested more than 200 deep",
		"Description: " + strings.Repeat("a", 1_000_000):                                  "Template may not exceed 1000000 bytes in size.",
		"Resources: {" + entries(501, "{Type: T}") + "}":                                  "Number of resources, 501, is greater than maximum allowed, 500",
		"Resources: {A: {Type: T}}\nParameters: {" + entries(201, "{Type: String}") + "}": "Number of parameters, 201",
		"Resources: {A: {Type: T}}\nMappings: {" + entries(201, "{}") + "}":               "Number of mappings, 201",
		"Resources: {A: {Type: T}}\nOutputs: {" + entries(201, "{Value: 1}") + "}":        "Number of outputs, 201",
		bomb(6):  "more than 200000 values after its aliases are resolved",
		bomb(12): "more than 200000 values after its aliases are resolved",
	} {
		_, err := cfn.Parse([]byte(text))
		require.ErrorContains(t, err, want, text[:min(len(text), 200)])
	}
	_, err := cfn.Read("testdata/none.yaml")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// entries are n entries of a flow mapping.
func entries(n int, value string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "E%d: %s, ", i, value)
	}
	return b.String()
}

// bomb has a list of nine aliases of a list of nine aliases, and so on.
func bomb(levels int) string {
	text := "Metadata:\n  a0: &a0 [x]\n"
	for i := range levels {
		text += fmt.Sprintf("  a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	return text
}

func TestSyntaxErrorsHaveTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"  A:\n    Type: T\n   Bad: x\n":                                                                "line 5: the template is not YAML: did not find expected key",
		"  A:\n    Type: T\n    Properties: {a: b\n  B:\n    Type: T\n":                                 "line 5: the template is not YAML: did not find expected ',' or '}'",
		"  A:\n    Type: \"T\n  B:\n    Type: T\n":                                                      "line 4: the template is not YAML: found unexpected end of stream",
		"  A:\n    Type: T: U\n  B: {Type: T}\n":                                                        "line 4: the template is not YAML: mapping values are not allowed in this context",
		"  A:\n    Type: T\n    Properties:\n      - a\n      b: c\n":                                   "line 7: the template is not YAML: did not find expected '-' indicator",
		"  A:\n    Type: *nope\n":                                                                       "line 4: the template is not YAML: unknown anchor 'nope' referenced",
		"  A:\n    Type: T\n    Properties:\n      a: @x\n":                                             "line 6: the template is not YAML: found character that cannot start any token",
		"  A:\n    Type: T\n    Properties: {\n      a: b,\n      c: d}\n  B:\n    Type: T\n  \tC: x\n": "line 10: the template is not YAML: a tab indents the line, and YAML allows spaces only",
	} {
		_, err := cfn.Parse([]byte("Description: d\nResources:\n" + text))
		require.EqualError(t, err, want, text)
	}
}

func TestParseAllFaultsTogether(t *testing.T) {
	_, err := cfn.Parse([]byte("Foo: 1\nResources:\n  A-B: {Type: T}\n  C: {}\nOutputs:\n  D: {}\n"))
	var faults cfn.Errors
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults, 4)
	var one *cfn.Error
	require.ErrorAs(t, err, &one)
	require.Equal(t, 1, one.Line)
}

func TestScalarsOfYAML(t *testing.T) {
	for text, want := range map[string]struct {
		kind       cfn.Kind
		text, json string
	}{
		"2012-10-17":                        {cfn.String, "2012-10-17", `"2012-10-17"`},
		"2012-10-17T10:00:00Z":              {cfn.String, "2012-10-17T10:00:00Z", `"2012-10-17T10:00:00Z"`},
		"'2012'":                            {cfn.String, "2012", `"2012"`},
		"1.10":                              {cfn.Number, "1.10", "1.10"},
		"1.0.0":                             {cfn.String, "1.0.0", `"1.0.0"`},
		"0755":                              {cfn.Number, "0755", "493"},
		"0o755":                             {cfn.Number, "0o755", "493"},
		"0x1F":                              {cfn.Number, "0x1F", "31"},
		"012345678901":                      {cfn.String, "012345678901", `"012345678901"`},
		"1_000":                             {cfn.Number, "1_000", "1000"},
		"1e3":                               {cfn.Number, "1e3", "1e3"},
		"-5":                                {cfn.Number, "-5", "-5"},
		"12345678901234567890":              {cfn.Number, "12345678901234567890", "12345678901234567890"},
		"22:22":                             {cfn.String, "22:22", `"22:22"`},
		"yes":                               {cfn.String, "yes", `"yes"`},
		"'yes'":                             {cfn.String, "yes", `"yes"`},
		"Off":                               {cfn.String, "Off", `"Off"`},
		"TRUE":                              {cfn.Bool, "true", "true"},
		"y":                                 {cfn.String, "y", `"y"`},
		"~":                                 {cfn.Null, "", "null"},
		"''":                                {cfn.String, "", `""`},
		"!!str 5":                           {cfn.String, "5", `"5"`},
		"<a & b>":                           {cfn.String, "<a & b>", `"<a & b>"`},
		"!Sub yes":                          {cfn.Map, "", `{"Fn::Sub":"yes"}`},
		"!Ref on":                           {cfn.Map, "", `{"Ref":"on"}`},
		"!GetAtt A.B.C":                     {cfn.Map, "", `{"Fn::GetAtt":["A","B.C"]}`},
		"!GetAtt [A, B.C]":                  {cfn.Map, "", `{"Fn::GetAtt":["A","B.C"]}`},
		"!Condition C":                      {cfn.Map, "", `{"Condition":"C"}`},
		"{b: 1, a: [x, {y: z}], '1': 0755}": {cfn.Map, "", `{"b":1,"a":["x",{"y":"z"}],"1":493}`},
	} {
		parsed, err := cfn.Parse([]byte("Resources:\n  A:\n    Type: T\n    Properties:\n      V: " + text))
		require.NoError(t, err, text)
		v := parsed.Resource("A").Body.At("V")
		require.Equal(t, want.kind, v.Kind(), text)
		require.Equal(t, want.text, v.Text(), text)
		got, err := v.JSON()
		require.NoError(t, err, text)
		require.Equal(t, want.json, string(got), text)
		require.Equal(t, 5, v.Line, text)
	}
	parsed, err := cfn.Parse([]byte("Resources: {A: {Type: T, Properties: {V: .inf}}}"))
	require.NoError(t, err)
	_, err = parsed.Resource("A").Body.JSON()
	require.EqualError(t, err, "line 1: A (T): .inf is not a number that JSON has")
}

func TestAnchorsAndMergeKeys(t *testing.T) {
	parsed, err := cfn.Parse([]byte(`
Resources:
  A:
    Type: T
    Properties: &base
      one: 1
      list: &list [a, b]
  B:
    Type: T
    Properties:
      two: 2
      <<: *base
      one: mine
  C: {Type: T, Properties: {<<: [{one: first}, *base], again: *list}}
`))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"one": "mine", "two": 2, "list": []any{"a", "b"}}, parsed.Resource("B").Properties)
	require.Equal(t, map[string]any{"one": "first", "list": []any{"a", "b"}, "again": []any{"a", "b"}}, parsed.Resource("C").Properties)
}

func TestJSONTemplates(t *testing.T) {
	parsed, err := cfn.Parse([]byte("{\n\t\"Resources\": {\n\t\t\"A\": {\"Type\": \"T\",\n\t\t\t\"Properties\": {\"V\": \"\\ud83d\\ude00\\/\", \"W\": [1.50, true, null,\n\"2\"]}}}}"))
	require.NoError(t, err)
	a := parsed.Resource("A")
	require.Equal(t, 3, a.Line)
	require.Equal(t, "😀/", a.At("V"))
	require.Equal(t, 4, a.Body.At("V").Line)
	require.Equal(t, 5, a.Body.At("W.3").Line)
	text, err := a.Body.JSON()
	require.NoError(t, err)
	require.Equal(t, `{"V":"😀/","W":[1.50,true,null,"2"]}`, string(text))
}

func TestResourceAttributes(t *testing.T) {
	parsed, err := cfn.Parse([]byte(`
Conditions: {C: !Equals [a, a]}
Resources:
  A: {Type: T, Condition: C, DependsOn: B, Metadata: {BuildMethod: go1.x}, DeletionPolicy: Retain}
  B: {Type: T, DependsOn: [C, D]}
  C: {Type: T}
  D: {Type: T}
`))
	require.NoError(t, err)
	a := parsed.Resource("A")
	require.Equal(t, "C", a.Condition)
	require.Equal(t, []string{"B"}, a.DependsOn)
	require.Equal(t, "go1.x", a.Metadata.At("BuildMethod").Text())
	require.Equal(t, "Retain", a.Attributes.Get("DeletionPolicy").Text())
	require.Equal(t, []string{"C", "D"}, parsed.Resource("B").DependsOn)
	require.Empty(t, a.Properties)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(template))
	f.Add([]byte(bomb(12)))
	f.Add([]byte(`{"Resources": {"A": {"Type": "T", "Properties": {"a": {"Fn::Sub": ["${x}${A.B}", {"x": {"Ref": "A"}}]}}}}}`))
	f.Add([]byte("Parameters: {P: {Type: 'List<Number>', Default: '1,2', MinValue: 1}}\nConditions: {C: !And [!Equals [1, !Ref P], !Condition C]}\nMappings: {M: {a: {b: c}}}\nResources: {A: {Type: T, Condition: C, Properties: {<<: {a: !FindInMap [M, a, b]}, b: !If [C, !Select [0, !Split [',', a]], !Ref AWS::NoValue]}}}\nOutputs: {O: {Value: !Join ['', [a]]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := cfn.Parse(data)
		if err != nil {
			return
		}
		deployment, err := parsed.Deploy(cfn.Environment{Parameters: map[string]string{"P": "1"}})
		if err != nil {
			return
		}
		resources, err := deployment.Order()
		if err != nil {
			return
		}
		for _, r := range resources {
			if v, err := deployment.Properties(r); err == nil {
				_, _ = v.JSON()
				_ = v.Decode(&struct{ V []string }{})
			}
			deployment.Created(r.ID, r.ID, map[string]string{"Arn": "arn"})
		}
		_, _ = deployment.Outputs()
	})
}
