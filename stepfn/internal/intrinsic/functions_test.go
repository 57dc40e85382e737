package intrinsic_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/intrinsic"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

const input = `{"list":[1,2,3,4,5],"same":[1,1.0,"1",1,null,null,{"a":1},{"a":1.0}],"none":[],"s":"text","o":{"a":1,"b":2},"p":{"b":3,"c":4},
	"split":[{"a":1},2],"long":%q,"longest":%q,"n":3,"a'])":"double","\"])":"single","json":"{\"a\":[1, 2]}","blank":" \t"}`

// of evaluates a call on the input.
func of(t *testing.T, call string) (any, error) {
	t.Helper()
	root, err := value.ParseString(fmt.Sprintf(input, strings.Repeat("é", 10_001), strings.Repeat("é", 10_000)))
	require.NoError(t, err)
	c, err := intrinsic.Parse(call)
	require.NoError(t, err, call)
	return c.Eval(func(p *jsonpath.Path) (any, error) { return p.Eval(root) })
}

func TestValues(t *testing.T) {
	for call, want := range map[string]string{
		`States.Format('a\}b\{c')`:                               `"a}b{c"`,
		`States.Array($["a'])"], $['"])'])`:                      `["double","single"]`,
		`States.Array( )`:                                        `[]`,
		`States.Array()`:                                         `[]`,
		`States.Array(1, 'a', true, null, $.n, States.Array(2))`: `[1,"a",true,null,3,[2]]`,
		"States.Array(\t1\n,\r2 )":                               `[1,2]`,
		`States.ArrayPartition($.list, 2)`:                       `[[1,2],[3,4],[5]]`,
		`States.ArrayPartition($.list, 1)`:                       `[[1],[2],[3],[4],[5]]`,
		`States.ArrayPartition($.list, 5)`:                       `[[1,2,3,4,5]]`,
		`States.ArrayPartition($.list, 2.5)`:                     `[[1,2,3],[4,5]]`,
		`States.ArrayPartition($.none, 2)`:                       `[]`,
		`States.ArrayContains($.list, 5)`:                        `true`,
		`States.ArrayContains($.list, 5.0)`:                      `true`,
		`States.ArrayContains($.list, '5')`:                      `false`,
		`States.ArrayContains($.none, 1)`:                        `false`,
		`States.ArrayContains($.split, $.split[0])`:              `true`,
		`States.ArrayRange(1, 9, 2)`:                             `[1,3,5,7,9]`,
		`States.ArrayRange(1, 8, 2)`:                             `[1,3,5,7]`,
		`States.ArrayRange(3, 1, -1)`:                            `[3,2,1]`,
		`States.ArrayRange(3, 0, -2)`:                            `[3,1]`,
		`States.ArrayRange(1, 3, -1)`:                            `[]`,
		`States.ArrayRange(3, 1, 1)`:                             `[]`,
		`States.ArrayRange(2, 2, -1)`:                            `[2]`,
		`States.ArrayLength(States.ArrayRange(1, 1000, 1))`:      `1000`,
		`States.ArrayGetItem($.list, 0)`:                         `1`,
		`States.ArrayGetItem($.list, 4)`:                         `5`,
		`States.ArrayLength($.none)`:                             `0`,
		`States.ArrayLength($.list)`:                             `5`,
		`States.ArrayUnique($.same)`:                             `[1,"1",null,{"a":1}]`,
		`States.Base64Encode('AWS')`:                             `"QVdT"`,
		`States.Base64Decode('QVdT')`:                            `"AWS"`,
		`States.Base64Decode('/w==')`:                            `"` + "\ufffd" + `"`,
		`States.Hash('x', 'MD5')`:                                `"9dd4e461268c8034f5c8564e155c67a6"`,
		`States.Hash('x', 'SHA-1')`:                              `"11f6ad8ec52a2984abaafd7c3b516503785c2072"`,
		`States.Hash('x', 'SHA-256')`:                            `"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"`,
		`States.Hash($.o, 'MD5')`:                                `"608de49a4600dbb5b173492759792e4a"`, // of {"a":1,"b":2}
		`States.JsonMerge($.o, $.p, false)`:                      `{"a":1,"b":3,"c":4}`,
		`States.StringToJson($.json)`:                            `{"a":[1,2]}`,
		`States.StringToJson('')`:                                `null`,
		`States.StringToJson($.blank)`:                           `null`,
		`States.JsonToString($.o)`:                               `"{\"a\":1,\"b\":2}"`,
		`States.MathRandom(3, 4)`:                                `3`,
		`States.MathRandom(-3, -2, 7)`:                           `-3`,
		`States.MathAdd(1, 2)`:                                   `3`,
		`States.MathAdd(-1, 1.5)`:                                `1`,
		`States.MathAdd(2147483647, -2147483648)`:                `-1`,
		`States.StringSplit('a.b,.c', '.,')`:                     `["a","b","c"]`,
		`States.StringSplit('', ',')`:                            `[]`,
		`States.Format('{} and {}', 1, 'b')`:                     `"1 and b"`,
		`States.Format('{}{}', $.o, $.list)`:                     `"{\"a\":1,\"b\":2}[1,2,3,4,5]"`,
		`States.Format('\{{}\}', null)`:                          `"{null}"`,
		`States.Format('tab\tline\nreturn\rquote\"slash\/')`:     `"tab\tline\nreturn\rquote\"slash/"`,
	} {
		v, err := of(t, call)
		require.NoError(t, err, call)
		require.Equal(t, want, value.String(v), call)
	}
	require.NotPanics(t, func() { _, _ = intrinsic.Parse(`States.Array('\`) })
	v, err := of(t, `States.Hash('x', 'SHA-384')`)
	require.NoError(t, err)
	require.Len(t, v, 96)
	v, err = of(t, `States.Hash('x', 'SHA-512')`)
	require.NoError(t, err)
	require.Len(t, v, 128)
	for _, call := range []string{`States.Hash($.longest, 'MD5')`, `States.Base64Encode($.longest)`} {
		_, err = of(t, call)
		require.NoError(t, err, "10,000 characters are allowed, however many bytes they have")
	}
}

func TestUUIDsAndRandomNumbersDiffer(t *testing.T) {
	first, err := of(t, `States.UUID()`)
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, first)
	second, err := of(t, `States.UUID()`)
	require.NoError(t, err)
	require.NotEqual(t, first, second)

	seen := map[string]bool{}
	for range 200 {
		v, err := of(t, `States.MathRandom(5, 8)`)
		require.NoError(t, err)
		seen[value.String(v)] = true
	}
	require.Equal(t, map[string]bool{"5": true, "6": true, "7": true}, seen, "the end is not reached")

	seeded := map[string]bool{}
	for seed := range 50 {
		low, err := of(t, fmt.Sprintf(`States.MathRandom(5, 8, %d)`, seed))
		require.NoError(t, err)
		require.Contains(t, seen, value.String(low))
		call := fmt.Sprintf(`States.MathRandom(1, 1000, %d)`, seed)
		one, err := of(t, call)
		require.NoError(t, err)
		again, err := of(t, call)
		require.NoError(t, err)
		require.Equal(t, one, again, "a seed gives the same number again")
		seeded[value.String(one)] = true
	}
	require.Greater(t, len(seeded), 40, "another seed gives another number")
}

// TestEveryArgumentIsChecked gives each function one argument of the wrong type.
func TestEveryArgumentIsChecked(t *testing.T) {
	for call, want := range map[string]string{
		`States.ArrayPartition(1, 2)`:            "the first argument must be an array, not a value of type number",
		`States.ArrayPartition($.list, 'a')`:     "the chunk size must be an integer, not a value of type string",
		`States.ArrayPartition($.list, -1)`:      "the chunk size must be positive",
		`States.ArrayContains('a', 1)`:           "the first argument must be an array, not a value of type string",
		`States.ArrayRange('a', 1, 1)`:           "the first number must be an integer, not a value of type string",
		`States.ArrayRange(1, true, 1)`:          "the last number must be an integer, not a value of type boolean",
		`States.ArrayRange(1, 1, null)`:          "the increment must be an integer, not a value of type null",
		`States.ArrayRange(1, 1001, 1)`:          "the array would have 1001 entries, more than 1000",
		`States.ArrayGetItem('a', 0)`:            "the first argument must be an array, not a value of type string",
		`States.ArrayGetItem($.list, $.o)`:       "the index must be an integer, not a value of type object",
		`States.ArrayGetItem($.list, 5)`:         "the index 5 is out of bounds for an array of length 5",
		`States.ArrayLength($.o)`:                "the argument must be an array, not a value of type object",
		`States.ArrayUnique(1)`:                  "the argument must be an array, not a value of type number",
		`States.Base64Encode(1)`:                 "the argument must be a string, not a value of type number",
		`States.Base64Encode($.long)`:            "the argument is longer than 10000 characters",
		`States.Base64Decode($.list)`:            "the argument must be a string, not a value of type array",
		`States.Base64Decode($.long)`:            "the argument is longer than 10000 characters",
		`States.Hash($.long, 'MD5')`:             "the data is longer than 10000 characters",
		`States.Hash('x', 1)`:                    "the algorithm must be a string, not a value of type number",
		`States.JsonMerge(1, $.o, false)`:        "the first two arguments must be objects",
		`States.JsonMerge($.o, 1, false)`:        "the first two arguments must be objects",
		`States.JsonMerge($.o, $.p, true)`:       "only the shallow merging mode is supported: the third argument must be false",
		`States.StringToJson(1)`:                 "the argument must be a string, not a value of type number",
		`States.StringToJson('[1')`:              "Unexpected end-of-input",
		`States.MathRandom('a', 1)`:              "the start must be an integer, not a value of type string",
		`States.MathRandom(1, 'a')`:              "the end must be an integer, not a value of type string",
		`States.MathRandom(1, 2, 'a')`:           "the seed must be an integer, not a value of type string",
		`States.MathRandom(2, 1)`:                "the start must be less than the end",
		`States.MathAdd(1, 'a')`:                 "the second number must be an integer, not a value of type string",
		`States.MathAdd(2147483648, 1)`:          "the first number is outside the range of a 32-bit integer",
		`States.MathAdd(1, -2147483649)`:         "the second number is outside the range of a 32-bit integer",
		`States.StringSplit(1, 'a')`:             "the first argument must be a string, not a value of type number",
		`States.StringSplit('a', 1)`:             "the splitter must be a string, not a value of type number",
		`States.Format(1)`:                       "the template must be a string, not a value of type number",
		`States.Array(1, States.MathAdd(1, ''))`: "The function 'States.MathAdd(1, '')' had the following error: the second number",
		`States.Array($.gone)`:                   "gone",
	} {
		_, err := of(t, call)
		require.ErrorContains(t, err, want, call)
	}
}

// TestWhereACallIsWrong gives the position that the error names.
func TestWhereACallIsWrong(t *testing.T) {
	for call, want := range map[string]string{
		``:                          "at 0: expected (",
		`States.No()`:               "at 0: there is no function States.No",
		`States.Array(1`:            "at 14: expected )",
		`States.Array(1,`:           "at 15: expected an argument",
		`States.Array(1 2)`:         "at 15: expected , or )",
		`States.Array(x)`:           "at 13: an argument is a string in single quotes, a number, true, false, null, a path or a function",
		`States.Array({})`:          "at 13: an argument is",
		`States.Array('a)`:          "at 16: the string is not closed",
		`States.Array('\x')`:        `at 15: unknown escape \x`,
		`States.Array($.a`:          "at 16: expected )",
		`States.Array('\`:           "at 15: the string is not closed",
		`States.Array('\x`:          "at 15: unknown escape \\x",
		`States.Array(1) 2`:         `at 16: unexpected "2"`,
		`States.MathAdd(1)`:         "at 17: States.MathAdd takes 2 arguments, not 1",
		`States.UUID(1)`:            "at 14: States.UUID takes 0 arguments, not 1",
		`States.MathRandom(1)`:      "at 20: States.MathRandom takes 2 to 3 arguments, not 1",
		`States.Format()`:           "at 15: States.Format takes at least 1 arguments, not 0",
		`States.Array(States.No())`: "at 13: there is no function States.No",
	} {
		_, err := intrinsic.Parse(call)
		require.ErrorContains(t, err, want, call)
	}
}

func TestPathsOfNestedCalls(t *testing.T) {
	c, err := intrinsic.Parse(`States.Array($.a, States.Array($.b[0], 1), 'x', States.Array(States.Array($['c,)'])))`)
	require.NoError(t, err)
	var paths []string
	c.Paths(func(p *jsonpath.Path) { paths = append(paths, p.String()) })
	require.Equal(t, []string{"$.a", "$.b[0]", "$['c,)']"}, paths)
	require.Equal(t, `States.Array($.a, States.Array($.b[0], 1), 'x', States.Array(States.Array($['c,)'])))`, c.String())
	require.True(t, intrinsic.Is("States.X"))
	require.False(t, intrinsic.Is("states.X"))
}

func TestIntegersAreThoseOf32Bits(t *testing.T) {
	for call, want := range map[string]string{
		fmt.Sprintf(`States.MathAdd(%d, 0)`, math.MaxInt32): "2147483647",
		fmt.Sprintf(`States.MathAdd(0, %d)`, math.MinInt32): "-2147483648",
	} {
		v, err := of(t, call)
		require.NoError(t, err)
		require.Equal(t, want, value.String(v))
	}
}
