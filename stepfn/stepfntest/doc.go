// Package stepfntest is AWS Step Functions in the test's process: the real SDK
// client runs against it, and state machines run for real, with Go functions
// in the place of Lambda functions. In a testing/synctest bubble time is
// virtual: a year of waits takes milliseconds.
//
// # Smallest program
//
//	machines := stepfntest.New(t)
//	arn := machines.Create("Greet", machine)
//	machines.Function("arn:aws:lambda:us-east-1:123456789012:function:Greet", stepfntest.Func(greet))
//	x, err := machines.Execute(ctx, arn, input)
//
// # Semantics
//
// StartExecution only queues. [StepFunctions.Drain] carries executions forward
// until each has ended or waits for a task token or an activity worker.
// [StepFunctions.Run] does so until its context ends, in a goroutine of the
// test. StartSyncExecution carries its own execution. Shown by
// TestClientDrivesAMachine, TestAYearOfWaits and TestExpressRunsWithinTheCall.
//
// Functions and calls of other services run in goroutines that end before the
// call that started them returns. The context of a function ends with the
// time-out of its task.
//
// A task that takes longer than its TimeoutSeconds, and one that sends no
// heartbeat in time, fail with States.Timeout and no cause. In Retry and Catch
// States.Timeout and States.ALL match both, States.HeartbeatTimeout matches a
// missing heartbeat only, and States.TaskFailed every error but States.Timeout.
// Shown by TestNamesOfTheTwoTimeouts and TestWhatNoCatchCatches.
//
// DescribeExecution shows no error of an execution that ran longer than its
// machine's TimeoutSeconds; its history does. Shown by
// TestAnExecutionThatTimedOutHasNoError. An error or a cause that
// SendTaskFailure does not give is null in what a catcher gets. Shown by
// TestATokenFailedWithoutAnError.
//
// A STANDARD execution has at most 25,000 events. Instead of another one it
// ends with States.Runtime, which nothing catches, as event 25,000. Shown by
// TestTheQuotaOfEvents. AWS lists its quotas in
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html.
//
// A closed execution stays known for 90 days. Of more than 10,000, or of more
// than 256 MiB of histories, those that closed first are forgotten earlier; see
// [Options]. The test's log says so. Shown by TestClosedExecutionsAreForgotten,
// TestExecutionsAreForgottenAfter90Days and TestTheBoundOfHistories.
//
// [RequireStarted] demands that the code under test started an execution and
// returns it; [RequireManyStarted] returns several. Shown by TestRequireStarted
// and TestRequireManyStarted.
//
// [StepFunctions.Snapshot] and [StepFunctions.Restore] take the machines back to a
// former state, in which no execution runs; [StepFunctions.Reset] takes them to the
// beginning, and [StepFunctions.Dump] lists what there is. Shown by
// TestSnapshotAndRestore, TestASnapshotHasNoRunningExecution and TestResetAndDump.
//
// # Simulated
//
// STANDARD and EXPRESS machines in JSONPath: Task, Pass, Choice, Wait,
// Succeed, Fail, Parallel and inline Map; Retry and Catch; time-outs and
// heartbeats; variables; the context object; the 18 intrinsic functions; size
// and history limits; history events. Resources are Lambda ARNs, activities,
// and the integrations lambda:invoke, states:startExecution (also .sync and
// .sync:2), sqs:*, sns:*, dynamodb:* and events:* (also as aws-sdk
// integrations), each of them with .waitForTaskToken. What is called there
// are other fakes: see [Options].
//
// # Virtual time
//
// Put a test that waits into [testing/synctest.Test] and use in it what belongs
// to the bubble: the t of the inner function, and contexts made of its
// t.Context(). The t.Context() of the outer test is from outside. If its Done
// channel was used outside before, waiting for it in the bubble keeps virtual
// time from passing, and the test hangs. If it is used in the bubble first, the
// channel belongs to the bubble, and the end of the outer test ends the whole
// program with "close of synctest channel from outside bubble". The machines
// may be made outside or inside. Shown by TestAFakeMadeOutsideTheBubble.
//
// Outside of a bubble all waits are real. What has gone on for a second then
// (Run, Drain, Execute, StartSyncExecution, GetActivityTask, a Delay) says so on the test log, once.
//
// # Not simulated
//
// JSONata, Map states in DISTRIBUTED mode, redrive, versions, aliases, tags of
// existing resources, map runs, TestState and any integration not named above
// are refused by name. Encryption configurations are accepted and have no
// effect; logging and tracing configurations are kept and shown, nothing is
// logged. Roles must be ARNs of roles; they and permissions are not evaluated.
// A definition with a ${Name} that would have to be read, in a path or a
// number, is refused.
//
//   - CreateStateMachineAlias
//   - DeleteStateMachineAlias
//   - DeleteStateMachineVersion
//   - DescribeMapRun
//   - DescribeStateMachineAlias
//   - ListExecutions.mapRunArn
//   - ListMapRuns
//   - ListStateMachineAliases
//   - ListStateMachineVersions
//   - ListTagsForResource
//   - PublishStateMachineVersion
//   - RedriveExecution
//   - TagResource
//   - TestState
//   - UntagResource
//   - UpdateMapRun
//   - UpdateStateMachineAlias
//
// # Errors
//
// Codes, statuses and texts are AWS's where they are known. The texts for a
// time-out or heartbeat by path that is out of range are this package's own.
// [ErrNoExecution] comes from this package's own methods.
package stepfntest
