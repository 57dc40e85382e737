package intrinsic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/intrinsic"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// edge evaluates a call on an input of odd names and of the longest text.
func edge(t *testing.T, call string) (any, error) {
	t.Helper()
	root, err := value.ParseString(`{"a'])":"double","\"])":"single","longest":"` + strings.Repeat("é", 10_000) + `"}`)
	require.NoError(t, err)
	c, err := intrinsic.Parse(call)
	require.NoError(t, err, call)
	return c.Eval(func(p *jsonpath.Path) (any, error) { return p.Eval(root) })
}

func TestEdges(t *testing.T) {
	for call, want := range map[string]string{
		`States.Format('a\}b\{c')`:           `"a}b{c"`,
		`States.Format('\{{}\}', null)`:      `"{null}"`,
		`States.Array($["a'])"], $['"])'])`:  `["double","single"]`,
		`States.Array( )`:                    `[]`,
		"States.Array(\t1\n,\r2 )":           `[1,2]`,
		`States.ArrayRange(2, 2, -1)`:        `[2]`,
		`States.ArrayRange(100, 2000, 100)`:  `[100,200,300,400,500,600,700,800,900,1000,1100,1200,1300,1400,1500,1600,1700,1800,1900,2000]`,
		`States.Array('\{x\}')`:              `["\\{x\\}"]`,
		`States.Hash($.longest, 'MD5')`:      "",
		`States.StringSplit('a.b,.c', '.,')`: `["a","b","c"]`,
		`States.MathRandom(-3, -2, 7)`:       `-3`,
	} {
		v, err := edge(t, call)
		require.NoError(t, err, call)
		if strings.Contains(call, "longest") {
			require.Len(t, v, 32, "10,000 characters are allowed, however many bytes they have")
			continue
		}
		require.Equal(t, want, value.String(v), call)
	}
	_, err := edge(t, `States.Base64Encode($.longest)`)
	require.NoError(t, err)
	for seed := range 50 {
		v, err := edge(t, fmt.Sprintf(`States.MathRandom(5, 8, %d)`, seed))
		require.NoError(t, err)
		require.Contains(t, []string{"5", "6", "7"}, value.String(v))
	}
}

// TestWhereACallIsWrong gives the position that the error names.
func TestWhereACallIsWrong(t *testing.T) {
	for call, want := range map[string]string{
		``:                  "at 0: expected (",
		`States.Array(1`:    "at 14: expected )",
		`States.Array($.a`:  "at 16: expected )",
		`States.Array(1,`:   "at 15: expected an argument",
		`States.Array(1 2)`: "at 15: expected , or )",
		`States.Array(x)`:   "at 13: an argument is a string in single quotes, a number, true, false, null, a path or a function",
		`States.Array('a)`:  "at 16: the string is not closed",
		`States.Array('\x`:  `at 15: unknown escape \x`,
		`States.Array('\`:   "at 15: the string is not closed",
		`States.Array(1) 2`: `at 16: unexpected "2"`,
		strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11): "at 130: functions are nested deeper than 10",
	} {
		_, err := intrinsic.Parse(call)
		require.ErrorContains(t, err, want, call)
	}
}
