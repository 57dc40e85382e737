// Command saga is the one Lambda function that runs every step and every
// compensation of a saga.
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
	agency := &Agency{
		DB: dynamodb.NewFromConfig(cfg), Table: os.Getenv("TABLE"), SNS: sns.NewFromConfig(cfg), Topic: os.Getenv("TOPIC_ARN"),
	}
	lambda.Start(agency.Saga().Handle)
}
