// Package messaging sends to SQS queues and SNS topics, and consumes queues
// without losing, blocking or endlessly repeating a message.
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
// A handler sees each message at least once. Its error is the verdict: nil
// acknowledges; [Discard] acknowledges a message that will never matter;
// [Poison] parks one that no retry can help; [RetryAfter] asks for it again
// later; any other error is retried with backoff. A body that cannot be decoded
// is poison, a panic or Goexit is a retry. Errors of other packages take part
// through methods: RetryAfter() time.Duration asks for a retry, Permanent() bool
// that answers true is poison, and Blameless() bool that answers true says that
// the failure is not the message's, so that it is no try of MaxReceives. The
// errors of package idempotency for a key that is in progress elsewhere, and for
// a table that does not answer, are blameless.
//
// Messages run in lanes: the messages of one FIFO message group, or with one
// ConsumerOptions.Key, strictly in order; different lanes side by side up to
// ConsumerOptions.Concurrency. The first message of a lane that is not acknowledged
// stops the lane: what follows is reported as failed without being tried, and
// comes again together with the failed one, since SQS delivers nothing of a
// message group behind a message of it that is in flight. A message that was
// parked or discarded does not stop its lane.
//
// SQS counts a receive for every message that comes, tried or not: the messages
// behind a failing one of their group near the dead letters along with it. So
// give consumers of FIFO queues a DeadLetter and MaxReceives, which take the
// failing one out alone, and the queue a maxReceiveCount well above that, such
// as ten times. By MaxReceives only the first message of a lane in a batch is
// parked, after its own failure. One behind it that fails is retried and parked
// when it comes first: it may have fewer tries than MaxReceives, since its
// receives are no sign of how many it had, but two where it was held up by
// others. Only a message that found no time left (VerdictUnstarted) has receives
// without tries that nothing tells apart.
//
// The same message twice in a batch, by message id, runs once. So does one that
// repeats the latest message before it with its key: the message group is the
// same, and so is all that a handler could decide on, see [Message.Fingerprint].
// A repetition with another message of the key in between is handled, for it
// undoes that one.
//
// Before the context's deadline ConsumerOptions.Reserve is kept free: no handler starts
// in it, contexts of running ones end when it begins. A handler that ignores
// that is left behind when half of the reserve is gone, and its message is
// reported as failed: this is the one case in which a goroutine outlives the
// call. Dead letters, bodies and changes of visibility that do not answer are
// also given up in time. What was finished stays finished.
//
// The context of a handler carries correlation id and trace header of its
// message: from the message attributes correlationId and traceHeader, the
// system attribute AWSTraceHeader, or detail.metadata of an EventBridge event.
// [Queue] and [Topic] put them into what they send.
//
// Exactly-once is what package idempotency adds, as a decorator of the handler.
//
// # Lambda
//
// The event source mapping must have FunctionResponseTypes:
// ReportBatchItemFailures. Without it Lambda takes every answer as success and
// deletes the whole batch; a function cannot see that at run time. The queue's
// visibility timeout should be six times the function's timeout. For delays of
// retries the function needs sqs:ChangeMessageVisibility.
//
// # Limits
//
// A message has 1 to 1,048,576 bytes on SQS and up to 262,144 on SNS (unless the
// topic's MaximumMessageSize was raised), body and attributes together; a batch
// request holds 10 messages and as many bytes. 10 message attributes. Delays up
// to 15 minutes, in whole seconds. A group or deduplication id has 128
// characters. All of it is checked before the network is asked. A visibility
// timeout is at most 12 hours, counted from the receive; delays are cut to what
// is left of that.
//
// # Errors
//
// [*DecodeError], [*PanicError], [ErrBlocked], [ErrUnstarted] and [ErrAbandoned]
// reach ConsumerOptions.OnOutcome; [*SendError] with [*EntryError] comes from SendAll,
// [ErrNotUTF8] from what is sent with broken text.
// SDK errors are wrapped and stay reachable with errors.As.
//
// # Testing
//
// Package messagingtest is SQS and SNS in the test's process: the real SDK
// client runs against it, in virtual time. Package simulate runs a handler
// through crashes, lost replies, throttling and duplicates at every point.
package messaging
