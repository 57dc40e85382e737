package filter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/filter"
)

func TestPolicyPrintsAndMatches(t *testing.T) {
	f := filter.MustPolicy(filter.ScopeBody,
		filter.Where("detail.total", filter.AtLeast(100), filter.Null()),
		filter.Where("detail.id", filter.Prefix("o-"), filter.Equals("x", "y")),
		filter.AnyOf(filter.Where("source", filter.Suffix(".orders")), filter.All(
			filter.Where("region", filter.AnythingBut("eu-west-1")), filter.Where("test", filter.Missing()))),
	)
	require.Equal(t, `{"$or":[{"source":[{"suffix":".orders"}]},{"region":[{"anything-but":["eu-west-1"]}],"test":[{"exists":false}]}],`+
		`"detail":{"id":[{"prefix":"o-"},"x","y"],"total":[{"numeric":[">=",100]},null]}}`, f.String())
	require.Equal(t, "MessageBody", f.SubscriptionAttributes()["FilterPolicyScope"])
	require.True(t, f.MatchBody([]byte(`{"source":"my.orders","detail":{"total":100,"id":"o-1"}}`)))
	require.False(t, f.MatchBody([]byte(`{"source":"my.orders","detail":{"total":99,"id":"o-1"}}`)))
	require.False(t, f.MatchBody([]byte(`nonsense`)))

	a := filter.MustPolicy(filter.ScopeAttributes, filter.Where("a.b", filter.EqualsIgnoreCase("WEB")),
		filter.Where("n", filter.Between(1, 2), filter.Above(5), filter.Below(-5), filter.AtMost(-9), filter.EqualsNumber(3)))
	require.True(t, a.MatchAttributes(messaging.Attributes{"a.b": messaging.String("web"), "n": messaging.Number(1.5)}))
	require.False(t, a.MatchAttributes(messaging.Attributes{"a.b": messaging.String("web"), "n": messaging.Number(4)}))
	require.False(t, a.MatchBody([]byte(`{}`)))
}

func TestPolicyRefusesWhatSNSRefuses(t *testing.T) {
	w := filter.Where
	tests := []struct {
		name       string
		scope      filter.Scope
		conditions []filter.Condition
		text       string
	}{
		{"scope", "Body", nil, `the scope is "Body"`},
		{"nothing", filter.ScopeBody, nil, "there is no condition"},
		{"no match", filter.ScopeBody, []filter.Condition{w("a")}, "a: there is no match"},
		{"twice", filter.ScopeBody, []filter.Condition{w("a", filter.Exists()), w("a", filter.Exists())}, "a: two conditions"},
		{"inside", filter.ScopeBody, []filter.Condition{w("a", filter.Exists()), w("a.b", filter.Exists())}, "a.b: a has a condition of its own"},
		{"path", filter.ScopeBody, []filter.Condition{w("a..b", filter.Exists())}, `the path "a..b" has an empty name`},
		{"number", filter.ScopeBody, []filter.Condition{w("a", filter.Above(2e9)), w("b", filter.EqualsNumber(0.000001))}, "a: the number 2e+09 is not within ±1e9\nb: the number 1e-06 has more than 5 decimals"},
		{"one alternative", filter.ScopeBody, []filter.Condition{filter.AnyOf(w("a", filter.Exists()))}, "AnyOf needs two"},
		{"no alternative", filter.ScopeBody, []filter.Condition{filter.AnyOf()}, "AnyOf needs two"},
		{"nothing in all", filter.ScopeBody, []filter.Condition{filter.AnyOf(filter.All(), w("a", filter.Exists()))}, "All needs a condition"},
		{"empty all outside", filter.ScopeBody, []filter.Condition{filter.All()}, "All is for the alternatives"},
		{"zero condition", filter.ScopeBody, []filter.Condition{{}}, "a condition is its zero value: make it with Where or AnyOf"},
		{"no path", filter.ScopeBody, []filter.Condition{w("", filter.Exists())}, "Where needs a path"},
		{"all outside", filter.ScopeBody, []filter.Condition{filter.All(w("a", filter.Exists()))}, "All is for the alternatives"},
		{"keys", filter.ScopeAttributes, []filter.Condition{
			w("a", filter.Exists()), w("b", filter.Exists()), w("c", filter.Exists()), w("d", filter.Exists()), w("e", filter.Exists()), w("f", filter.Exists()),
		}, "more than 5 keys"},
		{"combinations", filter.ScopeAttributes, []filter.Condition{
			w("a", filter.Equals("1", "2", "3", "4", "5", "6")), w("b", filter.Equals("1", "2", "3", "4", "5", "6")), w("c", filter.Equals("1", "2", "3", "4", "5", "6")),
		}, "too complex"},
		{"cidr", filter.ScopeAttributes, []filter.Condition{w("a", filter.CIDR("10.0.0.0/99"))}, "10.0.0.0/99"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := filter.NewPolicy(test.scope, test.conditions...)
			require.ErrorContains(t, err, test.text)
			require.ErrorContains(t, err, "filter: ")
			require.Panics(t, func() { filter.MustPolicy(test.scope, test.conditions...) })
		})
	}
}

func TestPolicyThatIsNilOrZeroMatchesNothing(t *testing.T) {
	for _, p := range []*filter.Policy{nil, {}} {
		require.False(t, p.MatchBody([]byte(`{}`)))
		require.False(t, p.MatchAttributes(nil))
		require.Empty(t, p.String()+string(p.Scope()))
		require.Equal(t, map[string]string{"FilterPolicy": "", "FilterPolicyScope": ""}, p.SubscriptionAttributes())
	}
}
