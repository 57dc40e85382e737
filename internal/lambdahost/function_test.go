package lambdahost_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/lambdahost"
)

// TestMain makes this binary the function as well, in the processes that start
// starts: no other has to be linked.
func TestMain(m *testing.M) {
	if os.Getenv("FUNCTION") != "" {
		runFunction()
	}
	os.Exit(m.Run())
}

func start(t *testing.T, optFns ...func(*lambdahost.Options)) *lambdahost.Host {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	host, err := lambdahost.Start(t.Context(), binary, append(optFns, func(o *lambdahost.Options) {
		o.Env = append(o.Env, "FUNCTION=1", "GORACE=atexit_sleep_ms=0") // the race detector ends at once
	})...)
	require.NoError(t, err)
	t.Cleanup(host.Close)
	return host
}

// event says what the function does.
type event struct {
	Do     string
	Millis int
}

type orderError struct{ order string }

func (e *orderError) Error() string { return "no order " + e.order }

var running, most atomic.Int64

// doAsTold is the handler of the function.
func doAsTold(ctx context.Context, e event) (any, error) {
	now := running.Add(1)
	defer running.Add(-1)
	for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
	}
	lc, _ := lambdacontext.FromContext(ctx)
	switch e.Do {
	case "describe":
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"request": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "tenant": lc.TenantID, "trace": ctx.Value("x-amzn-trace-id"),
			"left": time.Until(deadline).Seconds(), "function": lambdacontext.FunctionName, "custom": lc.ClientContext.Custom["k"], "most": most.Load(),
		}, nil
	case "sleep":
		time.Sleep(time.Duration(e.Millis) * time.Millisecond)
		return os.Getpid(), nil
	case "fail":
		return nil, &orderError{"42"}
	case "panic":
		panic("boom")
	case "exit":
		os.Exit(3)
	case "large":
		return strings.Repeat("x", 7<<20), nil
	case "stream":
		return io.MultiReader(strings.NewReader("part one, "), strings.NewReader("part two")), nil
	case "streamfail":
		return io.MultiReader(strings.NewReader("part one"), failing{}), nil
	}
	return nil, fmt.Errorf("unknown: %w", errors.ErrUnsupported)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, &orderError{"43"} }

// runFunction is the main function of the function. It does not return.
func runFunction() {
	if os.Getenv("SIGTERM") != "" {
		lambda.StartWithOptions(doAsTold, lambda.WithEnableSIGTERM(func() {
			fmt.Println("shutting down")
			if os.Getenv("SIGTERM") == "exit" {
				os.Exit(0)
			}
		}))
	}
	lambda.Start(doAsTold)
}
