package messagingtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// fan is a topic with queues behind it.
type fan struct {
	*testing.T
	sqs    *messagingtest.SQS
	sns    *messagingtest.SNS
	client *sns.Client
	topic  string
}

func newFan(t *testing.T, topic string, attributes map[string]string) *fan {
	t.Helper()
	queues := messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	return &fan{t, queues, topics, topics.Client(), topics.NewTopic(topic, attributes)}
}

func (f *fan) queue(name string, attributes map[string]string) *messagingtest.Queue {
	f.Helper()
	q := f.sqs.NewQueue(name, nil)
	_, err := f.client.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &f.topic, Protocol: aws.String("sqs"), Endpoint: aws.String(q.ARN()), Attributes: attributes,
	})
	require.NoError(f, err)
	return q
}

func (f *fan) publish(message string, optFns ...func(*sns.PublishInput)) (*sns.PublishOutput, error) {
	in := &sns.PublishInput{TopicArn: &f.topic, Message: &message}
	for _, opt := range optFns {
		opt(in)
	}
	return f.client.Publish(ctx, in)
}

func text(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
}

func TestFanOutByBody(t *testing.T) {
	f := newFan(t, "orders", nil)
	body := func(policy string) map[string]string {
		return map[string]string{"FilterPolicyScope": "MessageBody", "FilterPolicy": policy, "RawMessageDelivery": "true"}
	}
	big := f.queue("big", body(`{"detail":{"total":[{"numeric":[">",100]}]}}`))
	books := f.queue("books", body(`{"detail":{"sku":[{"prefix":"book-"}]}}`))
	all := f.queue("all", map[string]string{"RawMessageDelivery": "true"})
	publish := f.sns.Publisher(f.topic)
	for _, message := range []string{`{"detail":{"total":150,"sku":"toy-1"}}`, `{"detail":{"total":10,"sku":"book-1"}}`, `not JSON`} {
		require.NoError(t, publish(ctx, []byte(message)))
	}
	require.Equal(t, []string{`{"detail":{"total":150,"sku":"toy-1"}}`}, big.Bodies())
	require.Equal(t, []string{`{"detail":{"total":10,"sku":"book-1"}}`}, books.Bodies())
	require.Len(t, all.Bodies(), 3)
	require.ErrorContains(t, f.sns.Publisher("arn:aws:sns:us-east-1:123456789012:none")(ctx, []byte("x")), "Topic does not exist")
}

func TestFanOutByAttributes(t *testing.T) {
	f := newFan(t, "orders", nil)
	books := f.queue("books", map[string]string{"FilterPolicy": `{"kind":["book"],"copies":[{"numeric":[">=",2]}]}`, "RawMessageDelivery": "true"})
	tagged := f.queue("tagged", map[string]string{"FilterPolicy": `{"tags":["new"]}`, "RawMessageDelivery": "true"})
	_, err := f.publish("1", func(in *sns.PublishInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{
			"kind": text("book"), "copies": {DataType: aws.String("Number"), StringValue: aws.String("3")},
			"tags": {DataType: aws.String("String.Array"), StringValue: aws.String(`["old","new"]`)},
		}
	})
	require.NoError(t, err)
	_, err = f.publish("2", func(in *sns.PublishInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{"kind": text("book")}
	})
	require.NoError(t, err)
	_, err = f.publish("3")
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, books.Bodies())
	require.Equal(t, []string{"1"}, tagged.Bodies())
	require.Equal(t, map[string]string{"kind": "book", "copies": "3", "tags": `["old","new"]`}, books.Messages()[0].Attributes)
}

func TestEnvelope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFan(t, "orders", nil)
		q := f.queue("all", nil)
		time.Sleep(1234 * time.Millisecond)
		out, err := f.publish(`{"a":"<b>"}`, func(in *sns.PublishInput) {
			in.Subject = aws.String("hello")
			in.MessageAttributes = map[string]types.MessageAttributeValue{
				"k": text("v"), "b": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}},
			}
		})
		require.NoError(t, err)
		subscription := f.subscription(q)
		var signed struct{ Signature string }
		body := q.Bodies()[0]
		require.NoError(t, json.Unmarshal([]byte(body), &signed))
		require.Equal(t, `{
  "Type" : "Notification",
  "MessageId" : "`+*out.MessageId+`",
  "TopicArn" : "arn:aws:sns:us-east-1:123456789012:orders",
  "Subject" : "hello",
  "Message" : "{\"a\":\"<b>\"}",
  "Timestamp" : "2000-01-01T00:00:01.234Z",
  "SignatureVersion" : "1",
  "Signature" : "`+signed.Signature+`",
  "SigningCertURL" : "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0000000000000000000000.pem",
  "UnsubscribeURL" : "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=`+subscription+`",
  "MessageAttributes" : {
    "b" : {"Type":"Binary","Value":"AQI="},
    "k" : {"Type":"String","Value":"v"}
  }
}`, body)
		require.Empty(t, q.Messages()[0].Attributes, "attributes are in the notification only")
	})
}

func (f *fan) subscription(q *messagingtest.Queue) string {
	f.Helper()
	out, err := f.client.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &f.topic})
	require.NoError(f, err)
	for _, s := range out.Subscriptions {
		if *s.Endpoint == q.ARN() {
			return *s.SubscriptionArn
		}
	}
	f.Fatal("not subscribed")
	return ""
}

func TestFIFOTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFan(t, "orders.fifo", map[string]string{"ContentBasedDeduplication": "true"})
		raw := f.queue("raw.fifo", map[string]string{"RawMessageDelivery": "true"})
		wrapped := f.queue("wrapped.fifo", nil)
		standard := f.queue("standard", map[string]string{"RawMessageDelivery": "true"})
		group := func(in *sns.PublishInput) { in.MessageGroupId = aws.String("g") }
		first, err := f.publish("a", group)
		require.NoError(t, err)
		require.Len(t, *first.SequenceNumber, 20)
		again, err := f.publish("a", group)
		require.NoError(t, err)
		require.Equal(t, first.MessageId, again.MessageId)
		time.Sleep(5 * time.Minute)
		_, err = f.publish("a", group)
		require.NoError(t, err)
		require.Equal(t, []string{"a", "a"}, raw.Bodies())
		require.Equal(t, "g", raw.Messages()[0].GroupID)
		require.NotEmpty(t, raw.Messages()[0].DeduplicationID)
		require.Equal(t, []string{"a", "a"}, standard.Bodies())

		var envelope map[string]any
		require.NoError(t, json.Unmarshal([]byte(wrapped.Bodies()[0]), &envelope))
		require.Equal(t, *first.SequenceNumber, envelope["SequenceNumber"])
		require.NotContains(t, envelope, "Signature")

		_, err = f.publish("a")
		requireCode(t, err, "InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
	})
}

func TestUndeliverable(t *testing.T) {
	f := newFan(t, "orders", nil)
	dead := f.sqs.NewQueue("dead", nil)
	redrive := `{"deadLetterTargetArn":"` + dead.ARN() + `"}`
	raw := f.queue("raw", map[string]string{"RawMessageDelivery": "true", "RedrivePolicy": redrive})
	wrapped := f.queue("wrapped", nil)
	_, err := f.client.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &f.topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:123456789012:gone"),
	})
	require.NoError(t, err)
	eleven := map[string]types.MessageAttributeValue{}
	for _, c := range "abcdefghijk" {
		eleven[string(c)] = text("x")
	}
	_, err = f.publish("many", func(in *sns.PublishInput) { in.MessageAttributes = eleven })
	require.NoError(t, err)
	require.Empty(t, raw.Bodies())
	require.Len(t, wrapped.Bodies(), 1)
	require.Equal(t, []string{"many"}, dead.Bodies())
	lost := f.sns.Undelivered()
	require.Len(t, lost, 2)
	require.ErrorIs(t, lost[0].Err, messagingtest.ErrTooManyAttributes)
	require.True(t, lost[0].DeadLettered)
	require.ErrorIs(t, lost[1].Err, messagingtest.ErrNoQueue)
	require.False(t, lost[1].DeadLettered)
}

func TestEndpoints(t *testing.T) {
	f := newFan(t, "orders", nil)
	arn := "arn:aws:lambda:us-east-1:123456789012:function:ship"
	var event awsevents.SNSEvent
	tries := 0
	f.sns.Endpoint(arn, func(_ context.Context, payload []byte) error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return json.Unmarshal(payload, &event)
	})
	var posts []map[string]any
	f.sns.Endpoint("https://example.com/hook", func(_ context.Context, payload []byte) error {
		var post map[string]any
		posts = append(posts, post)
		return json.Unmarshal(payload, &posts[len(posts)-1])
	})
	_, err := f.client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &f.topic, Protocol: aws.String("lambda"), Endpoint: &arn})
	require.NoError(t, err)
	pending, err := f.client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &f.topic, Protocol: aws.String("https"), Endpoint: aws.String("https://example.com/hook")})
	require.NoError(t, err)
	require.Equal(t, "pending confirmation", *pending.SubscriptionArn)

	_, err = f.publish("1", func(in *sns.PublishInput) { in.Subject = aws.String("s") })
	require.NoError(t, err)
	require.Equal(t, 3, tries)
	require.Equal(t, "1", event.Records[0].SNS.Message)
	require.Equal(t, "s", event.Records[0].SNS.Subject)
	require.Len(t, posts, 1, "unconfirmed: only the request")
	require.Equal(t, "SubscriptionConfirmation", posts[0]["Type"])

	_, err = f.client.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: &f.topic, Token: aws.String(posts[0]["Token"].(string))})
	require.NoError(t, err)
	_, err = f.publish("2")
	require.NoError(t, err)
	require.Equal(t, "2", posts[1]["Message"])
}

func TestMessageStructure(t *testing.T) {
	f := newFan(t, "orders", nil)
	q := f.queue("q", map[string]string{"RawMessageDelivery": "true"})
	structured := func(in *sns.PublishInput) { in.MessageStructure = aws.String("json") }
	_, err := f.publish(`{"default":"d","sqs":"for queues","email":5}`, structured)
	require.NoError(t, err)
	_, err = f.publish(`{"default":"d"}`, structured)
	require.NoError(t, err)
	require.Equal(t, []string{"for queues", "d"}, q.Bodies())
	for message, want := range map[string]string{
		`{"sqs":"x"}`:   "Invalid parameter: Message Structure - No default entry in JSON message body",
		`{"default":5}`: "Invalid parameter: Message Structure - No default entry in JSON message body",
		`nope`:          "Invalid parameter: Message Structure - JSON message body failed to parse",
	} {
		_, err := f.publish(message, structured)
		requireCode(t, err, "InvalidParameter", want)
	}
}

func TestPublishBatch(t *testing.T) {
	f := newFan(t, "orders", nil)
	q := f.queue("q", map[string]string{"RawMessageDelivery": "true"})
	batch := func(entries ...types.PublishBatchRequestEntry) (*sns.PublishBatchOutput, error) {
		return f.client.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: &f.topic, PublishBatchRequestEntries: entries})
	}
	entry := func(id, message string) types.PublishBatchRequestEntry {
		return types.PublishBatchRequestEntry{Id: &id, Message: &message}
	}
	out, err := batch(entry("a", "1"), types.PublishBatchRequestEntry{Id: aws.String("b"), Message: aws.String("2"), Subject: aws.String("x\ny")})
	require.NoError(t, err)
	require.Equal(t, "a", *out.Successful[0].Id)
	require.Equal(t, "b", *out.Failed[0].Id)
	require.Equal(t, "Invalid parameter: Subject", *out.Failed[0].Message)
	require.True(t, out.Failed[0].SenderFault)
	require.Equal(t, []string{"1"}, q.Bodies())

	_, err = batch(entry("a", "1"), entry("a", "2"))
	requireCode(t, err, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
	_, err = batch(entry("msg@123#test", "1"))
	requireCode(t, err, "InvalidBatchEntryId", "The Id of a batch entry in the batch request contains an impermissible character: msg@123#test")
	_, err = batch(entry("a", strings.Repeat("x", 200_000)), entry("b", strings.Repeat("x", 200_000)))
	requireCode(t, err, "BatchRequestTooLong", "The length of all the messages put together is more than the limit.")

	f.sns.PartialFailure("PublishBatch", 1)
	out, err = batch(entry("a", "3"), entry("b", "4"))
	require.NoError(t, err)
	require.Len(t, out.Successful, 1)
	require.Equal(t, "b", *out.Failed[0].Id)
	require.False(t, out.Failed[0].SenderFault)
}
