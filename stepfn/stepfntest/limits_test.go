package stepfntest_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Numbers that come by a path are held to their range when they are used.
func TestNumbersByPath(t *testing.T) {
	const arn = "arn:aws:lambda:us-east-1:123456789012:function:F"
	task := func(more string) string {
		return `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"` + arn + `"` + more + `,"End":true}}}`
	}
	each := func(more string) string {
		return `{"StartAt":"A","States":{"A":{"Type":"Map","ItemsPath":"$.l"` + more + `,"ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Choice",` +
			`"Choices":[{"Variable":"$","NumericEquals":0,"Next":"C"}],"Default":"D"},"C":{"Type":"Fail","Error":"E"},"D":{"Type":"Succeed"}}},"End":true}}}`
	}
	timeout, heartbeat := task(`,"TimeoutSecondsPath":"$.t"`), task(`,"HeartbeatSecondsPath":"$.t"`)
	both := task(`,"TimeoutSecondsPath":"$.t","HeartbeatSecondsPath":"$.h"`)
	percent, count := each(`,"ToleratedFailurePercentagePath":"$.p"`), each(`,"ToleratedFailureCountPath":"$.p"`)
	tests := []struct{ definition, input, err, cause string }{
		{timeout, `{"t":1}`, "", ""},
		{timeout, `{"t":99999999}`, "", ""},
		{timeout, `{"t":0}`, asl.ErrorRuntime, `The TimeoutSecondsPath field refers to value "0" which is not from 1 to 99999999: $.t`},
		{timeout, `{"t":100000000}`, asl.ErrorRuntime, `The TimeoutSecondsPath field refers to value "100000000" which is not from 1 to 99999999: $.t`},
		{timeout, `{"t":-1}`, asl.ErrorRuntime, `The TimeoutSecondsPath field refers to value "-1" which is not a valid integer: $.t`},
		{timeout, `{"t":1.5}`, asl.ErrorRuntime, `The TimeoutSecondsPath field refers to value "1.5" which is not a valid integer: $.t`},
		{heartbeat, `{"t":0}`, asl.ErrorRuntime, `The HeartbeatSecondsPath field refers to value "0" which is not from 1 to 99999999: $.t`},
		{both, `{"t":5,"h":4}`, "", ""},
		{both, `{"t":5,"h":5}`, asl.ErrorRuntime, "HeartbeatSeconds must be smaller than TimeoutSeconds: 5 is not smaller than 5"},
		{task(`,"TimeoutSeconds":5,"HeartbeatSecondsPath":"$.h"`), `{"h":6}`, asl.ErrorRuntime, "HeartbeatSeconds must be smaller than TimeoutSeconds: 6 is not smaller than 5"},
		{percent, `{"l":[0,1,1,1,1,1,1,1],"p":12.5}`, "", ""},
		{percent, `{"l":[0,1,1,1,1,1,1,1],"p":12.4}`, asl.ErrorExceedTolerated, "The specified tolerated failure threshold was exceeded"},
		{each(`,"ToleratedFailurePercentage":12.5`), `{"l":[0,1,1,1,1,1,1,1]}`, "", ""},
		{percent, `{"l":[1],"p":"x"}`, asl.ErrorRuntime, `The ToleratedFailurePercentagePath field refers to value "x" which is not a valid float: $.p`},
		{percent, `{"l":[1],"p":-0.5}`, asl.ErrorRuntime, "ToleratedFailurePercentage must be between 0 and 100."},
		{percent, `{"l":[1],"p":100.5}`, asl.ErrorRuntime, "ToleratedFailurePercentage must be between 0 and 100."},
		{count, `{"l":[1],"p":-1}`, asl.ErrorRuntime, "ToleratedFailureCount cannot be negative."},
		{count, `{"l":[1],"p":1.5}`, asl.ErrorRuntime, `The ToleratedFailureCountPath field refers to value "1.5" which is not a valid integer: $.p`},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			m, err := asl.Parse([]byte(tt.definition))
			require.NoError(t, err)
			machines := stepfntest.New(nil)
			machines.Function(arn, func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
			x, err := machines.Execute(t.Context(), machines.Create("M", m), []byte(tt.input))
			require.NoError(t, err)
			require.Equal(t, tt.err, x.Error, tt.input)
			require.True(t, strings.HasSuffix(x.Cause, tt.cause), x.Cause)
		})
	}
}

func TestRequestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c := stepfntest.New(nil).Client()
		const small = `{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":9,"End":true}}}`
		const role = "arn:aws:iam::123456789012:role/r"
		create := func(definition, role string) (*sfn.CreateStateMachineOutput, error) {
			return c.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: aws.String("M"), Definition: &definition, RoleArn: &role})
		}
		_, err := create(small+strings.Repeat(" ", 1<<20-len(small)+1), role)
		requireAPIError(t, err, "ValidationException", "1 validation error detected: Value at 'definition' failed to satisfy constraint: Member must have length less than or equal to 1048576")
		_, err = create(small, "nonsense")
		requireAPIError(t, err, "InvalidArn", "Invalid Role Arn: 'nonsense'")
		_, err = create(small, "arn:aws:sqs:us-east-1:123456789012:role")
		requireAPIError(t, err, "InvalidArn", "Invalid Role Arn: 'arn:aws:sqs:us-east-1:123456789012:role'")
		m, err := create(small+strings.Repeat(" ", 1<<20-len(small)), role)
		require.NoError(t, err)
		_, err = c.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: m.StateMachineArn, RoleArn: aws.String("nonsense")})
		requireAPIError(t, err, "InvalidArn", "Invalid Role Arn: 'nonsense'")

		x, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: m.StateMachineArn})
		require.NoError(t, err)
		text := func(n int) *string { return aws.String(strings.Repeat("ü", n)) }
		_, err = c.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: x.ExecutionArn, Error: text(257)})
		requireAPIError(t, err, "ValidationException", "1 validation error detected: Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256")
		_, err = c.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: aws.String("t"), Error: text(257), Cause: text(32769)})
		requireAPIError(t, err, "ValidationException", "2 validation errors detected: Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256; "+
			"Value at 'cause' failed to satisfy constraint: Member must have length less than or equal to 32768")
		_, err = c.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: aws.String("t"), Error: text(256), Cause: text(32768)})
		requireAPIError(t, err, "InvalidToken", "Invalid Token: 'Invalid token'")
		_, err = c.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: x.ExecutionArn, Error: text(256), Cause: text(32768)})
		require.NoError(t, err)
	})
}

// A substitution that was not filled in is refused where its value counts.
func TestOpenSubstitutions(t *testing.T) {
	for _, state := range []string{
		`"Type":"Wait","Seconds":"${S}","End":true`,
		`"Type":"Wait","Timestamp":"${S}","End":true`,
		`"Type":"Pass","InputPath":"${S}","End":true`,
		`"Type":"Pass","Parameters":{"a.$":"${S}"},"End":true`,
	} {
		m := states(t, `"A":{`+state+`}`)
		require.NoError(t, m.Err(), state)
		_, err := stepfntest.New(nil).Client().CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
			Name: aws.String("M"), Definition: aws.String(m.String()), RoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
		})
		require.ErrorContains(t, err, "NotSimulated")
		require.ErrorContains(t, err, "substitution that was not filled in")
	}
}
