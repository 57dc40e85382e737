// Command state-machines is the Lambda functions of four state machines: a
// sequence, parallel branches, a map over items and a saga.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/patternkit/serverless/stepfn"
)

func main() {
	handlers := map[string]any{ // by the variable HANDLER of the functions in template.yaml
		"validate":  stepfn.ReportErrors(validate),
		"payment":   stepfn.ReportErrors(charge),
		"inventory": stepfn.ReportErrors(updateInventory),
		"resize":    stepfn.ReportErrors(resize),
		"metadata":  stepfn.ReportErrors(metadata),
		"scan":      stepfn.ReportErrors(scan),
		"item":      stepfn.ReportErrors(processItem),
		"checkout":  Checkout.Handle,
	}
	handler, ok := handlers[os.Getenv("HANDLER")]
	if !ok {
		log.Fatalf("there is no handler %q", os.Getenv("HANDLER"))
	}
	lambda.Start(handler)
}
