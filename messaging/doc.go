// Package messaging sends to SQS queues and SNS topics, and consumes queues
// without losing, blocking or endlessly repeating a message.
//
// # Smallest program
//
//	consumer := messaging.NewConsumer(ship, func(o *messaging.ConsumerOptions) {
//		o.Client = client
//		o.DeadLetter = messaging.NewDeadLetterQueue(client, dlqURL)
//	})
//	lambda.Start(consumer.HandleSQS)
//
//	func ship(ctx context.Context, m messaging.Message[OrderPlaced]) error {
//		...
//	}
//
// # Semantics
//
// A handler sees each message at least once. Its error is the verdict. nil
// acknowledges the message. [Discard] acknowledges a message that will never
// matter. [Poison] parks a message that no retry can help. [RetryAfter] asks for
// the message again later. Any other error is retried with backoff. A body that
// cannot be decoded is poison. A panic and a Goexit are retried. Shown by
// TestVerdictsDecideWhatIsReported, TestWhatCannotBeDecodedIsPoison and
// TestPanicAndGoexitCostOneMessage.
//
// Errors of other packages take part through three methods:
//
//	RetryAfter() time.Duration   retry after that time
//	Permanent() bool             true: poison
//	Blameless() bool             true: the failure is not the message's, so it does not count for MaxReceives
//
// Package idempotency's errors for a key that is in progress elsewhere, and for a
// table that does not answer, are blameless. Shown by
// TestInProgressElsewhereIsNoFailureOfTheMessage.
//
// # Order
//
// Messages run in lanes. The messages of one FIFO message group, or with one
// ConsumerOptions.Key, are a lane and run strictly in order. Different lanes run
// concurrently, up to ConsumerOptions.Concurrency. The first message of a lane
// that is not acknowledged stops the lane: the messages after it are reported as
// failed without being tried, and come again together with it. SQS would not
// deliver them anyway while the failed message is in flight
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html).
// A message that is parked or discarded does not stop its lane. Shown by
// TestOneLaneKeepsOrderAndStopsAtItsFirstFailure and
// TestFollowersComeBackTogetherWithTheFailedMessage.
//
// # Parking by count
//
// SQS counts a receive for every message of a batch, whether it is tried or not.
// The messages behind a failing one come closer to the dead-letter queue with it.
// ConsumerOptions.MaxReceives therefore parks only the first message of a lane:
// the others may have been received while they waited. A message that is parked
// this way after it waited has failed at least twice. What happens to a message
// that fails in its receive number MaxReceives, or a later one:
//
//	first of its lane in the batch    parked
//	behind others of its lane         retried, and parked if it fails again when it comes first
//	the error is blameless            retried
//
// A message that found no time left (VerdictUnstarted) has a receive without a
// try, and nothing can tell that later. Give a consumer of a FIFO queue a
// DeadLetter and MaxReceives, and the queue a maxReceiveCount that is much higher,
// such as ten times. Shown by TestOnlyTheFirstOfALaneIsParkedByCount,
// TestAFollowerIsNotParkedAfterOneTry and TestAFIFOGroupWaitsForItsFailedMessage.
//
// # Duplicates
//
// The same message twice in a batch, by message id, runs once. So does a message
// that repeats the latest message with its key: the message group is the same, and
// so is all that a handler could decide on, see [Message.Fingerprint]. With another
// message of the key in between it is handled, because that one may have undone
// it. Shown by TestDuplicatesInABatchShareOneFate and
// TestOnlyTheRepetitionOfTheLatestIsADuplicate. Exactly once is what package
// idempotency adds, as a decorator of the handler.
//
// # Deadline
//
// ConsumerOptions.Reserve is kept free before the context's deadline. No handler
// starts in it, and the contexts of running handlers end when it begins. A handler
// that ignores its context is left behind when half of the reserve is gone, and its
// message is reported as failed: this is the one case in which a goroutine outlives
// the call. Dead letters, bodies and changes of visibility that do not answer are
// given up in time as well. Whatever was finished stays finished. Shown by
// TestDeadlineLeavesTheReserve, TestAHandlerThatIgnoresItsDeadlineIsAbandoned and
// TestWhatDoesNotAnswerCostsNoFinishedWork.
//
// # Correlation
//
// The context of a handler carries correlation id and trace header of its message.
// They come from the message attributes correlationId and traceHeader, the system
// attribute AWSTraceHeader, or detail.metadata of an EventBridge event. [Queue] and
// [Topic] put them into what they send. Shown by TestSendInjectsCorrelation and
// TestEventBridgeEventsBringTheirCorrelation.
//
// # Lambda
//
// The event source mapping must have FunctionResponseTypes:
// ReportBatchItemFailures. Without it Lambda takes every answer as success and
// deletes the whole batch
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). A
// function cannot see that at run time; package mappingcheck does before. The
// queue's visibility timeout should be six times the function's timeout
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). For
// delays of retries the function needs sqs:ChangeMessageVisibility.
//
// # Limits
//
//	bytes of a message, with attributes   1,048,576 on SQS; 262,144 on SNS, see TopicOptions.MaxSize
//	bytes of a batch request              the same, for all its messages together
//	messages of a batch request           10
//	message attributes                    10
//	delay                                 15 minutes, whole seconds
//	characters of a group or dedup. id    128
//	visibility timeout                    12 hours from the receive; longer delays are cut to that
//
// All but the last are checked before the network is asked. Shown by
// TestSendChecksLimitsBeforeTheNetwork, TestSendAllSplitsByCountAndBytes and
// TestRetriesChangeVisibility. The sources are
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html,
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html.
//
// # Errors
//
// [*DecodeError], [*PanicError], [ErrBlocked], [ErrUnstarted] and [ErrAbandoned]
// reach ConsumerOptions.OnOutcome. [*SendError] with [*EntryError] comes from
// SendAll, and [ErrNotUTF8] from a send with broken text. SDK errors are wrapped
// and stay reachable with errors.As.
//
// # Testing
//
// Package messagingtest is SQS and SNS in the test's process: the real SDK
// client runs against it, in virtual time. Package simulate runs a handler
// through crashes, lost replies, throttling and duplicates at every point. Package
// filter makes the filter policies of subscriptions.
package messaging
