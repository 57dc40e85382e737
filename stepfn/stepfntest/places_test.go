package stepfntest_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// places are an account and region, another account, and another region.
var places = []struct{ account, region string }{
	{"111111111111", "us-east-1"}, {"222222222222", "us-east-1"}, {"111111111111", "eu-west-1"},
}

func configIn(account, region string) aws.Config {
	return aws.Config{Region: region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: account, SecretAccessKey: "secret"}, nil
	})}
}

// A state machine or an activity of the same name in another account or region is
// another one.
func TestMachinesOfAnotherPlace(t *testing.T) {
	machines := stepfntest.New(t)
	definition := func(region string) *string {
		return aws.String(`{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"` + region + `","End":true}}}`)
	}
	for _, place := range places {
		client := sfn.NewFromConfig(machines.Join(configIn(place.account, place.region)))
		_, err := client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
			Name: aws.String("order"), RoleArn: aws.String("arn:aws:iam::" + place.account + ":role/order"), Definition: definition(place.account + place.region),
		})
		require.NoError(t, err)
		_, err = client.CreateActivity(t.Context(), &sfn.CreateActivityInput{Name: aws.String("order")})
		require.NoError(t, err)
	}
	for _, place := range places {
		client := sfn.NewFromConfig(machines.Join(configIn(place.account, place.region)))
		listed, err := client.ListStateMachines(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, listed.StateMachines, 1)
		arn := "arn:aws:states:" + place.region + ":" + place.account + ":stateMachine:order"
		require.Equal(t, arn, *listed.StateMachines[0].StateMachineArn)
		activities, err := client.ListActivities(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, activities.Activities, 1)
		require.Equal(t, "arn:aws:states:"+place.region+":"+place.account+":activity:order", *activities.Activities[0].ActivityArn)
		started, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn, Name: aws.String("same")})
		require.NoError(t, err)
		require.NoError(t, machines.Drain(t.Context()))
		done, err := client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		require.NoError(t, err)
		require.Equal(t, `"`+place.account+place.region+`"`, *done.Output)
		executions, err := client.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: &arn})
		require.NoError(t, err)
		require.Len(t, executions.Executions, 1)
	}
	arn := "arn:aws:states:eu-west-1:222222222222:stateMachine:order"
	_, err := sfn.NewFromConfig(machines.Join(configIn("222222222222", "eu-west-1"))).DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	require.ErrorAs(t, err, new(*types.StateMachineDoesNotExist))
}

// signatures is an HTTP client that keeps who signed.
type signatures []string

func (s *signatures) Do(r *http.Request) (*http.Response, error) {
	*s = append(*s, r.Header.Get("Authorization"))
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"MessageId":"m"}`)), Request: r}, nil
}

// A task calls other services as the account of its machine, in its region.
func TestTasksCallFromTheMachinesPlace(t *testing.T) {
	for _, place := range places {
		var signed signatures
		machines := stepfntest.New(t, func(o *stepfntest.Options) { o.Services = &signed })
		client := sfn.NewFromConfig(machines.Join(configIn(place.account, place.region)))
		machine, err := client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
			Name: aws.String("send"), RoleArn: aws.String("arn:aws:iam::" + place.account + ":role/send"),
			Definition: aws.String(`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Parameters":{"QueueUrl":"q","MessageBody":"b"},"End":true}}}`),
		})
		require.NoError(t, err)
		_, err = client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: machine.StateMachineArn})
		require.NoError(t, err)
		require.NoError(t, machines.Drain(t.Context()))
		require.Len(t, signed, 1)
		require.Contains(t, signed[0], "Credential="+place.account+"/")
		require.Contains(t, signed[0], "/"+place.region+"/sqs/aws4_request")
	}
}
