// Package mappingcheck checks the set-up around a consumer of an SQS queue: the
// event source mapping, the queue and its dead-letter queue. A function cannot see
// at run time that Lambda ignores its answer, and then every message that it reports
// as failed is deleted.
//
// # Smallest program
//
//	findings, err := mappingcheck.Function(ctx, lambdaClient, sqsClient, "orders-consumer")
//	for _, f := range findings {
//		fmt.Println(f)
//	}
//
// Run it in a deployment's test, or by hand. It only reads.
//
// # Semantics
//
// An error means that messages are lost, repeated or blocked. A warning is against
// AWS's advice. Shown by TestEveryFaultIsFound and TestAGoodSetUpHasNoFindings.
//
//   - Error: the mapping lacks FunctionResponseTypes ReportBatchItemFailures.
//   - Error: the queue's visibility timeout is shorter than the function's
//     timeout. Warning: it is shorter than six times that and the batching
//     window.
//   - Error: the queue has no redrive policy, or its dead-letter queue does not
//     exist or is of the other type (FIFO, standard). Warning: maxReceiveCount
//     is below 5.
//   - Error: a standard dead-letter queue keeps messages no longer than the
//     queue, since a move does not reset a message's age there.
//   - Warning: the dead-letter queue takes only smaller messages than the queue.
//   - Warning: the mapping is not enabled.
//
// The advice is from
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html,
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html and
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html.
//
// # Limits
//
// It looks at mappings to SQS queues only, in the region and account of the clients
// or any account that lets them read the queue.
//
// The caller needs lambda:ListEventSourceMappings,
// lambda:GetFunctionConfiguration, sqs:GetQueueUrl and sqs:GetQueueAttributes.
//
// # Errors
//
// The error is that of a call that failed, or that there is no mapping. [Err] makes
// one error of the findings. Shown by TestWhatCannotBeRead.
//
// # Testing
//
// The clients are interfaces of two methods each. Package messagingtest serves the
// queues.
package mappingcheck
