package stepfntest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// endpoint is how a service is called and how its errors are worded.
type endpoint struct {
	target  string // X-Amz-Target prefix; "" for Query
	content string
	version string   // of a Query API
	prefix  string   // of an optimized integration's error names
	service string   // in the cause of an optimized integration
	sdk     string   // prefix and service of an SDK integration
	text    []string // members in which an object becomes a string of JSON
}

var endpoints = map[string]endpoint{
	"sqs": {
		target: "AmazonSQS", content: "application/x-amz-json-1.0",
		prefix: "SQS", service: "AmazonSQS", sdk: "Sqs", text: []string{"MessageBody"},
	},
	"sns": {
		version: "2010-03-31", prefix: "SNS", service: "AmazonSNS", sdk: "Sns", text: []string{"Message"},
	},
	"dynamodb": {
		target: "DynamoDB_20120810", content: "application/x-amz-json-1.0",
		prefix: "DynamoDB", service: "AmazonDynamoDBv2", sdk: "DynamoDb",
	},
	"events": {
		target: "AWSEvents", content: "application/x-amz-json-1.1",
		prefix: "EventBridge", service: "AmazonEventBridge", sdk: "EventBridge", text: []string{"Detail"},
	},
	"eventbridge": {
		target: "AWSEvents", content: "application/x-amz-json-1.1",
		prefix: "EventBridge", service: "AmazonEventBridge", sdk: "EventBridge", text: []string{"Detail"},
	},
}

// request is the call of a service of another fake, over its wire.
func (a *attempt) request(params *value.Object) (func(context.Context) (string, *failure), *failure) {
	r := a.resource
	e, ok := endpoints[r.service]
	if !ok || a.x.m.services == nil {
		what := "the integration " + r.arn
		if ok {
			what += " without Options.Services"
		}
		a.x.m.server.TB().Logf("stepfntest: %s is not simulated", what)
		return nil, runtimeFailure("patternkit: %s is not simulated", what)
	}
	operation := strings.ToUpper(r.action[:1]) + r.action[1:]
	body := params
	if !r.sdk {
		body, _ = e.stringify(params).(*value.Object)
	}
	name := r.service
	if name == "eventbridge" {
		name = "events"
	}
	machine, trace := arnOf(a.x.machine.arn), a.x.trace
	return func(ctx context.Context) (string, *failure) {
		req := e.newRequest(ctx, name, machine, operation, body)
		if trace != "" {
			req.Header.Set("X-Amzn-Trace-Id", trace)
		}
		return e.do(a.x.m.services, req, r.sdk)
	}, nil
}

// stringify turns objects of the members that are text into a string of JSON.
func (e endpoint) stringify(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, c := range v {
			out[i] = e.stringify(c)
		}
		return out
	case *value.Object:
		out := value.NewObject(v.Len())
		for i := range v.Len() {
			name, c := v.At(i)
			for _, t := range e.text {
				if _, isText := c.(string); name == t && !isText && c != nil {
					c = value.String(c)
				}
			}
			out.Put(name, e.stringify(c))
		}
		return out
	}
	return v
}

// newRequest makes a request that the account of a state machine signs, in its
// region.
func (e endpoint) newRequest(ctx context.Context, service string, machine awsid.Parts, operation string, params *value.Object) *http.Request {
	header := http.Header{}
	var body []byte
	if e.target == "" {
		form := url.Values{"Action": {operation}, "Version": {e.version}}
		flatten(form, "", params)
		body = []byte(form.Encode())
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		body = value.Append(nil, params)
		header.Set("Content-Type", e.content)
		header.Set("X-Amz-Target", e.target+"."+operation)
	}
	header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20000101/%s/%s/aws4_request", machine.Account, machine.Region, service))
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+service+"."+machine.Region+".amazonaws.com/", bytes.NewReader(body))
	req.Header = header
	return req
}

// arnOf is the parts of an ARN of the fake's own.
func arnOf(arn string) awsid.Parts {
	p, _ := awsid.ParseARN(arn)
	return p
}

// flatten writes parameters as a Query API wants them.
func flatten(form url.Values, at string, v any) {
	switch v := v.(type) {
	case nil: // as if it were not there
	case string:
		form.Set(at, v)
	case *value.Object:
		if attributes, ok := strings.CutSuffix(at, "MessageAttributes"); ok {
			for i := range v.Len() {
				name, c := v.At(i)
				entry := attributes + "MessageAttributes.entry." + strconv.Itoa(i+1)
				form.Set(entry+".Name", name)
				flatten(form, entry+".Value", c)
			}
			return
		}
		for i := range v.Len() {
			name, c := v.At(i)
			if at != "" {
				name = at + "." + name
			}
			flatten(form, name, c)
		}
	case []any:
		for i, c := range v {
			flatten(form, at+".member."+strconv.Itoa(i+1), c)
		}
	default:
		form.Set(at, value.String(v))
	}
}

func (e endpoint) do(client wire.HTTPClient, req *http.Request, sdk bool) (string, *failure) {
	res, err := client.Do(req)
	if err != nil {
		name := e.prefix
		if sdk {
			name = e.sdk
		}
		return "", fail(name+".SdkClientException", "Unable to execute HTTP request: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", fail(e.prefix+".SdkClientException", "Unable to execute HTTP request: %v", err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		code, message := e.readError(body)
		id := res.Header.Get("X-Amzn-Requestid")
		return "", e.wordError(sdk, res.StatusCode, code, message, id)
	}
	out, err := e.readResult(body)
	if err != nil {
		return "", fail(e.prefix+".SdkClientException", "Unable to unmarshall response: %v", err)
	}
	if f := failedEntries(out, sdk); f != nil {
		return "", f
	}
	if !sdk {
		out = out.With("SdkHttpMetadata", value.ObjectOf("HttpStatusCode", value.Int(res.StatusCode)))
		out = out.With("SdkResponseMetadata", value.ObjectOf("RequestId", res.Header.Get("X-Amzn-Requestid")))
	}
	return value.String(out), nil
}

// failedEntries is the failure that the optimized events:putEvents makes of a
// PutEvents that refused an entry.
func failedEntries(out *value.Object, sdk bool) *failure {
	n, ok := out.Get("FailedEntryCount")
	if !ok || sdk || n == json.Number("0") {
		return nil
	}
	return &failure{name: "EventBridge.FailedEntry", cause: value.String(out)}
}

func (e endpoint) readError(body []byte) (code, message string) {
	if e.target == "" {
		var doc struct {
			Error struct{ Code, Message string }
		}
		_ = xml.Unmarshal(body, &doc)
		return doc.Error.Code, doc.Error.Message
	}
	v, _ := value.Parse(body)
	o, ok := v.(*value.Object)
	if !ok {
		return "UnknownError", string(body)
	}
	t, _ := o.Get("__type")
	code, _ = t.(string)
	if i := strings.LastIndexByte(code, '#'); i >= 0 {
		code = code[i+1:]
	}
	for _, key := range []string{"message", "Message"} {
		if m, ok := o.Get(key); ok {
			message, _ = m.(string)
		}
	}
	return code, message
}

// wordError gives a service's error the name and the cause that an execution
// sees.
func (e endpoint) wordError(sdk bool, status int, code, message, id string) *failure {
	known := code
	if !strings.HasSuffix(known, "Exception") {
		known += "Exception"
	}
	if sdk {
		if code == "ValidationException" {
			known = e.sdk + "Exception"
		}
		return fail(e.sdk+"."+known, "%s (Service: %s, Status Code: %d, Request ID: %s)", message, e.sdk, status, id)
	}
	if code == "ValidationException" || code == "MissingParameter" {
		known = e.service + "Exception"
		known = strings.Replace(known, "DynamoDBv2", "DynamoDB", 1)
	}
	return fail(e.prefix+"."+known, "%s (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)",
		message, e.service, status, code, id)
}

// serviceFailure words an error of this fake's own operations.
func serviceFailure(prefix, service, sdkName string, sdk bool, err error) *failure {
	var w *wire.Error
	if !errors.As(err, &w) {
		return fail(prefix+".SdkClientException", "%v", err)
	}
	return endpoint{prefix: prefix, service: service, sdk: sdkName}.wordError(sdk, http.StatusBadRequest, w.Code, w.Message, "")
}

// readResult reads an answer: JSON, or XML whose one result element becomes
// an object of its text members.
func (e endpoint) readResult(body []byte) (*value.Object, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return value.NewObject(0), nil
	}
	if e.target != "" {
		v, err := value.Parse(body)
		o, ok := v.(*value.Object)
		if err == nil && !ok {
			err = errors.New("the answer is no object")
		}
		return o, err
	}
	return readXML(body)
}

func readXML(body []byte) (*value.Object, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	out := value.NewObject(2)
	var path []string
	var text strings.Builder
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			text.Reset()
		case xml.CharData:
			text.Write(tok)
		case xml.EndElement:
			if len(path) == 3 && strings.HasSuffix(path[1], "Result") {
				out.Put(path[2], strings.TrimFunc(text.String(), unicode.IsSpace))
			}
			path = path[:len(path)-1]
		}
	}
}
