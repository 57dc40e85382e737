package wire_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// floor answers every request with the same bytes: what is left is the SDK.
type floor struct{ body []byte }

func (f floor) Do(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header:        http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:          io.NopCloser(bytes.NewReader(f.body)),
		ContentLength: int64(len(f.body)),
	}, nil
}

func benchmarkGetQueueURL(b *testing.B, cfg aws.Config) {
	b.Helper()
	client := sqs.NewFromConfig(cfg)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.GetQueueUrl(b.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSDK is the floor: the SDK with a canned reply.
func BenchmarkSDK(b *testing.B) {
	cfg := config(newServer(b))
	cfg.HTTPClient = floor{[]byte(`{"QueueUrl":"https://sqs/orders?a=1&b=2"}`)}
	benchmarkGetQueueURL(b, cfg)
}

// BenchmarkWire is the same call answered by a server.
func BenchmarkWire(b *testing.B) { benchmarkGetQueueURL(b, config(newServer(b))) }
