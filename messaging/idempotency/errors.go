package idempotency

import (
	"errors"
	"fmt"
	"time"
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
	// ErrAnswerNotKept is the error of a replay whose answer was too large to keep.
	ErrAnswerNotKept = errors.New("idempotency: done before, but the answer was too large to keep")
)

// InProgressError says that another run holds the lease. Consumers must not
// acknowledge on it: the other run may still fail.
type InProgressError struct {
	Key    string
	Until  time.Time // when the lease ends unless it is renewed
	remain time.Duration
}

func (e *InProgressError) Error() string {
	return fmt.Sprintf("idempotency: %s: in progress elsewhere until %s", e.Key, e.Until.UTC().Format(time.RFC3339))
}

// Is matches ErrInProgress.
func (e *InProgressError) Is(target error) bool { return target == ErrInProgress }

// RetryAfter returns what was left of the lease when it was looked at, at least
// a second. Any consumer that knows this method waits that long.
func (e *InProgressError) RetryAfter() time.Duration { return max(e.remain, time.Second) }

// ConflictError says that the key belongs to another payload.
type ConflictError struct{ Key string }

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
	Key    string
	Fence  int64  // of the lease that was lost
	Winner Record // as it stands in the table; zero where the record is gone
}

func (e *LeaseLostError) Error() string {
	if e.Winner.Status == "" {
		return fmt.Sprintf("idempotency: %s: lease %d ran out", e.Key, e.Fence)
	}
	return fmt.Sprintf("idempotency: %s: lease %d is lost to lease %d, which is %s", e.Key, e.Fence, e.Winner.Fence, e.Winner.Status)
}

// Is matches ErrLeaseLost.
func (e *LeaseLostError) Is(target error) bool { return target == ErrLeaseLost }

// keyError is a key that DynamoDB would not take.
type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string   { return e.err.Error() }
func (e *keyError) Unwrap() error   { return e.err }
func (e *keyError) Permanent() bool { return true }
