package stepfntest_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

func Example() {
	machines := stepfntest.New(nil) // in a test: New(t), inside synctest.Test
	const arn = "arn:aws:lambda:us-east-1:123456789012:function:Greet"
	machines.Function(arn, stepfntest.Func(func(_ context.Context, name string) (string, error) {
		return "hello " + name, nil
	}))
	x, err := machines.Execute(context.Background(), machines.Create("Greeting", asl.MustMachine(
		&asl.TaskState{Name: "Greet", Resource: arn},
		&asl.PassState{Name: "Wrap", Parameters: map[string]any{"greeting.$": "$"}},
	)), "Ann")
	fmt.Println(x.Output, err)
	for _, e := range x.History {
		fmt.Println(e.ID, e.Type)
	}
	// Output:
	// {"greeting":"hello Ann"} <nil>
	// 1 ExecutionStarted
	// 2 TaskStateEntered
	// 3 LambdaFunctionScheduled
	// 4 LambdaFunctionStarted
	// 5 LambdaFunctionSucceeded
	// 6 TaskStateExited
	// 7 PassStateEntered
	// 8 PassStateExited
	// 9 ExecutionSucceeded
}

func ExampleStepFunctions_Mock() {
	machines := stepfntest.New(nil)
	machines.Mock("Video", "Transcode",
		stepfntest.Throw("MediaConvert.TooManyRequestsException", "later"),
		stepfntest.Return(map[string]string{"job": "1"}))
	x, err := machines.Execute(context.Background(), machines.Create("Video", asl.MustMachine(
		&asl.TaskState{
			Name: "Transcode", Resource: "arn:aws:states:::mediaconvert:createJob", Parameters: map[string]any{},
			Catch: []asl.Catcher{{ErrorEquals: []string{asl.ErrorAll}, Next: "Again"}}, End: true,
		},
		&asl.PassState{Name: "Again", Next: "Transcode"},
	)), nil)
	fmt.Println(x.Output, err)
	fmt.Println(strings.Join(x.Path, " > "))
	// Output:
	// {"job":"1"} <nil>
	// Transcode > Again > Transcode
}

// A test asks for the execution that the code under test had to start.
func ExampleRequireStarted() {
	t := printer{} // a *testing.T in a test
	machines := stepfntest.New(t)
	ship := machines.Create("Ship", asl.MustMachine(&asl.PassState{Name: "A"}))

	wf := stepfn.NewWorkflow[map[string]int, any](machines.Client(), ship) // in the code under test
	if _, err := wf.Start(context.Background(), "order-42", map[string]int{"order": 42}); err != nil {
		fmt.Println(err)
	}

	x := stepfntest.RequireStarted(t, machines, ship, func(o *stepfntest.StartedOptions) { o.Name = "order-42" })
	fmt.Println("started:", x.Name, x.Input)
	stepfntest.RequireStarted(t, machines, ship, func(o *stepfntest.StartedOptions) { o.Input = map[string]int{"order": 43} })
	// Output:
	// started: order-42 {"order":42}
	// no execution of arn:aws:states:us-east-1:123456789012:stateMachine:Ship was started as required; started were:
	//   1. arn:aws:states:us-east-1:123456789012:execution:Ship:order-42 RUNNING with {"order":42}
	//      another input than {"order":43}
}

// printer is a TB for the example: it prints what a test would log.
type printer struct{}

func (printer) Helper()             {}
func (printer) Logf(string, ...any) {}
func (printer) Cleanup(func())      {}
func (printer) Errorf(format string, args ...any) {
	fmt.Println(strings.TrimPrefix(fmt.Sprintf(format, args...), "stepfntest: "))
}
