// Command jwt-authorizer is the Lambda authorizer of a REST API: it verifies
// JWTs and answers with a policy that API Gateway can cache.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/patternkit/serverless/authorizer"
)

func main() {
	keys, err := authorizer.NewRemoteKeys(os.Getenv("JWKS_URL"), func(o *authorizer.RemoteKeysOptions) {
		o.Report = func(_ context.Context, err error) { log.Print(err) }
		o.AllowHTTP = true // on loopback only, where localaws publishes its keys
	})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := NewHandler(os.Getenv("ISSUER"), os.Getenv("AUDIENCE"), keys)
	if err != nil {
		log.Fatal(err)
	}
	// Fetching the keys belongs to the initialization. If it fails now, the
	// first token tries again.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	if err := keys.Hydrate(ctx); err != nil {
		log.Print(err)
	}
	cancel()
	lambda.Start(handler.HandleToken)
}
