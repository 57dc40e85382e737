// Command fan-out is a publisher and three consumers around an SNS topic: each
// consumer has a queue of its own and sees what its filter policy lets through.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	topics, table, name := sns.NewFromConfig(cfg), dynamodb.NewFromConfig(cfg), os.Getenv("TABLE")
	switch handler := os.Getenv("HANDLER"); handler { // set for each function in template.yaml
	case "publisher":
		lambda.Start(NewPublisher(topics, os.Getenv("TOPIC_ARN")).Handle)
	case "inventory":
		lambda.Start(NewInventory(table, name).HandleSQS)
	case "notification":
		lambda.Start(NewNotification(topics, os.Getenv("CUSTOMERS_ARN"), table, name).HandleSQS)
	case "analytics":
		lambda.Start(NewAnalytics(table, name).HandleSQS)
	default:
		log.Fatalf("there is no handler %q", handler)
	}
}
