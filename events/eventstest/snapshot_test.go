package eventstest_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events/eventstest"
)

const queueARN = "arn:aws:sqs:us-east-1:123456789012:orders"

func TestSnapshotRestoreResetAndDump(t *testing.T) {
	bus := eventstest.New(t)
	var delivered int
	bus.Target(queueARN, func(context.Context, []byte) error { delivered++; return nil })
	putRule(t, bus.Client(), "r", `{"source":["shop"]}`, types.Target{Id: aws.String("t"), Arn: aws.String(queueARN)})
	put(t, bus.Client(), entry(`{}`))
	before, dump := bus.Snapshot(), bus.Dump()
	require.Contains(t, dump, "bus default\n  rule r, ENABLED: {\"source\":[\"shop\"]}\n    target ")
	require.Contains(t, dump, "pending: event "+bus.Events()[0].ID+" to "+queueARN+" after 0 attempts\n")
	for i := range 2 {
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, i+1, delivered)
		_, err := bus.Client().DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: aws.String("r")})
		require.NoError(t, err)
		require.Zero(t, bus.Pending())
		bus.Restore(before)
		require.Equal(t, dump, bus.Dump())
		require.Equal(t, 1, bus.Pending())
		require.Empty(t, bus.Deliveries())
	}
	put(t, bus.Client(), entry(`{}`))
	require.Equal(t, 2, bus.Pending(), "the rule is enabled again")

	bus.Throttle("").Times(-1)
	bus.Reset()
	require.Empty(t, bus.Dump())
	require.Empty(t, bus.Events())
	require.Empty(t, bus.Journal())
	require.Zero(t, bus.Pending())
	for want, call := range map[string]func(){
		"eventstest: Restore: the snapshot is nil":                                   func() { bus.Restore(nil) },
		"eventstest: Restore: the snapshot is empty; EventBridge.Snapshot makes one": func() { bus.Restore(&eventstest.Snapshot{}) },
		"eventstest: Restore: the snapshot is of another EventBridge":                func() { bus.Restore(eventstest.New(t).Snapshot()) },
	} {
		require.PanicsWithValue(t, want, call)
	}
}
