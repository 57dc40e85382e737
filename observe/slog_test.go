package observe_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

type valuer struct{ v slog.Value }

func (v valuer) LogValue() slog.Value { return v.v }

func TestSlogLinesBelongToTheInvocation(t *testing.T) {
	clean(t)
	rec := logging(t, func(ctx context.Context, _ *zap.Logger) {
		log := slog.New(observe.SlogHandler())
		log.InfoContext(ctx, "plain", "s", "x", "i", -1, "u", uint64(2), "f", 0.5, "b", true, "d", 1500*time.Millisecond, "err", errors.New("no"), "level", "mine")
		log.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").WarnContext(ctx, "groups", "c", 3)
		log.WithGroup("empty").WithGroup("").InfoContext(ctx, "no groups", slog.Attr{}, slog.Group("none"), slog.Group("", slog.Int("spread", 1)), slog.Group("g", slog.Int("n", 1)))
		log.InfoContext(ctx, "values", "v", valuer{slog.StringValue("resolved")}, "m", map[string]int{"k": 1}, "secret", observe.Secret("x"))
		log.InfoContext(ctx, "tagged", slog.Group("g", "customer", customer{Name: "jo", Email: "hunter2"}))
		log.Log(ctx, slog.LevelError+4, "worse")
		require.NoError(t, observe.SlogHandler().Handle(ctx, slog.Record{Message: "no time"}))
		log.DebugContext(ctx, "not enabled")
		require.False(t, log.Enabled(ctx, slog.LevelDebug-4))
	})
	observetest.RequireLog(t, rec, "INFO", "plain", "requestId=r-1", "s=x", "i=-1", "u=2", "f=0.5", "b=true", "d=1500", "err.message=no", "level_2=mine")
	observetest.RequireLog(t, rec, "WARN", "groups", "requestId=r-1", "a=1", "g.b=2", "g.h.c=3")
	observetest.RequireLog(t, rec, "INFO", "no groups", "empty.spread=1", "empty.g.n=1")
	observetest.RequireLog(t, rec, "INFO", "values", "v=resolved", `m={"k":1}`, "secret=[REDACTED]")
	observetest.RequireLog(t, rec, "ERROR", "worse")
	observetest.RequireLog(t, rec, "INFO", "tagged", "g.customer.mail=[REDACTED]", "g.customer.name=jo")
	require.Len(t, rec.Lines(), 7)
}
