package authorizertest

import (
	awsevents "github.com/aws/aws-lambda-go/events"
)

// maxARN is the longest method ARN in bytes; a longer one is answered with 414:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const maxARN = 1600

// gatewayAnswer is a response that API Gateway makes itself.
type gatewayAnswer struct {
	status    int
	errorType string // header x-amzn-ErrorType
	body      string
}

// The answers of a REST API.
var (
	unauthorized      = gatewayAnswer{401, "UnauthorizedException", `{"message":"Unauthorized"}`}
	denied            = gatewayAnswer{403, "AccessDeniedException", `{"Message":"User is not authorized to access this resource with an explicit deny"}`}
	notAllowed        = gatewayAnswer{403, "AccessDeniedException", `{"Message":"User is not authorized to access this resource"}`}
	forbidden         = gatewayAnswer{403, "ForbiddenException", `{"message":"Forbidden"}`}
	missingToken      = gatewayAnswer{403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`}
	uriTooLong        = gatewayAnswer{414, "RequestURITooLongException", `{"message":"Request URI Too Long"}`}
	authorizerFailure = gatewayAnswer{500, "AuthorizerConfigurationException", `{"message":null}`}
	badIntegration    = gatewayAnswer{502, "InternalServerErrorException", `{"message": "Internal server error"}`}
	endpointTimeout   = gatewayAnswer{504, "InternalServerErrorException", `{"message": "Endpoint request timed out"}`}
)

func (a gatewayAnswer) rest() awsevents.APIGatewayProxyResponse {
	headers := map[string]string{"Content-Type": "application/json", "x-amzn-ErrorType": a.errorType}
	return awsevents.APIGatewayProxyResponse{StatusCode: a.status, Headers: headers, Body: a.body}
}
