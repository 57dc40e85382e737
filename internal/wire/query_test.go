package wire_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// formInput has one member of each kind.
type formInput struct {
	TopicArn   *string               `query:"TopicArn"`
	Count      int32                 `query:"Count"`
	Tags       []tag                 `query:"Tags.member"`
	TagKeys    []string              `query:"TagKeys.member"`
	Attributes map[string]string     `query:"Attributes.entry"`
	Values     map[string]attributes `query:"Values.entry"`
	Inner      tag                   `query:"Inner"`
}

func formServer(tb wire.TB) *wire.Server {
	return wire.NewServer(tb, wire.Service{Name: "sns", Protocol: wire.Query("2010-03-31", "x"), Operations: []wire.Operation{
		wire.Handle("Take", func(_ context.Context, in *formInput) (*topicOutput, error) {
			arn := ""
			if in.TopicArn != nil {
				arn = *in.TopicArn
			}
			return &topicOutput{fmt.Sprintf("%s%d%v%v%v%v%v", arn, in.Count, in.Tags, in.TagKeys, in.Attributes, in.Values, in.Inner)}, nil
		}),
	}})
}

const snsScope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0"

type xmlAnswer struct {
	Code    string `xml:"Error>Code"`
	Message string `xml:"Error>Message"`
	Text    string `xml:"TakeResult>TopicArn"`
}

func askQuery(t *testing.T, s *wire.Server, r *http.Request) xmlAnswer {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var out xmlAnswer
	require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &out), w.Body.String())
	return out
}

func form(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", snsScope)
	return r
}

// An answer that XML cannot write is a defect of the fake: no part of it is sent.
func TestAnAnswerThatIsNoXML(t *testing.T) {
	type answer struct{ C chan int }
	s := wire.NewServer(nil, wire.Service{Name: "sns", Protocol: wire.Query("2010-03-31", "x"), Operations: []wire.Operation{
		wire.Handle("Take", func(context.Context, *formInput) (*answer, error) { return &answer{make(chan int)}, nil }),
	}})
	w := httptest.NewRecorder()
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { s.ServeHTTP(w, form("Action=Take&Version=2010-03-31")) })
	require.Empty(t, w.Body.String())
}

func TestQueryForms(t *testing.T) {
	s := formServer(t)
	for body, want := range map[string]string{
		"":                                 "0[][]map[]map[]{ }",
		"TopicArn=":                        "0[][]map[]map[]{ }",
		"TopicArn=a&Count=7&Tags=":         "a7[][]map[]map[]{ }",
		"Tags=&Attributes=&Values=&Inner=": "0[][]map[]map[]{ }",
		"Tags.member.10.Key=j&Tags.member.9.Key=i&Tags.member.9.Value=v":          "0[{i v} {j }][]map[]map[]{ }",
		"TagKeys.member.1=a&TagKeys.member.2=b&Inner.Key=k":                       "0[][a b]map[]map[]{k }",
		"Attributes.entry.1.key=a&Attributes.entry.1.value=b%26":                  "0[][]map[a:b&]map[]{ }",
		"Attributes.entry.1=&Attributes.entry.1.key=a&Attributes.entry.1.value=b": "0[][]map[a:b]map[]{ }",
		"Values.entry.1.Name=a&Values.entry.1.Value.DataType=String":              "0[][]map[]map[a:{String  []}]{ }",
		// members that are not there
		"TopicArn.x=1":            "NotSimulated: the member TopicArn.x of Take is not simulated",
		"TopicArn=a&TopicArn.=1":  `NotSimulated: the member TopicArn."" of Take is not simulated`,
		"Count.1=1&Subject=s":     "NotSimulated: the member Count.1, Subject of Take is not simulated",
		"topicarn=a":              "NotSimulated: the member topicarn of Take is not simulated",
		"=a":                      `NotSimulated: the member "" of Take is not simulated`,
		"Tags.foo.1.Key=a":        "NotSimulated: the member Tags.foo of Take is not simulated",
		"Tags.1.Key=a":            "NotSimulated: the member Tags.1 of Take is not simulated",
		"Tags.member.1.Key.x=a":   "NotSimulated: the member Tags.Key.x of Take is not simulated",
		"Tags.member.1.Other=a":   "NotSimulated: the member Tags.Other of Take is not simulated",
		"TagKeys.member.1.x=a":    "NotSimulated: the member TagKeys.x of Take is not simulated",
		"Attributes.member.1.a=b": "NotSimulated: the member Attributes.member of Take is not simulated",
		"Attributes.entry.1.key=a&Attributes.entry.1.value=b&Attributes.entry.1.foo=c": "NotSimulated: the member Attributes.entry.foo of Take is not simulated",
		"Attributes.entry.1.key=a&Attributes.entry.1.key.x=b":                          "NotSimulated: the member Attributes.entry.key.x of Take is not simulated",
		"Attributes.entry.1.key=a&Attributes.entry.1.value.x=b":                        "NotSimulated: the member Attributes.x of Take is not simulated",
		"Values.entry.1.Name=a&Values.entry.1.Value.X=b":                               "NotSimulated: the member Values.X of Take is not simulated",
		// forms that are wrong
		"Tags=foo":                       "MalformedQueryString: The value of Tags is no list",
		"Tags.member=foo":                "MalformedQueryString: The value of Tags is no list",
		"Tags.member.1=x":                "MalformedQueryString: The value of Tags is no structure",
		"Tags=x&Tags.member.1.Key=a":     "MalformedQueryString: The value of Tags is no list",
		"Attributes=x":                   "MalformedQueryString: The value of Attributes is no map",
		"Attributes.entry=x":             "MalformedQueryString: The value of Attributes is no map",
		"Inner=x&Tags=foo":               "MalformedQueryString: The value of Inner is no structure", // the first of two by name
		"Inner=x":                        "MalformedQueryString: The value of Inner is no structure",
		"Tags.member.0.Key=a":            `MalformedQueryString: "0" is no index of Tags`,
		"Tags.member.-1.Key=a":           `MalformedQueryString: "-1" is no index of Tags`,
		"Tags.member.01.Key=a":           `MalformedQueryString: "01" is no index of Tags`,
		"Tags.member.x.Key=a":            `MalformedQueryString: "x" is no index of Tags`,
		"Attributes.entry.a.key=a":       `MalformedQueryString: "a" is no index of Attributes`,
		"Attributes.entry.1=x":           "MalformedQueryString: An entry of Attributes has no key",
		"Attributes.entry.1.value=x":     "MalformedQueryString: An entry of Attributes has no key",
		"Values.entry.1.key=x":           "MalformedQueryString: An entry of Values has no Name",
		"TopicArn=a&TopicArn=a":          "MalformedQueryString: The parameter TopicArn is given 2 times",
		"Version=2010-03-31&Action=Take": "MalformedQueryString: The parameter Action is given 2 times",
		"Attributes.entry.1.key=a&Attributes.entry.1.value=1&Attributes.entry.2.key=a&Attributes.entry.2.value=2": "MalformedQueryString: The entry a of Attributes is given twice",
		"TopicArn=%zz": `MalformedQueryString: invalid URL escape "%zz"`,
		"Count=x":      `MalformedInput: Invalid value for Count: "x"`,
		// another version
		"Version=2010-03-31": "0[][]map[]map[]{ }",
		"Version=2011-01-01": "InvalidAction: Could not find operation Take for version 2011-01-01",
	} {
		answer := askQuery(t, s, form("Action=Take&"+body))
		got := answer.Text
		if answer.Code != "" {
			got = answer.Code + ": " + answer.Message
		}
		require.Equal(t, want, got, body)
	}
}

func TestQueryParametersInTheURL(t *testing.T) {
	s := formServer(t)
	r := httptest.NewRequest(http.MethodGet, "/?Action=Take&Count=3&X-Amz-Signature=0&X-Amz-Credential="+
		url.QueryEscape("AKID/20260101/eu-west-1/sns/aws4_request"), nil)
	require.Equal(t, "3[][]map[]map[]{ }", askQuery(t, s, r).Text)
	require.Equal(t, "eu-west-1", s.Journal()[0].Region)

	r = form("Count=4")
	r.URL.RawQuery = "Action=Take&TopicArn=a"
	require.Equal(t, "a4[][]map[]map[]{ }", askQuery(t, s, r).Text)

	r = form("Count=4&Action=Take")
	r.URL.RawQuery = "Count=4"
	require.Equal(t, "MalformedQueryString", askQuery(t, s, r).Code, "given twice")
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"Tags.member.1.Key=a", "Tags=x&Tags.member.1=", "Attributes.entry.1.key=a&Attributes.entry.1.value=", "a.b.c=1", "Values.entry.1.Name=a"} {
		f.Add(seed)
	}
	s := formServer(nil)
	f.Fuzz(func(t *testing.T, body string) {
		answer := askQuery(t, s, form("Action=Take&"+body))
		values, err := url.ParseQuery(body)
		if err != nil || values.Has("Action") || values.Get("Version") != "" {
			require.NotEmpty(t, answer.Code)
			return
		}
		for key, all := range values {
			first, _, _ := strings.Cut(key, ".")
			if len(all) > 1 || !strings.Contains("TopicArn Count Tags TagKeys Attributes Values Inner Version", first) {
				require.NotEmpty(t, answer.Code, body)
			}
		}
	})
}
