package stepfntest_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/hostile"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

const (
	hostileMachine    = "arn:aws:states:us-east-1:123456789012:stateMachine:M"
	hostileExecution  = "arn:aws:states:us-east-1:123456789012:execution:M:"
	hostileActivity   = "arn:aws:states:us-east-1:123456789012:activity:A"
	hostileRole       = "arn:aws:iam::123456789012:role/r"
	hostileDefinition = `{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"x.$\":\"States.Format('{}', $.n)\"},\"ResultPath\":\"$.r\",\"Next\":\"C\"},\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.n\",\"NumericGreaterThan\":1,\"Next\":\"W\"}],\"Default\":\"W\"},\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"P\"},\"P\":{\"Type\":\"Map\",\"ItemsPath\":\"$.l\",\"ItemProcessor\":{\"StartAt\":\"S\",\"States\":{\"S\":{\"Type\":\"Succeed\"}}},\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"],\"MaxAttempts\":1}],\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"F\"}],\"End\":true},\"F\":{\"Type\":\"Fail\",\"Error\":\"e\"}}}`
)

// machineSuite has a valid request for each operation of Step Functions.
var machineSuite = hostile.Suite{Service: "states", Target: "AWSStepFunctions", Seeds: []hostile.Request{
	{Operation: "CreateStateMachine", Body: `{"name":"N","definition":"` + hostileDefinition + `","roleArn":"` + hostileRole + `","type":"STANDARD","loggingConfiguration":{"level":"OFF","includeExecutionData":false},"tracingConfiguration":{"enabled":false},"tags":[{"key":"k","value":"v"}]}`},
	{Operation: "CreateStateMachine", Body: `{"name":"E","definition":"` + hostileDefinition + `","roleArn":"` + hostileRole + `","type":"EXPRESS"}`},
	{Operation: "ValidateStateMachineDefinition", Body: `{"definition":"` + hostileDefinition + `","type":"STANDARD","severity":"WARNING","maxResults":5}`},
	{Operation: "UpdateStateMachine", Body: `{"stateMachineArn":"` + hostileMachine + `","definition":"` + hostileDefinition + `","roleArn":"` + hostileRole + `"}`},
	{Operation: "DescribeStateMachine", Body: `{"stateMachineArn":"` + hostileMachine + `"}`},
	{Operation: "ListStateMachines", Body: `{"maxResults":5}`},
	{Operation: "StartExecution", Body: `{"stateMachineArn":"` + hostileMachine + `","name":"x","input":"{\"n\":1,\"l\":[1,2]}"}`},
	{Operation: "StartSyncExecution", Body: `{"stateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:E","name":"y","input":"{\"n\":1,\"l\":[]}"}`},
	{Operation: "DescribeExecution", Body: `{"executionArn":"` + hostileExecution + `x"}`},
	{Operation: "DescribeStateMachineForExecution", Body: `{"executionArn":"` + hostileExecution + `x"}`},
	{Operation: "ListExecutions", Body: `{"stateMachineArn":"` + hostileMachine + `","statusFilter":"RUNNING","maxResults":5}`},
	{Operation: "GetExecutionHistory", Body: `{"executionArn":"` + hostileExecution + `x","maxResults":5,"reverseOrder":true,"includeExecutionData":false}`},
	{Operation: "StopExecution", Body: `{"executionArn":"` + hostileExecution + `x","error":"e","cause":"c"}`},
	{Operation: "CreateActivity", Body: `{"name":"B"}`},
	{Operation: "DescribeActivity", Body: `{"activityArn":"` + hostileActivity + `"}`},
	{Operation: "ListActivities", Body: `{"maxResults":5}`},
	{Operation: "GetActivityTask", Body: `{"activityArn":"` + hostileActivity + `","workerName":"w"}`},
	{Operation: "SendTaskHeartbeat", Body: `{"taskToken":"{{token1}}"}`},
	{Operation: "SendTaskSuccess", Body: `{"taskToken":"{{token1}}","output":"{\"a\":1}"}`},
	{Operation: "SendTaskFailure", Body: `{"taskToken":"{{token2}}","error":"e","cause":"c"}`},
	{Operation: "DeleteActivity", Body: `{"activityArn":"arn:aws:states:us-east-1:123456789012:activity:B"}`},
	{Operation: "DeleteStateMachine", Body: `{"stateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:N"}`},
}}

// hostileMachines has the machines M and E, the activity A, and two executions
// that wait for a worker of it.
func hostileMachines(t *testing.T) (hostile.Fake, *stepfntest.StepFunctions) {
	t.Helper()
	m := stepfntest.New(nil)
	client, ctx := m.Client(), t.Context()
	_, err := client.CreateActivity(ctx, &sfn.CreateActivityInput{Name: aws.String("A")})
	require.NoError(t, err)
	work := `{"StartAt":"W","States":{"W":{"Type":"Task","Resource":"` + hostileActivity + `","End":true}}}`
	machine, err := client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: aws.String("M"), Definition: &work, RoleArn: aws.String(hostileRole)})
	require.NoError(t, err)
	fake := hostile.Fake{Server: wire.ServerOf(m), Values: map[string]string{}}
	for _, name := range []string{"token1", "token2"} {
		_, err = client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: machine.StateMachineArn})
		require.NoError(t, err)
		require.NoError(t, m.Drain(ctx))
		task, err := client.GetActivityTask(ctx, &sfn.GetActivityTaskInput{ActivityArn: aws.String(hostileActivity)})
		require.NoError(t, err)
		fake.Values[name] = *task.TaskToken
	}
	return fake, m
}

// drainHostile carries forward what the requests have started.
func drainHostile(t *testing.T, m *stepfntest.StepFunctions) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	require.NoError(t, m.Drain(ctx))
}

func TestHostileRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, m := hostileMachines(t)
		machineSuite.Complete(t, fake)
		drainHostile(t, m)
	})
	for i := range machineSuite.Seeds {
		synctest.Test(t, func(t *testing.T) {
			fake, m := hostileMachines(t)
			machineSuite.Send(t, fake, machineSuite.Seeds[1]) // what StartSyncExecution starts
			machineSuite.Mutations(t, fake, i)
			drainHostile(t, m)
		})
	}
}

func FuzzWire(f *testing.F) {
	for _, r := range machineSuite.Seeds {
		f.Add(r.Operation, r.Body)
	}
	f.Fuzz(func(t *testing.T, operation, body string) {
		synctest.Test(t, func(t *testing.T) {
			fake, m := hostileMachines(t)
			machineSuite.Hostile(t, fake, hostile.Request{Operation: operation, Body: body})
			drainHostile(t, m)
		})
	})
}
