// Command apikey-authorizer is the Lambda authorizer of a REST API: it checks
// API keys against a DynamoDB table. With arguments it makes a key:
//
//	TABLE=api-keys go run ./examples/apikey-authorizer acme 192.0.2.0/24 orders:read
package main

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/patternkit/serverless/authorizer/apikey"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	keys := apikey.New(dynamodb.NewFromConfig(cfg), os.Getenv("TABLE"))
	if len(os.Args) == 1 {
		lambda.Start(NewHandler(keys).HandleRequest)
	}
	if len(os.Args) < 3 {
		log.Fatal("usage: apikey-authorizer PRINCIPAL NETWORK [SCOPE...]")
	}
	network, err := netip.ParsePrefix(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	key, err := keys.Create(ctx, apikey.Record{
		Principal:    os.Args[1],
		Networks:     []netip.Prefix{network},
		Scopes:       os.Args[3:],
		UsagePlanKey: os.Getenv("USAGE_PLAN_KEY"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key) // shown once
}
