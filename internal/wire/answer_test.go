package wire_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// twice is a server whose handler names a resource twice and then fails.
func twice(failure *wire.Error, throttled *wire.Error) *wire.Server {
	return wire.NewServer(nil, wire.Service{
		Name: "orders", Protocol: wire.JSON11("Orders"), Throttled: throttled,
		Operations: []wire.Operation{
			wire.Handle("Put", func(ctx context.Context, _ *orderInput) (*nothing, error) {
				wire.CallOf(ctx).Touch("arn:a", "arn:b")
				wire.CallOf(ctx).Touch("arn:a")
				return nil, failure
			}),
		},
	})
}

// answerTo sends a Put and returns the document that answers.
func answerTo(t *testing.T, s *wire.Server) map[string]any {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
	r.Header.Set("X-Amz-Target", "Orders.Put")
	s.ServeHTTP(w, r)
	var answer map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	return answer
}

func TestTheMemberOfAMessage(t *testing.T) {
	for key, want := range map[string]string{"": "message", "Message": "Message"} {
		s := twice(&wire.Error{Code: "NoSuchOrder", Message: "gone", MessageKey: key}, nil)
		require.Equal(t, map[string]any{"__type": "NoSuchOrder", want: "gone"}, answerTo(t, s))
		require.Equal(t, []string{"arn:a", "arn:b"}, s.Journal()[0].Resources, "each resource once")
	}
}

func TestAServiceThrottlesInItsOwnWords(t *testing.T) {
	s := twice(nil, &wire.Error{Code: "SlowDown", Message: "too fast"})
	s.Throttle("Put").Times(1)
	require.Equal(t, map[string]any{"__type": "SlowDown", "message": "too fast"}, answerTo(t, s))
	s = twice(nil, nil)
	s.Throttle("Put").Times(1)
	require.Equal(t, "ThrottlingException", answerTo(t, s)["__type"])
}

func TestHalvesOfASurrogatePair(t *testing.T) {
	for text, ok := range map[string]bool{
		`\ud83d\ude00`: true, `\ud800\udc00`: true, `\udbff\udfff`: true, `\udc00\udc00`: false, `\ud800\ud800`: false, `\ud800`: false, `\udfff\ud800`: false,
	} {
		code, _ := askJSON(orderServer(nil), "Orders.Put", `{"Text":"`+text+`"}`)
		require.Equal(t, ok, code != "SerializationException", "%s: %s", text, code)
	}
}

func TestParametersOfAFormThatCannotBeRead(t *testing.T) {
	input := reflect.TypeFor[orderInput]()
	require.Nil(t, wire.Query("", "").UnknownMembers([]byte("a=%zz"), input))
	require.Equal(t, []string{"Gone"}, wire.Query("", "").UnknownMembers([]byte("Gone=1"), input))
}
