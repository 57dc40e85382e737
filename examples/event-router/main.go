// Command event-router is a Lambda function behind an EventBridge rule: it hands
// each event to the handler of its kind.
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
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	desk := &Desk{Publisher: events.NewPublisher(eventbridge.NewFromConfig(cfg), os.Getenv("BUS"))}
	lambda.Start(desk.Router().Handle)
}
