package shop

import (
	"context"

	awsevents "github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/observe"
)

// Audience is the audience of the tokens of the shop's customers.
const Audience = "orders-api"

// Routes says what each scope may do.
var Routes = authorizer.MustRoutes(
	authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
	authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))

// Authorize is the Lambda handler of the API's authorizer. The log says who was let
// in and why a token was refused; the answer to the client does not.
func Authorize(verifier authorizer.TokenVerifier) func(context.Context, awsevents.APIGatewayCustomAuthorizerRequest) (awsevents.APIGatewayCustomAuthorizerResponse, error) {
	rest := authorizer.NewREST(verifier, Routes, func(o *authorizer.HandlerOptions) {
		o.OnRefused = func(ctx context.Context, reason error) {
			observe.Logger(ctx).Warn("token refused", zap.String("reason", reason.Error()))
		}
	})
	return func(ctx context.Context, event awsevents.APIGatewayCustomAuthorizerRequest) (awsevents.APIGatewayCustomAuthorizerResponse, error) {
		response, err := rest.HandleToken(ctx, event)
		if err == nil {
			observe.Logger(ctx).Info("token accepted", zap.String("customerId", response.PrincipalID))
		}
		return response, err
	}
}
