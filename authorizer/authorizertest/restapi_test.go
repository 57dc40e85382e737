package authorizertest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// echo is an API function that answers with the principal it was told.
func echo(_ context.Context, request awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
	caller, err := authorizer.FromRequest(request)
	if errors.Is(err, authorizer.ErrNoAuthorizer) {
		return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: "nobody"}, nil
	}
	tenant, _ := caller.Text("tenant")
	vip, _ := caller.Text("vip")
	limit, _ := caller.Text("limit")
	return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: caller.ID + " " + tenant + " " + vip + " " + limit}, nil
}

// orders is the API most tests run against.
func orders(t *testing.T, issuer *authorizertest.Issuer, optFns ...func(*authorizertest.AuthorizerOptions)) (*authorizertest.RESTAPI, *authorizertest.Authorizer) {
	t.Helper()
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"},
		authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() }))
	require.NoError(t, err)
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
		authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))
	handler := authorizer.NewREST(verifier, routes, func(o *authorizer.HandlerOptions) {
		o.Context = func(p *authorizer.Principal) authorizer.Context {
			return authorizer.Context{
				"tenant": authorizer.String(p.Claim("tenant")[0]),
				"vip":    authorizer.Bool(true),
				"limit":  authorizer.Number(12.5),
			}
		}
	})
	function := authorizertest.NewTokenAuthorizer(authorizertest.Func(handler.HandleToken), optFns...)
	backend := authorizertest.Func(echo)
	return authorizertest.NewRESTAPI(t, function, []authorizertest.Route{
		authorizertest.At("GET /orders/{id}", backend),
		authorizertest.At("POST /orders", backend),
		authorizertest.Open("GET /health", backend),
	}), function
}

func request(method, path, token string) awsevents.APIGatewayProxyRequest {
	r := awsevents.APIGatewayProxyRequest{HTTPMethod: method, Path: path}
	if token != "" {
		r.Headers = map[string]string{"authorization": "Bearer " + token}
	}
	return r
}

func TestGatewayTokenAuthorizer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		gateway, function := orders(t, issuer)
		reader := authorizertest.Claims{"scope": "orders:read", "tenant": "acme"}
		token := issuer.Token(reader)
		cases := []struct {
			name, method, path, token string
			status                    int
			body                      string
		}{
			{"allowed", "GET", "/orders/1", token, 200, "user-1 acme true 12.5"},
			{"same policy, another order", "GET", "/orders/2", token, 200, "user-1 acme true 12.5"},
			{"same policy, not allowed", "POST", "/orders", token, 403, `{"Message":"User is not authorized to access this resource"}`},
			{"no scope", "GET", "/orders/1", issuer.Token(authorizertest.Claims{"tenant": "acme"}), 403, `{"Message":"User is not authorized to access this resource with an explicit deny"}`},
			{"no token", "GET", "/orders/1", "", 401, `{"message":"Unauthorized"}`},
			{"forged", "GET", "/orders/1", issuer.Forged(reader), 401, `{"message":"Unauthorized"}`},
			{"expired", "GET", "/orders/1", issuer.Expired(reader), 401, `{"message":"Unauthorized"}`},
			{"no such route", "GET", "/nowhere", token, 403, `{"message":"Missing Authentication Token"}`},
			{"public", "GET", "/health", "", 200, "nobody"},
		}
		for _, c := range cases {
			response := gateway.Invoke(t.Context(), request(c.method, c.path, c.token))
			require.Equal(t, c.status, response.StatusCode, c.name)
			require.Equal(t, c.body, response.Body, c.name)
		}
		require.Equal(t, 4, function.Calls(), "one call per token that reached the function")
		require.Equal(t, 1, issuer.Requests())

		time.Sleep(5*time.Minute + time.Second)
		require.Equal(t, 200, gateway.Invoke(t.Context(), request("GET", "/orders/3", token)).StatusCode)
		require.Equal(t, 5, function.Calls(), "the cached result has expired")
		time.Sleep(time.Hour)
		require.Equal(t, 401, gateway.Invoke(t.Context(), request("GET", "/orders/3", token)).StatusCode, "so has the token")
	})
}

func TestGatewayEventFile(t *testing.T) {
	issuer := authorizertest.NewIssuer(t)
	gateway, _ := orders(t, issuer)
	event := issuer.Expand([]byte(`{"httpMethod":"POST","path":"/orders","headers":{"Authorization":"Bearer ${TOKEN:valid}"},"body":"{}"}`),
		authorizertest.Claims{"scope": "orders:write", "tenant": "acme"})
	response, err := gateway.InvokeJSON(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestGatewayAuthorizerFailures(t *testing.T) {
	backend := authorizertest.Func(echo)
	const policy = `"policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}]}`
	cases := []struct {
		name, out string
		err       error
		status    int
	}{
		{"good", `{"principalId":"p",` + policy + `}`, nil, 200},
		{"null in the context is dropped", `{"principalId":"p","context":{"a":null},` + policy + `}`, nil, 200},
		{"Unauthorized", "", errors.New("Unauthorized"), 401},
		{"wrapped Unauthorized", "", errors.New("jwt: Unauthorized"), 500},
		{"other error", "", errors.New("boom"), 500},
		{"no principal", `{` + policy + `}`, nil, 500},
		{"no policy", `{"principalId":"p"}`, nil, 500},
		{"nested context", `{"principalId":"p","context":{"a":{}},` + policy + `}`, nil, 500},
		{"array in the context", `{"principalId":"p","context":{"a":["b"]},` + policy + `}`, nil, 500},
		{"no statement", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[]}}`, nil, 500},
		{"one statement", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":{"Action":"*","Effect":"Allow","Resource":"*"}}}`, nil, 200},
		{"bad effect", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"*","Effect":"allow","Resource":"*"}]}}`, nil, 500},
		{"no action", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}}`, nil, 500},
		{"no resource", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*"}]}}`, nil, 500},
		{"other action", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"s3:*","Effect":"Allow","Resource":"*"}]}}`, nil, 403},
		{"action in any case", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":["execute-api:INVOKE"],"Effect":"Allow","Resource":["arn:aws:execute-api:*:*:*/pro?/GET/a*"]}]}}`, nil, 200},
		{"not JSON", `?`, nil, 500},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			function := authorizertest.NewTokenAuthorizer(func(context.Context, []byte) ([]byte, error) { return []byte(c.out), c.err })
			gateway := authorizertest.NewRESTAPI(t, function, []authorizertest.Route{authorizertest.At("GET /{proxy+}", backend)})
			require.Equal(t, c.status, gateway.Invoke(t.Context(), request("GET", "/a/b", "t")).StatusCode)
		})
	}
	t.Run("panic", func(t *testing.T) {
		function := authorizertest.NewTokenAuthorizer(func(context.Context, []byte) ([]byte, error) { panic("boom") })
		gateway := authorizertest.NewRESTAPI(t, function, []authorizertest.Route{authorizertest.At("ANY /", backend)})
		response := gateway.Invoke(t.Context(), request("GET", "/", "t"))
		require.Equal(t, 500, response.StatusCode)
		require.Equal(t, `{"message":null}`, response.Body)
	})
}

// loud counts what fails a test.
type loud struct {
	authorizertest.TB

	errors int
}

func (l *loud) Errorf(string, ...any) { l.errors++ }

func TestPolicyElementsThatAreNotSimulated(t *testing.T) {
	for _, element := range []string{"Condition", "NotAction", "NotResource", "Principal"} {
		out := `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"*","Effect":"Allow","Resource":"*","` + element + `":{}}]}}`
		tb := &loud{TB: t}
		function := authorizertest.NewTokenAuthorizer(func(context.Context, []byte) ([]byte, error) { return []byte(out), nil })
		gateway := authorizertest.NewRESTAPI(tb, function, []authorizertest.Route{authorizertest.At("GET /{proxy+}", authorizertest.Func(echo))})
		require.Equal(t, 500, gateway.Invoke(t.Context(), request("GET", "/a/b", "t")).StatusCode)
		require.Equal(t, 1, tb.errors, element)
	}
}

// allowAll answers every event with the same policy, and keeps the event.
func allowAll(events *[]awsevents.APIGatewayCustomAuthorizerRequestTypeRequest) authorizertest.Function {
	return authorizertest.Func(func(_ context.Context, e awsevents.APIGatewayCustomAuthorizerRequestTypeRequest) (awsevents.APIGatewayCustomAuthorizerResponse, error) {
		*events = append(*events, e)
		return awsevents.APIGatewayCustomAuthorizerResponse{PrincipalID: "p", PolicyDocument: awsevents.APIGatewayCustomAuthorizerPolicy{
			Statement: []awsevents.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: "Allow", Resource: []string{"*"}}},
		}}, nil
	})
}

func TestGatewayRequestAuthorizer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []awsevents.APIGatewayCustomAuthorizerRequestTypeRequest
		function := authorizertest.NewRequestAuthorizer(allowAll(&events), func(o *authorizertest.AuthorizerOptions) {
			o.IdentitySources = []string{"method.request.header.X-Key", "method.request.querystring.tenant", "stageVariables.color", "context.identity.sourceIp"}
			o.TTL = time.Minute
		})
		gateway := authorizertest.NewRESTAPI(t, function, []authorizertest.Route{authorizertest.At("ANY /orders/{id}", authorizertest.Func(echo))},
			func(o *authorizertest.APIOptions) {
				o.Variables, o.Stage = map[string]string{"color": "blue"}, "test"
			})
		invoke := func(key, tenant, address string) int {
			r := awsevents.APIGatewayProxyRequest{HTTPMethod: "PUT", Path: "/orders/7", MultiValueHeaders: map[string][]string{"x-KEY": {"old", key}}}
			if tenant != "" {
				r.QueryStringParameters = map[string]string{"tenant": tenant}
			}
			r.RequestContext.Identity.SourceIP = address
			return gateway.Invoke(t.Context(), r).StatusCode
		}
		require.Equal(t, 200, invoke("k", "acme", "192.0.2.1"))
		require.Equal(t, 200, invoke("k", "acme", "192.0.2.1"))
		require.Len(t, events, 1)
		e := events[0]
		require.Equal(t, "REQUEST", e.Type)
		require.Equal(t, "arn:aws:execute-api:us-east-1:123456789012:api1234567/test/PUT/orders/7", e.MethodArn)
		require.Equal(t, "/orders/{id}", e.Resource)
		require.Equal(t, map[string]string{"id": "7"}, e.PathParameters)
		require.Equal(t, "k", e.Headers["x-KEY"])
		require.Equal(t, []string{"old", "k"}, e.MultiValueHeaders["x-KEY"])
		require.Equal(t, "192.0.2.1", e.RequestContext.Identity.SourceIP)
		require.Equal(t, "blue", e.StageVariables["color"])
		require.Equal(t, 200, invoke("k", "acme", "192.0.2.2"))
		require.Equal(t, 200, invoke("k", "other", "192.0.2.2"))
		require.Len(t, events, 3, "every source is part of the key")
		require.Equal(t, 401, invoke("k", "", "192.0.2.2"))
		require.Equal(t, 401, invoke("", "acme", "192.0.2.2"))
		require.Len(t, events, 3, "without an identity the function is not called")
		function.FlushCache()
		require.Equal(t, 200, invoke("k", "acme", "192.0.2.1"))
		require.Equal(t, 4, function.Calls())

		events = nil
		uncached := authorizertest.NewRequestAuthorizer(allowAll(&events), func(o *authorizertest.AuthorizerOptions) {
			o.IdentitySources, o.TTL = []string{}, -1
		})
		gateway = authorizertest.NewRESTAPI(t, uncached, []authorizertest.Route{authorizertest.At("GET /", authorizertest.Func(echo))})
		for range 2 {
			require.Equal(t, 200, gateway.Invoke(t.Context(), request("GET", "/", "")).StatusCode)
		}
		require.Len(t, events, 2, "with no identity source the function is always called")
	})
}

func TestGatewayLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []awsevents.APIGatewayCustomAuthorizerRequestTypeRequest
		slow := func(d time.Duration) authorizertest.Function {
			return func(ctx context.Context, _ []byte) ([]byte, error) {
				select {
				case <-time.After(d):
				case <-ctx.Done():
				}
				return []byte(`{"statusCode":200}`), nil
			}
		}
		gateway := authorizertest.NewRESTAPI(t, authorizertest.NewRequestAuthorizer(allowAll(&events)), []authorizertest.Route{
			authorizertest.At("GET /slow", slow(28*time.Second)),
			authorizertest.At("GET /too-slow", slow(30*time.Second)),
			authorizertest.At("GET /bad", func(context.Context, []byte) ([]byte, error) { return []byte(`{"body":1}`), nil }),
			authorizertest.At("GET /extra", func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":200,"extra":1}`), nil }),
			authorizertest.At("GET /none", func(context.Context, []byte) ([]byte, error) { return []byte(`{}`), nil }),
			authorizertest.At("GET /error", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("boom") }),
			authorizertest.At("GET /panic", func(context.Context, []byte) ([]byte, error) { panic("boom") }),
			authorizertest.At("GET /{proxy+}", slow(0)),
		})
		for path, status := range map[string]int{
			"/slow": 200, "/too-slow": 504, "/bad": 502, "/extra": 502, "/none": 502, "/error": 502, "/panic": 502,
			"/" + strings.Repeat("x", 1500): 200, "/" + strings.Repeat("x", 1600): 414,
		} {
			require.Equal(t, status, gateway.Invoke(t.Context(), request("GET", path, "t")).StatusCode, path)
		}
		start := time.Now()
		gateway = authorizertest.NewRESTAPI(t, authorizertest.NewTokenAuthorizer(slow(time.Hour)), []authorizertest.Route{authorizertest.At("GET /", slow(0))})
		require.Equal(t, 500, gateway.Invoke(t.Context(), request("GET", "/", "t")).StatusCode)
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

func TestGatewayRouting(t *testing.T) {
	named := func(name string) authorizertest.Function {
		return authorizertest.Func(func(_ context.Context, r awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
			return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: name + " " + r.PathParameters["id"] + r.PathParameters["proxy"]}, nil
		})
	}
	gateway := authorizertest.NewRESTAPI(t, nil, []authorizertest.Route{
		authorizertest.At("ANY /{proxy+}", named("rest")),
		authorizertest.At("GET /orders/{id}", named("order")),
		authorizertest.At("ANY /orders/{id}", named("any order")),
		authorizertest.At("GET /orders/report", named("report")),
		authorizertest.At("GET /", named("root")),
	})
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/orders/1", "order 1"},
		{"GET", "/orders/1/", "order 1"},
		{"PUT", "/orders/1", "any order 1"},
		{"GET", "/orders/report", "report "},
		{"PUT", "/orders/report", "any order report"}, // the literal route has no such method
		{"GET", "/orders/1/lines", "rest orders/1/lines"},
		{"GET", "/", "root "},
		{"POST", "/", `{"message":"Missing Authentication Token"}`},
		{"GET", "no-slash", `{"message":"Missing Authentication Token"}`},
	} {
		require.Equal(t, c.body, gateway.Invoke(t.Context(), request(c.method, c.path, "")).Body, "%s %s", c.method, c.path)
	}
}

func TestSettingsThatAPIGatewayRefuses(t *testing.T) {
	function := authorizertest.Func(echo)
	type options = authorizertest.AuthorizerOptions
	for name, build := range map[string]func(){
		"no function": func() { authorizertest.NewTokenAuthorizer(nil) },
		"two sources": func() {
			authorizertest.NewTokenAuthorizer(function, func(o *options) { o.IdentitySources = []string{"a", "b"} })
		},
		"long TTL": func() { authorizertest.NewRequestAuthorizer(function, func(o *options) { o.TTL = 2 * time.Hour }) },
		"cache without identity": func() {
			authorizertest.NewRequestAuthorizer(function, func(o *options) { o.IdentitySources = []string{} })
		},
		"validation of a REQUEST": func() { authorizertest.NewRequestAuthorizer(function, func(o *options) { o.Validation = "x" }) },
		"no expression":           func() { authorizertest.NewTokenAuthorizer(function, func(o *options) { o.Validation = "(" }) },
		"unknown source": func() {
			authorizertest.NewRESTAPI(nil, authorizertest.NewRequestAuthorizer(function, func(o *options) { o.IdentitySources = []string{"method.request.body"} }), nil)
		},
		"route without a path": func() {
			authorizertest.NewRESTAPI(nil, nil, []authorizertest.Route{authorizertest.At("GET", function)})
		},
		"greedy in the middle": func() {
			authorizertest.NewRESTAPI(nil, nil, []authorizertest.Route{authorizertest.At("GET /{a+}/b", function)})
		},
		"simple response of a REST API": func() {
			authorizertest.NewRESTAPI(nil, authorizertest.NewRequestAuthorizer(function, func(o *options) { o.Simple = true }), nil)
		},
		"TOKEN on an HTTP API": func() { authorizertest.NewHTTPAPI(nil, authorizertest.NewTokenAuthorizer(function), nil) },
		"TOKEN on WebSocket":   func() { authorizertest.NewWebSocketAPI(nil, authorizertest.NewTokenAuthorizer(function), nil) },
	} {
		func() {
			defer func() {
				sentence, _ := recover().(string)
				require.True(t, strings.HasPrefix(sentence, "authorizertest: "), "%s: %q", name, sentence)
			}()
			build()
		}()
	}
}

func TestValidationExpression(t *testing.T) {
	calls := 0
	function := authorizertest.NewTokenAuthorizer(func(context.Context, []byte) ([]byte, error) { calls++; return nil, errors.New("Unauthorized") },
		func(o *authorizertest.AuthorizerOptions) { o.Validation = `Bearer [a-z]+` })
	gateway := authorizertest.NewRESTAPI(t, function, []authorizertest.Route{authorizertest.At("GET /", authorizertest.Func(echo))})
	for token, want := range map[string]int{"abc": 1, "ABC": 0, "abc d": 0} {
		calls = 0
		require.Equal(t, 401, gateway.Invoke(t.Context(), request("GET", "/", token)).StatusCode)
		require.Equal(t, want, calls, token)
	}
}

// A method that the most specific path lacks is looked for on the next one.
func TestRoutesCountWithTheirMethod(t *testing.T) {
	backend := func(name string) authorizertest.Function {
		return func(context.Context, []byte) ([]byte, error) {
			return []byte(`{"statusCode":200,"body":"` + name + `"}`), nil
		}
	}
	routes := []authorizertest.Route{
		authorizertest.At("GET /orders/report", backend("report")),
		authorizertest.At("POST /orders/{id}", backend("order")),
		authorizertest.At("DELETE /{a}/{b}", backend("two")),
		authorizertest.At("ANY /orders/{proxy+}", backend("rest")),
	}
	gateway := authorizertest.NewRESTAPI(t, nil, routes)
	api := authorizertest.NewHTTPAPI(t, nil, append(routes, authorizertest.At("$default", backend("default"))))
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/orders/report", "report"},
		{"POST", "/orders/report", "order"},
		{"PUT", "/orders/report", "rest"},
		{"DELETE", "/orders/report", "rest"},
		{"DELETE", "/x/report", "two"},
		{"GET", "/orders/1", "rest"},
		{"GET", "/x/y", ""},
	} {
		body := gateway.Invoke(t.Context(), request(c.method, c.path, "")).Body
		v2 := awsevents.APIGatewayV2HTTPRequest{}
		v2.RequestContext.HTTP.Method, v2.RequestContext.HTTP.Path = c.method, c.path
		v2body := api.Invoke(t.Context(), v2).Body
		if c.body == "" {
			require.Equal(t, `{"message":"Missing Authentication Token"}`, body)
			require.Equal(t, "default", v2body)
			continue
		}
		require.Equal(t, c.body, body, "%s %s", c.method, c.path)
		require.Equal(t, c.body, v2body, "%s %s", c.method, c.path)
	}
}

func TestRoutesThatAPIGatewayWouldNotCreate(t *testing.T) {
	function := authorizertest.Func(echo)
	for name, routes := range map[string][]string{
		"twice":                         {"GET /a", "GET /a"},
		"twice, another name":           {"GET /a/{x}/b", "GET /a/{y}/b"},
		"twice, another name of a tail": {"ANY /{x+}", "ANY /{proxy+}"},
		"an unknown method":             {"FETCH /a"},
		"a method in small letters":     {"get /a"},
		"a slash at the end":            {"GET /a/"},
		"an empty segment":              {"GET /a//b"},
	} {
		var all []authorizertest.Route
		for _, route := range routes {
			all = append(all, authorizertest.At(route, function))
		}
		require.Panics(t, func() { authorizertest.NewRESTAPI(nil, nil, all) }, name)
		require.Panics(t, func() { authorizertest.NewHTTPAPI(nil, nil, all) }, name)
	}
	require.Panics(t, func() {
		authorizertest.NewHTTPAPI(nil, nil, []authorizertest.Route{authorizertest.At("$default", function), authorizertest.At("$default", function)})
	})
	for _, routes := range [][]string{{"GET /a", "ANY /a"}, {"GET /a", "POST /a"}, {"GET /{x}", "GET /{x+}"}, {"GET /a/{x}", "GET /{x}/a"}, {"GET /"}} {
		var all []authorizertest.Route
		for _, route := range routes {
			all = append(all, authorizertest.At(route, function))
		}
		require.NotPanics(t, func() { authorizertest.NewRESTAPI(nil, nil, all) }, "%v", routes)
	}
}

// One authorizer in front of several APIs and stages is asked at each of them.
func TestResultsAreCachedPerAPIAndStage(t *testing.T) {
	var events []awsevents.APIGatewayCustomAuthorizerRequestTypeRequest
	function := authorizertest.NewRequestAuthorizer(allowAll(&events))
	route := []authorizertest.Route{authorizertest.At("GET /a", authorizertest.Func(echo))}
	at := func(api, stage string) *authorizertest.RESTAPI {
		return authorizertest.NewRESTAPI(t, function, route, func(o *authorizertest.APIOptions) { o.APIID, o.Stage = api, stage })
	}
	for i, gateway := range []*authorizertest.RESTAPI{at("one", "prod"), at("one", "test"), at("two", "prod"), authorizertest.NewRESTAPI(t, function, route)} {
		for range 3 {
			require.Equal(t, 200, gateway.Invoke(t.Context(), request("GET", "/a", "t")).StatusCode)
			require.Equal(t, i+1, function.Calls())
		}
	}
	api := authorizertest.NewHTTPAPI(t, function, route)
	v2 := awsevents.APIGatewayV2HTTPRequest{Headers: map[string]string{"Authorization": "Bearer t"}}
	v2.RequestContext.HTTP.Method, v2.RequestContext.HTTP.Path = "GET", "/a"
	for range 3 {
		require.Equal(t, 200, api.Invoke(t.Context(), v2).StatusCode)
	}
	require.Equal(t, 5, function.Calls())
	function.FlushCache()
	require.Equal(t, 200, api.Invoke(t.Context(), v2).StatusCode)
	require.Equal(t, 6, function.Calls())
}

// Context values of each kind, at each kind of API.
func TestContextValues(t *testing.T) {
	const policy = `"policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}]}`
	var got map[string]any
	for _, c := range []struct {
		context            string
		rest               map[string]any // nil: 500
		http               map[string]any
		restText, httpText string
	}{
		{`{"a":"x"}`, map[string]any{"a": "x"}, map[string]any{"a": "x"}, "x", "x"},
		{`{"a":1.50}`, map[string]any{"a": "1.50"}, map[string]any{"a": 1.5}, "1.50", "1.5"},
		{`{"a":true}`, map[string]any{"a": "true"}, map[string]any{"a": true}, "true", "true"},
		{`{"a":null}`, map[string]any{}, map[string]any{"a": nil}, "", ""},
		{`{"a":["b",2]}`, nil, map[string]any{"a": []any{"b", 2.0}}, "", `["b",2]`},
		{`{"a":{"b":null}}`, nil, map[string]any{"a": map[string]any{"b": nil}}, "", `{"b":null}`},
		{`{"a":[]}`, nil, map[string]any{"a": []any{}}, "", "[]"},
		{`null`, map[string]any{}, nil, "", ""},
		{`{}`, map[string]any{}, nil, "", ""},
	} {
		out := func(context.Context, []byte) ([]byte, error) {
			return []byte(`{"principalId":"p","context":` + c.context + `,` + policy + `}`), nil
		}
		rest := authorizertest.NewRESTAPI(t, authorizertest.NewRequestAuthorizer(out), []authorizertest.Route{authorizertest.At("GET /a",
			authorizertest.Func(func(_ context.Context, r awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
				got = r.RequestContext.Authorizer
				caller, err := authorizer.FromRequest(r)
				require.NoError(t, err)
				text, _ := caller.Text("a")
				require.Equal(t, c.restText, text)
				return awsevents.APIGatewayProxyResponse{StatusCode: 200}, nil
			}))})
		status := rest.Invoke(t.Context(), request("GET", "/a", "t")).StatusCode
		if c.rest == nil {
			require.Equal(t, 500, status, c.context)
		} else {
			require.Equal(t, 200, status, c.context)
			delete(got, "principalId")
			delete(got, "integrationLatency")
			require.Equal(t, c.rest, got, c.context)
		}

		api := authorizertest.NewHTTPAPI(t, authorizertest.NewRequestAuthorizer(out), []authorizertest.Route{authorizertest.At("GET /a",
			authorizertest.Func(func(_ context.Context, r awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
				got = r.RequestContext.Authorizer.Lambda
				if len(got) > 0 {
					caller, err := authorizer.FromHTTPRequest(r)
					require.NoError(t, err)
					text, _ := caller.Text("a")
					require.Equal(t, c.httpText, text)
				}
				return awsevents.APIGatewayV2HTTPResponse{StatusCode: 200}, nil
			}))})
		v2 := awsevents.APIGatewayV2HTTPRequest{Headers: map[string]string{"Authorization": "Bearer t"}}
		v2.RequestContext.HTTP.Method, v2.RequestContext.HTTP.Path = "GET", "/a"
		require.Equal(t, 200, api.Invoke(t.Context(), v2).StatusCode, c.context)
		require.Len(t, got, len(c.http))
		for name, value := range c.http {
			require.Equal(t, value, got[name], c.context)
		}

		socket := authorizertest.NewWebSocketAPI(t, authorizertest.NewRequestAuthorizer(out), nil)
		_, status = socket.Connect(t.Context(), map[string]string{"Authorization": "t"}, nil)
		require.Equal(t, c.rest != nil, status == 200, c.context)
	}
}

// An HTTP API takes cookies out of the headers, and undoes percent-encoding before it looks for the route.
func TestHTTPAPICookiesAndPaths(t *testing.T) {
	var event awsevents.APIGatewayV2CustomAuthorizerV2Request
	function := authorizertest.Func(func(_ context.Context, e awsevents.APIGatewayV2CustomAuthorizerV2Request) (awsevents.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
		event = e
		return awsevents.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: true}, nil
	})
	var seen awsevents.APIGatewayV2HTTPRequest
	backend := authorizertest.Func(func(_ context.Context, r awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
		seen = r
		return awsevents.APIGatewayV2HTTPResponse{StatusCode: 200}, nil
	})
	api := authorizertest.NewHTTPAPI(t, authorizertest.NewRequestAuthorizer(function, func(o *authorizertest.AuthorizerOptions) {
		o.Simple, o.TTL, o.IdentitySources = true, -1, []string{"$request.header.Cookie"}
	}), []authorizertest.Route{authorizertest.At("GET /admin", backend), authorizertest.At("GET /files/{name}", backend), authorizertest.At("GET /{proxy+}", backend)})
	invoke := func(path string, cookies []string, header map[string]string) int {
		r := awsevents.APIGatewayV2HTTPRequest{Cookies: cookies, Headers: header}
		r.RequestContext.HTTP.Method, r.RequestContext.HTTP.Path = "GET", path
		return api.Invoke(t.Context(), r).StatusCode
	}
	require.Equal(t, 401, invoke("/admin", nil, nil), "no cookie is no identity")
	require.Equal(t, 401, invoke("/admin", nil, map[string]string{"Cookie": " ; "}))
	given := map[string]string{"cOOKIE": "a=1; b=2;c=3", "X-Other": "x"}
	require.Equal(t, 200, invoke("/admin", nil, given))
	for _, cookies := range [][]string{event.Cookies, seen.Cookies} {
		require.Equal(t, []string{"a=1", "b=2", "c=3"}, cookies)
	}
	require.Equal(t, []string{"a=1; b=2; c=3"}, event.IdentitySource)
	for _, headers := range []map[string]string{event.Headers, seen.Headers} {
		require.Equal(t, map[string]string{"x-other": "x"}, headers)
	}
	require.Len(t, given, 2, "the caller's map is left alone")
	require.Equal(t, 200, invoke("/admin", []string{"a=1"}, map[string]string{"cookie": "b=2"}))
	require.Equal(t, []string{"a=1", "b=2"}, seen.Cookies)

	for path, want := range map[string][3]string{
		"/admin":          {"GET /admin", "/admin", ""},
		"/%61dmin":        {"GET /admin", "/admin", ""},
		"/admin%2F":       {"GET /admin", "/admin/", ""},
		"/files/a%20b":    {"GET /files/{name}", "/files/a b", "a b"},
		"/files/%C3%A9":   {"GET /files/{name}", "/files/é", "é"},
		"/files/a+b":      {"GET /files/{name}", "/files/a+b", "a+b"},
		"/files/a%2Fb":    {"GET /{proxy+}", "/files/a/b", ""},
		"/files/100%25":   {"GET /files/{name}", "/files/100%", "100%"},
		"/files/%2561":    {"GET /files/{name}", "/files/%61", "%61"},
		"/files/broken%2": {"GET /files/{name}", "/files/broken%2", "broken%2"},
	} {
		require.Equal(t, 200, invoke(path, []string{"a=1"}, nil), path)
		require.Equal(t, want, [3]string{seen.RouteKey, seen.RawPath, seen.PathParameters["name"]}, path)
		require.Equal(t, want[1], event.RequestContext.HTTP.Path)
		require.Equal(t, "arn:aws:execute-api:us-east-1:123456789012:api1234567/$default/GET"+want[1], event.RouteArn)
	}
}

func TestPolicyResourceOfMoreThan512Characters(t *testing.T) {
	for length, status := range map[int]int{512: 200, 513: 500} {
		resource := "*" + strings.Repeat("*", length-1)
		function := authorizertest.NewTokenAuthorizer(func(context.Context, []byte) ([]byte, error) {
			return []byte(`{"principalId":"p","policyDocument":{"Statement":[{"Action":"*","Effect":"Allow","Resource":["` + resource + `"]}]}}`), nil
		})
		gateway := authorizertest.NewRESTAPI(t, function, []authorizertest.Route{authorizertest.At("GET /a", authorizertest.Func(echo))})
		require.Equal(t, status, gateway.Invoke(t.Context(), request("GET", "/a", "t")).StatusCode)
	}
}
