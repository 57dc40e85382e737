package idempotency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// Sentinels for errors.Is.
var (
	// ErrNoKey is the error of an empty key.
	ErrNoKey = errors.New("idempotency: the key is empty")
	// ErrInProgress matches every *InProgressError.
	ErrInProgress = errors.New("idempotency: in progress elsewhere")
	// ErrConflict matches every *ConflictError.
	ErrConflict = errors.New("idempotency: the key was used with another payload")
	// ErrLeaseLost matches every *LeaseLostError.
	ErrLeaseLost = errors.New("idempotency: the lease is lost")
	// ErrCommitted matches every *CommittedError.
	ErrCommitted = errors.New("idempotency: committed before")
	// ErrTooManyWrites matches every *TooManyWritesError.
	ErrTooManyWrites = errors.New("idempotency: too many writes for a transaction")
	// ErrAnswerNotKept is the error of a replay whose answer was too large to keep.
	ErrAnswerNotKept = errors.New("idempotency: done before, but the answer was too large to keep")
)

// InProgressError says that another run holds the lease. Consumers must not
// acknowledge on it: the other run may still fail.
type InProgressError struct {
	Key    string    // as given to the store
	Until  time.Time // when the lease ends unless it is renewed
	remain time.Duration
}

// Error returns the text of the error.
func (e *InProgressError) Error() string {
	return fmt.Sprintf("idempotency: %s: in progress elsewhere until %s", e.Key, e.Until.UTC().Format(time.RFC3339))
}

// Is matches ErrInProgress.
func (e *InProgressError) Is(target error) bool { return target == ErrInProgress }

// RetryAfter returns what was left of the lease when it was looked at, at least
// a second. Any consumer that knows this method waits that long.
func (e *InProgressError) RetryAfter() time.Duration { return max(e.remain, time.Second) }

// Blameless reports that it is no failure of the message: a consumer does not
// count it for its limit of tries.
func (e *InProgressError) Blameless() bool { return true }

// ConflictError says that the key belongs to another payload.
type ConflictError struct {
	Key string // as given to the store
}

// Error returns the text of the error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("idempotency: %s: the key was used with another payload", e.Key)
}

// Is matches ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Permanent reports that no retry can help.
func (e *ConflictError) Permanent() bool { return true }

// LeaseLostError says that the run is not the owner of its key any more: its
// lease ran out and another run took over, so nothing was recorded for it.
type LeaseLostError struct {
	Key    string // as given to the store
	Fence  int64  // of the lease that was lost
	Winner Record // as it is in the table; zero where the record is gone
}

// Error returns the text of the error.
func (e *LeaseLostError) Error() string {
	if e.Winner.Status == "" {
		return fmt.Sprintf("idempotency: %s: lease %d ran out", e.Key, e.Fence)
	}
	return fmt.Sprintf("idempotency: %s: lease %d is lost to lease %d, which is %s", e.Key, e.Fence, e.Winner.Fence, e.Winner.Status)
}

// Is matches ErrLeaseLost.
func (e *LeaseLostError) Is(target error) bool { return target == ErrLeaseLost }

// Blameless reports whether another run has taken over or is done: then a
// consumer does not count this one for its limit of tries.
func (e *LeaseLostError) Blameless() bool {
	return e.Winner.Status == StatusRunning || e.Winner.Status == StatusDone
}

// CommittedError is the error of a Lease.Commit after one that took effect, or
// after the key was recorded as done in another way. The earlier effect stands,
// and nothing of the later one was written.
type CommittedError struct {
	Key string // as given to the store
}

// Error returns the text of the error.
func (e *CommittedError) Error() string {
	return fmt.Sprintf("idempotency: %s: the lease was committed before; nothing was written", e.Key)
}

// Is matches ErrCommitted.
func (e *CommittedError) Is(target error) bool { return target == ErrCommitted }

// TooManyWritesError is an effect that does not fit in one transaction beside
// the marker.
type TooManyWritesError struct {
	Key    string // as given to the store
	Writes int    // more than 99
}

// Error returns the text of the error.
func (e *TooManyWritesError) Error() string {
	return fmt.Sprintf("idempotency: %s: %d writes, a transaction has room for %d and the marker", e.Key, e.Writes, maxItems)
}

// Is matches ErrTooManyWrites.
func (e *TooManyWritesError) Is(target error) bool { return target == ErrTooManyWrites }

// Permanent reports that no retry can help.
func (e *TooManyWritesError) Permanent() bool { return true }

// stateError says that the state of a key could not be read or written, so that
// it is not known whether it is done. It hides the verdict of an effect that failed
// before: what looks like poison may be the effect's own earlier success.
type stateError struct {
	text      string
	causes    []error
	blameless bool
}

func (e *stateError) Error() string   { return e.text }
func (e *stateError) Unwrap() []error { return e.causes }

// Blameless reports whether the fault passes by itself and is not the message's.
func (e *stateError) Blameless() bool { return e.blameless }

// Permanent reports false: a retry may help, whatever the causes say.
func (e *stateError) Permanent() bool { return false }

// fault is the error of a request to the table.
func fault(key, verb string, err error) error {
	return &stateError{fmt.Sprintf("idempotency: %s: %s: %v", key, verb, err), []error{err}, transient(err)}
}

// unknown is the error of a write that the state of its key refused, when that
// state cannot be read.
func unknown(key string, err, readErr error) error {
	text := fmt.Sprintf("idempotency: %s: the key is taken (%v), and by whom could not be read: %v", key, err, readErr)
	return &stateError{text, []error{err, readErr}, transient(readErr)}
}

// undecided is the error of an effect that failed, when it cannot be read
// whether the key is done.
func undecided(key string, effectErr, readErr error) error {
	e := &stateError{causes: []error{readErr}, blameless: transient(readErr) || timedOut(readErr) && !timedOut(effectErr)}
	e.text = fmt.Sprintf("idempotency: %s: %v; whether the key is done could not be read: %v", key, effectErr, readErr)
	if e.blameless { // else consumers look for a verdict among the causes
		e.causes = append(e.causes, effectErr)
	}
	return e
}

// transient reports whether an error of DynamoDB, or of the way there, passes by
// itself.
func transient(err error) bool {
	var invalid *smithy.InvalidParamsError
	var unsent *smithy.SerializationError
	if timedOut(err) || errors.As(err, &invalid) || errors.As(err, &unsent) {
		return false
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return true // the network
	}
	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return throttled || api.ErrorFault() == smithy.FaultServer || isRetryable(err)
}

func timedOut(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// keyError is a key that DynamoDB would not take.
type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string   { return e.err.Error() }
func (e *keyError) Unwrap() error   { return e.err }
func (e *keyError) Permanent() bool { return true }
