// Command workflow-start is a Lambda function behind an HTTP API that starts a
// workflow, once per idempotency key, and the function of the workflow.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/patternkit/serverless/stepfn"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	switch handler := os.Getenv("HANDLER"); handler { // set for each function in template.yaml
	case "api":
		api := &API{Workflow: stepfn.NewWorkflow[Report, Result](sfn.NewFromConfig(cfg), os.Getenv("MACHINE_ARN"))}
		lambda.Start(api.Handle)
	case "render":
		lambda.Start(stepfn.ReportErrors(render))
	default:
		log.Fatalf("there is no handler %q", handler)
	}
}
