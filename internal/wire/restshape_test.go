package wire_test

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// define makes an operation of any input and output.
func define[I, O any](path string) wire.Operation {
	return wire.HandleREST("Do", path, func(context.Context, *I) (*O, error) { return nil, nil })
}

// An operation that cannot be served is refused when it is made.
func TestRESTOperationsThatCannotBe(t *testing.T) {
	type label struct {
		A string `location:"uri"`
	}
	for want, make := range map[string]func(){
		`wire: Do: the route "GET" is no METHOD /path or METHOD /path STATUS`:                   func() { define[nothing, nothing]("GET") },
		`wire: Do: the route "GET a" is no METHOD /path or METHOD /path STATUS`:                 func() { define[nothing, nothing]("GET a") },
		`wire: Do: the route "GET /a 200 b" is no METHOD /path or METHOD /path STATUS`:          func() { define[nothing, nothing]("GET /a 200 b") },
		`wire: Do: the route "GET /a ok" has the status "ok"`:                                   func() { define[nothing, nothing]("GET /a ok") },
		`wire: Do: the route "GET /a 199" has the status "199"`:                                 func() { define[nothing, nothing]("GET /a 199") },
		`wire: Do: the route "GET /a 400" has the status "400"`:                                 func() { define[nothing, nothing]("GET /a 400") },
		`wire: Do: the route "GET /a//b" has a part without a name, or one behind a greedy`:     func() { define[nothing, nothing]("GET /a//b") },
		`wire: Do: the route "GET /{A+}/b" has a part without a name, or one behind a greedy`:   func() { define[label, nothing]("GET /{A+}/b") },
		`wire: Do: the route "GET /{A+}/b/c" has a part without a name, or one behind a greedy`: func() { define[label, nothing]("GET /{A+}/b/c") },
		`wire: Do: no member has the label B of "GET /{A}/{B}"`:                                 func() { define[label, nothing]("GET /{A}/{B}") },
		`wire: Do: no request of "GET /a" has the uri of member A`:                              func() { define[label, nothing]("GET /a") },
		`wire: Do: no request of "GET /a" has the statusCode of member Status`: func() {
			define[struct {
				Status int `location:"statusCode"`
			}, nothing]("GET /a")
		},
		`wire: Do: the member Other has no place: the payload is the whole body`: func() {
			define[struct {
				Body  []byte `location:"payload"`
				Other string
			}, nothing]("GET /a")
		},
		`wire: Do: the member A of type map[string]string cannot have the location "uri"`: func() {
			define[struct {
				A map[string]string `location:"uri"`
			}, nothing]("GET /{A}")
		},
		`wire: Do: the member A of type map[string]string cannot have the location "header"`: func() {
			define[nothing, struct {
				A map[string]string `location:"header"`
			}]("GET /")
		},
		`wire: Do: the member A of type [][]string cannot have the location "header"`: func() {
			define[nothing, struct {
				A [][]string `location:"header"`
			}]("GET /")
		},
		`wire: Do: the member A of type uint cannot have the location "querystring,a"`: func() {
			define[struct {
				A uint `location:"querystring,a"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type map[int]string cannot have the location "querystring"`: func() {
			define[struct {
				A map[int]string `location:"querystring"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type map[string]uint cannot have the location "querystring"`: func() {
			define[struct {
				A map[string]uint `location:"querystring"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type map[string]int cannot have the location "headers,X-"`: func() {
			define[struct {
				A map[string]int `location:"headers,X-"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type map[string]string cannot have the location "headers"`: func() {
			define[struct {
				A map[string]string `location:"headers"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type []string cannot have the location "payload"`: func() {
			define[struct {
				A []string `location:"payload"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type int cannot have the location "payload"`: func() {
			define[struct {
				A int `location:"payload"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type int64 cannot have the location "statusCode"`: func() {
			define[nothing, struct {
				A int64 `location:"statusCode"`
			}]("GET /")
		},
		`wire: Do: the member A of type string cannot have the location "body"`: func() {
			define[struct {
				A string `location:"body"`
			}, nothing]("GET /")
		},
		`wire: Do: the member A of type wire.Timestamp cannot have the location "header,A,iso"`: func() {
			define[struct {
				A wire.Timestamp `location:"header,A,iso"`
			}, nothing]("GET /")
		},
	} {
		t.Run(want, func(t *testing.T) {
			defer func() { require.Contains(t, recover(), want) }()
			make()
		})
	}
	require.NotPanics(t, func() { define[nothing, nothing]("GET /a 200") })
	require.NotPanics(t, func() { define[nothing, nothing]("GET /a 399") })
}

type (
	grants struct {
		XMLName xml.Name `xml:"urn:acl Policy"`
		Skipped string   `xml:"-"`
		Owner   *string  `xml:"urn:acl Holder"`
		Grants  []grant  `xml:"List>Grant"`
		Total   int      `xml:"List>Total"`
		secret  string
	}
	grant struct {
		Type string `xml:"type,attr"`
		Name string
		Next *grant
	}
	grantsInput struct {
		Body *grants `location:"payload"`
	}
	grantsOutput struct {
		Body *grants `location:"payload"`
	}
	givenOutput struct {
		XMLName xml.Name `xml:"urn:given Given"`
		Names   []string `xml:"Name"`
	}
	unnamedOutput struct {
		Answer *grant `location:"payload"`
	}
)

func grantServer() *wire.Server {
	return wire.NewServer(nil, wire.Service{
		Name: "s3", Protocol: wire.RESTXML(func(o *wire.RESTOptions) { o.Namespace = "urn:x" }),
		Operations: []wire.Operation{
			wire.HandleREST("PutPolicy", "PUT /policy", func(_ context.Context, in *grantsInput) (*grantsOutput, error) {
				if in.Body != nil {
					in.Body.XMLName = xml.Name{}
					in.Body.secret += "kept"
				}
				return (*grantsOutput)(in), nil
			}),
			wire.HandleREST("GetGrant", "GET /grant", func(context.Context, *nothing) (*unnamedOutput, error) {
				return &unnamedOutput{&grant{Name: "n"}}, nil
			}),
			wire.HandleREST("ListGrants", "GET /grants", func(context.Context, *nothing) (*givenOutput, error) {
				return &givenOutput{Names: []string{"a", "b"}}, nil
			}),
			wire.HandleREST("PutGrant", "PUT /grant", func(_ context.Context, in *grant) (*grant, error) { return in, nil }),
		},
	})
}

// What an element of a body may have, and the names of the root elements.
func TestShapesInXML(t *testing.T) {
	s := grantServer()
	const body = `<Policy xmlns="urn:acl" xmlns:x="urn:y"><Holder>me</Holder><List>` +
		`<Grant x:type="a"><Name>1</Name><Next type="b"><Name>2</Name><Next><Name>3</Name></Next></Next></Grant><Grant></Grant><Total>2</Total></List></Policy>`
	status, answer := askREST(s, "s3", "PUT /policy", body)
	require.Equal(t, http.StatusOK, status, answer)
	require.Equal(t, xml.Header+`<Policy xmlns="urn:x"><Holder xmlns="urn:acl">me</Holder><List>`+
		`<Grant type="a"><Name>1</Name><Next type="b"><Name>2</Name><Next type=""><Name>3</Name></Next></Next></Grant><Grant type=""><Name></Name></Grant><Total>2</Total></List></Policy>`, answer)
	status, answer = askREST(s, "s3", "PUT /policy", "")
	require.Equal(t, http.StatusOK, status, answer)
	require.Empty(t, answer)
	_, answer = askREST(s, "s3", "GET /grant", "")
	require.Equal(t, xml.Header+`<Answer xmlns="urn:x" type=""><Name>n</Name></Answer>`, answer)
	_, answer = askREST(s, "s3", "PUT /grant", " <any type='t'><!-- a remark --><Name>n</Name></any>\n")
	require.Equal(t, xml.Header+`<PutGrantResponse xmlns="urn:x" type="t"><Name>n</Name></PutGrantResponse>`, answer)

	_, answer = askREST(s, "s3", "GET /grants", "")
	require.Equal(t, xml.Header+`<Given xmlns="urn:x"><Name>a</Name><Name>b</Name></Given>`, answer)

	for body, want := range map[string]string{
		"<Policy><Skipped>a</Skipped></Policy>":                               "the member Skipped of PutPolicy",
		"<Policy><secret>a</secret></Policy>":                                 "the member secret of PutPolicy",
		"<Policy><Owner>a</Owner></Policy>":                                   "the member Owner of PutPolicy",
		"<Policy><List kind='a'/></Policy>":                                   "the member List.@kind of PutPolicy",
		"<Policy kind='a'><Grant/><XMLName/></Policy>":                        "the member @kind, Grant, XMLName of PutPolicy",
		"<Policy><List><Grant><type>a</type></Grant></List></Policy>":         "the member List.Grant.type of PutPolicy",
		"<Policy><A><B b='1'>a</B><A>x</A></A><A/><List><A/></List></Policy>": "the member A, List.A of PutPolicy",
		"<Policy xmlns='urn:acl'><List/><List/></Policy>":                     "not well-formed",
		"<Policy xmlns='urn:acl'><!-- \xff --></Policy>":                      "not well-formed",
	} {
		status, answer := askREST(s, "s3", "PUT /policy", body)
		require.Equal(t, http.StatusBadRequest, status, body)
		require.Contains(t, answer, want, body)
		r := httptest.NewRequest(http.MethodPut, "/policy", strings.NewReader(body))
		r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/s3/", 1))
		operation, unknown, err := wire.UnknownREST(s.Services()[0], r)
		require.Equal(t, "PutPolicy", operation)
		require.Equal(t, want == "not well-formed", err != nil, body)
		require.Equal(t, want != "not well-formed", len(unknown) > 0, body)
	}
}

// The bucket of a request stands in the host or in the path.
func TestBucketsInHosts(t *testing.T) {
	for host, want := range map[string]string{
		"my.bucket.s3.eu-west-1.amazonaws.com": `(operation &#34;DeleteBucket&#34;, DELETE /my.bucket/)`,
		"b.s3-us-west-2.amazonaws.com:443":     `(operation &#34;DeleteBucket&#34;, DELETE /b/)`,
		"b.s3.amazonaws.com":                   `(operation &#34;DeleteBucket&#34;, DELETE /b/)`,
		"b.s3.localhost:4566":                  `(operation &#34;DeleteBucket&#34;, DELETE /b/)`,
		"b.localhost:4566":                     `(operation &#34;DeleteBucket&#34;, DELETE /b/)`,
		"s3.eu-west-1.amazonaws.com":           `the service &#34;s3&#34; (DELETE /)`,
		"s3.localhost:4566":                    `the service &#34;s3&#34; (DELETE /)`,
		"localhost:4566":                       `the service &#34;s3&#34; (DELETE /)`,
		"b.s3.example.com":                     `the service &#34;s3&#34; (DELETE /)`,
	} {
		r := httptest.NewRequest(http.MethodDelete, "http://"+host+"/", nil)
		r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/s3/", 1))
		w := httptest.NewRecorder()
		newServer(nil).ServeHTTP(w, r)
		require.Contains(t, w.Body.String(), want, host)
	}
}

// A long list of members that are not known is cut.
func TestManyUnknownElements(t *testing.T) {
	many := strings.Repeat("<C/>", 2) + "<D/>"
	for i := range 70 {
		many += "<E" + string(rune('A'+i/26)) + string(rune('A'+i%26)) + "/>"
	}
	_, answer := askREST(grantServer(), "s3", "PUT /policy", "<Policy>"+many+"<A/></Policy>")
	require.Contains(t, answer, "the member C, D, EAA, ")
	require.Equal(t, 62, strings.Count(answer, ", "), "63 names: the repeated one counts")
}

func TestTypesThatXMLCannotHave(t *testing.T) {
	for want, op := range map[string]wire.Operation{
		"wire: a member of a body in XML cannot be of type map[string]string": define[struct{ A map[string]string }, nothing]("PUT /a"),
		"wire: a member of a body in XML cannot be of type []string":          define[struct{ A [][]string }, nothing]("PUT /a"),
	} {
		r := httptest.NewRequest(http.MethodPut, "/a", strings.NewReader("<a/>"))
		svc := wire.Service{Name: "s3", Protocol: wire.RESTXML(), Operations: []wire.Operation{op}}
		require.PanicsWithValue(t, want, func() { _, _, _ = wire.UnknownREST(svc, r) })
	}
}
