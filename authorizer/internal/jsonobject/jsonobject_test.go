package jsonobject_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/internal/jsonobject"
)

func TestScan(t *testing.T) {
	for document, good := range map[string]bool{
		`{}`:                           true,
		" \t\r\n{ } \n":                true,
		`{"a":1,"b":[1,{"a":[]}]}`:     true,
		`{"a":-0.5e+10,"b":0,"c":1E2}`: true,
		`{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`: true,
		`{"é":true,"e":false,"f":null}`:              true,
		``:                                           false,
		`{`:                                          false,
		`{"a"}`:                                      false,
		`{"a":}`:                                     false,
		`{"a":1,}`:                                   false,
		`{,"a":1}`:                                   false,
		`{"a":1 "b":2}`:                              false,
		`{"a":1}x`:                                   false,
		`{"a":01}`:                                   false,
		`{"a":+1}`:                                   false,
		`{"a":.5}`:                                   false,
		`{"a":1.}`:                                   false,
		`{"a":1e}`:                                   false,
		`{"a":-}`:                                    false,
		`{"a":nul}`:                                  false,
		`{"a":True}`:                                 false,
		`{'a':1}`:                                    false,
		`{"a":"\x41"}`:                               false,
		`{"a":"\u12"}`:                               false,
		`{"a":"\u12g4"}`:                             false,
		`{"a":"\ud800x"}`:                            false,
		`{"a":"\ud800\u0041"}`:                       false,
		`{"a":"\udc00"}`:                             false,
		"{\"a\":\"\n\"}":                             false,
		"{\"a\":\"\xc3\x28\"}":                       false,
		"{\"a\":\"\xed\xa0\x80\"}":                   false,
		`{"a":1,"a":1}`:                              false,
		`{"a":1,"\u0061":1}`:                         false,
		`{"a":{"b":1,"b":2}}`:                        false,
		`{"a":[{"b":1,"b":2}]}`:                      false,
		`[]`:                                         false,
		`null`:                                       false,
		`{"a":[1,]}`:                                 false,
		"\ufeff{}":                                   false,
		`{"a":1}{"b":1}`:                             false,
		`{"a":"` + "\\" + `"}`:                       false,
	} {
		err := jsonobject.Scan([]byte(document), nil)
		require.Equal(t, good, err == nil, "%q: %v", document, err)
		if err != nil {
			require.ErrorIs(t, err, jsonobject.ErrSyntax)
		}
	}
	many := "{"
	for i := range 40 {
		many += `"` + strings.Repeat("k", i+1) + `":1,`
	}
	require.NoError(t, jsonobject.Scan([]byte(many+`"x":1}`), nil))
	require.Error(t, jsonobject.Scan([]byte(many+`"`+strings.Repeat("k", 30)+`":1}`), nil), "duplicates are found in large objects too")
	require.Error(t, jsonobject.Scan([]byte(many+`"kk":1}`), nil))
}

func TestValues(t *testing.T) {
	values := make(map[string]string)
	require.NoError(t, jsonobject.Scan([]byte(`{"s":"\u0041b","n":-1.5,"a":["x","\ud83d\ude00"],"m":[1],"h":1e400}`), func(name, value []byte) error {
		values[string(name)] = string(value)
		return nil
	}))
	text, ok := jsonobject.String([]byte(values["s"]))
	require.True(t, ok)
	require.Equal(t, "Ab", text)
	_, ok = jsonobject.String([]byte(values["n"]))
	require.False(t, ok)
	number, ok := jsonobject.Number([]byte(values["n"]))
	require.True(t, ok)
	require.InDelta(t, -1.5, number, 0)
	_, ok = jsonobject.Number([]byte(values["h"]))
	require.False(t, ok, "beyond a float64")
	_, ok = jsonobject.Number([]byte(values["s"]))
	require.False(t, ok)
	texts, ok := jsonobject.Strings([]byte(values["a"]))
	require.True(t, ok)
	require.Equal(t, []string{"x", "\U0001F600"}, texts)
	_, ok = jsonobject.Strings([]byte(values["m"]))
	require.False(t, ok)
	_, ok = jsonobject.Strings([]byte(values["s"]))
	require.False(t, ok)
}

// Whatever is taken is taken by encoding/json too, with the same members.
func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"a":"\ud83d\ude00","b":[1,2.5e3,{"c":null}],"d":true}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		found := make(map[string]json.RawMessage)
		err := jsonobject.Scan(data, func(name, value []byte) error {
			found[string(name)] = value
			return nil
		})
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(data, &want))
		require.Len(t, found, len(want))
		for name, value := range want {
			require.JSONEq(t, string(value), string(found[name]))
			if text, ok := jsonobject.String(found[name]); ok {
				var other string
				require.NoError(t, json.Unmarshal(value, &other))
				require.Equal(t, other, text)
			}
		}
	})
}
