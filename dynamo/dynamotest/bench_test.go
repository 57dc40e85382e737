package dynamotest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

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

// BenchmarkCall compares calls on the fake with calls that get a canned reply.
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
		name   string
		client *dynamodb.Client
		call   func(*dynamodb.Client) error
	}{
		{"GetItem/canned", client(reply), get},
		{"GetItem/fake", fake, get},
		{"PutItem/canned", client(`{}`), put},
		{"PutItem/fake", fake, put},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(c.client); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
