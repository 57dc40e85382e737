package cfn_test

import (
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
		"":                       "not a mapping",
		"[1]":                    "not a mapping",
		"a: 1":                   "no Resources",
		"Resources: {A: {B: 1}}": "resource A has no Type",
		"Resources: {A: {Type: T, Properties: [1]}}": "are not a mapping",
		"a: [": "cfn:",
	} {
		_, err := cfn.Parse([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err := cfn.Read("testdata/none.yaml")
	require.Error(t, err)
}
