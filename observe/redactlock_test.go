package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/observe/observetest"
)

type (
	guarded struct {
		mu    sync.RWMutex
		card  shown
		calls map[string]any
	}
	guardedCalls struct {
		sync.Mutex

		calls map[string]any
	}
	envelope struct{ content any }
	refusal  struct{ Card shown }
)

func (g *guarded) MarshalJSON() ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return json.Marshal(map[string]any{"pan": g.card.Number, "calls": g.calls})
}

func (g *guardedCalls) MarshalJSON() ([]byte, error) {
	g.Lock()
	defer g.Unlock()
	return json.Marshal(g.calls)
}

func (e envelope) MarshalJSON() ([]byte, error) { return json.Marshal(e.content) }

func (r *refusal) Error() string { return "refused: " + r.Card.Number }

// A type whose methods take its lock is read under the lock, and what is written of it
// is no copy of a held one.
func TestAGuardedValueInUseIsLogged(t *testing.T) {
	clean(t)
	card, calls := &guarded{card: shown{"hunter2"}, calls: map[string]any{}}, &guardedCalls{calls: map[string]any{}}
	rec := logging(t, func(_ context.Context, log *zap.Logger) {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for i := range 2000 {
					key := string(rune('a' + i%26))
					card.mu.Lock()
					card.calls[key] = 1
					card.mu.Unlock()
					calls.Lock()
					calls.calls[key] = 1
					calls.Unlock()
				}
			})
			wg.Go(func() {
				for range 50 {
					log.Info("m", zap.Any("card", card), zap.Any("calls", map[string]any{"all": calls}))
				}
			})
		}
		wg.Wait()
		log.Info("last", zap.Any("card", card), zap.Any("calls", calls))
		card.mu.RLock()
		log.Info("read", zap.Any("card", card.card))
		card.mu.RUnlock()
		card.mu.Lock()
		defer card.mu.Unlock()
		log.Info("held", zap.Any("card", card)) // by who logs it
	})
	for _, raw := range rec.Raw() {
		require.NotContains(t, raw, "hunter2")
	}
	require.Len(t, rec.Find("m"), 100)
	observetest.RequireLog(t, rec, "INFO", "last", "card.pan=[REDACTED]", "card.calls.a=1")
	observetest.RequireLog(t, rec, "INFO", "held")
}

// What a type writes that it keeps in a field of its own, is looked into.
func TestTheTagWorksBehindFieldsThatAreNotExported(t *testing.T) {
	clean(t)
	for _, content := range []any{shown{"hunter2"}, &shown{"hunter2"}, map[string]any{"l": []any{shown{"hunter2"}}}, envelope{&renamed{Number: "hunter2"}}, observe.Secret("hunter2")} {
		rec := logging(t, func(_ context.Context, log *zap.Logger) {
			log.Info("m", zap.Any("v", envelope{content}), zap.Any("l", []any{&envelope{content}}))
		})
		require.NotContains(t, observetest.RequireLog(t, rec, "INFO", "m").Raw, "hunter2")
	}
}

// Errors are errors in groups and in lists, too.
func TestErrorsWithinAreRedacted(t *testing.T) {
	clean(t)
	err := &refusal{shown{"hunter2"}}
	for name, v := range map[string]any{
		"error": err, "wrapped": fmt.Errorf("pay: %w", err), "joined": errors.Join(errors.New("first"), err),
		"list": []any{err}, "map": map[string]any{"e": err},
	} {
		rec := logging(t, func(ctx context.Context, log *zap.Logger) {
			log.Info("dict", zap.Dict("d", zap.Any("v", v), zap.Dict("e", zap.Any("v", v))))
			slog.New(observe.SlogHandler()).InfoContext(ctx, "slog", slog.Group("g", "v", v, slog.Group("h", "v", v)))
		})
		for _, raw := range rec.Raw() {
			require.NotContains(t, raw, "hunter2", name)
		}
	}
	rec := logging(t, func(ctx context.Context, log *zap.Logger) {
		log.Info("stringer", zap.Stringer("v", printing{[]any{err, *err, map[string]error{"e": err}}}))
		slog.New(observe.SlogHandler()).InfoContext(ctx, "m", slog.Group("g", "err", fmt.Errorf("pay: %w", err)))
	})
	observetest.RequireLog(t, rec, "INFO", "stringer", `v=[[refused: [REDACTED] {number [REDACTED]} map[e:refused: [REDACTED]]]]`)
	observetest.RequireLog(t, rec, "INFO", "m", "g.err.message=pay: refused: [REDACTED]", "g.err.cause.type=*observe_test.refusal")
}

type printing struct{ V any }

func (p printing) String() string { return fmt.Sprint([]any{p.V}) }
