package messagingtest_test

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// places are an account and region, another account, and another region.
var places = []struct{ account, region string }{
	{"111111111111", "us-east-1"}, {"222222222222", "us-east-1"}, {"111111111111", "eu-west-1"},
}

// A queue or a topic of the same name in another account or region is another one.
func TestQueuesAndTopicsOfAnotherPlace(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	for _, place := range places {
		cfg := topics.Join(queues.Join(aws.Config{Region: place.region, Credentials: staticCredentials(place.account)}))
		client, publisher := sqs.NewFromConfig(cfg), sns.NewFromConfig(cfg)
		queue, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
		require.NoError(t, err)
		topic, err := publisher.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("orders")})
		require.NoError(t, err)
		require.Equal(t, "arn:aws:sns:"+place.region+":"+place.account+":orders", *topic.TopicArn)
		_, err = publisher.Subscribe(t.Context(), &sns.SubscribeInput{
			TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:" + place.region + ":" + place.account + ":orders"),
			Attributes: map[string]string{"RawMessageDelivery": "true"},
		})
		require.NoError(t, err)
		_, err = publisher.Publish(t.Context(), &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("published in " + place.account + place.region)})
		require.NoError(t, err)
		_, err = client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("sent in " + place.account + place.region)})
		require.NoError(t, err)
	}
	for _, place := range places {
		cfg := topics.Join(queues.Join(aws.Config{Region: place.region, Credentials: staticCredentials(place.account)}))
		client, publisher := sqs.NewFromConfig(cfg), sns.NewFromConfig(cfg)
		url := "https://sqs." + place.region + ".amazonaws.com/" + place.account + "/orders"
		listed, err := client.ListQueues(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, []string{url}, listed.QueueUrls)
		received, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		require.NoError(t, err)
		var bodies []string
		for _, m := range received.Messages {
			bodies = append(bodies, *m.Body)
		}
		require.ElementsMatch(t, []string{"published in " + place.account + place.region, "sent in " + place.account + place.region}, bodies)
		named, err := publisher.ListTopics(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, named.Topics, 1)
		subscriptions, err := publisher.ListSubscriptions(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, subscriptions.Subscriptions, 1)
		require.Equal(t, *named.Topics[0].TopicArn, *subscriptions.Subscriptions[0].TopicArn)
	}
	elsewhere := sqs.NewFromConfig(queues.Join(aws.Config{Region: "eu-west-1", Credentials: staticCredentials("222222222222")}))
	_, err := elsewhere.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	require.ErrorAs(t, err, new(*sqstypes.QueueDoesNotExist))
}

// Over a port the URLs of queues carry the host that the caller used, and any
// host finds them.
func TestQueueURLsOfTheCallersHost(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	port := httptest.NewServer(queues.Handler())
	defer port.Close()
	client := sqs.New(sqs.Options{Region: "eu-west-1", BaseEndpoint: &port.URL, Credentials: staticCredentials("111111111111")})
	dlq, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dlq")})
	require.NoError(t, err)
	require.Equal(t, port.URL+"/111111111111/dlq", *dlq.QueueUrl)
	queue, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders"), Attributes: map[string]string{
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111111111111:dlq","maxReceiveCount":"1"}`,
	}})
	require.NoError(t, err)
	again, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dlq")})
	require.NoError(t, err)
	require.Equal(t, *dlq.QueueUrl, *again.QueueUrl)
	got, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, *queue.QueueUrl, *got.QueueUrl)
	listed, err := client.ListQueues(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{*dlq.QueueUrl, *queue.QueueUrl}, listed.QueueUrls)
	sources, err := client.ListDeadLetterSourceQueues(t.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dlq.QueueUrl})
	require.NoError(t, err)
	require.Equal(t, []string{*queue.QueueUrl}, sources.QueueUrls)

	for _, url := range []string{
		*queue.QueueUrl, "http://host.docker.internal:4566/111111111111/orders", "https://sqs.eu-west-1.amazonaws.com/111111111111/orders",
		"http://localhost:1/queue/eu-west-1/111111111111/orders",
	} {
		_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("b")})
		require.NoError(t, err, url)
		require.Equal(t, "arn:aws:sqs:eu-west-1:111111111111:orders", queues.Queue(url).ARN(), url)
	}
	require.Equal(t, "https://sqs.eu-west-1.amazonaws.com/111111111111/orders", queues.Queue(*queue.QueueUrl).URL(), "in process")

	fixed := messagingtest.NewSQS(t, func(o *messagingtest.SQSOptions) { o.Endpoint = "http://queues:9324/" })
	other := httptest.NewServer(fixed.Handler())
	defer other.Close()
	client = sqs.New(sqs.Options{Region: "eu-west-1", BaseEndpoint: &other.URL, Credentials: staticCredentials("111111111111")})
	set, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, other.URL+"/111111111111/orders", *set.QueueUrl, "the endpoint is for calls in process")
	require.Equal(t, "http://queues:9324/111111111111/orders", fixed.Queue(*set.QueueUrl).URL())
}
