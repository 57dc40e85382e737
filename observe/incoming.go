package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/correlation"
)

// incoming is what an event says about where it comes from.
type incoming struct {
	correlationID string // set by the sender on purpose
	requestID     string // given by the service that sent the event
	trace         string
}

const (
	maxCorrelationID = 128
	maxInspected     = 1 << 20
	maxTraceHeader   = 1024
	traceHeaderName  = "X-Amzn-Trace-Id"
	awsTraceHeader   = "AWSTraceHeader"
)

// inspect finds the ids in an event. What comes from outside is taken only
// when it is short and printable.
func (h *host) inspect(ctx context.Context, event any) (in incoming) {
	defer func() {
		in.correlationID, in.requestID = acceptable(in.correlationID), acceptable(in.requestID)
		if !validTrace(in.trace) {
			in.trace = ""
		}
	}()
	in = h.inspectEvent(event)
	if f := h.opts.CorrelationID; f != nil {
		if id := f(ctx, event); id != "" {
			in.correlationID = id
		}
	}
	return in
}

func acceptable(id string) string {
	if len(id) > maxCorrelationID || !printable(id) {
		return ""
	}
	return id
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// validTrace reports whether a header from outside names a trace as X-Ray does:
// 1-, 8 hexadecimal digits, -, 24 of them.
func validTrace(header string) bool {
	root := traceRoot(header)
	if len(header) > maxTraceHeader || !printable(header) || len(root) != 35 || root[:2] != "1-" || root[10] != '-' {
		return false
	}
	for i, c := range []byte(root[2:]) {
		if i != 8 && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}

func (h *host) inspectEvent(event any) incoming {
	switch e := event.(type) {
	case nil:
		return incoming{}
	case interface{ CorrelationID() string }:
		return incoming{correlationID: e.CorrelationID()}
	case awsevents.APIGatewayProxyRequest:
		return h.http(e.Headers, e.MultiValueHeaders, e.RequestContext.RequestID)
	case awsevents.APIGatewayV2HTTPRequest:
		return h.http(e.Headers, nil, e.RequestContext.RequestID)
	case awsevents.LambdaFunctionURLRequest:
		return h.http(e.Headers, nil, e.RequestContext.RequestID)
	case awsevents.ALBTargetGroupRequest:
		return h.http(e.Headers, e.MultiValueHeaders, "")
	case awsevents.APIGatewayWebsocketProxyRequest:
		return h.http(e.Headers, e.MultiValueHeaders, e.RequestContext.RequestID)
	case awsevents.APIGatewayCustomAuthorizerRequestTypeRequest:
		return h.http(e.Headers, e.MultiValueHeaders, e.RequestContext.RequestID)
	case awsevents.APIGatewayV2CustomAuthorizerV2Request:
		return h.http(e.Headers, nil, e.RequestContext.RequestID)
	case awsevents.SQSEvent:
		return sqsBatch(e.Records)
	case awsevents.SNSEvent:
		return snsBatch(e.Records)
	case awsevents.EventBridgeEvent:
		return bridged(e.Detail, e.ID)
	case json.RawMessage:
		return h.inspectJSON(e, 0)
	case []byte:
		return h.inspectJSON(e, 0)
	case map[string]any:
		text, err := json.Marshal(e)
		if err != nil {
			return incoming{}
		}
		return h.inspectJSON(text, 0)
	}
	if v := reflect.ValueOf(event); v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().CanInterface() {
		return h.inspectEvent(v.Elem().Interface())
	}
	return incoming{}
}

// http reads the headers of an HTTP-shaped event.
func (h *host) http(headers map[string]string, multi map[string][]string, requestID string) incoming {
	return incoming{
		correlationID: header(headers, multi, h.opts.CorrelationHeader),
		trace:         header(headers, multi, traceHeaderName),
		requestID:     requestID,
	}
}

func header(headers map[string]string, multi map[string][]string, name string) string {
	if v := headers[name]; v != "" {
		return v
	}
	for k, v := range headers {
		if v != "" && strings.EqualFold(k, name) {
			return v
		}
	}
	for k, v := range multi {
		if len(v) > 0 && strings.EqualFold(k, name) {
			return v[len(v)-1]
		}
	}
	return ""
}

// sqsBatch reads a batch: an id that all records share is the invocation's.
func sqsBatch(records []awsevents.SQSMessage) incoming {
	var all incoming
	for i, r := range records {
		in := incoming{trace: r.Attributes[awsTraceHeader]}
		if a, ok := r.MessageAttributes[correlation.Attribute]; ok && a.StringValue != nil {
			in.correlationID = *a.StringValue
		}
		in = in.or(inspectBody(r.Body, 0))
		if all = all.join(in, i == 0); all == (incoming{}) {
			break
		}
	}
	return all
}

func snsBatch(records []awsevents.SNSEventRecord) incoming {
	var all incoming
	for i, r := range records {
		var in incoming
		if a, ok := r.SNS.MessageAttributes[correlation.Attribute].(map[string]any); ok {
			in.correlationID, _ = a["Value"].(string)
		}
		in = in.or(inspectBody(r.SNS.Message, 0))
		if all = all.join(in, i == 0); all == (incoming{}) {
			break
		}
	}
	return all
}

// or fills what is missing from other.
func (in incoming) or(other incoming) incoming {
	in.correlationID = firstNonEmpty(in.correlationID, other.correlationID)
	in.trace = firstNonEmpty(in.trace, other.trace)
	return in
}

// join keeps what two records of a batch have in common.
func (in incoming) join(other incoming, first bool) incoming {
	if first {
		return incoming{correlationID: other.correlationID, trace: other.trace}
	}
	if in.correlationID != other.correlationID {
		in.correlationID = ""
	}
	if in.trace != other.trace {
		in.trace = ""
	}
	return in
}

// bridged reads an EventBridge event.
func bridged(detail json.RawMessage, id string) incoming {
	in := incoming{requestID: id}
	if len(detail) > maxInspected || !bytes.Contains(detail, []byte(`"metadata"`)) {
		return in
	}
	var d struct {
		Metadata metadata `json:"metadata"`
	}
	_ = json.Unmarshal(detail, &d) // what has another shape has no metadata of ours
	in.correlationID, in.trace = d.Metadata.CorrelationID, d.Metadata.TraceHeader
	return in
}

type metadata struct {
	CorrelationID string `json:"correlationId"`
	TraceHeader   string `json:"traceHeader"`
}

// inspectBody reads a message body, which may be an event itself.
func inspectBody(body string, depth int) incoming {
	if depth > 2 || len(body) > maxInspected || !strings.HasPrefix(strings.TrimLeft(body, " \t\r\n"), "{") ||
		!strings.Contains(body, correlation.Attribute) {
		return incoming{}
	}
	return (&host{}).inspectJSON([]byte(body), depth)
}

// inspectJSON reads an event of unknown shape: HTTP, EventBridge, SQS, SNS, an
// SNS envelope, or an object with a member correlationId.
func (h *host) inspectJSON(text []byte, depth int) incoming {
	if len(text) > maxInspected || depth > 2 {
		return incoming{}
	}
	var e struct {
		Headers           map[string]string                 `json:"headers"`
		MultiValueHeaders map[string][]string               `json:"multiValueHeaders"`
		RequestContext    struct{ RequestID string }        `json:"requestContext"`
		DetailType        *string                           `json:"detail-type"`
		ID                string                            `json:"id"`
		Detail            json.RawMessage                   `json:"detail"`
		Records           json.RawMessage                   `json:"Records"`
		MessageAttributes map[string]struct{ Value string } `json:"MessageAttributes"`
		Message           string                            `json:"Message"`
		CorrelationID     string                            `json:"correlationId"`
		Metadata          metadata                          `json:"metadata"`
	}
	_ = json.Unmarshal(text, &e) // members of another type are left empty
	switch {
	case e.DetailType != nil:
		return bridged(e.Detail, e.ID)
	case e.Headers != nil || e.MultiValueHeaders != nil:
		return h.http(e.Headers, e.MultiValueHeaders, e.RequestContext.RequestID)
	case e.Records != nil:
		return inspectRecords(e.Records)
	}
	in := incoming{correlationID: e.CorrelationID}
	in = in.or(incoming{correlationID: e.Metadata.CorrelationID, trace: e.Metadata.TraceHeader})
	in = in.or(incoming{correlationID: e.MessageAttributes[correlation.Attribute].Value})
	return in.or(inspectBody(e.Message, depth+1))
}

// inspectRecords reads the records of an SQS or SNS event.
func inspectRecords(text json.RawMessage) incoming {
	var sources []struct {
		SQS string `json:"eventSource"`
		SNS string `json:"EventSource"`
	}
	_ = json.Unmarshal(text, &sources)
	if len(sources) == 0 {
		return incoming{}
	}
	switch source := sources[0].SQS + sources[0].SNS; source {
	case "aws:sqs":
		var records []awsevents.SQSMessage
		_ = json.Unmarshal(text, &records)
		return sqsBatch(records)
	case "aws:sns":
		var records []awsevents.SNSEventRecord
		_ = json.Unmarshal(text, &records)
		return snsBatch(records)
	}
	return incoming{}
}
