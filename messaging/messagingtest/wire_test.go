package messagingtest_test

import (
	"testing"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

func TestSQSWireSnapshots(t *testing.T) {
	snapshot.Check(t, snapshot.Fake{
		Server:  wire.ServerOf(messagingtest.NewSQS(t)),
		Module:  "github.com/aws/aws-sdk-go-v2/service/sqs",
		Doc:     "doc.go",
		Goldens: []string{"SendMessage", "SendMessageBatch", "ReceiveMessage"},
	})
}

func TestSNSWireSnapshots(t *testing.T) {
	snapshot.Check(t, snapshot.Fake{
		Server: wire.ServerOf(messagingtest.NewSNS(t, nil)),
		Module: "github.com/aws/aws-sdk-go-v2/service/sns",
		Doc:    "doc.go",
		Goldens: []string{
			"AddPermission", "ConfirmSubscription", "CreateTopic", "DeleteTopic", "GetSubscriptionAttributes", "GetTopicAttributes",
			"ListSubscriptions", "ListSubscriptionsByTopic", "ListTagsForResource", "ListTopics", "Publish", "PublishBatch", "RemovePermission",
			"SetSubscriptionAttributes", "SetTopicAttributes", "Subscribe", "TagResource", "Unsubscribe", "UntagResource",
		},
	})
}
