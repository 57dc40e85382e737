package idempotency_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/idempotency"
)

var errBoom = errors.New("boom")

func TestDoStoresItsAnswer(t *testing.T) {
	b := newBank(t)
	runs := 0
	var replayed bool
	do := func(payload string) (receipt, error) {
		return idempotency.Do(t.Context(), b.store, "k", payload, func(ctx context.Context, l *idempotency.Lease) (receipt, error) {
			runs++
			require.Same(t, l, idempotency.LeaseOf(ctx))
			require.Equal(t, "k", l.Key())
			return receipt{ID: "r-1"}, nil
		}, func(o *idempotency.CallOptions) { o.Replayed = &replayed })
	}
	for i := range 3 {
		r, err := do("p")
		require.NoError(t, err)
		require.Equal(t, "r-1", r.ID)
		require.Equal(t, i > 0, replayed)
	}
	require.Equal(t, 1, runs)
	_, err := do("q")
	require.ErrorIs(t, err, idempotency.ErrConflict)
}

func TestAFailedRunGivesTheKeyBack(t *testing.T) {
	b := newBank(t)
	var fences []int64
	fail := func(context.Context, transfer) error { return errBoom }
	require.ErrorIs(t, idempotency.Leased(b.store, transferID, fail)(t.Context(), transfer{ID: "t-1", Amount: 1}), errBoom)
	r, found, err := b.store.Get(t.Context(), "t-1")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, idempotency.StatusFree, r.Status)

	ok := idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
		fences = append(fences, idempotency.LeaseOf(ctx).Fence())
		return nil
	})
	require.NoError(t, ok(t.Context(), transfer{ID: "t-1", Amount: 2}), "a corrected payload may follow a failure")
	require.NoError(t, ok(t.Context(), transfer{ID: "t-1", Amount: 2}))
	require.Equal(t, []int64{2}, fences, "fences rise, also past a failure")
}

func TestAPanicAndAGoexitGiveTheKeyBack(t *testing.T) {
	b := newBank(t)
	require.PanicsWithValue(t, "no", func() {
		_ = idempotency.Leased(b.store, transferID, func(context.Context, transfer) error { panic("no") })(t.Context(), transfer{ID: "t-1"})
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = idempotency.Leased(b.store, transferID, func(context.Context, transfer) error { runtime.Goexit(); return nil })(t.Context(), transfer{ID: "t-1"})
	})
	wg.Wait()
	require.NoError(t, idempotency.Leased(b.store, transferID, func(context.Context, transfer) error { return nil })(t.Context(), transfer{ID: "t-1"}))
}

func TestInProgressElsewhereSaysWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, func(o *idempotency.Options) { o.Lease, o.Skew = 30*time.Second, 2*time.Second })
		go func() {
			_ = idempotency.Leased(b.store, transferID, func(context.Context, transfer) error { time.Sleep(10 * time.Second); return nil })(t.Context(), transfer{ID: "t-1"})
		}()
		time.Sleep(5 * time.Second)
		never := func(context.Context, transfer) error { t.Error("ran beside its owner"); return nil }
		err := idempotency.Leased(b.store, transferID, never)(t.Context(), transfer{ID: "t-1"})
		require.ErrorIs(t, err, idempotency.ErrInProgress)
		busy, ok := errors.AsType[interface {
			error
			RetryAfter() time.Duration
		}](err)
		require.True(t, ok)
		require.Equal(t, 27*time.Second, busy.RetryAfter())
		// The transactional form respects a lease as well.
		err = idempotency.ExactlyOnce(b.store, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) { return nil, nil })(t.Context(), transfer{ID: "t-1"})
		require.ErrorIs(t, err, idempotency.ErrInProgress)
		time.Sleep(10 * time.Second)
		require.NoError(t, idempotency.Leased(b.store, transferID, never)(t.Context(), transfer{ID: "t-1"}), "done by now")
	})
}

func TestALeaseIsRenewedWhileTheHandlerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, func(o *idempotency.Options) { o.Lease = 30 * time.Second })
		runs := 0
		slow := idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
			runs++
			time.Sleep(10 * time.Minute)
			return ctx.Err()
		})
		done := make(chan error)
		go func() { done <- slow(t.Context(), transfer{ID: "t-1"}) }()
		for range 9 {
			time.Sleep(time.Minute)
			require.ErrorIs(t, slow(t.Context(), transfer{ID: "t-1"}), idempotency.ErrInProgress)
		}
		require.NoError(t, <-done)
		require.Equal(t, 1, runs)
	})
}

// frozen is a process whose requests hang until it thaws, as a Lambda function
// that is frozen between invocations.
type frozen struct {
	*dynamodb.Client
	mu     sync.Mutex
	thawed chan struct{}
}

func (f *frozen) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	f.mu.Lock()
	wait := f.thawed
	f.mu.Unlock()
	if wait != nil {
		<-wait
	}
	return f.Client.UpdateItem(context.WithoutCancel(ctx), in, optFns...)
}

func (f *frozen) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.thawed = make(chan struct{})
}

func TestAStaleRunOverwritesNothing(t *testing.T) {
	for name, staleErr := range map[string]error{"that succeeds": nil, "that fails": errBoom} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBank(t, func(o *idempotency.Options) { o.Lease, o.Skew = 30*time.Second, -1 })
				slow := &frozen{Client: b.client}
				stale := idempotency.NewStore(slow, "bank", func(o *idempotency.Options) { o.Lease, o.Skew = 30*time.Second, -1 })
				started, done := make(chan struct{}), make(chan error)
				var cause error
				go func() {
					done <- idempotency.Leased(stale, transferID, func(ctx context.Context, _ transfer) error {
						slow.freeze()
						close(started)
						<-ctx.Done()
						cause = context.Cause(ctx)
						return staleErr
					})(t.Context(), transfer{ID: "t-1"})
				}()
				<-started
				time.Sleep(31 * time.Second)
				answer, err := idempotency.Do(t.Context(), b.store, "t-1", transfer{ID: "t-1"}, func(_ context.Context, l *idempotency.Lease) (string, error) {
					require.EqualValues(t, 2, l.Fence())
					return "winner", nil
				})
				require.NoError(t, err)
				require.Equal(t, "winner", answer)
				close(slow.thawed)
				err = <-done
				require.ErrorIs(t, cause, idempotency.ErrLeaseLost, "its context ended with the lease")
				if staleErr == nil {
					lost, ok := errors.AsType[*idempotency.LeaseLostError](err)
					require.True(t, ok)
					require.Equal(t, idempotency.StatusDone, lost.Winner.Status)
					require.EqualValues(t, 2, lost.Winner.Fence)
					require.EqualError(t, err, "idempotency: t-1: lease 1 is lost to lease 2, which is DONE")
				} else {
					require.ErrorIs(t, err, errBoom)
				}
				again, err := idempotency.Do(t.Context(), b.store, "t-1", transfer{ID: "t-1"}, func(context.Context, *idempotency.Lease) (string, error) {
					return "", errors.New("ran again")
				})
				require.NoError(t, err)
				require.Equal(t, "winner", again)
			})
		})
	}
}

func TestAnAbandonedLeaseIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, func(o *idempotency.Options) { o.Lease, o.Skew = 30*time.Second, 5*time.Second })
		dead := idempotency.NewStore(mute{b.client}, "bank")
		require.Error(t, idempotency.Leased(dead, transferID, func(context.Context, transfer) error { return nil })(t.Context(), transfer{ID: "t-1"}))
		run := idempotency.Leased(b.store, transferID, func(context.Context, transfer) error { return nil })
		require.ErrorIs(t, run(t.Context(), transfer{ID: "t-1"}), idempotency.ErrInProgress)
		time.Sleep(34 * time.Second)
		require.ErrorIs(t, run(t.Context(), transfer{ID: "t-1"}), idempotency.ErrInProgress, "the other clock may be behind")
		time.Sleep(2 * time.Second)
		require.ErrorIs(t, run(t.Context(), transfer{ID: "t-1", Amount: 1}), idempotency.ErrConflict)
		require.NoError(t, run(t.Context(), transfer{ID: "t-1"}))
	})
}

// mute is a process that crashes after it took the lease.
type mute struct{ *dynamodb.Client }

func (m mute) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if _, acquire := in.ExpressionAttributeValues[":one"]; !acquire {
		return nil, errors.New("crashed")
	}
	return m.Client.UpdateItem(ctx, in, optFns...)
}

func TestAnOwnWriteWhoseAnswerWasLostIsRecognized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t)
		retrying := dynamodb.NewFromConfig(b.Join(aws.Config{}), func(o *dynamodb.Options) { o.RetryMaxAttempts = 3 })
		s := idempotency.NewStore(retrying, "bank")
		b.DropReply("UpdateItem").Times(1)
		runs := 0
		require.NoError(t, idempotency.Leased(s, transferID, func(context.Context, transfer) error {
			runs++
			b.DropReply("UpdateItem").Times(1) // of the completion, too
			return nil
		})(t.Context(), transfer{ID: "t-1"}))
		require.Equal(t, 1, runs)
	})
}

func TestCommitJoinsEffectAndCompletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, func(o *idempotency.Options) { o.Skew = -1 })
		commit := func(ctx context.Context, l *idempotency.Lease) (receipt, error) {
			r := receipt{ID: "r-1"}
			return r, l.Commit(ctx, r, add("b", 5))
		}
		for range 2 {
			r, err := idempotency.Do(t.Context(), b.store, "k", 1, commit)
			require.NoError(t, err)
			require.Equal(t, "r-1", r.ID)
		}
		require.Equal(t, "5", b.balance(t, "b"))

		_, err := idempotency.Do(t.Context(), b.store, "k2", 1, func(ctx context.Context, l *idempotency.Lease) (receipt, error) {
			before := l.Until()
			require.NoError(t, func() error { time.Sleep(time.Second); return l.Renew(ctx) }())
			require.True(t, l.Until().After(before))
			return receipt{}, l.Commit(ctx, nil, take("b", 50))
		})
		canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
		require.True(t, ok)
		require.Equal(t, "ConditionalCheckFailed", *canceled.CancellationReasons[0].Code)
		require.Equal(t, "5", b.balance(t, "b"))
	})
}

func TestASecondCommitIsRefused(t *testing.T) {
	b := newBank(t)
	leased := idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
		l := idempotency.LeaseOf(ctx)
		require.ErrorAs(t, l.Commit(ctx, nil, take("b", 50)), new(*types.TransactionCanceledException), "nobody has 50")
		require.NoError(t, l.Commit(ctx, nil, add("b", 5)), "one that was refused may be followed by another")
		for range 2 {
			err := l.Commit(ctx, nil, add("b", 100))
			require.ErrorIs(t, err, idempotency.ErrCommitted)
			committed, ok := errors.AsType[*idempotency.CommittedError](err)
			require.True(t, ok)
			require.Equal(t, "t-1", committed.Key)
			require.False(t, permanent(err))
		}
		require.ErrorIs(t, l.Commit(ctx, nil), idempotency.ErrCommitted, "without writes, too")
		return nil
	})
	require.NoError(t, leased(t.Context(), transfer{ID: "t-1"}))
	require.NoError(t, leased(t.Context(), transfer{ID: "t-1"}))
	require.Equal(t, "5", b.balance(t, "b"))
}

func TestOneOfManyCommitsTakesEffect(t *testing.T) {
	b := newBank(t)
	require.NoError(t, idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
		l := idempotency.LeaseOf(ctx)
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = l.Commit(ctx, nil, add("b", 5)) })
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else {
				require.ErrorIs(t, err, idempotency.ErrCommitted)
			}
		}
		require.Equal(t, 1, done)
		return nil
	})(t.Context(), transfer{ID: "t-1"}))
	require.Equal(t, "5", b.balance(t, "b"))
}

func TestACommitAfterOneWithALostReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t)
		retrying := idempotency.NewStore(dynamodb.NewFromConfig(b.Join(aws.Config{})), "bank")
		for name, store := range map[string]*idempotency.Store{"told": b.store, "found out by the SDK's retry": retrying} {
			b.DropReply("TransactWriteItems")
			require.NoError(t, idempotency.Leased(store, transferID, func(ctx context.Context, m transfer) error {
				l := idempotency.LeaseOf(ctx)
				err := l.Commit(ctx, nil, add(m.ID, 5))
				if store == b.store {
					require.Error(t, err, "nobody knows")
				} else {
					require.NoError(t, err)
				}
				require.ErrorIs(t, l.Commit(ctx, nil, add(m.ID, 7)), idempotency.ErrCommitted)
				return nil
			})(t.Context(), transfer{ID: name}))
			require.Equal(t, "5", b.balance(t, name))
		}
	})
}

func TestACommitAfterTheRunIsRefused(t *testing.T) {
	b := newBank(t)
	for name, result := range map[string]error{"done": nil, "failed": errBoom} {
		var escaped *idempotency.Lease
		_ = idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
			escaped = idempotency.LeaseOf(ctx)
			return result
		})(t.Context(), transfer{ID: name})
		err := escaped.Commit(t.Context(), nil, add("b", 5))
		if result == nil {
			require.ErrorIs(t, err, idempotency.ErrCommitted)
		} else {
			require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		}
	}
	require.Empty(t, b.balance(t, "b"))
}

func TestAKeyThatWasGivenBackForgetsItsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, func(o *idempotency.Options) { o.Retention = time.Hour })
		run := idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
			return idempotency.LeaseOf(ctx).Commit(ctx, nil, add("b", 5))
		})
		require.NoError(t, run(t.Context(), transfer{ID: "t-1"}))
		time.Sleep(2 * time.Hour)
		require.NoError(t, run(t.Context(), transfer{ID: "t-1"}), "the first is forgotten by now")
		require.Equal(t, "10", b.balance(t, "b"))
	})
}

// A handler that goes on after its Commit has nothing to lose.
func TestALeaseIsNotLostAfterItsCommit(t *testing.T) {
	for name, inject := range map[string]func(bank){
		"answered":       func(bank) {},
		"its reply lost": func(b bank) { b.DropReply("TransactWriteItems") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBank(t)
				runs := 0
				handle := idempotency.Leased(b.store, transferID, func(ctx context.Context, _ transfer) error {
					runs++
					l := idempotency.LeaseOf(ctx)
					time.Sleep(9 * time.Second)
					inject(b)
					if err := l.Commit(ctx, nil, add("a", 5)); err != nil && name == "answered" {
						return err
					}
					time.Sleep(5 * time.Minute)
					return errors.Join(ctx.Err(), l.Renew(ctx))
				})
				require.NoError(t, handle(t.Context(), transfer{ID: "1"}))
				require.NoError(t, handle(t.Context(), transfer{ID: "1"}))
				require.Equal(t, 1, runs)
				require.Equal(t, "5", b.balance(t, "a"))
			})
		})
	}
}
