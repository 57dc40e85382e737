package wire_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
	port := httptest.NewServer(newServer(nil).Handler())
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

// A client that sends its body slowly is cut off. Its connection is a pipe in a
// bubble, so that the seconds are virtual.
func TestASlowBodyIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, done := servePipe(t, newServer(nil))
		_, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: AmazonSQS.GetQueueUrl\r\nContent-Length: 1000\r\n\r\n{")
		require.NoError(t, err)
		trickle := make(chan struct{})
		go func() {
			defer close(trickle)
			for range 900 {
				time.Sleep(900 * time.Millisecond)
				if _, err := io.WriteString(client, " "); err != nil {
					return
				}
			}
		}()
		start := time.Now()
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestTimeout, answer.StatusCode)
		require.Equal(t, 10*time.Second, time.Since(start))
		<-done
		<-trickle
	})
}

// A client that does not read its answer is cut off, too.
func TestAnAnswerThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, done := servePipe(t, newServer(nil))
		_, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: AmazonSQS.GetQueueUrl\r\nContent-Length: 2\r\n\r\n{}")
		require.NoError(t, err)
		start := time.Now()
		<-done
		require.Equal(t, 30*time.Second, time.Since(start))
	})
}

// The answer to a request that could not be read has the same time.
func TestARefusalThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, done := servePipe(t, newServer(nil))
		_, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: AmazonSQS.GetQueueUrl\r\nContent-Length: 1000\r\n\r\n{")
		require.NoError(t, err)
		start := time.Now()
		<-done
		require.Equal(t, 40*time.Second, time.Since(start)) // 10 for the body, 30 for the answer
	})
}

// A connection that is used again has its time anew.
func TestAConnectionThatIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := servePipe(t, newServer(nil))
		answers := bufio.NewReader(client)
		for range 5 {
			_, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: AmazonSQS.GetQueueUrl\r\nContent-Length: 2\r\n\r\n{}")
			require.NoError(t, err)
			answer, err := http.ReadResponse(answers, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, answer.StatusCode)
			_, err = io.Copy(io.Discard, answer.Body)
			require.NoError(t, err)
			time.Sleep(time.Minute)
		}
	})
}

// A long poll outlives the time that a body has.
func TestALongPollIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(nil)
		s.Delay("GetQueueUrl", time.Minute)
		client, done := servePipe(t, s)
		_, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Amz-Target: AmazonSQS.GetQueueUrl\r\nContent-Length: 2\r\n\r\n{}")
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		<-done
	})
}

// servePipe serves one connection in memory, and closes done when it is over.
func servePipe(t *testing.T, s *wire.Server) (net.Conn, <-chan struct{}) {
	t.Helper()
	client, conn := net.Pipe()
	over := make(chan struct{})
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(over)
		}
	}}
	listener := &oneConn{conn: conn, closed: make(chan struct{})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return client, over
}

// oneConn is a listener of one connection.
type oneConn struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error   { close(l.closed); return nil }
func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
