package messagingtest_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/hostile"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

const hostileURL = `"https://sqs.us-east-1.amazonaws.com/123456789012/`

// queueSuite has a valid request for each operation of SQS, on the queues of
// hostileQueues.
var queueSuite = hostile.Suite{Service: "sqs", Target: "AmazonSQS", Seeds: []hostile.Request{
	{Operation: "CancelMessageMoveTask", Body: `{"TaskHandle":"{{task}}"}`},
	{Operation: "CreateQueue", Body: `{"QueueName":"new","Attributes":{"DelaySeconds":"0","VisibilityTimeout":"30","MaximumMessageSize":"1024","MessageRetentionPeriod":"60","ReceiveMessageWaitTimeSeconds":"1","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:123456789012:dead\",\"maxReceiveCount\":3}","RedriveAllowPolicy":"{\"redrivePermission\":\"byQueue\",\"sourceQueueArns\":[\"arn:aws:sqs:us-east-1:123456789012:q\"]}","Policy":"{\"Statement\":[]}","KmsMasterKeyId":"alias/aws/sqs","KmsDataKeyReusePeriodSeconds":"60"},"tags":{"a":"b"}}`},
	{Operation: "CreateQueue", Body: `{"QueueName":"new.fifo","Attributes":{"FifoQueue":"true","ContentBasedDeduplication":"true","DeduplicationScope":"messageGroup","FifoThroughputLimit":"perMessageGroupId"}}`},
	{Operation: "GetQueueUrl", Body: `{"QueueName":"q","QueueOwnerAWSAccountId":"123456789012"}`},
	{Operation: "ListQueues", Body: `{"QueueNamePrefix":"q","MaxResults":1}`},
	{Operation: "GetQueueAttributes", Body: `{"QueueUrl":` + hostileURL + `q","AttributeNames":["All"]}`},
	{Operation: "SetQueueAttributes", Body: `{"QueueUrl":` + hostileURL + `q","Attributes":{"VisibilityTimeout":"10","DelaySeconds":"1","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:123456789012:dead\",\"maxReceiveCount\":\"3\"}"}}`},
	{Operation: "ListDeadLetterSourceQueues", Body: `{"QueueUrl":` + hostileURL + `dead","MaxResults":5}`},
	{Operation: "SendMessage", Body: `{"QueueUrl":` + hostileURL + `q","MessageBody":"body","DelaySeconds":1,"MessageAttributes":{"s":{"DataType":"String.x","StringValue":"v"},"n":{"DataType":"Number","StringValue":"1.5"},"b":{"DataType":"Binary","BinaryValue":"AA=="}},"MessageSystemAttributes":{"AWSTraceHeader":{"DataType":"String","StringValue":"Root=1-5759e988-bd862e3fe1be46a994272793"}},"MessageGroupId":"tenant"}`},
	{Operation: "SendMessage", Body: `{"QueueUrl":` + hostileURL + `q.fifo","MessageBody":"body","MessageGroupId":"g","MessageDeduplicationId":"d"}`},
	{Operation: "SendMessageBatch", Body: `{"QueueUrl":` + hostileURL + `q.fifo","Entries":[{"Id":"1","MessageBody":"a","MessageGroupId":"g","MessageDeduplicationId":"1"},{"Id":"2","MessageBody":"b","MessageGroupId":"h","MessageDeduplicationId":"2","MessageAttributes":{"s":{"DataType":"String","StringValue":"v"}}}]}`},
	{Operation: "ReceiveMessage", Body: `{"QueueUrl":` + hostileURL + `q","MaxNumberOfMessages":10,"VisibilityTimeout":30,"WaitTimeSeconds":20,"AttributeNames":["All"],"MessageSystemAttributeNames":["SentTimestamp"],"MessageAttributeNames":["s.*"]}`},
	{Operation: "ReceiveMessage", Body: `{"QueueUrl":` + hostileURL + `q.fifo","MaxNumberOfMessages":1,"ReceiveRequestAttemptId":"a"}`},
	{Operation: "ChangeMessageVisibility", Body: `{"QueueUrl":` + hostileURL + `r","ReceiptHandle":"{{receipt}}","VisibilityTimeout":10}`},
	{Operation: "ChangeMessageVisibilityBatch", Body: `{"QueueUrl":` + hostileURL + `r","Entries":[{"Id":"1","ReceiptHandle":"{{receipt}}","VisibilityTimeout":0}]}`},
	{Operation: "DeleteMessageBatch", Body: `{"QueueUrl":` + hostileURL + `r","Entries":[{"Id":"1","ReceiptHandle":"{{receipt}}"}]}`},
	{Operation: "DeleteMessage", Body: `{"QueueUrl":` + hostileURL + `r","ReceiptHandle":"{{receipt}}"}`},
	{Operation: "AddPermission", Body: `{"QueueUrl":` + hostileURL + `q","Label":"l","AWSAccountIds":["123456789012"],"Actions":["SendMessage"]}`},
	{Operation: "RemovePermission", Body: `{"QueueUrl":` + hostileURL + `q","Label":"l"}`},
	{Operation: "TagQueue", Body: `{"QueueUrl":` + hostileURL + `q","Tags":{"a":"b"}}`},
	{Operation: "ListQueueTags", Body: `{"QueueUrl":` + hostileURL + `q"}`},
	{Operation: "UntagQueue", Body: `{"QueueUrl":` + hostileURL + `q","TagKeys":["a"]}`},
	{Operation: "StartMessageMoveTask", Body: `{"SourceArn":"arn:aws:sqs:us-east-1:123456789012:dead","DestinationArn":"arn:aws:sqs:us-east-1:123456789012:q","MaxNumberOfMessagesPerSecond":1}`},
	{Operation: "ListMessageMoveTasks", Body: `{"SourceArn":"arn:aws:sqs:us-east-1:123456789012:moving","MaxResults":10}`},
	{Operation: "PurgeQueue", Body: `{"QueueUrl":` + hostileURL + `q"}`},
	{Operation: "DeleteQueue", Body: `{"QueueUrl":` + hostileURL + `new"}`},
}}

// hostileQueues has the queues q and q.fifo, r with a message that was
// received, and moving, out of which a task moves messages.
func hostileQueues(t *testing.T) hostile.Fake {
	t.Helper()
	queues := messagingtest.NewSQS(nil)
	client, ctx := queues.Client(), t.Context()
	for _, name := range []string{"dead", "moving", "r"} {
		queues.NewQueue(name, nil)
	}
	queues.NewQueue("q.fifo", map[string]string{"FifoQueue": "true"})
	for name, dead := range map[string]string{"q": "dead", "s": "moving"} {
		queues.NewQueue(name, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:` + dead + `","maxReceiveCount":3}`})
	}
	url := func(name string) *string { return aws.String(queues.Queue(name).URL()) }
	for range 5 {
		_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url("moving"), MessageBody: aws.String("m")})
		require.NoError(t, err)
	}
	_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url("r"), MessageBody: aws.String("m")})
	require.NoError(t, err)
	received, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url("r")})
	require.NoError(t, err)
	task, err := client.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{
		SourceArn: aws.String("arn:aws:sqs:us-east-1:123456789012:moving"), DestinationArn: aws.String("arn:aws:sqs:us-east-1:123456789012:s"), MaxNumberOfMessagesPerSecond: aws.Int32(1),
	})
	require.NoError(t, err)
	return hostile.Fake{Server: wire.ServerOf(queues), Values: map[string]string{"receipt": *received.Messages[0].ReceiptHandle, "task": *task.TaskHandle}}
}

const hostileTopic = "arn:aws:sns:us-east-1:123456789012:t"

// topicSuite has a valid request for each operation of SNS.
var topicSuite = hostile.Suite{Service: "sns", Version: "2010-03-31", Seeds: []hostile.Request{
	{Operation: "CreateTopic", Body: "Name=new&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=d&Attributes.entry.2.key=Policy&Attributes.entry.2.value=%7B%22Statement%22%3A%5B%5D%7D&Tags.member.1.Key=k&Tags.member.1.Value=v"},
	{Operation: "CreateTopic", Body: "Name=new.fifo&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true&Attributes.entry.2.key=ContentBasedDeduplication&Attributes.entry.2.value=true"},
	{Operation: "ListTopics", Body: ""},
	{Operation: "GetTopicAttributes", Body: "TopicArn=" + hostileTopic},
	{Operation: "SetTopicAttributes", Body: "TopicArn=" + hostileTopic + "&AttributeName=DisplayName&AttributeValue=d"},
	{Operation: "SetTopicAttributes", Body: "TopicArn=" + hostileTopic + "&AttributeName=DeliveryPolicy&AttributeValue=%7B%22http%22%3A%7B%22defaultHealthyRetryPolicy%22%3A%7B%22numRetries%22%3A3%7D%7D%7D"},
	{Operation: "Subscribe", Body: "TopicArn=" + hostileTopic + "&Protocol=sqs&Endpoint=arn:aws:sqs:us-east-1:123456789012:q&ReturnSubscriptionArn=true&Attributes.entry.1.key=FilterPolicy&Attributes.entry.1.value=%7B%22a%22%3A%5B%22b%22%5D%7D&Attributes.entry.2.key=RawMessageDelivery&Attributes.entry.2.value=true"},
	{Operation: "Subscribe", Body: "TopicArn=" + hostileTopic + "&Protocol=email&Endpoint=a%40example.org"},
	{Operation: "ListSubscriptions", Body: ""},
	{Operation: "ListSubscriptionsByTopic", Body: "TopicArn=" + hostileTopic},
	{Operation: "GetSubscriptionAttributes", Body: "SubscriptionArn={{subscription}}"},
	{Operation: "SetSubscriptionAttributes", Body: "SubscriptionArn={{subscription}}&AttributeName=FilterPolicy&AttributeValue=%7B%22a%22%3A%5B%7B%22prefix%22%3A%22b%22%7D%5D%7D"},
	{Operation: "SetSubscriptionAttributes", Body: "SubscriptionArn={{subscription}}&AttributeName=RedrivePolicy&AttributeValue=%7B%22deadLetterTargetArn%22%3A%22arn%3Aaws%3Asqs%3Aus-east-1%3A123456789012%3Aq%22%7D"},
	{Operation: "ConfirmSubscription", Body: "TopicArn=" + hostileTopic + "&Token={{token}}&AuthenticateOnUnsubscribe=true"},
	{Operation: "Publish", Body: "TopicArn=" + hostileTopic + "&Message=m&Subject=s&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=b"},
	{Operation: "Publish", Body: "TargetArn=" + hostileTopic + "&MessageStructure=json&Message=%7B%22default%22%3A%22d%22%2C%22sqs%22%3A%22s%22%7D"},
	{Operation: "Publish", Body: "TopicArn=" + hostileTopic + ".fifo&Message=m&MessageGroupId=g&MessageDeduplicationId=d"},
	{Operation: "PublishBatch", Body: "TopicArn=" + hostileTopic + "&PublishBatchRequestEntries.member.1.Id=1&PublishBatchRequestEntries.member.1.Message=m&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name=a&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType=Binary&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.BinaryValue=AA%3D%3D&PublishBatchRequestEntries.member.2.Id=2&PublishBatchRequestEntries.member.2.Message=n"},
	{Operation: "AddPermission", Body: "TopicArn=" + hostileTopic + "&Label=l&AWSAccountId.member.1=123456789012&ActionName.member.1=Publish"},
	{Operation: "RemovePermission", Body: "TopicArn=" + hostileTopic + "&Label=l"},
	{Operation: "TagResource", Body: "ResourceArn=" + hostileTopic + "&Tags.member.1.Key=k&Tags.member.1.Value=v"},
	{Operation: "ListTagsForResource", Body: "ResourceArn=" + hostileTopic},
	{Operation: "UntagResource", Body: "ResourceArn=" + hostileTopic + "&TagKeys.member.1=k"},
	{Operation: "Unsubscribe", Body: "SubscriptionArn={{subscription}}"},
	{Operation: "DeleteTopic", Body: "TopicArn=arn:aws:sns:us-east-1:123456789012:new"},
}}

// hostileTopics has the topics t, with a subscription of a queue and one that
// is not confirmed, and t.fifo.
func hostileTopics(t *testing.T) hostile.Fake {
	t.Helper()
	queues := messagingtest.NewSQS(nil)
	queues.NewQueue("q", nil)
	queues.NewQueue("subscribed", nil)
	topics := messagingtest.NewSNS(nil, queues)
	client, ctx := topics.Client(), t.Context()
	_, err := client.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t")})
	require.NoError(t, err)
	_, err = client.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t.fifo"), Attributes: map[string]string{"FifoTopic": "true"}})
	require.NoError(t, err)
	subscribed, err := client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: aws.String(hostileTopic), Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:123456789012:subscribed")})
	require.NoError(t, err)
	var confirmation struct{ Token string }
	topics.Endpoint("https://example.org", func(_ context.Context, payload []byte) error { return json.Unmarshal(payload, &confirmation) })
	_, err = client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: aws.String(hostileTopic), Protocol: aws.String("https"), Endpoint: aws.String("https://example.org")})
	require.NoError(t, err)
	return hostile.Fake{Server: wire.ServerOf(topics), Values: map[string]string{"subscription": *subscribed.SubscriptionArn, "token": confirmation.Token}}
}

var hostileSuites = []struct {
	suite *hostile.Suite
	fake  func(*testing.T) hostile.Fake
}{{&queueSuite, hostileQueues}, {&topicSuite, hostileTopics}}

func TestHostileRequests(t *testing.T) {
	for _, s := range hostileSuites {
		synctest.Test(t, func(t *testing.T) { s.suite.Complete(t, s.fake(t)) })
		for i := range s.suite.Seeds {
			synctest.Test(t, func(t *testing.T) { s.suite.Mutations(t, s.fake(t), i) })
		}
	}
}

func FuzzWire(f *testing.F) {
	for i, s := range hostileSuites {
		for _, r := range s.suite.Seeds {
			f.Add(uint8(i), r.Operation, r.Body)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, operation, body string) {
		s := hostileSuites[int(which)%len(hostileSuites)]
		synctest.Test(t, func(t *testing.T) {
			s.suite.Hostile(t, s.fake(t), hostile.Request{Operation: operation, Body: body})
		})
	})
}
