package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/messagingtest"
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
	require.NoError(t, handle(t.Context(), enveloped{"3", "{\"a\":\"\xff\"}"}))
	require.ErrorIs(t, handle(t.Context(), enveloped{"3", "{\"a\":\"\xfe\"}"}), idempotency.ErrConflict, "bytes that no text has")
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

// unread is a table from which nothing can be read for now.
type unread struct {
	*dynamodb.Client
	err error
}

func (u unread) GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return nil, u.err
}

// verdict is the error of an effect that no retry can help.
type verdict struct{ text string }

func (v verdict) Error() string { return v.text }
func (verdict) Permanent() bool { return true }

func TestADoneMessageIsNotParkedWhenItsMarkerCannotBeRead(t *testing.T) {
	refused := verdict{"already shipped"}
	throttled := &types.ProvisionedThroughputExceededException{Message: aws.String("slow down")}
	tests := []struct {
		name   string
		effect error // of the second run
		read   error
		parked bool
	}{
		{"poison, throttled", refused, throttled, false},
		{"poison, network", refused, errors.New("connection reset"), false},
		{"poison, server fault", refused, &types.InternalServerError{}, false},
		{"poison, out of time", refused, context.DeadlineExceeded, false},
		{"messaging's poison, throttled", messaging.Poison(refused), throttled, false},
		{"messaging's discard, throttled", messaging.Discard(refused), throttled, false},
		{"plain, throttled", errBoom, throttled, false},
		{"out of time, as was the effect", context.DeadlineExceeded, context.DeadlineExceeded, true},
	}
	for _, test := range tests {
		for _, receives := range []int{1, 9} {
			t.Run(fmt.Sprint(test.name, " ", receives), func(t *testing.T) {
				b := newBank(t)
				client := &unread{b.client, test.read}
				runs := 0
				var parked []messaging.Letter
				var out messaging.Outcome
				c := messaging.NewConsumer(idempotency.ExactlyOnce(idempotency.NewStore(client, "bank"), func(m messaging.Message[string]) string { return m.Body },
					func(context.Context, messaging.Message[string]) ([]types.TransactWriteItem, error) {
						if runs++; runs > 1 {
							return nil, test.effect
						}
						return []types.TransactWriteItem{add("b", 5)}, nil
					}), func(o *messaging.ConsumerOptions) {
					o.MaxReceives, o.DeadLetter = 5, park(func(l messaging.Letter) { parked = append(parked, l) })
					o.OnOutcome = func(_ context.Context, x messaging.Outcome) { out = x }
				})
				m := messagingtest.Message{Body: "k", ReceiveCount: receives}
				messagingtest.Deliver(t, c.HandleSQS, m).RequireAcked()
				d := messagingtest.Deliver(t, c.HandleSQS, m)
				if test.parked && receives > 5 {
					require.Len(t, parked, 1, "slow again and again is a failure of the message")
					return
				}
				d.RequireFailed()
				require.Empty(t, parked)
				require.ErrorIs(t, out.Err, test.read)
				require.ErrorContains(t, out.Err, test.effect.Error())
				require.Equal(t, messaging.VerdictRetried, out.Verdict)
			})
		}
	}
}

// A marker that cannot be written or taken for now says nothing about the message.
func TestFaultsOfTheTableAreNoFailuresOfTheMessage(t *testing.T) {
	b := newBank(t)
	handlers := map[string]func(context.Context, messaging.Message[string]) error{
		"TransactWriteItems": idempotency.ExactlyOnce(b.store, func(m messaging.Message[string]) string { return m.Body },
			func(context.Context, messaging.Message[string]) ([]types.TransactWriteItem, error) { return nil, nil }),
		"UpdateItem": idempotency.Leased(b.store, func(m messaging.Message[string]) string { return m.Body },
			func(context.Context, messaging.Message[string]) error { return nil }),
	}
	for operation, handler := range handlers {
		parked := 0
		c := messaging.NewConsumer(handler, func(o *messaging.ConsumerOptions) {
			o.MaxReceives, o.DeadLetter = 5, park(func(messaging.Letter) { parked++ })
		})
		m := messagingtest.Message{Body: operation, ReceiveCount: 9}
		messagingtest.Deliver(t, c.HandleSQS, m).RequireAcked()
		b.Throttle(operation)
		messagingtest.Deliver(t, c.HandleSQS, m).RequireFailed()
		b.Fail(operation, &types.ResourceNotFoundException{Message: aws.String("no table")})
		require.Zero(t, parked)
		messagingtest.Deliver(t, c.HandleSQS, m)
		require.Equal(t, 1, parked, "what does not pass by itself is counted")
	}
}

type park func(messaging.Letter)

func (p park) Park(_ context.Context, l messaging.Letter) error {
	p(l)
	return nil
}

func TestALostReplyOfTheTransaction(t *testing.T) {
	b := newBank(t)
	b.give(t, "a", 100)
	b.DropReply("TransactWriteItems")
	require.Error(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 60}), "without SDK retries nobody knows")
	require.NoError(t, b.once()(t.Context(), transfer{ID: "t-1", Amount: 60}))
	require.Equal(t, "60", b.balance(t, "b"))
}

func TestTooManyWritesIsPermanent(t *testing.T) {
	b := newBank(t)
	writes := 100
	effect := func() []types.TransactWriteItem {
		items := make([]types.TransactWriteItem, writes)
		for i := range items {
			items[i] = add(fmt.Sprint("a", i), 1)
		}
		return items
	}
	handle := idempotency.ExactlyOnce(b.store, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) { return effect(), nil })
	for name, call := range map[string]func() error{
		"ExactlyOnce": func() error { return handle(t.Context(), transfer{ID: "t-1"}) },
		"Transact": func() error {
			_, err := idempotency.Transact(t.Context(), b.store, "t-1", 1, func(context.Context) ([]types.TransactWriteItem, int, error) { return effect(), 1, nil })
			return err
		},
		"Commit": func() error {
			return idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
				return idempotency.LeaseOf(ctx).Commit(ctx, nil, effect()...)
			})(t.Context(), transfer{ID: "t-1"})
		},
	} {
		err := call()
		require.EqualError(t, err, "idempotency: t-1: 100 writes, a transaction has room for 99 and the marker", name)
		require.ErrorIs(t, err, idempotency.ErrTooManyWrites)
		many, ok := errors.AsType[*idempotency.TooManyWritesError](err)
		require.True(t, ok)
		require.Equal(t, 100, many.Writes)
		require.True(t, permanent(err))
	}
	writes = 99
	require.NoError(t, handle(t.Context(), transfer{ID: "t-2"}))
	writes = 100
	require.NoError(t, handle(t.Context(), transfer{ID: "t-2"}), "done before, with fewer")
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
