package lambdahost_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// withExtension returns an option for a function with an external extension, which
// is the same binary under another name.
func withExtension(t *testing.T, mode string) func(*lambdahost.FunctionOptions) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Symlink(function, filepath.Join(dir, "recorder")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), []byte("no executable"), 0o600))
	return func(o *lambdahost.FunctionOptions) {
		o.Extensions, o.Env = dir, map[string]string{"EXTENSION": mode, "SIGTERM": "exit"}
	}
}

func TestExternalExtension(t *testing.T) {
	t.Parallel()
	onLine, lines := collect()
	onPlatform, platform := collect()
	f := lambdahost.NewFunction(function, withExtension(t, ""), asFunction, func(o *lambdahost.FunctionOptions) {
		o.FunctionName, o.OnLine, o.OnPlatform = "orders", onLine, onPlatform
	})
	for range 3 {
		pid(t, f)
	}
	call(t, f, `{"Do":"sleep"}`, func(e *lambdahost.Event) { e.RequestID, e.TraceHeader = "r-4", "Root=1-2;Sampled=0" })
	require.NoError(t, f.Close(t.Context()))
	text := strings.Join(lines(), "\n")
	require.Contains(t, text, `recorder 200 {"functionName":"orders","functionVersion":"$LATEST","handler":"bootstrap"}`)
	require.Equal(t, 4, strings.Count(text, `recorder {"eventType":"INVOKE",`), text)
	require.Regexp(t, `recorder \{"eventType":"INVOKE","deadlineMs":\d{13},"requestId":"r-4","invokedFunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:orders","tracing":\{"type":"X-Amzn-Trace-Id","value":"Root=1-2;Sampled=0"\}\}`, text)
	require.Regexp(t, `(?s)shutting down.*recorder \{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":\d{13}\}`, text, "the runtime ends first")
	require.Contains(t, strings.Join(platform(), "\n"), "EXTENSION\tName: recorder\tState: Ready\tEvents: [INVOKE, SHUTDOWN]")
}

func TestExtensionsHearWhyTheEnvironmentEnds(t *testing.T) {
	t.Parallel()
	for do, reason := range map[string]string{`{"Do":"exit"}`: "failure", `{"Do":"sleep","Millis":60000}`: "timeout"} {
		onLine, lines := collect()
		f := lambdahost.NewFunction(function, withExtension(t, ""), asFunction, func(o *lambdahost.FunctionOptions) {
			o.OnLine, o.Timeout = onLine, 200*time.Millisecond
		})
		require.NotEmpty(t, call(t, f, do).ErrorType)
		require.NoError(t, f.Close(t.Context()))
		require.Contains(t, strings.Join(lines(), "\n"), `"shutdownReason":"`+reason+`"`)
	}
}

// An environment is free when its extensions are back, too.
func TestTheEnvironmentWaitsForItsExtensions(t *testing.T) {
	t.Parallel()
	release := filepath.Join(t.TempDir(), "release")
	f := newFunction(t, withExtension(t, release))
	first, second := pid(t, f), pid(t, f)
	require.NotEqual(t, first, second, "another environment is started meanwhile")
	require.NoError(t, os.WriteFile(release, nil, 0o600))
	require.Eventually(t, func() bool { p := pid(t, f); return p == first || p == second }, 10*time.Second, time.Millisecond)
}

func TestExtensionsThatFail(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"unregistered": "Extension.Crash: RequestId: r-1 Error: exit status 4",
		"initerror":    "Extension.InitError: RequestId: r-1 Error: exit status 1",
		"exit":         "Extension.Crash: RequestId: r-1 Error: exit status 5",
	} {
		f := newFunction(t, withExtension(t, mode))
		result := call(t, f, `{"Do":"sleep","Millis":1000}`, named("r-1"))
		require.Equal(t, want, result.ErrorType+": "+result.ErrorMessage)
	}
	missing := newFunction(t, func(o *lambdahost.FunctionOptions) { o.Extensions = "/missing/extensions" })
	require.Equal(t, "Extension.LaunchError", call(t, missing, `{}`).ErrorType)
}

// What does not end in time is killed: an extension after 2 s. One without SHUTDOWN
// is killed at once.
func TestExtensionsAreKilled(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"deaf", "stay"} {
		onLine, lines := collect()
		f := lambdahost.NewFunction(function, withExtension(t, mode), asFunction, func(o *lambdahost.FunctionOptions) { o.OnLine = onLine })
		require.Empty(t, call(t, f, `{"Do":"sleep"}`).ErrorType)
		ctx, cancel := context.WithCancel(t.Context())
		if mode == "stay" { // its 2 s are not waited for here
			go func() {
				for !strings.Contains(strings.Join(lines(), "\n"), "SHUTDOWN") {
					time.Sleep(time.Millisecond)
				}
				cancel()
			}()
		}
		err := f.Close(ctx)
		cancel()
		require.Equal(t, mode == "stay", err != nil, mode)
		require.Equal(t, mode == "stay", strings.Contains(strings.Join(lines(), "\n"), "SHUTDOWN"), lines())
	}
}

func TestInternalExtension(t *testing.T) {
	t.Parallel()
	onLine, lines := collect()
	f := newFunction(t, initOption("internal"), func(o *lambdahost.FunctionOptions) { o.OnLine = onLine })
	pid(t, f)
	call(t, f, `{"Do":"sleep"}`, named("r-2"))
	require.Eventually(t, func() bool { return strings.Contains(strings.Join(lines(), "\n"), `"requestId":"r-2"`) }, 10*time.Second, time.Millisecond)
	text := strings.Join(lines(), "\n")
	require.Contains(t, text, `inside 200 {"functionName":"function"`)
	require.Contains(t, text, `inside too 403 {"errorMessage":"SHUTDOWN: ShutdownEventNotSupportedForInternalExtension","errorType":"Extension.InvalidEventType"}`)
}
