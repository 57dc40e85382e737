package authorizer

import (
	"context"
	"fmt"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/given"
)

// WebSocket authorizes connections to a WebSocket API.
type WebSocket struct {
	handler

	requires Rule
}

// NewWebSocket returns the Lambda authorizer of a WebSocket API: pass HandleConnect to lambda.Start. A principal must meet
// all requirements to connect. It panics without a verifier, and for an empty requirement.
func NewWebSocket(verifier TokenVerifier, requirements []Requirement, optFns ...func(*HandlerOptions)) *WebSocket {
	faults := given.To("authorizer: NewWebSocket")
	faults.Nil("the verifier", verifier)
	for i, requirement := range requirements {
		if requirement.empty() {
			faults.Add("requirement %d is empty", i+1)
		}
	}
	faults.Panic()
	return &WebSocket{handler: newHandler(verifier, nil, optFns), requires: Rule{requires: requirements}}
}

// HandleConnect answers the event of the $connect route. API Gateway asks once per connection and never again, so a
// connection may outlive its token by up to two hours: close it yourself, through the management API, when that matters.
func (a *WebSocket) HandleConnect(ctx context.Context, event awsevents.APIGatewayCustomAuthorizerRequestTypeRequest) (response awsevents.APIGatewayCustomAuthorizerResponse, err error) {
	if a == nil {
		return response, errUnmade
	}
	arn, err := ParseARN(event.MethodArn)
	if err != nil {
		return response, err
	}
	if arn.Path != "$connect" || arn.Method != "" {
		return response, fmt.Errorf("authorizer: method ARN %.200q is not of the $connect route", event.MethodArn)
	}
	p, err := a.authenticate(ctx, requestOf(event))
	if a.denies(err) {
		return awsevents.APIGatewayCustomAuthorizerResponse{PrincipalID: anonymous, PolicyDocument: denyAll(arn.Stage())}, nil
	}
	if err != nil {
		return response, err
	}
	response.PrincipalID = p.ID
	if !a.requires.permits(p) {
		response.PolicyDocument = denyAll(arn.Stage())
		return response, nil
	}
	response.PolicyDocument = policyOf([]string{arn.Stage() + arn.Path}, nil)
	response.Context, err = a.values(p)
	if err != nil {
		return awsevents.APIGatewayCustomAuthorizerResponse{}, err
	}
	return response, nil
}
