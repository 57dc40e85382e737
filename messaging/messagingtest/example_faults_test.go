package messagingtest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// The message is sent, and the sender does not get to know it.
func ExampleSQS_DropReply() {
	queues := messagingtest.NewSQS(nil)
	orders := queues.NewQueue("orders", nil)
	client := queues.Client(func(o *sqs.Options) { o.RetryMaxAttempts = 1 })

	queues.DropReply("SendMessage")
	_, err := client.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: aws.String(orders.URL()), MessageBody: aws.String("42")})
	fmt.Println(err != nil)
	fmt.Print(queues.Dump())
	for _, call := range queues.Calls("SendMessage") {
		fmt.Println(call.Action(), call.Resources, call.Dropped)
	}
	// Output:
	// true
	// queue orders: 1 message
	//   waiting: 42
	// sqs:SendMessage [arn:aws:sqs:us-east-1:123456789012:orders] true
}

// An error of the service, for the calls of one region only.
func ExampleSNS_Fail() {
	topics := messagingtest.NewSNS(nil, nil)
	topic := topics.NewTopic("news", nil)
	client := topics.Client(func(o *sns.Options) { o.RetryMaxAttempts = 1 })

	topics.Fail("Publish", &messagingtest.Error{Code: "KMSThrottling", Message: "The request was denied."}).
		When(func(c *messagingtest.Call) bool { return c.Region == "us-east-1" }).
		Times(1)
	for range 2 {
		_, err := client.Publish(context.Background(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("hello")})
		fmt.Println(err != nil)
	}
	for _, call := range topics.Journal() {
		fmt.Printf("%s %q\n", call.Operation, call.Outcome)
	}
	// Output:
	// true
	// false
	// Publish "KMSThrottling"
	// Publish ""
}
