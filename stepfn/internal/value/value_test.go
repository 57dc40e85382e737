package value_test

import (
	"encoding/json"
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
	} {
		_, err := value.ParseString(text)
		require.EqualError(t, err, want, text)
	}
	_, err := value.ParseString(strings.Repeat("[", 100_000))
	require.ErrorContains(t, err, "nesting depth")
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
