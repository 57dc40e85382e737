package messagingtest_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

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

// sender returns a call of SendMessage through cfg.
func sender(cfg aws.Config, url string) func() error {
	client := sqs.NewFromConfig(cfg)
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String(sampleBody)}
	return func() error {
		_, err := client.SendMessage(ctx, in)
		return err
	}
}

const sampleBody = `{"orderId":"42","total":100}`

// fakeAndFloor are SendMessage through the fake, and through the SDK with a
// canned answer.
func fakeAndFloor() (fake, floor func() error) {
	queues := messagingtest.NewSQS(nil)
	url := queues.NewQueue("orders", nil).URL()
	cfg := queues.Join(aws.Config{})
	fake = sender(cfg, url)
	cfg.HTTPClient = canned{[]byte(`{"MD5OfMessageBody":"` + digest(sampleBody) + `","MessageId":"94d1c2f2-9a5f-4d7b-9f1b-2f8a3f0d1c11"}`)}
	return fake, sender(cfg, url)
}

// BenchmarkSendMessage compares the SDK on the fake with the SDK on a canned
// answer: the medians of alternating pairs in one run. The time of an
// operation itself is that of the fake.
func BenchmarkSendMessage(b *testing.B) {
	fake, floor := fakeAndFloor()
	const runs, calls = 41, 100
	var ratios []float64
	for range runs {
		one, err := timed(calls, fake)
		require.NoError(b, err)
		other, err := timed(calls, floor)
		require.NoError(b, err)
		ratios = append(ratios, one/other)
	}
	slices.Sort(ratios)
	b.ReportAllocs()
	for b.Loop() {
		_ = fake()
	}
	b.ReportMetric(ratios[runs/2], "×SDK")
}

// timed returns how many µs a call takes.
func timed(calls int, f func() error) (float64, error) {
	start := time.Now()
	for range calls {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return float64(time.Since(start).Nanoseconds()) / 1000 / float64(calls), nil
}

// TestCostOverSDK keeps the allocations of the fake small beside those of the
// SDK; times are the benchmark's.
func TestCostOverSDK(t *testing.T) {
	fake, floor := fakeAndFloor()
	require.NoError(t, fake())
	require.NoError(t, floor())
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = fake() }), 1.3*testing.AllocsPerRun(100, func() { _ = floor() }))
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
