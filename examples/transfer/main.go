// Command transfer is a Lambda function behind an HTTP API that moves money between
// accounts: all of it or nothing, and each transfer once.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/patternkit/serverless/dynamo"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(API{Table: dynamo.New(dynamodb.NewFromConfig(cfg), os.Getenv("TABLE"), Store)}.Handle)
}
