// Command fifo-queue is two Lambda functions around a FIFO queue: one takes the
// steps of orders from an HTTP API, the other applies them, in order for each
// order and each exactly once.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	queue := sqs.NewFromConfig(cfg)
	switch handler := os.Getenv("HANDLER"); handler { // set for each function in template.yaml
	case "api":
		lambda.Start(NewAPI(queue, os.Getenv("QUEUE_URL")).Handle)
	case "consumer":
		lambda.Start(NewConsumer(queue, os.Getenv("DEAD_URL"), dynamodb.NewFromConfig(cfg), os.Getenv("TABLE")).HandleSQS)
	default:
		log.Fatalf("there is no handler %q", handler)
	}
}
