package claimcheck_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/claimcheck"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// A body that is too large for the queue goes through S3.
func ExampleNew() {
	ctx := context.Background()
	client := s3.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: inProcess{gofakes3.New(s3mem.New()).Server()},
	}, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bodies")}); err != nil {
		fmt.Println(err)
	}
	bodies := claimcheck.New(client, "bodies")

	queues := messagingtest.NewSQS(nil)
	reports := queues.NewQueue("reports", nil)
	queue := messaging.NewQueue(queues.Client(), reports.URL(), func(o *messaging.QueueOptions[string]) { o.Bodies = bodies })
	_, err := queue.Send(ctx, strings.Repeat("x", 5_000_000))
	fmt.Println(len(reports.Bodies()[0]) < 200, err)

	consumer := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		fmt.Println(len(m.Body))
		return nil
	}, func(o *messaging.ConsumerOptions) { o.Bodies = bodies })
	fmt.Println(messagingtest.Deliver(nil, consumer.HandleSQS, reports.Bodies()[0]).Acked(0))
	// Output:
	// true <nil>
	// 5000000
	// true
}
