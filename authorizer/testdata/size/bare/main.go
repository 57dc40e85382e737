// Command bare is the smallest handler of the event, to compare sizes with.
package main

import (
	"context"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(_ context.Context, event awsevents.APIGatewayCustomAuthorizerRequest) (awsevents.APIGatewayCustomAuthorizerResponse, error) {
		return awsevents.APIGatewayCustomAuthorizerResponse{PrincipalID: event.Type}, nil
	})
}
