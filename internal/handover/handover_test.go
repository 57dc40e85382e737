package handover_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/handover"
)

func TestTheLastMessageIsTheOneThatCounts(t *testing.T) {
	require.Zero(t, handover.Of(t.Context()))
	ctx := handover.With(t.Context(), handover.Message{GroupID: "g", DeduplicationID: "d", Attributes: map[string]string{"a": "1"}})
	require.Equal(t, handover.Message{GroupID: "g", DeduplicationID: "d", Attributes: map[string]string{"a": "1"}}, handover.Of(ctx))
	require.Zero(t, handover.Of(handover.With(ctx, handover.Message{})), "a delivery inside another takes nothing over from it")
}

func TestNoTargetKeepsTheErrorAsItIs(t *testing.T) {
	err := handover.NoTarget(io.EOF)
	require.ErrorIs(t, err, handover.ErrNoTarget)
	require.ErrorIs(t, err, io.EOF)
	require.EqualError(t, err, "EOF")
}
