package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
)

// The four machines. template.yaml fills in ${...}.
var (
	// OrderProcessing is a sequence: each state takes what the one before left.
	OrderProcessing = asl.MustMachine(
		&asl.TaskState{
			Name: "ValidateOrder", Resource: "${ValidateFunctionArn}", TimeoutSeconds: 30, ResultPath: asl.Discard,
			Retry: transient,
			Catch: []asl.Catcher{{ErrorEquals: []string{"ValidationError"}, ResultPath: "$.error", Next: "NotifyValidationFailure"}},
		},
		&asl.TaskState{
			Name: "ProcessPayment", Resource: "arn:aws:states:::lambda:invoke", TimeoutSeconds: 30, Retry: transient,
			Parameters: map[string]any{
				"FunctionName": "${PaymentFunctionArn}",
				"Payload":      map[string]any{"orderId.$": "$.orderId", "amount.$": "$.amount", "key.$": "$$.Execution.Name"},
			},
			ResultSelector: map[string]any{"paymentId.$": "$.Payload.paymentId"}, ResultPath: "$.payment",
		},
		&asl.TaskState{Name: "UpdateInventory", Resource: "${InventoryFunctionArn}", TimeoutSeconds: 30, Retry: transient, End: true},
		&asl.TaskState{
			Name: "NotifyValidationFailure", Resource: "arn:aws:states:::sns:publish", TimeoutSeconds: 30,
			Parameters: map[string]any{
				"TopicArn":  "${FailuresTopicArn}",
				"Message.$": "States.Format('order {} was refused: {}', $.orderId, $.error.Cause)",
			},
			ResultPath: asl.Discard, Next: "OrderRefused",
		},
		&asl.FailState{Name: "OrderRefused", Error: "OrderRefused", CausePath: "$.error.Cause"})

	// ImageProcessing does three things to an image at the same time.
	ImageProcessing = asl.MustMachine(
		&asl.ParallelState{
			Name: "ParallelProcessing",
			Branches: []asl.Branch{
				asl.MustSequence(&asl.TaskState{Name: "ProcessImageResize", Resource: "${ResizeFunctionArn}", TimeoutSeconds: 60, Retry: transient}),
				asl.MustSequence(&asl.TaskState{Name: "ExtractMetadata", Resource: "${MetadataFunctionArn}", TimeoutSeconds: 60, Retry: transient}),
				asl.MustSequence(&asl.TaskState{Name: "VirusScan", Resource: "${ScanFunctionArn}", TimeoutSeconds: 60, Retry: transient}),
			},
			// each branch has its place in the result: name them once, here
			ResultSelector: map[string]any{"thumbnail.$": "$[0]", "metadata.$": "$[1]", "scan.$": "$[2]"},
			Catch:          []asl.Catcher{{ErrorEquals: []string{asl.ErrorAll}, ResultPath: "$.error", Next: "HandleFailure"}},
		},
		&asl.PassState{Name: "AggregateResults", End: true},
		&asl.FailState{Name: "HandleFailure", Error: "ProcessingFailed", CausePath: "$.error.Cause"})

	// BatchProcessing does the same to every item, ten at a time; one item
	// that fails does not fail the batch.
	BatchProcessing = asl.MustMachine(
		&asl.MapState{
			Name: "ProcessBatch", ItemsPath: "$.items", MaxConcurrency: 10, ResultPath: "$.results",
			ItemSelector: map[string]any{"item.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"},
			ItemProcessor: processor(
				&asl.TaskState{
					Name: "ProcessItem", Resource: "${ItemFunctionArn}", TimeoutSeconds: 30, Retry: transient, End: true,
					Catch: []asl.Catcher{{ErrorEquals: []string{asl.ErrorAll}, ResultPath: "$.error", Next: "ItemFailed"}},
				},
				&asl.PassState{Name: "ItemFailed", Parameters: map[string]any{"index.$": "$.index", "failed.$": "$.error.Error"}}),
		},
		&asl.PassState{Name: "GenerateReport", Parameters: map[string]any{
			"total.$":  "States.ArrayLength($.results)",
			"failed.$": "States.ArrayLength($.results[?(@.failed)])",
		}})

	// Checkout is a saga: a payment that fails gives the reservation back.
	Checkout = stepfn.MustSaga("Checkout", alarm,
		stepfn.Step("ReserveInventory", reserve).Compensate("ReleaseInventory", release).NotApplied("OutOfStock"),
		stepfn.Pivot("ChargeCustomer", pay).NotApplied("CardDeclined"))
)

// transient retries Lambda's own errors, and none of the function's.
var transient = []asl.Retrier{{
	ErrorEquals:     []string{"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"},
	IntervalSeconds: 1, MaxAttempts: asl.Attempts(4), BackoffRate: 2, MaxDelaySeconds: 20, JitterStrategy: asl.JitterFull,
}}

func processor(states ...asl.State) *asl.ItemProcessor {
	b := asl.MustSequence(states...)
	return &asl.ItemProcessor{
		ProcessorConfig: &asl.ProcessorConfig{Mode: "INLINE"}, StartAt: b.StartAt, States: b.States,
	}
}

// Order is the input of OrderProcessing and Checkout.
type Order struct {
	OrderID string `json:"orderId"`
	Amount  int64  `json:"amount"` // cents
}

// ValidationError is what OrderProcessing catches: its type is its name.
type ValidationError struct{ Reason string }

// Error returns the reason.
func (e *ValidationError) Error() string { return e.Reason }

func validate(_ context.Context, o Order) (Order, error) {
	if o.OrderID == "" || o.Amount <= 0 {
		return o, &ValidationError{"an order has an id and a positive amount"}
	}
	return o, nil
}

// Payment is a request with a key, so that a retry charges nothing twice.
type Payment struct {
	Order
	Key string `json:"key"`
}

// Paid is a payment that was made.
type Paid struct {
	PaymentID string `json:"paymentId"`
}

func charge(_ context.Context, p Payment) (Paid, error) { return Paid{"pay-" + p.Key}, nil }

func updateInventory(_ context.Context, in map[string]any) (map[string]any, error) {
	in["status"] = "PLACED"
	return in, nil
}

// Image is the input of ImageProcessing.
type Image struct {
	Key string `json:"key"`
}

func resize(_ context.Context, i Image) (string, error) { return i.Key + "-thumbnail", nil }

func metadata(_ context.Context, i Image) (map[string]int, error) {
	return map[string]int{"length": len(i.Key)}, nil
}

func scan(_ context.Context, i Image) (string, error) {
	if strings.Contains(i.Key, "virus") {
		return "", fmt.Errorf("%s is infected", i.Key)
	}
	return "clean", nil
}

// Item is one item of a batch.
type Item struct {
	Item  string `json:"item"`
	Index int    `json:"index"`
}

func processItem(_ context.Context, i Item) (string, error) {
	if i.Item == "" {
		return "", fmt.Errorf("item %d is empty", i.Index)
	}
	return strings.ToUpper(i.Item), nil
}

func reserve(_ context.Context, c stepfn.Call[Order]) (string, error) {
	return "reserved " + c.Key, nil
}

func release(_ context.Context, _ stepfn.Undo[Order, string]) error { return nil }

func pay(_ context.Context, c stepfn.Call[Order]) (Paid, error) {
	if c.Input.Amount > 100_000 {
		return Paid{}, stepfn.WithErrorName("CardDeclined", errors.New("over the limit"))
	}
	return Paid{"pay-" + c.Key}, nil
}

// alarm notifies a person; a real one publishes to a topic.
func alarm(_ context.Context, p stepfn.Parked[Order]) error {
	return fmt.Errorf("order %s is parked: %s", p.Input.OrderID, p.Outcome)
}
