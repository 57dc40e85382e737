// The function does what its event says, observed.
package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/xraylite"
)

type event struct {
	ID     string
	Do     string
	Millis int
}

var (
	calls  = observe.MustCounter("Calls", "ID")
	values = observe.MustHistogram("Values", "ID")
)

func handle(ctx context.Context, e event) (string, error) {
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

func main() {
	lambda.Start(observe.Handler("orders", handle, func(o *observe.Options) {
		o.BufferBytes = 4096
		o.DeadlineMargin = 2900 * time.Millisecond // a loaded machine also needs time to write
		o.Tracer = xraylite.New()
		o.RecoverPanics = os.Getenv("RECOVER") != ""
	}))
}
