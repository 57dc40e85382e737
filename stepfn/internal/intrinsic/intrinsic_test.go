package intrinsic_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/intrinsic"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

func eval(t *testing.T, call string) (any, error) {
	t.Helper()
	c, err := intrinsic.Parse(call)
	require.NoError(t, err, call)
	root := value.ObjectOf("a", []any{value.Int(1)}, "s", "text")
	return c.Eval(func(p *jsonpath.Path) (any, error) { return p.Eval(root) })
}

func TestFailures(t *testing.T) {
	tests := []struct{ call, want string }{
		{`States.ArrayPartition($.a, 0)`, "must be positive"},
		{`States.ArrayRange(1, 9, 0)`, "must not be zero"},
		{`States.ArrayRange(1, 5000, 1)`, "more than 1000"},
		{`States.ArrayGetItem($.a, -1)`, "out of bounds"},
		{`States.ArrayLength($.s)`, "must be an array"},
		{`States.Base64Decode('***')`, "not base64"},
		{`States.Hash('x', 'CRC')`, "no algorithm CRC"},
		{`States.JsonMerge($.a, $.a, false)`, "must be objects"},
		{`States.StringToJson('{')`, "Unexpected end-of-input"},
		{`States.MathRandom(3, 3)`, "less than the end"},
		{`States.MathAdd('1', 2)`, "must be an integer"},
		{`States.MathAdd(3000000000, 2)`, "outside the range"},
		{`States.Format('{} {}', 1)`, "more placeholders"},
		{`States.Format('{}', 1, 2)`, "more arguments"},
		{`States.StringSplit($.a, ',')`, "must be a string"},
	}
	for _, tt := range tests {
		_, err := eval(t, tt.call)
		require.ErrorContains(t, err, "The function '"+tt.call+"' had the following error: ")
		require.ErrorContains(t, err, tt.want)
	}
}

func TestRefused(t *testing.T) {
	for _, call := range []string{
		``, `States.Format`, `States.Format(`, `States.Format()`, `States.No()`, `States.UUID(1)`, `States.Format('a)`, `States.Format('a' 'b')`,
		`States.Format("a")`, `States.Array(1))`, `States.Array({})`, `States.MathAdd(1)`, `States.Array(\'x\')`, `States.Array($.)`,
		strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11),
	} {
		_, err := intrinsic.Parse(call)
		require.Error(t, err, call)
	}
	_, err := intrinsic.Parse(strings.Repeat("States.Array(", 10) + strings.Repeat(")", 10))
	require.NoError(t, err, "ten deep is allowed")
}

func TestEscapes(t *testing.T) {
	v, err := eval(t, `States.Format('it\'s \{{}\} \\', $.s)`)
	require.NoError(t, err)
	require.Equal(t, `it's {text} \`, v)
	v, err = eval(t, `States.Array($['a'][0], $.a[?(@ == 1)], 'a,b)')`)
	require.NoError(t, err)
	require.Equal(t, `[1,[1],"a,b)"]`, value.String(v))
}

func FuzzCall(f *testing.F) {
	f.Add(`States.Format('{} \{', States.ArrayGetItem($.a, 0))`)
	f.Add(`States.MathRandom(1, 2, 3)`)
	f.Fuzz(func(t *testing.T, call string) {
		c, err := intrinsic.Parse(call)
		if err != nil {
			return
		}
		root := value.ObjectOf("a", []any{value.Int(1)})
		v, err := c.Eval(func(p *jsonpath.Path) (any, error) { return p.Eval(root) })
		if err == nil {
			_, err = value.Parse(value.Append(nil, v))
			require.NoError(t, err, "what a function gives is JSON")
		}
	})
}
