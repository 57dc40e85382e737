package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/suite"
)

const pass = `"A":{"Type":"Pass","End":true}`

// definitions checks what ValidateStateMachineDefinition says. AWS promises
// neither the order nor the words: result, severity, code and location are
// checked.
func (c *checks) definitions() {
	for _, row := range []struct{ name, definition, code, location string }{
		{"a definition that is right has no diagnostics", states(pass), "", ""},
		{"a definition is JSON", `{`, "INVALID_JSON_DESCRIPTION", ""},
		{"a transition goes to a state that there is", states(`"A":{"Type":"Pass","Next":"B"}`), "MISSING_TRANSITION_TARGET", "/States/A/Next"},
		{"a workflow has a terminal state", states(`"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}`), "MISSING_END_STATE", "…"},
		{"a definition has states", `{"StartAt":"A"}`, "SCHEMA_VALIDATION_FAILED", "/"},
		{"a state has a type that there is", states(`"A":{"Type":"No"}`), "SCHEMA_VALIDATION_FAILED", "/States/A/Type"},
		{"a parallel state has branches", states(`"A":{"Type":"Parallel","Branches":[],"End":true}`), "SCHEMA_VALIDATION_FAILED", "/States/A/Branches"},
		{"an integration is one that there is", states(`"A":{"Type":"Task","Resource":"arn:aws:states:::dynamodb:query","Parameters":{},"End":true}`), "SCHEMA_VALIDATION_FAILED", "/States/A/Resource"},
	} {
		c.Check(row.name, func(t *testing.T) {
			out, err := c.client.ValidateStateMachineDefinition(t.Context(), &sfn.ValidateStateMachineDefinitionInput{Definition: &row.definition})
			suite.NoError(t, err)
			if row.code == "" {
				suite.Equal(t, types.ValidateStateMachineDefinitionResultCodeOk, out.Result)
				suite.Equal(t, 0, len(out.Diagnostics))
				return
			}
			suite.Equal(t, types.ValidateStateMachineDefinitionResultCodeFail, out.Result)
			for _, d := range out.Diagnostics {
				if *d.Code == row.code && d.Severity == types.ValidateStateMachineDefinitionSeverityError && suite.Matches(row.location, aws.ToString(d.Location)) {
					return
				}
			}
			t.Fatalf("no diagnostic %s at %s among %d: the first is %s at %s", row.code, row.location, len(out.Diagnostics), *out.Diagnostics[0].Code, aws.ToString(out.Diagnostics[0].Location))
		})
	}
}

// refusal is a call that Step Functions refuses with status 400.
type refusal struct {
	name       string
	call       func(t *testing.T) error
	code, text string
}

// refusals checks what the API does not take.
func (c *checks) refusals() {
	create := func(name, definition string, kind types.StateMachineType) func(*testing.T) error {
		return func(t *testing.T) error {
			t.Helper()
			if name == "" {
				name = c.Name("refused")
			}
			out, err := c.client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: &c.role, Type: kind})
			if err == nil { // it should not be there
				_, _ = c.client.DeleteStateMachine(context.WithoutCancel(t.Context()), &sfn.DeleteStateMachineInput{StateMachineArn: out.StateMachineArn})
			}
			return err
		}
	}
	task := func(resource string) string {
		return states(`"A":{"Type":"Task","Resource":"` + resource + `","Parameters":{},"End":true}`)
	}
	start := func(name, input string) func(*testing.T) error {
		return func(t *testing.T) error {
			t.Helper()
			arn := c.create(t, states(pass), "")
			_, err := c.client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn, Name: &name, Input: &input})
			return err
		}
	}
	invalid := func(text string) string {
		return "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: " + text + "'"
	}
	const tokens = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
	for _, row := range []refusal{
		{"the name of a machine has no blank", create("a b", states(pass), ""), "InvalidName", "Invalid Name: 'a b'"},
		{"a machine is made with states", create("", `{"StartAt":"A"}`, ""), "InvalidDefinition", invalid("These fields are required: [States] at /")},
		{
			"a machine is made with types that there are", create("", states(`"A":{"Type":"No"}`), ""), "InvalidDefinition",
			invalid("The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/A/Type"),
		},
		{"a machine is made with branches", create("", states(`"A":{"Type":"Parallel","Branches":[],"End":true}`), ""), "InvalidDefinition", invalid("Value cannot be empty at /States/A/Branches")},
		{
			"an express machine waits for no execution", create("", task("arn:aws:states:::states:startExecution.sync"), types.StateMachineTypeExpress), "InvalidDefinition",
			invalid("Express state machine does not support '.sync' service integration at /States/A/Resource"),
		},
		{
			"an express machine waits for no token", create("", task("arn:aws:states:::sns:publish.waitForTaskToken"), types.StateMachineTypeExpress), "InvalidDefinition",
			invalid("Express state machine does not support '.waitForTaskToken' service integration  at /States/A/Resource"),
		},
		{"the name of an execution has no slash", start("x/y", "{}"), "InvalidName", "Invalid Name: 'x/y'"},
		{"an input is JSON", start("x", "not json"), "InvalidExecutionInput", "Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting " + tokens + "'"},
		{"an input has double quotes", start("x", "{'a':1}"), "InvalidExecutionInput", "Invalid State Machine Execution Input: 'Unexpected character (''' (code 39)): was expecting double-quote to start field name'"},
		{"an update changes something", func(t *testing.T) error {
			t.Helper()
			arn := c.create(t, states(pass), "")
			_, err := c.client.UpdateStateMachine(t.Context(), &sfn.UpdateStateMachineInput{StateMachineArn: &arn})
			return err
		}, "MissingRequiredParameter", "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified"},
		{"executions are listed by a status that there is", func(t *testing.T) error {
			t.Helper()
			arn := c.create(t, states(pass), "")
			_, err := c.client.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: &arn, StatusFilter: "succeeded"})
			return err
		}, "ValidationException", "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"},
		{"a page has at most 1000 executions", func(t *testing.T) error {
			t.Helper()
			arn := c.create(t, states(pass), "")
			_, err := c.client.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: &arn, MaxResults: 1001})
			return err
		}, "ValidationException", "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		{"a standard machine is not run in the call", func(t *testing.T) error {
			t.Helper()
			arn := c.create(t, states(pass), "")
			_, err := c.client.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: &arn})
			return err
		}, "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"},
		{"a machine that there is not is not started", func(t *testing.T) error {
			t.Helper()
			arn := c.create(t, states(pass), "") + "-none"
			_, err := c.client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn})
			return err
		}, "StateMachineDoesNotExist", "State Machine Does Not Exist: 'arn:…-none'"},
	} {
		c.machine(row.name, func(t *testing.T) { suite.Refused(t, row.call(t), 400, row.code, row.text) })
	}
	c.Check("a machine is named by an ARN", func(t *testing.T) {
		_, err := c.client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String("nonsense")})
		suite.Refused(t, err, 400, "InvalidArn", "Invalid Arn: …")
	})
	c.Check("a token that is none is refused", func(t *testing.T) {
		_, err := c.client.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: aws.String("nonsense"), Output: aws.String("{}")})
		suite.Refused(t, err, 400, "InvalidToken", "Invalid Token: 'Invalid token'")
	})
}
