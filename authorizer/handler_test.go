package authorizer_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

var table = authorizer.MustRoutes(
	authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
	authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))

func ok(_ context.Context, r awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
	caller, err := authorizer.FromRequest(r)
	if err != nil {
		return awsevents.APIGatewayProxyResponse{}, err
	}
	return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: caller.ID}, nil
}

func TestUnauthorizedText(t *testing.T) {
	reason := fmt.Errorf("because: %w", authorizer.ErrExpired)
	err := authorizer.Unauthorized(reason)
	require.Equal(t, "Unauthorized", err.Error())
	require.ErrorIs(t, err, authorizer.ErrUnauthorized)
	require.ErrorIs(t, err, authorizer.ErrExpired)
	require.Equal(t, "Unauthorized", authorizer.Unauthorized(nil).Error())
	require.ErrorIs(t, authorizer.Unauthorized(nil), authorizer.ErrUnauthorized)
}

func TestBearer(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, algorithm("EdDSA"))
	token := issuer.Token(authorizertest.Claims{"scope": "orders:read"})
	handler := authorizer.NewREST(trusting(t, issuer), table)
	for value, good := range map[string]bool{
		"Bearer " + token:             true,
		"bearer " + token:             true,
		"BEARER " + token:             true,
		token:                         false,
		"Bearer  " + token:            false,
		"Bearer\t" + token:            false,
		" Bearer " + token:            false,
		"Bearer " + token + " ":       false,
		"Bearer Bearer " + token:      false,
		"Bearer " + token + "," + "x": false,
		"Basic " + token:              false,
		"Bearer ":                     false,
		"Bearer":                      false,
		"":                            false,
	} {
		_, err := handler.HandleToken(t.Context(), awsevents.APIGatewayCustomAuthorizerRequest{MethodArn: stage + "GET/orders/1", AuthorizationToken: value})
		require.Equal(t, good, err == nil, "%q", value)
		if !good {
			require.EqualError(t, err, "Unauthorized")
		}
	}
}

func TestHandleRequest(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, algorithm("ES256"))
	token := issuer.Token(authorizertest.Claims{"scope": "orders:read"})
	event := func(change func(*awsevents.APIGatewayCustomAuthorizerRequestTypeRequest)) awsevents.APIGatewayCustomAuthorizerRequestTypeRequest {
		e := awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{Type: "REQUEST", MethodArn: stage + "GET/orders/1"}
		change(&e)
		return e
	}
	type request = awsevents.APIGatewayCustomAuthorizerRequestTypeRequest
	for _, c := range []struct {
		name   string
		source authorizer.TokenSource
		change func(*request)
		good   bool
	}{
		{"header, any case", authorizer.TokenSource{}, func(e *request) { e.Headers = map[string]string{"aUTHORIZATION": "Bearer " + token} }, true},
		{"multi-value header", authorizer.TokenSource{}, func(e *request) { e.MultiValueHeaders = map[string][]string{"Authorization": {"Bearer " + token}} }, true},
		{"header twice", authorizer.TokenSource{}, func(e *request) {
			e.Headers = map[string]string{"Authorization": "Bearer " + token}
			e.MultiValueHeaders = map[string][]string{"Authorization": {"Bearer x", "Bearer " + token}}
		}, false},
		{"header in two cases", authorizer.TokenSource{}, func(e *request) {
			e.MultiValueHeaders = map[string][]string{"Authorization": {"Bearer x"}, "authorization": {"Bearer " + token}}
		}, false},
		{"no header", authorizer.TokenSource{}, func(*request) {}, false},
		{"query", authorizer.Query("token"), func(e *request) { e.QueryStringParameters = map[string]string{"token": token} }, true},
		{"query twice", authorizer.Query("token"), func(e *request) {
			e.MultiValueQueryStringParameters = map[string][]string{"token": {token, token}}
		}, false},
		{"cookie", authorizer.Cookie("session"), func(e *request) { e.Headers = map[string]string{"Cookie": "a=b; session=" + token} }, true},
		{"cookie twice", authorizer.Cookie("session"), func(e *request) {
			e.Headers = map[string]string{"Cookie": "session=x; session=" + token}
		}, false},
		{"whole header", authorizer.Header("X-Token"), func(e *request) { e.Headers = map[string]string{"x-token": token} }, true},
	} {
		handler := authorizer.NewREST(trusting(t, issuer), table, func(o *authorizer.HandlerOptions) { o.Token = c.source })
		response, err := handler.HandleRequest(t.Context(), event(c.change))
		require.Equal(t, c.good, err == nil, c.name)
		if c.good {
			require.Equal(t, []string{"Allow GET/orders/?*", "Deny *//*"}, resources(response.PolicyDocument))
		}
	}
}

func TestHandlerFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t, algorithm("ES256"))
		token := awsevents.APIGatewayCustomAuthorizerRequest{MethodArn: stage + "GET/orders/1", AuthorizationToken: "Bearer " + issuer.Token(authorizertest.Claims{"scope": "orders:read"})}
		expired := awsevents.APIGatewayCustomAuthorizerRequest{MethodArn: stage + "GET/orders/1", AuthorizationToken: "Bearer " + issuer.Expired()}

		issuer.Fail(2, 503)
		handler := authorizer.NewREST(trusting(t, issuer), table)
		_, err := handler.HandleToken(t.Context(), token)
		require.ErrorIs(t, err, authorizer.ErrKeysUnavailable)
		require.NotEqual(t, "Unauthorized", err.Error(), "the token may be good: 500, not 401")

		var reasons []error
		handler = authorizer.NewREST(trusting(t, issuer), table, func(o *authorizer.HandlerOptions) {
			o.DenyInvalid = true
			o.OnRefused = func(_ context.Context, reason error) { reasons = append(reasons, reason) }
		})
		response, err := handler.HandleToken(t.Context(), expired)
		require.NoError(t, err)
		require.Equal(t, []string{"Deny *"}, resources(response.PolicyDocument))
		require.NotEmpty(t, response.PrincipalID)
		require.Len(t, reasons, 1)
		require.ErrorIs(t, reasons[0], authorizer.ErrExpired)

		for name, context := range map[string]authorizer.Context{
			"zero value": {"a": authorizer.Value{}},
			"no name":    {"": authorizer.String("a")},
			"infinite":   {"a": authorizer.Number(math.Inf(1))},
		} {
			handler = authorizer.NewREST(trusting(t, issuer), table, func(o *authorizer.HandlerOptions) {
				o.Context = func(*authorizer.Principal) authorizer.Context { return context }
			})
			_, err = handler.HandleToken(t.Context(), token)
			require.ErrorContains(t, err, "context of", name)
		}
		_, err = handler.HandleToken(t.Context(), awsevents.APIGatewayCustomAuthorizerRequest{Type: "REQUEST", MethodArn: token.MethodArn})
		require.ErrorContains(t, err, "of type")
		_, err = handler.HandleRequest(t.Context(), awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{Type: "TOKEN", MethodArn: token.MethodArn})
		require.ErrorContains(t, err, "of type")
		token.MethodArn = "arn:aws:execute-api:*:1:api/prod/GET/a"
		_, err = handler.HandleToken(t.Context(), token)
		require.ErrorContains(t, err, "wildcard")
	})
}

func TestParseARN(t *testing.T) {
	for arn, want := range map[string]authorizer.ARN{
		"arn:aws:execute-api:us-east-1:1:a/prod/GET/x/y:z":    {Partition: "aws", Region: "us-east-1", Account: "1", API: "a", StageName: "prod", Method: "GET", Path: "/x/y:z"},
		"arn:aws-cn:execute-api:cn-north-1:1:a/$default/GET/": {Partition: "aws-cn", Region: "cn-north-1", Account: "1", API: "a", StageName: "$default", Method: "GET", Path: "/"},
		"arn:aws:execute-api:us-east-1:1:a/*/GET/x":           {Partition: "aws", Region: "us-east-1", Account: "1", API: "a", StageName: "*", Method: "GET", Path: "/x"},
		"arn:aws:execute-api:us-east-1:1:a/prod/$connect":     {Partition: "aws", Region: "us-east-1", Account: "1", API: "a", StageName: "prod", Path: "$connect"},
	} {
		got, err := authorizer.ParseARN(arn)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, arn := range []string{"", "arn:aws:s3:::b", "arn:aws:execute-api:r:1:a", "arn:aws:execute-api:r:1:a/s", "arn:aws:execute-api:r:1:a/s/", "arn:aws:execute-api:r:1:a/p*/GET/x", "arn:aws:execute-api:r:1:a/?/GET/x", "arn:aws:execute-api:r:1:*/*/GET/x", "arn:aws:execute-api:r:*:a/s/GET/x", "arn:*:execute-api:r:1:a/s/GET/x"} {
		_, err := authorizer.ParseARN(arn)
		require.Error(t, err, arn)
	}
}

// Tools and test events have * in place of the stage. What is permitted holds for every stage then, and for no path that
// only looks like it.
func TestMethodARNOfAnyStage(t *testing.T) {
	const api = "arn:aws:execute-api:eu-west-1:123456789012:api1234567/"
	routes := authorizer.MustRoutes(authorizer.Allow("GET /orders/*"), authorizer.Allow("GET /me"), authorizer.Allow("POST /*", authorizer.Scope("admin")))
	response, err := authorizer.NewREST(byName, routes).HandleToken(t.Context(), awsevents.APIGatewayCustomAuthorizerRequest{MethodArn: api + "*/GET/orders/1", AuthorizationToken: "Bearer r"})
	require.NoError(t, err)
	for _, path := range []string{"*/GET/orders/1", "prod/GET/orders/1", "v2/GET/orders/1/2", "prod/GET/me", "prod/GET/me/"} {
		require.True(t, iam(response.PolicyDocument, api+path), path)
	}
	for _, path := range []string{"prod/POST/x/GET/orders/1", "prod/POST/GET/me", "prod/POST/x/GET/me/", "prod/POST/orders/1", "prod/DELETE/GET/orders/1", "*/POST/orders"} {
		require.False(t, iam(response.PolicyDocument, api+path), path)
	}
	v2handler := authorizer.NewHTTP(byName, routes)
	event := awsevents.APIGatewayV2CustomAuthorizerV2Request{RouteArn: api + "*/GET/orders/1", Headers: map[string]string{"authorization": "Bearer r"}}
	policy, err := v2handler.HandlePolicy(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, response.PolicyDocument, policy.PolicyDocument)
	connected, err := authorizer.NewWebSocket(byName, nil).HandleConnect(t.Context(), awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{
		MethodArn: api + "*/$connect", Headers: map[string]string{"authorization": "Bearer r"},
	})
	require.NoError(t, err)
	require.True(t, iam(connected.PolicyDocument, api+"prod/$connect"))
	denied, err := authorizer.NewREST(byName, authorizer.MustRoutes(authorizer.Allow("GET /x", authorizer.Scope("w")))).
		HandleToken(t.Context(), awsevents.APIGatewayCustomAuthorizerRequest{MethodArn: api + "*/GET/x", AuthorizationToken: "Bearer r"})
	require.NoError(t, err)
	require.False(t, iam(denied.PolicyDocument, api+"prod/GET/x"))
}

func v2(method, path, token string) awsevents.APIGatewayV2HTTPRequest {
	r := awsevents.APIGatewayV2HTTPRequest{Headers: map[string]string{}}
	r.RequestContext.HTTP.Method, r.RequestContext.HTTP.Path = method, path
	if token != "" {
		r.Headers["Authorization"] = "Bearer " + token
	}
	return r
}

func TestHTTPAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t, algorithm("ES256"))
		told := func(o *authorizer.HandlerOptions) {
			o.Context = func(p *authorizer.Principal) authorizer.Context {
				return authorizer.Context{"user": authorizer.String(p.ID), "limit": authorizer.Number(3), "vip": authorizer.Bool(true)}
			}
		}
		backend := authorizertest.Func(func(_ context.Context, r awsevents.APIGatewayV2HTTPRequest) (awsevents.APIGatewayV2HTTPResponse, error) {
			require.Equal(t, true, r.RequestContext.Authorizer.Lambda["vip"], "an HTTP API keeps the types")
			caller, err := authorizer.FromHTTPRequest(r)
			require.NoError(t, err)
			user, _ := caller.Text("user")
			limit, _ := caller.Number("limit")
			vip, _ := caller.Bool("vip")
			return awsevents.APIGatewayV2HTTPResponse{StatusCode: 200, Body: fmt.Sprint(user, limit, vip)}, nil
		})
		handler := authorizer.NewHTTP(trusting(t, issuer), table, told)
		token := issuer.Token(authorizertest.Claims{"scope": "orders:read"})
		routes := []authorizertest.Route{authorizertest.At("GET /orders/{id}", backend), authorizertest.At("POST /orders", backend)}

		policies := authorizertest.NewHTTPAPI(t, authorizertest.NewRequestAuthorizer(authorizertest.Func(handler.HandlePolicy)), routes)
		simple := authorizertest.NewHTTPAPI(t, authorizertest.NewRequestAuthorizer(authorizertest.Func(handler.HandleSimple), func(o *authorizertest.AuthorizerOptions) {
			o.Simple = true
			o.IdentitySources = []string{"$request.header.Authorization", "$context.routeKey"}
		}), routes)
		for name, api := range map[string]*authorizertest.HTTPAPI{"policy": policies, "simple": simple} {
			for range 2 { // the second time from the cache
				response := api.Invoke(t.Context(), v2("GET", "/orders/1", token))
				require.Equal(t, 200, response.StatusCode, name)
				require.Equal(t, "user-13 true", response.Body)
				response = api.Invoke(t.Context(), v2("POST", "/orders", token))
				require.Equal(t, 403, response.StatusCode, name)
				require.Equal(t, `{"message":"Forbidden"}`, response.Body)
			}
			require.Equal(t, 401, api.Invoke(t.Context(), v2("GET", "/orders/1", "")).StatusCode, name)
			require.Equal(t, 401, api.Invoke(t.Context(), v2("GET", "/orders/1", issuer.Expired())).StatusCode, name)
			require.Equal(t, 404, api.Invoke(t.Context(), v2("GET", "/nowhere", token)).StatusCode, name)
		}

		unsafe := authorizertest.NewHTTPAPI(t, authorizertest.NewRequestAuthorizer(authorizertest.Func(handler.HandleSimple), func(o *authorizertest.AuthorizerOptions) { o.Simple = true }), routes)
		require.Equal(t, 500, unsafe.Invoke(t.Context(), v2("GET", "/orders/1", token)).StatusCode, "the verdict would be replayed for POST /orders")
	})
}

func TestHandleSimpleIsCacheable(t *testing.T) {
	issuer := authorizertest.NewIssuer(t, algorithm("ES256"))
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/{id}", authorizer.Scope("r")),
		authorizer.Allow("GET /orders/report", authorizer.Scope("admin")),
		authorizer.Allow("GET /users/*", authorizer.Scope("r")),
		authorizer.Allow("GET /users/{id}/keys", authorizer.Scope("admin")),
		authorizer.Allow("PUT /users/{id}", authorizer.Scope("r")))
	handler := authorizer.NewHTTP(trusting(t, issuer), routes)
	uncached := authorizer.NewHTTP(trusting(t, issuer), routes, func(o *authorizer.HandlerOptions) { o.Uncached = true })
	token := "Bearer " + issuer.Token(authorizertest.Claims{"scope": "r"})
	for _, c := range []struct {
		routeKey, arn string
		uniform       bool
		permitted     bool
	}{
		{"GET /orders/report", "GET/orders/report", true, false},
		{"GET /orders/{id}", "GET/orders/1", false, true}, // unless the API routes /orders/report apart, which it need not
		{"GET /users/{id}", "GET/users/1", true, true},
		{"GET /users/{id}/keys", "GET/users/1/keys", true, false},
		{"GET /users/{id}/{what}", "GET/users/1/mail", false, true},
		{"GET /users/{proxy+}", "GET/users/1/mail/2", false, true},
		{"PUT /users/{id}", "PUT/users/1", true, true},
		{"ANY /users/{id}", "GET/users/1", false, true},
		{"DELETE /users/{id}", "DELETE/users/1", true, false},
		{"$default", "GET/users/1", false, true},
		{"GET /nowhere", "GET/nowhere", true, false},
	} {
		event := awsevents.APIGatewayV2CustomAuthorizerV2Request{
			RouteKey: c.routeKey, RouteArn: stage + c.arn,
			IdentitySource: []string{token, c.routeKey}, Headers: map[string]string{"authorization": token},
		}
		response, err := handler.HandleSimple(t.Context(), event)
		if c.uniform {
			require.NoError(t, err, c.routeKey)
			require.Equal(t, c.permitted, response.IsAuthorized, c.routeKey)
		} else {
			require.ErrorIs(t, err, authorizer.ErrNotCacheable, c.routeKey)
		}
		response, err = uncached.HandleSimple(t.Context(), event)
		require.NoError(t, err)
		require.Equal(t, c.permitted, response.IsAuthorized, c.routeKey)
	}
}

func TestWebSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t, algorithm("ES256"))
		handler := authorizer.NewWebSocket(trusting(t, issuer), []authorizer.Requirement{authorizer.Scope("chat")}, func(o *authorizer.HandlerOptions) {
			o.Token = authorizer.Query("token")
			o.Context = func(*authorizer.Principal) authorizer.Context {
				return authorizer.Context{"room": authorizer.String("7")}
			}
		})
		said := ""
		chat := authorizertest.Func(func(_ context.Context, r awsevents.APIGatewayWebsocketProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
			caller, err := authorizer.FromWebSocketRequest(r)
			if err != nil {
				return awsevents.APIGatewayProxyResponse{}, err
			}
			room, _ := caller.Text("room")
			said = caller.ID + " in " + room + ": " + r.Body
			return awsevents.APIGatewayProxyResponse{StatusCode: 200}, nil
		})
		api := authorizertest.NewWebSocketAPI(t, authorizertest.NewRequestAuthorizer(authorizertest.Func(handler.HandleConnect), func(o *authorizertest.AuthorizerOptions) {
			o.IdentitySources = []string{"route.request.querystring.token"}
		}), map[string]authorizertest.Function{"say": chat})

		connect := func(token string) (*authorizertest.Connection, int) {
			return api.Connect(t.Context(), nil, map[string]string{"token": token})
		}
		_, status := connect("")
		require.Equal(t, 401, status)
		_, status = connect(issuer.Expired(authorizertest.Claims{"scope": "chat"}))
		require.Equal(t, 401, status)
		_, status = connect(issuer.Token())
		require.Equal(t, 403, status)
		connection, status := connect(issuer.Token(authorizertest.Claims{"scope": "chat"}))
		require.Equal(t, 200, status)
		time.Sleep(90 * time.Minute) // the token has expired, the connection has not
		status, err := connection.Send(t.Context(), `{"action":"say"}`)
		require.NoError(t, err)
		require.Equal(t, 200, status)
		require.Equal(t, `user-1 in 7: {"action":"say"}`, said)
		time.Sleep(31 * time.Minute)
		_, err = connection.Send(t.Context(), "x")
		require.ErrorIs(t, err, authorizertest.ErrClosed)

		for _, route := range []string{"GET/x", "$connect/", "$CONNECT", "%24connect", "/$connect", "$default"} {
			_, err = handler.HandleConnect(t.Context(), awsevents.APIGatewayCustomAuthorizerRequestTypeRequest{MethodArn: stage + route})
			require.ErrorContains(t, err, "$connect", "no other spelling is taken for the route")
		}
	})
}

func TestUsageIdentifierKey(t *testing.T) {
	verifier := verifierFunc(func(_ context.Context, token string) (*authorizer.Principal, error) {
		p, err := authorizer.NewPrincipal(token, []string{"orders:read"}, nil)
		p.UsageIdentifierKey = "plan-" + token
		return p, err
	})
	function := authorizertest.NewTokenAuthorizer(authorizertest.Func(authorizer.NewREST(verifier, table).HandleToken))
	route := authorizertest.At("GET /orders/{id}", authorizertest.Func(ok))
	route.APIKeyRequired = true
	gateway := authorizertest.NewRESTAPI(t, function, []authorizertest.Route{route}, func(o *authorizertest.APIOptions) { o.UsagePlanKeys = []string{"plan-a"} })
	invoke := func(token string) awsevents.APIGatewayProxyResponse {
		return gateway.Invoke(t.Context(), awsevents.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/orders/1", Headers: map[string]string{"Authorization": "Bearer " + token}})
	}
	require.Equal(t, "a", invoke("a").Body)
	require.Equal(t, 403, invoke("b").StatusCode)
	require.Equal(t, `{"message":"Forbidden"}`, invoke("b").Body)
}

type verifierFunc func(context.Context, string) (*authorizer.Principal, error)

func (f verifierFunc) Verify(ctx context.Context, token string) (*authorizer.Principal, error) {
	return f(ctx, token)
}

func TestVerifierWithoutPrincipal(t *testing.T) {
	handler := authorizer.NewREST(verifierFunc(func(context.Context, string) (*authorizer.Principal, error) { return nil, nil }), table)
	event := awsevents.APIGatewayCustomAuthorizerRequest{MethodArn: stage + "GET/a", AuthorizationToken: "Bearer x"}
	_, err := handler.HandleToken(t.Context(), event)
	require.ErrorContains(t, err, "no principal")
	broken := errors.New("broken")
	handler = authorizer.NewREST(verifierFunc(func(context.Context, string) (*authorizer.Principal, error) { return nil, broken }), table)
	_, err = handler.HandleToken(t.Context(), event)
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, authorizer.ErrUnauthorized)
}
