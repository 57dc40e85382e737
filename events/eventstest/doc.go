// Package eventstest is Amazon EventBridge in your process.
//
// It speaks the wire protocol to the real SDK client. It needs no socket, so it runs
// inside a testing/synctest bubble, where the hours between two retries cost nothing.
//
// # Smallest program
//
//	bus := eventstest.New(t)
//	client := bus.Client()
//	_, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("orders"), EventPattern: aws.String(`{"source":["shop"]}`)})
//	_, err = client.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("orders"), Targets: []types.Target{{Id: aws.String("fn"), Arn: aws.String(arn)}}})
//	bus.Target(arn, router.Deliver) // an *events.Router, or any function of the event's JSON
//	_, err = client.PutEvents(ctx, …)
//	err = bus.Drain(ctx) // deliver everything, retries included
//
// # Semantics
//
// PutEvents matches an event against the enabled rules of its bus and queues a
// delivery for each target. Nothing is delivered before [EventBridge.Drain] or
// [EventBridge.Run] is called, because the fake has no goroutine of its own.
// Deliveries are made one after the other, the earliest due first. Shown by
// TestRules and TestRun.
//
// A target that returns an error is called again after 1 second, then 2, then 4,
// up to 450 seconds; AWS adds jitter. This ends when its RetryPolicy is exhausted,
// after 185 retries or 24 hours by default
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html).
// Then the event goes to the target's dead-letter queue, with the attributes that
// AWS sets. An error that wraps [ErrPermanent] sends it there at once, and so does
// an input template that makes no JSON. An event that has no dead-letter queue to
// go to is an error of Drain and Run; AWS loses it silently. The log names the
// first failure of a delivery and its end. Shown by TestRetriesAndDeadLetters,
// TestRetriesForADay, TestMaximumAge and TestPermanentFailures.
//
// A target is a function that the test has bound to its ARN, or an event bus of
// this fake, of any account and region. A delivery fails if no function is bound
// and the queue, topic, state machine or bus does not exist. With a RetryPolicy it
// is tried again, without one it is not. Shown by TestTargetThatNothingServes.
//
// An event bus as a target gets the event unchanged, with the account, the region
// and the id of its origin, and its own rules match it. An event goes from one bus
// to another only once, as on AWS. The input of such a target must be an event; for
// a bus of another account PutTargets refuses any input. Shown by
// TestEventBusAsATarget, TestThirdBusIsOneTooMany and TestInputOfATargetThatIsABus.
//
// A queue that is bound with its Deliver method gets the MessageGroupId of the
// target's SqsParameters; a standard queue gets it as its tenant. The deduplication
// id in a FIFO queue is the id of the event, so that a retry adds no second message.
// If several targets lead to one queue, a number follows the id from the second on.
// A dead-letter queue that is bound in the same way gets the attributes as message
// attributes. Shown by TestFIFOQueueGetsTheGroupAndTheEventsDeduplicationID and
// TestDeadLetterQueueGetsTheAttributesOfAWS.
//
// An event for a bus that does not exist is accepted and dropped, as on AWS, and
// fails the test, see [Options]. Shown by TestUnknownBus.
//
// # Limits
//
//	entries of a PutEvents call  10, and 1 MiB
//	characters of a detail type  128
//	levels of an event           1,000
//	targets of a rule            5
//	input paths of a target      100
//	wildcard complexity          10 a pattern
//
// These are AWS's
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html). Other
// quotas of an account do not apply, nor does the range of integers in a detail.
//
// # Errors
//
// Codes and texts are AWS's where AWS has been seen to send them. Some texts of
// rare refusals are the fake's own:
//
//   - an invalid input path, a bus that still has rules, a detail type that is too
//     long;
//   - a target that is not an ARN, or a FIFO queue without a message group;
//   - SqsParameters for something other than a queue;
//   - a dead-letter queue that is not a standard queue;
//   - an input for a bus of another account.
//
// PutTargets refuses such a target together with the whole request. An error counts
// everything that is wrong, and names the first 256.
//
// # Testing
//
// [RequirePublished] returns the one event of a kind that was published. If there is
// none, it fails the test and says why each published event is another one.
// [RequireManyPublished] returns several. Shown by TestRequirePublished and
// TestRequirePublishedSaysWhatWasPublished.
//
// [EventBridge.Emit] puts events of AWS services on a bus, which PutEvents refuses.
// [EventBridge.Events] returns the accepted events with the rules that they matched,
// and [EventBridge.Deliveries] returns the deliveries with what each target got.
// Fail, Throttle, Delay, DropReply and PartialFailure inject faults, and the Journal
// lists the calls. [EventBridge.Snapshot] and [EventBridge.Restore] take the buses back
// to a former state, [EventBridge.Reset] takes them to the beginning, and
// [EventBridge.Dump] lists what there is. Shown by TestSnapshotRestoreResetAndDump.
//
// # Simulated
//
// Event buses, rules with event patterns of every operator, targets with Input,
// InputPath and InputTransformer (placeholders of AWS included), message groups,
// event buses as targets, retry policies, dead-letter queues, TestEventPattern,
// tags.
//
// # Virtual time
//
// Put a test that waits into [testing/synctest.Test] and use in it what belongs
// to the bubble: the t of the inner function, and contexts made of its
// t.Context(). The t.Context() of the outer test is from outside. If its Done
// channel was used outside before, waiting for it in the bubble keeps virtual
// time from passing, and the test hangs. If it is used in the bubble first, the
// channel belongs to the bubble, and the end of the outer test ends the whole
// program with "close of synctest channel from outside bubble". The bus
// may be made outside or inside.
//
// Outside of a bubble all waits are real. What has gone on for a second then
// (Run, Drain, a Delay) says so on the test log, once.
//
// # Not simulated
//
// An operation or member below is refused by name.
//
//   - PutEvents.EndpointId: global endpoints sign and route in another way.
//   - CreateEventBus.DeadLetterConfig, CreateEventBus.EventSourceName,
//     CreateEventBus.KmsKeyIdentifier, CreateEventBus.LogConfig: no partner
//     sources, encryption or logs.
//   - UpdateEventBus.DeadLetterConfig, UpdateEventBus.KmsKeyIdentifier,
//     UpdateEventBus.LogConfig: likewise.
//   - PutRule.ScheduleExpression: rules that run by the clock.
//   - PutTargets.Targets.AppSyncParameters, PutTargets.Targets.BatchParameters,
//     PutTargets.Targets.EcsParameters, PutTargets.Targets.HttpParameters,
//     PutTargets.Targets.KinesisParameters, PutTargets.Targets.RedshiftDataParameters,
//     PutTargets.Targets.RunCommandParameters, PutTargets.Targets.SageMakerPipelineParameters:
//     targets are Go functions, which get the event. The context of a target that is
//     a queue has the message group, see [MessageGroupID].
//   - PutPermission, RemovePermission: every caller may do everything.
//   - CreateArchive, DescribeArchive, ListArchives, UpdateArchive, DeleteArchive,
//     StartReplay, DescribeReplay, ListReplays, CancelReplay: archives.
//   - CreateApiDestination, DescribeApiDestination, ListApiDestinations,
//     UpdateApiDestination, DeleteApiDestination, CreateConnection, DescribeConnection,
//     ListConnections, UpdateConnection, DeleteConnection, DeauthorizeConnection: API
//     destinations.
//   - CreateEndpoint, DescribeEndpoint, ListEndpoints, UpdateEndpoint, DeleteEndpoint:
//     global endpoints.
//   - ActivateEventSource, DeactivateEventSource, DescribeEventSource, ListEventSources,
//     CreatePartnerEventSource, DescribePartnerEventSource, DeletePartnerEventSource,
//     ListPartnerEventSources, ListPartnerEventSourceAccounts, PutPartnerEvents: partners.
//
// EventBridge Scheduler, Pipes and the Schemas registry are other services, which
// this package does not have. Nor does it have the newer Custom Event Bus with its
// own API.
package eventstest
