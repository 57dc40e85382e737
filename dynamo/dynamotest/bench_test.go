package dynamotest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// canned answers every request with the same body: what a call costs in the
// SDK alone.
type canned []byte

func (c canned) Do(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"id"}},
		Body: io.NopCloser(bytes.NewReader(c)), ContentLength: int64(len(c)), Request: r,
	}, nil
}

// BenchmarkCall alternates calls that get a canned reply with calls on the fake
// and reports the median of the ratios.
func BenchmarkCall(b *testing.B) {
	item := attrs{
		"PK": str("ORDER#42"), "SK": str("METADATA"), "GSI1PK": str("STATUS#pending"), "GSI1SK": str("2026-01-01T00:00:00Z"),
		"Customer": str("c-1234567890"), "Amount": num("12345"), "Currency": str("EUR"), "Version": num("3"),
	}
	key := attrs{"PK": item["PK"], "SK": item["SK"]}
	get := func(c *dynamodb.Client) error {
		_, err := c.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: key})
		return err
	}
	put := func(c *dynamodb.Client) error {
		_, err := c.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
		return err
	}
	_, fake := newTable(b)
	if err := put(fake); err != nil {
		b.Fatal(err)
	}
	reply := `{"Item":{"PK":{"S":"ORDER#42"},"SK":{"S":"METADATA"},"GSI1PK":{"S":"STATUS#pending"},"GSI1SK":{"S":"2026-01-01T00:00:00Z"},` +
		`"Customer":{"S":"c-1234567890"},"Amount":{"N":"12345"},"Currency":{"S":"EUR"},"Version":{"N":"3"}}}`
	client := func(body string) *dynamodb.Client {
		cfg := dynamotest.New(nil).Join(aws.Config{})
		cfg.HTTPClient = canned(body)
		return dynamodb.NewFromConfig(cfg)
	}
	for _, c := range []struct {
		name string
		sdk  *dynamodb.Client
		call func(*dynamodb.Client) error
	}{
		{"GetItem", client(reply), get},
		{"PutItem", client(`{}`), put},
	} {
		run := func(b *testing.B, client *dynamodb.Client) time.Duration {
			b.Helper()
			start := time.Now()
			for range 20 {
				if err := c.call(client); err != nil {
					b.Fatal(err)
				}
			}
			return time.Since(start)
		}
		b.Run(c.name, func(b *testing.B) {
			var ratios []float64
			for b.Loop() {
				sdk, own := run(b, c.sdk), run(b, fake)
				ratios = append(ratios, float64(own)/float64(sdk))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "fake/sdk")
		})
	}
}
