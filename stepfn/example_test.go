package stepfn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
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
				return "", stepfn.WithErrorName("SoldOut", errors.New("no room is left"))
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
	arn := machines.Create("Double", asl.MustMachine(
		&asl.PassState{Name: "Double", Parameters: map[string]any{"n.$": "States.MathAdd($.n, $.n)"}}))

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

// CardDeclined is an error whose type is its name.
type CardDeclined struct{} //nolint:errname // the name that the machine sees

func (CardDeclined) Error() string { return "the card was declined" }

func ExampleErrorName() {
	err := fmt.Errorf("charge order 42: %w", CardDeclined{})
	fmt.Println(stepfn.ErrorName(err))
	fmt.Println(stepfn.ErrorName(stepfn.WithErrorName("Payment.Declined", err)))
	// Output:
	// CardDeclined
	// Payment.Declined
}
