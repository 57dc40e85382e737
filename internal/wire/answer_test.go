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

// What went wrong on the side of the service is told by the status.
func TestWhoseFaultAnErrorIs(t *testing.T) {
	for status, want := range map[int]string{0: "Sender", 404: "Sender", 499: "Sender", 500: "Receiver", 503: "Receiver"} {
		s := newServer(nil)
		s.Fail("Publish", &wire.Error{Code: "X", Status: status})
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=Publish&Version=2010-03-31&Message=a"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", snsScope)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Contains(t, w.Body.String(), "<Type>"+want+"</Type>", status)
	}
}

// An error of a service carries its namespace, unless it has one of its own.
func TestTheNamespaceOfAnError(t *testing.T) {
	for namespace, want := range map[string]string{"": "com.amazonaws.sqs#X", "own#": "own#X"} {
		s := newServer(nil)
		s.Fail("DeleteQueue", &wire.Error{Code: "X", Namespace: namespace})
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("X-Amz-Target", "AmazonSQS.DeleteQueue")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Contains(t, w.Body.String(), `"__type":"`+want+`"`)
	}
}

// Where a call came to is known of those over a port alone, and outside of a
// call it has the default account.
func TestWhereACallCameTo(t *testing.T) {
	var at []string
	s := wire.NewServer(nil, wire.Service{Name: "a", Protocol: wire.JSON10("A"), Operations: []wire.Operation{
		wire.Handle("Do", func(ctx context.Context, _ *nothing) (*nothing, error) {
			at = append(at, wire.CallOf(ctx).Endpoint)
			return nil, nil
		}),
	}})
	r := httptest.NewRequest(http.MethodPost, "http://fake:4566/", nil)
	r.Header.Set("X-Amz-Target", "A.Do")
	_, err := s.Do(r)
	require.NoError(t, err)
	s.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, []string{"", "http://fake:4566"}, at)
	outside := wire.CallOf(t.Context())
	require.Equal(t, []string{wire.DefaultAccount, wire.DefaultRegion, ""}, []string{outside.Account, outside.Region, outside.Endpoint})
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
