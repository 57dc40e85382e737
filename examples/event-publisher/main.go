// Command event-publisher is a Lambda function that takes orders over HTTP and
// publishes what happened to an event bus.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/patternkit/serverless/events"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client, bus := eventbridge.NewFromConfig(cfg), os.Getenv("BUS")
	if err := events.CheckBus(ctx, client, bus); err != nil {
		log.Fatal(err) // a misspelled bus would lose every event silently
	}
	lambda.Start((&API{Publisher: events.NewPublisher(client, bus)}).Handle)
}
