package idempotency

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/awsid"
)

// finishTime is how long a run may take to record its outcome after its context
// ended: the effect happened, so this is no time to give up.
const finishTime = 3 * time.Second

// Lease is the right of one run to work on a key, for a while. It ends by time,
// so it cannot keep an effect outside of the table from happening twice; Commit
// can, and so can a service that refuses fences lower than one it has seen.
type Lease struct {
	store *Store
	key   string
	owner string
	fence int64
	hash  string

	mu        sync.Mutex
	until     time.Time
	committed bool

	committing sync.Mutex // held by one Commit at a time
}

// Key returns the key that the lease is for.
func (l *Lease) Key() string {
	if l == nil {
		return ""
	}
	return l.key
}

// Fence returns the fencing token: it rises with every run that takes the key,
// as long as the record lives.
func (l *Lease) Fence() int64 {
	if l == nil {
		return 0
	}
	return l.fence
}

// Until returns when the lease ends, by this process's clock.
func (l *Lease) Until() time.Time {
	if l == nil {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

var errNoLease = errors.New("idempotency: there is no lease: the handler runs neither under Leased nor under Do")

type leaseKey struct{}

// LeaseOf returns the lease under which Leased or Do runs a handler, or nil.
func LeaseOf(ctx context.Context) *Lease {
	l, _ := ctx.Value(leaseKey{}).(*Lease)
	return l
}

// acquireLease takes the key. It returns a record instead if the key is done.
func (s *Store) acquireLease(ctx context.Context, key, sum string) (*Lease, Record, error) {
	owner, now := awsid.UUID(), time.Now()
	l := &Lease{store: s, key: key, owner: owner, hash: sum, until: now.Add(s.o.Lease)}
	out, err := s.client.UpdateItem(ctx, s.acquire(key, owner, sum, now).input(s.table))
	if err == nil {
		l.fence = s.read(out.Attributes).Fence
		return l, Record{}, nil
	}
	r, refused, err := s.refused(ctx, key, "acquire", err)
	if !refused {
		return nil, Record{}, err
	}
	if r.Owner == owner && r.Status == StatusRunning { // our own write, whose answer was lost
		l.fence = r.Fence
		return l, Record{}, nil
	}
	r, done, err := s.known(key, owner, sum, r)
	if done {
		return nil, r, nil
	}
	if err == nil { // free by now
		err = &InProgressError{Key: key, Until: now}
	}
	return nil, Record{}, err
}

// refused reads the record that made a conditional update fail. ok is
// false for every other error, which is then wrapped.
func (s *Store) refused(ctx context.Context, key, verb string, err error) (r Record, ok bool, _ error) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return Record{}, false, fault(key, verb, err)
	}
	if len(failed.Item) > 0 {
		return s.read(failed.Item), true, nil
	}
	r, _, getErr := s.Get(ctx, key)
	if getErr != nil {
		return Record{}, false, unknown(key, err, getErr)
	}
	return r, true, nil
}

// Renew extends the lease to the store's Lease from now. Leased and Do renew by
// themselves while the handler runs. After a Commit there is nothing to renew,
// and Renew returns nil.
func (l *Lease) Renew(ctx context.Context) error {
	if l == nil || l.store == nil {
		return errNoLease
	}
	if l.isCommitted() {
		return nil
	}
	now := time.Now()
	until := now.Add(l.store.o.Lease)
	err := l.write(ctx, "renew", l.store.renew(l.key, l.owner, until, now), StatusRunning)
	if lost, ok := errors.AsType[*LeaseLostError](err); ok && lost.Winner.Owner == l.owner && lost.Winner.Status == StatusDone {
		l.wasCommitted() // meanwhile, or by one whose answer was lost
		return nil
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.until = until
	l.mu.Unlock()
	return nil
}

// write does an owner's update. A refusal is a *LeaseLostError, unless the
// record shows that it is our own write whose answer was lost.
func (l *Lease) write(ctx context.Context, verb string, u *update, want Status) error {
	_, err := l.store.client.UpdateItem(ctx, u.input(l.store.table))
	if err == nil {
		return nil
	}
	r, refused, err := l.store.refused(ctx, l.key, verb, err)
	if !refused {
		return err
	}
	if r.Owner == l.owner && r.Status == want {
		return nil
	}
	return &LeaseLostError{l.key, l.fence, r}
}

// Commit commits the writes together with the completion of the key, if this
// run still owns it: the effect and its record are one, so it happens exactly
// once. A later call with the key returns answer, which may be nil. After
// a Commit, Do and Leased record nothing more.
//
// One Commit takes effect. A later one writes nothing and returns a
// *CommittedError, even if the error of the first did not say whether it took
// effect. A Commit that was refused, by the condition of a write
// for example, may be followed by another.
func (l *Lease) Commit(ctx context.Context, answer any, items ...types.TransactWriteItem) error {
	if l == nil || l.store == nil {
		return errNoLease
	}
	if len(items) > maxItems {
		return &TooManyWritesError{l.key, len(items)}
	}
	l.committing.Lock()
	defer l.committing.Unlock()
	if l.isCommitted() {
		return &CommittedError{l.key}
	}
	var packed []byte
	if answer != nil {
		var err error
		if packed, err = pack(answer); err != nil {
			return err
		}
	}
	id := awsid.UUID()
	err := l.store.write(ctx, l.key, items, func() types.TransactWriteItem {
		return l.store.complete(l.key, l.owner, id, packed, time.Now()).transact(l.store.table)
	})
	if err != nil {
		if err = l.commitError(ctx, id, items, err); err != nil {
			return err
		}
	}
	l.wasCommitted()
	return nil
}

func (l *Lease) wasCommitted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.committed = true
}

func (l *Lease) commitError(ctx context.Context, id string, items []types.TransactWriteItem, err error) error {
	old, refused := refusal(err)
	if !refused {
		return fault(l.key, "commit", explain(items, err))
	}
	r := l.store.read(old)
	if len(old) == 0 {
		var getErr error
		if r, _, getErr = l.store.Get(ctx, l.key); getErr != nil {
			return unknown(l.key, err, getErr)
		}
	}
	if r.Owner == l.owner && r.Status == StatusDone {
		if r.commit == id { // our own, whose answer was lost
			return nil
		}
		return &CommittedError{l.key}
	}
	return &LeaseLostError{l.key, l.fence, r}
}

func (l *Lease) isCommitted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.committed
}

// finish records the outcome of a run: done with its answer, or given back.
func (l *Lease) finish(ctx context.Context, answer []byte, failed bool) error {
	if l.isCommitted() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if failed {
		return l.write(ctx, "release", l.store.release(l.key, l.owner, time.Now()), StatusFree)
	}
	return l.write(ctx, "complete", l.store.complete(l.key, l.owner, "", answer, time.Now()), StatusDone)
}

// hold keeps the lease alive until stop is called or it is committed. The context
// it returns ends when the lease is lost or over.
func (l *Lease) hold(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, leaseKey{}, l))
	quit := make(chan struct{})
	var renewing sync.WaitGroup
	renewing.Go(func() { l.keepAlive(ctx, cancel, quit) })
	return ctx, func() {
		close(quit)
		cancel(context.Canceled)
		renewing.Wait()
	}
}

func (l *Lease) keepAlive(ctx context.Context, cancel context.CancelCauseFunc, quit <-chan struct{}) {
	pause := l.store.o.Lease / 3
	for {
		if l.isCommitted() {
			return // the key is done: no other run can take it
		}
		left := time.Until(l.Until())
		if left <= 0 {
			cancel(&LeaseLostError{Key: l.key, Fence: l.fence})
			return
		}
		timer := time.NewTimer(min(pause, left))
		select {
		case <-quit:
		case <-ctx.Done():
		case <-timer.C:
			renewCtx, done := context.WithDeadline(ctx, l.Until())
			err := l.Renew(renewCtx)
			done()
			if errors.Is(err, ErrLeaseLost) {
				cancel(err)
				return
			}
			pause = l.store.o.Lease / 3
			if err != nil {
				pause = l.store.o.Lease / 12
			}
			continue
		}
		timer.Stop()
		return
	}
}
