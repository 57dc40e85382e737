package observe_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

// quoted is a text as a JSON string, n times over.
func quoted(t *testing.T, text string, n int) string {
	t.Helper()
	for range n {
		out, err := json.Marshal(text)
		require.NoError(t, err)
		text = string(out)
	}
	return text
}

// logEvent returns what a handler writes that logs its event.
func logEvent[I any](t *testing.T, event I, redact ...string) string {
	t.Helper()
	rec := observetest.New(t)
	handler := observe.EventHandler("orders", func(context.Context, I) error { return nil }, rec.Observe,
		func(o *observe.Options) { o.LogEvent, o.OmitColdStart, o.Redact = true, true, redact })
	require.NoError(t, handler(t.Context(), event))
	require.Len(t, rec.Find("event"), 1)
	return rec.Raw()[0]
}

const login = `{"user":"jo","password":"hunter2","card":{"pass_word":["hunter2"]}}`

func TestAnEventIsRedactedInsideItsBody(t *testing.T) {
	clean(t)
	notification := quoted(t, login, 1)
	notification = `{"Type":"Notification","Message":` + notification + `,"MessageAttributes":{"Password":{"Type":"String","Value":"hunter2"}}}`
	twice := `{"Type":"Notification","Message":` + quoted(t, notification, 1) + `}`
	in64 := base64.StdEncoding.EncodeToString
	form := "user=jo&password=hunter2&user%5Bpassword%5D=hunter2&payload=" + url.QueryEscape(login)
	for name, raw := range map[string]string{
		"HTTP API":              logEvent(t, awsevents.APIGatewayV2HTTPRequest{Body: login}, "password"),
		"REST API":              logEvent(t, awsevents.APIGatewayProxyRequest{Body: " \n" + login}, "password"),
		"pointer":               logEvent(t, &awsevents.APIGatewayProxyRequest{Body: login}, "password"),
		"load balancer":         logEvent(t, awsevents.ALBTargetGroupRequest{Body: login}, "password"),
		"function URL":          logEvent(t, awsevents.LambdaFunctionURLRequest{Body: login}, "password"),
		"WebSocket":             logEvent(t, awsevents.APIGatewayWebsocketProxyRequest{Body: login}, "password"),
		"SQS":                   logEvent(t, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: login}}}, "password"),
		"SNS":                   logEvent(t, awsevents.SNSEvent{Records: []awsevents.SNSEventRecord{{SNS: awsevents.SNSEntity{Message: login}}}}, "password"),
		"SNS in SQS":            logEvent(t, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: notification}}}, "password"),
		"SNS in SNS in SQS":     logEvent(t, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: twice}}}, "password"),
		"EventBridge":           logEvent(t, awsevents.EventBridgeEvent{Detail: json.RawMessage(login)}, "password"),
		"EventBridge text":      logEvent(t, awsevents.EventBridgeEvent{Detail: json.RawMessage(quoted(t, login, 3))}, "password"),
		"Kinesis":               logEvent(t, awsevents.KinesisEvent{Records: []awsevents.KinesisEventRecord{{Kinesis: awsevents.KinesisRecord{Data: []byte(login)}}}}, "password"),
		"raw message":           logEvent(t, json.RawMessage(`{"body":`+quoted(t, login, 1)+`}`), "password"),
		"bytes":                 logEvent(t, []byte(`{"body":`+quoted(t, login, 1)+`}`), "password"),
		"map":                   logEvent(t, map[string]any{"body": login}, "password"),
		"string":                logEvent(t, login, "password"),
		"array":                 logEvent(t, []string{`[[` + login + `]]`}, "password"),
		"base64":                logEvent(t, awsevents.APIGatewayV2HTTPRequest{Body: in64([]byte(login)), IsBase64Encoded: true}, "password"),
		"base64 of base64":      logEvent(t, awsevents.APIGatewayV2HTTPRequest{Body: in64([]byte(`{"data":"` + base64.RawURLEncoding.EncodeToString([]byte(login)) + `"}`)), IsBase64Encoded: true}, "password"),
		"form in base64":        logEvent(t, awsevents.APIGatewayProxyRequest{Body: in64([]byte(form)), IsBase64Encoded: true}, "password"),
		"form":                  logEvent(t, awsevents.APIGatewayProxyRequest{Body: form}, "password"),
		"query":                 logEvent(t, awsevents.APIGatewayV2HTTPRequest{RawQueryString: "a=b&Pass-Word=hunter2"}, "password"),
		"query parameters":      logEvent(t, awsevents.APIGatewayProxyRequest{QueryStringParameters: map[string]string{"password": "hunter2"}, MultiValueQueryStringParameters: map[string][]string{"password": {"hunter2"}}}, "password"),
		"headers":               logEvent(t, awsevents.APIGatewayProxyRequest{Headers: map[string]string{"PASSWORD": "hunter2"}, MultiValueHeaders: map[string][]string{"password": {"hunter2"}}}, "password"),
		"cookies":               logEvent(t, awsevents.APIGatewayV2HTTPRequest{Cookies: []string{"a=b", "password=hunter2; Path=/"}, Headers: map[string]string{"cookie": "a=b; password=hunter2"}}, "password"),
		"referer":               logEvent(t, awsevents.APIGatewayV2HTTPRequest{Headers: map[string]string{"referer": "https://x.example/?password=hunter2#top"}}, "password"),
		"cut JSON":              logEvent(t, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: `{"user":"jo","password":"hunter2`}}}, "password"),
		"JSON lines":            logEvent(t, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{Body: login + "\n" + login}}}, "password"),
		"words before":          logEvent(t, map[string]any{"error": "cannot decode " + login}, "password"),
		"quoted after words":    logEvent(t, map[string]any{"error": fmt.Sprintf("cannot decode {%q}", login)}, "password"),
		"escaped key":           logEvent(t, map[string]any{"body": `{"pass\u0077ord":"hunter2"}`}, "password"),
		"multipart":             logEvent(t, awsevents.APIGatewayProxyRequest{Body: "--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--x--"}, "password"),
		"multipart in base64":   logEvent(t, awsevents.APIGatewayProxyRequest{Body: in64([]byte("--x\r\nContent-Disposition: form-data; name=password\r\n\r\nhunter2\r\n--x--\xff")), IsBase64Encoded: true}, "password"),
		"pairs with quotes":     logEvent(t, map[string]any{"dsn": `user=jo password = "hunter2 hunter2" password='hunter2 hunter2'`}, "password"),
		"not an HTTP body":      logEvent(t, map[string]any{"body": map[string]any{"text": login}, "isBase64Encoded": true}, "password"),
		"two keys in one event": logEvent(t, map[string]any{"a": "hunter2", "b": `{"c":"hunter2"}`}, "a", "c"),
	} {
		t.Run(name, func(t *testing.T) {
			shown := raw
			for range 4 { // what base64 there is, read by whoever reads the line
				for _, word := range strings.FieldsFunc(shown, func(c rune) bool { return c == '"' || c == '\\' }) {
					for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
						if text, err := e.DecodeString(word); err == nil && len(word) > 8 {
							shown += "\"" + string(text) + "\""
						}
					}
				}
			}
			require.NotContains(t, shown, "hunter2")
			require.Contains(t, strings.ReplaceAll(shown, "%5BREDACTED%5D", "[REDACTED]"), "[REDACTED]")
		})
	}
}

func TestTheRestOfABodyStays(t *testing.T) {
	clean(t)
	raw := logEvent(t, awsevents.SQSEvent{Records: []awsevents.SQSMessage{{MessageId: "m-1", Body: `{"Message":` + quoted(t, login, 1) + `,"n":1.50,"s":"é<&>"}`}}}, "password")
	var line struct {
		Event awsevents.SQSEvent `json:"event"`
	}
	require.NoError(t, json.Unmarshal([]byte(raw), &line))
	require.Equal(t, "m-1", line.Event.Records[0].MessageId)
	require.Equal(t, `{"Message":"{\"user\":\"jo\",\"password\":\"[REDACTED]\",\"card\":{\"pass_word\":\"[REDACTED]\"}}","n":1.50,"s":"é<&>"}`, line.Event.Records[0].Body)

	for _, body := range []string{
		`{"user":"jo","token":"tok"}`, "user=jo&passwords=2", "a = b", "{not json} and words: 1", `[1,2,"three"]`, "{", "=", "==", `"`, `{"a":`, "cGFzc3dvcmQ",
		"3f2a7c1e-0000-4000-8000-000000000000", "aGVsbG8gd29ybGQhISEh", `x="password":"1"`, "form-data; name=\"user\"",
	} {
		raw := logEvent(t, map[string]string{"body": body}, "password")
		var line struct{ Event map[string]string }
		require.NoError(t, json.Unmarshal([]byte(raw), &line))
		require.Equal(t, body, line.Event["body"])
	}
	raw = logEvent(t, awsevents.APIGatewayV2HTTPRequest{RawQueryString: "a=b&password=hunter2&c=d"}, "password")
	require.Contains(t, raw, `"a=b&password=[REDACTED]&c=d"`)
}

// What cannot be looked into is not written.
func TestRedactionFailsClosed(t *testing.T) {
	clean(t)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte(login))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	in64 := base64.StdEncoding.EncodeToString
	deep := login
	for range 12 {
		deep = `{"m":` + quoted(t, deep, 1) + `}`
	}
	nested := base64.StdEncoding.EncodeToString([]byte(login))
	for range 30 {
		nested = in64([]byte(`{"d":"` + nested + `"}`))
	}
	for name, body := range map[string]string{
		"deep":        deep,
		"deep base64": nested,
		"long":        `{"x":"` + strings.Repeat("x", 1<<20) + `","password":"hunter2"}`,
		"zipped":      in64(zipped.Bytes()),
	} {
		raw := logEvent(t, map[string]string{"body": body}, "password")
		if name != "deep base64" { // there it is within the base64 that is left
			require.Contains(t, raw, "[REDACTED]", name)
		}
		require.NotContains(t, raw, "hunter2", name)
		require.NotContains(t, raw, body, name)
	}
	raw := logEvent(t, awsevents.APIGatewayV2HTTPRequest{Body: in64([]byte("\x00\x01\x02 brotli\xff\xfe")), IsBase64Encoded: true}, "password")
	require.Contains(t, raw, `"body":"[REDACTED]","isBase64Encoded":true`)

	// A body made to be slow is not: what takes time by its square takes hours here.
	for _, body := range []string{
		strings.Repeat("a=", 1<<19), strings.Repeat(`":`, 1<<19), strings.Repeat("a%=", 1<<18), strings.Repeat(`{"a":`, 1<<17),
		strings.Repeat("[", 1<<19) + "=", strings.Repeat(`password=`, 1<<16), strings.Repeat(`{"password":"x"} `, 1<<15), strings.Repeat(`\"password\":{`, 1<<15) + "{",
	} {
		logEvent(t, map[string]string{"body": body}, "password")
	}
}

func TestCredentialsOfAnEventAreNotWritten(t *testing.T) {
	clean(t)
	const token = "Bearer s3cr3t"
	for name, raw := range map[string]string{
		"token authorizer": logEvent(t, awsevents.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: token}),
		"request authorizer": logEvent(t, awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{
			Headers: map[string]string{"authorization": token}, MultiValueHeaders: map[string][]string{"AUTHORIZATION": {token}},
		}),
		"HTTP API authorizer":    logEvent(t, awsevents.APIGatewayV2CustomAuthorizerV2Request{IdentitySource: []string{token}, Headers: map[string]string{"Authorization": token}}),
		"REST API":               logEvent(t, awsevents.APIGatewayProxyRequest{Headers: map[string]string{"Authorization": token, "Cookie": token, "X-Api-Key": token, "Proxy-Authorization": token}}),
		"HTTP API":               logEvent(t, awsevents.APIGatewayV2HTTPRequest{Cookies: []string{token}, RawQueryString: "access_token=s3cr3t"}),
		"raw":                    logEvent(t, json.RawMessage(`{"type":"TOKEN","authorizationToken":"s3cr3t","x":"{\"Authorization\":\"s3cr3t\"}"}`)),
		"with keys of one's own": logEvent(t, awsevents.APIGatewayProxyRequest{Headers: map[string]string{"Authorization": token}}, "password"),
	} {
		require.NotContains(t, raw, "s3cr3t", name)
		require.Contains(t, raw, "[REDACTED]", name)
	}
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		log.Info("m", zap.Any("headers", map[string]string{"Authorization": token, "Accept": "*/*"}), zap.String("authorizationToken", token))
	}, func(o *observe.Options) { o.Redact = []string{"password"} })
	observetest.RequireLog(t, rec, "INFO", "m", "headers.Authorization=[REDACTED]", "headers.Accept=*/*", "authorizationToken=[REDACTED]")
}

// A message and an error may have a body in them.
func TestRedactionOfTexts(t *testing.T) {
	clean(t)
	for _, format := range []observe.Format{observe.FormatJSON, observe.FormatText} {
		var out strings.Builder
		handler := observe.EventHandler("svc", func(ctx context.Context, _ order) error {
			observe.Logger(ctx).Info(login, zap.String("dsn", "host=h password=hunter2 port=1"))
			observe.SetProperty(ctx, "body", login)
			ordersPlaced.Add(ctx, 1, "web")
			return fmt.Errorf("decode %s: no", login)
		}, func(o *observe.Options) { o.Output, o.Format, o.Redact = &out, format, []string{"password"} })
		require.Error(t, handler(t.Context(), order{}))
		require.NotContains(t, out.String(), "hunter2")
		require.Contains(t, out.String(), "host=h password=[REDACTED] port=1")
	}
}

// FuzzRedactText puts JSON into a text, at some depth of quotes: the value of a listed
// key is not written, whatever is before it.
func FuzzRedactText(f *testing.F) {
	f.Add("", "", uint8(0))
	f.Add("cannot decode ", " at 3", uint8(2))
	f.Add(`{"a":"\\`, `"}`, uint8(1))
	f.Add("a=b&", "&c=d", uint8(3))
	f.Add(`"`, `"`, uint8(4))
	f.Add(`"password":`, "", uint8(0))
	var line strings.Builder
	log := observe.NewLogger("s", func(o *observe.Options) { o.Output, o.Redact = &line, []string{"password"} })
	f.Fuzz(func(t *testing.T, before, after string, depth uint8) {
		if strings.Contains(before+after, "hunter2") {
			return
		}
		text := `{"password":"hunter2"}`
		for range depth % 5 {
			text = quoted(t, text, 1)
		}
		line.Reset()
		log.Info("m", zap.String("v", before+text+after))
		require.NotContains(t, line.String(), "hunter2")
		require.True(t, json.Valid([]byte(line.String())), line.String())
	})
}
