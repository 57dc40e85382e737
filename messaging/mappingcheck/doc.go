// Package mappingcheck finds what is wrong with the set-up around a consumer: a
// function cannot see at run time that its answer is ignored, and then every
// message that it reports as failed is deleted.
//
//	findings, err := mappingcheck.Function(ctx, lambdaClient, sqsClient, "orders-consumer")
//	for _, f := range findings {
//		fmt.Println(f)
//	}
//
// Run it in a deployment's test, or by hand; it only reads.
//
// # Semantics
//
// An Error loses, repeats or blocks messages. A Warning is against AWS's advice.
//
//   - Error: the mapping lacks FunctionResponseTypes ReportBatchItemFailures.
//   - Error: the queue's visibility timeout is shorter than the function's
//     time-out. Warning: it is shorter than six times that and the batching
//     window.
//   - Error: the queue has no redrive policy, or its dead-letter queue does not
//     exist or is of the other type (FIFO, standard). Warning: maxReceiveCount
//     is below 5.
//   - Error: a standard dead-letter queue keeps messages no longer than the
//     queue, since a move does not reset a message's age there.
//   - Warning: the dead-letter queue takes only smaller messages than the queue.
//   - Warning: the mapping is not enabled.
//
// # Limits
//
// Mappings to SQS queues only, in the region and account of the clients or any
// account that lets them read the queue.
//
// The caller needs lambda:ListEventSourceMappings,
// lambda:GetFunctionConfiguration, sqs:GetQueueUrl and sqs:GetQueueAttributes.
//
// # Errors
//
// The error is that of a call that failed; [Err] makes one of findings.
//
// # Testing
//
// The clients are interfaces of two methods each; package messagingtest serves
// the queues.
package mappingcheck
