// Command announcer is the Lambda function on the stream of the table.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xray"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	announcer := shop.Announcer{
		Table:     dynamo.New(dynamodb.NewFromConfig(cfg), os.Getenv("TABLE"), shop.Store),
		Publisher: events.NewPublisher(eventbridge.NewFromConfig(cfg), os.Getenv("BUS")),
	}
	lambda.Start(observe.Handler("announcer", announcer.Stream().Handle, func(o *observe.Options) { o.Tracer = xray.New() }))
}
