package authorizertest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/authorizertest"
)

func TestHTTPEventOfAnHTTPRequest(t *testing.T) {
	for name, c := range map[string]struct {
		stage, target, shown string
		inPath               bool
	}{
		"$default":                      {"$default", "/my/p%20q", "/my/p q", false},
		"$default is never in the path": {"$default", "/my/p%20q", "/my/p q", true},
		"served below a stage":          {"dev", "/my/p%20q", "/dev/my/p q", false},
		"a stage in the path":           {"dev", "/dev/my/p%20q", "/dev/my/p q", true},
	} {
		t.Run(name, func(t *testing.T) {
			var events []string
			api := authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("POST /my/{name}", answering(`{}`, &events))}, func(o *authorizertest.APIOptions) {
				o.Stage, o.StageInPath, o.Variables = c.stage, c.inPath, map[string]string{"color": "blue"}
			})
			w := send(t, api, "POST", "http://api.example.com:8080"+c.target+"?a=1&a=2%203&b=;", `{"a":1}`,
				"Content-Type", "application/json; charset=utf-8", "X-Two", "one", "X-Two", "two", "User-Agent", "curl/8",
				"Cookie", "a=1; b=2", "Cookie", "c=3", "X-Forwarded-For", "10.0.0.1", "Connection", "close")
			require.Equal(t, 200, w.Code)
			for path, want := range map[string]any{
				"version":                       "2.0",
				"routeKey":                      "POST /my/{name}",
				"rawPath":                       c.shown,
				"rawQueryString":                "a=1&a=2%203&b=;",
				"cookies":                       []any{"a=1", "b=2", "c=3"},
				"headers/content-type":          "application/json; charset=utf-8",
				"headers/x-two":                 "one,two",
				"headers/host":                  "api.example.com:8080",
				"headers/content-length":        "7",
				"headers/x-forwarded-for":       "10.0.0.1, 192.0.2.1",
				"headers/x-forwarded-port":      "8080",
				"headers/x-forwarded-proto":     "http",
				"queryStringParameters":         map[string]any{"a": "1,2 3", "b": ";"},
				"pathParameters":                map[string]any{"name": "p q"},
				"stageVariables":                map[string]any{"color": "blue"},
				"body":                          `{"a":1}`,
				"isBase64Encoded":               false,
				"requestContext/accountId":      "123456789012",
				"requestContext/apiId":          "api1234567",
				"requestContext/domainName":     "api.example.com:8080",
				"requestContext/domainPrefix":   "api",
				"requestContext/http/method":    "POST",
				"requestContext/http/path":      c.shown,
				"requestContext/http/protocol":  "HTTP/1.1",
				"requestContext/http/sourceIp":  "192.0.2.1",
				"requestContext/http/userAgent": "curl/8",
				"requestContext/requestId":      w.Header().Get("Apigw-Requestid"),
				"requestContext/routeKey":       "POST /my/{name}",
				"requestContext/stage":          c.stage,
			} {
				got, found := member(t, events[0], path)
				require.True(t, found, path)
				require.Equal(t, want, got, path)
			}
			for _, absent := range []string{"headers/cookie", "headers/connection", "multiValueHeaders", "requestContext/authorizer"} {
				_, found := member(t, events[0], absent)
				require.False(t, found, absent)
			}
		})
	}
}

// Every member of the sample events is there.
func TestPayload2EventsHaveTheMembersOfTheSamples(t *testing.T) {
	var events []string
	function := answering(`{}`, &events)
	api := authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("ANY /{proxy+}", function)}, func(o *authorizertest.APIOptions) {
		o.Variables = map[string]string{"a": "b"}
	})
	send(t, api, "POST", "/my/path?a=b", "text", "Content-Type", "text/plain", "Cookie", "a=1")
	send(t, authorizertest.NewFunctionURL(t, function, func(o *authorizertest.FunctionURLOptions) { o.AuthType = "AWS_IAM" }),
		"POST", "/my/path?a=b", "text", "Content-Type", "text/plain", "Cookie", "a=1", "Authorization", signed)
	for name, event := range map[string]string{
		"apigw-v2-request-no-authorizer.json": events[0], "apigw-v2-request-iam.json": events[0], "apigw-v2-request-jwt-authorizer.json": events[0],
		"lambda-urls-request.json": events[1],
	} {
		for _, path := range sample(t, name) {
			if strings.HasPrefix(path, "requestContext/authorizer") && name != "lambda-urls-request.json" {
				continue // without an authorizer there is none
			}
			_, found := member(t, event, path)
			require.True(t, found, name+" "+path)
		}
	}
}

func TestBodiesOfPayload2(t *testing.T) {
	var events []string
	function := answering(`{}`, &events)
	api := authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("$default", function)})
	for contentType, binary := range map[string]bool{
		"text/plain": false, "text/csv; charset=utf-8": false, "application/json": false, "Application/JSON": false, "application/xml": false, "application/javascript": false,
		"": true, "application/x-www-form-urlencoded": true, "application/octet-stream": true, "image/png": true, "application/vnd.api+json": true,
	} {
		for _, handler := range []http.Handler{api, authorizertest.NewFunctionURL(t, function)} {
			events = nil
			send(t, handler, "POST", "/", "a=1", "Content-Type", contentType)
			encoded, _ := member(t, events[0], "isBase64Encoded")
			body, _ := member(t, events[0], "body")
			require.Equal(t, binary, encoded, contentType)
			require.Equal(t, map[bool]string{false: "a=1", true: "YT0x"}[binary], body, contentType)
		}
	}
	events = nil
	send(t, api, "POST", "/", "")
	encoded, _ := member(t, events[0], "isBase64Encoded")
	require.Equal(t, false, encoded, "no body")
	length, _ := member(t, events[0], "headers/content-length")
	require.Equal(t, "0", length)
}

func TestPayload2AnswerBecomesHTTP(t *testing.T) {
	const httpFailure, urlFailure = `{"message":"Internal Server Error"}`, "Internal Server Error"
	for name, c := range map[string]struct {
		out               string
		status            int
		body              string
		httpType, urlType string
		header, value     string
	}{
		"inferred object":          {`{"a":1}`, 200, `{"a":1}`, "application/json", "application/json", "", ""},
		"inferred text":            {`"Hello, world!"`, 200, `"Hello, world!"`, "application/json", "application/json", "", ""},
		"inferred list":            {`[1]`, 200, `[1]`, "application/json", "application/json", "", ""},
		"inferred, not JSON":       {`{"a":`, 200, `{"a":`, "application/json", "application/json", "", ""},
		"a Go struct without tags": {`{"StatusCode":201,"Body":"x"}`, 200, `{"StatusCode":201,"Body":"x"}`, "application/json", "application/json", "", ""},
		"status of null":           {`{"statusCode":null}`, 0, "", "", "", "", ""},
		"status only":              {`{"statusCode":202}`, 202, "", "text/plain; charset=utf-8", "application/json", "", ""},
		"own type":                 {`{"statusCode":200,"headers":{"Content-Type":"text/html"},"body":"<p>"}`, 200, "<p>", "text/html", "text/html", "", ""},
		"cookies":                  {`{"statusCode":200,"headers":{"X-A":"1"},"cookies":["a=1; Path=/","b=2"]}`, 200, "", "text/plain; charset=utf-8", "application/json", "Set-Cookie", "a=1; Path=/|b=2"},
		"binary, whoever asks":     {`{"statusCode":200,"headers":{"content-type":"image/png"},"body":"AP8=","isBase64Encoded":true}`, 200, "\x00\xff", "image/png", "image/png", "", ""},
		"hop by hop":               {`{"statusCode":200,"headers":{"Transfer-Encoding":"x","Content-Length":"99","Keep-Alive":"1"},"body":"ok"}`, 200, "ok", "text/plain; charset=utf-8", "application/json", "Keep-Alive", ""},
		"not base64":               {`{"statusCode":200,"body":"?","isBase64Encoded":true}`, 0, "", "", "", "", ""},
		"status is not a number":   {`{"statusCode":"200"}`, 0, "", "", "", "", ""},
		"informational status":     {`{"statusCode":100}`, 0, "", "", "", "", ""},
		"more than 6 MB":           {`"` + strings.Repeat("x", 6<<20) + `"`, 0, "", "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			api := authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{authorizertest.At("$default", answering(c.out, nil))})
			url := authorizertest.NewFunctionURL(t, answering(c.out, nil))
			for handler, kind := range map[http.Handler]string{api: c.httpType, url: c.urlType} {
				server := httptest.NewServer(handler)
				defer server.Close()
				response, err := server.Client().Get(server.URL + "/x")
				require.NoError(t, err)
				defer func() { _ = response.Body.Close() }()
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				switch {
				case c.status == 0 && handler == api:
					require.Equal(t, 500, response.StatusCode)
					require.Equal(t, httpFailure, string(body))
					continue
				case c.status == 0:
					require.Equal(t, 502, response.StatusCode)
					require.Equal(t, urlFailure, string(body))
					continue
				}
				require.Equal(t, c.status, response.StatusCode)
				require.Equal(t, c.body, string(body))
				require.Equal(t, kind, response.Header.Get("Content-Type"))
				if c.header != "" {
					require.Equal(t, c.value, strings.Join(response.Header.Values(c.header), "|"))
				}
			}
		})
	}
}

func TestHTTPAPIRefusesOverHTTP(t *testing.T) {
	failing := func(context.Context, []byte) ([]byte, error) { return nil, errors.New("boom") }
	api := authorizertest.NewHTTPAPI(t, nil, []authorizertest.Route{
		authorizertest.At("POST /", answering(`{}`, nil)), authorizertest.At("GET /fails", failing),
	}, func(o *authorizertest.APIOptions) { o.Stage, o.StageInPath = "dev", true })
	for name, c := range map[string]struct {
		method, target, body string
		status               int
		answer               string
	}{
		"good":             {"POST", "/dev/", "{}", 200, "{}"},
		"no such route":    {"GET", "/dev/x", "", 404, `{"message":"Not Found"}`},
		"no such method":   {"GET", "/dev/", "", 404, `{"message":"Not Found"}`},
		"another stage":    {"POST", "/prod/", "", 404, `{"message":"Not Found"}`},
		"the function":     {"GET", "/dev/fails", "", 500, `{"message":"Internal Server Error"}`},
		"10 MB and a byte": {"POST", "/dev", strings.Repeat("x", 10<<20+1), 413, `{"message":"Request Entity Too Large"}`},
		"6 MB for Lambda":  {"POST", "/dev", strings.Repeat("x", 6<<20), 413, `{"message":"Request Entity Too Large"}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := send(t, api, c.method, c.target, c.body)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.answer, w.Body.String())
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			require.Len(t, w.Header().Get("Apigw-Requestid"), 16)
		})
	}
}

// As localaws serves it: below a prefix, on one port with others.
func TestAPIsServedBelowAPrefix(t *testing.T) {
	var rest, httpEvents []string
	mux := http.NewServeMux()
	mux.Handle("/_api/Api/", http.StripPrefix("/_api/Api", authorizertest.NewRESTAPI(t, nil,
		[]authorizertest.Route{authorizertest.At("GET /orders/{id}", answering(`{"statusCode":200}`, &rest))},
		func(o *authorizertest.APIOptions) { o.StageInPath = true })))
	mux.Handle("/_api/Web/dev/", http.StripPrefix("/_api/Web/dev", authorizertest.NewHTTPAPI(t, nil,
		[]authorizertest.Route{authorizertest.At("GET /orders/{id}", answering(`{"statusCode":200}`, &httpEvents))},
		func(o *authorizertest.APIOptions) { o.Stage = "dev" })))
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, target := range []string{"/_api/Api/prod/orders/a%2Fb", "/_api/Web/dev/orders/a%20b"} {
		response, err := server.Client().Get(server.URL + target)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 200, response.StatusCode, target)
	}
	for path, want := range map[string]string{"path": "/orders/a%2Fb", "requestContext/path": "/prod/orders/a%2Fb", "pathParameters/id": "a%2Fb"} {
		got, _ := member(t, rest[0], path)
		require.Equal(t, want, got)
	}
	raw, _ := member(t, httpEvents[0], "rawPath")
	require.Equal(t, "/dev/orders/a b", raw)
}

const signed = "AWS4-HMAC-SHA256 Credential=123456789999/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00"

func TestFunctionURL(t *testing.T) {
	var events []string
	url := authorizertest.NewFunctionURL(t, answering(`{"statusCode":200,"headers":{"WWW-Authenticate":"Basic"}}`, &events), func(o *authorizertest.FunctionURLOptions) {
		o.AuthType = "AWS_IAM"
		o.CORS = &authorizertest.CORS{AllowOrigins: []string{"https://a.test"}, AllowMethods: []string{"GET"}, MaxAge: time.Minute}
	})
	w := send(t, url, "GET", "/a%20b?x=1", "")
	require.Equal(t, 403, w.Code)
	require.Contains(t, w.Body.String(), `{"Message":"Forbidden.`)
	require.Equal(t, []string{"AccessDeniedException"}, w.Header().Values("x-amzn-ErrorType"))
	for _, headers := range [][]string{{"Authorization", "Bearer x"}, {"Authorization", "AWS4-HMAC-SHA256 Credential=a/b"}, {"Authorization", "AWS4-HMAC-SHA256 Signature=a"}} {
		require.Equal(t, 403, send(t, url, "GET", "/", "", headers...).Code)
	}
	require.Empty(t, events)

	w = send(t, url, "GET", "/a%20b?x=1", "", "Authorization", signed, "Origin", "https://a.test")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "Basic", w.Header().Get("X-Amzn-Remapped-Www-Authenticate"))
	require.Empty(t, w.Header().Get("Www-Authenticate"))
	require.Equal(t, "https://a.test", w.Header().Get("Access-Control-Allow-Origin"))
	for path, want := range map[string]any{
		"routeKey": "$default", "rawPath": "/a%20b", "rawQueryString": "x=1",
		"requestContext/stage": "$default", "requestContext/apiId": "url1234567", "requestContext/http/path": "/a%20b",
		"requestContext/authorizer/iam/accessKey": "123456789999", "requestContext/authorizer/iam/accountId": "123456789999",
		"requestContext/requestId": w.Header().Get("x-amzn-RequestId"),
	} {
		got, _ := member(t, events[0], path)
		require.Equal(t, want, got, path)
	}
	require.Equal(t, 200, send(t, url, "GET", "/?X-Amz-Credential=AKIA%2F20260101%2Fr%2Flambda%2Faws4_request&X-Amz-Signature=00", "").Code)

	w = send(t, url, "OPTIONS", "/", "", "Origin", "https://a.test", "Access-Control-Request-Method", "GET")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "60", w.Header().Get("Access-Control-Max-Age"))
	require.Len(t, events, 2, "a preflight request does not reach the function")
	require.Equal(t, 413, send(t, url, "POST", "/", strings.Repeat("x", 6<<20), "Authorization", signed).Code)

	require.Panics(t, func() { authorizertest.NewFunctionURL(t, nil) })
	require.Panics(t, func() {
		authorizertest.NewFunctionURL(t, answering(`{}`, nil), func(o *authorizertest.FunctionURLOptions) { o.AuthType = "IAM" })
	})
}

func TestCORSOfAnHTTPAPI(t *testing.T) {
	guard := authorizertest.NewRequestAuthorizer(answering(`{"isAuthorized":false}`, nil), func(o *authorizertest.AuthorizerOptions) { o.Simple = true })
	function := answering(`{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"https://own.test","X-A":"1"}}`, nil)
	full := authorizertest.CORS{
		AllowOrigins: []string{"https://a.test", "http://*"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"authorization"},
		ExposeHeaders: []string{"x-id", "date"}, MaxAge: 5 * time.Minute, AllowCredentials: true,
	}
	api := func(cors *authorizertest.CORS, routes ...authorizertest.Route) http.Handler {
		return authorizertest.NewHTTPAPI(t, guard, routes, func(o *authorizertest.APIOptions) { o.CORS = cors })
	}
	asks := func(origin string) []string {
		return []string{"Origin", origin, "Access-Control-Request-Method", "GET"}
	}
	everybody := &authorizertest.CORS{AllowOrigins: []string{"*"}}
	for name, c := range map[string]struct {
		api     http.Handler
		method  string
		headers []string
		status  int
		origin  string
	}{
		"preflight before the authorizer": {api(&full, authorizertest.At("ANY /", function)), "OPTIONS", asks("https://a.test"), 204, "https://a.test"},
		"preflight without a route":       {api(&full), "OPTIONS", asks("https://a.test"), 204, "https://a.test"},
		"preflight of any http origin":    {api(&full), "OPTIONS", asks("http://b.test"), 204, "http://b.test"},
		"preflight of a strange origin":   {api(&full), "OPTIONS", asks("https://b.test"), 204, ""},
		"preflight of a longer origin":    {api(&full), "OPTIONS", asks("https://a.test.evil"), 204, ""},
		"preflight for everybody":         {api(everybody), "OPTIONS", asks("https://b.test"), 204, "*"},
		"preflight at $default":           {api(&full, authorizertest.At("$default", function)), "OPTIONS", append(asks("https://a.test"), "Authorization", "t"), 403, ""},
		"preflight at an open $default":   {api(&full, authorizertest.Open("$default", function)), "OPTIONS", asks("https://a.test"), 204, "https://a.test"},
		"OPTIONS without a method":        {api(&full, authorizertest.Open("OPTIONS /", function)), "OPTIONS", []string{"Origin", "https://a.test"}, 200, "https://a.test"},
		"OPTIONS without a route":         {api(&full), "OPTIONS", []string{"Origin", "https://a.test"}, 404, ""},
		"not configured":                  {api(nil, authorizertest.Open("ANY /", function)), "OPTIONS", asks("https://a.test"), 200, "https://own.test"},
		"a function's answer":             {api(&full, authorizertest.Open("GET /", function)), "GET", []string{"Origin", "https://a.test"}, 200, "https://a.test"},
		"a function's, strange origin":    {api(&full, authorizertest.Open("GET /", function)), "GET", []string{"Origin", "https://b.test"}, 200, ""},
		"a function's, no origin":         {api(&full, authorizertest.Open("GET /", function)), "GET", nil, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := send(t, c.api, c.method, "/", "", c.headers...)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.origin, strings.Join(w.Header().Values("Access-Control-Allow-Origin"), "|"))
			if c.status == 204 {
				require.Empty(t, w.Header().Get("Content-Type"))
			}
			if c.status == 204 && c.origin != "" && c.origin != "*" {
				require.Equal(t, "GET,POST", w.Header().Get("Access-Control-Allow-Methods"))
				require.Equal(t, "authorization", w.Header().Get("Access-Control-Allow-Headers"))
				require.Equal(t, "x-id,date", w.Header().Get("Access-Control-Expose-Headers"))
				require.Equal(t, "300", w.Header().Get("Access-Control-Max-Age"))
				require.Equal(t, "true", w.Header().Get("Access-Control-Allow-Credentials"))
			}
			if c.status == 200 && c.origin == "" {
				require.Equal(t, "1", w.Header().Get("X-A"))
				require.False(t, slices.ContainsFunc(headerNames(w.Header()), func(name string) bool { return strings.HasPrefix(name, "Access-Control-") }))
			}
		})
	}
	for _, bad := range []authorizertest.CORS{
		{AllowOrigins: []string{"*"}, AllowCredentials: true},
		{AllowOrigins: []string{"a.test"}},
		{AllowOrigins: []string{"https://*.a.test"}},
		{AllowOrigins: []string{""}},
		{MaxAge: -2 * time.Second},
		{MaxAge: 24*time.Hour + 1},
	} {
		require.Panics(t, func() { api(&bad) })
	}
}

func headerNames(headers http.Header) (names []string) {
	for name := range headers {
		names = append(names, name)
	}
	return names
}
