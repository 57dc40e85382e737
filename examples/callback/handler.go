package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
)

// Refund is the input of the machine.
type Refund struct {
	OrderID string `json:"orderId"`
	Amount  int64  `json:"amount"` // cents
}

// Machine asks a person before a large refund is paid. The task waits for
// its token for a day.
var Machine = asl.MustMachine(
	&asl.ChoiceState{
		Name:    "Large?",
		Choices: []asl.Rule{asl.When("$.amount", "NumericLessThan", 10_000).Then("Pay")},
		Default: "AskForApproval",
	},
	&asl.TaskState{
		Name: "AskForApproval", Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken", TimeoutSeconds: 86_400,
		Parameters: map[string]any{
			"QueueUrl": "${ApprovalsUrl}",
			"MessageBody": map[string]any{
				"token.$": "$$.Task.Token", "orderId.$": "$.orderId", "amount.$": "$.amount",
			},
		},
		ResultPath: "$.approval", Next: "Pay",
		Catch: []asl.Catcher{
			{ErrorEquals: []string{asl.ErrorTimeout}, ResultPath: "$.error", Next: "NobodyAnswered"},
			{ErrorEquals: []string{"Refused"}, ResultPath: "$.error", Next: "RefundRefused"},
		},
	},
	&asl.PassState{Name: "Pay", Parameters: map[string]any{"orderId.$": "$.orderId", "paid.$": "$.amount"}, End: true},
	&asl.FailState{Name: "NobodyAnswered", Error: "NobodyAnswered", Cause: "the approval was not given within a day"},
	&asl.FailState{Name: "RefundRefused", Error: "RefundRefused", CausePath: "$.error.Cause"})

// Request is a message of the approvals queue.
type Request struct {
	Token string `json:"token"`
	Refund
}

// Approval is the result of the task.
type Approval struct {
	By string `json:"by"`
}

// Approver answers requests. Decide makes the decision; in production it asks a
// person.
type Approver struct {
	Client stepfn.CallbackClient
	Decide func(ctx context.Context, r Refund) (Approval, error)
}

// Handle answers the requests of a batch and reports those that failed.
func (a *Approver) Handle(ctx context.Context, e awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
	var failed awsevents.SQSEventResponse
	for _, m := range e.Records {
		if err := a.answer(ctx, m.Body); err != nil {
			failed.BatchItemFailures = append(failed.BatchItemFailures, awsevents.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return failed, nil
}

func (a *Approver) answer(ctx context.Context, body string) error {
	var r Request
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return err
	}
	task := stepfn.NewCallback[Approval](a.Client, r.Token)
	approval, err := a.Decide(ctx, r.Refund)
	if err != nil {
		err = task.Fail(ctx, stepfn.WithErrorName("Refused", fmt.Errorf("refund of order %s: %w", r.OrderID, err)))
	} else {
		err = task.Succeed(ctx, approval)
	}
	if errors.Is(err, stepfn.ErrTaskClosed) {
		return nil // the message came twice, or too late: the task no longer waits
	}
	return err
}
