package authorizertest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// answering is a function that answers the same to everybody, and keeps the events.
func answering(out string, events *[]string) authorizertest.Function {
	return func(_ context.Context, payload []byte) ([]byte, error) {
		if events != nil {
			*events = append(*events, string(payload))
		}
		return []byte(out), nil
	}
}

// member looks up what stands at a path of members in JSON.
func member(t *testing.T, document, path string) (any, bool) {
	t.Helper()
	var at any
	require.NoError(t, json.Unmarshal([]byte(document), &at))
	for _, name := range strings.Split(path, "/") {
		object, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = object[name]; !ok {
			return nil, false
		}
	}
	return at, true
}

// members are the paths of all members of JSON, but for those below maps that a caller fills.
func members(prefix string, at any) (paths []string) {
	object, ok := at.(map[string]any)
	name := prefix[strings.LastIndex(prefix, "/")+1:]
	if !ok || strings.HasSuffix(name, "eaders") || strings.HasSuffix(name, "arameters") || strings.HasSuffix(name, "ariables") || name == "authorizer" {
		return []string{prefix}
	}
	for name, value := range object {
		paths = append(paths, members(strings.TrimPrefix(prefix+"/"+name, "/"), value)...)
	}
	return paths
}

// samples is the directory of the sample events of aws-lambda-go.
var samples = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go/events").Output()
	return filepath.Join(strings.TrimSpace(string(out)), "testdata"), err
})

// sample returns the paths of the members of a sample event.
func sample(t *testing.T, name string) []string {
	t.Helper()
	directory, err := samples()
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(directory, name))
	require.NoError(t, err)
	var event any
	require.NoError(t, json.Unmarshal(data, &event))
	return members("", event)
}

func send(t *testing.T, handler http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestRESTEventOfAnHTTPRequest(t *testing.T) {
	var events []string
	api := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /hello/{proxy+}", answering(`{"statusCode":200}`, &events))},
		func(o *authorizertest.APIOptions) {
			o.Stage, o.StageInPath, o.Variables = "test", true, map[string]string{"color": "blue"}
			o.BinaryMediaTypes = []string{"image/*"}
		})
	w := send(t, api, "POST", "http://api.example.com:8080/test/hello/wor%20ld/?name=me&name=you%21&flag;x=1", `{"a":1}`,
		"Content-Type", "application/json", "X-Two", "one", "X-Two", "two", "User-Agent", "curl/8", "Cookie", "a=1", "Connection", "close", "X-Forwarded-For", "10.0.0.1")
	require.Equal(t, 200, w.Code)
	for path, want := range map[string]any{
		"resource":                          "/hello/{proxy+}",
		"path":                              "/hello/wor%20ld/",
		"httpMethod":                        "POST",
		"headers/Content-Type":              "application/json",
		"headers/X-Two":                     "two",
		"headers/Host":                      "api.example.com:8080",
		"headers/Cookie":                    "a=1",
		"headers/X-Forwarded-For":           "10.0.0.1, 192.0.2.1",
		"headers/X-Forwarded-Port":          "8080",
		"headers/X-Forwarded-Proto":         "http",
		"headers/X-Amzn-Trace-Id":           w.Header().Get("X-Amzn-Trace-Id"),
		"multiValueHeaders/X-Two":           []any{"one", "two"},
		"queryStringParameters":             map[string]any{"name": "you!", "flag": "", "x": "1"},
		"multiValueQueryStringParameters":   map[string]any{"name": []any{"me", "you!"}, "flag": []any{""}, "x": []any{"1"}},
		"pathParameters":                    map[string]any{"proxy": "wor%20ld"},
		"stageVariables":                    map[string]any{"color": "blue"},
		"body":                              `{"a":1}`,
		"isBase64Encoded":                   false,
		"requestContext/accountId":          "123456789012",
		"requestContext/apiId":              "api1234567",
		"requestContext/stage":              "test",
		"requestContext/path":               "/test/hello/wor%20ld/",
		"requestContext/resourcePath":       "/hello/{proxy+}",
		"requestContext/httpMethod":         "POST",
		"requestContext/protocol":           "HTTP/1.1",
		"requestContext/domainName":         "api.example.com:8080",
		"requestContext/domainPrefix":       "api",
		"requestContext/requestId":          w.Header().Get("x-amzn-RequestId"),
		"requestContext/extendedRequestId":  w.Header().Get("x-amz-apigw-id"),
		"requestContext/identity/sourceIp":  "192.0.2.1",
		"requestContext/identity/userAgent": "curl/8",
	} {
		got, found := member(t, events[0], path)
		require.True(t, found, path)
		require.Equal(t, want, got, path)
	}
	for _, absent := range []string{"headers/Connection", "headers/Content-Length", "multiValueHeaders/Connection"} {
		_, found := member(t, events[0], absent)
		require.False(t, found, absent)
	}
	requestTime, _ := member(t, events[0], "requestContext/requestTime")
	_, err := time.Parse("02/Jan/2006:15:04:05 -0700", requestTime.(string))
	require.NoError(t, err)

	send(t, api, "POST", "/test/hello/x", "", "X-Amzn-Trace-Id", "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c")
	for _, null := range []string{"queryStringParameters", "multiValueQueryStringParameters", "body"} {
		got, found := member(t, events[1], null)
		require.True(t, found, null)
		require.Nil(t, got, null)
	}
	trace, _ := member(t, events[1], "headers/X-Amzn-Trace-Id")
	require.Equal(t, "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c", trace)
	one, _ := member(t, events[0], "requestContext/resourceId")
	two, _ := member(t, events[1], "requestContext/resourceId")
	require.Equal(t, one, two)
	require.Len(t, one, 6)

	send(t, api, "POST", "/test/hello/x", "\x00\xff", "Content-Type", "image/png")
	body, _ := member(t, events[2], "body")
	require.Equal(t, base64.StdEncoding.EncodeToString([]byte("\x00\xff")), body)
	encoded, _ := member(t, events[2], "isBase64Encoded")
	require.Equal(t, true, encoded)
}

// Every member of the sample event is there, but for those of features that no request here has.
func TestRESTEventHasTheMembersOfTheSample(t *testing.T) {
	var events []string
	api := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /{proxy+}", answering(`{"statusCode":200}`, &events))})
	send(t, api, "POST", "/hello/world", "{}")
	for _, path := range sample(t, "apigw-request.json") {
		if identity, is := strings.CutPrefix(path, "requestContext/identity/"); is && identity != "sourceIp" && identity != "userAgent" {
			continue // of IAM, API keys and client certificates
		}
		_, found := member(t, events[0], path)
		require.True(t, found, path)
	}
}

func TestRESTAnswerBecomesHTTP(t *testing.T) {
	jpeg := base64.StdEncoding.EncodeToString([]byte("\xff\xd8"))
	const failure = `{"message": "Internal server error"}`
	cases := map[string]struct {
		out, accept  string
		status       int
		body         string
		contentType  string
		other, value string
	}{
		"defaults":                   {`{"statusCode":201,"body":"x"}`, "", 201, "x", "application/json", "", ""},
		"own type":                   {`{"statusCode":200,"headers":{"content-type":"text/html"},"body":"<p>"}`, "", 200, "<p>", "text/html", "", ""},
		"several values":             {`{"statusCode":200,"headers":{"x-a":"3","x-b":"1"},"multiValueHeaders":{"X-A":["1","2"],"X-B":["1"]}}`, "", 200, "", "application/json", "X-A", "1|2|3"},
		"the same value counts once": {`{"statusCode":200,"headers":{"x-b":"1"},"multiValueHeaders":{"X-B":["1","2"]}}`, "", 200, "", "application/json", "X-B", "1|2"},
		"two spellings":              {`{"statusCode":200,"headers":{"x-a":"2","X-a":"1"},"multiValueHeaders":{"x-A":["4"],"X-A":["3"]}}`, "", 200, "", "application/json", "X-A", "3|4|1|2"},
		"remapped":                   {`{"statusCode":401,"headers":{"WWW-Authenticate":"Basic"}}`, "", 401, "", "application/json", "X-Amzn-Remapped-Www-Authenticate", "Basic"},
		"binary":                     {`{"statusCode":200,"headers":{"content-type":"image/jpeg"},"body":"` + jpeg + `","isBase64Encoded":true}`, "image/jpeg;q=1, */*", 200, "\xff\xd8", "image/jpeg", "", ""},
		"binary, not asked for":      {`{"statusCode":200,"headers":{"content-type":"image/jpeg"},"body":"` + jpeg + `","isBase64Encoded":true}`, "*/*, image/jpeg", 200, jpeg, "image/jpeg", "", ""},
		"binary, no Accept":          {`{"statusCode":200,"headers":{"content-type":"image/jpeg"},"body":"` + jpeg + `","isBase64Encoded":true}`, "", 200, jpeg, "image/jpeg", "", ""},
		"asked for, but text":        {`{"statusCode":200,"body":"plain"}`, "image/jpeg", 200, "plain", "application/json", "", ""},
		"binary that is not base64":  {`{"statusCode":200,"body":"?","isBase64Encoded":true}`, "image/jpeg", 502, failure, "application/json", "X-Amzn-Errortype", "InternalServerErrorException"},
		"no status":                  {`{"body":"x"}`, "", 502, failure, "application/json", "", ""},
		"informational status":       {`{"statusCode":101}`, "", 502, failure, "application/json", "", ""},
		"a member too much":          {`{"statusCode":200,"cookies":["a=1"]}`, "", 502, failure, "application/json", "", ""},
		"a Go struct without tags":   {`{"StatusCode":200,"Body":"x"}`, "", 502, failure, "application/json", "", ""},
		"nothing":                    {`null`, "", 502, failure, "application/json", "", ""},
		"a body that is no text":     {`{"statusCode":200,"body":{}}`, "", 502, failure, "application/json", "", ""},
		"not an object":              {`"hello"`, "", 502, failure, "application/json", "", ""},
		"more than 6 MB":             {`{"statusCode":200,"body":"` + strings.Repeat("x", 6<<20) + `"}`, "", 502, failure, "application/json", "", ""},
		"no content":                 {`{"statusCode":204,"body":"x"}`, "", 204, "", "application/json", "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			api := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("GET /", answering(c.out, nil))},
				func(o *authorizertest.APIOptions) { o.BinaryMediaTypes = []string{"image/jpeg"} })
			server := httptest.NewServer(api)
			defer server.Close()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
			require.NoError(t, err)
			if c.accept != "" {
				r.Header.Set("Accept", c.accept)
			}
			response, err := server.Client().Do(r)
			require.NoError(t, err)
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, response.StatusCode)
			require.Equal(t, c.body, string(body))
			require.Equal(t, c.contentType, response.Header.Get("Content-Type"))
			if c.other != "" {
				require.Equal(t, c.value, strings.Join(response.Header.Values(c.other), "|"))
			}
			require.Len(t, response.Header.Get("X-Amzn-Requestid"), 36)
			require.Len(t, response.Header.Get("X-Amz-Apigw-Id"), 16)
			require.Contains(t, response.Header.Get("X-Amzn-Trace-Id"), "Root=1-")
		})
	}
}

func TestRESTBinaryMediaTypeOfEverything(t *testing.T) {
	var events []string
	api := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /", answering(`{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, &events))},
		func(o *authorizertest.APIOptions) { o.BinaryMediaTypes = []string{"*/*"} })
	w := send(t, api, "POST", "/", "text")
	require.Equal(t, "hi", w.Body.String())
	body, _ := member(t, events[0], "body")
	require.Equal(t, "dGV4dA==", body)
	for _, bad := range []string{"", "image", "image/", "/png", "image~1png", "a/b/c"} {
		require.Panics(t, func() {
			authorizertest.NewRESTAPI(t, nil, nil, func(o *authorizertest.APIOptions) { o.BinaryMediaTypes = []string{bad} })
		}, bad)
	}
}

func TestRESTLimitsOfHTTPRequests(t *testing.T) {
	api := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /", answering(`{"statusCode":200}`, nil))},
		func(o *authorizertest.APIOptions) { o.StageInPath = true })
	for name, c := range map[string]struct {
		target, body, header string
		status               int
		answer               string
	}{
		"good":                 {"/prod", "{}", "", 200, ""},
		"with a slash":         {"/prod/", "{}", "", 200, ""},
		"another stage":        {"/test/", "", "", 403, `{"message":"Forbidden"}`},
		"a longer stage":       {"/production", "", "", 403, `{"message":"Forbidden"}`},
		"no stage":             {"/", "", "", 403, `{"message":"Forbidden"}`},
		"no such route":        {"/prod/x", "", "", 403, `{"message":"Missing Authentication Token"}`},
		"10 MB and a byte":     {"/prod", strings.Repeat("x", 10<<20+1), "", 413, `{"message":"Request Too Long"}`},
		"6 MB for Lambda":      {"/prod", strings.Repeat("x", 6<<20), "", 413, `{"message":"Request Too Long"}`},
		"headers of 10,240 B":  {"/prod", "", strings.Repeat("x", 10240-len("POST/prodHTTP/1.1Hostexample.comX-Long")), 200, ""},
		"headers of one more":  {"/prod", "", strings.Repeat("x", 10241-len("POST/prodHTTP/1.1Hostexample.comX-Long")), 431, `{"message":"Request Header Fields Too Large"}`},
		"a method of no route": {"/prod/?a=1", "GET", "", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{}
			if c.header != "" {
				headers = []string{"X-Long", c.header}
			}
			w := send(t, api, "POST", c.target, c.body, headers...)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.answer, w.Body.String())
		})
	}
}

// A body that breaks off is no event.
func TestABodyThatBreaksOff(t *testing.T) {
	var events []string
	function := answering(`{"statusCode":200}`, &events)
	for _, api := range []http.Handler{
		authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /", function)}),
		authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /", function)}),
		authorizertest.NewFunctionURL(t, function),
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.MultiReader(bytes.NewReader([]byte("{")), brokenReader{}))
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		require.Equal(t, 400, w.Code)
		require.Empty(t, events)
	}
}

// Of a body that has no end, as much is read as decides.
func TestNoMoreOfABodyIsReadThanTheLimit(t *testing.T) {
	api := authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /", answering(`{}`, nil))})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.MultiReader(bytes.NewReader(make([]byte, 10<<20+1)), brokenReader{}))
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	require.Equal(t, 413, w.Code)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("gone") }

// In a bubble, 29 seconds take no time.
func TestTimeoutsOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }
		start := time.Now()
		w := send(t, authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("GET /", slow)}), "GET", "/", "")
		require.Equal(t, 504, w.Code)
		require.Equal(t, `{"message": "Endpoint request timed out"}`, w.Body.String())
		require.Equal(t, 29*time.Second, time.Since(start))
		start = time.Now()
		w = send(t, authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("GET /", slow)}), "GET", "/", "")
		require.Equal(t, 503, w.Code)
		require.JSONEq(t, `{"message":"Service Unavailable"}`, w.Body.String())
		require.Equal(t, 30*time.Second, time.Since(start))
		start = time.Now()
		w = send(t, authorizertest.NewFunctionURL(t, slow, func(o *authorizertest.FunctionURLOptions) { o.Timeout = 3 * time.Second }), "GET", "/", "")
		require.Equal(t, 504, w.Code)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

// A client that hangs up does not end the function.
func TestAClientThatHangsUp(t *testing.T) {
	for _, make := range []func(authorizertest.Function) http.Handler{
		func(f authorizertest.Function) http.Handler {
			return authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.At("GET /", f)})
		},
		func(f authorizertest.Function) http.Handler {
			return authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("GET /", f)})
		},
		func(f authorizertest.Function) http.Handler { return authorizertest.NewFunctionURL(t, f) },
	} {
		ctx, hangUp := context.WithCancel(t.Context())
		var ended error
		handler := make(func(ctx context.Context, _ []byte) ([]byte, error) {
			hangUp()
			ended = ctx.Err()
			return []byte(`{"statusCode":200}`), nil
		})
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.NoError(t, ended)
		require.Equal(t, 200, w.Code)
	}
}

func TestRoutesWithAuthorizersOfTheirOwn(t *testing.T) {
	allow := func(name string) authorizertest.Function {
		return answering(`{"principalId":"`+name+`","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}]}}`, nil)
	}
	api := authorizertest.NewTokenAuthorizer(allow("api"))
	own := authorizertest.NewRequestAuthorizer(allow("own"), func(o *authorizertest.AuthorizerOptions) {
		o.IdentitySources = []string{"method.request.header.X-Key"}
	})
	who := authorizertest.Func(func(_ context.Context, r awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		name, _ := r.RequestContext.Authorizer["principalId"].(string)
		return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: name}, nil
	})
	gateway := authorizertest.NewRESTAPI(t, api, []authorizertest.Route{
		authorizertest.At("GET /a", who), authorizertest.Behind(own, "GET /b", who), authorizertest.Open("GET /c", who),
	})
	require.Equal(t, "api", send(t, gateway, "GET", "/a", "", "Authorization", "t").Body.String())
	require.Equal(t, "own", send(t, gateway, "GET", "/b", "", "X-Key", "k").Body.String())
	require.Equal(t, 401, send(t, gateway, "GET", "/b", "", "Authorization", "t").Code)
	require.Empty(t, send(t, gateway, "GET", "/c", "").Body.String())
	require.Equal(t, 1, own.Calls())

	for name, build := range map[string]func(){
		"public, with an authorizer": func() {
			authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{{Route: "GET /", Backend: who, Public: true, Authorizer: own}})
		},
		"scopes without JWT": func() {
			authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{authorizertest.Behind(own, "GET /", who, "read")})
		},
		"TOKEN of an HTTP API": func() {
			authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.Behind(api, "GET /", who)})
		},
		"JWT of a REST API": func() {
			authorizertest.NewRESTAPI(t, authorizertest.NewJWTAuthorizer("https://issuer.test", []string{"a"}), nil)
		},
		"JWT of a WebSocket API": func() {
			authorizertest.NewWebSocketAPI(t, authorizertest.NewJWTAuthorizer("https://issuer.test", []string{"a"}), nil)
		},
		"a strange identity source": func() {
			authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.Behind(own, "GET /", who)})
		},
		"CORS of a REST API": func() {
			authorizertest.NewRESTAPI(t, nil, nil, func(o *authorizertest.APIOptions) { o.CORS = &authorizertest.CORS{} })
		},
		"API keys of an HTTP API": func() {
			authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{{Route: "GET /", Backend: who, APIKeyRequired: true}})
		},
		"binary media types of an HTTP API": func() {
			authorizertest.NewHTTPAPI(t, nil, nil, func(o *authorizertest.APIOptions) { o.BinaryMediaTypes = []string{"*/*"} })
		},
		"CORS of a WebSocket API": func() {
			authorizertest.NewWebSocketAPI(t, nil, nil, func(o *authorizertest.APIOptions) { o.CORS = &authorizertest.CORS{} })
		},
		"key source": func() {
			authorizertest.NewRESTAPI(t, nil, nil, func(o *authorizertest.APIOptions) { o.APIKeySource = "QUERY" })
		},
	} {
		require.Panics(t, build, name)
	}
}

func TestAPIKeysFromTheHeader(t *testing.T) {
	var events []string
	api := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{{Route: "GET /", Backend: answering(`{"statusCode":200}`, &events), APIKeyRequired: true}},
		func(o *authorizertest.APIOptions) { o.UsagePlanKeys, o.APIKeySource = []string{"gold"}, "HEADER" })
	require.Equal(t, 403, send(t, api, "GET", "/", "").Code)
	require.Equal(t, `{"message":"Forbidden"}`, send(t, api, "GET", "/", "", "X-Api-Key", "lead").Body.String())
	require.Equal(t, 200, send(t, api, "GET", "/", "", "x-api-key", "gold").Code)
	key, _ := member(t, events[0], "requestContext/identity/apiKey")
	require.Equal(t, "gold", key)
	fromAuthorizer := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{{Route: "GET /", Backend: answering(`{"statusCode":200}`, nil), APIKeyRequired: true}},
		func(o *authorizertest.APIOptions) { o.UsagePlanKeys = []string{"gold"} })
	require.Equal(t, 403, send(t, fromAuthorizer, "GET", "/", "", "x-api-key", "gold").Code, "no authorizer tells the key")
}

func TestPreflightOfARESTAPI(t *testing.T) {
	api := authorizertest.NewRESTAPI(t, authorizertest.NewTokenAuthorizer(answering(`{}`, nil)), []authorizertest.Route{
		authorizertest.Preflight("/orders/{id}", map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET,OPTIONS"}),
	})
	w := send(t, api, "OPTIONS", "/orders/1", "", "Origin", "https://a.test")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, "GET,OPTIONS", w.Header().Get("Access-Control-Allow-Methods"))
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
}

func TestWhatIsLackingIsRefusedByName(t *testing.T) {
	tb := &loud{TB: t}
	routes := []authorizertest.Route{authorizertest.Lacking("GET /a", "a mapping template")}
	socket := authorizertest.NewWebSocketAPI(tb, nil, nil)
	guard := authorizertest.NewRequestAuthorizer(answering(`{}`, nil), func(o *authorizertest.AuthorizerOptions) { o.IdentitySources, o.TTL = []string{}, -1 })
	for i, api := range []http.Handler{authorizertest.NewRESTAPI(tb, guard, routes), authorizertest.NewHTTPAPI(tb, guard, routes)} {
		w := send(t, api, "GET", "/a", "")
		require.Equal(t, 501, w.Code)
		require.JSONEq(t, `{"message":"authorizertest: GET /a: a mapping template is not simulated"}`, w.Body.String())
		require.Equal(t, i+1, tb.errors)
	}
	w := send(t, socket, "GET", "/", "", "Upgrade", "websocket", "Connection", "Upgrade")
	require.Equal(t, 501, w.Code)
	require.JSONEq(t, `{"message":"authorizertest: GET /: a WebSocket connection over HTTP is not simulated"}`, w.Body.String())
	require.Equal(t, 3, tb.errors)
}
