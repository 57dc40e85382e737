// Command authorizer is a JWT authorizer, to compare sizes with.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/patternkit/serverless/authorizer"
)

var routes = authorizer.MustRoutes(authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")))

func main() {
	keys, err := authorizer.NewRemoteKeys(os.Getenv("JWKS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := authorizer.NewVerifier(os.Getenv("ISSUER"), []string{"orders-api"}, keys)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(authorizer.NewREST(verifier, routes).HandleToken)
}
