package messaging_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
)

func TestFilterPrintsAndMatches(t *testing.T) {
	f := messaging.MustFilter(messaging.OnBody,
		messaging.Where("detail.total", messaging.AtLeast(100), messaging.Null()),
		messaging.Where("detail.id", messaging.Prefix("o-"), messaging.Equals("x", "y")),
		messaging.AnyOf(messaging.Where("source", messaging.Suffix(".orders")), messaging.All(
			messaging.Where("region", messaging.AnythingBut("eu-west-1")), messaging.Where("test", messaging.Missing()))),
	)
	require.Equal(t, `{"$or":[{"source":[{"suffix":".orders"}]},{"region":[{"anything-but":["eu-west-1"]}],"test":[{"exists":false}]}],`+
		`"detail":{"id":[{"prefix":"o-"},"x","y"],"total":[{"numeric":[">=",100]},null]}}`, f.String())
	require.Equal(t, "MessageBody", f.SubscriptionAttributes()["FilterPolicyScope"])
	require.True(t, f.MatchBody([]byte(`{"source":"my.orders","detail":{"total":100,"id":"o-1"}}`)))
	require.False(t, f.MatchBody([]byte(`{"source":"my.orders","detail":{"total":99,"id":"o-1"}}`)))
	require.False(t, f.MatchBody([]byte(`nonsense`)))

	a := messaging.MustFilter(messaging.OnAttributes, messaging.Where("a.b", messaging.EqualsIgnoreCase("WEB")),
		messaging.Where("n", messaging.Between(1, 2), messaging.Above(5), messaging.Below(-5), messaging.AtMost(-9), messaging.EqualsNumber(3)))
	require.True(t, a.MatchAttributes(messaging.Attributes{"a.b": messaging.String("web"), "n": messaging.Number(1.5)}))
	require.False(t, a.MatchAttributes(messaging.Attributes{"a.b": messaging.String("web"), "n": messaging.Number(4)}))
	require.False(t, a.MatchBody([]byte(`{}`)))
}

func TestFilterRefusesWhatSNSRefuses(t *testing.T) {
	w := messaging.Where
	tests := []struct {
		name       string
		scope      messaging.Scope
		conditions []messaging.Condition
		text       string
	}{
		{"scope", "Body", nil, `the scope is "Body"`},
		{"nothing", messaging.OnBody, nil, "there is no condition"},
		{"no match", messaging.OnBody, []messaging.Condition{w("a")}, "a: there is no match"},
		{"twice", messaging.OnBody, []messaging.Condition{w("a", messaging.Exists()), w("a", messaging.Exists())}, "a: two conditions"},
		{"inside", messaging.OnBody, []messaging.Condition{w("a", messaging.Exists()), w("a.b", messaging.Exists())}, "a.b: a has a condition of its own"},
		{"path", messaging.OnBody, []messaging.Condition{w("a..b", messaging.Exists())}, `the path "a..b" has an empty name`},
		{"number", messaging.OnBody, []messaging.Condition{w("a", messaging.Above(2e9)), w("b", messaging.EqualsNumber(0.000001))}, "a: the number 2e+09 is not within ±1e9\nb: the number 1e-06 has more than 5 decimals"},
		{"one alternative", messaging.OnBody, []messaging.Condition{messaging.AnyOf(w("a", messaging.Exists()))}, "AnyOf needs two"},
		{"all outside", messaging.OnBody, []messaging.Condition{messaging.All(w("a", messaging.Exists()))}, "All is for the alternatives"},
		{"keys", messaging.OnAttributes, []messaging.Condition{
			w("a", messaging.Exists()), w("b", messaging.Exists()), w("c", messaging.Exists()), w("d", messaging.Exists()), w("e", messaging.Exists()), w("f", messaging.Exists()),
		}, "more than 5 keys"},
		{"combinations", messaging.OnAttributes, []messaging.Condition{
			w("a", messaging.Equals("1", "2", "3", "4", "5", "6")), w("b", messaging.Equals("1", "2", "3", "4", "5", "6")), w("c", messaging.Equals("1", "2", "3", "4", "5", "6")),
		}, "too complex"},
		{"cidr", messaging.OnAttributes, []messaging.Condition{w("a", messaging.CIDR("10.0.0.0/99"))}, "10.0.0.0/99"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := messaging.NewFilter(test.scope, test.conditions...)
			require.ErrorContains(t, err, test.text)
			require.ErrorContains(t, err, "messaging: filter policy")
			require.Panics(t, func() { messaging.MustFilter(test.scope, test.conditions...) })
		})
	}
}
