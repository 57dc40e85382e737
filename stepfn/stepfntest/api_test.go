package stepfntest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

const account = "arn:aws:states:us-east-1:123456789012:"

// bubble runs a test against a fresh fake and its client.
func bubble(t *testing.T, f func(r rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := stepfntest.New(t)
		f(rig{t, m, m.Client()})
	})
}

// rig is what a test has inside its bubble.
type rig struct {
	t *testing.T
	m *stepfntest.StepFunctions
	c *sfn.Client
}

func requireAPIError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode())
	require.Equal(t, message, api.ErrorMessage())
}

func TestErrorsOfTheAPI(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		ctx := t.Context()
		arn := m.Create("M", asl.MustMachine(&asl.PassState{Name: "A"}))
		fast := m.CreateExpress("E", asl.MustMachine(&asl.PassState{Name: "A"}))
		create := func(name, definition string, kind types.StateMachineType) error {
			_, err := c.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: aws.String("arn:aws:iam::123456789012:role/r"), Type: kind})
			return err
		}
		start := func(arn, name, input string) error {
			_, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: &name, Input: &input})
			return err
		}
		ok := `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}}}`
		requireAPIError(t, create("a b", ok, ""), "InvalidName", "Invalid Name: 'a b'")
		requireAPIError(t, create("M", ok, ""), "StateMachineAlreadyExists", "State Machine Already Exists: '"+account+"stateMachine:M'")
		require.NoError(t, create("N", ok, ""))
		require.NoError(t, create("N", ok, ""), "creation is idempotent")
		invalid := func(text string) string { return "Invalid State Machine Definition: '" + text + "'" }
		requireAPIError(t, create("X", `{"StartAt":"A"}`, ""), "InvalidDefinition", invalid("SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"))
		requireAPIError(t, create("X", `{"StartAt":"A","States":{"A":{"Type":"No"}}}`, ""), "InvalidDefinition",
			invalid("SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/A/Type"))
		requireAPIError(t, create("X", `{"StartAt":"A","States":{"A":{"Type":"Parallel","Branches":[],"End":true}}}`, ""), "InvalidDefinition",
			invalid("SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/A/Branches"))
		task := func(resource string) string {
			return `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"` + resource + `","Parameters":{},"End":true}}}`
		}
		requireAPIError(t, create("X", task("arn:aws:states:::states:startExecution.sync"), types.StateMachineTypeExpress), "InvalidDefinition",
			invalid("SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration at /States/A/Resource"))
		requireAPIError(t, create("X", task("arn:aws:states:::sns:publish.waitForTaskToken"), types.StateMachineTypeExpress), "InvalidDefinition",
			invalid("SCHEMA_VALIDATION_FAILED: Express state machine does not support '.waitForTaskToken' service integration  at /States/A/Resource"))
		requireAPIError(t, create("X", task(account+"activity:a"), types.StateMachineTypeExpress), "InvalidDefinition",
			invalid("SCHEMA_VALIDATION_FAILED: Express state machine does not support Activity ARN at /States/A/Resource"))
		require.ErrorContains(t, create("X", `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}`, ""), "QueryLanguage JSONata")
		require.ErrorContains(t, create("X", `{"StartAt":"A","States":{"A":{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}},"End":true}}}`, ""), "DISTRIBUTED")

		requireAPIError(t, start(account+"stateMachine:no", "x", "{}"), "StateMachineDoesNotExist", "State Machine Does Not Exist: '"+account+"stateMachine:no'")
		requireAPIError(t, start("nonsense", "x", "{}"), "InvalidArn", "Invalid Arn: 'nonsense'")
		requireAPIError(t, start(arn, "x/y", "{}"), "InvalidName", "Invalid Name: 'x/y'")
		requireAPIError(t, start(arn, "x", "not json"), "InvalidExecutionInput",
			"Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'")
		requireAPIError(t, start(arn, "x", "{'a':1}"), "InvalidExecutionInput",
			"Invalid State Machine Execution Input: 'Unexpected character (''' (code 39)): was expecting double-quote to start field name'")
		require.NoError(t, start(arn, "x", "{}"))
		require.NoError(t, start(arn, "x", "{}"), "the same again while it runs")
		requireAPIError(t, start(arn, "x", `{"a":1}`), "ExecutionAlreadyExists", "Execution Already Exists: '"+account+"execution:M:x'")
		require.NoError(t, m.Drain(ctx))
		requireAPIError(t, start(arn, "x", "{}"), "ExecutionAlreadyExists", "Execution Already Exists: '"+account+"execution:M:x'")
		time.Sleep(91 * 24 * time.Hour)
		require.NoError(t, start(arn, "x", "{}"), "the name is free after 90 days")

		_, err := c.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: &arn})
		requireAPIError(t, err, "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
		out, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &fast})
		require.NoError(t, err)
		_, err = c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: out.ExecutionArn})
		requireAPIError(t, err, "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")
		_, err = c.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &arn, StatusFilter: "succeeded"})
		requireAPIError(t, err, "ValidationException", "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]")
		_, err = c.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &arn, MaxResults: 1001})
		requireAPIError(t, err, "ValidationException", "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000")
		_, err = c.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &arn})
		requireAPIError(t, err, "MissingRequiredParameter", "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified")
		_, err = c.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: out.ExecutionArn})
		require.ErrorContains(t, err, "RedriveExecution")
	})
}

func TestLifeOfAMachine(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		ctx := t.Context()
		arn := m.Create("M", asl.MustMachine(&asl.WaitState{Name: "Old", Seconds: 10}))
		started, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn})
		require.NoError(t, err)
		next := asl.MustMachine(&asl.PassState{Name: "New"}).String()
		_, err = c.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &arn, Definition: &next})
		require.NoError(t, err)
		d, err := c.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
		require.NoError(t, err)
		require.Equal(t, next, *d.Definition)
		require.Equal(t, types.StateMachineStatusActive, d.Status)
		old, err := c.DescribeStateMachineForExecution(ctx, &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: started.ExecutionArn})
		require.NoError(t, err)
		require.Contains(t, *old.Definition, "Old", "an execution keeps the definition it began with")
		list, err := c.ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
		require.NoError(t, err)
		require.Len(t, list.StateMachines, 1)
		_, err = c.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: &arn})
		require.NoError(t, err)
		_, err = c.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
		require.ErrorContains(t, err, "Does Not Exist")

		_, err = c.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: started.ExecutionArn, Error: aws.String("E"), Cause: aws.String("why")})
		require.NoError(t, err)
		x, err := c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		require.NoError(t, err)
		require.Equal(t, types.ExecutionStatusAborted, x.Status)
		require.Equal(t, "E", *x.Error)
		require.NoError(t, m.Drain(ctx))
	})
}

func TestValidateOverTheWire(t *testing.T) {
	bubble(t, func(r rig) {
		t, c := r.t, r.c
		out, err := c.ValidateStateMachineDefinition(t.Context(), &sfn.ValidateStateMachineDefinitionInput{
			Definition: aws.String(`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}`),
		})
		require.NoError(t, err)
		require.Equal(t, types.ValidateStateMachineDefinitionResultCodeFail, out.Result)
		require.Equal(t, "MISSING_TRANSITION_TARGET", *out.Diagnostics[0].Code)
		require.Equal(t, "/States/A/Next", *out.Diagnostics[0].Location)
		out, err = c.ValidateStateMachineDefinition(t.Context(), &sfn.ValidateStateMachineDefinitionInput{Definition: aws.String(`{`)})
		require.NoError(t, err)
		require.Equal(t, "INVALID_JSON_DESCRIPTION", *out.Diagnostics[0].Code)
		out, err = c.ValidateStateMachineDefinition(t.Context(), &sfn.ValidateStateMachineDefinitionInput{
			Definition: aws.String(`{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}`),
		})
		require.NoError(t, err)
		require.Equal(t, types.ValidateStateMachineDefinitionResultCodeOk, out.Result)
		require.Empty(t, out.Diagnostics)
	})
}

func TestHistoryPages(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		ctx := t.Context()
		var list []asl.State
		for i := range 150 {
			list = append(list, &asl.PassState{Name: fmt.Sprint("P", i)})
		}
		x, err := m.Execute(ctx, m.Create("M", asl.MustMachine(list...)), nil)
		require.NoError(t, err)
		require.Len(t, x.History, 302)
		first, err := c.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &x.ARN})
		require.NoError(t, err)
		require.Len(t, first.Events, 100, "the default")
		pages := sfn.NewGetExecutionHistoryPaginator(c, &sfn.GetExecutionHistoryInput{ExecutionArn: &x.ARN, MaxResults: 7, ReverseOrder: true, IncludeExecutionData: aws.Bool(false)})
		want := int64(302)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			require.NoError(t, err)
			for _, e := range page.Events {
				require.Equal(t, want, e.Id)
				if e.StateEnteredEventDetails != nil {
					require.Nil(t, e.StateEnteredEventDetails.Input)
				}
				want--
			}
		}
		require.Zero(t, want)
		_, err = c.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &x.ARN, NextToken: first.NextToken, ReverseOrder: true})
		requireAPIError(t, err, "InvalidToken", "Invalid Token: 'Invalid token'")
		time.Sleep(25 * time.Hour)
		_, err = c.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &x.ARN, NextToken: first.NextToken})
		requireAPIError(t, err, "InvalidToken", "Invalid Token: 'Invalid token'")
	})
}

func TestExpressRunsWithinTheCall(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		arn := m.CreateExpress("E", asl.MustMachine(&asl.WaitState{Name: "W", Seconds: 3}, &asl.PassState{Name: "P", Result: "ok"}))
		out, err := c.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: &arn, Input: aws.String(`{"a":1}`), Name: aws.String("n")})
		require.NoError(t, err)
		require.Equal(t, types.SyncExecutionStatusSucceeded, out.Status)
		require.Equal(t, `"ok"`, *out.Output)
		require.Equal(t, 3*time.Second, out.StopDate.Sub(*out.StartDate))
		failing := m.CreateExpress("F", asl.MustMachine(&asl.FailState{Name: "F", Error: "E", Cause: "c"}))
		out, err = c.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: &failing})
		require.NoError(t, err, "a failed execution is an answer")
		require.Equal(t, types.SyncExecutionStatusFailed, out.Status)
		require.Equal(t, "E", *out.Error)
		slow := m.CreateExpress("S", asl.MustMachine(&asl.WaitState{Name: "W", Seconds: 301}))
		out, err = c.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: &slow})
		require.NoError(t, err)
		require.Equal(t, types.SyncExecutionStatusTimedOut, out.Status)
	})
}

func tokenMachine(extra string) string {
	return `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",` + extra +
		`"Parameters":{"FunctionName":"F","Payload":{"token.$":"$$.Task.Token"}},"End":true}}}`
}

func TestTaskTokens(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		ctx := t.Context()
		var token string
		m.Function(fn, stepfntest.Func(func(_ context.Context, in struct{ Token string }) (string, error) {
			token = in.Token
			return "submitted", nil
		}))
		arn := m.Create("T", machine(t, tokenMachine(`"HeartbeatSeconds":60,"TimeoutSeconds":600,`)))
		x, err := m.Execute(ctx, arn, nil)
		require.NoError(t, err)
		require.Equal(t, stepfntest.StatusRunning, x.Status, "a drain does not wait for tokens")
		for range 5 {
			time.Sleep(50 * time.Second)
			_, err = c.SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: &token})
			require.NoError(t, err)
		}
		_, err = c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String("nonsense")})
		require.ErrorContains(t, err, "InvalidOutput")
		_, err = c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String(`{"paid":true}`)})
		require.NoError(t, err)
		_, err = c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String(`{}`)})
		var timedOut *types.TaskTimedOut
		require.ErrorAs(t, err, &timedOut)
		require.NoError(t, m.Drain(ctx))
		x, err = m.Execution(x.ARN)
		require.NoError(t, err)
		require.Equal(t, `{"paid":true}`, x.Output)
		var kinds []string
		for _, e := range x.History {
			kinds = append(kinds, e.Type)
		}
		require.Equal(t, []string{
			"ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded",
		}, kinds)

		_, err = c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: aws.String("no such token"), Output: aws.String(`{}`)})
		requireAPIError(t, err, "InvalidToken", "Invalid Token: 'Invalid token'")

		x, err = m.Execute(ctx, arn, nil)
		require.NoError(t, err)
		_, err = c.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: &token, Error: aws.String("Declined"), Cause: aws.String("no money")})
		require.NoError(t, err)
		require.NoError(t, m.Drain(ctx))
		x, _ = m.Execution(x.ARN)
		require.Equal(t, "Declined", x.Error)

		x, err = m.Execute(ctx, arn, nil)
		require.NoError(t, err)
		time.Sleep(61 * time.Second)
		_, err = c.SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: &token})
		require.ErrorAs(t, err, &timedOut, "too late, though nobody has looked since")
		require.NoError(t, m.Drain(ctx))
		x, _ = m.Execution(x.ARN)
		require.Equal(t, "States.Timeout", x.Error)
	})
}

// What a token is failed without is null in what a catcher gets, and missing
// where the execution ends with it.
func TestATokenFailedWithoutAnError(t *testing.T) {
	tests := map[string]struct {
		in     sfn.SendTaskFailureInput
		caught string
	}{
		"neither":      {sfn.SendTaskFailureInput{}, `{"Error":null,"Cause":null}`},
		"an error":     {sfn.SendTaskFailureInput{Error: ptr("Declined")}, `{"Error":"Declined","Cause":null}`},
		"a cause":      {sfn.SendTaskFailureInput{Cause: ptr("no money")}, `{"Error":null,"Cause":"no money"}`},
		"empty texts":  {sfn.SendTaskFailureInput{Error: ptr(""), Cause: ptr("")}, `{"Error":"","Cause":""}`},
		"all there is": {sfn.SendTaskFailureInput{Error: ptr("Declined"), Cause: ptr("no money")}, `{"Error":"Declined","Cause":"no money"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r rig) {
				t, m, c := r.t, r.m, r.c
				ask := `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"Ask","Payload.$":"$$.Task.Token"},"TimeoutSeconds":60`
				const caught = `,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Caught"}]`
				var token string
				m.Function("Ask", stepfntest.Func(func(_ context.Context, in string) (string, error) { token = in; return "", nil }))
				fail := func(name, definition string) stepfntest.Execution {
					x, err := m.Execute(t.Context(), m.Create(name, states(t, definition)), nil)
					require.NoError(t, err)
					in := tt.in
					in.TaskToken = &token
					_, err = c.SendTaskFailure(t.Context(), &in)
					require.NoError(t, err)
					require.NoError(t, m.Drain(t.Context()))
					x, err = m.Execution(x.ARN)
					require.NoError(t, err)
					return x
				}
				end := `"Caught":{"Type":"Pass","End":true}`
				require.Equal(t, tt.caught, fail("Task", `"A":`+ask+caught+`,"End":true},`+end).Output)
				require.Equal(t, tt.caught, fail("Parallel",
					`"A":{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":`+ask+`,"End":true}}}]`+caught+`,"End":true},`+end).Output)

				x := fail("Uncaught", `"A":`+ask+`,"End":true}`)
				require.Equal(t, stepfntest.StatusFailed, x.Status)
				require.Equal(t, aws.ToString(tt.in.Error), x.Error)
				require.Equal(t, aws.ToString(tt.in.Cause), x.Cause)
			})
		})
	}
}

// A function that answers its own token before it returns.
func TestATokenAnsweredEarly(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		m.Function(fn, stepfntest.Func(func(ctx context.Context, in struct{ Token string }) (string, error) {
			_, err := c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &in.Token, Output: aws.String(`"early"`)})
			return "", err
		}))
		x, err := m.Execute(t.Context(), m.Create("T", machine(t, tokenMachine(""))), nil)
		require.NoError(t, err)
		require.Equal(t, `"early"`, x.Output)
	})
}

func TestActivities(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		created, err := c.CreateActivity(ctx, &sfn.CreateActivityInput{Name: aws.String("act")})
		require.NoError(t, err)
		begin := time.Now()
		empty, err := c.GetActivityTask(ctx, &sfn.GetActivityTaskInput{ActivityArn: created.ActivityArn})
		require.NoError(t, err)
		require.Nil(t, empty.TaskToken)
		require.Equal(t, time.Minute, time.Since(begin), "a long poll")

		arn := m.Create("M", asl.MustMachine(&asl.TaskState{Name: "A", Resource: *created.ActivityArn, TimeoutSeconds: 100}))
		go func() { _ = m.Run(ctx) }()
		started, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Input: aws.String(`{"n":1}`)})
		require.NoError(t, err)
		task, err := c.GetActivityTask(ctx, &sfn.GetActivityTaskInput{ActivityArn: created.ActivityArn, WorkerName: aws.String("w")})
		require.NoError(t, err)
		require.Equal(t, `{"n":1}`, *task.Input)
		_, err = c.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: task.TaskToken, Output: aws.String(`2`)})
		require.NoError(t, err)
		synctest.Wait()
		x, err := m.Execution(*started.ExecutionArn)
		require.NoError(t, err)
		require.Equal(t, "2", x.Output)
		require.Equal(t, "ActivityStarted", x.History[3].Type)
		require.Equal(t, "w", x.History[3].ActivityStarted.WorkerName)

		started, err = c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn})
		require.NoError(t, err)
		time.Sleep(101 * time.Second)
		x, _ = m.Execution(*started.ExecutionArn)
		require.Equal(t, "States.Timeout", x.Error)
		list, err := c.ListActivities(ctx, &sfn.ListActivitiesInput{})
		require.NoError(t, err)
		require.Len(t, list.Activities, 1)
		_, err = c.DescribeActivity(ctx, &sfn.DescribeActivityInput{ActivityArn: aws.String(account + "activity:no")})
		requireAPIError(t, err, "ActivityDoesNotExist", "Activity Does Not Exist: '"+account+"activity:no'")
	})
}

func TestExecutionsOfOtherMachines(t *testing.T) {
	bubble(t, func(r rig) {
		t, m := r.t, r.m
		child := m.Create("Child", asl.MustMachine(&asl.WaitState{Name: "W", Seconds: 60}, &asl.PassState{Name: "P", Result: map[string]any{"ok": true}}))
		parent := func(pattern string, path asl.Path) *asl.Machine {
			return asl.MustMachine(&asl.TaskState{
				Name: "S", Resource: "arn:aws:states:::states:startExecution" + pattern,
				Parameters: map[string]any{"StateMachineArn": child, "Input": map[string]any{"from.$": "$$.Execution.Name"}}, OutputPath: path,
			})
		}
		x, err := m.Execute(t.Context(), m.Create("P1", parent(".sync:2", "$.Output")), nil)
		require.NoError(t, err)
		require.Equal(t, `{"ok":true}`, x.Output)
		require.Equal(t, time.Minute, x.Stopped.Sub(x.Started))
		x, err = m.Execute(t.Context(), m.Create("P2", parent(".sync", "$.Output")), nil)
		require.NoError(t, err)
		require.Equal(t, `"{\"ok\":true}"`, x.Output)
		x, err = m.Execute(t.Context(), m.Create("P3", parent("", "$.ExecutionArn")), nil)
		require.NoError(t, err)
		require.Contains(t, x.Output, "execution:Child:")
		require.Equal(t, x.Started, x.Stopped)
		failing := m.Create("Bad", asl.MustMachine(&asl.FailState{Name: "F", Error: "E"}))
		x, err = m.Execute(t.Context(), m.Create("P4", asl.MustMachine(&asl.TaskState{
			Name: "S", Resource: "arn:aws:states:::states:startExecution.sync", Parameters: map[string]any{"StateMachineArn": failing},
		})), nil)
		require.NoError(t, err)
		require.Equal(t, "States.TaskFailed", x.Error)
		require.Contains(t, x.Cause, `"Error":"E"`)
	})
}

// Run, Drain and the API may be used from many goroutines.
func TestConcurrentUse(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		ctx, cancel := context.WithCancel(t.Context())
		m.Function(fn, func(context.Context, []byte) ([]byte, error) { time.Sleep(time.Second); return nil, nil })
		arn := m.Create("M", asl.MustMachine(&asl.TaskState{Name: "A", Resource: fn}))
		go func() { _ = m.Run(ctx) }()
		for i := range 20 {
			go func() {
				_, _ = c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: aws.String(fmt.Sprint("x", i))})
				_ = m.Drain(ctx)
			}()
		}
		time.Sleep(5 * time.Second)
		cancel()
		synctest.Wait()
		require.Len(t, m.Executions(arn), 20)
		for _, x := range m.Executions("") {
			require.NoError(t, x.Err())
		}
	})
}

// A loop that is stopped while a function runs calls it again in the next.
func TestAStoppedLoopCallsAgain(t *testing.T) {
	bubble(t, func(r rig) {
		t, m := r.t, r.m
		calls := 0
		m.Function(fn, func(ctx context.Context, _ []byte) ([]byte, error) {
			if calls++; calls == 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return []byte(`"done"`), nil
		})
		arn := m.Create("M", asl.MustMachine(&asl.TaskState{Name: "A", Resource: fn}))
		require.NoError(t, m.Starter(arn)(t.Context(), []byte(`{}`)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, m.Drain(ctx), context.DeadlineExceeded)
		require.Equal(t, stepfntest.StatusRunning, m.Executions(arn)[0].Status)
		require.NoError(t, m.Drain(t.Context()))
		require.Equal(t, `"done"`, m.Executions(arn)[0].Output)
		require.Equal(t, 2, calls)
	})
}

func TestFaults(t *testing.T) {
	bubble(t, func(r rig) {
		t, m, c := r.t, r.m, r.c
		arn := m.Create("M", asl.MustMachine(&asl.PassState{Name: "A"}))
		m.DropReply("StartExecution")
		_, err := c.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn, Name: aws.String("once")})
		require.NoError(t, err, "the SDK tries again, and the name makes it one execution")
		require.Len(t, m.Executions(arn), 1)
		require.Len(t, m.Calls("StartExecution"), 2)
		require.Equal(t, "states:StartExecution", m.Calls("StartExecution")[0].Action())
		require.True(t, strings.HasSuffix(m.Calls("StartExecution")[0].Resources[0], ":stateMachine:M"))
	})
}
