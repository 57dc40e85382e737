package messagingtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/handover"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

func TestDeliverTakesOverWhatTheServiceSays(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	standard, fifo := queues.NewQueue("standard", nil), queues.NewQueue("orders.fifo", nil)
	ctx := handover.With(t.Context(), handover.Message{GroupID: "g", DeduplicationID: "d", Attributes: map[string]string{"ERROR_CODE": "X"}})
	require.NoError(t, standard.Deliver(ctx, []byte("1")))
	require.NoError(t, fifo.Deliver(ctx, []byte("1")))
	require.NoError(t, fifo.Deliver(ctx, []byte("again")))
	require.Len(t, fifo.Messages(), 1, "the deduplication id says that it is the same")
	require.NoError(t, fifo.DeliverGroup("other")(ctx, []byte("2")))
	require.Len(t, fifo.Messages(), 1, "so it does in another group")

	m := fifo.Messages()[0]
	require.Equal(t, []string{"g", "d", "X"}, []string{m.GroupID, m.DeduplicationID, m.Attributes["ERROR_CODE"]})
	m = standard.Messages()[0]
	require.Equal(t, []string{"g", "", "X"}, []string{m.GroupID, m.DeduplicationID, m.Attributes["ERROR_CODE"]})

	require.ErrorContains(t, fifo.Deliver(t.Context(), []byte("3")), "MessageGroupId", "by hand it has no group")
	require.ErrorIs(t, queues.Queue("none").Deliver(ctx, []byte("x")), messagingtest.ErrNoQueue)
}
