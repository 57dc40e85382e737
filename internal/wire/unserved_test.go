package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// Whoever uses a client whose service is not joined is told which fake to
// join, by the call and by the test log.
func TestAServiceThatIsNotJoined(t *testing.T) {
	log := &logTB{TB: t}
	cfg := config(newServer(log)) // of SQS and SNS
	cfg.HTTPClient = wire.Join(cfg.HTTPClient, newServer(log))
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	ctx := t.Context()
	for fake, call := range map[string]func() error{
		`"dynamodb" (operation "ListTables") dynamotest.New(t).Join(cfg)`: func() error {
			_, err := dynamodb.NewFromConfig(cfg).ListTables(ctx, nil)
			return err
		},
		`"dynamodb" (operation "ListStreams") dynamotest.New(t).Join(cfg)`: func() error {
			_, err := dynamodbstreams.NewFromConfig(cfg).ListStreams(ctx, nil)
			return err
		},
		`"events" (operation "ListRules") eventstest.New(t).Join(cfg)`: func() error {
			_, err := eventbridge.NewFromConfig(cfg).ListRules(ctx, nil)
			return err
		},
		`"states" (operation "ListStateMachines") stepfntest.New(t).Join(cfg)`: func() error {
			_, err := sfn.NewFromConfig(cfg).ListStateMachines(ctx, nil)
			return err
		},
		`"secretsmanager" (operation "GetSecretValue") authorizertest.NewSecretsManager(t).Join(cfg)`: func() error {
			_, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("a")})
			return err
		},
		`"lambda" (operation "Invoke") lambdatest.New(t).Join(cfg)`: func() error {
			_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"a":1}`)})
			return err
		},
	} {
		t.Run(fake, func(t *testing.T) {
			service, join, _ := strings.Cut(fake, ") ")
			log.lines = nil
			err := call()
			for _, text := range []string{service, "Join", join} {
				require.ErrorContains(t, err, text)
				require.ErrorContains(t, err, "StatusCode: 400")
				require.Len(t, log.lines, 1)
				require.Contains(t, log.lines[0], text)
			}
		})
	}
}

// Nobody can join at the other end of a port.
func TestAServiceThatThePortDoesNotHave(t *testing.T) {
	port := httptest.NewServer(newServer(t).Handler())
	defer port.Close()
	cfg := config(newServer(nil))
	cfg.HTTPClient, cfg.BaseEndpoint = port.Client(), &port.URL
	_, err := eventbridge.NewFromConfig(cfg).ListRules(t.Context(), nil)
	require.ErrorContains(t, err, `the service "events" (operation "ListRules") is not simulated`)
	require.NotContains(t, err.Error(), "Join")
}

// A service of another protocol is refused in that protocol, so that its
// client reads code and text.
func TestRefusalsOfOtherProtocols(t *testing.T) {
	cfg := config(newServer(t))
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	for what, call := range map[string]func() error{
		`the service "s3" (operation "GetObject", GET /b/key) is not simulated`: func() error {
			_, err := s3.NewFromConfig(cfg).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("key")})
			return err
		},
	} {
		var refused smithy.APIError
		require.ErrorAs(t, call(), &refused, what)
		require.Equal(t, wire.CodeNotSimulated, refused.ErrorCode())
		require.Equal(t, what, refused.ErrorMessage())
	}
}

func TestRefusalsOnTheWire(t *testing.T) {
	s := newServer(t)
	scope := func(service string) string { return strings.Replace(snsScope, "/sns/", "/"+service+"/", 1) }
	for name, test := range map[string]struct {
		service, method, url, contentType, body string
		wantType, want                          string
	}{
		"scheduler":    {"scheduler", "POST", "/schedules/a", "application/json", `{"ScheduleExpression":"rate(1 day)&Action=x"}`, "application/json", `{"__type":"NotSimulated","message":"the service \"scheduler\" (operation \"CreateSchedule\", POST /schedules/a) is not simulated"}`},
		"API Gateway":  {"apigateway", "GET", "/restapis", "", "", "application/json", `{"__type":"NotSimulated","message":"the service \"apigateway\" (operation \"GetRestApis\", GET /restapis) is not simulated"}`},
		"binary body":  {"bedrock", "POST", "/model/m/invoke", "application/json", "\xff%zz&&;", "application/json", `(operation \"InvokeModel\", POST /model/m/invoke)`},
		"long path":    {"bedrock", "GET", "/" + strings.Repeat("a", 100_000), "", "", "application/json", `aaaa…`},
		"S3":           {"s3", "PUT", "/b/k", "application/xml", "&Action=x", "application/xml", `<Error><Code>NotSimulated</Code><Message>the service &#34;s3&#34; (operation &#34;PutObject&#34;, PUT /b/k) is not simulated</Message>`},
		"Route 53":     {"route53", "GET", "/2013-04-01/hostedzone", "", "", "text/xml", `<Error><Type>Sender</Type><Code>NotSimulated</Code>`},
		"STS":          {"sts", "POST", "/", "application/x-www-form-urlencoded", "Action=GetCallerIdentity&Version=2011-06-15", "text/xml", `<Message>the service &#34;sts&#34; (operation &#34;GetCallerIdentity&#34;) is not simulated</Message>`},
		"STS by GET":   {"sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "", "", "text/xml", `GetCallerIdentity`},
		"Lambda":       {"lambda", "POST", "/2015-03-31/functions/f/invocations?Qualifier=1", "application/x-www-form-urlencoded", `{"Action":1}&Action=x`, "application/json", `(operation \"Invoke\", POST /2015-03-31/functions/f/invocations)`},
		"pipes":        {"pipes", "POST", "/v1/pipes/a/start", "", "", "application/json", `(operation \"StartPipe\", POST /v1/pipes/a/start)`},
		"schemas":      {"schemas", "GET", "/v1/registries/name/r/schemas", "", "", "application/json", `(operation \"ListSchemas\", GET`},
		"connections":  {"execute-api", "POST", "/@connections/abc%3D", "", "data", "application/json", `(operation \"PostToConnection\", POST`},
		"HTTP APIs":    {"apigateway", "GET", "/v2/apis", "", "", "application/json", `(operation \"GetApis\", GET /v2/apis)`},
		"mail":         {"ses", "POST", "/v2/email/outbound-emails", "application/json", "{}", "application/json", `(operation \"SendEmail\", POST`},
		"old mail":     {"ses", "POST", "/", "application/x-www-form-urlencoded", "Action=SendEmail", "text/xml", `(operation &#34;SendEmail&#34;)`},
		"copy":         {"s3", "PUT", "http://b.s3.eu-west-1.amazonaws.com/k?tagging", "", "", "application/xml", `(operation &#34;PutObjectTagging&#34;, PUT /b/k)`},
		"list buckets": {"s3", "GET", "/", "", "", "application/xml", `(operation &#34;ListBuckets&#34;, GET /)`},
		"no operation": {"lambda", "GET", "/2015-03-31/nothing", "", "", "application/json", `the service \"lambda\" (GET /2015-03-31/nothing)`},
		"an Action":    {"lambda", "GET", "/2015-03-31/functions?Action=x", "", "", "application/json", `(operation \"ListFunctions\", GET /2015-03-31/functions)`},
		"nobody's GET": {"", "GET", "/health", "", "", "application/json", `the request is not signed, so that the service of GET /health is not known`},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.url, strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.contentType)
			if test.service != "" {
				r.Header.Set("Authorization", scope(test.service))
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Equal(t, test.wantType, w.Header().Get("Content-Type"))
			require.Contains(t, w.Body.String(), test.want)
			require.Less(t, w.Body.Len(), 1_000)
			if test.wantType == "application/json" {
				require.Equal(t, wire.CodeNotSimulated, w.Header().Get("X-Amzn-Errortype"))
			}
		})
	}
}

// Services whose target names the operation.
func TestRefusalsOfTargets(t *testing.T) {
	for service, target := range map[string]string{"ssm": "AmazonSSM.GetParameter", "logs": "Logs_20140328.PutLogEvents", "kinesis": "Kinesis_20131202.PutRecord"} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/"+service+"/", 1))
		r.Header.Set("X-Amz-Target", target)
		w := httptest.NewRecorder()
		newServer(t).ServeHTTP(w, r)
		_, operation, _ := strings.Cut(target, ".")
		require.Contains(t, w.Body.String(), `the service \"`+service+`\" (operation \"`+operation+`\") is not simulated`)
	}
}

func TestRefusalInCBOR(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/service/GraniteServiceVersion20100801/operation/PutMetricData", strings.NewReader("\xa0"))
	r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/monitoring/", 1))
	w := httptest.NewRecorder()
	newServer(t).ServeHTTP(w, r)
	require.Equal(t, "application/cbor", w.Header().Get("Content-Type"))
	require.Equal(t, "rpc-v2-cbor", w.Header().Get("Smithy-Protocol"))
	require.Equal(t, "\xa2\x7a\x00\x00\x00\x06__type\x7a\x00\x00\x00\x1baws.patternkit#NotSimulated", w.Body.String()[:44])
	require.Contains(t, w.Body.String(), `the service "monitoring" (operation "PutMetricData", POST /service/GraniteServiceVersion20100801/operation/PutMetricData) is not simulated`)
}
