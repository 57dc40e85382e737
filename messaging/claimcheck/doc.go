// Package claimcheck keeps message bodies that are too large for a queue in S3
// and sends a pointer instead, in the format of AWS's extended client libraries
// for Java and Python
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-managing-large-messages.html):
// each side can read what the other sent.
//
// # Smallest program
//
//	bodies := claimcheck.New(s3Client, "my-bucket")
//	queue := messaging.NewQueue[Report](client, url, func(o *messaging.QueueOptions[Report]) { o.Bodies = bodies })
//	consumer := messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) { o.Bodies = bodies })
//
// # Semantics
//
// The object is written before the message is sent, and never deleted by this
// package: a message may be delivered again, even after it was acknowledged. Give
// the bucket a lifecycle rule longer than the retention of the queue and of its
// dead-letter queue together. Shown by TestALargeBodyGoesThroughS3AndBack.
//
// A pointer is followed only into the store's own bucket and those of
// Options.Buckets: a message must not make a consumer read what its sender may not.
// Shown by TestPointersOfOtherLibrariesAreRead.
//
// # Limits
//
// A message with a pointer has the additional attribute ExtendedPayloadSize, so the
// sender has 9 of 10 left. Shown by TestLimits.
//
// # Errors
//
// An object that does not exist, a bucket that is not allowed and a body above
// Options.MaxSize are permanent: consumers take them as poison. Other errors are
// retried.
//
// # Testing
//
// Any S3 in the test's process will do, such as gofakes3.
package claimcheck
