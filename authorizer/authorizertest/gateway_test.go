package authorizertest_test

import (
	"context"
	"errors"
	"net/http"
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
func orders(t *testing.T, issuer *authorizertest.Issuer, optFns ...func(*authorizertest.AuthorizerOptions)) (*authorizertest.Gateway, *authorizertest.Authorizer) {
	t.Helper()
	verifier, err := authorizer.NewVerifier(issuer.URL(), []string{"orders-api"},
		authorizer.JWKS(issuer.JWKSURL(), func(o *authorizer.JWKSOptions) { o.HTTPClient = issuer.Client() }))
	require.NoError(t, err)
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
		authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))
	handler := authorizer.REST(verifier, routes, func(o *authorizer.HandlerOptions) {
		o.Context = func(p *authorizer.Principal) authorizer.Context {
			return authorizer.Context{
				"tenant": authorizer.String(p.Claim("tenant")[0]),
				"vip":    authorizer.Bool(true),
				"limit":  authorizer.Number(12.5),
			}
		}
	})
	function := authorizertest.TokenAuthorizer(authorizertest.Func(handler.HandleToken), optFns...)
	backend := authorizertest.Func(echo)
	return authorizertest.NewGateway(t, function, []authorizertest.Route{
		authorizertest.On("GET /orders/{id}", backend),
		authorizertest.On("POST /orders", backend),
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
		{"condition", `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"*","Effect":"Allow","Resource":"*","Condition":{}}]}}`, nil, 500},
		{"not JSON", `?`, nil, 500},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			function := authorizertest.TokenAuthorizer(func(context.Context, []byte) ([]byte, error) { return []byte(c.out), c.err })
			gateway := authorizertest.NewGateway(t, function, []authorizertest.Route{authorizertest.On("GET /{proxy+}", backend)})
			require.Equal(t, c.status, gateway.Invoke(t.Context(), request("GET", "/a/b", "t")).StatusCode)
		})
	}
	t.Run("panic", func(t *testing.T) {
		function := authorizertest.TokenAuthorizer(func(context.Context, []byte) ([]byte, error) { panic("boom") })
		gateway := authorizertest.NewGateway(t, function, []authorizertest.Route{authorizertest.On("ANY /", backend)})
		response := gateway.Invoke(t.Context(), request("GET", "/", "t"))
		require.Equal(t, 500, response.StatusCode)
		require.Equal(t, `{"message":null}`, response.Body)
	})
}
