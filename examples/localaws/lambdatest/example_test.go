package lambdatest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
)

// An event that fails is tried again, and goes to the dead-letter queue in the end.
// A test does this in a bubble of testing/synctest, where the minutes take no time.
func Example() {
	functions := lambdatest.New(nil, func(o *lambdatest.Options) {
		o.Targets = func(arn string) lambdatest.Deliver {
			return func(_ context.Context, event []byte, attributes map[string]string) error {
				fmt.Printf("to %s: %s because of %q\n", arn, event, attributes["ErrorMessage"])
				return nil
			}
		}
	})
	none := 0
	functions.Create("ship", lambdatest.Event(func(_ context.Context, order string) error {
		fmt.Println("ship", order)
		return errors.New("no parcel")
	}), func(o *lambdatest.FunctionOptions) {
		o.Timeout, o.DeadLetterTarget, o.MaximumRetryAttempts = time.Second, "arn:aws:sqs:us-east-1:123456789012:dead", &none
	})
	ctx := context.Background()
	if err := functions.Async("ship")(ctx, []byte(`"tea"`)); err != nil {
		fmt.Println(err)
	}
	if err := functions.Drain(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ship tea
	// to arn:aws:sqs:us-east-1:123456789012:dead: "tea" because of "no parcel"
}
