package pattern_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/pattern"
)

func refusal(t *testing.T, d pattern.Dialect, text string) *pattern.Error {
	t.Helper()
	_, err := pattern.Parse(d, []byte(text))
	var refused *pattern.Error
	require.True(t, errors.As(err, &refused), "%s is accepted", text)
	return refused
}

// TestErrors has a case for every text of the engine.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ pattern, reason string }{
		{`[]`, `Filter is not an object`},
		{``, `Filter is not an object`},
		{`{}`, `Empty objects are not allowed`},
		{`{"a":{}}`, `Empty objects are not allowed`},
		{`{"a":[]}`, `Empty arrays are not allowed`},
		{`{"a":null}`, `"a" must be an object or an array`},
		{`{"a":[["x"]]}`, `Match value must be String, number, true, false, or null`},
		{`{"a":[{}]}`, `Match expression name not found`},
		{`{"a":[{"exists":true,"b":1}]}`, `Only one key allowed in match expression`},
		{`{"a":[{"cidr":"10.0.0.0/8","b":1}]}`, `Only one key allowed in match expression`},
		{`{"a":[{"EXISTS":true}]}`, `Unrecognized match type EXISTS`},
		{`{"a":[{"exactly":1}]}`, `exact match pattern must be a string`},
		{`{"a":[{"prefix":1}]}`, `prefix match pattern must be a string`},
		{`{"a":[{"cidr":5}]}`, `prefix match pattern must be a string`},
		{`{"a":[{"prefix":{}}]}`, `Prefix expression name not found`},
		{`{"a":[{"prefix":{"x":1}}]}`, `Unsupported prefix pattern: x`},
		{`{"a":[{"suffix":null}]}`, `suffix match pattern must be a string`},
		{`{"a":[{"suffix":{}}]}`, `Suffix expression name not found`},
		{`{"a":[{"suffix":{"x":1}}]}`, `Unsupported suffix pattern: x`},
		{`{"a":[{"equals-ignore-case":[]}]}`, `equals-ignore-case match pattern must be a string`},
		{`{"a":[{"wildcard":1}]}`, `wildcard match pattern must be a string`},
		{`{"a":[{"wildcard":"a**b"}]}`, `Consecutive wildcard characters at pos 2`},
		{`{"a":[{"wildcard":"é\\x"}]}`, `Invalid escape character at pos 3`},
		{`{"a":[{"wildcard":"\\"}]}`, `Invalid escape character at pos 1`},
		{`{"a":[{"exists":"x"}]}`, `exists match pattern must be either true or false.`},
		{`{"a":[{"numeric":5}]}`, `Value of numeric must be an array.`},
		{`{"a":[{"numeric":[]}]}`, `Invalid member in numeric match: ]`},
		{`{"a":[{"numeric":["!=",1]}]}`, `Unrecognized numeric range operator: !=`},
		{`{"a":[{"numeric":["=","1"]}]}`, `Value of equals must be numeric`},
		{`{"a":[{"numeric":[">="]}]}`, `Value of >= must be numeric`},
		{`{"a":[{"numeric":[">",20,30]}]}`, `Bad value in numeric range: 30`},
		{`{"a":[{"numeric":[">",20,">",30]}]}`, `Bad numeric range operator: >`},
		{`{"a":[{"numeric":["<",5,">",1]}]}`, `Too many elements in numeric expression`},
		{`{"a":[{"numeric":["=",1],"b":2}]}`, `Too many elements in numeric expression`},
		{`{"a":[{"numeric":[">",1,"<",2,"<",3]}]}`, `Too many terms in numeric range expression`},
		{`{"a":[{"numeric":[">=",5,"<=",5]}]}`, `Bottom must be less than top`},
		{`{"a":[{"numeric":["=",1e400]}]}`, `Cannot compare number : 1e400`},
		{`{"a":[{"anything-but":null}]}`, `Value of anything-but must be an array or single string/number value.`},
		{`{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]}`, `Value of anything-but must be an array or single string/number value.`},
		{`{"a":[{"anything-but":{}}]}`, `Anything-But expression name not found`},
		{`{"a":[{"anything-but":{"exists":true}}]}`, `Unsupported anything-but pattern: exists`},
		{`{"a":[{"anything-but":[null]}]}`, `Inside anything but list, start|null|boolean is not supported.`},
		{`{"a":[{"anything-but":[1,"a"]}]}`, `Inside anything but list, either all values are number or string, mixed type is not supported`},
		{`{"a":[{"anything-but":[]}]}`, `Inside anything but list, either all values are number or string, mixed type is not supported`},
		{`{"a":[{"anything-but":{"equals-ignore-case":[1]}}]}`, `Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.`},
		{`{"a":[{"anything-but":{"prefix":5}}]}`, `prefix/suffix match pattern must be a string`},
		{`{"a":[{"anything-but":{"suffix":""}}]}`, `Null prefix/suffix not allowed`},
		{`{"a":[{"cidr":"10.0.0.0"}]}`, `Malformed CIDR, one '/' required`},
		{`{"a":[{"cidr":"10.0.0.0/x"}]}`, `Malformed CIDR, mask bits must be an integer`},
		{`{"a":[{"cidr":"10.0.0.0/-1"}]}`, `Malformed CIDR, mask bits must not be negative`},
		{`{"a":[{"cidr":"10.0.0.0/32"}]}`, `IPv4 mask bits must be < 32`},
		{`{"a":[{"cidr":"::1/128"}]}`, `IPv6 mask bits must be < 128`},
		{`{"a":[{"cidr":"bad/1"}]}`, `Nonstandard IP address: bad`},
		{`{"a":[{"cidr":"300.0.0.1/8"}]}`, `Invalid IP address: 300.0.0.1`},
		{`{"$or":{}}`, `It must be an Array followed with $or.`},
		{`{"$or":[{"a":["x"]}]}`, `There must have at least 2 Objects in $or relationship.`},
		{`{"$or":["x"]}`, `Only JSON object is allowed in array of $or relationship.`},
		{`{"$or":[{"a":["x"]},{"b":{"prefix":["x"]}}]}`, `prefix is Ruler reserved fieldName which cannot be used inside $or.`},
		{`{"a":[{"wildcard":"*e*e*e*e*e*"}]}`, `Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character`},
		{`{"a":["x",]}`, `Unexpected character (']' (code 93)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`},
		{`{"a":["x"],}`, `Unexpected character ('}' (code 125)): was expecting double-quote to start field name`},
		{`{"a":[01]}`, `Invalid numeric value: Leading zeroes not allowed`},
		{`{"a":["x"]`, `Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)"{"a":["x"]"; line: 1, column: 1])`},
		{`{"a":["x"}`, `Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)"{"a":["x"}"; line: 1, column: 6])`},
		{`/`, `Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)`},
	} {
		require.Equal(t, c.reason, refusal(t, pattern.EventBridge, c.pattern).Reason(), c.pattern)
	}
}

// TestPlaces holds the second line of errors against what AWS has sent.
func TestPlaces(t *testing.T) {
	at := func(text, place string) string { return "\n at [Source: (String)\"" + text + "\"; " + place + "]" }
	for _, c := range []struct{ pattern, place string }{
		{`{'bad': 'quotation'}`, "line: 1, column: 2"},
		{`{"not": closed mark"`, "line: 1, column: 15"},
		{`this is valid json but not a dict`, "line: 1, column: 5"},
		{`["not", "a", "dict", "but valid json"]`, "line: 1, column: 2"},
		{`{"key":{"suffix":"value"}}`, "line: 1, column: 19"},
		{`{"key":[{"numeric":[">=",1,">",2]}]}`, "line: 1, column: 31"},
		{`{"key":[{"numeric":[">",20,"test"]}]}`, "line: 1, column: 34"},
		{`{"key":[{"numeric":[">",20,30]}]}`, "line: 1, column: 30"},
		{`{"key":[{"numeric":[">",3,"<",1]}]}`, "line: 1, column: 33"},
		{`{"key":[]}`, "line: 1, column: 10"},
		{`{"key":[{"numeric":[1,"<="]}]}`, "line: 1, column: 22"},
		{`{"key":[{"numeric":[]}]}`, "line: 1, column: 22"},
		{`{"key":[["value"]]}`, "line: 1, column: 10"},
		{`{"key":[{"suffix":"value","prefix":"value2"}]}`, "line: 1, column: 37"},
		{`{"key":[{"numeric":["<",100,">",10]}]}`, "line: 1, column: 30"},
		{`{"key":[{"numeric":[">",20,"<",30,"<",50]}]}`, "line: 1, column: 36"},
		{`{"key":[{"wrong-operator":true}]}`, "line: 1, column: 31"},
		{`{"key":[{"numeric":["operator"]}]}`, "line: 1, column: 32"},
		{`{"key":[{"anything-but":{"exists":false}}]}`, "line: 1, column: 40"},
		{`{"key":[{"numeric":[">",20,"<","30"]}]}`, "line: 1, column: 33"},
		{`{"key":[{"exists":"no"}]}`, "line: 1, column: 20"},
		{`{"key":[{"exists":null}]}`, "line: 1, column: 23"},
		{`{"key":[{"suffix":["test","test2"]}]}`, "line: 1, column: 20"},
		{"{\n\"é😀\":\n  [1, []]}", "line: 3, column: 8"},
		{`{"é😀":[[]]}`, "line: 1, column: 10"},
	} {
		message := refusal(t, pattern.EventBridge, c.pattern).Message
		require.True(t, strings.HasSuffix(message, at(c.pattern, c.place)), "%s\n%s", message, c.place)
	}
	twice := `{"key":[{"anything-but":["x",null]}]}`
	require.Equal(t, "Inside anything but list, start|null|boolean is not supported."+at(twice, "line: 1, column: 34")+at(twice, "line: 1, column: 34"),
		refusal(t, pattern.EventBridge, twice).Message)
	require.NotContains(t, refusal(t, pattern.EventBridge, `{"a":[{"cidr":"x"}]}`).Message, "\n")
	require.NotContains(t, refusal(t, pattern.EventBridge, `{"a":[{"anything-but":1e400}]}`).Message, "\n")
	long := `{"a":["` + strings.Repeat("x", 600) + `",[]]}`
	require.Contains(t, refusal(t, pattern.EventBridge, long).Message, `x"[truncated 113 chars]; line: 1, column: 611]`)
	require.Contains(t, refusal(t, pattern.EventBridge, "{\t\"a\":[]}").Message, `{\u0009"a":[]}`)
}

func TestTooManyBranches(t *testing.T) {
	or := strings.Repeat(`"$or":[{"a":["1"]},{"b":["2"]}],`, 30)
	require.Contains(t, refusal(t, pattern.EventBridge, "{"+or+`"c":["x"]}`).Message, "1000 combinations")
}

func TestComplexity(t *testing.T) {
	for text, want := range map[string]int{
		`""`: 1, `"*"`: 2, `"a*"`: 2, `"*a"`: 2, `"*a*"`: 3, `"*a*b"`: 3, `"a*b*c"`: 3, `"*a*b*c*d*e*f"`: 7, `"*a*a*a*a*a"`: 10,
		`"*abcabcabcabc*"`: 6, `"*aaaaaaaaaaaaaaaaaaaa"`: 21, `"arn:*:*:*:*:*"`: 9,
	} {
		p, err := pattern.Parse(pattern.EventBridge, []byte(`{"a":[{"wildcard":`+text+`}]}`), func(o *pattern.Options) { o.MaxComplexity = 0 })
		require.NoError(t, err)
		require.Equal(t, want, p.Complexity(), text)
	}
	for text, want := range map[string]int{
		`{"a":[{"wildcard":"*a*b*c"},{"wildcard":"*a*d*e"}]}`:           8,
		`{"a":[{"wildcard":"*a*b*c"}],"b":[{"wildcard":"*a*d*e"}]}`:     4,
		`{"a":[{"wildcard":"a*"},{"wildcard":"b*"},{"wildcard":"c*"}]}`: 3,
		`{"a":[{"wildcard":"*a"},{"wildcard":"*b"},{"wildcard":"*c"}]}`: 6,
		`{"a":[{"anything-but":{"wildcard":"*a*b"}}]}`:                  3,
		`{"a":[{"anything-but":{"wildcard":["*a*b","*c*d"]}}]}`:         4,
		`{"a":[{"wildcard":"*a*b"}],"$or":[{"m":["1"]},{"m":["2"]}]}`:   5, // one automaton for both branches
		`{"z":[{"wildcard":"*a*b"}],"$or":[{"m":["1"]},{"m":["2"]}]}`:   3, // one for each
		`{"a":[{"wildcard":"a*"}],"$or":[{"m":["1"]},{"m":["2"]}]}`:     2,
		`{"a":[{"exists":false}],"z":[{"wildcard":"*a*b"}]}`:            0, // not seen
	} {
		require.Equal(t, want, parse(t, pattern.EventBridge, text).Complexity(), text)
	}
}
