package wire_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// orderInput has one member of each kind.
type orderInput struct {
	Text   string
	Count  int32
	Ratio  float64
	Flag   *bool
	When   *wire.Timestamp
	Data   wire.Blob
	Names  []string
	Lines  []orderLine
	ByName map[string]orderLine
	ByList map[string][]string
	Inner  *orderInput
	Free   wire.Ignored
}

type orderLine struct {
	SKU string `json:"Sku"`
}

func orderServer(tb wire.TB) *wire.Server {
	return wire.NewServer(tb, wire.Service{Name: "orders", Protocol: wire.JSON11("Orders"), Operations: []wire.Operation{
		wire.Handle("Put", func(context.Context, *orderInput) (*nothing, error) { return nil, nil }),
	}})
}

// askJSON sends body to the operation of a target and returns code and text of the answer.
func askJSON(s *wire.Server, target, body string) (code, message string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	s.ServeHTTP(w, r)
	var answer struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return "no JSON", w.Body.String()
	}
	return answer.Type[strings.IndexByte(answer.Type, '#')+1:], answer.Message
}

func TestJSONDocuments(t *testing.T) {
	s := orderServer(nil)
	for body, want := range map[string]string{
		// what is taken
		``:                            "",
		" \n":                         "",
		`{}`:                          "",
		" {} \n":                      "",
		`{"Text":"a","Text":"b"}`:     "",
		`{"Text":"\"}{\\","Count":1}`: "",
		`{"\u0054ext":"a"}`:           "",
		`{"Text":null,"When":null,"Lines":null,"Inner":null,"ByName":{"a":null}}`: "",
		`{"When":1.5,"Free":{"any":["thing"]},"Names":["}"],"Data":"AA=="}`:       "",
		`{"Inner":{"Inner":{"Lines":[{"Sku":"a"}, {"Sku":"b"}]}}}`:                "",
		// what is no document
		`{}}`: "SerializationException: ", `{}]`: "SerializationException: ", `{} {}`: "SerializationException: ",
		`null`: "SerializationException: ", ` null `: "SerializationException: ", `{`: "SerializationException: ",
		`{"Text":"a",}`: "SerializationException: ", `{'Text':1}`: "SerializationException: ", `{"Data":"*"}`: "SerializationException: ",
		// the wrong kind
		`[]`:                            "SerializationException: Start of list found where not expected",
		`"a"`:                           "SerializationException: STRING_VALUE cannot be converted to Structure",
		`{"Text":1.25}`:                 "SerializationException: NUMBER_VALUE cannot be converted to String",
		`{"Text":true}`:                 "SerializationException: TRUE_VALUE cannot be converted to String",
		`{"Text":false ,"Count":1}`:     "SerializationException: FALSE_VALUE cannot be converted to String",
		`{"Text":{}}`:                   "SerializationException: Start of structure or map found where not expected.",
		`{"Text":[1]}`:                  "SerializationException: Start of list found where not expected",
		`{"Count":"1"}`:                 "SerializationException: STRING_VALUE cannot be converted to Integer",
		`{"Count":1.5}`:                 "SerializationException: NUMBER_VALUE cannot be converted to Integer",
		`{"Count":99999999999}`:         "SerializationException: NUMBER_VALUE cannot be converted to Integer",
		`{"Ratio":"x"}`:                 "SerializationException: STRING_VALUE cannot be converted to Double",
		`{"Flag":"x"}`:                  "SerializationException: STRING_VALUE cannot be converted to Boolean",
		`{"When":"2020-01-01"}`:         "SerializationException: STRING_VALUE cannot be converted to Timestamp",
		`{"Data":5}`:                    "SerializationException: NUMBER_VALUE cannot be converted to Blob",
		`{"Names":"x"}`:                 "SerializationException: STRING_VALUE cannot be converted to List",
		`{"ByName":"x"}`:                "SerializationException: STRING_VALUE cannot be converted to Map",
		`{"Inner":{"Lines":[{},true]}}`: "SerializationException: TRUE_VALUE cannot be converted to Structure",
		// members that are not there
		`{"text":"a"}`:   "NotSimulated: the member text of Put is not simulated",
		`{"TEXT":1}`:     "NotSimulated: the member TEXT of Put is not simulated",
		`{"Text ":"a"}`:  "NotSimulated: the member Text  of Put is not simulated",
		`{"SKU":"a"}`:    "NotSimulated: the member SKU of Put is not simulated",
		`{"":1}`:         "NotSimulated: the member \"\" of Put is not simulated",
		`{"Te\nxt":"a"}`: "NotSimulated: the member Te\nxt of Put is not simulated",
		`{"Lines":[{"Sku":"a"},{"sku":"a"}],"B":{"C":[1,{"D":"}"}]},"A":-1.5e3}`: "NotSimulated: the member A, B, Lines.sku of Put is not simulated",
		`{"ByName":{"any":{"SKU":1}},"Inner":{"Inner":{"x":"\\"}}}`:              "NotSimulated: the member ByName.SKU, Inner.Inner.x of Put is not simulated",
	} {
		code, message := askJSON(s, "Orders.Put", body)
		got := ""
		if code != "" {
			got = code + ": " + message
		}
		require.Equal(t, want, got, body)
	}
}

// FuzzJSON holds the walk over the members against a full decoding.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"Text":"a\\\"","x":[{}, "]"]}`, `{"Lines":[{"sku":1}]}`, `{}}`, `null`, `[`, `{"Inner":{"Inner":{"Free":{"a":[]}}}}`} {
		f.Add(seed)
	}
	s := orderServer(nil)
	f.Fuzz(func(t *testing.T, body string) {
		code, _ := askJSON(s, "Orders.Put", body)
		trimmed := strings.TrimSpace(body)
		if trimmed != "" && (!json.Valid([]byte(trimmed)) || trimmed == "null") {
			require.Equal(t, "SerializationException", code)
		}
		dec := json.NewDecoder(strings.NewReader(trimmed))
		dec.DisallowUnknownFields()
		if code == "" && trimmed != "" {
			require.NoError(t, dec.Decode(&orderInput{}), "what is taken has known members only")
		}
	})
}

// even is an input with a rule of its own.
type even int

func (*even) UnmarshalJSON(doc []byte) error {
	if strings.HasSuffix(string(doc), "1") {
		return wire.Errorf("ValidationException", 0, "%s is odd", doc)
	}
	return nil
}

// An error that an input makes itself is the answer, also beside a member that is
// not simulated.
func TestInputsRefuseByThemselves(t *testing.T) {
	s := wire.NewServer(t, wire.Service{Name: "orders", Protocol: wire.JSON11("Orders"), Operations: []wire.Operation{
		wire.Handle("Put", func(context.Context, *struct{ Count even }) (*nothing, error) { return nil, nil }),
	}})
	code, message := askJSON(s, "Orders.Put", `{"Count":41,"Other":1}`)
	require.Equal(t, "ValidationException: 41 is odd", code+": "+message)
	code, _ = askJSON(s, "Orders.Put", `{"Count":42}`)
	require.Empty(t, code)
}

// The namespace of an error is AWS's; the checksum is there for the services that
// have one.
func TestTheTypeOfAnAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"Names":[null]}`))
	r.Header.Set("X-Amz-Target", "Orders.Put")
	orderServer(t).ServeHTTP(w, r)
	require.Contains(t, w.Body.String(), `"__type":"com.amazon.coral.validate#ValidationException"`)
	require.NotContains(t, w.Header(), "X-Amz-Crc32")
}
