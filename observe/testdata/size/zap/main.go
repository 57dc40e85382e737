// The smallest function that logs with zap.
package main

import (
	"context"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/zap"
)

func main() {
	logger := zap.Must(zap.NewProduction())
	lambda.Start(func(_ context.Context, in awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		logger.Info("request", zap.String("path", in.Path))
		return awsevents.APIGatewayProxyResponse{StatusCode: 200}, nil
	})
}
