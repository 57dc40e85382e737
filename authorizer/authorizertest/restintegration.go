package authorizertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
		response, err = answerV1(out)
	}
	if err != nil {
		return g.refuse(&badIntegration, g.options.arn(request.HTTPMethod, request.Path), err).rest()
	}
	return response
}

// answerV1 reads the answer of a function in payload format 1.0.
func answerV1(out []byte) (response awsevents.APIGatewayProxyResponse, err error) {
	if err := size(out); err != nil {
		return response, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(out, &object); err != nil {
		return response, err
	}
	if err := members(object, out, &response, "statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"); err != nil {
		return response, err
	}
	return response, status(response.StatusCode)
}

// members decodes an answer, which has no other members. Their names count as they are spelled: StatusCode, as of a Go
// struct without tags, is not statusCode.
func members(object map[string]json.RawMessage, out []byte, into any, names ...string) error {
	for name := range object {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%q is not a member of an answer", name)
		}
	}
	return json.Unmarshal(out, into)
}

func status(code int) error {
	if code < 200 || code > 599 {
		return fmt.Errorf("status %d", code)
	}
	return nil
}
