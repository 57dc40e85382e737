package jsontext_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/jsontext"
)

func TestString(t *testing.T) {
	tests := []struct {
		text    string
		end     int
		escaped bool
		problem jsontext.Problem
	}{
		{`""`, 2, false, jsontext.None},
		{`"a" b`, 3, false, jsontext.None},
		{`"long enough for eight bytes"`, 29, false, jsontext.None},
		{`"\"\\\/\b\f\n\r\t\u00e9"`, 24, true, jsontext.None},
		{"\"\xff\"", 3, false, jsontext.None},
		{`"\n"`, 4, true, jsontext.None},
		{`"a`, 2, false, jsontext.Unfinished},
		{`"`, 1, false, jsontext.Unfinished},
		{`"12345678`, 9, false, jsontext.Unfinished},
		{"\"a\x1f\"", 2, false, jsontext.Control},
		{"\"abcdefgh\n\"", 9, false, jsontext.Control},
		{`"a\`, 3, true, jsontext.UnfinishedEscape},
		{`"\u12"`, 3, true, jsontext.UnfinishedEscape},
		{`"\u`, 3, true, jsontext.UnfinishedEscape},
		{`"\x"`, 2, true, jsontext.UnknownEscape},
		{`"\u12g4"`, 5, true, jsontext.NoHex},
		{`"\u123G"`, 6, true, jsontext.NoHex},
	}
	for _, tt := range tests {
		end, escaped, problem := jsontext.String(tt.text, 0)
		require.Equal(t, []any{tt.end, tt.escaped, tt.problem}, []any{end, escaped, problem}, tt.text)
		end, escaped, problem = jsontext.String([]byte("xyz"+tt.text), 3)
		require.Equal(t, []any{tt.end + 3, tt.escaped, tt.problem}, []any{end, escaped, problem}, tt.text)
	}
}

// The end of a string is found at any place of the eight bytes read at a time.
func TestStringEndsAnywhere(t *testing.T) {
	for n := range 40 {
		for _, tt := range []struct {
			stop    string
			end     int
			problem jsontext.Problem
		}{
			{`"`, n + 2, jsontext.None},
			{"\x1f", n + 1, jsontext.Control},
			{`\q`, n + 2, jsontext.UnknownEscape},
		} {
			end, _, problem := jsontext.String(`"`+strings.Repeat("x", n)+tt.stop+`yyyyyyyyyyyy"`, 0)
			require.Equal(t, tt.problem, problem, "%q after %d", tt.stop, n)
			require.Equal(t, tt.end, end, "%q after %d", tt.stop, n)
		}
	}
}

func TestAppendUnescaped(t *testing.T) {
	for inside, want := range map[string]string{
		`plain`:                       "plain",
		`\"\\\/\b\f\n\r\t`:            "\"\\/\b\f\n\r\t",
		`a\u0041b`:                    "aAb",
		`\uD83D\uDE00!`:               "\U0001F600!",
		`\u00e9\u00C9`:                "éÉ",
		`\uD83D`:                      "?",
		`\uDE00\uD83D`:                "??",
		`\uD83D\u0041`:                "?A",
		`\uD83Dabcdef`:                "?abcdef",
		`\uD83D\n\uDE00`:              "?\n?",
		`\uD83D\uD83D\uDE00`:          "?\U0001F600",
		`\uD800\uDC00\uDBFF\uDFFF`:    "\U00010000\U0010FFFF",
		`\uD7FF\uE000`:                "\uD7FF\uE000",
		strings.Repeat(`\u002f`, 300): strings.Repeat("/", 300),
	} {
		out, whole := jsontext.AppendUnescaped([]byte("> "), inside, "?")
		require.Equal(t, "> "+want, string(out), inside)
		require.Equal(t, !strings.Contains(want, "?"), whole, inside)
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]int{
		"0": 1, "-0": 2, "10,": 2, "1.50]": 4, "1e5": 3, "1E+5 ": 4, "-1.2e-30x": 8, "9007199254740993": 16,
	} {
		end, ok := jsontext.Number(text, 0)
		require.True(t, ok, text)
		require.Equal(t, want, end, text)
	}
	for text, want := range map[string]int{
		"": 0, "-": 1, "-a": 1, ".5": 0, "01": 2, "-007": 4, "1.": 2, "1.e5": 2, "1e": 2, "1e+": 3, "1e+x": 3, "x": 0,
	} {
		end, ok := jsontext.Number([]byte(text), 0)
		require.False(t, ok, text)
		require.Equal(t, want, end, text)
	}
}

// FuzzLeaves holds strings and numbers against encoding/json.
func FuzzLeaves(f *testing.F) {
	for _, seed := range []string{`"a"`, `"\u00e9\ud83d\ude00"`, `"\ud83d"`, `-0.5e+10`, `01`, "\"\x01\"", `"\x"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, `"`) {
			end, _, problem := jsontext.String(text, 0)
			require.Equal(t, json.Valid([]byte(text[:end])), problem == jsontext.None, text)
			if problem == jsontext.None && utf8.ValidString(text[:end]) {
				var want string
				require.NoError(t, json.Unmarshal([]byte(text[:end]), &want))
				got, _ := jsontext.AppendUnescaped(nil, text[1:end-1], "\ufffd")
				require.Equal(t, want, string(got), text)
			}
			return
		}
		if end, ok := jsontext.Number(text, 0); ok {
			require.True(t, json.Valid([]byte(text[:end])), text)
		} else if text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') {
			require.False(t, json.Valid([]byte(text)), text)
		}
	})
}
