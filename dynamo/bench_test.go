package dynamo_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
)

// canned answers every call with one body, so that what is measured is the client.
type canned struct{ body []byte }

func (c canned) Do(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		ContentLength: int64(len(c.body)), Body: io.NopCloser(bytes.NewReader(c.body)), Request: r,
	}, nil
}

func cannedClient(body string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", HTTPClient: canned{[]byte(body)},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
		}),
	})
}

const storedOrder = `{"PK":{"S":"ORDER#42"},"SK":{"S":"METADATA"},"EntityType":{"S":"Order"},"GSI1PK":{"S":"STATUS#pending"},` +
	`"GSI1SK":{"S":"ORDER#2026-03-01T12:00:00.000000000Z#42"},"OrderID":{"S":"42"},"Status":{"S":"pending"},` +
	`"PlacedAt":{"S":"2026-03-01T12:00:00Z"},"Total":{"N":"100"},"Notes":{"NULL":true},"Version":{"N":"1"}}`

// pairing is one operation by the library and by hand.
type pairing struct {
	name          string
	library, hand func(testing.TB)
}

func pairings() []pairing {
	ctx := context.Background()
	getClient, putClient := cannedClient(`{"Item":`+storedOrder+`}`), cannedClient(`{}`)
	queryClient := cannedClient(`{"Count":10,"Items":[` + strings.Repeat(storedOrder+",", 9) + storedOrder + `]}`)
	o := order("42", "pending", noon)
	name := aws.String("store")
	get, putTable, query := dynamo.New(getClient, "store", store), dynamo.New(putClient, "store", store), dynamo.New(queryClient, "store", store)
	return []pairing{
		{"Get", func(tb testing.TB) {
			got, err := orders.Get(ctx, get, OrderKey{"42"})
			require.NoError(tb, err)
			require.Equal(tb, "pending", got.Status)
		}, func(tb testing.TB) {
			out, err := getClient.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: rawKey("ORDER#42", "METADATA")})
			require.NoError(tb, err)
			var got Order
			require.NoError(tb, attributevalue.UnmarshalMap(out.Item, &got))
			require.Equal(tb, "pending", got.Status)
		}},
		{"Put", func(tb testing.TB) {
			require.NoError(tb, orders.Put(o).Run(ctx, putTable))
		}, func(tb testing.TB) {
			it, err := attributevalue.MarshalMap(o)
			require.NoError(tb, err)
			for name, value := range map[string]string{
				"PK": "ORDER#" + o.OrderID, "SK": "METADATA", "EntityType": "Order", "GSI1PK": "STATUS#" + o.Status,
				"GSI1SK": "ORDER#" + o.PlacedAt.UTC().Format(time.RFC3339Nano) + "#" + o.OrderID,
			} {
				it[name] = &types.AttributeValueMemberS{Value: value}
			}
			it["Version"] = &types.AttributeValueMemberN{Value: "1"}
			_, err = putClient.PutItem(ctx, &dynamodb.PutItemInput{
				TableName: name, Item: it, ConditionExpression: aws.String("attribute_not_exists(#pk)"),
				ExpressionAttributeNames:            map[string]string{"#pk": "PK"},
				ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			})
			require.NoError(tb, err)
		}},
		{"Query", func(tb testing.TB) {
			n := 0
			for got, err := range ordersByStatus.Query(ByStatus{Status: "pending", PlacedAt: dynamo.Since(noon)}).All(ctx, query) {
				require.NoError(tb, err)
				n += len(got.OrderID)
			}
			require.Equal(tb, 20, n)
		}, func(tb testing.TB) {
			out, err := queryClient.Query(ctx, &dynamodb.QueryInput{
				TableName: name, IndexName: aws.String("GSI1"),
				KeyConditionExpression:   aws.String("#pk = :pk AND #sk BETWEEN :from AND :to"),
				ExpressionAttributeNames: map[string]string{"#pk": "GSI1PK", "#sk": "GSI1SK"},
				ExpressionAttributeValues: map[string]types.AttributeValue{
					":pk":   &types.AttributeValueMemberS{Value: "STATUS#pending"},
					":from": &types.AttributeValueMemberS{Value: "ORDER#" + noon.Format(time.RFC3339Nano)},
					":to":   &types.AttributeValueMemberS{Value: "ORDER#~"},
				},
			})
			require.NoError(tb, err)
			n := 0
			for _, it := range out.Items {
				var got Order
				require.NoError(tb, attributevalue.UnmarshalMap(it, &got))
				n += len(got.OrderID)
			}
			require.Equal(tb, 20, n)
		}},
	}
}

// BenchmarkOverSDK compares the library with the same call by hand on the SDK.
func BenchmarkOverSDK(b *testing.B) {
	for _, p := range pairings() {
		b.Run(p.name+"/dynamo", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.library(b)
			}
		})
		b.Run(p.name+"/sdk", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.hand(b)
			}
		})
	}
}

// BenchmarkPairs reports the medians of alternating pairs in one run: what the library
// costs more than the call by hand, in µs and allocations.
func BenchmarkPairs(b *testing.B) {
	for _, p := range pairings() {
		b.Run(p.name, func(b *testing.B) {
			const runs, calls = 41, 100
			var more []float64
			for range runs {
				more = append(more, timed(b, calls, p.library)-timed(b, calls, p.hand))
			}
			slices.Sort(more)
			for b.Loop() {
				p.library(b)
			}
			b.ReportMetric(more[runs/2], "µs-more/op")
			b.ReportMetric(testing.AllocsPerRun(100, func() { p.library(b) })-testing.AllocsPerRun(100, func() { p.hand(b) }), "allocs-more/op")
		})
	}
}

func timed(b *testing.B, calls int, f func(testing.TB)) float64 {
	b.Helper()
	start := time.Now()
	for range calls {
		f(b)
	}
	return float64(time.Since(start).Microseconds()) / float64(calls)
}

// TestCostOverSDK keeps the allocations within the promise; times are the benchmark's.
func TestCostOverSDK(t *testing.T) {
	for _, p := range pairings() {
		more := testing.AllocsPerRun(50, func() { p.library(t) }) - testing.AllocsPerRun(50, func() { p.hand(t) })
		require.LessOrEqual(t, more, 50.0, p.name)
	}
}
