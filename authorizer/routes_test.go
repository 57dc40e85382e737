package authorizer_test

import (
	"fmt"
	"strings"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/patternkit/serverless/authorizer"
)

const stage = "arn:aws:execute-api:eu-west-1:123456789012:api1234567/prod/"

func principal(tb testing.TB, scopes ...string) *authorizer.Principal {
	tb.Helper()
	p, err := authorizer.NewPrincipal("user-1", scopes, nil)
	require.NoError(tb, err)
	return p
}

// resources renders a policy as lines, without the common prefix.
func resources(policy awsevents.APIGatewayCustomAuthorizerPolicy) (lines []string) {
	for _, statement := range policy.Statement {
		for _, resource := range statement.Resource {
			lines = append(lines, statement.Effect+" "+strings.TrimPrefix(resource, stage))
		}
	}
	return lines
}

func TestPolicyOfRoutes(t *testing.T) {
	allow, scope := authorizer.Allow, authorizer.Scope
	for _, c := range []struct {
		name   string
		rules  []authorizer.Rule
		scopes []string
		want   []string
	}{
		{"literal", []authorizer.Rule{allow("POST /orders", scope("w"))}, []string{"w"}, []string{"Allow POST/orders", "Allow POST/orders/"}},
		{"nothing permitted", []authorizer.Rule{allow("POST /orders", scope("w"))}, []string{"r"}, []string{"Deny *"}},
		{"root", []authorizer.Rule{allow("GET /")}, nil, []string{"Allow GET/"}},
		{"everything below", []authorizer.Rule{allow("GET /orders/*")}, nil, []string{"Allow GET/orders/?*", "Deny *//*"}},
		{"greedy name", []authorizer.Rule{allow("GET /orders/{rest+}")}, nil, []string{"Allow GET/orders/?*", "Deny *//*"}},
		{"everything", []authorizer.Rule{allow("GET /*")}, nil, []string{"Allow GET/*", "Deny *//*"}},
		{"everything but the root", []authorizer.Rule{allow("GET /*"), allow("GET /", scope("w"))}, nil, []string{"Allow GET/?*", "Deny *//*"}},
		{"the root alone", []authorizer.Rule{allow("GET /*", scope("w")), allow("GET /")}, nil, []string{"Allow GET/"}},
		{
			"ANY is seven verbs, never a wildcard",
			[]authorizer.Rule{allow("ANY /a")},
			nil,
			[]string{
				"Allow DELETE/a", "Allow DELETE/a/", "Allow GET/a", "Allow GET/a/", "Allow HEAD/a", "Allow HEAD/a/", "Allow OPTIONS/a", "Allow OPTIONS/a/",
				"Allow PATCH/a", "Allow PATCH/a/", "Allow POST/a", "Allow POST/a/", "Allow PUT/a", "Allow PUT/a/",
			},
		},
		{"a verb of its own beside ANY", []authorizer.Rule{allow("ANY /a", scope("w")), allow("GET /a")}, nil, []string{"Allow GET/a", "Allow GET/a/"}},
		{
			"one segment stays one segment",
			[]authorizer.Rule{allow("GET /users/{id}")},
			nil,
			[]string{"Allow GET/users/?*", "Deny GET/users/*/?*", "Deny *//*"},
		},
		{
			"a route the principal may not call is denied",
			[]authorizer.Rule{allow("GET /users/{id}"), allow("GET /users/{id}/admin", scope("admin"))},
			nil,
			[]string{"Allow GET/users/?*", "Deny GET/users/*/?*", "Deny *//*", "Deny *%2F*", "Deny *%2f*", "Deny *%6?*", "Deny *%7?*"},
		},
		{
			"both permitted",
			[]authorizer.Rule{allow("GET /users/{id}"), allow("GET /users/{id}/admin", scope("admin"))},
			[]string{"admin"},
			[]string{
				"Allow GET/users/?*", "Allow GET/users/*/admin", "Allow GET/users/*/admin/",
				"Deny GET/users/*/*/?*", "Deny GET/users/*/*/admin", "Deny GET/users/*/*/admin/", "Deny *//*",
			},
		},
		{
			"exception below a wildcard",
			[]authorizer.Rule{allow("GET /orders/*"), allow("GET /orders/report", scope("admin"))},
			nil,
			[]string{"Allow GET/orders/?*", "Deny GET/orders/report", "Deny GET/orders/report/", "Deny *//*", "Deny *%2F*", "Deny *%2f*", "Deny *%6?*", "Deny *%7?*"},
		},
		{
			"single segments taken from a tail",
			[]authorizer.Rule{allow("GET /orders/*"), allow("GET /orders/{id}", scope("admin"))},
			nil,
			[]string{"Allow GET/orders/*/?*", "Deny *//*"},
		},
		{
			"literal beside a name needs no Deny",
			[]authorizer.Rule{allow("GET /users/me"), allow("GET /users/{id}", scope("admin"))},
			nil,
			[]string{"Allow GET/users/me", "Allow GET/users/me/"},
		},
		{
			"narrow route permitted, wide one not",
			[]authorizer.Rule{allow("GET /users/*", scope("r")), allow("GET /users/{id}/keys", scope("admin"))},
			[]string{"admin"},
			[]string{
				"Allow GET/users/*/keys", "Allow GET/users/*/keys/",
				"Deny GET/users/*/*/keys", "Deny GET/users/*/*/keys/", "Deny *//*", "Deny *%2F*", "Deny *%2f*", "Deny *%6?*", "Deny *%7?*",
			},
		},
		{
			"Deny rule",
			[]authorizer.Rule{allow("GET /*"), authorizer.Deny("GET /internal/*")},
			nil,
			[]string{"Allow GET/*", "Deny GET/internal/?*", "Deny *//*", "Deny *%2F*", "Deny *%2f*", "Deny *%6?*", "Deny *%7?*"},
		},
	} {
		routes, err := authorizer.NewRoutes(c.rules...)
		require.NoError(t, err, c.name)
		policy, err := routes.Policy(principal(t, c.scopes...), stage+"GET/anything")
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, resources(policy), c.name)
		require.Equal(t, "2012-10-17", policy.Version)
	}
}

func TestRoutesRefused(t *testing.T) {
	allow, scope := authorizer.Allow, authorizer.Scope
	for _, c := range []struct {
		fault string
		rules []authorizer.Rule
	}{
		{"the table is empty", nil},
		{"want a method", []authorizer.Rule{allow("/orders")}},
		{"want a method", []authorizer.Rule{allow("GET orders")}},
		{"unknown method", []authorizer.Rule{allow("FETCH /orders")}},
		{"empty segment", []authorizer.Rule{allow("GET /orders//x")}},
		{"before the last segment", []authorizer.Rule{allow("GET /orders/*/x")}},
		{`'?' is not a plain path character`, []authorizer.Rule{allow("GET /orders/a?b")}},
		{`'*' is not a plain path character`, []authorizer.Rule{allow("GET /orders/a*")}},
		{`'$' is not a plain path character`, []authorizer.Rule{allow("GET /orders/${aws:username}")}},
		{`'%' is not a plain path character`, []authorizer.Rule{allow("GET /orders/%61")}},
		{"empty segment", []authorizer.Rule{allow("GET /orders/")}},
		{"clients resolve it", []authorizer.Rule{allow("GET /orders/..")}},
		{"is not {name}", []authorizer.Rule{allow("GET /orders/{id")}},
		{"decides the same requests", []authorizer.Rule{allow("GET /orders/{id}"), allow("GET /orders/{name}", scope("x"))}},
		{"an empty requirement", []authorizer.Rule{allow("GET /orders", authorizer.Requirement{})}},
		{"more than 30 segments", []authorizer.Rule{allow("GET /" + strings.Repeat("a/", 40) + "a")}},
		{"denying the last takes in one of the others", []authorizer.Rule{allow("GET /*"), allow("GET /admin/*", scope("admin")), allow("GET /admin/health")}},
	} {
		_, err := authorizer.NewRoutes(c.rules...)
		require.ErrorContains(t, err, c.fault)
		require.Panics(t, func() { authorizer.MustRoutes(c.rules...) })
	}
	_, err := authorizer.NewRoutes(allow("x"), allow("GET /a//"), allow("GET /a"))
	require.ErrorContains(t, err, `route "x"`)
	require.ErrorContains(t, err, `route "GET /a//"`, "all faults are told together")
}

func TestRoutesOverlaps(t *testing.T) {
	routes := authorizer.MustRoutes(
		authorizer.Allow("GET /orders/{id}"),
		authorizer.Allow("GET /orders/{id}/lines/{line}"),
		authorizer.Allow("GET /orders/{id}/refund", authorizer.Scope("admin")))
	require.Equal(t, []string{`GET /orders/x/lines/refund is "GET /orders/{id}/lines/{line}", refused to who may not call "GET /orders/{id}/refund"`}, routes.Overlaps())
	require.True(t, routes.Permits(principal(t), "GET", "/orders/1/lines/2"))
	require.False(t, routes.Permits(principal(t), "GET", "/orders/1/lines/refund"))
	require.True(t, routes.Permits(principal(t, "admin"), "GET", "/orders/1/lines/refund"))
	require.Empty(t, authorizer.MustRoutes(authorizer.Allow("GET /orders/{id}"), authorizer.Allow("POST /orders", authorizer.Scope("w"))).Overlaps())
}

// iam evaluates a policy as IAM does, written apart from everything else: by regular expression.
func iam(policy awsevents.APIGatewayCustomAuthorizerPolicy, arn string) bool {
	allowed := false
	for _, statement := range policy.Statement {
		for _, resource := range statement.Resource {
			if globMatch(resource, arn) {
				if statement.Effect == "Deny" {
					return false
				}
				allowed = true
			}
		}
	}
	return allowed
}

func globMatch(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		return globMatch(pattern[1:], text) || text != "" && globMatch(pattern, text[1:])
	}
	return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && globMatch(pattern[1:], text[1:])
}

// oracle decides by the meaning of the rules alone: the most specific rule that matches.
type oracleRule struct {
	method string
	path   []string
	scope  string
}

func (r oracleRule) matches(path []string) bool {
	for i, s := range r.path {
		if s == "*" {
			return len(path) > i
		}
		if i >= len(path) || !strings.HasPrefix(s, "{") && s != path[i] {
			return false
		}
	}
	return len(path) == len(r.path)
}

func (r oracleRule) key() (key string) {
	for _, s := range r.path {
		switch {
		case s == "*":
			key += "c"
		case strings.HasPrefix(s, "{"):
			key += "b"
		default:
			key += "a"
		}
	}
	return key
}

func decide(rules []oracleRule, scope map[string]bool, method string, path []string) (known, permitted bool) {
	best := ""
	for _, r := range rules {
		key := r.key() + " "
		if r.method == "ANY" {
			key = r.key() + "~" // a method of its own comes first
		}
		if (r.method == method || r.method == "ANY") && r.matches(path) && (best == "" || key < best) {
			known, best, permitted = true, key, r.scope == "" || scope[r.scope]
		}
	}
	return known, permitted
}

var scopes = []string{"", "r", "w"}

func drawRules(t *rapid.T, literals []string) (rules []oracleRule, table []authorizer.Rule) {
	seen := make(map[string]bool)
	for range rapid.IntRange(1, 9).Draw(t, "rules") {
		var path, shape []string
		for i := range rapid.IntRange(1, 4).Draw(t, "segments") {
			s := rapid.SampledFrom(append([]string{"{x}", "{x}"}, literals...)).Draw(t, "segment")
			if s == "{x}" {
				s = fmt.Sprintf("{x%d}", i)
			}
			path = append(path, s)
		}
		if rapid.IntRange(0, 3).Draw(t, "tail") == 0 {
			path[len(path)-1] = "*"
		}
		for _, s := range path {
			if strings.HasPrefix(s, "{") {
				s = "{}"
			}
			shape = append(shape, s)
		}
		method := rapid.SampledFrom([]string{"GET", "GET", "POST", "POST", "ANY"}).Draw(t, "method")
		if key := method + strings.Join(shape, "/"); !seen[key] {
			seen[key] = true
			rule := oracleRule{method, path, rapid.SampledFrom(scopes).Draw(t, "scope")}
			rules = append(rules, rule)
			var requires []authorizer.Requirement
			if rule.scope != "" {
				requires = append(requires, authorizer.Scope(rule.scope))
			}
			table = append(table, authorizer.Allow(method+" /"+strings.Join(path, "/"), requires...))
		}
	}
	return rules, table
}

// The policy never grants a request that its rule refuses, agrees with Permits on every request some rule matches, and
// differs from the meaning of the rules only where Overlaps says so.
func TestPolicyDecidesAsTheTable(t *testing.T) {
	decidesAsTheTable(t, []string{"a", "b", "me", "admin"})
}

// The same with names so long that policies outgrow 8 KiB and leave out what they need not say.
func TestLargePolicyDecidesAsTheTable(t *testing.T) {
	long := make([]string, 4)
	for i := range long {
		long[i] = strings.Repeat(string(rune('a'+i)), 100)
	}
	decidesAsTheTable(t, long)
}

func decidesAsTheTable(t *testing.T, literals []string) {
	t.Helper()
	tables, refused, overlapping := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		rules, table := drawRules(t, literals)
		routes, err := authorizer.NewRoutes(table...)
		tables++
		if err != nil {
			refused++
			return
		}
		scope := map[string]bool{"r": rapid.Bool().Draw(t, "r"), "w": rapid.Bool().Draw(t, "w")}
		var held []string
		for name, has := range scope {
			if has {
				held = append(held, name)
			}
		}
		p, err := authorizer.NewPrincipal("u", held, nil)
		require.NoError(t, err)
		policy, err := routes.Policy(p, stage+"GET/")
		require.NoError(t, err)
		overlaps := routes.Overlaps()
		for range 30 {
			path := rapid.SliceOfN(rapid.SampledFrom(append([]string{"1", "2"}, literals...)), 1, 6).Draw(t, "path")
			method := rapid.SampledFrom([]string{"GET", "POST", "PUT"}).Draw(t, "verb")
			known, want := decide(rules, scope, method, path)
			got := iam(policy, stage+method+"/"+strings.Join(path, "/"))
			if !known {
				continue
			}
			require.False(t, got && !want, "over-grant of %s %v", method, path)
			require.Equal(t, got, routes.Permits(p, method, "/"+strings.Join(path, "/")))
			if got != want {
				require.NotEmpty(t, overlaps, "refused wrongly: %s %v", method, path)
				overlapping++
			}
		}
	})
	t.Logf("%d tables, %d refused at construction, %d requests refused for an overlap", tables, refused, overlapping)
}

// A table made to be hard to compare does not make the search explode.
func TestHardTables(t *testing.T) {
	path := func(length int, literal func(i int) string) string {
		parts := make([]string, length)
		for i := range parts {
			if parts[i] = literal(i); parts[i] == "" {
				parts[i] = fmt.Sprintf("{p%d}", i)
			}
		}
		return "GET /" + strings.Join(parts, "/")
	}
	every := func(n int, text string) func(int) string {
		return func(i int) string {
			if i%n == 1 {
				return text
			}
			return ""
		}
	}
	var rules []authorizer.Rule
	for i := range 10 {
		rules = append(rules,
			authorizer.Allow(path(16+i, every(2, "a")), authorizer.Scope("r")),
			authorizer.Allow(path(16+i, every(3, "b")), authorizer.Scope("w")),
			authorizer.Allow(path(16+i, every(99, "")), authorizer.Scope("x")))
	}
	_, steps, _ := authorizer.CountSteps(rules...)
	t.Logf("%d steps", steps)
	require.Less(t, steps, 2_000_000)
}
