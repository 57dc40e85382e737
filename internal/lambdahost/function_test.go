package lambdahost_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
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
	_ = flag.Set("test.parallel", "8") // they wait for other processes more than they work
	os.Exit(m.Run())
}

// function is the binary.
var function = func() string {
	binary, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return binary
}()

// asFunction makes the binary the function; it comes after the options that set Env.
func asFunction(o *lambdahost.FunctionOptions) {
	if o.Env == nil {
		o.Env = map[string]string{}
	}
	o.Env["FUNCTION"], o.Env["GORACE"] = "1", "atexit_sleep_ms=0" // the race detector ends at once
}

func start(t *testing.T, optFns ...func(*lambdahost.Options)) *lambdahost.Host {
	t.Helper()
	host, err := lambdahost.Start(t.Context(), function, append(optFns, func(o *lambdahost.Options) {
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
	Text   string
}

var held [][]byte

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
	case "print":
		fmt.Println("one")
		_, err := fmt.Fprint(os.Stderr, "two\n", `{"level":"ERROR","timestamp":"2026-01-01T00:00:00Z","message":"three"}`+"\n")
		return nil, err
	case "environment":
		dir, err := os.Getwd()
		return append(os.Environ(), "PWD="+dir), err
	case "crash":
		return nil, syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "memory":
		for range 64 { // half a gigabyte
			held = append(held, bytes.Repeat([]byte{1}, 8<<20))
			time.Sleep(time.Duration(e.Millis) * time.Millisecond)
		}
	case "wait":
		fmt.Println("waiting")
		for _, err := os.Stat(e.Text); err != nil; _, err = os.Stat(e.Text) {
			time.Sleep(time.Millisecond)
		}
		return os.Getpid(), nil
	case "hang":
		<-ctx.Done() // the process is killed, or goes on
		return nil, ctx.Err()
	case "say":
		fmt.Printf("{\"requestId\":%q,\"message\":%q}\n", lc.AwsRequestID, e.Text)
		return nil, nil
	case "packet":
		daemon, err := net.Dial("udp", os.Getenv("AWS_XRAY_DAEMON_ADDRESS"))
		if err != nil {
			return nil, err
		}
		_, err = fmt.Fprint(daemon, e.Text)
		return nil, err
	case "echo":
		return e.Text, nil
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

// runFunction is the main function of the function, and of its extension. It does not return.
func runFunction() {
	if name := filepath.Base(os.Args[0]); name == "recorder" {
		runExtension(name)
	}
	initialize()
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
