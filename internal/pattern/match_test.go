package pattern_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/pattern"
)

func parse(tb testing.TB, d pattern.Dialect, text string) *pattern.Pattern {
	tb.Helper()
	p, err := pattern.Parse(d, []byte(text))
	require.NoError(tb, err, text)
	return p
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"a":["x"]}`, `{"a":"x"}`, true},
		{`{"a":["x"]}`, `{"a":["y",["x"]]}`, true},
		{`{"a":{"b":["x"]}}`, `{"a.b":"x"}`, true},
		{`{"a.b":["x"]}`, `{"a":{"b":"x"}}`, true},
		{`{"a":["5"]}`, `{"a":5}`, false},
		{`{"a":[300]}`, `{"a":3.0e2}`, true},
		{`{"a":[0]}`, `{"a":-0}`, true},
		{`{"a":[1e21]}`, `{"a":1000000000000000000000}`, true},
		{`{"a":[12345678901234567891]}`, `{"a":12345678901234567891}`, true},
		{`{"a":[12345678901234567891]}`, `{"a":1.2345678901234567891e19}`, false},
		{`{"a":[{"numeric":[">",1]}]}`, `{"a":9007199254740993}`, false},
		{`{"a":[{"numeric":[">",1]}]}`, `{"a":1}`, false},
		{`{"a":[{"numeric":[">",1]}]}`, `{"a":1.000001}`, true},
		{`{"a":[{"numeric":[">=",1]}]}`, `{"a":1}`, true},
		{`{"a":[{"anything-but":5}]}`, `{"a":9007199254740993}`, true},
		{`{"a":[null]}`, `{"a":null}`, true},
		{`{"a":[null]}`, `{}`, false},
		{`{"a":["A"]}`, `{"a":"\u0041"}`, true},
		{`{"a":["?"]}`, `{"a":"\ud800"}`, true},
		{`{"a":["😀"]}`, `{"a":"\ud83d\ude00"}`, true},
		{`{"a\"b":["x"]}`, `{"a\u0022b":"x"}`, true},
		{`{"a":[{"prefix":""}]}`, `{"a":""}`, true},
		{`{"a":[{"prefix":"x\""}]}`, `{"a":"x"}`, true},
		{`{"a":[{"suffix":"\"x"}]}`, `{"a":"x"}`, true},
		{`{"a":[{"wildcard":"a*b*c"}]}`, `{"a":"a-b-b-c"}`, true},
		{`{"a":[{"wildcard":"a*a"}]}`, `{"a":"a"}`, false},
		{`{"a":[{"wildcard":"*aba*ba*"}]}`, `{"a":"aba"}`, false},
		{`{"a":[{"wildcard":"*aba*ba*"}]}`, `{"a":"abab"}`, false},
		{`{"a":[{"wildcard":"*aba*ba*"}]}`, `{"a":"ababa"}`, true},
		{`{"a":[{"wildcard":"\\*"}]}`, `{"a":"*"}`, true},
		{`{"a":[{"wildcard":""}]}`, `{"a":""}`, true},
		{`{"a":[{"equals-ignore-case":"straße"}]}`, `{"a":"STRASSE"}`, true},
		{`{"a":[{"equals-ignore-case":"STRASSE"}]}`, `{"a":"straße"}`, false},
		{`{"a":[{"equals-ignore-case":"İ"}]}`, `{"a":"i̇"}`, true},
		{`{"a":[{"equals-ignore-case":"😀"}]}`, `{"a":"😀"}`, false},
		{`{"a":[{"equals-ignore-case":"😀"}]}`, `{"a":"??"}`, true},
		{`{"a":[{"suffix":{"equals-ignore-case":".PNG"}}]}`, `{"a":"x.png"}`, true},
		{`{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":"010.001.0.1"}`, true},
		{`{"a":["010.0.0.1"]}`, `{"a":"10.0.0.1"}`, true},
		{`{"a":["::1"]}`, `{"a":"0:0:0:0:0:0:0:1"}`, true},
		{`{"a":["10.0.0.1"]}`, `{"a":"::ffff:a00:1"}`, true},
		{`{"a":["300.1.1.1"]}`, `{"a":"300.1.1.1"}`, true},
		{`{"a":["1:2"]}`, `{"a":"1:2"}`, true},
		{`{"a":[{"cidr":"::/0"}]}`, `{"a":"10.0.0.1"}`, true},
		{`{"a":[{"exists":true}]}`, `{"a":{}}`, false},
		{`{"a":[{"exists":true}]}`, `{"a":null}`, true},
		{`{"a":[{"exists":false}]}`, `{"a":{}}`, true},
		{`{"a":{"b":[{"exists":false}]}}`, `{}`, true},
		{`{"a":[{"anything-but":["x"]}]}`, `{"a":["x","y"]}`, true},
		{`{"a":[{"anything-but":["x"]}]}`, `{"a":["x","x"]}`, false},
		{`{"a":[{"anything-but":["x"]}]}`, `{}`, false},
		{`{"a":["1"],"a":["2"]}`, `{"a":"1"}`, false},
		{`{"a":{"b":["1"]},"a":{"c":["2"]}}`, `{"a":{"b":"1","c":"2"}}`, true},
		{`{"a":["x"]}`, `{"a":"y","a":"x"}`, true},
		{`{"$or":[{"a":["1"]},{"b":["2"]}],"c":["3"]}`, `{"b":"2","c":"3"}`, true},
		{`{"$or":[{"a":["1"]},{"b":["2"]}],"$or":[{"c":["3"]},{"d":["4"]}]}`, `{"a":"1","d":"4"}`, true},
		{`{"$or":[{"a":["1"]},{"a":["1","2"]}]}`, `{"a":"2"}`, true},
		{`{"a":{"b":["1"],"c":["2"]}}`, `{"a":[{"b":"1","c":"3"},{"b":"9","c":"2"}]}`, false},
		{`{"a":{"b":["1"],"c":["2"]}}`, `{"a":[{"b":"1","c":"3"},{"b":"1","c":"2"}]}`, true},
		{`{"a":["x"],"a.b":["1"]}`, `{"a":["x",{"b":"1"}]}`, true},
		{`{"a":{"b":["2"],"c":[{"exists":false}]}}`, `{"a":[{"c":1},{"b":"2"}]}`, true},
		{`{"a":{"b":[{"exists":false}],"c":["2"]}}`, `{"a":[{"b":1},{"c":"2"}]}`, false},
		{`{"a":{"b":[{"exists":false}]}}`, `{"a":[{"b":1},{"c":2}]}`, false},
		{`{"":{"b":["1"]}}`, `{"b":"1"}`, true},
	} {
		got, err := parse(t, pattern.EventBridge, c.pattern).Match([]byte(c.event))
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s on %s", c.pattern, c.event)
	}
}

func TestMatchRefusesWhatIsNoObject(t *testing.T) {
	p := parse(t, pattern.EventBridge, `{"a":["x"]}`)
	for _, event := range []string{
		"", "[]", `"x"`, "5", "{", `{"a"`, `{"a":}`, `{"a":"x"`, `{"a":"x",}`, `{a:1}`, `{"b":tru}`, `{"b":01}`, `{"b":1.}`, `{"b":"\q"}`, "{\"b\":\"\x01\"}", `{"b":[1,]}`, `{"b":"\u12"}`,
	} {
		_, err := p.Match([]byte(event))
		require.ErrorIs(t, err, pattern.ErrEvent, event)
	}
	matched, err := p.Match([]byte(`{"a":"x"} and more`))
	require.NoError(t, err)
	require.True(t, matched)
	_, err = p.Match([]byte(`{"b":` + strings.Repeat("[", 5000)))
	require.ErrorIs(t, err, pattern.ErrEvent)
}

// TestManyKeys has more keys than a machine word has bits.
func TestManyKeys(t *testing.T) {
	var p, yes, no strings.Builder
	for i := range 150 {
		fmt.Fprintf(&p, `,"k%03d":[%d]`, i, i)
		fmt.Fprintf(&yes, `,"k%03d":%d`, i, i)
		fmt.Fprintf(&no, `,"k%03d":%d`, i, i%149)
	}
	many := parse(t, pattern.EventBridge, `{"a":{"b":{`+p.String()[1:]+`},"x":[{"exists":false}]}}`)
	for event, want := range map[string]bool{
		`{"a":[{"x":1},{"b":{` + yes.String()[1:] + `}}]}`:                                              true,
		`{"a":[{"b":{` + no.String()[1:] + `}}]}`:                                                       false,
		`{"a":[{"x":1,"b":{` + yes.String()[1:] + `}}]}`:                                                false,
		`{"a":[{"b":[{` + no.String()[1:] + `},{` + yes.String()[1:] + `}]},{"b":{"k000":0,"x":"y"}}]}`: true,
	} {
		got, err := many.Match([]byte(event))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestLongArrays takes steps by the number of elements, not by its square.
func TestLongArrays(t *testing.T) {
	p := parse(t, pattern.EventBridge, `{"a":{"b":["1"],"c":["2"],"d":["3"],"e":[{"exists":false}]}}`)
	event := func(n int) []byte {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"b":"1","c":"%d","d":"%d"}`, 2*(i%2), 3*(1-i%2)) // never both in one element
		}
		return []byte(`{"a":[` + b.String()[1:] + `]}`)
	}
	steps := func(n int) int {
		data := event(n)
		matched, err := p.Match(data)
		require.NoError(t, err)
		require.False(t, matched)
		taken, err := p.Steps(data)
		require.NoError(t, err)
		return taken
	}
	few := steps(300)
	require.Greater(t, few, 300, "every element is looked at")
	require.LessOrEqual(t, steps(6000), 21*few, "20 times the elements")
}

func TestSet(t *testing.T) {
	set := pattern.NewSet(
		parse(t, pattern.EventBridge, `{"source":["shop"]}`),
		parse(t, pattern.EventBridge, `{"$or":[{"source":["shop"]},{"detail":{"n":[1]}}]}`),
		parse(t, pattern.EventBridge, `{"source":["other"]}`),
	)
	got, err := set.Match([]byte(`{"source":"shop","detail":{"n":1}}`), nil)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, got)
}
