package conformance

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/patternkit/serverless/internal/suite"
)

// topics has the calls that most checks of SNS need.
type topics struct {
	*suite.Suite
	client *sns.Client
	queues *queues
}

// topic makes a topic for as long as the test runs; a FIFO topic where the kind
// ends with .fifo.
func (n *topics) topic(t *testing.T, kind string, attributes map[string]string) string {
	t.Helper()
	base, fifo := strings.CutSuffix(kind, ".fifo")
	name, given := n.Name(base), merge(attributes)
	if fifo {
		name += ".fifo"
		given["FifoTopic"] = "true"
	}
	out, err := n.client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: given})
	suite.NoError(t, err)
	suite.Cleanup(t, "the topic "+name, func(ctx context.Context) error {
		_, err := n.client.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: out.TopicArn})
		return err
	})
	return *out.TopicArn
}

// fromTopics lets SNS send to a queue.
var fromTopics = map[string]string{
	"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`,
}

// subscribe makes a queue that is subscribed to a topic.
func (n *topics) subscribe(t *testing.T, topic, kind string, attributes map[string]string) (*queue, string) {
	t.Helper()
	made := n.queues.create(t, kind, fromTopics)
	return made, n.attach(t, topic, made, attributes)
}

func (n *topics) attach(t *testing.T, topic string, made *queue, attributes map[string]string) string {
	t.Helper()
	out, err := n.client.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: &made.arn, Attributes: attributes, ReturnSubscriptionArn: true,
	})
	suite.NoError(t, err)
	suite.Soon(t, func() string { // it is not known everywhere at once
		list, err := n.client.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
		suite.NoError(t, err)
		for _, s := range list.Subscriptions {
			if *s.Endpoint == made.arn {
				return ""
			}
		}
		return "the subscription is not listed"
	})
	return *out.SubscriptionArn
}

var raw = map[string]string{"RawMessageDelivery": "true"}

func (n *topics) publish(t *testing.T, topic, message string, changes ...func(*sns.PublishInput)) *sns.PublishOutput {
	t.Helper()
	in := &sns.PublishInput{TopicArn: &topic, Message: &message}
	for _, change := range changes {
		change(in)
	}
	out, err := n.client.Publish(t.Context(), in)
	suite.NoError(t, err)
	return out
}

func typed(kind, value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: &kind, StringValue: &value}
}

func carrying(attributes map[string]types.MessageAttributeValue) func(*sns.PublishInput) {
	return func(in *sns.PublishInput) { in.MessageAttributes = attributes }
}

func inGroup(in *sns.PublishInput) { in.MessageGroupId = aws.String("g") }

// envelope reads a notification that is not raw.
func envelope(t *testing.T, body string) map[string]any {
	t.Helper()
	var out map[string]any
	suite.NoError(t, json.Unmarshal([]byte(body), &out))
	return out
}
