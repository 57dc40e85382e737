package dynamo_test

import (
	"bytes"
	"context"
	"errors"
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
	library, hand func() error
}

func pairings() []pairing {
	name := aws.String("store")
	return []pairing{pairedGet(name), pairedPut(name), pairedQuery(name)}
}

var errAnswer = errors.New("not the answer that was canned")

func expect(got, want any, err error) error {
	if err == nil && got != want {
		return errAnswer
	}
	return err
}

func pairedGet(name *string) pairing {
	ctx := context.Background()
	client := cannedClient(`{"Item":` + storedOrder + `}`)
	table := dynamo.New(client, *name, store)
	return pairing{"Get", func() error {
		got, err := orders.Get(ctx, table, OrderKey{"42"})
		return expect(got.Status, "pending", err)
	}, func() error {
		out, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: rawKey("ORDER#42", "METADATA")})
		if err != nil {
			return err
		}
		var got Order
		err = attributevalue.UnmarshalMap(out.Item, &got)
		return expect(got.Status, "pending", err)
	}}
}

func pairedPut(name *string) pairing {
	ctx := context.Background()
	client := cannedClient(`{}`)
	table := dynamo.New(client, *name, store)
	o := order("42", "pending", noon)
	return pairing{"Put", func() error {
		return orders.Put(o).Run(ctx, table)
	}, func() error {
		it, err := attributevalue.MarshalMap(o)
		if err != nil {
			return err
		}
		for name, value := range map[string]string{
			"PK": "ORDER#" + o.OrderID, "SK": "METADATA", "EntityType": "Order", "GSI1PK": "STATUS#" + o.Status,
			"GSI1SK": "ORDER#" + o.PlacedAt.UTC().Format(time.RFC3339Nano) + "#" + o.OrderID,
		} {
			it[name] = &types.AttributeValueMemberS{Value: value}
		}
		it["Version"] = &types.AttributeValueMemberN{Value: "1"}
		_, err = client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: name, Item: it, ConditionExpression: aws.String("attribute_not_exists(#pk)"),
			ExpressionAttributeNames:            map[string]string{"#pk": "PK"},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		return err
	}}
}

func pairedQuery(name *string) pairing {
	ctx := context.Background()
	client := cannedClient(`{"Count":10,"Items":[` + strings.Repeat(storedOrder+",", 9) + storedOrder + `]}`)
	table := dynamo.New(client, *name, store)
	return pairing{"Query", func() error {
		n := 0
		for got, err := range ordersByStatus.Query(ByStatus{Status: "pending", PlacedAt: dynamo.Since(noon)}).All(ctx, table) {
			if err != nil {
				return err
			}
			n += len(got.OrderID)
		}
		return expect(n, 20, nil)
	}, func() error {
		out, err := client.Query(ctx, &dynamodb.QueryInput{
			TableName: name, IndexName: aws.String("GSI1"),
			KeyConditionExpression:   aws.String("#pk = :pk AND #sk BETWEEN :from AND :to"),
			ExpressionAttributeNames: map[string]string{"#pk": "GSI1PK", "#sk": "GSI1SK"},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":pk":   &types.AttributeValueMemberS{Value: "STATUS#pending"},
				":from": &types.AttributeValueMemberS{Value: "ORDER#" + noon.Format(time.RFC3339Nano)},
				":to":   &types.AttributeValueMemberS{Value: "ORDER#~"},
			},
		})
		if err != nil {
			return err
		}
		n := 0
		for _, it := range out.Items {
			var got Order
			if err := attributevalue.UnmarshalMap(it, &got); err != nil {
				return err
			}
			n += len(got.OrderID)
		}
		return expect(n, 20, nil)
	}}
}

// BenchmarkOverSDK compares the library with the same call by hand on the SDK: the
// medians of alternating pairs in one run, as µs and allocations that the library costs
// more. The time of an operation itself is that of the library.
func BenchmarkOverSDK(b *testing.B) {
	for _, p := range pairings() {
		b.Run(p.name, func(b *testing.B) {
			const runs, calls = 501, 10
			var more []float64
			for range runs {
				library, err := timed(calls, p.library)
				require.NoError(b, err)
				hand, err := timed(calls, p.hand)
				require.NoError(b, err)
				more = append(more, library-hand)
			}
			slices.Sort(more)
			for b.Loop() {
				_ = p.library()
			}
			b.ReportMetric(more[runs/2], "µs-more/op")
			b.ReportMetric(moreAllocations(p), "allocs-more/op")
		})
	}
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

func moreAllocations(p pairing) float64 {
	return testing.AllocsPerRun(100, func() { _ = p.library() }) - testing.AllocsPerRun(100, func() { _ = p.hand() })
}

// TestCostOverSDK keeps the allocations within the promise; times are the benchmark's.
func TestCostOverSDK(t *testing.T) {
	for _, p := range pairings() {
		require.NoError(t, p.library(), p.name)
		require.NoError(t, p.hand(), p.name)
		require.LessOrEqual(t, moreAllocations(p), 50.0, p.name)
	}
}
