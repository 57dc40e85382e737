package authorizer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

var literals = []string{"a", "b", "me", "admin"}

// byName is a verifier whose tokens are the scopes they grant, as in "r+w".
var byName = verifierFunc(func(_ context.Context, token string) (*authorizer.Principal, error) {
	return authorizer.NewPrincipal("u", strings.Split(token, "+"), nil)
})

type step struct {
	method, path, token string
	pause               time.Duration
}

func drawSteps(t *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		path := rapid.SliceOfN(rapid.SampledFrom(append([]string{"1", "2"}, literals...)), 1, 5).Draw(t, "path")
		return step{
			method: rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method"),
			path:   "/" + strings.Join(path, "/"),
			token:  rapid.SampledFrom([]string{"none", "r", "w", "r+w"}).Draw(t, "token"),
			pause:  rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, 5 * time.Minute}).Draw(t, "pause"),
		}
	}), 1, 25).Draw(t, "steps")
}

func settings(ttl time.Duration, sources ...string) func(*authorizertest.AuthorizerOptions) {
	return func(o *authorizertest.AuthorizerOptions) {
		o.TTL = ttl
		if sources != nil {
			o.IdentitySources, o.Simple = sources, true
		}
	}
}

// inBubble hides Deadline from rapid, which a synctest bubble has none of.
type inBubble struct{ rapid.TB }

func yes(context.Context, any) (awsevents.APIGatewayProxyResponse, error) {
	return awsevents.APIGatewayProxyResponse{StatusCode: 200}, nil
}

// Whatever the order of requests, API Gateway with its cache answers as it would if it asked the authorizer every time:
// the cache neither grants too much nor refuses wrongly.
func TestGatewayWithCacheDecidesAsDirectEvaluation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(t *rapid.T) {
			_, table := drawRules(t, literals)
			routes, err := authorizer.NewRoutes(table...)
			if err != nil {
				return
			}
			handler := authorizer.NewREST(byName, routes)
			api := []authorizertest.Route{authorizertest.At("ANY /{proxy+}", authorizertest.Func(yes))}
			rest := func(ttl time.Duration) *authorizertest.RESTAPI {
				return authorizertest.NewRESTAPI(nil, authorizertest.NewTokenAuthorizer(authorizertest.Func(handler.HandleToken), settings(ttl)), api)
			}
			cached, direct := rest(300*time.Second), rest(-1)
			for _, s := range drawSteps(t) {
				request := awsevents.APIGatewayProxyRequest{HTTPMethod: s.method, Path: s.path, Headers: map[string]string{"Authorization": "Bearer " + s.token}}
				got, want := cached.Invoke(context.Background(), request), direct.Invoke(context.Background(), request)
				require.Equal(t, want.StatusCode, got.StatusCode, "%s %s with %s", s.method, s.path, s.token)
				require.Equal(t, want.Body, got.Body)
				p, err := byName(context.Background(), s.token)
				require.NoError(t, err)
				if routes.Permits(p, s.method, s.path) {
					require.Equal(t, 200, got.StatusCode)
				}
				time.Sleep(s.pause)
			}
		})
	})
}

// The same holds for simple responses: either the set-up or the request is refused (500), or the cache changes nothing,
// also where callers choose the value of an identity source and send the key of a route in it.
func TestSimpleResponsesWithCache(t *testing.T) {
	refused, answered := 0, 0
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(t *rapid.T) {
			rules, table := drawRules(t, literals)
			routes, err := authorizer.NewRoutes(table...)
			if err != nil {
				return
			}
			// the API has some of the table's routes, and catches the rest
			api := []authorizertest.Route{authorizertest.At("$default", authorizertest.Func(yes))}
			tenants := []string{"acme", "$default"}
			for i, r := range rules {
				if path := strings.ReplaceAll(strings.Join(r.path, "/"), "*", "{proxy+}"); i%3 != 0 {
					api = append(api, authorizertest.At(r.method+" /"+path, authorizertest.Func(yes)))
					tenants = append(tenants, r.method+" /"+path)
				}
			}
			sources := rapid.SampledFrom([][]string{
				{"$request.header.Authorization", "$context.routeKey"},
				{"$request.header.Authorization", "$request.header.X-Tenant"},
				{"$request.header.Authorization", "$request.header.X-Tenant", "$context.routeKey"},
			}).Draw(t, "sources")
			cached := authorizertest.NewHTTPAPI(nil, authorizertest.NewRequestAuthorizer(authorizertest.Func(authorizer.NewHTTP(byName, routes).HandleSimple),
				settings(300*time.Second, sources...)), api)
			direct := authorizertest.NewHTTPAPI(nil, authorizertest.NewRequestAuthorizer(authorizertest.Func(authorizer.NewHTTP(byName, routes, func(o *authorizer.HandlerOptions) { o.Uncached = true }).HandleSimple),
				settings(-1, "$request.header.Authorization")), api)
			for _, s := range drawSteps(t) {
				request := v2(s.method, s.path, s.token)
				request.Headers["X-Tenant"] = rapid.SampledFrom(tenants).Draw(t, "tenant")
				got, want := cached.Invoke(context.Background(), request), direct.Invoke(context.Background(), request)
				if got.StatusCode == 500 {
					refused++
					continue
				}
				answered++
				require.Equal(t, want.StatusCode, got.StatusCode, "%s %s with %s", s.method, s.path, s.token)
				time.Sleep(s.pause)
			}
		})
	})
	t.Logf("%d answered, %d refused", answered, refused)
	require.Positive(t, answered)
}

// A policy for the current method alone is the fault the property above is about: it must be seen.
func TestGatewayShowsTheFaultOfNarrowPolicies(t *testing.T) {
	naive := authorizertest.Func(func(_ context.Context, e awsevents.APIGatewayCustomAuthorizerRequest) (awsevents.APIGatewayCustomAuthorizerResponse, error) {
		return awsevents.APIGatewayCustomAuthorizerResponse{PrincipalID: "u", PolicyDocument: awsevents.APIGatewayCustomAuthorizerPolicy{
			Version:   "2012-10-17",
			Statement: []awsevents.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: "Allow", Resource: []string{e.MethodArn}}},
		}}, nil
	})
	gateway := authorizertest.NewRESTAPI(t, authorizertest.NewTokenAuthorizer(naive), []authorizertest.Route{authorizertest.At("ANY /{proxy+}", authorizertest.Func(yes))})
	for i, status := range []int{200, 403} {
		response := gateway.Invoke(t.Context(), awsevents.APIGatewayProxyRequest{HTTPMethod: "GET", Path: fmt.Sprint("/", i), Headers: map[string]string{"Authorization": "x"}})
		require.Equal(t, status, response.StatusCode, "the first route works, the next one is refused")
	}
}

func BenchmarkPolicy300Routes(b *testing.B) {
	routes, p := largeTable(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := routes.Policy(p, stage+"GET/x"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewRoutes300(b *testing.B) {
	for b.Loop() {
		largeTable(b)
	}
}

// largeTable is an API of 300 routes, every third of which the principal may not call.
func largeTable(tb testing.TB) (*authorizer.Routes, *authorizer.Principal) {
	tb.Helper()
	var rules []authorizer.Rule
	for i := range 60 {
		scope := authorizer.Scope([]string{"r", "w", "admin"}[i%3])
		for _, route := range []string{"GET /v1/res%d", "POST /v1/res%d", "GET /v1/res%d/{id}", "DELETE /v1/res%d/{id}", "GET /v1/res%d/{id}/items/*"} {
			rules = append(rules, authorizer.Allow(fmt.Sprintf(route, i), scope))
		}
	}
	routes, err := authorizer.NewRoutes(rules...)
	require.NoError(tb, err)
	return routes, principal(tb, "r", "w")
}

func TestPolicyOf300Routes(t *testing.T) {
	routes, p := largeTable(t)
	policy, err := routes.Policy(p, stage+"GET/x")
	require.NoError(t, err)
	require.Less(t, len(resources(policy)), 600, "about two resources a route")
	for i := range 60 {
		want := i%3 != 2
		for _, path := range []string{"GET/v1/res%d", "POST/v1/res%d", "GET/v1/res%d/7", "DELETE/v1/res%d/7", "GET/v1/res%d/7/items/1/2"} {
			require.Equal(t, want, iam(policy, stage+fmt.Sprintf(path, i)), path)
		}
	}
	all, err := routes.Policy(principal(t, "r", "w", "admin"), stage+"GET/x")
	require.NoError(t, err)
	require.Contains(t, resources(all), "Allow POST/v1/res59")
	require.NotContains(t, resources(all), "Allow POST/*", "nothing is joined")
}

// The work grows with the routes and with the pairs of them, not faster.
func TestStepsOfLargeTables(t *testing.T) {
	steps := func(n int) int {
		var rules []authorizer.Rule
		for i := range n {
			rules = append(rules, authorizer.Allow(fmt.Sprintf("GET /v1/res%d/{id}/items/*", i)), authorizer.Allow(fmt.Sprintf("GET /v1/res%d/{id}", i)))
		}
		_, steps, err := authorizer.CountSteps(rules...)
		require.NoError(t, err)
		return steps
	}
	require.LessOrEqual(t, steps(300), 10*steps(100))
}
