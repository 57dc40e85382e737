package stepfntest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// The service throttles the first call. The journal has both with their outcome.
func ExampleStepFunctions_Throttle() {
	machines := stepfntest.New(nil)
	arn := machines.Create("Greeting", asl.MustMachine(&asl.PassState{Name: "Greet"}))
	client := machines.Client(func(o *sfn.Options) { o.RetryMaxAttempts = 1 })

	machines.Throttle("StartExecution")
	for range 2 {
		_, err := client.StartExecution(context.Background(), &sfn.StartExecutionInput{StateMachineArn: &arn, Name: aws.String("first")})
		fmt.Println(err != nil)
	}
	for _, call := range machines.Calls("StartExecution") {
		fmt.Printf("%s %q\n", call.Action(), call.Outcome)
	}
	// Output:
	// true
	// false
	// states:StartExecution "ThrottlingException"
	// states:StartExecution ""
}
