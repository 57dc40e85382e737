package mappingcheck_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/patternkit/serverless/messaging/mappingcheck"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// A check after a deployment: the mapping ignores what the function reports, and
// the queue has no dead-letter queue. On AWS both clients come from
// config.LoadDefaultConfig.
func ExampleFunction() {
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders", map[string]string{"VisibilityTimeout": "180"})
	lambdaClient := functions{timeout: 30, mappings: []types.EventSourceMappingConfiguration{
		{EventSourceArn: aws.String(orders.ARN()), State: aws.String("Enabled")},
	}}
	findings, err := mappingcheck.Function(context.Background(), lambdaClient, queues.Client(), "orders-consumer")
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range findings {
		fmt.Println(f.Severity, "-", f.Text)
	}
	fmt.Println(mappingcheck.Err(findings) != nil)
	// Output:
	// error - the mapping lacks ReportBatchItemFailures: messages that the function reports as failed are deleted
	// error - the queue has no redrive policy: a message that always fails is delivered until it expires
	// true
}
