package observe_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
	"github.com/patternkit/serverless/observe/observetest"
)

// read gives the process's output to a recorder: each line must be one that
// Lambda understands.
func read(t *testing.T, host *lambdahost.Host) *observetest.Recorder {
	t.Helper()
	host.Close() // what the process has written is complete when it has ended
	rec := observetest.New(t)
	for _, line := range host.Lines() {
		_, err := rec.Write([]byte(line))
		require.NoError(t, err)
	}
	documents(t, rec)
	return rec
}

func TestOnTheRuntimeLoop(t *testing.T) {
	host := inProcess(t, func(o *lambdahost.Options) {
		o.FunctionName, o.Env = "place-order", []string{"AWS_LAMBDA_LOG_FORMAT=JSON"}
	})
	call := func(payload, id string, timeout time.Duration) lambdahost.Result {
		r, err := host.Invoke(t.Context(), []byte(payload), func(e *lambdahost.Event) {
			e.RequestID, e.TenantID, e.Timeout = id, "acme", timeout
			e.TraceHeader = "Root=1-5e272390-8c398be037738dc042009320;Parent=94ae789b969f1cc5;Sampled=1"
		})
		require.NoError(t, err)
		return r
	}
	require.Equal(t, `"1"`, string(call(`{"ID":"1"}`, "r-ok", time.Minute).Payload))
	require.Equal(t, "errorString", call(`{"ID":"2","Do":"fail"}`, "r-fail", time.Minute).ErrorType)
	call(`{"ID":"3","Do":"log"}`, "r-log", time.Minute)
	require.Equal(t, "UnmarshalTypeError", call(`{"ID":4}`, "r-decode", time.Minute).ErrorType)
	panicked := call(`{"ID":"5","Do":"panic"}`, "r-panic", time.Minute)
	require.Equal(t, "boom 5", panicked.ErrorMessage)
	require.Regexp(t, `doAsTold \S*observe/function_test\.go`, strings.Join(panicked.StackTrace, " "), "the panic goes on with its stack")
	require.Equal(t, "Sandbox.Timedout", call(`{"ID":"6","Millis":60000}`, "r-late", 1500*time.Millisecond).ErrorType)

	rec := read(t, host)
	observetest.RequireLog(t, rec, "INFO", "step", "requestId=r-ok", "coldStart=true", "functionName=place-order", "tenantId=acme", "correlationId=c-1",
		"traceId=1-5e272390-8c398be037738dc042009320")
	observetest.RequireLog(t, rec, "INFO", "step", "requestId=r-fail", "coldStart=false")
	observetest.RequireLog(t, rec, "ERROR", "the invocation failed", "requestId=r-fail", "error.message=no 2")
	require.Len(t, rec.Find("the invocation failed", "error.message=no 2"), 1, "aws-lambda-go's own line about it is held back")
	observetest.RequireLog(t, rec, "INFO", "plain text of 3\nin two lines", "logger=log")
	observetest.RequireLog(t, rec, "WARN", "from slog", "requestId=r-log", "id=3", "correlationId=c-3")
	observetest.RequireLog(t, rec, "ERROR", "from slog, without a context", "err.message=no context", "functionName=place-order")
	observetest.RequireLog(t, rec, "ERROR", "the invocation failed", "error.type=UnmarshalTypeError", "logger=log")
	observetest.RequireLog(t, rec, "FATAL", "the handler panicked", "requestId=r-panic", "error.message=boom 5")
	observetest.RequireLog(t, rec, "ERROR", "the invocation is about to time out", "requestId=r-late")
	require.Equal(t, "c-6", observetest.RequireLog(t, rec, "DEBUG", "detail", "requestId=r-late").Text("correlationId"), "buffered until the deadline")
	require.Empty(t, rec.Find("detail", "requestId=r-ok"))
	for _, id := range []string{"1", "2", "3", "5", "6"} {
		observetest.RequireMetric(t, rec, "Calls", 5, "ID="+id)
		observetest.RequireMetric(t, rec, "Values", 10, "ID="+id)
	}
	observetest.RequireMetric(t, rec, "ColdStart", 2, "functionName=place-order") // a process after the panic, too
	fatal := observetest.Delivered("FATAL", host.Lines())
	require.NotEmpty(t, fatal)
	require.Contains(t, fatal[0], "boom 5")
}

func TestSixteenInvocationsOnTheRuntimeLoop(t *testing.T) {
	host := inProcess(t, func(o *lambdahost.Options) { o.Concurrency, o.Env = 16, []string{"RECOVER=1"} })
	var wg sync.WaitGroup
	for i := range 128 {
		wg.Go(func() {
			id := fmt.Sprint(i)
			do := []string{"", "fail", "panic", "log"}[i%4]
			r, err := host.Invoke(t.Context(), fmt.Appendf(nil, `{"ID":%q,"Do":%q,"Millis":5}`, id, do), func(e *lambdahost.Event) {
				e.RequestID, e.Timeout = "r-"+id, time.Minute
			})
			want := map[string]string{"fail": "errorString", "panic": "PanicError"}[do]
			if err != nil || r.ErrorType != want {
				t.Errorf("%s: %v %+v", id, err, r)
			}
		})
	}
	wg.Wait()
	rec := read(t, host)
	for i := range 128 {
		id := fmt.Sprint(i)
		observetest.RequireMetric(t, rec, "Calls", 5, "ID="+id)
		require.Equal(t, 5, len(rec.Find("step", "requestId=r-"+id, "id="+id, "correlationId=c-"+id)))
		failed := i%4 == 1 || i%4 == 2
		require.Equal(t, failed, len(rec.Find("detail", "requestId=r-"+id)) == 1, id)
	}
	require.Equal(t, 128*5, len(rec.Find("step")))
	require.Equal(t, 32, len(rec.Find("the invocation failed")))
	require.Equal(t, 32, len(rec.Find("the handler panicked")))
	for _, l := range rec.Lines() {
		require.NotContains(t, l.Raw, "DATA RACE")
	}
	for _, m := range rec.Metrics() {
		require.NotEqual(t, "ColdStart", m.Name, "a managed instance reports none")
		require.Equal(t, m.Properties["requestId"], "r-"+m.Dimensions["ID"])
	}
}
