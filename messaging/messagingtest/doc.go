// Package messagingtest is Amazon SQS, Amazon SNS and the Lambda event source
// mapping for SQS in your process. The real SDK client runs against it
// unmodified, without a socket, so that it works inside testing/synctest: a
// visibility timeout of twelve hours passes in no time.
//
// # Smallest program
//
//	queues := messagingtest.NewSQS(t)
//	orders := queues.NewQueue("orders", nil)
//	client := queues.Client() // the real *sqs.Client
//	client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: aws.String("42")})
//
//	mapping := queues.NewMapping("orders", messagingtest.Func(handler), func(o *messagingtest.MappingOptions) {
//		o.ReportBatchItemFailures = true
//	})
//	err := mapping.Drain(ctx) // invokes handler as Lambda does, until the queue is empty
//
// [Deliver] hands one batch to a handler without any queue. [RequireSent] and
// [RequirePublished] demand that a message was sent, and return it. [SQS.Join] and
// [SNS.Join] put the fakes behind the aws.Config of a whole program.
//
// # Simulated
//
// SQS: all 23 operations over AWS JSON 1.0. Standard and FIFO queues with
// groups, deduplication by id and by content, both scopes, sequence numbers
// and ReceiveRequestAttemptId. Fair queues. Delays, visibility timeouts with
// the 12 hour rule, long polls that wake at the very moment. Dead-letter
// queues, redrive allow policies and move tasks. The states of receipt handles.
// MD5 digests, characters, sizes, batches, retention, and the limit of messages
// in flight. Shown by TestAgainstModel, TestVisibilityIsTwelveHoursFromTheReceive,
// TestLongPollWakesExactly, TestFIFOGroupsBlockAndKeepOrder, TestDeduplication,
// TestFairQueue, TestReceiptHandleStates, TestMessageMoveTasks and TestSQSErrors.
//
// SNS: topics, subscriptions, publishing, permissions and tags over AWS Query. Filter
// policies in both scopes, raw delivery and notifications, MessageStructure
// json, FIFO topics, dead-letter queues of subscriptions. It delivers to
// queues, and to functions bound with [SNS.Endpoint]. Shown by TestFanOutByBody,
// TestFanOutByAttributes, TestEnvelope, TestFIFOTopic, TestUndeliverable and
// TestSNSErrors.
//
// The event source mapping: batches and windows, the 6 MB limit, and filters that
// delete what they do not match. Partial batch responses by Lambda's rules
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
// Errors, panics and timeouts of the function, blocked FIFO groups, and
// concurrency. Shown by TestBatchResponses, TestBatchingWindow,
// TestBatchesSplitAtSixMegabytes, TestFiltersDeleteWhatTheyDoNotMatch,
// TestFunctionFailuresFailTheBatch and TestMappingOnFIFOBlocksTheGroup.
//
// Where AWS leaves a choice, the fake chooses so that tests repeat. A standard
// queue delivers in the order of sending. An old receipt handle deletes
// nothing. Every queue change takes effect at once. A mapping invokes its
// function one batch at a time by default. A duplicate comes when
// [Queue.DuplicateNext] asks for it. SNS delivers before Publish answers. Shown by
// TestDuplicateDelivery and TestConcurrency.
//
// A message of a FIFO group is not delivered while a message before it is
// invisible. A receipt handle that a newer receive has replaced does not change
// the visibility of its message. Shown by TestConformance.
//
// Faults (Fail, Throttle, DropReply, Delay, PartialFailure) and the journal of
// calls are methods of the fakes. [SQS.Snapshot] and [SNS.Snapshot] copy the
// whole state, Reset takes a fake to the beginning, and Dump lists what it has.
// [Queue.Sent] and [SNS.Published] remember what came in. Shown by
// TestSnapshotAndRestore, TestSNSSnapshot, TestResetAndDump, TestRequireSent and
// TestHistoryIsBounded.
//
// # Virtual time
//
// Put a test that waits into [testing/synctest.Test] and use in it what belongs
// to the bubble: the t of the inner function, and contexts made of its
// t.Context(). The t.Context() of the outer test is from outside. If its Done
// channel was used outside before, waiting for it in the bubble keeps virtual
// time from passing, and the test hangs. If it is used in the bubble first, the
// channel belongs to the bubble, and the end of the outer test ends the whole
// program with "close of synctest channel from outside bubble". The fakes
// may be made outside or inside.
//
// Outside of a bubble all waits are real. What has gone on for a second then
// (Run and Drain of a mapping, a long poll, a Delay) says so on the test log, once.
//
// # Not simulated
//
// These operations and members are refused by name:
//
//   - CheckIfPhoneNumberIsOptedOut, CreateSMSSandboxPhoneNumber,
//     DeleteSMSSandboxPhoneNumber, GetSMSAttributes, GetSMSSandboxAccountStatus,
//     ListOriginationNumbers, ListPhoneNumbersOptedOut, ListSMSSandboxPhoneNumbers,
//     OptInPhoneNumber, SetSMSAttributes, VerifySMSSandboxPhoneNumber: text messages
//   - CreatePlatformApplication, CreatePlatformEndpoint, DeleteEndpoint,
//     DeletePlatformApplication, GetEndpointAttributes,
//     GetPlatformApplicationAttributes, ListEndpointsByPlatformApplication,
//     ListPlatformApplications, SetEndpointAttributes,
//     SetPlatformApplicationAttributes: mobile push
//   - GetDataProtectionPolicy, PutDataProtectionPolicy, CreateTopic.DataProtectionPolicy: closed to new users
//   - Publish.PhoneNumber: text messages
//
// So are subscriptions of the protocols sms, application and firehose, and the
// archives and replays of FIFO topics. E-mail subscriptions stay unconfirmed.
//
// These have no effect: queue and topic policies are kept and shown, but
// nothing is forbidden by them; encryption settings are kept, nothing is
// encrypted; signatures of notifications do not verify. There are no request
// rates, and no retries of SNS deliveries over time: three attempts at once,
// then the dead-letter queue. A tenant of a fair queue is noisy by its messages
// in flight, not by their processing time. Lambda's scaling is a fixed number of
// concurrent invocations.
package messagingtest
