package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// What stands in headers and in the query, one of each kind; echoed holds the
// same in headers.
type (
	inHeaders struct {
		Label   int64            `location:"uri"`
		Bool    *bool            `location:"header,X-Bool"`
		Int     *int32           `location:"header,X-Int"`
		Float   *float64         `location:"header,X-Float"`
		Bytes   []byte           `location:"header,X-Bytes"`
		Date    *wire.Timestamp  `location:"header,X-Date"`
		Time    *wire.Timestamp  `location:"header,X-Time,date-time"`
		Seconds *wire.Timestamp  `location:"header,X-Seconds,epoch-seconds"`
		Texts   []string         `location:"header,X-Texts"`
		Numbers []*int           `location:"header,X-Numbers"`
		Dates   []wire.Timestamp `location:"header,X-Dates"`
	}
	inQuery struct {
		Label   int64            `location:"uri"`
		Bool    *bool            `location:"querystring,X-Bool"`
		Int     *int32           `location:"querystring,X-Int"`
		Float   *float64         `location:"querystring,X-Float"`
		Bytes   []byte           `location:"querystring,X-Bytes"`
		Date    *wire.Timestamp  `location:"querystring,X-Date,http-date"`
		Time    *wire.Timestamp  `location:"querystring,X-Time"`
		Seconds *wire.Timestamp  `location:"querystring,X-Seconds,epoch-seconds"`
		Texts   []string         `location:"querystring,X-Texts"`
		Numbers []*int           `location:"querystring,X-Numbers"`
		Dates   []wire.Timestamp `location:"querystring,X-Dates,http-date"`
	}
	echoed struct {
		Label   int64            `location:"header,X-Label"`
		Bool    *bool            `location:"header,X-Bool"`
		Int     *int32           `location:"header,X-Int"`
		Float   *float64         `location:"header,X-Float"`
		Bytes   []byte           `location:"header,X-Bytes"`
		Date    *wire.Timestamp  `location:"header,X-Date"`
		Time    *wire.Timestamp  `location:"header,X-Time,date-time"`
		Seconds *wire.Timestamp  `location:"header,X-Seconds,epoch-seconds"`
		Texts   []string         `location:"header,X-Texts"`
		Numbers []*int           `location:"header,X-Numbers"`
		Dates   []wire.Timestamp `location:"header,X-Dates"`
	}
	textInput struct {
		Text string            `location:"payload"`
		Rest map[string]string `location:"querystring"`
	}
	textOutput struct {
		Rest map[string]string `location:"headers,X-Rest-"`
		Text string            `location:"payload"`
	}
	partsInput struct {
		part
		Rest   string `location:"uri"`
		hidden string
	}
	part struct {
		A string `location:"uri"`
	}
	typeInput struct {
		Lists map[string][]int `location:"querystring"`
	}
	typeOutput struct {
		Type   string `location:"header,Content-Type"`
		Lists  string `location:"header,X-Lists"`
		Answer string
	}
)

func textServer() *wire.Server {
	return wire.NewServer(nil, wire.Service{Name: "texts", Protocol: wire.RESTJSON(), Operations: []wire.Operation{
		wire.HandleREST("Root", "GET / 299", func(context.Context, *nothing) (*nothing, error) { return nil, nil }),
		wire.HandleREST("Headers", "GET /headers/{Label}", func(_ context.Context, in *inHeaders) (*echoed, error) {
			out := echoed(*in)
			return &out, nil
		}),
		wire.HandleREST("Query", "GET /query/{Label}", func(_ context.Context, in *inQuery) (*echoed, error) {
			out := echoed(*in)
			return &out, nil
		}),
		wire.HandleREST("Text", "PUT /text", func(_ context.Context, in *textInput) (*textOutput, error) {
			return &textOutput{in.Rest, in.Text}, nil
		}),
		wire.HandleREST("Parts", "GET /parts/{A}/A/{Rest+}", func(_ context.Context, in *partsInput) (*textOutput, error) {
			return &textOutput{Text: in.A + " " + in.Rest + in.hidden}, nil
		}),
		wire.HandleREST("Type", "GET /type", func(_ context.Context, in *typeInput) (*typeOutput, error) {
			if in.Lists["status"] != nil {
				return nil, &wire.Error{Code: "Refused", Message: "no", Status: 418}
			}
			return &typeOutput{Type: "text/own", Answer: strings.Repeat("a", len(in.Lists["n"]))}, nil
		}),
	}})
}

// textAnswer is the answer to a signed request.
func textAnswer(method, target, body string, headers http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for name, values := range headers {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/texts/", 1))
	w := httptest.NewRecorder()
	textServer().ServeHTTP(w, r)
	return w
}

// A value of each type is read from a header and from the query alike and
// written to a header; want is "" where it is refused.
func TestTextsOfREST(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"X-Bool", "true", "true"},
		{"X-Bool", "false", "false"},
		{"X-Bool", "TRUE", ""},
		{"X-Int", "2147483647", "2147483647"},
		{"X-Int", "-7", "-7"},
		{"X-Int", "2147483648", ""},
		{"X-Int", "1.5", ""},
		{"X-Float", "-1.5", "-1.5"},
		{"X-Float", "x", ""},
		{"X-Bytes", "AP8=", "AP8="},
		{"X-Bytes", "AP8", ""},
		{"X-Date", "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:05 GMT"},
		{"X-Date", "2026-01-02T03:04:05Z", ""},
		{"X-Time", "2026-01-02T03:04:05.006Z", "2026-01-02T03:04:05.006Z"},
		{"X-Time", "2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05Z"},
		{"X-Time", "Fri, 02 Jan 2026 03:04:05 GMT", ""},
		{"X-Seconds", "1767323045.25", "1767323045.250"},
		{"X-Seconds", "-1", "-1"},
		{"X-Seconds", "1e12", "1000000000000"},
		{"X-Seconds", "-1.1e12", ""},
		{"X-Seconds", "2026-01-02", ""},
		{"X-Texts", "a b", "a b"},
		{"X-Texts", "\xff", ""},
		{"X-Numbers", "5", "5"},
		{"X-Numbers", "a", ""},
		{"X-Dates", "Fri, 02 Jan 2026 03:04:05 GMT", `"Fri, 02 Jan 2026 03:04:05 GMT"`},
	} {
		header := http.Header{test.name: {test.text}}
		query := "/query/5?" + test.name + "=" + strings.NewReplacer(" ", "+", "+", "%2B", "\xff", "%ff").Replace(test.text)
		for _, w := range []*httptest.ResponseRecorder{textAnswer("GET", "/headers/5", "", header), textAnswer("GET", query, "", nil)} {
			require.Equal(t, test.want == "", w.Code == http.StatusBadRequest, "%s: %s", test.name, w.Body)
			require.Equal(t, test.want, w.Header().Get(test.name))
			if test.want == "" {
				require.Contains(t, w.Body.String(), "STRING_VALUE cannot be converted to")
			} else {
				require.Len(t, w.Header(), 3, "%s: what the request has not is not in the answer: %s", test.name, w.Header())
				require.Equal(t, "5", w.Header().Get("X-Label"))
			}
		}
	}
}

func TestListsOfREST(t *testing.T) {
	for _, test := range []struct {
		name  string
		texts []string
		want  string
	}{
		{"X-Texts", []string{"a, b ,c"}, "a, b, c"},
		{"X-Texts", []string{"a", " b"}, "a, b"},
		{"X-Texts", []string{` "a,b" , "c\"d",e`}, `"a,b", "c\"d", e`},
		{"X-Texts", []string{`'a,b'`}, `'a, b'`},
		{"X-Texts", []string{" "}, ""},
		{"X-Numbers", []string{"5,6"}, "5, 6"},
		{"X-Dates", []string{"Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:06 GMT"}, `"Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:06 GMT"`},
	} {
		w := textAnswer("GET", "/headers/5", "", http.Header{test.name: test.texts})
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, test.want, w.Header().Get(test.name))
	}
	for query, want := range map[string]string{"X-Texts=a,b&X-Texts=c": `"a,b", c`, "X-Texts=": ""} {
		w := textAnswer("GET", "/query/5?"+query, "", nil)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, want, w.Header().Get("X-Texts"))
	}
	for _, twice := range []http.Header{{"X-Bytes": {"AP8=", "AP8="}}, {"X-Int": {"1", "1"}}} {
		require.Equal(t, http.StatusBadRequest, textAnswer("GET", "/headers/5", "", twice).Code)
	}
}

// Where a whole map of parameters, a text or an answer of a type of its own
// stands.
func TestTheRestOfARequest(t *testing.T) {
	w := textAnswer("PUT", "/text?b=2&a=1%0A%0D2&x-id=Text", "{é", nil)
	require.Equal(t, "text/plain", w.Header().Get("Content-Type"))
	require.Equal(t, "{é", w.Body.String())
	require.Equal(t, []string{"1  2", "2"}, []string{w.Header().Get("X-Rest-A"), w.Header().Get("X-Rest-B")})
	for target, body := range map[string]string{"/text": "\xff", "/text?a=1&a=2": "", "/text?%ff=1": "", "/text?a=%ff": ""} {
		w = textAnswer("PUT", target, body, nil)
		require.Equal(t, http.StatusBadRequest, w.Code, target)
		require.JSONEq(t, `{"message":"STRING_VALUE cannot be converted to String"}`, w.Body.String())
	}
	require.Equal(t, http.StatusOK, textAnswer("PUT", "/text", "", nil).Code)

	require.Equal(t, "x/y b/c/", textAnswer("GET", "/parts/x%2Fy/A/b/c/", "", nil).Body.String())
	require.Equal(t, http.StatusNotFound, textAnswer("GET", "/parts/x/B/c", "", nil).Code)
	require.Equal(t, http.StatusNotFound, textAnswer("GET", "/parts/x/A", "", nil).Code)
	root := textAnswer("GET", "/", "", nil)
	require.Equal(t, 299, root.Code)
	require.NotContains(t, root.Header(), "Content-Type", "it has no body")

	w = textAnswer("GET", "/type?n=1&n=2", "", nil)
	require.Equal(t, []string{"text/own"}, w.Header()["Content-Type"])
	require.JSONEq(t, `{"Answer":"aa"}`, w.Body.String())
	require.NotContains(t, w.Header(), "X-Lists")
	w = textAnswer("GET", "/type?status=1", "", nil)
	require.Equal(t, 418, w.Code, "an error's own status stays")
}
