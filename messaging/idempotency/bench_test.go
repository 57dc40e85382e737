package idempotency_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/idempotency"
)

// canned answers every request alike, without a network.
type canned string

func (c canned) Do(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader([]byte(c))), ContentLength: int64(len(c)),
	}, nil
}

// BenchmarkExactlyOnce measures what the marker costs over a transaction of the
// same two writes.
func BenchmarkExactlyOnce(b *testing.B) {
	client := dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), HTTPClient: canned(`{}`),
	})
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := client.TransactWriteItems(b.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{add("a", -1), add("b", 1)}})
			require.NoError(b, err)
		}
	})
	b.Run("once", func(b *testing.B) {
		handle := idempotency.ExactlyOnce(idempotency.NewStore(client, "bank"), transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{add("a", -1), add("b", 1)}, nil
		})
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			require.NoError(b, handle(b.Context(), transfer{ID: strconv.Itoa(i), Amount: 1}))
		}
	})
}
