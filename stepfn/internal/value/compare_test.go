package value_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

func TestEqualByType(t *testing.T) {
	read := func(text string) any {
		v, err := value.ParseString(text)
		require.NoError(t, err)
		return v
	}
	classes := [][]string{ // equal within a line, different across lines
		{`null`},
		{`true`},
		{`false`},
		{`1`, `1.0`, `10e-1`},
		{`12345678901234567890`, `12345678901234567890.0`},
		{`"1"`},
		{`""`},
		{`[]`},
		{`[1]`, `[1.0]`},
		{`[1,2]`},
		{`[2,1]`},
		{`{}`},
		{`{"a":1}`, `{"a":1.0}`},
		{`{"a":2}`},
		{`{"b":1}`},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`},
		{`{"a":1,"c":2}`},
	}
	for i, one := range classes {
		for j, other := range classes {
			for _, a := range one {
				for _, b := range other {
					require.Equal(t, i == j, value.Equal(read(a), read(b)), "%s and %s", a, b)
				}
			}
		}
	}
}

func TestWholeNumbers(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-7": -7, "1e3": 1000, "2.50e1": 25, "7.0": 7, "-1.0e0": -1,
		"9223372036854775807": 9223372036854775807, "4611686018427387904.0": 1 << 62, "-4611686018427387904.0": -(1 << 62),
	} {
		n, ok := value.Whole(json.Number(text))
		require.True(t, ok, text)
		require.Equal(t, want, n, text)
	}
	for _, v := range []any{json.Number("1.5"), json.Number("1e-1"), json.Number("1e400"), json.Number("5e18"), json.Number("-5e18"), json.Number("1e19"), "1", true, nil, []any{}} {
		n, ok := value.Whole(v)
		require.False(t, ok, "%v", v)
		require.Zero(t, n)
	}
}

func TestOfGoValues(t *testing.T) {
	type named struct {
		B int    `json:"b"`
		A string `json:"a"`
	}
	object := value.ObjectOf("a", "x")
	for _, test := range []struct {
		in   any
		want string
	}{
		{nil, `null`},
		{true, `true`},
		{json.Number("1.50"), `1.50`},
		{object, `{"a":"x"}`},
		{"é\x00", "\"é\\u0000\""},
		{"\xff", "\"\ufffd\""},
		{json.RawMessage(`{"z":1,"a":2}`), `{"z":1,"a":2}`},
		{[]byte(` [1] `), `[1]`},
		{-7, `-7`},
		{1.5, `1.5`},
		{named{1, "x"}, `{"b":1,"a":"x"}`},
		{[]string{"a"}, `["a"]`},
	} {
		v, err := value.Of(test.in)
		require.NoError(t, err)
		require.Equal(t, test.want, value.String(v))
	}
	for _, v := range []any{func() {}, json.RawMessage(`{`), []byte(`x`)} {
		_, err := value.Of(v)
		require.Error(t, err)
	}
	_, err := value.Of(func() {})
	require.ErrorContains(t, err, "unsupported type")
	require.Panics(t, func() { value.String(1) }, "an int is no JSON value")
}

func TestKinds(t *testing.T) {
	for text, want := range map[string]string{
		`null`: "null", `true`: "boolean", `1`: "number", `""`: "string", `[]`: "array", `{}`: "object",
	} {
		v, err := value.ParseString(text)
		require.NoError(t, err)
		require.Equal(t, want, value.Kind(v))
	}
}

func TestStringsAreEscapedAsJSONDemands(t *testing.T) {
	for c := range 256 {
		in := "a" + string([]byte{byte(c)}) + "b"
		if c >= 0x80 {
			continue
		}
		out := value.AppendString(nil, in)
		var back string
		require.NoError(t, json.Unmarshal(out, &back), "%q", out)
		require.Equal(t, in, back)
	}
	require.Equal(t, `"\u001f \"\\\n\r\t\b\f/é"`, string(value.AppendString(nil, "\x1f \"\\\n\r\t\b\f/é")))
	require.Equal(t, `x""`, string(value.AppendString([]byte("x"), "")))
}
