package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// A slice of the Lambda API.
type invokeInput struct {
	FunctionName   string `location:"uri"`
	Qualifier      string `location:"querystring,Qualifier"`
	InvocationType string `location:"header,X-Amz-Invocation-Type"`
	LogType        string `location:"header,X-Amz-Log-Type"`
	Payload        []byte `location:"payload"`
}

type invokeOutput struct {
	StatusCode      int    `location:"statusCode"`
	FunctionError   string `location:"header,X-Amz-Function-Error"`
	ExecutedVersion string `location:"header,X-Amz-Executed-Version"`
	Payload         []byte `location:"payload"`
}

type listFunctionsInput struct {
	MaxItems        *int   `location:"querystring"`
	Marker          string `location:"querystring"`
	FunctionVersion string `location:"querystring"`
}

type listFunctionsOutput struct {
	Functions  []functionConfiguration
	NextMarker string `json:",omitempty"`
}

type functionConfiguration struct {
	FunctionName string
	MemorySize   int
	Environment  *environment `json:",omitempty"`
}

type environment struct{ Variables map[string]string }

type updateConfigurationInput struct {
	FunctionName string `location:"uri"`
	MemorySize   int
	Environment  *environment
}

type tagResourceInput struct {
	Resource string `location:"uri"`
	Tags     map[string]string
}

type untagResourceInput struct {
	Resource string   `location:"uri"`
	TagKeys  []string `location:"querystring,tagKeys"`
}

type mappingInput struct {
	EventSourceArn            string
	FunctionName              string
	BatchSize                 int
	StartingPositionTimestamp *wire.Timestamp
}

type mappingOutput struct {
	UUID         string
	BatchSize    int
	LastModified wire.Timestamp
}

type noOutput struct{}

func lambdaServer(tb wire.TB) *wire.Server {
	echo := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	return wire.NewServer(tb, wire.Service{
		Name: "lambda",
		Protocol: wire.RESTJSON(func(o *wire.RESTOptions) {
			o.MessageKey, o.ErrorType = "Message", true
			o.Statuses = map[string]int{"ResourceNotFoundException": 404, "TooManyRequestsException": 429}
		}),
		Operations: []wire.Operation{
			wire.HandleREST("Invoke", "POST /2015-03-31/functions/{FunctionName}/invocations", func(_ context.Context, in *invokeInput) (*invokeOutput, error) {
				if in.FunctionName == "gone" {
					return nil, &wire.Error{Code: "ResourceNotFoundException", Message: "Function not found: gone"}
				}
				if in.InvocationType == "Event" {
					return &invokeOutput{StatusCode: 202}, nil
				}
				return &invokeOutput{FunctionError: in.Qualifier, ExecutedVersion: in.FunctionName, Payload: in.Payload}, nil
			}),
			wire.HandleREST("ListFunctions", "GET /2015-03-31/functions", func(_ context.Context, in *listFunctionsInput) (*listFunctionsOutput, error) {
				return &listFunctionsOutput{Functions: []functionConfiguration{{FunctionName: "f", MemorySize: 128, Environment: &environment{map[string]string{"a": "b"}}}}, NextMarker: echo(in)}, nil
			}),
			wire.HandleREST("UpdateFunctionConfiguration", "PUT /2015-03-31/functions/{FunctionName}/configuration", func(_ context.Context, in *updateConfigurationInput) (*functionConfiguration, error) {
				return &functionConfiguration{in.FunctionName, in.MemorySize, in.Environment}, nil
			}),
			wire.HandleREST("TagResource", "POST /2017-03-31/tags/{Resource} 204", func(_ context.Context, in *tagResourceInput) (*noOutput, error) {
				if in.Resource != "arn:aws:lambda:eu-west-1:1:function:f" || in.Tags["k/é"] != "v" {
					return nil, &wire.Error{Code: "InvalidParameterValueException", Message: echo(in)}
				}
				return nil, nil
			}),
			wire.HandleREST("UntagResource", "DELETE /2017-03-31/tags/{Resource} 204", func(_ context.Context, in *untagResourceInput) (*noOutput, error) {
				return nil, &wire.Error{Code: "InvalidParameterValueException", Message: strings.Join(in.TagKeys, " ")}
			}),
			wire.HandleREST("CreateEventSourceMapping", "POST /2015-03-31/event-source-mappings 202", func(_ context.Context, in *mappingInput) (*mappingOutput, error) {
				return &mappingOutput{UUID: in.FunctionName + in.EventSourceArn, BatchSize: in.BatchSize, LastModified: *in.StartingPositionTimestamp}, nil
			}),
		},
	})
}

func lambdaClient(s *wire.Server) *lambda.Client {
	cfg := config(s)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return lambda.NewFromConfig(cfg)
}

func TestRESTJSON(t *testing.T) {
	s := lambdaServer(t)
	client, ctx := lambdaClient(s), t.Context()
	invoked, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("arn:f/é 1"), Qualifier: aws.String("a&b=+"), Payload: []byte("\x00{\xff")})
	require.NoError(t, err)
	require.Equal(t, "\x00{\xff", string(invoked.Payload))
	require.Equal(t, "a&b=+", *invoked.FunctionError)
	require.Equal(t, "arn:f/é 1", *invoked.ExecutedVersion)
	require.EqualValues(t, 200, invoked.StatusCode)
	event, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: "Event"})
	require.NoError(t, err)
	require.EqualValues(t, 202, event.StatusCode)
	require.Nil(t, event.FunctionError)

	listed, err := client.ListFunctions(ctx, &lambda.ListFunctionsInput{MaxItems: aws.Int32(7), Marker: aws.String("ü")})
	require.NoError(t, err)
	require.Equal(t, `{"MaxItems":7,"Marker":"ü","FunctionVersion":""}`, *listed.NextMarker)
	require.Equal(t, map[string]string{"a": "b"}, listed.Functions[0].Environment.Variables)

	updated, err := client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), MemorySize: aws.Int32(512), Environment: &lambdatypes.Environment{Variables: map[string]string{"x": "<y>"}},
	})
	require.NoError(t, err)
	require.Equal(t, "f 512 map[x:<y>]", fmt.Sprint(*updated.FunctionName, " ", *updated.MemorySize, " ", updated.Environment.Variables))

	_, err = client.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String("arn:aws:lambda:eu-west-1:1:function:f"), Tags: map[string]string{"k/é": "v"}})
	require.NoError(t, err)
	_, err = client.UntagResource(ctx, &lambda.UntagResourceInput{Resource: aws.String("f"), TagKeys: []string{"a b", "c,d"}})
	require.ErrorContains(t, err, "InvalidParameterValueException: a b c,d")

	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	mapping, err := client.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("f"), EventSourceArn: aws.String("-a"), BatchSize: aws.Int32(10), StartingPositionTimestamp: &at,
	})
	require.NoError(t, err)
	require.Equal(t, "f-a", *mapping.UUID)
	require.Equal(t, at, mapping.LastModified.UTC())
	require.Len(t, s.Calls("Invoke"), 2)
	require.Equal(t, "210987654321", s.Calls("CreateEventSourceMapping")[0].Account)
}

func TestRESTJSONErrors(t *testing.T) {
	s := lambdaServer(t)
	client, ctx := lambdaClient(s), t.Context()
	_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("gone")})
	var missing *lambdatypes.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "Function not found: gone", missing.ErrorMessage())
	require.Equal(t, "User", *missing.Type)
	require.ErrorContains(t, err, "StatusCode: 404")

	s.Fail("Invoke", &lambdatypes.TooManyRequestsException{Message: aws.String("Rate Exceeded.")})
	_, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
	var many *lambdatypes.TooManyRequestsException
	require.ErrorAs(t, err, &many)
	require.ErrorContains(t, err, "StatusCode: 429")

	_, err = client.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String("f")})
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "UnknownOperationException", refused.ErrorCode())
	require.Contains(t, refused.ErrorMessage(), "GET /2015-03-31/functions/f/policy")
}

// ask sends a signed request of a REST service and returns status and body.
func askREST(s http.Handler, service, request, body string, headers ...string) (int, string) {
	method, target, _ := strings.Cut(request, " ")
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/"+service+"/", 1))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestRESTRefusesWhatItHasNoFieldFor(t *testing.T) {
	s := lambdaServer(t)
	for _, test := range []struct {
		request, body string
		headers       []string
		want          string
	}{
		{"POST /2015-03-31/functions/f/invocations", "", []string{"X-Amz-Tenant-Id: t", "X-Amz-Client-Context: c"}, "the member X-Amz-Client-Context, X-Amz-Tenant-Id of Invoke is not simulated"},
		{"POST /2015-03-31/functions/f/invocations", "", []string{"If-Match: t"}, "the member If-Match of Invoke is not simulated"},
		{"POST /2015-03-31/functions/f/invocations?qualifier=1&Other", "", nil, "the member Other, qualifier of Invoke is not simulated"},
		{"PUT /2015-03-31/functions/f/configuration", `{"FunctionName":"g"}`, nil, "the member FunctionName of UpdateFunctionConfiguration is not simulated"},
		{"PUT /2015-03-31/functions/f/configuration", `{"memorySize":1,"Environment":{"Variable":{}}}`, nil, "the member Environment.Variable, memorySize of UpdateFunctionConfiguration is not simulated"},
		{"GET /2015-03-31/functions?MaxItems=x", "", nil, "STRING_VALUE cannot be converted to Integer"},
		{"GET /2015-03-31/functions?Marker=x&Marker=y", "", nil, "STRING_VALUE cannot be converted to String"},
		{"GET /2015-03-31/functions?Marker=%ff", "", nil, "STRING_VALUE cannot be converted to String"},
		{"GET /2015-03-31/functions?Marker=%zz", "", nil, "The query string is not valid"},
		{"GET /2015-03-31/functions", `{"A":1}`, nil, "the member A of ListFunctions is not simulated"},
		{"PUT /2015-03-31/functions/f/configuration", `null`, nil, ""},
		{"PUT /2015-03-31/functions/f/configuration", `{"MemorySize":"a"}`, nil, "STRING_VALUE cannot be converted to Integer"},
		{"PUT /2015-03-31/functions/%ff/configuration", ``, nil, "STRING_VALUE cannot be converted to String"},
		{"PUT /2015-03-31/functions//configuration", ``, nil, "PUT /2015-03-31/functions//configuration is not simulated"},
		{"PATCH /2015-03-31/functions/f/configuration", ``, nil, "PATCH /2015-03-31/functions/f/configuration is not simulated"},
	} {
		status, body := askREST(s, "lambda", test.request, test.body, test.headers...)
		require.GreaterOrEqual(t, status, 400, test.request)
		var answer struct{ Message, Type string }
		require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
		require.Equal(t, "User", answer.Type)
		require.Contains(t, answer.Message, test.want, test.request)
	}
	status, body := askREST(s, "lambda", "POST /2015-03-31/functions/f/invocations", "{}",
		"X-Amz-Date: d", "X-Amz-Content-Sha256: s", "X-Amz-Security-Token: t", "Amz-Sdk-Invocation-Id: i", "Amz-Sdk-Request: attempt=1",
		"X-Amz-User-Agent: u", "X-Amzn-Trace-Id: r", "X-Amz-Sdk-Checksum-Algorithm: CRC32", "X-Amz-Checksum-Crc32: c", "Content-Type: text/plain", "Accept: */*")
	require.Equal(t, 200, status, body)
}
