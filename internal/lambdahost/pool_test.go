package lambdahost_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// newFunction returns a function that is closed with the test, and checks then
// that no process of it is left.
func newFunction(t *testing.T, optFns ...func(*lambdahost.FunctionOptions)) *lambdahost.Function {
	t.Helper()
	f := lambdahost.NewFunction(function, append(optFns, asFunction)...)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return f
}

func call(t *testing.T, f *lambdahost.Function, payload string, optFns ...func(*lambdahost.Event)) lambdahost.Result {
	t.Helper()
	result, err := f.Invoke(t.Context(), []byte(payload), optFns...)
	require.NoError(t, err)
	return result
}

// pid calls the function and returns the process that answered.
func pid(t *testing.T, f *lambdahost.Function) int {
	t.Helper()
	result := call(t, f, `{"Do":"sleep"}`)
	require.Empty(t, result.ErrorType, result.ErrorMessage)
	n, err := strconv.Atoi(string(result.Payload))
	require.NoError(t, err)
	return n
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, time.Millisecond)
}

// collect returns a callback and what it has got so far.
func collect() (on func(id, line string), got func() []string) {
	var mu sync.Mutex
	var lines []string
	return func(id, line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, strings.TrimPrefix(id+" ", " ")+line)
		}, func() []string {
			mu.Lock()
			defer mu.Unlock()
			return append([]string(nil), lines...)
		}
}

func TestAFunctionFindsLambdasEnvironment(t *testing.T) {
	t.Parallel()
	f := newFunction(t, func(o *lambdahost.FunctionOptions) {
		o.FunctionName, o.Version, o.Region, o.AccountID, o.Handler = "orders", "7", "eu-west-1", "111122223333", "place"
		o.MemorySize, o.Env, o.Endpoint = 256, map[string]string{"TABLE": "orders", "TZ": "Europe/Berlin"}, "http://127.0.0.1:9"
		o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "AK", "SK", "ST"
		o.LogFormat, o.ApplicationLogLevel, o.XRayDaemon = "JSON", "DEBUG", "127.0.0.1:7"
	})
	require.Equal(t, "arn:aws:lambda:eu-west-1:111122223333:function:orders", f.ARN())
	result := call(t, f, `{"Do":"environment"}`)
	var got []string
	require.NoError(t, json.Unmarshal(result.Payload, &got), string(result.Payload))
	for _, want := range []string{
		"AWS_LAMBDA_FUNCTION_NAME=orders", "AWS_LAMBDA_FUNCTION_VERSION=7", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "_HANDLER=place",
		"AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AK", "AWS_SECRET_ACCESS_KEY=SK", "AWS_SESSION_TOKEN=ST",
		"AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=DEBUG", "AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:7",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/orders", "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"TABLE=orders", "TZ=Europe/Berlin", "GOMAXPROCS=1", "LAMBDA_TASK_ROOT=" + filepath.Dir(function), "PWD=" + filepath.Dir(function),
	} {
		require.Contains(t, got, want)
	}
	require.NotContains(t, strings.Join(got, "\n"), "HOME=", "nothing is inherited")
	require.Contains(t, string(call(t, f, `{"Do":"describe"}`, func(e *lambdahost.Event) { e.Qualifier = "live" }).Payload),
		`"arn":"arn:aws:lambda:eu-west-1:111122223333:function:orders:live"`)
}

func TestAnEnvironmentIsUsedAgain(t *testing.T) {
	t.Parallel()
	option, started := startedCalls(t)
	f := newFunction(t, option)
	cold := call(t, f, `{"Do":"sleep"}`)
	require.Positive(t, cold.InitDuration)
	require.Positive(t, cold.MaxMemoryUsed)
	first := pid(t, f)
	for range 20 {
		require.Equal(t, first, pid(t, f), "calls one after another need one environment")
	}
	require.Equal(t, strconv.Itoa(first), string(cold.Payload))

	seen := together(t, 3, f, func() { started(25) })
	require.Len(t, seen, 3, "calls at the same time have an environment each")
	require.Equal(t, 1, seen[strconv.Itoa(first)])
}

// together makes calls that end when all of them have started, and counts which
// processes answered.
func together(t *testing.T, calls int, f *lambdahost.Function, started func()) map[string]int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "go")
	payload, err := json.Marshal(map[string]string{"Do": "wait", "Text": file})
	require.NoError(t, err)
	results := make(chan lambdahost.Result, calls)
	for range calls {
		go func() {
			r, err := f.Invoke(context.Background(), payload, func(e *lambdahost.Event) { e.Timeout = time.Minute })
			if err != nil {
				r.ErrorType = err.Error()
			}
			results <- r
		}()
	}
	started()
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	seen := map[string]int{}
	for range calls {
		r := <-results
		require.Empty(t, r.ErrorType)
		seen[string(r.Payload)]++
	}
	return seen
}

func TestConcurrencyIsLimited(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reserved, account int
		reason            string
	}{
		{2, 1, "ReservedFunctionConcurrentInvocationLimitExceeded"},
		{-1, 2, "ConcurrentInvocationLimitExceeded"},
	} {
		option, started := startedCalls(t)
		f := newFunction(t, option, func(o *lambdahost.FunctionOptions) {
			o.ReservedConcurrency, o.AccountConcurrency = c.reserved, c.account
		})
		together(t, 2, f, func() {
			started(2)
			_, err := f.Invoke(t.Context(), nil)
			var throttled *lambdahost.ThrottledError
			require.ErrorAs(t, err, &throttled)
			require.Equal(t, c.reason, throttled.Reason)
			require.EqualError(t, err, "Rate Exceeded.")
		})
		pid(t, f) // there is room again
	}
	none := newFunction(t, func(o *lambdahost.FunctionOptions) { o.ReservedConcurrency = 0 })
	_, err := none.Invoke(t.Context(), nil)
	require.ErrorAs(t, err, new(*lambdahost.ThrottledError))
	_, err = none.Invoke(t.Context(), make([]byte, 7<<20))
	require.ErrorAs(t, err, new(*lambdahost.TooLargeError))
}

func TestSeveralInvocationsInOneEnvironment(t *testing.T) {
	t.Parallel()
	require.Less(t, len(several(t, "")), 6)
	require.Len(t, several(t, "single"), 6, "the binary does not know of the concurrency")
}

func several(t *testing.T, mode string) map[string]int {
	t.Helper()
	starts := make(chan struct{}, 8)
	f := newFunction(t, initOption(mode), func(o *lambdahost.FunctionOptions) {
		o.Concurrency = 4
		o.OnPlatform = func(_, line string) {
			if strings.Contains(line, `"platform.start"`) {
				starts <- struct{}{}
			}
		}
	})
	seen := together(t, 6, f, func() {
		for range 6 {
			<-starts
		}
	})
	for _, n := range seen {
		require.LessOrEqual(t, n, 4)
	}
	return seen
}

func TestIdleEnvironmentsEnd(t *testing.T) {
	t.Parallel()
	f := newFunction(t, func(o *lambdahost.FunctionOptions) { o.IdleTimeout = 50 * time.Millisecond })
	first := pid(t, f)
	requireGone(t, first)
	require.NotEqual(t, first, pid(t, f))

	busy := newFunction(t, func(o *lambdahost.FunctionOptions) { o.IdleTimeout = 20 * time.Millisecond })
	require.Empty(t, call(t, busy, `{"Do":"sleep","Millis":150}`).ErrorType, "an invocation is not idleness")
}

// startedCalls returns an option, and what waits until so many invocations have started.
func startedCalls(t *testing.T) (option func(*lambdahost.FunctionOptions), wait func(n int)) {
	t.Helper()
	starts := make(chan struct{}, 100)
	seen := 0
	return func(o *lambdahost.FunctionOptions) {
			o.OnPlatform = func(_, line string) {
				if strings.HasPrefix(line, "START ") {
					starts <- struct{}{}
				}
			}
		}, func(n int) {
			for ; seen < n; seen++ {
				<-starts
			}
		}
}

func TestReplaceAndConfigure(t *testing.T) {
	t.Parallel()
	option, started := startedCalls(t)
	f := newFunction(t, option)
	idle := pid(t, f)
	other := filepath.Join(t.TempDir(), "bootstrap")
	require.NoError(t, os.Symlink(function, other))

	running := make(chan lambdahost.Result)
	go func() {
		r, _ := f.Invoke(context.Background(), []byte(`{"Do":"sleep","Millis":300}`))
		running <- r
	}()
	started(2)
	f.Replace(other)
	next := pid(t, f)
	require.NotEqual(t, idle, next)
	require.Contains(t, string(call(t, f, `{"Do":"environment"}`).Payload), filepath.Dir(other))
	require.Equal(t, strconv.Itoa(idle), string((<-running).Payload), "what was running ends in the old environment")
	requireGone(t, idle)

	require.NoError(t, f.Configure(func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"STAGE": "two"} }, asFunction))
	require.Contains(t, string(call(t, f, `{"Do":"environment"}`).Payload), "STAGE=two")
	requireGone(t, next)
	require.ErrorContains(t, f.Configure(func(o *lambdahost.FunctionOptions) { o.Env["AWS_REGION"] = "x" }), "Reserved keys used in this request: AWS_REGION")
	require.Equal(t, "two", f.Options().Env["STAGE"], "nothing has changed")
	require.NotContains(t, f.Options().Env, "AWS_REGION")

	// A broken binary, and a good one while a call waits for it.
	f.Replace(filepath.Join(t.TempDir(), "missing"))
	require.Equal(t, "Runtime.InvalidEntrypoint", call(t, f, `{}`).ErrorType)
	f.Replace(function)
	pid(t, f)
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for want, fn := range map[string]func(*lambdahost.FunctionOptions){
		"FunctionName is empty":                  func(o *lambdahost.FunctionOptions) { o.FunctionName = "" },
		"Timeout is 16m0s":                       func(o *lambdahost.FunctionOptions) { o.Timeout = 16 * time.Minute },
		"InitTimeout is 0s":                      func(o *lambdahost.FunctionOptions) { o.InitTimeout = 0 },
		"MemorySize is 64: it is 128 to 10240":   func(o *lambdahost.FunctionOptions) { o.MemorySize = 64 },
		`LogFormat is "json": it is Text`:        func(o *lambdahost.FunctionOptions) { o.LogFormat = "json" },
		"a log level needs LogFormat JSON":       func(o *lambdahost.FunctionOptions) { o.SystemLogLevel = "WARN" },
		`ApplicationLogLevel is "LOUD"`:          func(o *lambdahost.FunctionOptions) { o.LogFormat, o.ApplicationLogLevel = "JSON", "LOUD" },
		`SystemLogLevel is "ERROR"`:              func(o *lambdahost.FunctionOptions) { o.LogFormat, o.SystemLogLevel = "JSON", "ERROR" },
		"LogFormat is Text: with a Concurrency":  func(o *lambdahost.FunctionOptions) { o.LogFormat, o.Concurrency = "Text", 2 },
		"ReservedConcurrency is -2":              func(o *lambdahost.FunctionOptions) { o.ReservedConcurrency = -2 },
		"AccountConcurrency is 0":                func(o *lambdahost.FunctionOptions) { o.AccountConcurrency = 0 },
		"Concurrency is 0":                       func(o *lambdahost.FunctionOptions) { o.Concurrency = 0 },
		"IdleTimeout is 0s":                      func(o *lambdahost.FunctionOptions) { o.IdleTimeout = 0 },
		"NUL character":                          func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"AB": "\x00"} },
		"DebugAddress is not a host and port":    func(o *lambdahost.FunctionOptions) { o.DebugAddress = "here" },
		"request: AWS_REGION, _HANDLER":          func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"_HANDLER": "x", "AWS_REGION": "y"} },
		`[a-zA-Z]([a-zA-Z0-9_])+]: "9"`:          func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"9": ""} },
		"exceeded the 4KB limit: they have 4102": func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"AB": strings.Repeat("x", 4100)} },
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), want) }()
			lambdahost.NewFunction(function, fn)
		}()
	}
	require.PanicsWithValue(t, "lambdahost: the binary has no name", func() { lambdahost.NewFunction("") })
}

func TestCloseLeavesNothing(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	option, started := startedCalls(t)
	f := lambdahost.NewFunction(function, option, func(o *lambdahost.FunctionOptions) { o.Env = map[string]string{"SIGTERM": "exit"} }, asFunction)
	idle := pid(t, f)
	results := make(chan lambdahost.Result)
	go func() {
		r, _ := f.Invoke(context.Background(), []byte(`{"Do":"sleep","Millis":200}`))
		results <- r
	}()
	started(2)
	require.Equal(t, 1, f.Busy())
	require.NotEmpty(t, names(t, temporary))
	closed := make(chan error)
	go func() { closed <- f.Close(context.Background()) }()
	require.Equal(t, strconv.Itoa(idle), string((<-results).Payload), "what is in flight ends first")
	require.NoError(t, <-closed)
	_, err := f.Invoke(t.Context(), nil)
	require.ErrorIs(t, err, lambdahost.ErrClosed)
	require.NoError(t, f.Close(t.Context()), "it is closed")
	require.True(t, gone(idle))
	require.Empty(t, names(t, temporary))
	nothingLeft(t, goroutines, files)

	// What does not end in time is killed.
	option, started = startedCalls(t)
	f = lambdahost.NewFunction(function, option, asFunction)
	id := pid(t, f)
	go func() {
		r, _ := f.Invoke(context.Background(), []byte(`{"Do":"sleep","Millis":60000}`), func(e *lambdahost.Event) { e.Timeout = time.Minute })
		results <- r
	}()
	started(2)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	go func() { closed <- f.Close(ctx) }()
	require.Equal(t, "Runtime.ExitError", (<-results).ErrorType)
	if err := <-closed; err != nil { // it may have ended in time, having nothing in flight anymore
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	require.True(t, gone(id))
	require.Empty(t, names(t, temporary))
	nothingLeft(t, goroutines, files)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// nothingLeft waits until there are no more goroutines and files than before: the
// last of them may still be on their way out.
func nothingLeft(t *testing.T, goroutines, files int) {
	t.Helper()
	for range 10_000 {
		if runtime.NumGoroutine() <= goroutines && openFiles(t) <= files {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%d goroutines, %d before; %d files, %d before", runtime.NumGoroutine(), goroutines, openFiles(t), files)
}

func openFiles(t *testing.T) int { t.Helper(); return len(names(t, "/proc/self/fd")) }
