package lambdatest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
)

const shipARN = "arn:aws:lambda:us-east-1:123456789012:function:ship"

func echo(_ context.Context, payload []byte) ([]byte, error) { return payload, nil }

type StockError struct{ Item string }

func (e *StockError) Error() string { return "out of stock: " + e.Item }

func TestAFunctionIsInvokedByEachOfItsNames(t *testing.T) {
	functions := lambdatest.New(t)
	require.Equal(t, shipARN, functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.Aliases = []string{"live"} }))
	other := "arn:aws:lambda:eu-west-1:111122223333:function:ship"
	require.Equal(t, other, functions.Create(other, echo))
	for _, name := range []string{"ship", "ship:live", "ship:1", "ship:$LATEST", "function:ship", "123456789012:function:ship", "123456789012:function:ship:live", shipARN, shipARN + ":live", other} {
		out, err := functions.Function(name)(t.Context(), []byte(`{"a":1}`))
		require.NoError(t, err, name)
		require.JSONEq(t, `{"a":1}`, string(out), name)
	}
	for name, text := range map[string]string{
		"ship2":         "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:ship2",
		"ship:2":        "ResourceNotFoundException: Function not found: " + shipARN + ":2",
		other + ":1":    "ResourceNotFoundException: Function not found: " + other + ":1",
		"a b":           "ValidationException: 1 validation error detected: Value 'a b' at 'functionName'",
		"":              "ValidationException",
		"arn:aws:s3:::": "ValidationException",
	} {
		_, err := functions.Function(name)(t.Context(), nil)
		require.ErrorContains(t, err, text, name)
		var e *lambdatest.Error
		require.ErrorAs(t, err, &e)
	}
}

// With active tracing a trace is sampled, unless its caller has decided.
func TestActiveTracingSamples(t *testing.T) {
	for given, want := range map[string]string{
		"":                          "^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$",
		"Root=1-1-2":                "^Root=1-1-2;Sampled=1$",
		"Root=1-1-2;Sampled=0":      "^Root=1-1-2;Sampled=0$",
		"Root=1-1-2;Sampled=1;Me=1": "^Root=1-1-2;Sampled=1;Me=1$",
	} {
		var got string
		functions := lambdatest.New(t, func(o *lambdatest.Options) {
			o.OnInvoke = func(in lambdatest.Invocation) { got = in.TraceHeader }
		})
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) { return nil, nil }, func(o *lambdatest.FunctionOptions) { o.TracingMode = "Active" })
		ctx := context.WithValue(t.Context(), "x-amzn-trace-id", given) //nolint:staticcheck // the key that aws-lambda-go uses
		_, err := functions.Function("ship")(ctx, nil)
		require.NoError(t, err)
		require.Regexp(t, want, got)
	}
}

func TestTheContextOfAnInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		functions.Create("ship", func(ctx context.Context, payload []byte) ([]byte, error) {
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, 7*time.Second, time.Until(deadline))
			lc, ok := lambdacontext.FromContext(ctx)
			require.True(t, ok)
			require.Equal(t, shipARN+":live", lc.InvokedFunctionArn)
			require.Regexp(t, `^[0-9a-f-]{36}$`, lc.AwsRequestID)
			in, ok := lambdatest.InvocationOf(ctx)
			require.True(t, ok)
			require.Equal(t, lc.AwsRequestID, in.RequestID)
			require.Equal(t, "1", in.Configuration.Version)
			require.Equal(t, "orders", in.Configuration.Environment["TABLE"])
			require.Equal(t, in.TraceHeader, ctx.Value("x-amzn-trace-id"))
			require.Regexp(t, `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`, in.TraceHeader)
			in.Configuration.Environment["TABLE"] = "changed by the function"
			require.Equal(t, "{}", string(payload), "no payload is an empty object")
			require.NoError(t, ctx.Err())
			return nil, nil
		}, func(o *lambdatest.FunctionOptions) {
			o.Timeout, o.Environment, o.Aliases = 7*time.Second, map[string]string{"TABLE": "orders"}, []string{"live"}
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 2 {
			_, err := functions.Function("ship:live")(ctx, nil)
			require.NoError(t, err, "an invocation is not canceled with its caller")
		}
		_, ok := lambdatest.InvocationOf(t.Context())
		require.False(t, ok)
	})
}

// What a function's error is to Go code, and how it is reported as JSON.
func TestErrorsOfAFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen lambdatest.Invocation
		functions := lambdatest.New(t, func(o *lambdatest.Options) {
			o.OnInvoke = func(in lambdatest.Invocation) { seen = in }
		})
		invoke := func(name string, code lambdatest.Function) error {
			functions.Create(name, code)
			_, err := functions.Function(name)(t.Context(), nil)
			require.Equal(t, err, seen.Err)
			return err
		}
		require.Equal(t, &StockError{"tea"}, invoke("own", func(context.Context, []byte) ([]byte, error) { return nil, &StockError{"tea"} }))
		require.JSONEq(t, `{"errorMessage":"out of stock: tea","errorType":"StockError"}`, string(seen.Response))

		require.Error(t, invoke("wrapped", func(context.Context, []byte) ([]byte, error) {
			return nil, fmt.Errorf("ship: %w", &StockError{"tea"})
		}))
		require.JSONEq(t, `{"errorMessage":"ship: out of stock: tea","errorType":"wrapError"}`, string(seen.Response))

		reported := messages.InvokeResponse_Error{Message: "no", Type: "Sold.Out"}
		require.Equal(t, reported, invoke("reported", func(context.Context, []byte) ([]byte, error) { return nil, reported }))
		require.JSONEq(t, `{"errorMessage":"no","errorType":"Sold.Out"}`, string(seen.Response))

		start := time.Now()
		err := invoke("slow", func(context.Context, []byte) ([]byte, error) { time.Sleep(time.Hour); return nil, nil })
		require.Equal(t, 3*time.Second, time.Since(start), "Lambda does not wait for a function whose time is up")
		require.Equal(t, 3*time.Second, seen.End.Sub(seen.Start))
		require.IsType(t, messages.InvokeResponse_Error{}, err)
		require.JSONEq(t, `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: `+seen.RequestID+` Error: Task timed out after 3.00 seconds"}`, string(seen.Response))

		require.IsType(t, messages.InvokeResponse_Error{}, invoke("panics", func(context.Context, []byte) ([]byte, error) { panic(errors.New("boom")) }))
		var report messages.InvokeResponse_Error
		require.NoError(t, json.Unmarshal(seen.Response, &report))
		require.Equal(t, "errorString", report.Type)
		require.Equal(t, "boom", report.Message)
		require.NotEmpty(t, report.StackTrace)
		require.True(t, strings.HasSuffix(report.StackTrace[0].Path, "examples/localaws/lambdatest/lambda_test.go"), "%v", report.StackTrace[0])
		require.Contains(t, report.StackTrace[0].Label, "TestErrorsOfAFunction")

		require.Error(t, invoke("exits", func(context.Context, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil }))
		require.JSONEq(t, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: `+seen.RequestID+` Error: Runtime exited with error: exit status 1"}`, string(seen.Response))

		require.Error(t, invoke("talks", func(context.Context, []byte) ([]byte, error) { return make([]byte, 6_291_557), nil }))
		require.JSONEq(t, `{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}`, string(seen.Response))
		require.NoError(t, invoke("fits", func(context.Context, []byte) ([]byte, error) { return make([]byte, 6_291_556), nil }))

		err = invoke("broken", func(context.Context, []byte) ([]byte, error) {
			return nil, &lambdatest.Error{Code: "ServiceException", Message: "no process", Status: 500}
		})
		require.EqualError(t, err, "ServiceException: no process")
	})
}

func TestPayloads(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", func(context.Context, []byte) ([]byte, error) { return nil, nil })
	text := func(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }
	_, err := functions.Function("ship")(t.Context(), text(6<<20))
	require.NoError(t, err)
	_, err = functions.Function("ship")(t.Context(), text(6<<20+1))
	require.EqualError(t, err, "RequestTooLargeException: Request must be smaller than 6291456 bytes for the InvokeFunction operation")
	require.NoError(t, functions.Async("ship")(t.Context(), text(1<<20)))
	require.EqualError(t, functions.Async("ship")(t.Context(), text(1<<20+1)), "RequestTooLargeException: Request must be smaller than 1048576 bytes for the InvokeFunction operation")
	_, err = functions.Function("ship")(t.Context(), []byte("{"))
	require.ErrorContains(t, err, "InvalidRequestContentException: Could not parse request body into json")
	require.ErrorContains(t, functions.Async("ship")(t.Context(), []byte("{} x")), "InvalidRequestContentException")
	require.ErrorContains(t, functions.Async("ship")(t.Context(), []byte("\"\xff\"")), "it is no UTF-8")
	require.ErrorContains(t, functions.Async("tea")(t.Context(), nil), "ResourceNotFoundException")
	require.NoError(t, functions.Drain(t.Context()))
	require.Equal(t, 2, functions.Invocations())
}

func TestReservedConcurrencyHoldsForAllInvocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.MaximumConcurrency = 10 })
		one := 1
		most, now := 0, 0
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) {
			now++
			most = max(most, now)
			time.Sleep(time.Second)
			now--
			return nil, nil
		}, func(o *lambdatest.FunctionOptions) { o.ReservedConcurrency, o.Aliases = &one, []string{"live"} })
		begun := make(chan error)
		go func() {
			_, err := functions.Function("ship:live")(t.Context(), nil)
			begun <- err
		}()
		synctest.Wait()
		_, err := functions.Function("ship")(t.Context(), nil)
		var e *lambdatest.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "TooManyRequestsException", e.Code)
		require.Equal(t, 429, e.Status)
		require.Equal(t, "ReservedFunctionConcurrentInvocationLimitExceeded", e.Fields["Reason"])
		for range 3 {
			require.NoError(t, functions.Async("ship")(t.Context(), nil))
		}
		require.NoError(t, functions.Drain(t.Context()))
		require.NoError(t, <-begun)
		require.Equal(t, 1, most)
		require.Equal(t, 4, functions.Invocations())
	})
}

func TestCreateRefusesWhatLambdaRefuses(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo)
	minus, three := -1, 3
	for text, set := range map[string]func(*lambdatest.FunctionOptions){
		"Value '901' at 'timeout'":                       func(o *lambdatest.FunctionOptions) { o.Timeout = 901 * time.Second },
		"Value '-1' at 'timeout'":                        func(o *lambdatest.FunctionOptions) { o.Timeout = -time.Second },
		"a timeout has whole seconds":                    func(o *lambdatest.FunctionOptions) { o.Timeout = 1500 * time.Millisecond },
		"greater than or equal to 128":                   func(o *lambdatest.FunctionOptions) { o.MemorySize = 64 },
		"less than or equal to 10240":                    func(o *lambdatest.FunctionOptions) { o.MemorySize = 10_241 },
		"Value '511' at 'ephemeral":                      func(o *lambdatest.FunctionOptions) { o.EphemeralStorage = 511 },
		"Reserved keys used in this request: AWS_REGION": func(o *lambdatest.FunctionOptions) { o.Environment = map[string]string{"AWS_REGION": "x"} },
		"exceeded the 4KB limit": func(o *lambdatest.FunctionOptions) {
			o.Environment = map[string]string{"AB": strings.Repeat("x", 4095)}
		},
		"Map keys must satisfy":             func(o *lambdatest.FunctionOptions) { o.Environment = map[string]string{"1": "x"} },
		"maximumRetryAttempts":              func(o *lambdatest.FunctionOptions) { o.MaximumRetryAttempts = &three },
		"reservedConcurrentExecutions":      func(o *lambdatest.FunctionOptions) { o.ReservedConcurrency = &minus },
		"maximumEventAgeInSeconds":          func(o *lambdatest.FunctionOptions) { o.MaximumEventAge = 59 * time.Second },
		"Value '21601' at":                  func(o *lambdatest.FunctionOptions) { o.MaximumEventAge = 21601 * time.Second },
		"dead letter target ARN is invalid": func(o *lambdatest.FunctionOptions) { o.DeadLetterTarget = "queue" },
		"is no queue, topic": func(o *lambdatest.FunctionOptions) {
			o.OnFailure = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
		},
		"loggingConfig.logFormat":      func(o *lambdatest.FunctionOptions) { o.LogFormat = "TEXT" },
		"tracingConfig.mode":           func(o *lambdatest.FunctionOptions) { o.TracingMode = "On" },
		`The tag "aws:x" is not valid`: func(o *lambdatest.FunctionOptions) { o.Tags = map[string]string{"aws:x": "y"} },
		"architectures":                func(o *lambdatest.FunctionOptions) { o.Architecture = "riscv" },
	} {
		require.Panics(t, func() { functions.Create("tea", echo, set) }, text)
		func() {
			defer func() { require.Contains(t, recover(), text) }()
			functions.Create("tea", echo, set)
		}()
	}
	require.PanicsWithValue(t, "lambdatest: create function ship: ResourceConflictException: Function already exist: ship", func() { functions.Create("ship", echo) })
	require.PanicsWithValue(t, "lambdatest: create function tea: ValidationException: 1 validation error detected: Value '7' at 'name' failed to satisfy constraint: "+
		"Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)", func() {
		functions.Create("tea", echo, func(o *lambdatest.FunctionOptions) { o.Aliases = []string{"7"} })
	})
	_, err := functions.Configuration("tea")
	require.Error(t, err, "what was refused is not there")
	require.PanicsWithValue(t, "lambdatest: create function tea: the code is nil", func() { functions.Create("tea", nil) })
	require.PanicsWithValue(t, "lambdatest: create function tea:1: the name has a version", func() { functions.Create("tea:1", echo) })
	require.PanicsWithValue(t, "lambdatest: New: ChangeTime is negative", func() {
		lambdatest.New(t, func(o *lambdatest.Options) { o.ChangeTime = -1 })
	})
	require.PanicsWithValue(t, "lambdatest: New: MaximumConcurrency is negative", func() {
		lambdatest.New(t, func(o *lambdatest.Options) { o.MaximumConcurrency = -1 })
	})
}

func TestSnapshotResetAndDump(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.Aliases = []string{"live"} })
	require.NoError(t, functions.Async("ship")(t.Context(), []byte(`1`)))
	before := functions.Snapshot()
	for range 2 {
		require.NoError(t, functions.Drain(t.Context()))
		functions.Create("tea", echo)
		require.Zero(t, functions.Pending())
		functions.Restore(before)
		require.Equal(t, 1, functions.Pending())
		require.Regexp(t, `^function ship: timeout 3s, 0 running\n  version 1\n  alias live: version 1\nevent [0-9a-f-]{36} for `+shipARN+`: 0 attempts, 1\n$`, functions.Dump())
	}
	functions.Reset()
	require.Empty(t, functions.Dump())
	require.NoError(t, functions.Drain(t.Context()))
	require.PanicsWithValue(t, "lambdatest: Restore: the snapshot is nil", func() { functions.Restore(nil) })
	require.PanicsWithValue(t, "lambdatest: Restore: the snapshot is of another Lambda", func() { functions.Restore(lambdatest.New(t).Snapshot()) })
}

func TestTheLogOfAnInvocation(t *testing.T) {
	var log []byte
	functions := lambdatest.New(t, func(o *lambdatest.Options) {
		o.OnInvoke = func(in lambdatest.Invocation) { log = in.Log }
	})
	functions.Create("ship", func(ctx context.Context, _ []byte) ([]byte, error) {
		_, err := fmt.Fprintln(lambdatest.LogOf(ctx), "shipped")
		return nil, err
	})
	_, err := functions.Function("ship")(t.Context(), nil)
	require.NoError(t, err)
	require.Regexp(t, `^START RequestId: \S+ Version: \$LATEST\nshipped\nEND RequestId: \S+\nREPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t\n$`, string(log))
	functions.Create("talks", func(ctx context.Context, _ []byte) ([]byte, error) {
		_, err := lambdatest.LogOf(ctx).Write(bytes.Repeat([]byte("x"), 10_000))
		return nil, err
	})
	_, err = functions.Function("talks")(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, log, 4<<10)
	_, err = lambdatest.LogOf(t.Context()).Write(nil)
	require.NoError(t, err)
}
