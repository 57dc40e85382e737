package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
)

// newStore is a store in a table with one key.
func newStore(t *testing.T) *idempotency.Store {
	t.Helper()
	client := dynamotest.New(t).Client()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("markers"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: "HASH"}},
	})
	require.NoError(t, err)
	return idempotency.NewStore(client, "markers", func(o *idempotency.Options) { o.SortKey = "" })
}

func edited(s string, oldnew ...string) string { return strings.NewReplacer(oldnew...).Replace(s) }

func typedAttribute(name, kind, value string) func(*awsevents.SQSMessage) {
	return func(m *awsevents.SQSMessage) {
		m.MessageAttributes[name] = awsevents.SQSMessageAttribute{DataType: kind, StringValue: &value}
	}
}

func forTenant(id string) func(*awsevents.SQSMessage) {
	return func(m *awsevents.SQSMessage) { m.Attributes["MessageGroupId"] = id }
}

// pairs are messages of one key and one body which a handler can tell apart, or
// cannot.
func pairs(t *testing.T) []struct {
	name      string
	one, two  awsevents.SQSMessage
	different bool
} {
	t.Helper()
	const order = `{"orderId":"42"}`
	sns := notification(t, order)
	inSNS := notification(t, busEvent)
	message := func(id, body string, edit ...func(*awsevents.SQSMessage)) awsevents.SQSMessage {
		return sqsMessage(id, body, edit...)
	}
	return []struct {
		name      string
		one, two  awsevents.SQSMessage
		different bool
	}{
		{"type attribute", message("1", order, withAttribute("type", "placed")), message("2", order, withAttribute("type", "canceled")), true},
		{"attribute of one only", message("1", order, withAttribute("type", "placed")), message("2", order), true},
		{"data type of an attribute", message("1", order, typedAttribute("n", "String", "1")), message("2", order, typedAttribute("n", "Number", "1")), true},
		{"attributes of one text together", message("1", order, withAttribute("a", "bc")), message("2", order, withAttribute("ab", "c")), true},
		{"tenant of a standard queue", message("1", order, forTenant("a")), message("2", order, forTenant("b")), true},
		{"detail-type", message("1", busEvent), message("2", edited(busEvent, "OrderPlaced", "OrderCanceled")), true},
		{"source", message("1", busEvent), message("2", edited(busEvent, "myapp.orders", "myapp.returns")), true},
		{"resources", message("1", busEvent), message("2", edited(busEvent, `"resources":[]`, `"resources":["a"]`)), true},
		{"version in the metadata", message("1", busEvent), message("2", edited(busEvent, `"metadata":{`, `"metadata":{"version":2,`)), true},
		{"large number in the metadata", message("1", edited(busEvent, `"metadata":{`, `"metadata":{"n":9007199254740993,`)), message("2", edited(busEvent, `"metadata":{`, `"metadata":{"n":9007199254740992,`)), true},
		{"detail-type in an envelope", message("1", inSNS), message("2", edited(inSNS, "OrderPlaced", "OrderCanceled")), true},
		{"topic", message("1", sns), message("2", edited(sns, ":orders", ":returns")), true},
		{"subject", message("1", sns), message("2", edited(sns, "hello", "bye")), true},
		{"attribute of the envelope", message("1", sns), message("2", edited(sns, "aGk=", "aGo=")), true},
		{"with and without an envelope", message("1", sns), message("2", order), true},

		{"nothing", message("1", order), message("2", order), false},
		{"correlation and trace", message("1", order, withAttribute("correlationId", "a"), withAttribute("traceparent", "x")), message("2", order, withAttribute("correlationId", "b"), withAttribute("traceparent", "y")), false},
		{"a stay among the dead letters", message("1", order, withAttribute("type", "a")), message("2", order, withAttribute("type", "a"), withAttribute("deadLetterReason", "x")), false},
		{"type not named", message("1", order, typedAttribute("n", "", "1")), message("2", order, typedAttribute("n", "String", "1")), false},
		{"event published again", message("1", busEvent), message("2", edited(busEvent, "e-1", "e-2", "03:04:05", "03:04:06", "c-9", "c-8", "1-9", "1-8")), false},
		{"notification published again", message("1", sns), message("2", edited(sns, "sns-1", "sns-2", "05.678", "06.789", "c-5", "c-6")), false},
		{"event in an envelope again", message("1", inSNS), message("2", edited(inSNS, "sns-1", "sns-2", "e-1", "e-2")), false},
	}
}

func TestAMessageThatAHandlerCanTellApartIsNoDuplicate(t *testing.T) {
	for _, pair := range pairs(t) {
		for name, part := range map[string]messaging.PayloadPart{"body": messaging.PayloadBody, "verbatim": messaging.PayloadVerbatim} {
			t.Run(pair.name+" "+name, func(t *testing.T) {
				var handled []string
				c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
					handled = append(handled, m.ID)
					return nil
				}, func(o *messaging.ConsumerOptions) {
					o.Payload = part
					o.Key = messaging.KeyOf(func(messaging.Message[string]) string { return "42" })
				})
				require.Empty(t, failures(t, c, t.Context(), batch(pair.one, pair.two)))
				want := []string{"1"}
				if pair.different {
					want = append(want, "2")
				}
				require.Equal(t, want, handled)
			})
		}
	}
}

func TestAnotherMessageUnderAKeyIsNotAcknowledged(t *testing.T) {
	for _, pair := range pairs(t) {
		t.Run(pair.name, func(t *testing.T) {
			store := newStore(t)
			var seen outcomes
			c := messaging.NewConsumer(idempotency.ExactlyOnce(store, func(messaging.Message[string]) string { return "42" },
				func(context.Context, messaging.Message[string]) ([]types.TransactWriteItem, error) { return nil, nil }), seen.option)
			require.Empty(t, failures(t, c, t.Context(), batch(pair.one)))
			failures(t, c, t.Context(), batch(pair.two))
			if pair.different {
				require.Equal(t, messaging.VerdictPoisoned, seen.verdict("2"))
				require.ErrorIs(t, seen.all["2"].Err, idempotency.ErrConflict)
			} else {
				require.Equal(t, messaging.VerdictAcked, seen.verdict("2"))
			}
		})
	}
}

func TestAMessageMadeByHandHasAFingerprint(t *testing.T) {
	one := messaging.Message[placed]{Body: placed{"42", 7}, Attributes: messaging.Attributes{"type": {Text: "placed"}}}
	two := one
	two.Attributes = messaging.Attributes{"type": messaging.String("placed"), "correlationId": messaging.String("c")}
	require.Equal(t, one.Fingerprint(), two.Fingerprint())
	two.Topic = "arn:aws:sns:us-east-1:123456789012:orders"
	require.NotEqual(t, one.Fingerprint(), two.Fingerprint())
	require.True(t, json.Valid(one.Fingerprint()))
	binary := func(body string) []byte {
		return messaging.Message[[]byte]{Body: []byte(body), Topic: two.Topic}.Fingerprint()
	}
	require.NotEqual(t, binary("\xff"), binary("\xfe"))
	bare := messaging.Message[string]{Body: "x"}
	require.Equal(t, bare.Payload(), bare.Fingerprint())
}

// A mux tells types by an attribute; the handlers behind it share a store.
func TestTypesOfAMuxDoNotHideEachOther(t *testing.T) {
	store := newStore(t)
	ran := map[string]int{}
	once := func(name string) messaging.Route {
		return messaging.OnType(name, idempotency.Leased(store, func(m messaging.Message[placed]) string { return m.Body.OrderID },
			func(context.Context, messaging.Message[placed]) error { ran[name]++; return nil }))
	}
	mux := messaging.MustMux(messaging.ByAttribute("type"), once("placed"), once("canceled"))
	var seen outcomes
	c := messaging.NewConsumer(mux.Handle, seen.option, func(o *messaging.ConsumerOptions) {
		o.Key = messaging.KeyOf(func(m messaging.Message[json.RawMessage]) string { return string(m.Body) })
	})
	failures(t, c, t.Context(), batch(
		sqsMessage("1", `{"orderId":"42"}`, withAttribute("type", "placed")), sqsMessage("2", `{"orderId":"42"}`, withAttribute("type", "canceled")),
	))
	require.Equal(t, map[string]int{"placed": 1}, ran)
	conflict, ok := errors.AsType[*idempotency.ConflictError](seen.all["2"].Err)
	require.True(t, ok, "told, and not acknowledged in silence")
	require.Equal(t, "42", conflict.Key)
}
