// The smallest function that is observed and traced without the X-Ray SDK.
package main

import (
	"context"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xraylite"
)

var requests = observe.MustCounter("Requests")

func main() {
	lambda.Start(observe.Handler("size", func(ctx context.Context, in awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		observe.Logger(ctx).Info("request", zap.String("path", in.Path))
		requests.Add(ctx, 1)
		ctx, span := observe.StartSpan(ctx, "work")
		defer span.End()
		return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: observe.TraceID(ctx)}, nil
	}, func(o *observe.Options) { o.Tracer = xraylite.New() }))
}
