package authorizer_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// named is an API function that answers with a name.
func named(name string) authorizertest.Function {
	return authorizertest.Func(func(context.Context, any) (awsevents.APIGatewayProxyResponse, error) {
		return awsevents.APIGatewayProxyResponse{StatusCode: 200, Body: name}, nil
	})
}

// apis are the kinds of APIs in front of the same routes: what a request with a token, its scopes, is answered.
func apis(table *authorizer.Routes, routes []authorizertest.Route) map[string]func(method, path, token string) (int, string) {
	rest := func(a *authorizertest.Authorizer) func(method, path, token string) (int, string) {
		gateway := authorizertest.NewRESTAPI(nil, a, routes)
		return func(method, path, token string) (int, string) {
			r := gateway.Invoke(context.Background(), awsevents.APIGatewayProxyRequest{HTTPMethod: method, Path: path, Headers: map[string]string{"Authorization": "Bearer " + token}})
			return r.StatusCode, r.Body
		}
	}
	http := func(a *authorizertest.Authorizer) func(method, path, token string) (int, string) {
		gateway := authorizertest.NewHTTPAPI(nil, a, routes)
		return func(method, path, token string) (int, string) {
			r := gateway.Invoke(context.Background(), v2(method, path, token))
			return r.StatusCode, r.Body
		}
	}
	v2handler := authorizer.NewHTTP(byName, table)
	uncached := authorizer.NewHTTP(byName, table, func(o *authorizer.HandlerOptions) { o.Uncached = true })
	return map[string]func(method, path, token string) (int, string){
		"REST, TOKEN":   rest(authorizertest.NewTokenAuthorizer(authorizertest.Func(authorizer.NewREST(byName, table).HandleToken))),
		"REST, REQUEST": rest(authorizertest.NewRequestAuthorizer(authorizertest.Func(authorizer.NewREST(byName, table).HandleRequest))),
		"HTTP, policy":  http(authorizertest.NewRequestAuthorizer(authorizertest.Func(v2handler.HandlePolicy))),
		"HTTP, simple":  http(authorizertest.NewRequestAuthorizer(authorizertest.Func(uncached.HandleSimple), settings(-1, "$request.header.Authorization"))),
		"HTTP, cached simple": http(authorizertest.NewRequestAuthorizer(authorizertest.Func(v2handler.HandleSimple),
			settings(0, "$request.header.Authorization", "$context.routeKey"))),
	}
}

// A route is protected in every spelling of its path.
func TestEverySpellingOfARouteIsGuarded(t *testing.T) {
	table := authorizer.MustRoutes(
		authorizer.Allow("GET /*"),
		authorizer.Allow("GET /", authorizer.Scope("admin")),
		authorizer.Allow("GET /admin", authorizer.Scope("admin")),
		authorizer.Allow("GET /users/{id}"),
		authorizer.Allow("GET /users/{id}/keys", authorizer.Scope("admin")),
		authorizer.Allow("GET /files/*", authorizer.Scope("admin")))
	routes := []authorizertest.Route{
		authorizertest.At("GET /{proxy+}", named("rest")),
		authorizertest.At("GET /", named("secret")),
		authorizertest.At("GET /admin", named("secret")),
		authorizertest.At("GET /users/{id}", named("user")),
		authorizertest.At("GET /users/{id}/keys", named("secret")),
		authorizertest.At("GET /files/{proxy+}", named("secret")),
	}
	for kind, invoke := range apis(table, routes) {
		for _, path := range []string{
			"/", "//", "/admin", "/admin/", "//admin", "/admin//", "//admin/", "/users/1/keys", "/users/1/keys/", "/users//keys", "/users/1//keys",
			"/files/a", "/files/a/", "/files/a/b", "/files//", "/files/a//b",
			"/%61dmin", "/adm%69n", "/%61%64%6d%69%6e", "/%61%64%6D%69%6E", "/admin%2F", "/admin%2f", "/%61dmin/", "/users/1%2Fkeys", "/users/1%2fkeys/",
			"/users/1/%6beys", "/users/1/ke%79s", "/%75sers/1/keys", "/%66iles/a", "/files%2Fa", "%2Fadmin", "/%2Fadmin",
		} {
			_, body := invoke("GET", path, "none")
			require.NotEqual(t, "secret", body, "%s: %s", kind, path)
		}
		for path, name := range map[string]string{
			"/admin": "secret", "/admin/": "secret", "/": "secret", "/users/1/keys": "secret", "/users/1/keys/": "secret", "/files/a": "secret", "/files/a/b/": "secret",
			"/users/1": "user", "/users/1/": "user", "/else": "rest", "/else/where/": "rest", "/ADMIN": "rest", "/Admin/": "rest", "/files": "rest", "/files/": "rest",
		} {
			if kind == "HTTP, cached simple" && (name == "rest" || name == "user") {
				continue // the answers to "GET /{proxy+}" depend on more than the route
			}
			_, body := invoke("GET", path, "admin")
			require.Equal(t, name, body, "%s: %s", kind, path)
			if name != "secret" && path != "/files/" {
				_, body = invoke("GET", path, "none")
				require.Equal(t, name, body, "%s: %s", kind, path)
			}
		}
		for _, method := range []string{"get", "Get", "HEAD", "POST", "PROPFIND"} {
			status, _ := invoke(method, "/admin", "admin")
			require.NotEqual(t, 200, status, "%s: %s", kind, method)
		}
	}
}

// A policy is right whether or not API Gateway undoes percent-encoding before it looks for a route, and refuses no other
// encoding.
func TestEncodedSpellingsOfADeniedRouteAreRefused(t *testing.T) {
	table := authorizer.MustRoutes(
		authorizer.Allow("GET /users/{id}"),
		authorizer.Allow("GET /users/{id}/API-keys_v1.2", authorizer.Scope("admin")),
		authorizer.Allow("POST /*", authorizer.Scope("w")))
	for _, c := range []struct {
		path      string
		user, all bool
	}{
		{"/users/1%2FAPI-keys_v1.2", false, true},
		{"/users/1%2fAPI-keys_v1.2", false, true},
		{"/users/%41", false, true},
		{"/users/%50", false, true},
		{"/users/%49", false, true},
		{"/users/%6b", false, true},
		{"/users/%7a", false, true},
		{"/users/%2D", false, true},
		{"/users/%2d", false, true},
		{"/users/%5F", false, true},
		{"/users/%5f", false, true},
		{"/users/%2E", false, true},
		{"/users/%31", false, true},
		{"/users/%32", false, true},
		{"/users/a%20b", true, true},
		{"/users/a%40b.test", true, true},
		{"/users/%C3%A9", true, true},
		{"/users/%33", true, true},
		{"/users/a%3Ab", true, true},
		{"/users/100%25", true, true},
	} {
		for token, want := range map[string]bool{"r": c.user, "admin": c.all} {
			p := principal(t, token)
			policy, err := table.Policy(p, stage+"GET/x")
			require.NoError(t, err)
			require.Equal(t, want, table.Permits(p, "GET", c.path), "%s: %s", token, c.path)
			require.Equal(t, want, iam(policy, stage+"GET"+c.path), "%s: %s", token, c.path)
		}
	}
}

// What an API does not list in its table is not reached by a spelling of something near it.
func TestUnlistedNeighborsAreNotReached(t *testing.T) {
	table := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/*"),
		authorizer.Allow("GET /users/{id}"),
		authorizer.Allow("GET /a/{x}/b"),
		authorizer.Allow("ANY /things/{id}"))
	unlisted := named("unlisted")
	routes := []authorizertest.Route{
		authorizertest.At("GET /orders", unlisted), authorizertest.At("GET /orders/{proxy+}", named("orders")),
		authorizertest.At("GET /users", unlisted), authorizertest.At("GET /users/{id}", named("user")), authorizertest.At("GET /users/{id}/{proxy+}", unlisted),
		authorizertest.At("GET /", unlisted), authorizertest.At("GET /a/{proxy+}", unlisted), authorizertest.At("GET /a/{x}/b", named("b")),
		authorizertest.At("ANY /things/{id}", named("thing")), authorizertest.At("ANY /things", unlisted), authorizertest.At("GET /admin/secrets", unlisted),
	}
	for kind, invoke := range apis(table, routes) {
		for _, path := range []string{
			"/", "//", "/orders", "/orders/", "/users", "/users/", "/users//", "/users/1/keys", "/users/1/keys/", "/users/1/2/3", "/things", "/things/", "/a/", "/a", "/a//b",
			"/a/1/c/b", "/a/1/b/c", "/a/1/b/b", "/admin/secrets",
		} {
			_, body := invoke("GET", path, "none")
			require.NotEqual(t, "unlisted", body, "%s: %s", kind, path)
		}
		for path, name := range map[string]string{"/orders/1": "orders", "/orders/1/": "orders", "/users/1": "user", "/users/1/": "user", "/a/1/b": "b", "/a/1/b/": "b", "/things/1/": "thing"} {
			_, body := invoke("GET", path, "none")
			require.Equal(t, name, body, "%s: %s", kind, path)
		}
	}
	require.Empty(t, table.Unlisted())
}

// drawSpelling draws another way to write a path.
func drawSpelling(t *rapid.T, path string) string {
	for range rapid.IntRange(0, 2).Draw(t, "changes") {
		i := rapid.IntRange(1, len(path)-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"slash", "double", "encode", "Encode", "case"}).Draw(t, "change") {
		case "slash":
			path += "/"
		case "double":
			path = path[:i] + "/" + path[i:]
		case "encode":
			path = path[:i] + fmt.Sprintf("%%%02x", path[i]) + path[i+1:]
		case "Encode":
			path = path[:i] + fmt.Sprintf("%%%02X", path[i]) + path[i+1:]
		case "case":
			path = strings.ToUpper(path)
		}
	}
	return path
}

// For random tables and random spellings: what passes the policy is a request whose route the principal may call, both
// as API Gateway routes it here and if it should undo the encoding first; what Permits says is what happens.
func TestGatewayReachesWhatTheTablePermits(t *testing.T) {
	reached, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		rules, table := drawRules(t, literals)
		routes, err := authorizer.NewRoutes(table...)
		if err != nil {
			return
		}
		var api []authorizertest.Route
		for i, r := range rules {
			path := strings.ReplaceAll(strings.Join(r.path, "/"), "*", "{proxy+}")
			api = append(api, authorizertest.At(r.method+" /"+path, named(strconv.Itoa(i))))
		}
		kinds := apis(routes, api)
		for range 20 {
			token := rapid.SampledFrom([]string{"none", "r", "w", "r+w"}).Draw(t, "token")
			held := strings.Split(token, "+")
			scopes := map[string]bool{"r": slices.Contains(held, "r"), "w": slices.Contains(held, "w")}
			method := rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method")
			segments := rapid.SliceOfN(rapid.SampledFrom(append([]string{"1", "2"}, literals...)), 1, 5).Draw(t, "path")
			path := drawSpelling(t, "/"+strings.Join(segments, "/"))
			p, err := byName(context.Background(), token)
			require.NoError(t, err)
			permits := routes.Permits(p, method, path)
			for kind, invoke := range kinds {
				status, body := invoke(method, path, token)
				if status != 200 {
					refused++
					decodes := strings.HasPrefix(kind, "HTTP") && strings.Contains(path, "%") // the API asks about another path
					if permits && !decodes && kind != "HTTP, cached simple" {
						require.Contains(t, []string{`{"message":"Missing Authentication Token"}`, `{"message":"Not Found"}`}, body, "%s: %s %s of %s", kind, method, path, token)
					}
					continue
				}
				reached++
				i, err := strconv.Atoi(body)
				require.NoError(t, err)
				require.True(t, rules[i].scope == "" || scopes[rules[i].scope], "%s: %s %s leads %s to rule %d", kind, method, path, token, i)
				if strings.HasPrefix(kind, "REST") {
					require.True(t, permits, "%s: %s %s", kind, method, path)
				}
			}
			if decoded, err := url.PathUnescape(path); err == nil && permits {
				known, permitted := decide(rules, scopes, method, strings.Split(strings.Trim(decoded, "/"), "/"))
				require.True(t, permitted || !known, "%s %s of %s", method, path, token)
			}
			if !strings.HasSuffix(path, "/") {
				require.Equal(t, permits, routes.Permits(p, method, path+"/"), "%s %s", method, path)
			}
		}
	})
	t.Logf("%d reached, %d refused", reached, refused)
	require.Greater(t, reached, 100)
}

// What the event says decides: a path spelled strangely is read both ways, and the route that API Gateway has chosen
// counts beside the path.
func TestSimpleResponsesReadAPathBothWays(t *testing.T) {
	table := authorizer.MustRoutes(authorizer.Allow("GET /*"), authorizer.Allow("GET /admin", authorizer.Scope("admin")))
	handler := authorizer.NewHTTP(byName, table, func(o *authorizer.HandlerOptions) { o.Uncached = true })
	for _, c := range []struct {
		path, routeKey, token string
		permitted             bool
	}{
		{"/admin", "GET /admin", "admin", true},
		{"/admin/", "GET /admin", "admin", true},
		{"/%61dmin", "GET /{proxy+}", "admin", true},
		{"/%61dmin", "GET /{proxy+}", "none", false},
		{"/admin%2F", "GET /{proxy+}", "none", false},
		{"/%zz", "GET /{proxy+}", "admin", false},
		{"/a%20b", "GET /{proxy+}", "none", true},
		{"/a%2Fb", "GET /{proxy+}", "none", true},
		{"/ADMIN", "GET /{proxy+}", "none", true},
		{"/ADMIN", "GET /admin", "none", false}, // the table did not know this spelling, API Gateway did
		{"/ADMIN", "GET /admin", "admin", true},
		{"/else", "", "none", true},
		{"/else", "$default", "none", true},
		{"//", "GET /{proxy+}", "admin", false},
	} {
		response, err := handler.HandleSimple(t.Context(), awsevents.APIGatewayV2CustomAuthorizerV2Request{
			RouteArn: stage + "GET" + c.path, RouteKey: c.routeKey, Headers: map[string]string{"authorization": "Bearer " + c.token},
		})
		require.NoError(t, err)
		require.Equal(t, c.permitted, response.IsAuthorized, "%v", c)
	}
}
