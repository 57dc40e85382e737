// Command frontdoor is the Lambda function behind POST /orders.
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
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xray"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	door := shop.FrontDoor{Table: dynamo.New(dynamodb.NewFromConfig(cfg), os.Getenv("TABLE"), shop.Store)}
	lambda.Start(observe.Handler("frontdoor", door.Handle, func(o *observe.Options) { o.Tracer = xray.New() }))
}
