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
	challenge string // header www-authenticate
}

// The answers of a REST API.
var (
	unauthorized      = gatewayAnswer{status: 401, errorType: "UnauthorizedException", body: `{"message":"Unauthorized"}`}
	denied            = gatewayAnswer{status: 403, errorType: "AccessDeniedException", body: `{"Message":"User is not authorized to access this resource with an explicit deny"}`}
	notAllowed        = gatewayAnswer{status: 403, errorType: "AccessDeniedException", body: `{"Message":"User is not authorized to access this resource"}`}
	forbidden         = gatewayAnswer{status: 403, errorType: "ForbiddenException", body: `{"message":"Forbidden"}`}
	missingToken      = gatewayAnswer{status: 403, errorType: "MissingAuthenticationTokenException", body: `{"message":"Missing Authentication Token"}`}
	requestTooLong    = gatewayAnswer{status: 413, errorType: "RequestTooLargeException", body: `{"message":"Request Too Long"}`}
	uriTooLong        = gatewayAnswer{status: 414, errorType: "RequestURITooLongException", body: `{"message":"Request URI Too Long"}`}
	headersTooLarge   = gatewayAnswer{status: 431, errorType: "RequestHeaderFieldsTooLargeException", body: `{"message":"Request Header Fields Too Large"}`}
	badRequest        = gatewayAnswer{status: 400, errorType: "BadRequestException", body: `{"message":"Bad Request"}`}
	authorizerFailure = gatewayAnswer{status: 500, errorType: "AuthorizerConfigurationException", body: `{"message":null}`}
	badIntegration    = gatewayAnswer{status: 502, errorType: "InternalServerErrorException", body: `{"message": "Internal server error"}`}
	endpointTimeout   = gatewayAnswer{status: 504, errorType: "InternalServerErrorException", body: `{"message": "Endpoint request timed out"}`}
)

func (a gatewayAnswer) rest() awsevents.APIGatewayProxyResponse {
	headers := map[string]string{"Content-Type": "application/json", "x-amzn-ErrorType": a.errorType}
	return awsevents.APIGatewayProxyResponse{StatusCode: a.status, Headers: headers, Body: a.body}
}
