// Command authorizer is the Lambda authorizer of the shop's API.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xray"
)

func main() {
	keys, err := authorizer.NewRemoteKeys(os.Getenv("JWKS_URL"), func(o *authorizer.RemoteKeysOptions) {
		o.AllowHTTP = true // on loopback only, where localaws publishes its keys
	})
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := authorizer.NewVerifier(os.Getenv("ISSUER"), []string{shop.Audience}, keys)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(observe.Handler("authorizer", shop.Authorize(verifier), func(o *observe.Options) { o.Tracer = xray.New() }))
}
