package wire_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

func TestRequestsForNobody(t *testing.T) {
	s := newServer(t)
	scope := func(service string) string { return strings.Replace(snsScope, "/sns/", "/"+service+"/", 1) }
	for name, test := range map[string]struct{ scope, target, body, want string }{
		"unsigned target":  {"", "Other_2012.Put", `{}`, `the target "Other_2012.Put" is not simulated (the request is not signed)`},
		"unsigned query":   {"", "", "Action=Publish", `the request is not signed, so that the service of its operation "Publish" is not known`},
		"another service":  {scope("events"), "AWSEvents.ListRules", `{}`, `the service "events" (operation "ListRules") is not simulated`},
		"another target":   {scope("sqs"), "Streams.List", `{}`, `the target "Streams.List" of the service "sqs" is not simulated`},
		"another protocol": {scope("sqs"), "", "Action=SendMessage", `the Query protocol of the service "sqs" (operation "SendMessage") is not simulated`},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body))
			if test.scope != "" {
				r.Header.Set("Authorization", test.scope)
			}
			if test.target != "" {
				r.Header.Set("X-Amz-Target", test.target)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				require.JSONEq(t, `{"__type":"NotSimulated","message":`+quoted(test.want)+`}`, w.Body.String())
				return
			}
			answer := askQuery(t, s, r)
			require.Equal(t, wire.CodeNotSimulated, answer.Code)
			require.Equal(t, test.want, answer.Message)
		})
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func TestStatusLine(t *testing.T) {
	s := newServer(nil)
	for target, want := range map[string]string{"AmazonSQS.GetQueueUrl": "200 OK", "AmazonSQS.Nothing": "400 Bad Request"} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("X-Amz-Target", target)
		answer, err := s.Do(r)
		require.NoError(t, err)
		require.Equal(t, want, answer.Status)
	}
}

func TestABodyOverAPortIsBounded(t *testing.T) {
	port := httptest.NewServer(wire.Handler(newServer(nil)))
	defer port.Close()
	for size, want := range map[int]int{16 << 20: http.StatusOK, 16<<20 + 1: http.StatusRequestEntityTooLarge} {
		body := append([]byte(`{}`), bytes.Repeat([]byte(" "), size-2)...)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, port.URL, bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("X-Amz-Target", "AmazonSQS.GetQueueUrl")
		answer, err := port.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, want, answer.StatusCode)
	}
}
