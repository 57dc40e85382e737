package authorizertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/lambdafn"
)

// resourceID is the id of a resource: the same for every request to its path.
func resourceID(path string) string {
	digest := sha256.Sum256([]byte(path))
	return hex.EncodeToString(digest[:3])
}

// restEvent is the request as a function gets it: a body that is absent is null.
type restEvent struct {
	awsevents.APIGatewayProxyRequest

	Body            *string `json:"body"`
	IsBase64Encoded bool    `json:"isBase64Encoded"`
}

// integrate invokes the function behind a route and checks its answer.
func (g *RESTAPI) integrate(ctx context.Context, route *boundRoute, request awsevents.APIGatewayProxyRequest) awsevents.APIGatewayProxyResponse {
	event := restEvent{APIGatewayProxyRequest: request, IsBase64Encoded: request.IsBase64Encoded}
	if request.Body != "" {
		event.Body = &request.Body
	}
	payload := mustJSON(event)
	if len(payload) > lambdafn.MaxPayload {
		return requestTooLong.rest()
	}
	out, err := call(ctx, route.Backend, payload, g.options.BackendTimeout)
	if errors.Is(err, errTimedOut) {
		return endpointTimeout.rest()
	}
	var response awsevents.APIGatewayProxyResponse
	if err == nil {
		err = size(out)
	}
	if err == nil {
		err = strictly(out, &response)
	}
	if err == nil && (response.StatusCode < 200 || response.StatusCode > 599) {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	if err != nil {
		return g.refuse(&badIntegration, g.options.arn(request.HTTPMethod, request.Path), err).rest()
	}
	return response
}
