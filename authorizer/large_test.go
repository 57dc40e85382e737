package authorizer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
)

// largeTables are tables whose policies outgrow 8 KiB.
func largeTables() map[string][]authorizer.Rule {
	tables := make(map[string][]authorizer.Rule)
	add := func(name string, n int, route string, requires ...authorizer.Requirement) {
		for i := range n {
			tables[name] = append(tables[name], authorizer.Allow(strings.ReplaceAll(route, "#", fmt.Sprintf("%03d", i)), requires...))
		}
	}
	read := authorizer.Scope("read")
	add("120 of one scope", 120, "GET /r#", read)
	add("120 below one", 120, "GET /api/v1/r#", read)
	add("120 names", 120, "GET /r#/{id}", read)
	add("120 tails", 120, "GET /r#/*", read)
	add("120 in the middle", 120, "GET /tenants/{t}/r#", read)
	add("300 of ANY", 300, "ANY /r#", read)
	add("1000", 1000, "GET /a/b/r#", read)
	for i := range 300 {
		route := []string{"GET /r%d", "POST /r%d", "DELETE /r%d/{id}", "GET /r%d/{id}", "PUT /r%d/x/*"}[i%5]
		tables["300 of many scopes"] = append(tables["300 of many scopes"], authorizer.Allow(fmt.Sprintf(route, i/5), authorizer.Scope([]string{"read", "write", "admin"}[i%3])))
	}
	add("120 and all else", 120, "GET /r#", read)
	tables["120 and all else"] = append(tables["120 and all else"], authorizer.Allow("GET /*", read), authorizer.Allow("GET /admin/*", authorizer.Scope("admin")))
	return tables
}

// However large a table, a policy grants what is listed and nothing else.
func TestLargeTablesGrantNothingUnlisted(t *testing.T) {
	for name, rules := range largeTables() {
		routes, err := authorizer.NewRoutes(rules...)
		require.NoError(t, err, name)
		p := principal(t, "read")
		policy, err := routes.Policy(p, stage+"GET/x")
		require.NoError(t, err, name)
		random := rand.New(rand.NewPCG(1, 2))
		granted := 0
		for range 120 {
			method, path := probe(random, rules)
			permits := routes.Permits(p, method, path)
			require.Equal(t, permits, iam(policy, stage+method+path), "%s: %s %s", name, method, path)
			if permits {
				granted++
			}
		}
		require.Positive(t, granted, name)
		for _, request := range []string{"GET/admin/secrets", "GET/", "POST/r000", "GET/r000/1/2", "GET/api/v1/", "GET/tenants/1", "DELETE/a/b/c", "PATCH/r1"} {
			require.Equal(t, routes.Permits(p, strings.Split(request, "/")[0], request[strings.Index(request, "/"):]), iam(policy, stage+request), "%s: %s", name, request)
		}
	}
}

// probe is a request of a route of the table, or of one near it.
func probe(random *rand.Rand, rules []authorizer.Rule) (method, path string) {
	route := authorizer.RouteOf(rules[random.IntN(len(rules))])
	method, path, _ = strings.Cut(route, " ")
	if method == "ANY" || random.IntN(4) == 0 {
		method = []string{"GET", "POST", "PUT", "TRACE"}[random.IntN(4)]
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") || s == "*" {
			segments[i] = []string{"7", "secrets"}[random.IntN(2)]
		}
	}
	switch at := random.IntN(len(segments)); random.IntN(6) {
	case 0:
		segments = append(segments, "secrets")
	case 1:
		segments[at] = []string{"admin", "secrets", segments[at] + "0", segments[at][1:] + "x"}[random.IntN(4)]
	case 2:
		segments = slices.Insert(segments, at, "admin")
	case 3:
		segments = segments[:at+1]
	}
	return method, "/" + strings.Join(segments, "/") + strings.Repeat("/", random.IntN(2))
}

// The issue's own case, through API Gateway.
func TestAnUnlistedRouteBeside120ListedOnes(t *testing.T) {
	var rules []authorizer.Rule
	routes := []authorizertest.Route{authorizertest.At("GET /admin/secrets", named("secrets"))}
	for i := range 120 {
		route := fmt.Sprintf("GET /reports/%03d", i)
		rules = append(rules, authorizer.Allow(route, authorizer.Scope("r")))
		routes = append(routes, authorizertest.At(route, named("report")))
	}
	for kind, invoke := range apis(authorizer.MustRoutes(rules...), routes) {
		status, _ := invoke("GET", "/reports/007", "r")
		require.Equal(t, 200, status, kind)
		for _, path := range []string{"/admin/secrets", "/admin/secrets/"} {
			status, _ = invoke("GET", path, "r")
			require.Equal(t, 403, status, kind)
		}
	}
}

// A policy leaves out what another resource of it takes in anyhow, and is the same to IAM.
func TestLargePoliciesLeaveOutWhatIsTakenIn(t *testing.T) {
	var rules []authorizer.Rule
	for i := range 120 {
		rules = append(rules, authorizer.Allow(fmt.Sprintf("GET /a/%03d%s", i, strings.Repeat("x", 60))))
	}
	rules = append(rules, authorizer.Allow("GET /a/*"), authorizer.Allow("GET /a/{x}/admin", authorizer.Scope("admin")))
	policy, err := authorizer.MustRoutes(rules...).Policy(principal(t), stage+"GET/x")
	require.NoError(t, err)
	require.Equal(t, []string{"Allow GET/a/?*", "Deny GET/a/*/admin", "Deny GET/a/*/admin/", "Deny *//*", "Deny *%2F*", "Deny *%2f*", "Deny *%6?*"}, resources(policy))
}

func TestWhatAPIGatewayCouldNotTakeIsRefused(t *testing.T) {
	for length, good := range map[int]bool{440: true, 452: true, 453: false, 600: false, 5000: false} {
		// arn:aws:execute-api:us-east-1:123456789012:api1234567/v/ has 56 characters, GET/ 4, the slash at the end 1
		_, err := authorizer.NewRoutes(authorizer.Allow("GET /"+strings.Repeat("a", length-1)), authorizer.Allow("POST /b"))
		if good {
			require.NoError(t, err, "%d", length)
			continue
		}
		require.ErrorContains(t, err, "at most 512")
		require.ErrorContains(t, err, "aaaa", "the route is named")
		require.Panics(t, func() { authorizer.MustRoutes(authorizer.Allow("GET /" + strings.Repeat("a", length))) })
	}
	long := authorizer.MustRoutes(authorizer.Allow("GET /"+strings.Repeat("a", 440)), authorizer.Allow("GET /b"))
	_, err := long.Policy(principal(t), "arn:aws:execute-api:us-east-1:123456789012:api1234567/"+strings.Repeat("s", 30)+"/GET/b")
	require.ErrorIs(t, err, authorizer.ErrPolicyTooLarge, "this stage's name is too long for it")
	require.ErrorContains(t, err, "at most 512")

	var rules []authorizer.Rule
	for i := range 160 {
		rules = append(rules, authorizer.Allow(fmt.Sprintf("ANY /%s/%d", strings.Repeat("x", 430), i)))
	}
	_, err = authorizer.NewRoutes(rules...)
	require.ErrorIs(t, err, authorizer.ErrPolicyTooLarge)
	require.ErrorContains(t, err, "at most 1048576")
}

// Where IAM cannot but permit more than the table, the table says so.
func TestUnlisted(t *testing.T) {
	table := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/{id}"),
		authorizer.Allow("GET /orders/{id}/lines"),
		authorizer.Allow("GET /orders/{id}/lines/{line}"),
		authorizer.Allow("GET /users/{id}"))
	require.Equal(t, []string{
		`GET /orders/x/x is no route, permitted to who may call "GET /orders/{id}" and "GET /orders/{id}/lines"`,
		`GET /orders/x/x/lines is no route, permitted to who may call "GET /orders/{id}/lines" and "GET /orders/{id}/lines/{line}"`,
	}, table.Unlisted())
	policy, err := table.Policy(principal(t), stage+"GET/x")
	require.NoError(t, err)
	require.True(t, iam(policy, stage+"GET/orders/1/secrets"), "as it says")
	for _, path := range []string{"GET/orders/1/lines/2/secrets", "GET/orders/1/secrets/2/3", "GET/users/1/secrets", "POST/orders/1"} {
		require.False(t, iam(policy, stage+path), path)
	}
	for _, path := range []string{"GET/orders/1", "GET/orders/1/", "GET/orders/1/lines", "GET/orders/1/lines/2"} {
		require.True(t, iam(policy, stage+path), path)
	}
	require.Empty(t, authorizer.MustRoutes(authorizer.Allow("GET /orders/*"), authorizer.Allow("GET /users/{id}")).Unlisted())
}
