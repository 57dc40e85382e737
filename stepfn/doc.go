// Package stepfn works with AWS Step Functions: sagas, a typed client and task
// tokens. State machine definitions are in package asl.
//
// # Smallest program
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
// A saga runs its steps in order. If a step fails, the compensations of the
// steps before it run in reverse order, each with its step's idempotency key.
//
//   - The outcome of a step is unknown after a time-out, a crash, and any error
//     that NotApplied does not name. Such a step is compensated itself. Its
//     compensation gets a nil Result and must do nothing if the step had no
//     effect. Shown by TestSagaUnknownOutcomeIsCompensated and
//     TestSagaDeclaredFailureIsNotCompensatedItself.
//   - A compensation is retried with full jitter. If it still fails, its error
//     is noted, the remaining compensations run, and the execution is parked:
//     the park function is called, which should raise an alarm. Shown by
//     TestSagaParksAndGoesOnAfterAFailedCompensation.
//   - After the pivot nothing is undone. Retriable steps are retried; if one
//     still fails, the steps after it run and the execution is parked.
//   - A redrive of a parked execution runs the failed compensations again.
//     Shown by TestRedriveResumesCompensationsInReverseOrder.
//
// Steps, compensations and the park function are called at least once. Make
// each of them idempotent on its key. Package prove shows whether they are.
//
// An execution of a saga succeeds, or fails with one of [SagaCompensated],
// [SagaCompensationFailed], [SagaInDoubt] and [SagaUnfinished].
//
// States.Runtime cannot be caught. Neither StopExecution nor the time-out of a
// whole machine runs a compensation. Give the machine no TimeoutSeconds, and
// raise an alarm on the execution status events of EventBridge.
//
// The correlation id and the trace header of the context travel in the member
// "metadata" of an execution's input. [Saga.Handle] puts them into the context
// of every step; it also reads them from the detail of an EventBridge event.
// Shown by TestTheStepsOfASagaHaveTheCorrelation.
//
// [Workflow] starts executions, once per name, and waits for them. Shown by
// TestWorkflowRunsAndIsIdempotentByName and
// TestTheSameNameWithOtherMetadataIsAConflict. [Callback] answers a task by its
// token. Shown by TestCallback and TestDoAnswersAlsoWhenItsContextHasEnded.
//
// # Limits
//
// The input and the output of a state have at most 262,144 bytes; a saga keeps
// its input and all results in one document. Execution names have 1 to 80
// characters. A STANDARD execution has at most 25,000 events and runs for at
// most one year, an EXPRESS execution for five minutes. See
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html.
//
// # Errors
//
// [Saga.Handle], and a handler wrapped by [ReportErrors], report errors under
// their [ErrorName]. Shown by TestErrorName. An execution that did not succeed
// is an [ExecutionError], in which errors.Is finds [ErrCompensated] and
// [ErrParked]. Shown by TestExecutionErrorTellsTheOutcome. [ErrConflict] means
// that an execution of the name has another input, [ErrTaskClosed] that the
// task of a token is over, [ErrNoToken] that there is no token.
//
// # Testing
//
// Package stepfntest runs machines in process with Go functions as their
// Lambda functions. Package prove runs a saga through every fault and through
// pairs of faults.
package stepfn
