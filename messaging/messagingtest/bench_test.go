package messagingtest_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

// canned answers every request with the same document.
type canned struct{ body []byte }

func (c canned) Do(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader(c.body)), Request: r,
	}, nil
}

func sender(b *testing.B, client *sqs.Client, url string) func() {
	b.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String(`{"orderId":"42","total":100}`)}
	return func() {
		if _, err := client.SendMessage(ctx, in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSendMessage compares the SDK on the fake with the SDK on a canned
// answer: the difference is what the fake costs.
func BenchmarkSendMessage(b *testing.B) {
	queues := messagingtest.NewSQS(nil)
	queue := queues.NewQueue("orders", nil)
	cfg := queues.Join(aws.Config{})
	fake := sqs.NewFromConfig(cfg)
	cfg.HTTPClient = canned{[]byte(`{"MD5OfMessageBody":"` + digest(`{"orderId":"42","total":100}`) + `","MessageId":"94d1c2f2-9a5f-4d7b-9f1b-2f8a3f0d1c11"}`)}
	floor := sqs.NewFromConfig(cfg)
	for name, client := range map[string]*sqs.Client{"canned": floor, "fake": fake} {
		b.Run(name, func(b *testing.B) {
			send := sender(b, client, queue.URL())
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
		})
	}
}

// BenchmarkReceiveDelete is the way of one message through a queue.
func BenchmarkReceiveDelete(b *testing.B) {
	queues := messagingtest.NewSQS(nil)
	queue := queues.NewQueue("orders", nil)
	client, url := queues.Client(), aws.String(queue.URL())
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, queue.Deliver(ctx, []byte("x")))
		got, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})
		require.NoError(b, err)
		_, err = client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: got.Messages[0].ReceiptHandle})
		require.NoError(b, err)
	}
}
