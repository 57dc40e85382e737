package authorizer

import (
	"context"
	"fmt"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/given"
)

// REST authorizes the requests to a REST API.
type REST struct{ handler }

// NewREST returns the Lambda authorizer of a REST API: pass HandleToken or HandleRequest to lambda.Start. It panics
// without a verifier or routes.
func NewREST(verifier TokenVerifier, routes *Routes, optFns ...func(*HandlerOptions)) *REST {
	faults := given.To("authorizer: NewREST")
	faults.Nil("the verifier", verifier)
	if !routes.made() {
		faults.Add("the routes are nil or were not made by NewRoutes")
	}
	faults.Panic()
	return &REST{newHandler(verifier, routes, optFns)}
}

// HandleToken answers the event of a TOKEN authorizer with the principal's policy for the whole API and stage.
func (a *REST) HandleToken(ctx context.Context, event awsevents.APIGatewayCustomAuthorizerRequest) (awsevents.APIGatewayCustomAuthorizerResponse, error) {
	if a == nil {
		return awsevents.APIGatewayCustomAuthorizerResponse{}, errUnmade
	}
	if event.Type != "" && event.Type != "TOKEN" {
		return awsevents.APIGatewayCustomAuthorizerResponse{}, fmt.Errorf("authorizer: HandleToken got an event of type %.20q", event.Type)
	}
	header := a.options.Token.name
	if header == "" || a.options.Token.place != inHeader {
		header = "Authorization"
	}
	return a.answer(ctx, event.MethodArn, request{headers: map[string]string{header: event.AuthorizationToken}})
}

// HandleRequest answers the event of a REQUEST authorizer with the principal's policy for the whole API and stage. If
// the verifier looks at the source address, the address must be one of the identity sources or the TTL 0, since API
// Gateway caches the policy under the identity sources alone.
func (a *REST) HandleRequest(ctx context.Context, event awsevents.APIGatewayCustomAuthorizerRequestTypeRequest) (awsevents.APIGatewayCustomAuthorizerResponse, error) {
	if a == nil {
		return awsevents.APIGatewayCustomAuthorizerResponse{}, errUnmade
	}
	if event.Type != "" && event.Type != "REQUEST" {
		return awsevents.APIGatewayCustomAuthorizerResponse{}, fmt.Errorf("authorizer: HandleRequest got an event of type %.20q", event.Type)
	}
	return a.answer(ctx, event.MethodArn, requestOf(event))
}

func requestOf(event awsevents.APIGatewayCustomAuthorizerRequestTypeRequest) request {
	return request{
		headers:      event.Headers,
		multiHeaders: event.MultiValueHeaders,
		query:        event.QueryStringParameters,
		multiQuery:   event.MultiValueQueryStringParameters,
		sourceIP:     event.RequestContext.Identity.SourceIP,
	}
}

func (a *REST) answer(ctx context.Context, methodARN string, r request) (response awsevents.APIGatewayCustomAuthorizerResponse, err error) {
	p, err := a.authenticate(ctx, r)
	if a.denies(err) {
		arn, err := ParseARN(methodARN)
		if err != nil {
			return response, err
		}
		return awsevents.APIGatewayCustomAuthorizerResponse{PrincipalID: anonymous, PolicyDocument: denyAll(arn.Stage())}, nil
	}
	if err != nil {
		return response, err
	}
	policy, err := a.routes.Policy(p, methodARN)
	if err != nil {
		return response, err
	}
	values, err := a.values(p)
	if err != nil {
		return response, err
	}
	return awsevents.APIGatewayCustomAuthorizerResponse{
		PrincipalID:        p.ID,
		PolicyDocument:     policy,
		Context:            values,
		UsageIdentifierKey: p.UsageIdentifierKey,
	}, nil
}
