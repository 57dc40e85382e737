package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
)

const (
	maxItems       = 99 // writes that a transaction leaves besides the marker
	commitAttempts = 4  // at a transaction that conflicts with others
)

// CallOptions belong to one decorated handler or one call.
type CallOptions struct {
	// IgnorePayload lets any payload pass under a key that is known. Optional.
	// Defaults to false: another payload is a *ConflictError.
	IgnorePayload bool

	// Replayed is set to whether the answer is one that was stored before.
	// Optional; for Do and Transact.
	Replayed *bool
}

func callOptions(optFns []func(*CallOptions)) CallOptions {
	var o CallOptions
	given.Options(&o, optFns)
	if o.Replayed != nil {
		*o.Replayed = false
	}
	return o
}

func (o *CallOptions) hash(payload any) (string, error) {
	if o.IgnorePayload {
		return "", nil
	}
	return hash(payload)
}

// ExactlyOnce returns a handler whose effect happens exactly once for each key:
// effect only returns the writes, which commit in one transaction with the marker
// of the key. For a later delivery of the key the handler does nothing and returns
// nil.
//
// effect must do nothing but read and decide, since it runs again when its
// transaction did not commit, and it may return up to 99 writes. A write whose
// own condition failed is an error that wraps DynamoDB's
// TransactionCanceledException, with reasons in the order of the writes. If
// effect returned the slice of dynamo's Items, the error matches dynamo's sentinels
// and *dynamo.TransactionError as well.
func ExactlyOnce[M any](s *Store, key func(M) string, effect func(context.Context, M) ([]types.TransactWriteItem, error), optFns ...func(*CallOptions)) func(context.Context, M) error {
	faults := given.To("idempotency: ExactlyOnce")
	if s == nil {
		faults.Add("the store is nil")
	}
	faults.Nil("the key function", key)
	faults.Nil("the effect", effect)
	faults.Panic()
	o := callOptions(optFns)
	return func(ctx context.Context, m M) error {
		_, _, err := s.transact(ctx, key(m), m, &o, func(ctx context.Context) ([]types.TransactWriteItem, any, error) {
			items, err := effect(ctx, m)
			return items, nil, err
		})
		return err
	}
}

// Transact commits the writes that effect returns, the marker of the key and
// the answer in one transaction. When the key is done already, it returns the
// answer that was stored. effect runs before that is known and must only read
// and decide.
func Transact[R any](ctx context.Context, s *Store, key string, payload any, effect func(context.Context) ([]types.TransactWriteItem, R, error), optFns ...func(*CallOptions)) (R, error) {
	faults := given.To("idempotency: Transact")
	faults.Nil("the effect", effect)
	faults.Panic()
	o := callOptions(optFns)
	var answer R
	before, done, err := s.transact(ctx, key, payload, &o, func(ctx context.Context) ([]types.TransactWriteItem, any, error) {
		items, r, err := effect(ctx)
		answer = r
		return items, r, err
	})
	switch {
	case err != nil:
		var zero R
		return zero, err
	case !done:
		return answer, nil
	}
	if o.Replayed != nil {
		*o.Replayed = true
	}
	return unpack[R](key, &before)
}

// transact runs effect and commits. It returns true, with the record, if the
// key was done before.
func (s *Store) transact(ctx context.Context, key string, payload any, o *CallOptions, effect func(context.Context) ([]types.TransactWriteItem, any, error)) (Record, bool, error) {
	if err := s.usable(key); err != nil {
		return Record{}, false, err
	}
	sum, err := o.hash(payload)
	if err != nil {
		return Record{}, false, err
	}
	items, answer, err := effect(ctx)
	if err == nil && len(items) > maxItems {
		err = &TooManyWritesError{key, len(items)}
	}
	if err != nil {
		return s.alreadyDone(ctx, key, sum, err)
	}
	var packed []byte
	if answer != nil {
		if packed, err = pack(answer); err != nil {
			return Record{}, false, err
		}
	}
	return s.commit(ctx, key, sum, items, packed)
}

// alreadyDone checks whether the failed effect belongs to a key that another run
// has completed. If the key cannot be read, the verdict of the effect does not
// count: the message has to come again.
func (s *Store) alreadyDone(ctx context.Context, key, sum string, effectErr error) (Record, bool, error) {
	r, found, err := s.Get(ctx, key)
	if err != nil {
		return Record{}, false, undecided(key, effectErr, err)
	}
	if !found || r.Status != StatusDone {
		return Record{}, false, effectErr
	}
	if differs(r.Hash, sum) {
		return Record{}, false, &ConflictError{key}
	}
	return r, true, nil
}

func differs(stored, sum string) bool { return stored != "" && sum != "" && stored != sum }

// commit writes the items and, last, the marker, so that the indexes of
// cancellation reasons are those of the caller's writes.
func (s *Store) commit(ctx context.Context, key, sum string, items []types.TransactWriteItem, answer []byte) (Record, bool, error) {
	owner := awsid.UUID()
	err := s.write(ctx, key, items, func() types.TransactWriteItem {
		return s.mark(key, owner, sum, answer, time.Now()).transact(s.table)
	})
	if err == nil {
		return Record{}, false, nil
	}
	old, refused := refusal(err)
	if !refused {
		return Record{}, false, fault(key, "commit", explain(items, err))
	}
	if len(old) == 0 { // the reason came without the item
		r, found, getErr := s.Get(ctx, key)
		if getErr != nil {
			return Record{}, false, unknown(key, err, getErr)
		}
		if !found {
			return Record{}, false, fault(key, "commit", err)
		}
		return s.known(key, owner, sum, r)
	}
	return s.known(key, owner, sum, s.read(old))
}

// write commits the items and the marker, and once more after a conflict with
// another transaction or throttling, which pass by themselves.
func (s *Store) write(ctx context.Context, key string, items []types.TransactWriteItem, marker func() types.TransactWriteItem) error {
	for attempt := 0; ; attempt++ {
		_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
			TransactItems: append(items[:len(items):len(items)], marker()), ClientRequestToken: token(key, awsid.UUID()),
		})
		if err == nil || attempt == commitAttempts-1 || !isRetryable(err) || backoff.Sleep(ctx, backoff.Full(attempt, 25*time.Millisecond, time.Second)) != nil {
			return err
		}
	}
}

// isRetryable reports whether a transaction was canceled for nothing but conflicts
// and throttling.
func isRetryable(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	found := false
	for _, reason := range canceled.CancellationReasons {
		switch code := reason.Code; {
		case code == nil || *code == "None":
		case *code == "TransactionConflict" || *code == "ThrottlingError" || *code == "ProvisionedThroughputExceeded":
			found = true
		default:
			return false
		}
	}
	return found
}

// refusal finds the marker's own failed condition among the reasons of a
// canceled transaction. Nothing else means that the key is taken.
func refusal(err error) (map[string]types.AttributeValue, bool) {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) || len(canceled.CancellationReasons) == 0 {
		return nil, false
	}
	last := canceled.CancellationReasons[len(canceled.CancellationReasons)-1]
	if last.Code == nil || *last.Code != "ConditionalCheckFailed" {
		return nil, false
	}
	return last.Item, true
}

// known says what a record that refused us means.
func (s *Store) known(key, owner, sum string, r Record) (Record, bool, error) {
	switch {
	case r.Owner == owner: // our own write, whose answer was lost
		return Record{}, false, nil
	case differs(r.Hash, sum):
		return r, false, &ConflictError{key}
	case r.Status == StatusDone:
		return r, true, nil
	}
	return r, false, s.inProgress(key, r)
}

func (s *Store) inProgress(key string, r Record) error {
	return &InProgressError{key, r.LeaseUntil, time.Until(r.LeaseUntil) + s.o.Skew}
}
