package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/suite"
)

// workers checks activities: tasks that need no other service.
func (c *checks) workers() {
	activity := func(t *testing.T) string {
		t.Helper()
		name := c.Name("activity")
		out, err := c.client.CreateActivity(t.Context(), &sfn.CreateActivityInput{Name: &name})
		suite.NoError(t, err)
		suite.Cleanup(t, "the activity "+name, func(ctx context.Context) error {
			_, err := c.client.DeleteActivity(ctx, &sfn.DeleteActivityInput{ActivityArn: out.ActivityArn})
			return err
		})
		return *out.ActivityArn
	}
	// work starts a machine with one task and takes the task.
	work := func(t *testing.T, more string) (execution string, task *sfn.GetActivityTaskOutput) {
		t.Helper()
		arn := activity(t)
		execution = c.start(t, c.create(t, states(`"A":{"Type":"Task","Resource":"`+arn+`","End":true`+more+`}`), ""), `{"a":1}`)
		task, err := c.client.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: &arn})
		suite.NoError(t, err)
		suite.Equal(t, `{"a":1}`, aws.ToString(task.Input))
		return execution, task
	}
	const caught = `,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}]},"B":{"Type":"Pass","End":true`
	c.machine("a worker's output is the task's", func(t *testing.T) {
		arn, task := work(t, caught)
		_, err := c.client.SendTaskHeartbeat(t.Context(), &sfn.SendTaskHeartbeatInput{TaskToken: task.TaskToken})
		suite.NoError(t, err)
		_, err = c.client.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: task.TaskToken, Output: aws.String(`{"paid":true}`)})
		suite.NoError(t, err)
		equalJSON(t, `{"paid":true}`, aws.ToString(c.wait(t, arn).Output))
		suite.Equal(t, []string{
			"ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded",
		}, kinds(c.history(t, arn)))
	})
	c.machine("a token serves once", func(t *testing.T) {
		arn, task := work(t, caught)
		for i, code := range []string{"", "TaskTimedOut"} {
			_, err := c.client.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: task.TaskToken, Output: aws.String(`{}`)})
			if i == 0 {
				suite.NoError(t, err)
				c.wait(t, arn)
				continue
			}
			suite.Refused(t, err, 400, code, "…")
		}
	})
	c.machine("a worker's error is caught", func(t *testing.T) {
		arn, task := work(t, caught)
		_, err := c.client.SendTaskFailure(t.Context(), &sfn.SendTaskFailureInput{TaskToken: task.TaskToken, Error: aws.String("Declined"), Cause: aws.String("no money")})
		suite.NoError(t, err)
		equalJSON(t, `{"Error":"Declined","Cause":"no money"}`, aws.ToString(c.wait(t, arn).Output))
	})
	c.machine("an output is JSON", func(t *testing.T) {
		arn, task := work(t, caught)
		_, err := c.client.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: task.TaskToken, Output: aws.String("nonsense")})
		suite.Refused(t, err, 400, "InvalidOutput", "…")
		_, err = c.client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &arn})
		suite.NoError(t, err)
	})
	c.machine("a worker that is silent is timed out, by the name of States.Timeout", func(t *testing.T) {
		arn, _ := work(t, `,"TimeoutSeconds":60,"HeartbeatSeconds":2`)
		x := c.wait(t, arn)
		suite.Equal(t, types.ExecutionStatusFailed, x.Status)
		suite.Equal(t, "States.Timeout", aws.ToString(x.Error))
		suite.True(t, x.Cause == nil, "it has the cause %s", aws.ToString(x.Cause))
		suite.Equal(t, types.HistoryEventTypeActivityTimedOut, after(t, c.history(t, arn), types.HistoryEventTypeExecutionFailed))
	})
	c.CheckIf(c.role != "" && c.Slow, "Options.Slow is off, or Options.RoleARN is empty", "a worker that finds no task is answered after a minute", func(t *testing.T) {
		arn := activity(t)
		out, err := c.client.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: &arn})
		suite.NoError(t, err)
		suite.Equal(t, "", aws.ToString(out.TaskToken))
	})
	c.Check("an activity that there is not has no tasks", func(t *testing.T) {
		_, err := c.client.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: aws.String("arn:aws:states:us-east-1:123456789012:activity:" + c.Name("none"))})
		suite.Refused(t, err, 400, "ActivityDoesNotExist", "Activity Does Not Exist: 'arn:…'")
	})
}
