package lambdatest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
)

// A client without retries sees the throttling; the journal has both calls.
func ExampleLambda_Throttle() {
	functions := lambdatest.New(nil)
	functions.Create("ship", lambdatest.Func(func(_ context.Context, order string) (string, error) { return "shipped " + order, nil }))
	client := functions.Client(func(o *lambda.Options) { o.RetryMaxAttempts = 1 })
	functions.Throttle("Invoke")
	for range 2 {
		out, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("ship"), Payload: []byte(`"tea"`)})
		var throttled *types.TooManyRequestsException
		if errors.As(err, &throttled) {
			fmt.Println("throttled:", throttled.Reason)
			continue
		}
		fmt.Printf("%s\n", out.Payload)
	}
	for _, c := range functions.Calls("Invoke") {
		fmt.Println(c.Action(), c.Outcome)
	}
	// Output:
	// throttled: CallerRateLimitExceeded
	// "shipped tea"
	// lambda:Invoke TooManyRequestsException
	// lambda:Invoke
}
