// Command single-table is a Lambda function behind an HTTP API that keeps users,
// orders with their items, and products in one DynamoDB table.
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
	table := dynamo.New(dynamodb.NewFromConfig(cfg), os.Getenv("TABLE"), Store, func(o *dynamo.Options) {
		if key := os.Getenv("CURSOR_KEY"); key != "" {
			o.CursorKeys = [][]byte{[]byte(key)}
		}
	})
	lambda.Start(API{Table: table}.Handle)
}
