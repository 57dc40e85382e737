// Command idempotent-api is a Lambda function behind an HTTP API that creates
// orders; a client may send the same request as often as it likes.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(NewAPI(dynamodb.NewFromConfig(cfg), os.Getenv("TABLE")).Handle)
}
