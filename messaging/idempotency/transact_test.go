package idempotency_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/idempotency"
)

func (b bank) once(optFns ...func(*idempotency.CallOptions)) func(context.Context, transfer) error {
	return idempotency.ExactlyOnce(b.store, transferID, func(_ context.Context, m transfer) ([]types.TransactWriteItem, error) {
		return []types.TransactWriteItem{take("a", m.Amount), add("b", m.Amount)}, nil
	}, optFns...)
}

func TestExactlyOnceHasOneEffect(t *testing.T) {
	b := newBank(t)
	b.give(t, "a", 100)
	handle := b.once()
	for i := range 3 {
		require.NoError(t, handle(t.Context(), transfer{ID: "t-1", Amount: 60, Delivery: i}))
	}
	require.Equal(t, "40", b.balance(t, "a"), "the second would not even have the money")
	require.Equal(t, "60", b.balance(t, "b"))
}

func TestExactlyOnceHandsOutRefusalsOfTheCallersWrites(t *testing.T) {
	b := newBank(t)
	b.give(t, "a", 10)
	err := b.once()(t.Context(), transfer{ID: "t-1", Amount: 60})
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	require.True(t, ok)
	require.Len(t, canceled.CancellationReasons, 3)
	require.Equal(t, "ConditionalCheckFailed", *canceled.CancellationReasons[0].Code)
	require.Equal(t, "None", *canceled.CancellationReasons[2].Code, "the marker is last")
	b.give(t, "a", 90)
	require.NoError(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 60}))
	require.Equal(t, "60", b.balance(t, "b"))
}

func TestExactlyOnceOnlyTheMarkerMeansDone(t *testing.T) {
	b := newBank(t)
	b.give(t, "a", 100)
	for _, fault := range []error{
		&types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{{Code: aws.String("ConditionalCheckFailed")}, {Code: aws.String("None")}, {Code: aws.String("TransactionConflict")}}},
		&types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{{Code: aws.String("None")}, {Code: aws.String("None")}, {Code: aws.String("ThrottlingError")}}},
		&types.ProvisionedThroughputExceededException{},
		errors.New("connection reset"),
	} {
		s := idempotency.NewStore(failing{b.client, fault}, "bank")
		err := idempotency.ExactlyOnce(s, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{add("b", 1), add("c", 1)}, nil
		})(t.Context(), transfer{ID: "t-1"})
		require.ErrorIs(t, err, fault)
	}
}

func TestConflictsWithOtherTransactionsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t)
		conflict := &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{
			{Code: aws.String("TransactionConflict")}, {Code: aws.String("None")}, {Code: aws.String("ThrottlingError")},
		}}
		client := &flaky{Client: b.client, err: conflict, times: 3}
		s := idempotency.NewStore(client, "bank")
		handle := idempotency.ExactlyOnce(s, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) {
			return []types.TransactWriteItem{add("b", 1), add("c", 1)}, nil
		})
		require.NoError(t, handle(t.Context(), transfer{ID: "t-1"}))
		require.Equal(t, "1", b.balance(t, "b"))
		client.times = 4
		require.ErrorIs(t, handle(t.Context(), transfer{ID: "t-2"}), conflict)
	})
}

// flaky answers some transactions with an error before it lets one through.
type flaky struct {
	*dynamodb.Client
	err   error
	times int
}

func (f *flaky) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, optFns ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if f.times > 0 {
		f.times--
		return nil, f.err
	}
	return f.Client.TransactWriteItems(ctx, in, optFns...)
}

// failing answers every transaction with an error.
type failing struct {
	*dynamodb.Client
	err error
}

func (f failing) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return nil, f.err
}

func TestAnotherPayloadIsAConflict(t *testing.T) {
	b := newBank(t)
	b.give(t, "a", 100)
	require.NoError(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 6}))
	err := b.once()(t.Context(), transfer{ID: "t-1", Amount: 7})
	require.ErrorIs(t, err, idempotency.ErrConflict)
	require.True(t, permanent(err))
	require.EqualError(t, err, "idempotency: t-1: the key was used with another payload")
	require.NoError(t, b.once(func(o *idempotency.CallOptions) { o.IgnorePayload = true })(t.Context(), transfer{ID: "t-1", Amount: 7}))
	require.Equal(t, "6", b.balance(t, "b"))
}

// enveloped has a Payload method, as messages have.
type enveloped struct{ id, body string }

func (e enveloped) Payload() []byte { return []byte(e.body) }

func TestPayloadsAreComparedAsJSON(t *testing.T) {
	b := newBank(t)
	handle := idempotency.ExactlyOnce(b.store, func(e enveloped) string { return e.id }, func(context.Context, enveloped) ([]types.TransactWriteItem, error) {
		return []types.TransactWriteItem{add("b", 1)}, nil
	})
	require.NoError(t, handle(t.Context(), enveloped{"1", `{"a":1,"b":[1,2.50]}`}))
	require.NoError(t, handle(t.Context(), enveloped{"1", ` { "b":[1,2.50], "a":1 } `}))
	require.ErrorIs(t, handle(t.Context(), enveloped{"1", `{"a":1,"b":[2.50,1]}`}), idempotency.ErrConflict)
	require.NoError(t, handle(t.Context(), enveloped{"2", `not json`}))
	require.ErrorIs(t, handle(t.Context(), enveloped{"2", `not  json`}), idempotency.ErrConflict)
}

func TestAFailingEffectOfADuplicateIsDone(t *testing.T) {
	b := newBank(t)
	runs := 0
	boom := errors.New("already shipped")
	handle := idempotency.ExactlyOnce(b.store, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) {
		if runs++; runs > 1 {
			return nil, boom
		}
		return []types.TransactWriteItem{add("b", 1)}, nil
	})
	require.NoError(t, handle(t.Context(), transfer{ID: "t-1"}))
	require.NoError(t, handle(t.Context(), transfer{ID: "t-1"}))
	require.ErrorIs(t, handle(t.Context(), transfer{ID: "t-1", Amount: 1}), idempotency.ErrConflict)
	require.ErrorIs(t, handle(t.Context(), transfer{ID: "t-2"}), boom)
}

func TestALostReplyOfTheTransaction(t *testing.T) {
	b := newBank(t)
	b.give(t, "a", 100)
	b.DropReply("TransactWriteItems")
	require.Error(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 60}), "without SDK retries nobody knows")
	require.NoError(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 60}))
	require.Equal(t, "60", b.balance(t, "b"))
}

func TestTooManyWrites(t *testing.T) {
	b := newBank(t)
	err := idempotency.ExactlyOnce(b.store, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) {
		return make([]types.TransactWriteItem, 100), nil
	})(t.Context(), transfer{ID: "t-1"})
	require.EqualError(t, err, "idempotency: t-1: 100 writes, a transaction has room for 99 and the marker")
}

func TestTheCallersSliceIsLeftAlone(t *testing.T) {
	b := newBank(t)
	items := make([]types.TransactWriteItem, 1, 2)
	items[0] = add("b", 1)
	require.NoError(t, idempotency.ExactlyOnce(b.store, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) {
		return items, nil
	})(t.Context(), transfer{ID: "t-1"}))
	require.Zero(t, items[:2][1])
}

type receipt struct {
	ID   string
	Text string
}

func TestTransactReplaysTheAnswer(t *testing.T) {
	b := newBank(t)
	var replayed bool
	post := func(text string) (receipt, error) {
		return idempotency.Transact(t.Context(), b.store, "t-1", "payload", func(context.Context) ([]types.TransactWriteItem, receipt, error) {
			return []types.TransactWriteItem{add("b", 5)}, receipt{"r-1", text}, nil
		}, func(o *idempotency.CallOptions) { o.Replayed = &replayed })
	}
	r, err := post("first")
	require.NoError(t, err)
	require.Equal(t, receipt{"r-1", "first"}, r)
	require.False(t, replayed)
	r, err = post("second")
	require.NoError(t, err)
	require.Equal(t, receipt{"r-1", "first"}, r)
	require.True(t, replayed)
	require.Equal(t, "5", b.balance(t, "b"))
}

func TestTransactCompressesLargeAnswersAndNeverFailsAfterTheEffect(t *testing.T) {
	b := newBank(t)
	post := func(key, answer string) (string, error) {
		return idempotency.Transact(t.Context(), b.store, key, 1, func(context.Context) ([]types.TransactWriteItem, string, error) {
			return []types.TransactWriteItem{add("b", 1)}, answer, nil
		})
	}
	big := strings.Repeat("0123456789", 100_000)
	for range 2 {
		got, err := post("t-1", big)
		require.NoError(t, err)
		require.Equal(t, big, got)
	}
	noise := incompressible(600 << 10)
	got, err := post("t-2", noise)
	require.NoError(t, err)
	require.Equal(t, noise, got)
	_, err = post("t-2", noise)
	require.ErrorIs(t, err, idempotency.ErrAnswerNotKept)
	require.Equal(t, "2", b.balance(t, "b"))
}

func incompressible(n int) string {
	var out strings.Builder
	for x := uint64(1); out.Len() < n; x = x*6364136223846793005 + 1442695040888963407 {
		out.WriteByte('0' + byte(x>>58))
	}
	return out.String()
}

func TestExpiryIsComparedAndNotLeftToDeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, func(o *idempotency.Options) { o.Retention, o.Skew = time.Hour, 10*time.Second })
		b.give(t, "a", 100)
		require.NoError(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 10}))
		time.Sleep(time.Hour + 5*time.Second)
		require.NoError(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 10}))
		require.Equal(t, "10", b.balance(t, "b"), "another clock may be behind")
		time.Sleep(10 * time.Second)
		require.NoError(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 10}))
		require.Equal(t, "20", b.balance(t, "b"))
	})
}
