// Package stepfn works with AWS Step Functions: sagas, a typed client and task
// tokens. State machine definitions are in package asl.
//
// # The smallest program
//
//	var saga = stepfn.MustSaga("PlaceOrder", park,
//		stepfn.Step("ReserveInventory", reserve).Compensate("ReleaseInventory", release),
//		stepfn.Step("ChargeCustomer", charge).Compensate("RefundCustomer", refund).NotApplied("CardDeclined"),
//		stepfn.Pivot("ConfirmOrder", confirm),
//		stepfn.Retriable("SendConfirmation", notify))
//
//	func main() { lambda.Start(saga.Handle) } // one function runs every step
//
// The machine is plain Amazon States Language: fmt.Println(saga.Machine()).
//
// # Semantics
//
// A saga's steps run in their order. When one fails, the compensations of
// those before it run in reverse order, each with its step's idempotency key.
// A step whose outcome is unknown (a time-out, a crash, any error that
// NotApplied does not name) is compensated itself; its compensation gets a nil
// Result and must be a no-op for what never happened. A compensation is
// retried with full jitter; when it fails for good its error is noted, the
// remaining compensations still run, and the execution is parked: the park
// function is called, which is to raise an alarm. After the pivot there is no
// way back: retriable steps are retried, and parked when they fail for good.
//
// Steps, compensations and the park function are called at least once. Make
// each of them idempotent on its key.
//
// An execution of a saga ends as succeeded, or fails with one of
// [SagaCompensated], [SagaCompensationFailed], [SagaInDoubt] and
// [SagaUnfinished].
//
// States.Runtime cannot be caught, and neither StopExecution nor the time-out
// of a whole machine runs a compensation: give the machine no TimeoutSeconds,
// and alarm on the execution status events of EventBridge.
//
// The correlation id and trace header of the context travel in the member
// "metadata" of an execution's input; [Saga.Handle] puts them into the context
// of every step, also when they come in the detail of an EventBridge event.
//
// [Workflow] starts executions, once per name, and waits for them; [Callback]
// answers a task by its token.
//
// # Limits
//
// Inputs and outputs of a state are at most 262,144 bytes, and a saga keeps
// its input and all results in one document. Execution names have 1 to 80
// characters. A STANDARD execution has at most 25,000 events and one year, an
// EXPRESS one five minutes.
//
// # Errors
//
// A handler wrapped by [ReportErrors], and [Saga.Handle], report errors
// under their [ErrorName]. An execution that did not succeed is an
// [ExecutionError], in which errors.Is finds [ErrCompensated] and [ErrParked].
// [ErrConflict] says that a name was used with another input, [ErrTaskClosed]
// that nobody waits for a token any more.
//
// # Testing
//
// Package stepfntest runs machines in process with the functions bound to Go
// code; package prove runs a saga through every fault and pairs of faults.
package stepfn
