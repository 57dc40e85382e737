// Package fake is a fake with a doc.
//
// # Simulated
//
// GetQueueUrl.
//
// # Not simulated
//
//   - ListQueues, PurgeQueue: no need.
//   - GetQueueUrl.QueueOwnerAWSAccountId: one account, and a reason
//     that goes on.
//
// GetQueueUrl.QueueName is not in the list.
//
// # Next
//
//   - SendMessage: not in the section.
package fake
