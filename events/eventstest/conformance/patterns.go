package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/patternkit/serverless/internal/suite"
)

func (c *checks) matches(ctx context.Context, pattern, event string) (bool, error) {
	out, err := c.client.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{Event: &event, EventPattern: &pattern})
	if err != nil {
		return false, err
	}
	return out.Result, nil
}

// patterns checks what patterns match, with TestEventPattern.
func (c *checks) patterns() {
	const detail = `{"n":300,"s":"straße","t":true,"z":null,"list":["x",["y"]],"o":{"a":"1"},"pairs":[{"b":"1","c":"3"},{"b":"9","c":"2"}],"ip":"10.0.0.77","path":"dir/file.png","empty":[]}`
	const event = `{"id":"1","account":"1","source":"shop","time":"2020-01-01T00:00:00Z","region":"r","detail-type":"d","detail":` + detail + `}`
	for _, row := range []struct {
		name    string
		pattern string // of the detail
		want    bool
	}{
		{"numbers match by value", `{"n":[3.0e2]}`, true},
		{"a number is no text", `{"n":["300"]}`, false},
		{"null is a value", `{"z":[null]}`, true},
		{"null is not what is missing", `{"gone":[null]}`, false},
		{"a list matches by any element, nested ones too", `{"list":["y"]}`, true},
		{"keys may be joined with dots", `{"o.a":["1"]}`, true},
		{"fields of a list of objects match in one of its elements", `{"pairs":{"b":["9"],"c":["2"]}}`, true},
		{"fields of different elements of a list do not match", `{"pairs":{"b":["1"],"c":["2"]}}`, false},
		{"prefix", `{"path":[{"prefix":"dir/"}]}`, true},
		{"suffix", `{"path":[{"suffix":".png"}]}`, true},
		{"a prefix is of texts only", `{"n":[{"prefix":"3"}]}`, false},
		{"a prefix may ignore case", `{"path":[{"prefix":{"equals-ignore-case":"DIR"}}]}`, true},
		{"case is ignored by the letters of the pattern", `{"s":[{"equals-ignore-case":"STRASSE"}]}`, false},
		{"wildcard", `{"path":[{"wildcard":"d*/*.png"}]}`, true},
		{"a numeric range", `{"n":[{"numeric":[">",100,"<=",300]}]}`, true},
		{"a numeric range leaves out its open end", `{"n":[{"numeric":[">=",100,"<",300]}]}`, false},
		{"cidr", `{"ip":[{"cidr":"10.0.0.0/24"}]}`, true},
		{"a text that is an address matches as an address", `{"ip":["010.0.0.77"]}`, true},
		{"anything but a value matches another type", `{"n":[{"anything-but":["x"]}]}`, true},
		{"anything but a value needs the field", `{"gone":[{"anything-but":["x"]}]}`, false},
		{"anything but a value matches a list with another element", `{"list":[{"anything-but":["x"]}]}`, true},
		{"anything but a wildcard", `{"path":[{"anything-but":{"wildcard":"*.png"}}]}`, false},
		{"exists is of leaves", `{"o":[{"exists":true}]}`, false},
		{"an empty list does not exist", `{"empty":[{"exists":false}]}`, true},
		{"null exists", `{"z":[{"exists":true}]}`, true},
		{"$or takes one of its branches", `{"$or":[{"n":[1]},{"t":[true]}]}`, true},
		{"$or is held together with what is beside it", `{"$or":[{"n":[1]},{"t":[true]}],"z":["x"]}`, false},
	} {
		c.Check("pattern: "+row.name, func(t *testing.T) {
			got, err := c.matches(t.Context(), `{"detail":`+row.pattern+`}`, event)
			suite.NoError(t, err)
			suite.Equal(t, row.want, got, row.pattern)
		})
	}
}

// refusedPatterns checks what is no pattern, and what is no event.
func (c *checks) refusedPatterns() {
	pattern := func(pattern string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.matches(ctx, pattern, `{"id":"1","account":"1","source":"shop","time":"2020-01-01T00:00:00Z","region":"r","detail-type":"d","detail":{}}`)
			return err
		}
	}
	var rows []refusal
	for _, row := range []struct{ name, pattern, text string }{
		{"a pattern is an object", `["x"]`, "Filter is not an object\n at [Source: (String)\"[\"x\"]\"; line: 1, column: 2]"},
		{"a pattern has lists of values", `{"a":"b"}`, "\"a\" must be an object or an array\n at [Source: (String)\"{\"a\":\"b\"}\"; line: 1, column: 7]"},
		{"a pattern has no empty list", `{"a":[]}`, "Empty arrays are not allowed\n at [Source: (String)\"{\"a\":[]}\"; line: 1, column: 8]"},
		{"a pattern is JSON", `{'bad': 'quotation'}`, "Unexpected character (''' (code 39)): was expecting double-quote to start field name\n at [Source: (String)\"{'bad': 'quotation'}\"; line: 1, column: 2]"},
		{"a pattern has operators that there are", `{"a":[{"EXISTS":true}]}`, "Unrecognized match type EXISTS\n at …"},
		{"a prefix is a text", `{"a":[{"prefix":1}]}`, "prefix match pattern must be a string\n at …"},
		{"a numeric range is a list", `{"a":[{"numeric":5}]}`, "Value of numeric must be an array.\n at …"},
		{"a numeric range has an operator that there is", `{"a":[{"numeric":[">",1,">",2]}]}`, "Bad numeric range operator: >\n at …"},
		{"a wildcard has no two stars together", `{"a":[{"wildcard":"**"}]}`, "Consecutive wildcard characters at pos 1\n at …"},
		{"a wildcard is not too complex", `{"a":[{"wildcard":"*e*e*e*e*e*"}]}`, "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character"},
		{"an address block has one slash", `{"a":[{"cidr":"10.0.0.0"}]}`, "Malformed CIDR, one '/' required"},
		{"anything but null is refused", `{"a":[{"anything-but":null}]}`, "Value of anything-but must be an array or single string/number value.\n at …"},
		{"anything but an empty prefix is refused", `{"a":[{"anything-but":{"prefix":""}}]}`, "Null prefix/suffix not allowed\n at …"},
	} {
		rows = append(rows, refusal{name: row.name, call: pattern(row.pattern), code: "InvalidEventPatternException", text: "Event pattern is not valid. Reason: " + row.text})
	}
	rows = append(rows, refusal{name: "an event has what every event has", code: "ValidationException", text: "Parameter Event is not valid.", call: func(ctx context.Context) error {
		_, err := c.client.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{Event: aws.String(`{"id":"1"}`), EventPattern: aws.String(`{"a":["x"]}`)})
		return err
	}})
	c.refused(rows)
}
