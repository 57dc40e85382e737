package main

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

func request(key, body string) awsevents.APIGatewayV2HTTPRequest {
	return awsevents.APIGatewayV2HTTPRequest{Headers: map[string]string{"idempotency-key": key}, Body: body}
}

func TestAReportIsMadeOncePerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines := stepfntest.New(t)
		machines.Function("${RenderFunctionArn}", stepfntest.Func(stepfn.ReportErrors(render)))
		arn := machines.Create("Reports", Machine)
		go func() { _ = machines.Run(t.Context()) }() // what the service does in the background
		api := &API{Workflow: stepfn.NewWorkflow[Report, Result](machines.Client(), arn)}

		machines.DropReply("StartExecution") // the first answer is lost: the SDK asks again
		first, err := api.Handle(t.Context(), request("june/1", `{"month":"2026-06"}`))
		require.NoError(t, err)
		require.Equal(t, 202, first.StatusCode)
		time.Sleep(time.Hour)

		again, err := api.Handle(t.Context(), request("june/1", `{"month":"2026-06"}`))
		require.NoError(t, err)
		require.Equal(t, 200, again.StatusCode)
		require.Equal(t, first.Body, again.Body)

		other, err := api.Handle(t.Context(), request("june/1", `{"month":"2026-07"}`))
		require.NoError(t, err)
		require.Equal(t, 409, other.StatusCode)

		list := machines.Executions(arn)
		require.Len(t, list, 1)
		require.Equal(t, 30*time.Second, list[0].Stopped.Sub(list[0].Started))
		result, err := api.Workflow.Wait(t.Context(), list[0].ARN)
		require.NoError(t, err)
		require.Equal(t, "https://reports.example.com/2026-06", result.URL)
	})
}

func TestBadRequests(t *testing.T) {
	for _, r := range []awsevents.APIGatewayV2HTTPRequest{request("k", "no json"), request("k", "{}"), request("", `{"month":"2026-06"}`)} {
		got, err := (&API{}).Handle(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, 400, got.StatusCode)
	}
}

func TestTheTemplateHasThisMachine(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?s)Definition: (\{.*?)\n      \w`).FindSubmatch(template)
	require.NotNil(t, found)
	want, err := json.Marshal(Machine)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(found[1]))
}
