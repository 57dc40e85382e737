// Command dlq-consumer is a Lambda function that charges payments from a queue
// through an HTTP provider, and one that moves repaired dead letters back.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

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
	queues := sqs.NewFromConfig(cfg)
	switch handler := os.Getenv("HANDLER"); handler { // set for each function in template.yaml
	case "consumer":
		provider := &Provider{URL: os.Getenv("PROVIDER_URL"), Client: &http.Client{Timeout: 5 * time.Second}}
		lambda.Start(NewConsumer(queues, os.Getenv("DEAD_URL"), dynamodb.NewFromConfig(cfg), os.Getenv("TABLE"), provider).HandleSQS)
	case "redrive":
		lambda.Start((&Redriver{Client: queues, DeadARN: os.Getenv("DEAD_ARN"), QueueARN: os.Getenv("QUEUE_ARN")}).Handle)
	default:
		log.Fatalf("there is no handler %q", handler)
	}
}
