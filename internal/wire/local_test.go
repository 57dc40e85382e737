package wire_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

func send(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(`{"QueueName":"q"}`))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestLocal(t *testing.T) {
	fakes, functions := newServer(t), lambdaServer(t)
	resets := 0
	local := &wire.Local{Servers: []*wire.Server{fakes, functions}, Reset: func() { resets++ }, About: "this is a test"}
	const target = "X-Amz-Target: AmazonSQS.GetQueueUrl"
	require.Equal(t, http.StatusOK, send(local, "POST", "/", target).Code)
	require.Equal(t, http.StatusOK, send(local, "POST", "/2015-03-31/functions/f/invocations", "Authorization: "+strings.Replace(snsScope, "/sns/", "/lambda/", 1)).Code)
	require.Equal(t, http.StatusNotFound, send(local, "GET", "/nothing", "Authorization: "+strings.Replace(snsScope, "/sns/", "/lambda/", 1)).Code)

	health := send(local, "GET", "/_local/health")
	require.JSONEq(t, `{"status":"ok","services":["lambda","sns","sqs"]}`, health.Body.String())
	calls := func(query string) (out []map[string]any) {
		w := send(local, "GET", "/_local/calls"+query)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body.String())
		return out
	}
	all := calls("")
	require.Len(t, all, 3)
	require.Equal(t, "GetQueueUrl", all[0]["operation"])
	require.Equal(t, []any{"arn:aws:sqs:us-east-1:123456789012:q"}, all[0]["resources"])
	require.Equal(t, "", all[0]["outcome"])
	require.Len(t, calls("?service=lambda"), 2)
	require.Len(t, calls("?service=lambda&operation=Invoke"), 1)
	require.Len(t, calls("?service=lambda&outcome="), 1)
	require.Equal(t, "UnknownOperationException", calls("?outcome=UnknownOperationException")[0]["outcome"])
	require.Empty(t, calls("?service=dynamodb"))
	require.Equal(t, http.StatusBadRequest, send(local, "GET", "/_local/calls?opration=Invoke").Code)

	fakes.Throttle("GetQueueUrl")
	require.Equal(t, http.StatusNoContent, send(local, "POST", "/_local/reset").Code)
	require.Equal(t, 1, resets)
	require.Empty(t, calls(""))
	require.Equal(t, http.StatusOK, send(local, "POST", "/", target).Code, "the fault is dropped")

	for _, request := range []string{"GET /_local/reset", "POST /_local/calls", "DELETE /_local/health"} {
		method, path, _ := strings.Cut(request, " ")
		require.Equal(t, http.StatusMethodNotAllowed, send(local, method, path).Code, request)
	}
	require.Equal(t, http.StatusNotFound, send(local, "GET", "/_local/other").Code)
	require.Equal(t, 1, resets)

	require.Equal(t, "this is a test\n", send(local, "GET", "/").Body.String())
	require.Contains(t, send(local, "GET", "/?Action=Publish").Body.String(), "not signed")
	require.Contains(t, send(local, "GET", "/other").Body.String(), "not signed")
	require.Contains(t, send(local, "POST", "/").Body.String(), "not signed")
	require.NotContains(t, send(local, "GET", "/", "Authorization: "+snsScope).Body.String(), "this is a test")
}

// A page that somebody reads must not reach the fakes of the same machine.
// A page of a name that a stranger has pointed at this machine reads nothing.
func TestLocalRefusesNamesOfStrangers(t *testing.T) {
	local := &wire.Local{Servers: []*wire.Server{newServer(t)}}
	for host, refused := range map[string]bool{
		"localhost:4566": false, "127.0.0.1:4566": false, "[::1]:4566": false, "192.168.0.7": false, "localaws:4566": false,
		"host.docker.internal:4566": false, "bucket.localhost:4566": false, "laptop.local": false,
		"bucket.s3.us-east-1.amazonaws.com": false,
		"example.com":                       false, // as httptest.NewRequest has it
		"rebind.attacker.io:4566":           true, "ATTACKER.IO.": true, "127.0.0.1.nip.io": true, "localhost.attacker.io": true,
	} {
		r := httptest.NewRequest(http.MethodGet, "/_local/calls", nil)
		r.Host = host
		w := httptest.NewRecorder()
		local.ServeHTTP(w, r)
		require.Equal(t, refused, w.Code == http.StatusForbidden, host)
	}
}

func TestLocalRefusesOtherSites(t *testing.T) {
	reset := 0
	local := &wire.Local{Servers: []*wire.Server{newServer(t)}, Reset: func() { reset++ }, About: "a test"}
	presigned := "POST /?Action=DeleteTopic&TopicArn=a&X-Amz-Credential=AKID/20260101/us-east-1/sns/aws4_request"
	for _, test := range []struct {
		request, header string
		refused         bool
	}{
		{"POST /_local/reset", "Origin: https://example.com", true},
		{"POST /_local/reset", "Origin: http://127.0.0.1.example.com", true},
		{"POST /_local/reset", "Origin: http://localhost.example.com:4566", true},
		{"POST /_local/reset", "Origin: null", true},
		{"POST /_local/reset", "Origin: :", true},
		{"POST /_local/reset", "Sec-Fetch-Site: cross-site", true},
		{presigned, "Origin: https://example.com", true},
		{strings.Replace(presigned, "POST", "GET", 1), "Sec-Fetch-Site: cross-site", true},
		{"GET /_local/calls", "Origin: https://example.com", true},
		{"POST /_local/reset", "Origin: http://localhost:3000", false},
		{"POST /_local/reset", "Origin: http://127.0.0.1:4566", false},
		{"POST /_local/reset", "Origin: http://[::1]:80", false},
		{"POST /_local/reset", "Origin: https://app.localhost", false},
		{"POST /_local/reset", "Sec-Fetch-Site: same-origin", false},
		{"POST /_local/reset", "Accept: */*", false},
		{presigned, "Accept: */*", false},
	} {
		method, target, _ := strings.Cut(test.request, " ")
		require.Equal(t, test.refused, send(local, method, target, test.header).Code == http.StatusForbidden, test)
	}
	require.Equal(t, 6, reset)
	require.Equal(t, "a test\n", send(local, "GET", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate").Body.String())
}
