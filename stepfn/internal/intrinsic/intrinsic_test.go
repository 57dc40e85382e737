package intrinsic_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/intrinsic"
	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// input is what the paths of the calls look into.
const input = `{
	"a": [1], "s": "text", "nine": [1,2,3,4,5,6,7,8,9], "double": [1,2,3,3,3,3,3,3,4], "empty": [],
	"mixed": [1, 1.0, "1", {"a":1,"b":2}, {"b":2,"a":1}, null, null, [1], [1]],
	"one": {"a":{"a1":1,"a2":2},"b":2}, "two": {"a":{"a3":1,"a4":2},"c":3},
	"long": "LONG", "quoted": "{\"foo\":\"bar\"}", "blank": " "
}`

func eval(t *testing.T, call string) (any, error) {
	t.Helper()
	c, err := intrinsic.Parse(call)
	require.NoError(t, err, call)
	require.Equal(t, call, c.String())
	root, err := value.ParseString(strings.Replace(input, "LONG", strings.Repeat("é", 10_001), 1))
	require.NoError(t, err)
	return c.Eval(func(p *jsonpath.Path) (any, error) { return p.Eval(root) })
}

// The results are those of the examples in
// https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html,
// and of the rules beside them.
func TestResults(t *testing.T) {
	tests := []struct{ call, want string }{
		{`States.Array()`, `[]`},
		{`States.Array($.s, 1.50, null, true, States.Array(1))`, `["text",1.50,null,true,[1]]`},
		{`States.ArrayPartition($.nine, 4)`, `[[1,2,3,4],[5,6,7,8],[9]]`},
		{`States.ArrayPartition($.nine, 3)`, `[[1,2,3],[4,5,6],[7,8,9]]`},
		{`States.ArrayPartition($.nine, 2.5)`, `[[1,2,3],[4,5,6],[7,8,9]]`},
		{`States.ArrayPartition($.empty, 1)`, `[]`},
		{`States.ArrayContains($.nine, 5)`, `true`},
		{`States.ArrayContains($.nine, 10)`, `false`},
		{`States.ArrayContains($.nine, '5')`, `false`},
		{`States.ArrayContains($.mixed, $.a)`, `true`},
		{`States.ArrayRange(1, 9, 2)`, `[1,3,5,7,9]`},
		{`States.ArrayRange(3, 1, -1)`, `[3,2,1]`},
		{`States.ArrayRange(3, 1, 1)`, `[]`},
		{`States.ArrayRange(0, 0, -5)`, `[0]`},
		{`States.ArrayLength(States.ArrayRange(1, 1000, 1))`, `1000`},
		{`States.ArrayGetItem($.nine, 5)`, `6`},
		{`States.ArrayGetItem($.nine, 0)`, `1`},
		{`States.ArrayGetItem($.nine, 8)`, `9`},
		{`States.ArrayLength($.nine)`, `9`},
		{`States.ArrayLength($.empty)`, `0`},
		{`States.ArrayUnique($.double)`, `[1,2,3,4]`},
		{`States.ArrayUnique($.mixed)`, `[1,"1",{"a":1,"b":2},null,[1]]`},
		{`States.Base64Encode('Data to encode')`, `"RGF0YSB0byBlbmNvZGU="`},
		{`States.Base64Decode('RGVjb2RlZCBkYXRh')`, `"Decoded data"`},
		{`States.Base64Decode('/w==')`, "\"\ufffd\""},
		{`States.Base64Encode('')`, `""`},
		{`States.Hash('input data', 'MD5')`, `"812f45842bc6d66ee14572ce20db8e86"`},
		{`States.Hash('input data', 'SHA-1')`, `"aaff4a450a104cd177d28d18d74485e8cae074b7"`},
		{`States.Hash('', 'SHA-256')`, `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`},
		{`States.Hash($.a, 'SHA-1')`, `"f629ae44b7b3dcfed444d363e626edf411ec69a8"`},
		{`States.JsonMerge($.one, $.two, false)`, `{"a":{"a3":1,"a4":2},"b":2,"c":3}`},
		{`States.JsonMerge(States.StringToJson('{}'), $.two, false)`, `{"a":{"a3":1,"a4":2},"c":3}`},
		{`States.JsonMerge($.two, $.one, false)`, `{"a":{"a1":1,"a2":2},"c":3,"b":2}`},
		{`States.StringToJson($.quoted)`, `{"foo":"bar"}`},
		{`States.StringToJson('[1, 2.50]')`, `[1,2.50]`},
		{`States.StringToJson($.blank)`, `null`},
		{`States.JsonToString($.one)`, `"{\"a\":{\"a1\":1,\"a2\":2},\"b\":2}"`},
		{`States.JsonToString($.s)`, `"\"text\""`},
		{`States.MathAdd(111, -1)`, `110`},
		{`States.MathAdd(1.5, 0)`, `2`},
		{`States.MathAdd(-1.5, 0)`, `-1`},
		{`States.MathAdd(-0.5, 0)`, `0`},
		{`States.MathAdd(2147483647, 1)`, `2147483648`},
		{`States.MathAdd(-2147483648, 0)`, `-2147483648`},
		{`States.MathRandom(7, 8)`, `7`},
		{`States.MathRandom(7, 8, 42)`, `7`},
		{`States.StringSplit('1,2,3,4,5', ',')`, `["1","2","3","4","5"]`},
		{`States.StringSplit('This.is+a,test=string', '.+,=')`, `["This","is","a","test","string"]`},
		{`States.StringSplit(',a,,b,', ',')`, `["a","b"]`},
		{`States.StringSplit('', ',')`, `[]`},
		{`States.Format('Hello, my name is {}.', $.s)`, `"Hello, my name is text."`},
		{`States.Format('{} {}', $.a, null)`, `"[1] null"`},
		{`States.Format('nothing')`, `"nothing"`},
	}
	for _, tt := range tests {
		v, err := eval(t, tt.call)
		require.NoError(t, err, tt.call)
		require.Equal(t, tt.want, value.String(v), tt.call)
	}
	for algorithm, length := range map[string]int{"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128} {
		v, err := eval(t, `States.Hash('x', '`+algorithm+`')`)
		require.NoError(t, err)
		require.Len(t, v, length, algorithm)
	}
	v, err := eval(t, `States.UUID()`)
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, v)
}

// The end is not included, and a seed repeats the number.
func TestMathRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		v, err := eval(t, `States.MathRandom(-1, 2)`)
		require.NoError(t, err)
		seen[value.String(v)] = true
	}
	require.Equal(t, map[string]bool{"-1": true, "0": true, "1": true}, seen)
	first, err := eval(t, `States.MathRandom(1, 1000000, 7)`)
	require.NoError(t, err)
	again, err := eval(t, `States.MathRandom(1, 1000000, 7)`)
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := eval(t, `States.MathRandom(1, 1000000, 8)`)
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}

// Every argument of every function is checked.
func TestFailures(t *testing.T) {
	tests := []struct{ call, want string }{
		{`States.ArrayPartition($.s, 1)`, "the first argument must be an array, not a value of type string"},
		{`States.ArrayPartition($.a, '1')`, "the chunk size must be an integer, not a value of type string"},
		{`States.ArrayPartition($.a, 0)`, "the chunk size must be positive"},
		{`States.ArrayPartition($.a, -1)`, "the chunk size must be positive"},
		{`States.ArrayContains($.one, 1)`, "the first argument must be an array, not a value of type object"},
		{`States.ArrayRange('1', 9, 1)`, "the first number must be an integer"},
		{`States.ArrayRange(1, null, 1)`, "the last number must be an integer, not a value of type null"},
		{`States.ArrayRange(1, 9, true)`, "the increment must be an integer, not a value of type boolean"},
		{`States.ArrayRange(1, 9, 0)`, "the increment must not be zero"},
		{`States.ArrayRange(1, 9, 0.4)`, "the increment must not be zero"},
		{`States.ArrayRange(1, 1001, 1)`, "the array would have 1001 entries, more than 1000"},
		{`States.ArrayRange(1001, 1, -1)`, "the array would have 1001 entries, more than 1000"},
		{`States.ArrayGetItem($.s, 0)`, "the first argument must be an array"},
		{`States.ArrayGetItem($.a, $.a)`, "the index must be an integer, not a value of type array"},
		{`States.ArrayGetItem($.a, -1)`, "the index -1 is out of bounds for an array of length 1"},
		{`States.ArrayGetItem($.a, 1)`, "the index 1 is out of bounds for an array of length 1"},
		{`States.ArrayLength($.s)`, "the argument must be an array"},
		{`States.ArrayUnique($.s)`, "the argument must be an array"},
		{`States.Base64Encode(1)`, "the argument must be a string, not a value of type number"},
		{`States.Base64Encode($.long)`, "the argument is longer than 10000 characters"},
		{`States.Base64Decode(1)`, "the argument must be a string"},
		{`States.Base64Decode('***')`, "the argument is not base64"},
		{`States.Hash($.long, 'MD5')`, "the data is longer than 10000 characters"},
		{`States.Hash('x', 1)`, "the algorithm must be a string"},
		{`States.Hash('x', 'CRC')`, "there is no algorithm CRC; there are MD5, SHA-1, SHA-256, SHA-384 and SHA-512"},
		{`States.JsonMerge($.a, $.one, false)`, "the first two arguments must be objects"},
		{`States.JsonMerge($.one, $.a, false)`, "the first two arguments must be objects"},
		{`States.JsonMerge($.one, $.two, true)`, "only the shallow merging mode is supported: the third argument must be false"},
		{`States.StringToJson(1)`, "the argument must be a string"},
		{`States.StringToJson('{')`, "Unexpected end-of-input"},
		{`States.MathRandom('1', 3)`, "the start must be an integer"},
		{`States.MathRandom(1, '3')`, "the end must be an integer"},
		{`States.MathRandom(1, 3, 'x')`, "the seed must be an integer"},
		{`States.MathRandom(3, 3)`, "the start must be less than the end"},
		{`States.MathRandom(4, 3)`, "the start must be less than the end"},
		{`States.MathAdd('1', 2)`, "the first number must be an integer"},
		{`States.MathAdd(1, '2')`, "the second number must be an integer"},
		{`States.MathAdd(2147483648, 2)`, "the first number is outside the range of a 32-bit integer"},
		{`States.MathAdd(1, -2147483649)`, "the second number is outside the range of a 32-bit integer"},
		{`States.Format(1)`, "the template must be a string"},
		{`States.Format('{} {}', 1)`, "there are more placeholders {} than arguments"},
		{`States.Format('{}', 1, 2)`, "there are more arguments than placeholders {}"},
		{`States.StringSplit($.a, ',')`, "the first argument must be a string"},
		{`States.StringSplit('a,b', 1)`, "the splitter must be a string"},
	}
	for _, tt := range tests {
		_, err := eval(t, tt.call)
		require.ErrorContains(t, err, "The function '"+tt.call+"' had the following error: "+tt.want)
	}
	// What fails inside keeps its own call, and a path its own error.
	_, err := eval(t, `States.ArrayLength(States.Base64Decode('***'))`)
	require.EqualError(t, err, "The function 'States.Base64Decode('***')' had the following error: the argument is not base64")
	c, err := intrinsic.Parse(`States.ArrayLength($.none)`)
	require.NoError(t, err)
	missing := errors.New("no such path")
	_, err = c.Eval(func(*jsonpath.Path) (any, error) { return nil, missing })
	require.Equal(t, missing, err)
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
	for call, want := range map[string]string{
		`States.UUID(1)`:             "States.UUID takes 0 arguments, not 1",
		`States.Format()`:            "States.Format takes at least 1 arguments, not 0",
		`States.MathRandom(1)`:       "States.MathRandom takes 2 to 3 arguments, not 1",
		`States.MathRandom(1,2,3,4)`: "States.MathRandom takes 2 to 3 arguments, not 4",
		`States.Array(1) x`:          `unexpected "x"`,
		`States.No(1)`:               "there is no function States.No",
		`States.Array('a`:            "the string is not closed",
		`States.Array('\q')`:         `unknown escape \q`,
		`States.Array(1 2)`:          "expected , or )",
		`States.Array(1`:             "expected )",
		`States.Array(1,`:            "expected an argument",
		`States.Array(one)`:          "an argument is a string in single quotes, a number",
		`States.Array([1])`:          "an argument is a string in single quotes, a number",
		`States.Array($.a[?(@ == 1)`: "invalid intrinsic function",
		`States.Array($['a)`:         "invalid intrinsic function",
	} {
		_, err := intrinsic.Parse(call)
		require.ErrorContains(t, err, want, call)
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
	v, err = eval(t, `States.Array('\n\t\r\"\/', $['\'a'] )`)
	require.Error(t, err, value.String(v))
	v, err = eval(t, `States.Array('\n\t\r\"\/')`)
	require.NoError(t, err)
	require.Equal(t, []any{"\n\t\r\"/"}, v)
}

// The paths of a call are those that it reads, at any depth.
func TestPaths(t *testing.T) {
	c, err := intrinsic.Parse(`States.Format('{}{}', $.a, States.ArrayGetItem($.b, $$.n))`)
	require.NoError(t, err)
	var paths []string
	c.Paths(func(p *jsonpath.Path) { paths = append(paths, p.String()) })
	require.Equal(t, []string{"$.a", "$.b", "$$.n"}, paths)
	require.True(t, intrinsic.Is("States.Format('')"))
	require.False(t, intrinsic.Is("$.States.Format"))
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
