// The function does what its event says.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do     string
	Millis int
}

type orderError struct{ order string }

func (e *orderError) Error() string { return "no order " + e.order }

var running, most atomic.Int64

func handle(ctx context.Context, e event) (any, error) {
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

func main() {
	if os.Getenv("SIGTERM") != "" {
		lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() {
			fmt.Println("shutting down")
			if os.Getenv("SIGTERM") == "exit" {
				os.Exit(0)
			}
		}))
	}
	lambda.Start(handle)
}
