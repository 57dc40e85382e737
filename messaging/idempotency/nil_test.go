package idempotency_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/idempotency"
)

func TestNothingThatIsNilOrZeroIsDereferenced(t *testing.T) {
	ctx := t.Context()
	run := func(context.Context, *idempotency.Lease) (int, error) { return 1, nil }
	effect := func(context.Context) ([]types.TransactWriteItem, int, error) { return nil, 1, nil }
	for name, s := range map[string]*idempotency.Store{"nil": nil, "zero": {}} {
		for _, call := range []func() error{
			func() error { _, err := idempotency.Do(ctx, s, "k", 1, run, nil); return err },
			func() error { _, err := idempotency.Transact(ctx, s, "k", 1, effect, nil); return err },
			func() error { _, _, err := s.Get(ctx, "k"); return err },
		} {
			require.NotPanics(t, func() { require.Error(t, call(), name) }, name)
		}
	}
	b := newBank(t)
	require.PanicsWithValue(t, "idempotency: Do: the function is nil", func() { _, _ = idempotency.Do[int](ctx, b.store, "k", 1, nil) })
	require.PanicsWithValue(t, "idempotency: Transact: the effect is nil", func() { _, _ = idempotency.Transact[int](ctx, b.store, "k", 1, nil) })
	require.PanicsWithValue(t, "idempotency: Leased: the store is nil; the key function is nil; the handler is nil",
		func() { idempotency.Leased[string](nil, nil, nil) })
	require.PanicsWithValue(t, "idempotency: ExactlyOnce: the store is nil; the key function is nil; the effect is nil",
		func() { idempotency.ExactlyOnce[string](nil, nil, nil) })
	for _, l := range []*idempotency.Lease{nil, {}} {
		require.NotPanics(t, func() {
			require.ErrorContains(t, l.Commit(ctx, nil), "there is no lease")
			require.ErrorContains(t, l.Renew(ctx), "there is no lease")
			require.Empty(t, l.Key())
			require.Zero(t, l.Fence())
			require.True(t, l.Until().IsZero())
		})
	}
	for _, err := range []error{
		&idempotency.InProgressError{}, &idempotency.ConflictError{}, &idempotency.LeaseLostError{}, &idempotency.CommittedError{}, &idempotency.TooManyWritesError{},
	} {
		require.NotEmpty(t, err.Error())
	}
}
