package eventstest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events/eventstest"
)

// canned answers every request with the same bytes: what is left is the SDK.
type canned struct{ body []byte }

func (c canned) Do(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(bytes.NewReader(c.body)), ContentLength: int64(len(c.body)), Request: r,
	}, nil
}

func cannedClient() *eventbridge.Client {
	cfg := eventstest.New(nil).Join(aws.Config{})
	cfg.HTTPClient = canned{[]byte(`{"Entries":[{"EventId":"6a7e8feb-b491-4cf7-a9f1-bf3703467718"}],"FailedEntryCount":0}`)}
	return eventbridge.NewFromConfig(cfg)
}

func benchmarkInput() *eventbridge.PutEventsInput {
	return &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source: aws.String("shop.orders"), DetailType: aws.String("OrderPlaced"),
		Detail: aws.String(`{"orderId":"ord-000042","total":149.95,"customer":{"id":"cust-77"},"metadata":{"correlationId":"c-1"}}`),
	}}}
}

func fakeClient(tb testing.TB) *eventbridge.Client {
	tb.Helper()
	client := eventstest.New(nil).Client()
	_, err := client.PutRule(context.Background(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop.stock"]}`)})
	require.NoError(tb, err)
	return client
}

// BenchmarkPutEvents is one PutEvents call through the real client: with a
// canned reply, and through the fake, which matches a rule.
func BenchmarkPutEvents(b *testing.B) {
	for name, client := range map[string]*eventbridge.Client{"canned": cannedClient(), "fake": fakeClient(b)} {
		b.Run(name, func(b *testing.B) {
			in := benchmarkInput()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.PutEvents(context.Background(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPutEventsRatio alternates the two and reports the median ratio.
func BenchmarkPutEventsRatio(b *testing.B) {
	sdk, fake, in := cannedClient(), fakeClient(b), benchmarkInput()
	run := func(c *eventbridge.Client) time.Duration {
		start := time.Now()
		for range 50 {
			if _, err := c.PutEvents(context.Background(), in); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(start)
	}
	var ratios []float64
	for b.Loop() {
		s, f := run(sdk), run(fake)
		ratios = append(ratios, float64(f)/float64(s))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "fake/sdk")
}
