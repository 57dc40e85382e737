package messagingtest

import "github.com/patternkit/serverless/internal/wire"

// operations is the map of the SQS fake: operation → method.
func (s *SQS) operations() []wire.Operation {
	return []wire.Operation{
		wire.Handle("AddPermission", s.addPermission),
		wire.Handle("CancelMessageMoveTask", s.cancelMessageMoveTask),
		wire.Handle("ChangeMessageVisibility", s.changeMessageVisibility),
		wire.HandleBatch("ChangeMessageVisibilityBatch", s.changeMessageVisibilityBatch),
		wire.Handle("CreateQueue", s.createQueue),
		wire.Handle("DeleteMessage", s.deleteMessage),
		wire.HandleBatch("DeleteMessageBatch", s.deleteMessageBatch),
		wire.Handle("DeleteQueue", s.deleteQueue),
		wire.Handle("GetQueueAttributes", s.getQueueAttributes),
		wire.Handle("GetQueueUrl", s.getQueueURL),
		wire.Handle("ListDeadLetterSourceQueues", s.listDeadLetterSourceQueues),
		wire.Handle("ListMessageMoveTasks", s.listMessageMoveTasks),
		wire.Handle("ListQueueTags", s.listQueueTags),
		wire.Handle("ListQueues", s.listQueues),
		wire.Handle("PurgeQueue", s.purgeQueue),
		wire.Handle("ReceiveMessage", s.receiveMessage),
		wire.Handle("RemovePermission", s.removePermission),
		wire.Handle("SendMessage", s.sendMessage),
		wire.HandleBatch("SendMessageBatch", s.sendMessageBatch),
		wire.Handle("SetQueueAttributes", s.setQueueAttributes),
		wire.Handle("StartMessageMoveTask", s.startMessageMoveTask),
		wire.Handle("TagQueue", s.tagQueue),
		wire.Handle("UntagQueue", s.untagQueue),
	}
}

// operations is the map of the SNS fake: operation → method.
func (s *SNS) operations() []wire.Operation {
	return []wire.Operation{
		wire.Handle("AddPermission", s.addPermission),
		wire.Handle("ConfirmSubscription", s.confirmSubscription),
		wire.Handle("CreateTopic", s.createTopic),
		wire.Handle("DeleteTopic", s.deleteTopic),
		wire.Handle("GetSubscriptionAttributes", s.getSubscriptionAttributes),
		wire.Handle("GetTopicAttributes", s.getTopicAttributes),
		wire.Handle("ListSubscriptions", s.listSubscriptions),
		wire.Handle("ListSubscriptionsByTopic", s.listSubscriptionsByTopic),
		wire.Handle("ListTagsForResource", s.listTagsForResource),
		wire.Handle("ListTopics", s.listTopics),
		wire.Handle("Publish", s.publish),
		wire.HandleBatch("PublishBatch", s.publishBatch),
		wire.Handle("RemovePermission", s.removePermission),
		wire.Handle("SetSubscriptionAttributes", s.setSubscriptionAttributes),
		wire.Handle("SetTopicAttributes", s.setTopicAttributes),
		wire.Handle("Subscribe", s.subscribe),
		wire.Handle("TagResource", s.tagResource),
		wire.Handle("Unsubscribe", s.unsubscribe),
		wire.Handle("UntagResource", s.untagResource),
	}
}
