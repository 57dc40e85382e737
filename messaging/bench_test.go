package messaging_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
)

// BenchmarkHandleSQS measures a batch of ten, decoding included.
func BenchmarkHandleSQS(b *testing.B) {
	for _, concurrency := range []int{1, 10} {
		b.Run("lanes="+strconv.Itoa(concurrency), func(b *testing.B) {
			c := messaging.NewConsumer(func(context.Context, messaging.Message[placed]) error { return nil }, func(o *messaging.ConsumerOptions) {
				o.Concurrency = concurrency
			})
			var event awsevents.SQSEvent
			for i := range 10 {
				event.Records = append(event.Records, sqsMessage(strconv.Itoa(i), `{"orderId":"42","total":7}`))
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.HandleSQS(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// canned answers every request alike, without a network.
type canned string

func (c canned) Do(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader([]byte(c))), ContentLength: int64(len(c)),
	}, nil
}

// BenchmarkSend measures Queue.Send beside the call of the SDK that it makes.
func BenchmarkSend(b *testing.B) {
	client := sqs.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: canned(`{"MessageId":"1"}`),
	})
	url := "https://sqs.us-east-1.amazonaws.com/123456789012/orders"
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := client.SendMessage(b.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String(`{"orderId":"42","total":7}`)})
			require.NoError(b, err)
		}
	})
	b.Run("queue", func(b *testing.B) {
		q := messaging.NewQueue[placed](client, url)
		b.ReportAllocs()
		for b.Loop() {
			_, err := q.Send(b.Context(), placed{"42", 7})
			require.NoError(b, err)
		}
	})
}
