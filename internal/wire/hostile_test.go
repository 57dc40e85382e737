package wire_test

import (
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// What no operation takes is refused before it costs anything: a null in a
// list, more elements than any list of AWS has, a text that is no UTF-8.
func TestHostileDocuments(t *testing.T) {
	s := orderServer(nil)
	many := strings.TrimSuffix(strings.Repeat("{},", 70_000), ",")
	lists := strings.TrimSuffix(strings.Repeat(`"a":["b"],`, 33_000), ",")
	for body, want := range map[string]string{
		`{"Names":[null]}`:                  "ValidationException: 1 validation error detected: Value null at 'names.1.member' failed to satisfy constraint: Member must not be null",
		`{"Lines":[{"Sku":"a"}, null ]}`:    "ValidationException: 1 validation error detected: Value null at 'lines.2.member' failed to satisfy constraint: Member must not be null",
		`{"Inner":{"Names":["a",null,2]}}`:  "ValidationException: 1 validation error detected: Value null at 'inner.names.2.member' failed to satisfy constraint: Member must not be null",
		`{"Lines":[` + many + `]}`:          "ValidationException: 1 validation error detected: Value at 'lines.65537.member' failed to satisfy constraint: Member must have length less than or equal to 65536",
		`{"ByList":{` + lists + `}}`:        "ValidationException: 1 validation error detected: Value at 'byList' failed to satisfy constraint: Member must have length less than or equal to 65536",
		`{"Other":[null],"Free":[null]}`:    "NotSimulated: the member Other of Put is not simulated",
		"{\"Text\":\"\xff\"}":               "SerializationException: ",
		"{\"\xc3\":1}":                      "SerializationException: ",
		"{\"Free\":\"\xed\xa0\x80\"}":       "SerializationException: ",
		`{"Text":"\ud800"}`:                 "SerializationException: ",
		`{"Text":"a\uDC00b"}`:               "SerializationException: ",
		`{"Text":"\ud83d\u0041"}`:           "SerializationException: ",
		`{"Text":"\ud83d\ud83d\ude00"}`:     "SerializationException: ",
		`{"\ud800":1}`:                      "SerializationException: ",
		`{"Text":"\ud83d\ude00 \\ud800 é"}`: "",
		`{"Text":"\ufffd"}`:                 "",
		"{\"Text\":\"\xef\xbf\xbd\"}":       "",
		strings.Repeat(`{"Inner":`, 20_000): "SerializationException: ",
		strings.Repeat(`{"Inner":`, 20_000) + `{}` + strings.Repeat(`}`, 20_000): "SerializationException: ",
		`{"Free":` + strings.Repeat("[", 500_000):                                "SerializationException: ",
	} {
		code, message := askJSON(s, "Orders.Put", body)
		got := ""
		if code != "" {
			got = code + ": " + message
		}
		require.Equal(t, want, got, body[:min(80, len(body))])
	}
}

func TestManyUnknownMembersAreNamedInPart(t *testing.T) {
	var body strings.Builder
	body.WriteString(`{"Text":"a"`)
	for i := range 5_000 {
		body.WriteString(`,"` + strings.Repeat("x", 50) + strings.Repeat("y", i%97) + `":1`)
	}
	body.WriteString("}")
	code, message := askJSON(orderServer(nil), "Orders.Put", body.String())
	require.Equal(t, wire.CodeNotSimulated, code)
	require.Less(t, len(message), 10_000)
}

// A name of a parameter that has no end must not become a tree of as many
// nodes.
func TestHostileForms(t *testing.T) {
	s := formServer(nil)
	deep := strings.Repeat("a.", 500_000) + "a"
	for body, want := range map[string]string{
		deep + "=1":                   "MalformedQueryString: The name of a parameter has more than 512 bytes or 32 parts",
		"Tags." + deep + "=1":         "MalformedQueryString: The name of a parameter has more than 512 bytes or 32 parts",
		strings.Repeat(".", 40) + "=": "MalformedQueryString: The name of a parameter has more than 512 bytes or 32 parts",
		"Tags.member.1" + strings.Repeat(".Key", 20) + "=x": "NotSimulated: the member Tags.Key.Key of Take is not simulated",
		"TopicArn=%ff":                            "InvalidParameter: Invalid parameter: TopicArn Reason: the value is not valid UTF-8",
		"TopicArn=\xff":                           "InvalidParameter: Invalid parameter: TopicArn Reason: the value is not valid UTF-8",
		"TopicArn=a%ED%A0%80":                     "InvalidParameter: Invalid parameter: TopicArn Reason: the value is not valid UTF-8",
		"Tags.member.1.Value=%C3%28":              "InvalidParameter: Invalid parameter: Tags.member.1.Value Reason: the value is not valid UTF-8",
		"Attributes.entry.1.key=%ff":              "InvalidParameter: Invalid parameter: Attributes.entry.1.key Reason: the value is not valid UTF-8",
		"Topic%ff=1":                              "MalformedQueryString: The name of a parameter is not valid UTF-8",
		"TopicArn=" + url.QueryEscape("é😀\ufffd"): "é😀\ufffd0[][]map[]map[]{ }",
		strings.Repeat("a=1&", 20_000):            "MalformedQueryString: more than 10000 parameters",
	} {
		answer := askQuery(t, s, form("Action=Take&"+body))
		got := answer.Text
		if answer.Code != "" {
			got = answer.Code + ": " + answer.Message
		}
		require.Equal(t, want, got, body[:min(80, len(body))])
	}
}

// allocated is how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestHostileRequestsCostLittle(t *testing.T) {
	forms, orders := formServer(nil), orderServer(nil)
	for name, test := range map[string]struct {
		body string
		ask  func(string)
	}{
		"deep name":         {"Action=Take&" + strings.Repeat("a.", 500_000) + "=1", func(b string) { askQuery(t, forms, form(b)) }},
		"many names":        {"Action=Take" + strings.Repeat("&a.b.c", 200_000), func(b string) { askQuery(t, forms, form(b)) }},
		"many structures":   {`{"Lines":[` + strings.Repeat("{},", 400_000) + `{}]}`, func(b string) { askJSON(orders, "Orders.Put", b) }},
		"many entries":      {`{"ByName":{` + strings.Repeat(`"a":{},`, 200_000) + `"a":{}}}`, func(b string) { askJSON(orders, "Orders.Put", b) }},
		"many unknown":      {`{` + strings.Repeat(`"a":{},`, 200_000) + `"a":{}}`, func(b string) { askJSON(orders, "Orders.Put", b) }},
		"deep document":     {strings.Repeat(`{"Inner":`, 100_000), func(b string) { askJSON(orders, "Orders.Put", b) }},
		"a list too deep":   {`{"Names":` + strings.Repeat(`[`, 1_000_000), func(b string) { askJSON(orders, "Orders.Put", b) }},
		"what has no place": {`{"Free":` + strings.Repeat(`[`, 9_000) + strings.Repeat(`]`, 9_000) + `}`, func(b string) { askJSON(orders, "Orders.Put", b) }},
	} {
		taken := allocated(func() { test.ask(test.body) })
		require.Less(t, taken, uint64(1<<20+12*len(test.body)), name)
	}
}
