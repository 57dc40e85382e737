// Command invoicing is the Lambda function on the queue of invoices.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xray"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	client, table := dynamodb.NewFromConfig(cfg), os.Getenv("TABLE")
	consumer := shop.Invoicing{
		Table:   dynamo.New(client, table, shop.Store),
		Markers: idempotency.NewStore(client, table),
	}.Consumer()
	lambda.Start(observe.Handler("invoicing", consumer.HandleSQS, func(o *observe.Options) { o.Tracer = xray.New() }))
}
