package value_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

func TestOrderAndNumbersAreKept(t *testing.T) {
	const text = `{"z":1.50,"a":[1e3,-0,12345678901234567890],"m":{"é":"\u00e9\n\"\ud83d\ude00/"}}`
	v, err := value.ParseString(text)
	require.NoError(t, err)
	require.Equal(t, `{"z":1.50,"a":[1e3,-0,12345678901234567890],"m":{"é":"é\n\"😀/"}}`, value.String(v))
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:          "No content to map due to end-of-input",
		`not`:       "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
		`{'a':1}`:   "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
		`{"a" 1}`:   "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
		`[1 2]`:     "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
		`{"a":1`:    "Unexpected end-of-input: expected close marker for Object",
		`01`:        "Invalid numeric value: 01",
		`"a`:        "Unexpected end-of-input: was expecting closing quote for a string value",
		`{} x`:      "Unexpected content after the end of the document",
		"\"a\nb\"":  "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value",
		`"\q"`:      "Unrecognized character escape 'q' (code 113)",
		`"\ud83d"x`: "Unexpected content after the end of the document",

		` `:                           "No content to map due to end-of-input",
		`[`:                           "No content to map due to end-of-input",
		`[1,`:                         "No content to map due to end-of-input",
		`[1`:                          "Unexpected end-of-input: expected close marker for Array",
		`{`:                           "Unexpected end-of-input: expected close marker for Object",
		`{"a"`:                        "Unexpected end-of-input: was expecting a colon to separate field name and value",
		`{"a":1,`:                     "Unexpected end-of-input: expected close marker for Object",
		`{"a":1,}`:                    "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
		`{"a":1 "b"}`:                 "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
		`{é:1}`:                       "Unexpected character ('é' (code 233)): was expecting double-quote to start field name",
		`{"a":nope}`:                  "Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
		`{"a\x":1}`:                   "Unrecognized character escape 'x' (code 120)",
		`[-]`:                         "Invalid numeric value: -]",
		`[1.]`:                        "Invalid numeric value: 1.]",
		`[1e+]`:                       "Invalid numeric value: 1e+]",
		`+1`:                          "Unexpected character ('+' (code 43)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
		`"\`:                          "Unexpected end-of-input in character escape sequence",
		`"\u12`:                       "Unexpected end-of-input in character escape sequence",
		`"\u12x4"`:                    "Unexpected character ('x' (code 120)): expected a hex-digit for character escape sequence",
		`"a\n` + "\x02":               "Illegal unquoted character ((CTRL-CHAR, code 2)): has to be escaped using backslash to be included in string value",
		`"é`:                          "Unexpected end-of-input: was expecting closing quote for a string value",
		strings.Repeat("x", 50):       "Unrecognized token '" + strings.Repeat("x", 40) + "': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
		"-" + strings.Repeat("é", 30): "Invalid numeric value: -" + strings.Repeat("é", 19),
	} {
		_, err := value.ParseString(text)
		require.EqualError(t, err, want, text)
	}
	_, err := value.ParseString(strings.Repeat("[", 100_000))
	require.ErrorContains(t, err, "nesting depth")
	_, err = value.ParseString(strings.Repeat("[", 1001) + strings.Repeat("]", 1001))
	require.NoError(t, err, "the value at depth 1000 is allowed")
	_, err = value.ParseString(strings.Repeat("[", 1002) + strings.Repeat("]", 1002))
	require.EqualError(t, err, "Document nesting depth exceeds the maximum allowed (1000)")
}

// Half a surrogate pair, and a byte that is not UTF-8, are U+FFFD.
func TestStrings(t *testing.T) {
	for text, want := range map[string]string{
		`"plain"`:                             "plain",
		`"\"\\\/\b\f\n\r\t"`:                  "\"\\/\b\f\n\r\t",
		`"\u00e9\u20AC"`:                      "é€",
		`"\ud83d\ude00"`:                      "\U0001F600",
		`"\ud83d"`:                            "\ufffd",
		`"\ud83d\u0041"`:                      "\ufffdA",
		`"\ude00\ud83d\ude00"`:                "\ufffd\U0001F600",
		"\"a\xff\xfeb\"":                      "a\ufffd\ufffdb",
		"\"\xe2\x82\\u00e9\"":                 "\ufffd\ufffdé",
		"\"" + strings.Repeat("é", 99) + "\"": strings.Repeat("é", 99),
	} {
		v, err := value.ParseString(text)
		require.NoError(t, err, text)
		require.Equal(t, want, v, text)
	}
	require.Equal(t, `"\"\\\b\f\n\r\t\u0001\u001f/é"`, value.String("\"\\\b\f\n\r\t\x01\x1f/é"))
	require.Panics(t, func() { value.Append(nil, 1) }, "an int is no JSON value")
}

// Members that stand twice are named by their pointers.
func TestParseDistinct(t *testing.T) {
	v, repeated, err := value.ParseDistinct([]byte(`{"a":1,"b":[{"x":1},{"x":1,"x":2}],"c~/":{"d":1,"d":2},"a":3}`))
	require.NoError(t, err)
	require.Equal(t, []string{"/b/1/x", "/c~0~1/d", "/a"}[:2], repeated[:2])
	require.Equal(t, []string{"/b/1/x", "/c~0~1/d", "/a"}, repeated)
	require.Equal(t, `{"a":3,"b":[{"x":1},{"x":2}],"c~/":{"d":2}}`, value.String(v), "the last one counts, at the place of the first")
	_, repeated, err = value.ParseDistinct([]byte(`[{"a":1},{"a":1}]`))
	require.NoError(t, err)
	require.Empty(t, repeated)
	for _, text := range []string{`{"a":`, `{} x`} {
		_, _, err = value.ParseDistinct([]byte(text))
		require.Error(t, err, text)
	}
}

// What encoding/json writes is read; JSON text is taken as it is.
func TestOf(t *testing.T) {
	o := value.ObjectOf("a", value.Int(1))
	for want, v := range map[string]any{
		`null`:       nil,
		`true`:       true,
		`1.50`:       json.Number("1.50"),
		`{"a":1}`:    o,
		`"text"`:     "text",
		"\"\ufffd\"": "\xff",
		`{"b":2.0}`:  json.RawMessage(`{ "b": 2.0 }`),
		`[1]`:        []byte(`[1]`),
		`-7`:         -7,
		`{"x":[1,2],"y":"<"}`: struct {
			X []int  `json:"x"`
			Y string `json:"y"`
		}{[]int{1, 2}, "<"},
	} {
		got, err := value.Of(v)
		require.NoError(t, err, want)
		require.Equal(t, want, value.String(got))
	}
	for _, v := range []any{func() {}, json.RawMessage(`{`), []byte(``), make(chan int)} {
		_, err := value.Of(v)
		require.Error(t, err)
	}
}

func TestWhole(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "42": 42, "1e3": 1000, "2.0": 2, "-1.5e1": -15, "9223372036854775807": 9223372036854775807, "4611686018427387904.0": 1 << 62,
	} {
		n, ok := value.Whole(json.Number(text))
		require.True(t, ok, text)
		require.Equal(t, want, n, text)
	}
	for _, v := range []any{json.Number("1.5"), json.Number("1e300"), json.Number("-1e300"), json.Number("1e999"), json.Number("1e19"), "1", nil, true} {
		_, ok := value.Whole(v)
		require.False(t, ok, v)
	}
}

func TestKind(t *testing.T) {
	for want, v := range map[string]any{
		"null": nil, "boolean": false, "number": value.Int(1), "string": "", "array": []any{}, "object": value.NewObject(0),
	} {
		require.Equal(t, want, value.Kind(v))
	}
}

// An object keeps its order, small or large, and With leaves it as it is.
func TestObject(t *testing.T) {
	for _, n := range []int{3, 11, 12, 13, 40} {
		o := value.NewObject(0)
		for i := range n {
			o.Put("m"+strconv.Itoa(i), value.Int(i))
		}
		o.Put("m1", "again")
		require.Equal(t, n, o.Len())
		name, v := o.At(1)
		require.Equal(t, "m1", name)
		require.Equal(t, "again", v)
		require.Equal(t, "again", o.Values()[1])
		require.Equal(t, "m"+strconv.Itoa(n-1), o.Names()[n-1])
		v, ok := o.Get("m" + strconv.Itoa(n-1))
		require.True(t, ok)
		require.Equal(t, value.Int(n-1), v)
		_, ok = o.Get("none")
		require.False(t, ok)

		changed, longer := o.With("m0", true), o.With("new", nil)
		require.Equal(t, n, changed.Len())
		require.Equal(t, n+1, longer.Len())
		require.Equal(t, "new", longer.Names()[n])
		v, _ = o.Get("m0")
		require.Equal(t, value.Int(0), v, "the object itself is not changed")
		require.True(t, value.Equal(o, o.With("m2", json.Number("2.0"))))
		require.False(t, value.Equal(o, changed))
		require.False(t, value.Equal(o, longer))
	}
}

func TestEqual(t *testing.T) {
	parse := func(s string) any {
		v, err := value.ParseString(s)
		require.NoError(t, err)
		return v
	}
	require.True(t, value.Equal(parse(`{"a":1,"b":[2.0]}`), parse(`{"b":[2],"a":1e0}`)))
	require.False(t, value.Equal(parse(`{"a":1}`), parse(`{"a":"1"}`)))
	require.False(t, value.Equal(parse(`[1]`), parse(`[1,1]`)))
	require.False(t, value.Equal(parse(`null`), parse(`{}`)))
	require.False(t, value.Equal(parse(`{}`), parse(`null`)))
	require.False(t, value.Equal(parse(`{"a":1}`), parse(`{"b":1}`)))
	require.False(t, value.Equal(parse(`1`), parse(`"1"`)))
	require.False(t, value.Equal(parse(`true`), parse(`1`)))
	require.False(t, value.Equal(parse(`[1]`), parse(`{"0":1}`)))
	require.True(t, value.Equal(parse(`[null,true,"a"]`), parse(`[null,true,"a"]`)))
}

// The reader takes what encoding/json takes, and gives the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00",true,null,{}]}`, `"\ud83d\ud83d"`, `[`, `1 `} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := value.ParseString(text)
		if strings.Count(text, "[")+strings.Count(text, "{") > 900 {
			return
		}
		require.Equal(t, json.Valid([]byte(text)), err == nil)
		if err != nil {
			return
		}
		require.Equal(t, decode(t, text), decode(t, value.String(v)))
	})
}

// decode reads a text as encoding/json does, numbers as they are written.
func decode(t *testing.T, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v))
	return v
}

func BenchmarkParse(b *testing.B) {
	text := `{"orderId":"42","lines":[{"sku":"a","n":1},{"sku":"b","n":2}],"total":12.50,"metadata":{"correlationId":"x"}}`
	for b.Loop() {
		if _, err := value.ParseString(text); err != nil {
			b.Fatal(err)
		}
	}
}
