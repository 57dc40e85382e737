// Package eventstest is Amazon EventBridge in your process.
//
// It speaks the wire protocol, so that the real SDK client runs against it, and
// needs no socket, so that it runs inside a testing/synctest bubble, where the
// hours between two retries cost nothing.
//
//	bus := eventstest.New(t)
//	client := bus.Client()
//	_, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("orders"), EventPattern: aws.String(`{"source":["shop"]}`)})
//	_, err = client.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("orders"), Targets: []types.Target{{Id: aws.String("fn"), Arn: aws.String(arn)}}})
//	bus.Target(arn, func(ctx context.Context, event []byte) error { return router.Deliver(ctx, event) })
//	_, err = client.PutEvents(ctx, …)
//	err = bus.Drain(ctx) // deliver everything, retries included
//
// # Semantics
//
// PutEvents matches an event against the enabled rules of its bus and queues a
// delivery for each target. Nothing is delivered before [EventBridge.Drain] or [EventBridge.Run]
// is called: the fake has no goroutine of its own. Deliveries are made one after
// the other, the earliest due first.
//
// A target that returns an error is called again, after 1 second, then 2, then 4,
// up to 450 seconds (AWS adds jitter), until its RetryPolicy is exhausted: 185
// retries or 24 hours unless it says otherwise. Then the event goes to the
// target's dead-letter queue, with the attributes that AWS sets. An error that
// wraps [ErrPermanent], or an input template that makes no JSON, sends it there at
// once. What has no dead-letter queue either is an error of Drain and Run, where
// AWS loses it in silence. The log names the first failure of a delivery and its
// end.
//
// A target is a function that the test has bound to its ARN, or an event bus of
// this fake, of any account and region. A target that nothing serves (no function
// is bound, the queue, topic, state machine or bus does not exist) fails: with a
// RetryPolicy it is tried again as that says, without one it is not.
//
// An event bus as a target gets the event as it is, with the account, the region
// and the id of its origin, and its own rules match it. An event goes from one bus
// to another once: a second time is refused, as AWS refuses it, whether it would
// go on to a third bus or back. The input of such a target must be an event; for a
// bus of another account PutTargets takes no input.
//
// A queue that is bound with its Deliver method gets the MessageGroupId of the
// target's SqsParameters, a standard queue as its tenant. The deduplication id in
// a FIFO queue is the id of the event, so that a retry adds no second message; if
// several targets lead to one queue, a number follows the id from the second on.
// A dead-letter queue that is bound in the same way gets the attributes as
// message attributes.
//
// An event for a bus that does not exist is accepted and dropped, as on AWS, and
// fails the test, see [Options].
//
// # Limits
//
// 10 entries and 1 MiB a PutEvents call, 128 characters of detail type, 1,000
// levels an event, 5 targets a rule, 100 input paths a target, wildcard
// complexity 10 a pattern. Other quotas of an account are not kept, nor is the
// range of integers in a detail.
//
// # Errors
//
// Codes and texts are AWS's where AWS has been seen to send them; some texts of
// rare refusals (an invalid input path, a bus that still has rules, a detail type
// that is too long, a target that is no ARN or a FIFO queue without a message
// group, SqsParameters for what is no queue, a dead-letter queue that is no
// standard queue, an input for a bus of another account) are the fake's own.
// PutTargets refuses such a target with the request, and none of its targets is
// kept. An error counts all that is wrong, and names the first 256.
//
// # Testing
//
// [RequirePublished] returns the event of a kind that was published, or fails the
// test and says why none of the published events is the one. [EventBridge.Emit] puts events of AWS services on a bus, which PutEvents refuses.
// [EventBridge.Events] are the accepted events with the rules they matched,
// [EventBridge.Deliveries] the deliveries with what each target got; the embedded
// server's Fail, Throttle, Delay, DropReply and PartialFailure inject faults, and
// its Journal lists the calls.
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
// t.Context(). The t.Context() of the outer test is from outside, which shows
// in one of two ways. If its Done channel was asked for outside before, waiting
// for it keeps virtual time from passing, and the test hangs. If it is asked
// for in the bubble first, the channel is of the bubble, and the end of the
// outer test ends the whole program with "close of synctest channel from
// outside bubble". The bus may be made outside or inside.
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
//     targets are Go functions, which get the event and, where they stand for a
//     queue, the message group in the context, see [MessageGroupID].
//   - PutPermission, RemovePermission: nobody is denied anything.
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
// EventBridge Scheduler, Pipes and the Schemas registry are other services, and
// not here. Nor is the newer Custom Event Bus with its own API.
package eventstest
