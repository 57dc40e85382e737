package backoff_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/backoff"
)

func TestExponential(t *testing.T) {
	for attempt, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		require.Equal(t, want*time.Second, backoff.Exponential(attempt, time.Second, 10*time.Second))
	}
	require.Equal(t, time.Second, backoff.Exponential(-3, time.Second, time.Minute))
	require.Equal(t, time.Hour, backoff.Exponential(1_000_000, time.Second, time.Hour), "no overflow")
	require.Equal(t, time.Second, backoff.Exponential(0, time.Minute, time.Second))
	require.Zero(t, backoff.Exponential(3, 0, time.Second))
}

func TestFullStaysWithinItsBounds(t *testing.T) {
	distinct := map[time.Duration]bool{}
	for range 1000 {
		d := backoff.Full(3, time.Second, time.Minute)
		require.GreaterOrEqual(t, d, time.Second)
		require.LessOrEqual(t, d, 8*time.Second)
		distinct[d] = true
	}
	require.Greater(t, len(distinct), 100)
	require.Equal(t, time.Second, backoff.Full(0, time.Second, time.Minute))
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.NoError(t, backoff.Sleep(t.Context(), time.Hour))
		require.Equal(t, time.Hour, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, backoff.Sleep(ctx, time.Hour), context.DeadlineExceeded)
		require.ErrorIs(t, backoff.Sleep(ctx, 0), context.DeadlineExceeded)
	})
}
