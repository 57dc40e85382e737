package correlation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
)

func TestIDAndTraceAreIndependent(t *testing.T) {
	ctx := context.Background()
	require.Empty(t, correlation.ID(ctx))
	require.Empty(t, correlation.Trace(ctx))

	ctx = correlation.With(ctx, "c-1")
	traced := correlation.WithTrace(ctx, "Root=1-0;Sampled=1")
	require.Equal(t, "c-1", correlation.ID(traced))
	require.Equal(t, "Root=1-0;Sampled=1", correlation.Trace(traced))

	require.Empty(t, correlation.Trace(ctx), "the parent is left as it was")
	other := correlation.With(traced, "c-2")
	require.Equal(t, "c-2", correlation.ID(other))
	require.Equal(t, "Root=1-0;Sampled=1", correlation.Trace(other))
	require.Equal(t, "c-1", correlation.ID(traced))
	require.Empty(t, correlation.ID(correlation.With(traced, "")))
}
