package observe_test

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/internal/lambdahost"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xraylite"
)

// TestMain makes this binary the function as well, in the processes that
// inProcess starts: no other has to be linked, and it is built as the tests are.
func TestMain(m *testing.M) {
	if os.Getenv("OBSERVED_FUNCTION") != "" {
		runFunction()
	}
	os.Exit(m.Run())
}

// inProcess starts the observed function on the real runtime loop.
func inProcess(t *testing.T, optFns ...func(*lambdahost.Options)) *lambdahost.Host {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	host, err := lambdahost.Start(t.Context(), binary, append(optFns, func(o *lambdahost.Options) {
		const broken = "PATTERNKIT_MUTANT" // what is broken here, is there
		o.Env = append(o.Env, "OBSERVED_FUNCTION=1", broken+"="+os.Getenv(broken), "GORACE=atexit_sleep_ms=0")
	})...)
	require.NoError(t, err)
	t.Cleanup(host.Close)
	return host
}

// functionEvent says what the function does.
type functionEvent struct {
	ID     string
	Do     string
	Millis int
}

var (
	calls  = observe.MustCounter("Calls", "ID")
	values = observe.MustHistogram("Values", "ID")
)

// doAsTold is the handler of the function.
func doAsTold(ctx context.Context, e functionEvent) (string, error) {
	ctx = observe.WithCorrelationID(ctx, "c-"+e.ID)
	ctx, span := observe.StartSpan(ctx, "work")
	defer span.End()
	logger := observe.Logger(ctx)
	logger.Debug("detail", zap.String("id", e.ID))
	for i := range 5 {
		calls.Add(ctx, 1, e.ID)
		values.Record(ctx, float64(i), e.ID)
		logger.Info("step", zap.String("id", e.ID), zap.Int("i", i))
	}
	time.Sleep(time.Duration(e.Millis) * time.Millisecond)
	switch e.Do {
	case "fail":
		return "", errors.New("no " + e.ID)
	case "panic":
		panic("boom " + e.ID)
	case "fatal":
		logger.Fatal("no way on " + e.ID)
	case "fatal in a goroutine":
		go logger.Fatal("no way on " + e.ID)
		select {}
	case "log.Fatal":
		log.Fatalf("no way on %s", e.ID)
	case "log.Fatal in a goroutine":
		go log.New(log.Writer(), "", 0).Fatal("no way on " + e.ID)
		select {}
	case "log.Panic":
		log.Panicln("no way on", e.ID)
	case "go panic":
		observe.Go(ctx, func(context.Context) { panic("no way on " + e.ID) })
	case "exit":
		observe.Flush(ctx)
		os.Exit(3)
	case "log":
		log.Printf("plain text of %s\nin two lines", e.ID)
		slog.WarnContext(ctx, "from slog", "id", e.ID)
		slog.Error("from slog, without a context", "err", errors.New("no context"))
	}
	return e.ID, nil
}

// runFunction is the main function of an observed function. It does not return.
func runFunction() {
	lambda.Start(observe.Handler("orders", doAsTold, func(o *observe.Options) {
		o.BufferBytes = 4096
		o.DeadlineMargin = 1400 * time.Millisecond // a loaded machine also needs time to write
		o.Tracer = xraylite.New()
		o.RecoverPanics = os.Getenv("RECOVER") != ""
	}))
}
