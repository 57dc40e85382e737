package stepfn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

type Trip struct {
	Passenger string `json:"passenger"`
}

func ExampleMustSaga() {
	book := func(what string) func(context.Context, stepfn.Call[Trip]) (string, error) {
		return func(_ context.Context, c stepfn.Call[Trip]) (string, error) {
			fmt.Println("book", what, "for", c.Input.Passenger)
			if what == "hotel" {
				return "", stepfn.Named("SoldOut", errors.New("no room is left"))
			}
			return what + "-1", nil
		}
	}
	cancel := func(_ context.Context, u stepfn.Undo[Trip, string]) error {
		fmt.Println("cancel", *u.Result)
		return nil
	}
	alarm := func(context.Context, stepfn.Parked[Trip]) error { return nil }

	saga := stepfn.MustSaga("BookTrip", alarm,
		stepfn.Step("BookFlight", book("flight")).Compensate("CancelFlight", cancel),
		stepfn.Step("BookHotel", book("hotel")).Compensate("CancelHotel", cancel).NotApplied("SoldOut"))

	machines := stepfntest.New(nil)
	machines.Function("${BookTripFunctionArn}", stepfntest.Func(saga.Handle)) // one Lambda function runs every step
	x, err := machines.Execute(context.Background(), machines.Create("BookTrip", saga.Machine()), Trip{"Ann"})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(x.Error)
	fmt.Println(strings.Join(x.Path, " > "))
	// Output:
	// book flight for Ann
	// book hotel for Ann
	// cancel flight-1
	// Saga.Compensated
	// BeginSaga > BookFlight > BookHotel > CancelFlight > AllUndone? > SagaCompensated
}

func ExampleNewSaga() {
	step := func(context.Context, stepfn.Call[Trip]) (string, error) { return "", nil }
	undo := func(context.Context, stepfn.Undo[Trip, string]) error { return nil }
	alarm := func(context.Context, stepfn.Parked[Trip]) error { return nil }
	_, err := stepfn.NewSaga("S", alarm,
		stepfn.Pivot("Pay", step),
		stepfn.Step("Book", step).Compensate("Cancel", undo))
	fmt.Println(err)
	// Output:
	// stepfn: saga "S": step Book comes after the pivot, from where there is no way back: make it retriable
}

func ExampleNewWorkflow() {
	machines := stepfntest.New(nil)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() { _ = machines.Run(ctx) }() // what the service does in the background
	arn := machines.Create("Double", stepfn.MustMachine(
		&stepfn.PassState{Name: "Double", Parameters: map[string]any{"n.$": "States.MathAdd($.n, $.n)"}}))

	type number struct {
		N int `json:"n"`
	}
	wf := stepfn.NewWorkflow[number, number](machines.Client(), arn, func(o *stepfn.WorkflowOptions) { o.PollMin = 1 })
	out, err := wf.Run(ctx, "order-42", number{21})
	fmt.Println(out.N, err)
	_, err = wf.Run(ctx, "order-42", number{22})
	fmt.Println(errors.Is(err, stepfn.ErrConflict))
	// Output:
	// 42 <nil>
	// true
}

func ExampleMachine_Mermaid() {
	m := stepfn.MustMachine(
		&stepfn.TaskState{Name: "Charge", Resource: "${ChargeFunctionArn}", Catch: []stepfn.Catcher{
			{ErrorEquals: []string{"CardDeclined"}, Next: "Refused"},
		}},
		&stepfn.SucceedState{Name: "Done"},
		&stepfn.FailState{Name: "Refused", Error: "OrderRefused"})
	fmt.Print(m.Mermaid())
	// Output:
	// flowchart TD
	//   start(("start"))
	//   s1["Charge"]
	//   s2(["Done"])
	//   finish(("end"))
	//   s3[["Refused<br>OrderRefused"]]
	//   s1 --> s2
	//   s1 -.->|"CardDeclined"| s3
	//   s2 --> finish
	//   s3 --> finish
	//   start --> s1
}

func ExampleValidateDefinition() {
	for _, f := range stepfn.ValidateDefinition([]byte(`{
		"StartAt": "Pay",
		"States": {
			"Pay": {"Type": "Task", "Resource": "${PayFunctionArn}", "ResultPath": "$.list[*]", "Next": "Ship"}
		}}`)) {
		fmt.Println(f.Severity, f)
	}
	// Output:
	// ERROR SCHEMA_VALIDATION_FAILED: The value for the field 'ResultPath' must be a valid Reference Path at /States/Pay/ResultPath
	// ERROR MISSING_TRANSITION_TARGET: Missing 'Next' target: Ship at /States/Pay/Next
}

func ExampleErrorName() {
	err := fmt.Errorf("charge order 42: %w", CardDeclined{})
	fmt.Println(stepfn.ErrorName(err))
	fmt.Println(stepfn.ErrorName(stepfn.Named("Payment.Declined", err)))
	// Output:
	// CardDeclined
	// Payment.Declined
}
