package pattern_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/pattern"
)

func TestDialects(t *testing.T) {
	for _, c := range []struct {
		dialect         pattern.Dialect
		pattern, reason string
	}{
		{pattern.SNSBody, `{"a":[{"wildcard":"x*"}]}`, "Unrecognized match type wildcard"},
		{pattern.SNSBody, `{"a":[{"anything-but":{"suffix":"x"}}]}`, "Unsupported anything-but pattern: suffix"},
		{pattern.SNSBody, `{"key":[{"anything-but":{"prefix":false}}]}`, "prefix match pattern must be a string"},
		{pattern.SNSBody, `{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`, "Filter policy can not have more than 5 keys"},
		{pattern.SNSBody, `{"a":{"b":{"c":["1","2","3","4","5","6"]}},"d":{"e":["1","2","3","4","5"]}}`, "Filter policy is too complex"},
		{pattern.SNSBody, `invalid`, "failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"},
		{pattern.SNSAttributes, `{"a":{"b":["x"]}}`, "Filter policy scope MessageAttributes does not support nested filter policy"},
		{pattern.SNSAttributes, `{"a":[{"cidr":"xx.11.xx/8"}]}`, "Nonstandard IP address: xx.11.xx"},
		{pattern.EventSource, `{"a":[{"cidr":"10.0.0.0/8"}]}`, "Unrecognized match type cidr"},
		{pattern.Pipes, `{"a":[{"anything-but":{"prefix":"x"}}]}`, "Unsupported anything-but pattern: prefix"},
	} {
		require.Equal(t, c.reason, refusal(t, c.dialect, c.pattern).Reason(), "%s %s", c.dialect, c.pattern)
	}
	require.True(t, refusal(t, pattern.SNSAttributes, `{"a":{"b":["x"]}}`).Bare)
	require.Equal(t, "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]",
		refusal(t, pattern.SNSBody, `{invalid}`).Message)
	for _, text := range []string{
		`{"a":{"b":{"c":["1","2","3","4"]}},"d":{"e":["1","2","3"]}}`, // 12 × 6 combinations
		`{"a":[{"anything-but":{"prefix":"x"}}],"b":[{"numeric":[">",1]}],"c":[{"suffix":"x"}],"d":[{"cidr":"10.0.0.0/8"}],"e":[{"equals-ignore-case":"x"}]}`,
		`{"$or":[{"a":["x"]},{"b":["y"]}]}`,
	} {
		parse(t, pattern.SNSBody, text)
	}
}

func TestMatchAttributes(t *testing.T) {
	attributes := map[string]pattern.Attribute{
		"kind":  {Type: "String", Value: "order"},
		"tags":  {Type: "String.Array", Value: `["vip","new",null,3]`},
		"total": {Type: "Number", Value: "149.95"},
		"label": {Type: "String.custom", Value: ""},
		"blob":  {Type: "Binary", Value: "eA=="},
		"odd":   {Type: "Number", Value: "0x10"},
	}
	for text, want := range map[string]bool{
		`{"kind":["order"]}`: true,
		`{"kind":["order"],"total":[{"numeric":[">",100]}]}`: true,
		`{"kind":["other"]}`: false,
		`{"tags":["new"]}`:   true,
		`{"tags":[3]}`:       true,
		`{"tags":[{"anything-but":["vip","new"]}]}`:                  true,
		`{"total":["149.95"]}`:                                       false,
		`{"total":[149.95]}`:                                         true,
		`{"kind":[{"exists":true}]}`:                                 true,
		`{"label":[{"exists":true}]}`:                                false,
		`{"blob":[{"exists":true}]}`:                                 false,
		`{"blob":[{"exists":false}]}`:                                true,
		`{"odd":[{"exists":false}]}`:                                 true,
		`{"$or":[{"kind":["x"]},{"total":[{"numeric":["<",200]}]}]}`: true,
	} {
		got, err := parse(t, pattern.SNSAttributes, text).MatchAttributes(attributes)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	got, err := parse(t, pattern.SNSAttributes, `{"a":[{"exists":false}]}`).MatchAttributes(nil)
	require.NoError(t, err)
	require.False(t, got, "without attributes nothing matches")
}
