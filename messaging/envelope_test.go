package messaging_test

import (
	"context"
	"encoding/json"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/messaging"
)

const busEvent = `{"version":"0","id":"e-1","detail-type":"OrderPlaced","source":"myapp.orders","account":"123456789012",
	"time":"2026-01-02T03:04:05Z","region":"us-east-1","resources":[],
	"detail":{"orderId":"42","total":7,"metadata":{"correlationId":"c-9","traceHeader":"Root=1-9"}}}`

func notification(t *testing.T, message string) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"Type": "Notification", "MessageId": "sns-1", "TopicArn": "arn:aws:sns:us-east-1:123456789012:orders", "Subject": "hello",
		"Message": message, "Timestamp": "2026-01-02T03:04:05.678Z", "SignatureVersion": "1", "Signature": "x", "SigningCertURL": "https://x", "UnsubscribeURL": "https://x",
		"MessageAttributes": map[string]any{
			"correlationId": map[string]string{"Type": "String", "Value": "c-5"},
			"traceHeader":   map[string]string{"Type": "String", "Value": "Root=1-5"},
			"blob":          map[string]string{"Type": "Binary", "Value": "aGk="},
		},
	})
	require.NoError(t, err)
	return string(b)
}

type delivery[T any] struct {
	messaging.Message[T]
	correlation, trace string
	outcome            messaging.Outcome
}

func deliver[T any](t *testing.T, m awsevents.SQSMessage, optFns ...func(*messaging.ConsumerOptions)) delivery[T] {
	t.Helper()
	var d delivery[T]
	c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[T]) error {
		d.Message, d.correlation, d.trace = m, correlation.ID(ctx), correlation.Trace(ctx)
		return nil
	}, append(optFns, func(o *messaging.ConsumerOptions) {
		o.OnOutcome = func(_ context.Context, out messaging.Outcome) { d.outcome = out }
	})...)
	failures(t, c, t.Context(), batch(m))
	return d
}

func TestSNSEnvelopesAreUnwrapped(t *testing.T) {
	m := sqsMessage("1", notification(t, `{"orderId":"42"}`))
	d := deliver[placed](t, m)
	require.Equal(t, "42", d.Body.OrderID)
	require.Equal(t, "c-5", d.correlation)
	require.Equal(t, "Root=1-5", d.trace)
	require.Equal(t, "arn:aws:sns:us-east-1:123456789012:orders", d.Topic)
	require.Equal(t, "hello", d.Subject)
	require.Equal(t, []byte("hi"), d.Attributes["blob"].Bytes)
	require.JSONEq(t, `{"orderId":"42"}`, string(d.Payload()))
	require.Equal(t, m.Body, d.Raw)

	entity := deliver[awsevents.SNSEntity](t, m, func(o *messaging.ConsumerOptions) { o.Payload = messaging.PayloadVerbatim })
	require.Equal(t, "sns-1", entity.Body.MessageID)
	require.Equal(t, "c-5", entity.correlation)
}

func TestABodyThatOnlyLooksLikeAnEnvelopeStaysAsItIs(t *testing.T) {
	for _, body := range []string{
		`{"Type":"Notification","TopicArn":"x"}`, `{"Type":"Other","TopicArn":"Notification","MessageId":"1","Message":"x"}`, `["TopicArn","Notification"]`,
	} {
		require.Equal(t, body, deliver[string](t, sqsMessage("1", body)).Body)
	}
}

func TestEventBridgeEventsBringTheirCorrelation(t *testing.T) {
	for name, body := range map[string]string{"raw": busEvent, "enveloped": notification(t, busEvent)} {
		t.Run(name, func(t *testing.T) {
			d := deliver[awsevents.EventBridgeEvent](t, sqsMessage("1", body))
			require.Equal(t, "OrderPlaced", d.Body.DetailType)
			if name == "raw" {
				require.Equal(t, "c-9", d.correlation)
				require.Equal(t, "Root=1-9", d.trace)
			} else {
				require.Equal(t, "c-5", d.correlation, "the attribute is nearer")
			}
			require.JSONEq(t, `{"orderId":"42","total":7}`, string(d.Payload()), "what is the same when the event is published again")

			detail := deliver[placed](t, sqsMessage("1", body), func(o *messaging.ConsumerOptions) { o.Payload, o.Strict = messaging.PayloadDetail, true })
			require.Equal(t, placed{"42", 7}, detail.Body)
		})
	}
}

func TestStrictRefusesNestedMetadata(t *testing.T) {
	body := `{"detail-type":"x","source":"y","detail":{"orderId":{"metadata":1}}}`
	type inner struct{ ID string }
	type outer struct {
		OrderID inner `json:"orderId"`
	}
	d := deliver[outer](t, sqsMessage("1", body), func(o *messaging.ConsumerOptions) { o.Payload, o.Strict = messaging.PayloadDetail, true })
	require.ErrorContains(t, d.outcome.Err, `unknown field "metadata"`)
}

func TestDetailNeedsAnEvent(t *testing.T) {
	d := deliver[placed](t, sqsMessage("1", `{"orderId":"1"}`), func(o *messaging.ConsumerOptions) { o.Payload = messaging.PayloadDetail })
	require.Equal(t, messaging.VerdictPoisoned, d.outcome.Verdict)
	require.ErrorContains(t, d.outcome.Err, "no EventBridge event")
}

func TestPayloadTypesTakeTheBodyAsItIs(t *testing.T) {
	require.Equal(t, []byte("x"), deliver[[]byte](t, sqsMessage("1", "x")).Body)
	require.Equal(t, json.RawMessage(`[1]`), deliver[json.RawMessage](t, sqsMessage("1", "[1]")).Body)
	require.Equal(t, messaging.VerdictPoisoned, deliver[json.RawMessage](t, sqsMessage("1", "x")).outcome.Verdict)
	require.Equal(t, map[string]int{"a": 1}, deliver[map[string]int](t, sqsMessage("1", `{"a":1}`)).Body)
}

func TestTheInvocationsCorrelationStaysWhereAMessageHasNone(t *testing.T) {
	var got string
	c := messaging.NewConsumer(func(ctx context.Context, _ messaging.Message[string]) error {
		got = correlation.ID(ctx)
		return nil
	})
	failures(t, c, correlation.With(t.Context(), "inv"), batch(sqsMessage("1", "x")))
	require.Equal(t, "inv", got)
}

func FuzzHandleSQS(f *testing.F) {
	f.Add(busEvent)
	f.Add(`{"Type":"Notification","MessageId":"1","TopicArn":"t","Message":"{}","MessageAttributes":{"a":{"Type":"Binary","Value":"%"}}}`)
	f.Add(`null`)
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[placed]) error {
		_ = m.Payload()
		return nil
	}, func(o *messaging.ConsumerOptions) { o.Strict, o.Payload = true, messaging.PayloadDetail })
	f.Fuzz(func(t *testing.T, body string) {
		_, err := c.HandleSQS(t.Context(), batch(sqsMessage("1", body)))
		require.NoError(t, err)
	})
}
