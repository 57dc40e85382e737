// Command stream-processor is two Lambda functions around a table of orders: one
// writes orders, the other turns the changes of the table's stream into events and
// into a view for reading.
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
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	table := dynamo.New(dynamodb.NewFromConfig(cfg), os.Getenv("TABLE"), Store)
	switch handler := os.Getenv("HANDLER"); handler { // set for each function in template.yaml
	case "api":
		lambda.Start(API{Table: table}.Handle)
	case "stream":
		publisher := events.NewPublisher(eventbridge.NewFromConfig(cfg), os.Getenv("BUS"))
		changes, err := NewStreamHandler(table, publisher)
		if err != nil {
			log.Fatal(err)
		}
		lambda.Start(changes.Handle)
	default:
		log.Fatalf("there is no handler %q", handler)
	}
}
