package observe_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

const header = "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=1"

// ids runs a handler on an event and returns the ids its context has.
func ids[I any](t *testing.T, ctx context.Context, event I, optFns ...func(*observe.Options)) (id, trace string) {
	t.Helper()
	handler := observe.EventHandler("s", func(ctx context.Context, _ I) error {
		id, trace = observe.CorrelationID(ctx), observe.TraceHeader(ctx)
		return nil
	}, append(optFns, observetest.New(t).Observe)...)
	require.NoError(t, handler(ctx, event))
	return id, trace
}

func sqs(ids ...string) awsevents.SQSEvent {
	var e awsevents.SQSEvent
	for _, id := range ids {
		m := awsevents.SQSMessage{EventSource: "aws:sqs", Attributes: map[string]string{"AWSTraceHeader": header}}
		if id != "" {
			m.MessageAttributes = map[string]awsevents.SQSMessageAttribute{correlation.Attribute: {DataType: "String", StringValue: &id}}
		}
		e.Records = append(e.Records, m)
	}
	return e
}

type withID struct{ id string }

func (w withID) CorrelationID() string { return w.id }

func TestTheCorrelationIDComesFromTheEvent(t *testing.T) {
	clean(t)
	http := map[string]string{"x-correlation-id": "c-1", "x-amzn-trace-id": header}
	bridge := json.RawMessage(`{"amount":1,"metadata":{"correlationId":"c-1","traceHeader":"` + header + `"}}`)
	envelope := `{"detail-type":"OrderPlaced","id":"e-1","detail":` + string(bridge) + `}`
	wrapped, err := json.Marshal(map[string]any{"Type": "Notification", "Message": envelope})
	require.NoError(t, err)
	attributed := `{"Type":"Notification","Message":"x","MessageAttributes":{"correlationId":{"Type":"String","Value":"c-1"}}}`
	sns := awsevents.SNSEvent{Records: []awsevents.SNSEventRecord{{SNS: awsevents.SNSEntity{
		Message:           "{}",
		MessageAttributes: map[string]any{correlation.Attribute: map[string]any{"Type": "String", "Value": "c-1"}},
	}}}}
	asJSON := func(v any) json.RawMessage {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return text
	}
	for name, run := range map[string]func(context.Context) (string, string){
		"REST API": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.APIGatewayProxyRequest{Headers: http})
		},
		"REST API multi": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.APIGatewayProxyRequest{MultiValueHeaders: map[string][]string{"X-Correlation-ID": {"c-0", "c-1"}, "X-Amzn-Trace-Id": {header}}})
		},
		"HTTP API": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.APIGatewayV2HTTPRequest{Headers: http})
		},
		"function URL": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.LambdaFunctionURLRequest{Headers: http})
		},
		"load balancer": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.ALBTargetGroupRequest{Headers: http})
		},
		"WebSocket": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.APIGatewayWebsocketProxyRequest{Headers: http})
		},
		"authorizer": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{Headers: http})
		},
		"authorizer 2": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.APIGatewayV2CustomAuthorizerV2Request{Headers: http})
		},
		"pointer": func(ctx context.Context) (string, string) {
			return ids(t, ctx, &awsevents.APIGatewayV2HTTPRequest{Headers: http})
		},
		"SQS":       func(ctx context.Context) (string, string) { return ids(t, ctx, sqs("c-1")) },
		"SQS batch": func(ctx context.Context) (string, string) { return ids(t, ctx, sqs("c-1", "c-1")) },
		"SQS raw body": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: envelope}}})
		},
		"SQS with SNS envelope": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: string(wrapped)}}})
		},
		"SQS with SNS attributes": func(ctx context.Context) (string, string) {
			id, _ := ids(t, ctx, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: attributed}}})
			return id, header
		},
		"SNS": func(ctx context.Context) (string, string) {
			id, _ := ids(t, ctx, sns)
			return id, header
		},
		"EventBridge": func(ctx context.Context) (string, string) {
			return ids(t, ctx, awsevents.EventBridgeEvent{ID: "e-1", Detail: bridge})
		},
		"JSON EventBridge": func(ctx context.Context) (string, string) { return ids(t, ctx, json.RawMessage(envelope)) },
		"JSON HTTP": func(ctx context.Context) (string, string) {
			return ids(t, ctx, asJSON(awsevents.APIGatewayProxyRequest{Headers: http}))
		},
		"JSON SQS": func(ctx context.Context) (string, string) { return ids(t, ctx, asJSON(sqs("c-1"))) },
		"JSON SNS": func(ctx context.Context) (string, string) {
			e := sns
			e.Records[0].EventSource = "aws:sns"
			id, _ := ids(t, ctx, asJSON(e))
			return id, header
		},
		"JSON member": func(ctx context.Context) (string, string) {
			return ids(t, ctx, json.RawMessage(`{"id":7,"correlationId":"c-1","metadata":{"traceHeader":"`+header+`"}}`))
		},
		"map": func(ctx context.Context) (string, string) {
			return ids(t, ctx, map[string]any{"metadata": map[string]any{"correlationId": "c-1", "traceHeader": header}})
		},
		"bytes": func(ctx context.Context) (string, string) { return ids(t, ctx, []byte(envelope)) },
		"own type": func(ctx context.Context) (string, string) {
			id, _ := ids(t, ctx, withID{"c-1"})
			return id, header
		},
		"option": func(ctx context.Context) (string, string) {
			id, _ := ids(t, ctx, order{"c-1"}, func(o *observe.Options) {
				o.CorrelationID = func(_ context.Context, event any) string { return event.(order).ID }
			})
			return id, header
		},
	} {
		t.Run(name, func(t *testing.T) {
			id, trace := run(t.Context())
			require.Equal(t, "c-1", id)
			require.Equal(t, header, trace)

			ctx := correlation.WithTrace(correlation.With(t.Context(), "from context"), "Root=1-a;Sampled=0")
			id, trace = run(ctx)
			require.Equal(t, "from context", id, "the context wins")
			if name == "SNS" || strings.HasPrefix(name, "SQS with SNS a") || name == "JSON SNS" || name == "own type" || name == "option" {
				return
			}
			require.Equal(t, "Root=1-a;Sampled=0", trace)
		})
	}
}

func TestTheCorrelationIDFallsBack(t *testing.T) {
	clean(t)
	lambda := observetest.Context(t.Context(), observetest.Invocation{RequestID: "r-1", TraceHeader: header})
	var api awsevents.APIGatewayProxyRequest
	api.RequestContext.RequestID = "gateway-1"
	id, trace := ids(t, lambda, api)
	require.Equal(t, "gateway-1", id)
	require.Equal(t, header, trace)
	id, _ = ids(t, lambda, awsevents.EventBridgeEvent{ID: "e-1", Detail: json.RawMessage(`"no object"`)})
	require.Equal(t, "e-1", id)
	id, _ = ids(t, lambda, sqs("a", "b"))
	require.Equal(t, "r-1", id, "a batch of different ids has none")
	id, trace = ids(t, t.Context(), sqs("a", ""))
	require.Regexp(t, `^[0-9a-f-]{36}$`, id, "a new one")
	require.Equal(t, header, trace)
	for _, bad := range []string{strings.Repeat("x", 129), "a\nb", "é", "\x7f"} {
		id, _ = ids(t, lambda, awsevents.APIGatewayProxyRequest{Headers: map[string]string{"X-Correlation-Id": bad}})
		require.Equal(t, "r-1", id, "%q from outside is not taken", bad)
	}
	id, trace = ids(t, lambda, awsevents.APIGatewayProxyRequest{Headers: map[string]string{"x-request-id": "mine", "x-amzn-trace-id": "junk"}},
		func(o *observe.Options) { o.CorrelationHeader = "X-Request-Id" })
	require.Equal(t, "mine", id)
	require.Equal(t, header, trace)
	for _, bad := range []string{"junk", "Root=1-a;Sampled=1", "Root=2-5e272390-8c398be037738dc042009320", header + "\n", "Root=1-5e272390-8c398be037738dc04200932x", header + ";x=" + strings.Repeat("x", 1000)} {
		_, trace = ids(t, t.Context(), awsevents.APIGatewayProxyRequest{Headers: map[string]string{"x-amzn-trace-id": bad}})
		require.Empty(t, trace, bad)
	}
}

func TestARecordsOwnIDsReachItsLines(t *testing.T) {
	clean(t)
	rec := observetest.New(t)
	handler := observe.EventHandler("consumer", func(ctx context.Context, in awsevents.SQSEvent) error {
		for _, r := range in.Records {
			ctx := observe.WithCorrelationID(ctx, *r.MessageAttributes[correlation.Attribute].StringValue)
			ctx = correlation.WithTrace(ctx, r.Attributes["AWSTraceHeader"])
			observe.Logger(ctx).Info("record")
		}
		observe.Logger(ctx).Info("batch")
		return nil
	}, rec.Observe)
	require.NoError(t, handler(observetest.Context(t.Context(), observetest.Invocation{RequestID: "r-1", TraceHeader: "Root=1-b;Sampled=0"}), sqs("c-1", "c-2")))
	observetest.RequireLog(t, rec, "INFO", "record", "requestId=r-1", "correlationId=c-1", "traceId=1-5e272390-8c398be037738dc042009320")
	observetest.RequireLog(t, rec, "INFO", "record", "requestId=r-1", "correlationId=c-2")
	observetest.RequireLog(t, rec, "INFO", "batch", "correlationId=r-1", "traceId=1-b")
}

func FuzzIncoming(f *testing.F) {
	f.Add([]byte(`{"Records":[{"eventSource":"aws:sqs","body":"{\"correlationId\":1}"}]}`))
	f.Add([]byte(`{"headers":{"X-Correlation-Id":null},"requestContext":7}`))
	f.Add([]byte(`{"detail-type":"","detail":{"metadata":[]}}`))
	f.Add([]byte(`{"Message":"{\"Message\":\"{\\\"Message\\\":\\\"{}\\\"}\"}","correlationId":""}`))
	rec := observetest.New(nil)
	handler := observe.EventHandler("s", func(ctx context.Context, _ json.RawMessage) error {
		if id := observe.CorrelationID(ctx); id == "" || len(id) > 128 || strings.ContainsAny(id, "\n\x00") {
			panic("bad id " + id)
		}
		return nil
	}, rec.Observe)
	f.Fuzz(func(_ *testing.T, data []byte) {
		rec.Reset()
		_ = handler(context.Background(), data)
	})
}
