package value_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

func TestSyntaxErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]struct {
		at  int
		err string
	}{
		` `:                                 {1, "No content to map due to end-of-input"},
		`[1,]`:                              {3, "Unexpected character (']' (code 93)): expected a valid value"},
		`[1,`:                               {3, "No content to map due to end-of-input"},
		`[1`:                                {2, "Unexpected end-of-input: expected close marker for Array"},
		`[é]`:                               {1, "Unexpected character ('é' (code 233)): expected a valid value"},
		`[1é]`:                              {2, "Unexpected character ('é' (code 233)): was expecting comma to separate Array entries"},
		`{`:                                 {1, "Unexpected end-of-input: expected close marker for Object"},
		`{"a":1,`:                           {7, "Unexpected end-of-input: expected close marker for Object"},
		`{"a":1 "b"}`:                       {7, "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries"},
		`{"a":1,}`:                          {7, "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"},
		`{é:1}`:                             {1, "Unexpected character ('é' (code 233)): was expecting double-quote to start field name"},
		`{"a`:                               {3, "Unexpected end-of-input: was expecting closing quote for a string value"},
		`{"a"`:                              {4, "Unexpected end-of-input: was expecting a colon to separate field name and value"},
		`{"a"é`:                             {4, "Unexpected character ('é' (code 233)): was expecting a colon to separate field name and value"},
		`{"a":}`:                            {5, "Unexpected character ('}' (code 125)): expected a valid value"},
		`{"a":[1 2]}`:                       {8, "was expecting comma to separate Array entries"},
		`{} {}`:                             {3, "Unexpected content after the end of the document"},
		`-`:                                 {1, "Invalid numeric value: -"},
		`-a`:                                {1, "Invalid numeric value: -a"},
		`00`:                                {2, "Invalid numeric value: 00"},
		`-01`:                               {3, "Invalid numeric value: -01"},
		`1.`:                                {2, "Invalid numeric value: 1."},
		`1.e1`:                              {2, "Invalid numeric value: 1.e1"},
		`1e`:                                {2, "Invalid numeric value: 1e"},
		`1e+`:                               {3, "Invalid numeric value: 1e+"},
		`1E-x`:                              {3, "Invalid numeric value: 1E-x"},
		`+1`:                                {0, "Unexpected character ('+' (code 43)): expected a valid value"},
		`nul`:                               {0, "Unrecognized token 'nul'"},
		`trueish`:                           {0, "Unrecognized token 'trueish'"},
		`zaZA09_$ 1`:                        {0, "Unrecognized token 'zaZA09_$'"},
		`"\u0041`:                           {7, "Unexpected end-of-input: was expecting closing quote for a string value"},
		strings.Repeat(`{"a":`, 1001) + "1": {5005, "Document nesting depth exceeds the maximum allowed (1000)"},
		`x_$9 1`:                            {0, "Unrecognized token 'x_$9'"},
		`"é`:                                {3, "Unexpected end-of-input: was expecting closing quote for a string value"},
		"\"é\x1f\"":                         {3, "Illegal unquoted character ((CTRL-CHAR, code 31))"},
		"\"\x1f\"":                          {1, "Illegal unquoted character ((CTRL-CHAR, code 31))"},
		`"\`:                                {2, "Unexpected end-of-input in character escape sequence"},
		`"\u`:                               {3, "Unexpected end-of-input in character escape sequence"},
		`"\u123`:                            {3, "Unexpected end-of-input in character escape sequence"},
		`"\u12g4"`:                          {3, "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence"},
		`"\ud83d\u12`:                       {9, "Unexpected end-of-input in character escape sequence"},
		`"\ud83d\u12/4"`:                    {9, "Unexpected character ('/' (code 47)): expected a hex-digit for character escape sequence"},
		`"\x"`:                              {3, "Unrecognized character escape 'x' (code 120)"},

		strings.Repeat("[", 1001) + "1": {1001, "Document nesting depth exceeds the maximum allowed (1000)"},
		strings.Repeat("x", 41):         {0, "Unrecognized token '" + strings.Repeat("x", 40) + "': was"},
		strings.Repeat("x", 40):         {0, "Unrecognized token '" + strings.Repeat("x", 40) + "': was"},
	} {
		for how, parse := range readers {
			_, err := parse(text)
			require.ErrorContains(t, err, want.err, "%s %s", how, text)
			syntax, ok := errors.AsType[*value.SyntaxError](err)
			require.True(t, ok)
			if !strings.Contains(text, `\`) { // where an escape is wrong is not promised
				require.Equal(t, want.at, syntax.Offset, "%s %s", how, text)
			}
		}
	}
}

var readers = map[string]func(string) (any, error){
	"ParseString": value.ParseString,
	"Parse":       func(text string) (any, error) { return value.Parse([]byte(text)) },
	"ParseDistinct": func(text string) (any, error) {
		v, _, err := value.ParseDistinct([]byte(text))
		return v, err
	},
}

func TestWhatIsRead(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for text, want := range map[string]string{
		" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } , \"c\" : [ ] } \n": `{"a":[1,2],"b":{},"c":[]}`,
		`0`:                           `0`,
		`-0`:                          `-0`,
		`10.01`:                       `10.01`,
		`1e5`:                         `1e5`,
		`1E+5`:                        `1E+5`,
		`19.95e-09`:                   `19.95e-09`,
		`[true,false,null]`:           `[true,false,null]`,
		`"plain"`:                     `"plain"`,
		`"a b é c"`:                   `"a b é c"`,
		"\"\x80\"":                    "\"\ufffd\"",
		"\"é\x80\"":                   "\"é\ufffd\"",
		`"\u00aa\u00AA"`:              `"ªª"`,
		`""`:                          `""`,
		`"\"\\\/\b\f\n\r\t"`:          `"\"\\/\b\f\n\r\t"`,
		`"a\u0041\u00e9\u20AC\u000f"`: `"aAé€\u000f"`,
		`"\ud83d\ude00!"`:             `"😀!"`,
		`"\ud83d\u0041"`:              `"` + "\ufffd" + `A"`,
		`"\ude00"`:                    `"` + "\ufffd" + `"`,
		`"\ud83dn"`:                   `"` + "\ufffd" + `n"`,
		"\"\x7f\"":                    "\"\x7f\"",
		"\"é\xff\"":                   "\"é\ufffd\"",
		`{"a":1,"b":2,"a":3}`:         `{"a":3,"b":2}`,
		deep:                          deep,
	} {
		for how, parse := range readers {
			v, err := parse(text)
			require.NoError(t, err, "%s %s", how, text)
			require.Equal(t, want, value.String(v), "%s %s", how, text)
		}
	}
}

func TestRepeatedMembersAreNamed(t *testing.T) {
	for text, want := range map[string][]string{
		`{"a":1,"b":2}`:             nil,
		` {"a":1,"a":2,"a":3} `:     {"/a", "/a"},
		`{"a":{"b":1},"c":{"b":1}}`: nil,
		`{"a":[{"b":1},{"b":1,"b":2},[{"c":1,"c":1}]],"x":{"y":1,"y":2}}`: {"/a/1/b", "/a/2/0/c", "/x/y"},
		`{"/~":1,"/~":2}`: {"/~1~0"},
	} {
		_, repeated, err := value.ParseDistinct([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want, repeated, text)
	}
}

// TestObjectsOfAnySize looks members up on both sides of the size from which an
// object has an index.
func TestObjectsOfAnySize(t *testing.T) {
	for n := range 30 {
		o := value.NewObject(0)
		for i := range n {
			o.Put(fmt.Sprint("m", i), i)
		}
		for i := range n {
			o.Put(fmt.Sprint("m", i), -i)
		}
		require.Equal(t, n, o.Len())
		require.Len(t, o.Names(), n)
		require.Len(t, o.Values(), n)
		for i := range n {
			v, ok := o.Get(fmt.Sprint("m", i))
			require.True(t, ok)
			require.Equal(t, -i, v)
			name, at := o.At(i)
			require.Equal(t, fmt.Sprint("m", i), name)
			require.Equal(t, -i, at)
		}
		_, ok := o.Get("gone")
		require.False(t, ok)

		c := o.With("m0", "new").With("more", 1)
		require.Equal(t, max(n, 1)+1, c.Len())
		v, _ := c.Get("m0")
		require.Equal(t, "new", v)
		if n > 0 {
			v, _ = o.Get("m0")
			require.Zero(t, v, "the object that is copied stays as it was")
		}
	}
}
