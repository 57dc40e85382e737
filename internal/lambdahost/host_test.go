package lambdahost_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

func invoke(t *testing.T, host *lambdahost.Host, payload string, optFns ...func(*lambdahost.Event)) lambdahost.Result {
	t.Helper()
	result, err := host.Invoke(t.Context(), []byte(payload), optFns...)
	require.NoError(t, err)
	return result
}

func TestAnInvocationCarriesWhatLambdaSends(t *testing.T) {
	t.Parallel()
	host := start(t, func(o *lambdahost.Options) { o.FunctionName = "orders" })
	result := invoke(t, host, `{"Do":"describe"}`, func(e *lambdahost.Event) {
		e.RequestID, e.TenantID, e.TraceHeader, e.ClientContext = "r-1", "acme", "Root=1-2;Sampled=0", `{"custom":{"k":"v"}}`
	})
	require.Empty(t, result.ErrorType)
	require.Equal(t, "application/json", result.ContentType)
	var got map[string]any
	require.NoError(t, json.Unmarshal(result.Payload, &got))
	require.Positive(t, got["left"])
	require.LessOrEqual(t, got["left"], 3.0)
	delete(got, "left")
	require.Equal(t, map[string]any{
		"request": "r-1", "arn": "arn:aws:lambda:us-east-1:123456789012:function:orders", "tenant": "acme",
		"trace": "Root=1-2;Sampled=0", "function": "orders", "custom": "v", "most": 1.0,
	}, got)
}

func TestHowInvocationsEnd(t *testing.T) {
	t.Parallel()
	host := start(t)
	fail := invoke(t, host, `{"Do":"fail"}`)
	require.Equal(t, "orderError", fail.ErrorType)
	require.Equal(t, "no order 42", fail.ErrorMessage)

	pid := string(invoke(t, host, `{"Do":"sleep"}`).Payload)
	require.Equal(t, pid, string(invoke(t, host, `{"Do":"sleep"}`).Payload), "an error does not end the process")

	stream := invoke(t, host, `{"Do":"stream"}`)
	require.Equal(t, "part one, part two", string(stream.Payload))
	require.Equal(t, "application/octet-stream", stream.ContentType)
	broken := invoke(t, host, `{"Do":"streamfail"}`)
	require.Equal(t, "part one", string(broken.Payload))
	require.Equal(t, "orderError", broken.ErrorType)
	require.Equal(t, "no order 43", broken.ErrorMessage)

	panicked := invoke(t, host, `{"Do":"panic"}`)
	require.Equal(t, "string", panicked.ErrorType)
	require.Equal(t, "boom", panicked.ErrorMessage)
	require.Contains(t, strings.Join(panicked.StackTrace, "\n"), "handle")
	next := string(invoke(t, host, `{"Do":"sleep"}`).Payload)
	require.NotEqual(t, pid, next, "a panic ends the process, and the next call starts another")

	exited := invoke(t, host, `{"Do":"exit"}`, func(e *lambdahost.Event) { e.RequestID = "r-2" })
	require.Equal(t, "Runtime.ExitError", exited.ErrorType)
	require.Equal(t, "RequestId: r-2 Error: Runtime exited with error: exit status 3", exited.ErrorMessage)

	late := invoke(t, host, `{"Do":"sleep","Millis":5000}`, func(e *lambdahost.Event) { e.RequestID, e.Timeout = "r-3", 100*time.Millisecond })
	require.Equal(t, "Sandbox.Timedout", late.ErrorType)
	require.Equal(t, "RequestId: r-3 Error: Task timed out after 0.10 seconds", late.ErrorMessage)

	large := invoke(t, host, `{"Do":"large"}`, func(e *lambdahost.Event) { e.Timeout = time.Minute })
	require.Equal(t, "Function.ResponseSizeTooLarge", large.ErrorType)
	require.Empty(t, invoke(t, host, `{"Do":"sleep"}`).ErrorType)

	_, err := host.Invoke(t.Context(), make([]byte, 7<<20))
	require.ErrorContains(t, err, "at most 6291456 are allowed")
}

func TestSixteenAtOnce(t *testing.T) {
	t.Parallel()
	host := start(t, func(o *lambdahost.Options) { o.Concurrency = 16 })
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			r, err := host.Invoke(t.Context(), []byte(`{"Do":"sleep","Millis":200}`), func(e *lambdahost.Event) { e.RequestID = fmt.Sprint("r", i) })
			if err != nil || r.ErrorType != "" || r.RequestID != fmt.Sprint("r", i) {
				t.Errorf("%v %+v", err, r)
			}
		})
	}
	wg.Wait()
	require.Contains(t, string(invoke(t, host, `{"Do":"describe"}`).Payload), `"most":16`)

	// A time-out does not end the process here, and the late answer is thrown away.
	pid := string(invoke(t, host, `{"Do":"sleep"}`).Payload)
	late := invoke(t, host, `{"Do":"sleep","Millis":150}`, func(e *lambdahost.Event) { e.Timeout = 50 * time.Millisecond })
	require.Equal(t, "Sandbox.Timedout", late.ErrorType)
	time.Sleep(200 * time.Millisecond)
	require.Equal(t, pid, string(invoke(t, host, `{"Do":"sleep"}`).Payload))
}

func TestSIGTERM(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode     string
		graceful bool
		line     bool
	}{{"exit", true, true}, {"stay", false, true}, {"", false, false}} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			host := start(t, func(o *lambdahost.Options) { o.Env = []string{"SIGTERM=" + c.mode} })
			invoke(t, host, `{"Do":"sleep"}`)
			require.Equal(t, c.graceful, host.Shutdown())
			require.Equal(t, c.line, strings.Contains(strings.Join(host.Lines(), ""), "shutting down\n"))
			require.True(t, host.Shutdown(), "it has ended")
		})
	}
}

func TestInitFailure(t *testing.T) {
	t.Parallel()
	_, err := lambdahost.Start(t.Context(), function, func(o *lambdahost.Options) { o.Env = []string{"FUNCTION=1", "INIT=exit"} })
	var initErr *lambdahost.InitError
	require.ErrorAs(t, err, &initErr)
	require.EqualError(t, err, "lambdahost: initialization failed: exit status 1: no configuration")

	_, err = lambdahost.Start(t.Context(), t.TempDir()+"/missing")
	require.ErrorContains(t, err, "no such file")
	_, err = lambdahost.Build(t.Context(), "./testdata/missing", t.TempDir())
	require.ErrorContains(t, err, "lambdahost: build ./testdata/missing")
}

func TestUnknownRequestsAreRefused(t *testing.T) {
	t.Parallel()
	host := start(t, func(o *lambdahost.Options) { o.Concurrency = 2 })
	base := "http://" + host.Address()
	for path, want := range map[string]int{
		"/2018-06-01/runtime/invocation/unknown/response": 400,
		"/2018-06-01/runtime/invocation/unknown/error":    400,
		"/2018-06-01/runtime/restore/error":               404,
		"/2020-01-01/extension/register":                  403,
		"/2022-07-01/telemetry":                           404,
		"/2018-06-01/runtime/init/error":                  202,
	} {
		resp, err := http.Post(base+path, "application/json", strings.NewReader(`{"events":["INVOKE"]}`))
		require.NoError(t, err)
		require.Equal(t, want, resp.StatusCode, path)
		require.NoError(t, resp.Body.Close())
	}
}

const next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"

// talk writes text to the Runtime API and returns what it answers until it closes
// the connection, or until the answer ends with the suffix.
func talk(t *testing.T, host *lambdahost.Host, text, suffix string) string {
	t.Helper()
	c, err := net.Dial("tcp", host.Address())
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	_, err = io.WriteString(c, text)
	require.NoError(t, err)
	var got []byte
	for b := make([]byte, 1); suffix == "" || !strings.HasSuffix(string(got), suffix); {
		n, err := c.Read(b)
		if err != nil {
			break
		}
		got = append(got, b[:n]...)
	}
	return string(got)
}

func TestConnectionsOfTheRuntime(t *testing.T) {
	t.Parallel()
	host := start(t)
	require.Empty(t, talk(t, host, next+next, ""), "one request after another")
	require.Empty(t, invoke(t, host, `{"Do":"sleep"}`).ErrorType, "nothing is handed to a connection that has gone")
	require.Empty(t, talk(t, host, "no request\r\n\r\n", ""))
	require.Empty(t, talk(t, host, "GET / HTTP/1.1\r\nA: "+strings.Repeat("x", 8<<20), ""), "headers are bounded")
	post := "POST /2018-06-01/runtime/invocation/unknown/response HTTP/1.1\r\nHost: x\r\n"
	require.Contains(t, talk(t, host, post+"Content-Length: 1\r\nExpect: 100-continue\r\n\r\nx", "}\n"), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request")
	require.Contains(t, talk(t, host, post+"Content-Length: 0\r\nConnection: close\r\n\r\n", ""), "400 Bad Request")

	file := filepath.Join(t.TempDir(), "go")
	done := make(chan lambdahost.Result)
	go func() {
		r, _ := host.Invoke(context.Background(), fmt.Appendf(nil, `{"Do":"wait","Text":%q}`, file), func(e *lambdahost.Event) { e.Timeout = time.Minute })
		done <- r
	}()
	for len(host.Lines()) == 0 {
		time.Sleep(time.Millisecond)
	}
	require.Contains(t, talk(t, host, next, "}\n"), "403 Forbidden", "an invocation is answered before the next one")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Empty(t, (<-done).ErrorType)
}
