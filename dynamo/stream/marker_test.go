package stream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/apikey"
	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/stream"
	"github.com/patternkit/serverless/dynamo/tabledef"
	"github.com/patternkit/serverless/messaging/idempotency"
)

// A consumer that acts exactly once, and an outbox, in one table: the marker of a
// message and the message that goes out commit in one transaction, and the stream
// passes over the marker.
func ExampleRelay_exactlyOnce() {
	ctx := context.Background()
	db := dynamotest.New(nil)
	table := dynamo.New(db.Client(), "store", store)
	_ = tabledef.Create(ctx, db.Client(), table)
	markers := idempotency.NewStore(db.Client(), "store") // PK, SK and ExpiresAt, as in the schema

	place := idempotency.ExactlyOnce(markers, func(id string) string { return id },
		func(ctx context.Context, id string) ([]types.TransactWriteItem, error) {
			return table.ItemsFor(ctx, orders.Create(order(id, "pending", noon)), mail.Send(id, Mail{To: id, Text: "thank you"}))
		})
	for _, id := range []string{"1", "2", "1"} { // one comes twice
		fmt.Println(place(ctx, id))
	}

	handler := stream.MustHandler(store, stream.Relay(mail, func(_ context.Context, messages []Mail) []error {
		fmt.Println("send", messages)
		return nil
	}))
	_ = db.NewMapping("store", dynamotest.Func(handler.Handle), func(o *dynamotest.MappingOptions) {
		o.ReportBatchItemFailures = true
	}).Drain(ctx)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// send [{1 thank you} {2 thank you}]
}

// Everything that package idempotency writes, from the first lease to the removal by
// time to live, in the table of a stream.
func TestAStreamPassesOverMarkers(t *testing.T) {
	schemas := map[string]dynamo.Schema{
		"defaults":                          {PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt"},
		"no sort key, other names":          {PartitionKey: "id", TTL: "gone", Discriminator: "type"},
		"no time to live":                   {PartitionKey: "PK", SortKey: "SK"},
		"a discriminator as of the markers": {PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt", Discriminator: "status"},
	}
	for name, schema := range schemas {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testMarkers(t, schema) })
		})
	}
}

func testMarkers(t *testing.T, schema dynamo.Schema) {
	t.Helper()
	ctx := t.Context()
	model := dynamo.MustModel(schema)
	outbox := stream.MustOutbox[Mail](model, "Mail")
	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "store", model)
	require.NoError(t, tabledef.Create(ctx, db.Client(), table))
	markers := idempotency.NewStore(db.Client(), "store", func(o *idempotency.Options) {
		o.PartitionKey, o.SortKey = schema.PartitionKey, schema.SortKey
		if schema.TTL != "" {
			o.TTL = schema.TTL
		}
		o.Retention = time.Hour
	})
	key := func(id string) string { return id }
	require.NoError(t, idempotency.Leased(markers, key, func(context.Context, string) error { return nil })(ctx, "leased"))
	require.Error(t, idempotency.Leased(markers, key, func(context.Context, string) error { return errors.New("no") })(ctx, "freed"))
	once := idempotency.ExactlyOnce(markers, key, func(ctx context.Context, id string) ([]types.TransactWriteItem, error) {
		return table.ItemsFor(ctx, outbox.Send(id, Mail{To: id}))
	})
	require.NoError(t, once(ctx, "a"))
	time.Sleep(2 * time.Hour)
	db.DeleteExpired(ctx)
	require.NoError(t, once(ctx, "b"))

	var sent []string
	var failures []stream.RecordFailure
	handler := stream.MustHandler(model,
		stream.OnFailure(func(_ context.Context, f stream.RecordFailure) { failures = append(failures, f) }),
		stream.OnUnknown(func(_ context.Context, r awsevents.DynamoDBEventRecord) error {
			return fmt.Errorf("a marker is not unknown: %v", r.Change)
		}),
		stream.Relay(outbox, func(_ context.Context, m []Mail) []error {
			for _, one := range m {
				sent = append(sent, one.To)
			}
			return nil
		}))
	drain(t, db, handler)
	require.Empty(t, failures)
	require.Equal(t, []string{"a", "b"}, sent)
}

func TestAStreamPassesOverAPIKeys(t *testing.T) {
	ctx := t.Context()
	db := dynamotest.New(t)
	model := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", TTL: "ExpiresAt"})
	outbox := stream.MustOutbox[Mail](model, "Mail")
	shared := dynamo.New(db.Client(), "shared", model)
	require.NoError(t, tabledef.Create(ctx, db.Client(), shared))
	keys := apikey.New(db.Client(), "shared", func(o *apikey.Options) {
		o.PartitionKey = "PK"
		o.Peppers = func(context.Context) ([][]byte, error) { return [][]byte{make([]byte, 32)}, nil }
	})
	_, err := keys.Create(ctx, apikey.Record{ID: "ann", AnyAddress: true})
	require.NoError(t, err)
	require.NoError(t, keys.SetDisabled(ctx, "ann", true))
	require.NoError(t, shared.Transact(ctx, outbox.Send("1", Mail{To: "x"})))
	sent := 0
	handler := stream.MustHandler(model, stream.Relay(outbox, func(_ context.Context, m []Mail) []error { sent += len(m); return nil }))
	require.NoError(t, db.NewMapping("shared", dynamotest.Func(handler.Handle), func(o *dynamotest.MappingOptions) {
		o.ReportBatchItemFailures, o.MaximumRetryAttempts = true, 2
	}).Drain(ctx))
	require.Equal(t, 1, sent)
}
