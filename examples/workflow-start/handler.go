package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
)

// Report is what a caller asks for.
type Report struct {
	Month string `json:"month"`
}

// Result is the output of the machine.
type Result struct {
	URL string `json:"url"`
}

// Machine makes a report: it collects for a while, then renders.
var Machine = asl.MustMachine(
	&asl.WaitState{Name: "Collect", Seconds: 30},
	&asl.TaskState{
		Name: "Render", Resource: "${RenderFunctionArn}", TimeoutSeconds: 60,
		Retry: []asl.Retrier{{
			ErrorEquals: []string{"Lambda.ServiceException", "Lambda.TooManyRequestsException"}, MaxAttempts: asl.Attempts(3), JitterStrategy: asl.JitterFull,
		}},
	})

func render(_ context.Context, r Report) (Result, error) {
	return Result{"https://reports.example.com/" + r.Month}, nil
}

// API answers POST /reports.
type API struct {
	Workflow *stepfn.Workflow[Report, Result]
}

type response = awsevents.APIGatewayV2HTTPResponse

// Handle starts a report under the caller's idempotency key.
func (a *API) Handle(ctx context.Context, r awsevents.APIGatewayV2HTTPRequest) (response, error) {
	var in Report
	if err := json.Unmarshal([]byte(r.Body), &in); err != nil || in.Month == "" {
		return answer(http.StatusBadRequest, map[string]string{"error": "a report has a month"})
	}
	key := r.Headers["idempotency-key"]
	if key == "" {
		return answer(http.StatusBadRequest, map[string]string{"error": "the header Idempotency-Key is required"})
	}
	started, err := a.Workflow.Start(ctx, stepfn.ExecutionName(key), in)
	switch {
	case errors.Is(err, stepfn.ErrConflict):
		return answer(http.StatusConflict, map[string]string{"error": "the key was used for another report"})
	case err != nil:
		return response{}, err
	case started.Existed:
		return answer(http.StatusOK, map[string]string{"id": started.Name})
	}
	return answer(http.StatusAccepted, map[string]string{"id": started.Name})
}

func answer(status int, body any) (response, error) {
	text, err := json.Marshal(body)
	return response{StatusCode: status, Body: string(text), Headers: map[string]string{"content-type": "application/json"}}, err
}
