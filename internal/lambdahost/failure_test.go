package lambdahost_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// initOption makes the initialization do something.
func initOption(mode string) func(*lambdahost.FunctionOptions) {
	return func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"INIT": mode} }
}

func named(id string) func(*lambdahost.Event) {
	return func(e *lambdahost.Event) { e.RequestID = id }
}

// A process that ends is the failure of the invocation that it had; the next one
// gets another.
func TestCrashes(t *testing.T) {
	t.Parallel()
	on, lines := collect()
	option, started := startedCalls(t)
	f := newFunction(t, option, func(o *lambdahost.FunctionOptions) {
		count := o.OnPlatform
		o.OnPlatform = func(id, line string) { on("", line); count(id, line) }
	})
	first := pid(t, f)
	exit := call(t, f, `{"Do":"exit"}`, named("r-1"))
	require.Equal(t, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: r-1 Error: Runtime exited with error: exit status 3"}`, string(exit.Payload))
	second := pid(t, f)
	require.NotEqual(t, first, second)
	require.True(t, gone(first))
	panicked := call(t, f, `{"Do":"panic"}`)
	require.Equal(t, "boom", panicked.ErrorMessage)
	third := pid(t, f)
	require.NotEqual(t, second, third)
	killed := call(t, f, `{"Do":"crash"}`, named("r-2"))
	require.Equal(t, "RequestId: r-2 Error: Runtime exited with error: signal: killed", killed.ErrorMessage)
	require.Contains(t, strings.Join(lines(), "\n"), "RequestId: r-2 Error: Runtime exited with error: signal: killed\nRuntime.ExitError\nEND RequestId: r-2\nREPORT RequestId: r-2\t")

	// Somebody else kills it in the middle.
	fourth := pid(t, f)
	result := make(chan lambdahost.Result)
	go func() {
		r, _ := f.Invoke(context.Background(), []byte(`{"Do":"sleep","Millis":60000}`), func(e *lambdahost.Event) { e.Timeout = time.Minute })
		result <- r
	}()
	started(8)
	require.NoError(t, syscall.Kill(fourth, syscall.SIGKILL))
	require.Equal(t, "Runtime.ExitError", (<-result).ErrorType)

	// And while it has nothing to do.
	fifth := pid(t, f)
	require.NoError(t, syscall.Kill(fifth, syscall.SIGKILL))
	requireGone(t, fifth)
	sixth := call(t, f, `{"Do":"sleep"}`)
	for sixth.ErrorType == "Runtime.ExitError" { // it was called before its end was noticed
		sixth = call(t, f, `{"Do":"sleep"}`)
	}
	require.NotEqual(t, strconv.Itoa(fifth), string(sixth.Payload))
}

func TestTimeOut(t *testing.T) {
	t.Parallel()
	on, lines := collect()
	f := newFunction(t, func(o *lambdahost.FunctionOptions) { o.OnPlatform = on })
	first := pid(t, f)
	late := call(t, f, `{"Do":"sleep","Millis":60000}`, named("r-1"), func(e *lambdahost.Event) { e.Timeout = 100 * time.Millisecond })
	require.Equal(t, `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r-1 Error: Task timed out after 0.10 seconds"}`, string(late.Payload))
	require.NotEqual(t, first, pid(t, f))
	requireGone(t, first)
	require.Regexp(t, `(?m)^r-1 REPORT RequestId: r-1\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tStatus: timeout$`,
		strings.Join(lines(), "\n"))
}

// Lambda tries an initialization again as part of the invocation.
func TestInitFailures(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"exit":   `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: r-1 Error: Runtime exited with error: exit status 1"}`,
		"zero":   `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: r-1 Error: Runtime exited without providing a reason"}`,
		"report": `{"errorMessage":"no table","errorType":"Config.Missing"}`,
		"sleep":  `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r-1 Error: Task timed out after 0.05 seconds"}`,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			on, lines := collect()
			f := newFunction(t, initOption(mode), func(o *lambdahost.FunctionOptions) {
				o.OnPlatform, o.InitTimeout = on, 50*time.Millisecond
				if mode != "sleep" {
					o.InitTimeout = 10 * time.Second
				} else {
					o.Timeout = 50 * time.Millisecond
				}
			})
			for range 2 { // the next invocation tries again
				require.Equal(t, want, string(call(t, f, `{"Do":"sleep"}`, named("r-1")).Payload))
			}
			text := strings.Join(lines(), "\n")
			require.Equal(t, 2, strings.Count(text, "\tPhase: init\tStatus: "), text)
			require.Equal(t, 2, strings.Count(text, "\tPhase: invoke\tStatus: "), text)
			kind := map[string]string{"report": "error\tError Type: Config.Missing", "sleep": "timeout"}[mode]
			if kind == "" {
				kind = "error\tError Type: Runtime.ExitError"
			}
			require.Contains(t, text, "Phase: init\tStatus: "+kind+"\n")
			require.Contains(t, text, "START RequestId: r-1 Version: $LATEST\n")
		})
	}
	once := newFunction(t, initOption(filepath.Join(t.TempDir(), "once")))
	require.Empty(t, call(t, once, `{"Do":"sleep"}`).ErrorType, "the second attempt is good")
}

func TestInvalidEntrypoint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, plain := filepath.Join(dir, "text"), filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(text, []byte("no program"), 0o700))
	require.NoError(t, os.WriteFile(plain, nil, 0o600))
	for binary, want := range map[string]string{
		filepath.Join(dir, "missing"): "RequestId: r-1 Error: Couldn't find valid bootstrap(s): [" + filepath.Join(dir, "missing") + "]",
		text:                          "RequestId: r-1 Error: fork/exec " + text + ": exec format error",
		plain:                         "RequestId: r-1 Error: fork/exec " + plain + ": permission denied",
	} {
		f := lambdahost.NewFunction(binary)
		result := call(t, f, "{}", named("r-1"))
		require.Equal(t, "Runtime.InvalidEntrypoint", result.ErrorType)
		require.Equal(t, want, result.ErrorMessage)
		require.NoError(t, f.Close(t.Context()))
	}
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("the memory of a process cannot be told here")
	}
	on, lines := collect()
	f := newFunction(t, func(o *lambdahost.FunctionOptions) { o.OnPlatform, o.Timeout = on, time.Minute })
	result := call(t, f, `{"Do":"memory","Millis":5}`, named("r-1"))
	require.Equal(t, "Runtime.ExitError", result.ErrorType)
	require.Equal(t, "RequestId: r-1 Error: Runtime exited with error: signal: killed", result.ErrorMessage)
	require.Equal(t, 128, result.MaxMemoryUsed)
	require.Regexp(t, `\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tInit Duration: \d+\.\d\d ms\tStatus: error\tError Type: Runtime.OutOfMemory`, strings.Join(lines(), "\n"))
	pid(t, f)
}

// A caller that does not wait any longer does not end the invocation.
func TestTheCallerLeaves(t *testing.T) {
	t.Parallel()
	ended := make(chan lambdahost.Result, 1)
	option, started := startedCalls(t)
	f := newFunction(t, option, func(o *lambdahost.FunctionOptions) { o.OnInvoke = func(r lambdahost.Result) { ended <- r } })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { started(1); cancel() }()
	_, err := f.Invoke(ctx, []byte(`{"Do":"sleep","Millis":100}`), named("r-1"))
	require.ErrorIs(t, err, context.Canceled)
	r := <-ended
	require.Equal(t, "r-1", r.RequestID)
	require.Empty(t, r.ErrorType)
	require.Positive(t, r.InitDuration)

	_, err = f.Invoke(ctx, []byte(`{"Do":"sleep"}`))
	require.ErrorIs(t, err, context.Canceled)
}

func TestLines(t *testing.T) {
	t.Parallel()
	onLine, lines := collect()
	onPlatform, platform := collect()
	f := newFunction(t, func(o *lambdahost.FunctionOptions) {
		o.OnLine = func(id, line string) { time.Sleep(10 * time.Millisecond); onLine(id, line) } // the response is faster
		o.OnPlatform = onPlatform
	})
	tail := func(e *lambdahost.Event) { e.RequestID, e.LogTail = "r-1", true }
	result := call(t, f, `{"Do":"print"}`, tail)
	three := `{"level":"ERROR","timestamp":"2026-01-01T00:00:00Z","message":"three"}`
	require.Equal(t, []string{"r-1 one", "r-1 two", "r-1 " + three}, lines(), "they are there when Invoke returns")
	report := `REPORT RequestId: r-1\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\n$`
	require.Regexp(t, `^START RequestId: r-1 Version: \$LATEST\none\ntwo\n`+regexp.QuoteMeta(three)+`\nEND RequestId: r-1\n`+report, string(result.LogTail))
	require.Regexp(t, `^INIT_START Runtime Version: provided:al2023\nr-1 START .*\nr-1 END .*\nr-1 REPORT`, strings.Join(platform(), "\n"))
	require.Len(t, call(t, f, `{"Do":"print"}`, named("r-2")).LogTail, 0)

	onLine, lines = collect()
	onPlatform, platform = collect()
	f = newFunction(t, func(o *lambdahost.FunctionOptions) {
		o.LogFormat, o.ApplicationLogLevel, o.OnLine, o.OnPlatform = "JSON", "WARN", onLine, onPlatform
	})
	call(t, f, `{"Do":"print"}`, named("r-1"))
	require.Equal(t, []string{"r-1 " + three}, lines(), "a line without a level is INFO")
	require.Len(t, platform(), 3)
	require.Regexp(t, `^\{"time":"[^"]+Z","type":"platform.initStart","record":\{.*"phase":"init"`, platform()[0])
	require.Regexp(t, `^r-1 \{"time":"[^"]+Z","type":"platform.start","record":\{"functionArn":"arn:[^"]+","requestId":"r-1","version":"\$LATEST"\}\}$`, platform()[1])
	require.Regexp(t, `^r-1 \{"time":"[^"]+Z","type":"platform.report","record":\{"metrics":\{"billedDurationMs":\d+,"durationMs":[\d.]+,"initDurationMs":[\d.]+,"maxMemoryUsedMB":\d+,"memorySizeMB":128\},"requestId":"r-1","status":"success"\}\}$`, platform()[2])

	onPlatform, platform = collect()
	f = newFunction(t, func(o *lambdahost.FunctionOptions) {
		o.LogFormat, o.SystemLogLevel, o.OnPlatform = "JSON", "WARN", onPlatform
	})
	call(t, f, `{"Do":"print"}`)
	require.Empty(t, platform())
	call(t, f, `{"Do":"exit"}`, named("r-1"))
	require.Contains(t, strings.Join(platform(), "\n"), `"errorType":"Runtime.ExitError"`)
}

func TestLinesOfSeveralInvocations(t *testing.T) {
	t.Parallel()
	onLine, lines := collect()
	f := newFunction(t, func(o *lambdahost.FunctionOptions) { o.Concurrency, o.OnLine = 2, onLine })
	call(t, f, `{"Do":"say","Text":"hello"}`, named("r-1"))
	require.Contains(t, lines(), `r-1 {"requestId":"r-1","message":"hello"}`)
}

func TestPacketsReachTheFunctionsOwnDaemon(t *testing.T) {
	t.Parallel()
	packets := make(chan string, 1)
	f := newFunction(t, func(o *lambdahost.FunctionOptions) { o.OnPacket = func(p []byte) { packets <- string(p) } })
	call(t, f, `{"Do":"packet","Text":"segment"}`)
	require.Equal(t, "segment", <-packets)
}

// Delve's place is taken by a script that says how it was called and starts the
// function.
func TestDebug(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho \"$@\"\nfor last; do :; done\nexec \"$last\"\n"
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	onLine, lines := collect()
	debug := func(o *lambdahost.FunctionOptions) {
		o.Debug, o.OnLine, o.Timeout, o.DebugAddress = true, onLine, 20*time.Millisecond, "127.0.0.1:4567"
	}
	f := newFunction(t, debug)
	result := call(t, f, "{}")
	require.Contains(t, result.ErrorMessage, "Debug needs Delve on the PATH: go install github.com/go-delve/delve/cmd/dlv@latest")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "dlv"), []byte(script), 0o700))
	results := make(chan lambdahost.Result)
	for range 2 {
		go func() {
			r, _ := f.Invoke(context.Background(), []byte(`{"Do":"sleep","Millis":60}`))
			results <- r
		}()
	}
	one, two := <-results, <-results
	require.Empty(t, one.ErrorType, "there is no time limit")
	require.Equal(t, string(one.Payload), string(two.Payload), "there is one environment")
	require.Equal(t, "exec --headless --listen=127.0.0.1:4567 --api-version=2 --accept-multiclient --continue "+function, lines()[0])
}
