package main

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// api is the orders API with this authorizer in front of it.
func api(t *testing.T, issuer *authorizertest.Issuer) *authorizertest.RESTAPI {
	t.Helper()
	keys := authorizer.MustRemoteKeys(issuer.JWKSURL(), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = issuer.Client() })
	handler, err := NewHandler(issuer.URL(), "orders-api", keys)
	require.NoError(t, err)
	orders := authorizertest.Func(func(_ context.Context, request awsevents.APIGatewayProxyRequest) (awsevents.APIGatewayProxyResponse, error) {
		caller, err := authorizer.FromRequest(request)
		if err != nil {
			return awsevents.APIGatewayProxyResponse{}, err
		}
		tenant, _ := caller.Text("tenant")
		return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: caller.ID + " of " + tenant}, nil
	})
	return authorizertest.NewRESTAPI(t,
		authorizertest.NewTokenAuthorizer(authorizertest.Func(handler.HandleToken), func(o *authorizertest.AuthorizerOptions) {
			o.Validation = `Bearer [-0-9A-Za-z_.]+`
		}),
		[]authorizertest.Route{
			authorizertest.At("POST /orders", orders),
			authorizertest.At("GET /orders/{id}", orders),
			authorizertest.At("GET /orders/{id}/lines", orders),
			authorizertest.At("DELETE /orders/{id}", orders),
		})
}

func call(t *testing.T, gateway *authorizertest.RESTAPI, method, path, token string) (status int, body string) {
	t.Helper()
	response := gateway.Invoke(t.Context(), awsevents.APIGatewayProxyRequest{
		HTTPMethod: method, Path: path, Headers: map[string]string{"Authorization": "Bearer " + token},
	})
	return response.StatusCode, response.Body
}

func TestWhoMayCallWhat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		gateway := api(t, issuer)
		reader := issuer.Token(authorizertest.Claims{"scope": "orders:read", "tenant": "acme"})
		writer := issuer.Token(authorizertest.Claims{"scope": "orders:read orders:write", "tenant": "acme"})
		manager := issuer.Token(authorizertest.Claims{"scope": "orders:write", "tenant": "acme", "groups": []string{"staff", "managers"}})
		for range 2 { // the second time every answer comes from API Gateway's cache
			for _, c := range []struct {
				method, path, token string
				status              int
			}{
				{"GET", "/orders/1", reader, 200},
				{"GET", "/orders/1/lines", reader, 200},
				{"POST", "/orders", reader, 403},
				{"DELETE", "/orders/1", reader, 403},
				{"DELETE", "/orders/1/", reader, 403}, // a slash at the end makes no other route
				{"GET", "/orders/1/", reader, 200},
				{"POST", "/orders", writer, 200},
				{"DELETE", "/orders/1", writer, 403},
				{"DELETE", "/orders/1", manager, 200},
				{"GET", "/orders/1", manager, 403},
				{"GET", "/orders/1", issuer.Forged(), 401},
				{"GET", "/orders/1", issuer.Expired(), 401},
				{"GET", "/orders/1", "not a token", 401},
			} {
				status, _ := call(t, gateway, c.method, c.path, c.token)
				require.Equal(t, c.status, status, "%s %s", c.method, c.path)
			}
		}
		_, body := call(t, gateway, "GET", "/orders/1", reader)
		require.Equal(t, "user-1 of acme", body)
	})
}

func TestEveryAttackIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		gateway := api(t, issuer)
		for _, attack := range issuer.Attacks(authorizertest.Claims{"scope": "orders:read"}) {
			status, _ := call(t, gateway, "GET", "/orders/1", attack.Token)
			require.Equal(t, 401, status, attack.Class)
		}
	})
}

func TestTheIssuerRotatesItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authorizertest.NewIssuer(t)
		gateway := api(t, issuer)
		read := authorizertest.Claims{"scope": "orders:read"}
		status, _ := call(t, gateway, "GET", "/orders/1", issuer.Token(read))
		require.Equal(t, 200, status)
		time.Sleep(time.Minute)
		issuer.Rotate()
		status, _ = call(t, gateway, "GET", "/orders/1", issuer.Token(read))
		require.Equal(t, 200, status)
	})
}

// No route can be confused with another one by the value of a path parameter, and nothing is permitted beside the routes.
func TestRoutesDoNotOverlap(t *testing.T) {
	require.Empty(t, routes.Overlaps())
	require.Empty(t, routes.Unlisted())
}

func TestTemplate(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	for _, want := range []string{"ReauthorizeEvery: 300", "ValidationExpression: Bearer [-0-9A-Za-z_.]+", "ISSUER:", "AUDIENCE:", "JWKS_URL:"} {
		require.Contains(t, string(template), want)
	}
}
