package messaging

import (
	"errors"
	"fmt"
	"time"
)

// Verdict says what happens to a message.
type Verdict string

// The verdicts.
const (
	VerdictAcked     Verdict = "acknowledged" // the handler returned nil
	VerdictDiscarded Verdict = "discarded"    // acknowledged although it was not handled: Discard
	VerdictParked    Verdict = "parked"       // sent to ConsumerOptions.DeadLetter with its reason, then acknowledged
	VerdictDuplicate Verdict = "duplicate"    // repeats a message of the batch, see ConsumerOptions.Key; it is acknowledged or retried with that one
	VerdictRetried   Verdict = "retried"      // delivered again after the backoff, RetryAfter's delay or the visibility timeout
	VerdictPoisoned  Verdict = "poisoned"     // not acknowledged and nowhere to park: the queue's redrive policy takes it
	VerdictBlocked   Verdict = "blocked"      // an earlier message of its lane failed; the handler did not see it
	VerdictUnstarted Verdict = "unstarted"    // the deadline was too near to begin; the handler did not see it
	VerdictAbandoned Verdict = "abandoned"    // the handler ran past its deadline and ignored its context
)

// Acknowledges reports whether a message with this verdict leaves the queue.
// For VerdictDuplicate that is decided by the first message of the pair.
func (v Verdict) Acknowledges() bool {
	return v == VerdictAcked || v == VerdictDiscarded || v == VerdictParked
}

// VerdictError is the error of Discard and Poison.
type VerdictError struct {
	Verdict Verdict // VerdictDiscarded or VerdictPoisoned
	Err     error   // the reason
}

// Error returns the text of the error.
func (e *VerdictError) Error() string { return fmt.Sprintf("messaging: %s: %v", e.Verdict, e.Err) }

// Unwrap returns the reason.
func (e *VerdictError) Unwrap() error { return e.Err }

// RetryError is the error of RetryAfter.
type RetryError struct {
	After time.Duration // from 0 to 12 hours
	Err   error         // the reason
}

// Error returns the text of the error.
func (e *RetryError) Error() string {
	return fmt.Sprintf("messaging: retry after %s: %v", e.After, e.Err)
}

// Unwrap returns the reason.
func (e *RetryError) Unwrap() error { return e.Err }

// RetryAfter returns the delay. Any error with this method, from whatever
// package, makes a consumer retry after that delay.
func (e *RetryError) RetryAfter() time.Duration { return e.After }

var errNoReason = errors.New("no reason given")

// Discard returns an error that acknowledges the message although it could not
// be handled: it will never matter again. Nothing keeps a copy.
func Discard(err error) error { return &VerdictError{VerdictDiscarded, reason(err)} }

// Poison returns an error for a message that no retry can help. It is parked in
// ConsumerOptions.DeadLetter; without that option it stays in the queue until the
// queue's own redrive policy takes it.
func Poison(err error) error { return &VerdictError{VerdictPoisoned, reason(err)} }

// RetryAfter returns an error that makes the message visible again after d,
// from 0 to 12 hours; a longer d counts as 12 hours. It needs a client: see
// ConsumerOptions.Client.
func RetryAfter(d time.Duration, err error) error {
	return &RetryError{min(max(d, 0), maxVisibility), reason(err)}
}

func reason(err error) error {
	if err == nil {
		return errNoReason
	}
	return err
}

// ruling is what an error asks for.
type ruling struct {
	verdict Verdict
	delay   time.Duration // valid when timed
	timed   bool
	busy    bool // the message is not to blame: no try of MaxReceives
}

// severity orders rulings: of several joined errors the one that keeps the
// message longest decides.
func (r ruling) severity() int {
	switch r.verdict {
	case VerdictDiscarded:
		return 0
	case VerdictPoisoned:
		return 1
	default:
		return 2
	}
}

// rule reads the verdict out of an error: the outermost one counts, of joined
// errors the most careful one.
func rule(err error) ruling {
	if r, ok := find(err); ok {
		return r
	}
	return ruling{verdict: VerdictRetried}
}

func find(err error) (ruling, bool) {
	for err != nil {
		switch e := err.(type) { //nolint:errorlint // this is the walk that errors.As would do, with a rule of its own for joined errors
		case *VerdictError:
			return ruling{verdict: e.Verdict}, true
		case *RetryError:
			return ruling{verdict: VerdictRetried, delay: e.After, timed: true}, true
		}
		if later, ok := has[interface{ RetryAfter() time.Duration }](err); ok {
			return ruling{verdict: VerdictRetried, delay: max(later.RetryAfter(), 0), timed: true, busy: blameless(err)}, true
		}
		if blameless(err) {
			return ruling{verdict: VerdictRetried, busy: true}, true
		}
		if p, ok := err.(interface{ Permanent() bool }); ok && p.Permanent() {
			return ruling{verdict: VerdictPoisoned}, true
		}
		switch u := err.(type) { //nolint:errorlint // this walk unwraps by itself
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			return findJoined(u.Unwrap())
		default:
			return ruling{}, false
		}
	}
	return ruling{}, false
}

// has reports whether err itself, not one that it wraps, has a method or says so
// through its As.
func has[I any](err error) (method I, ok bool) {
	if method, ok = err.(I); ok {
		return method, true
	}
	if as, can := err.(interface{ As(any) bool }); can {
		ok = as.As(&method)
	}
	return method, ok
}

// blameless reports whether err says that the message is not to blame.
func blameless(err error) bool {
	b, ok := has[interface{ Blameless() bool }](err)
	return ok && b.Blameless()
}

func findJoined(errs []error) (ruling, bool) {
	var worst ruling
	found, plain := false, false
	for _, err := range errs {
		r, ok := find(err)
		if !ok {
			plain = true
			continue
		}
		if !found || r.severity() > worst.severity() || r.severity() == worst.severity() && r.delay > worst.delay {
			worst, found = r, true
		}
	}
	if plain && worst.verdict == VerdictDiscarded {
		return ruling{verdict: VerdictRetried}, true // an error without a verdict asks for a retry
	}
	return worst, found
}

// PanicError is the error of a handler, or of a function in Options, that
// panicked, and of a handler that ended its goroutine with runtime.Goexit. The
// message is retried like after any other failure.
type PanicError struct {
	Value any    // what was passed to panic; nil for Goexit
	Stack []byte // stack of the goroutine; nil for Goexit
}

// Error returns the text of the error.
func (e *PanicError) Error() string {
	if e.Stack == nil {
		return "messaging: the handler called runtime.Goexit"
	}
	return fmt.Sprintf("messaging: panic: %v", e.Value)
}

// Unwrap returns the panic value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// DecodeError is the error of a message that could not be read. It is poison.
type DecodeError struct {
	Type string // Go type of the payload
	Err  error  // the fault; of several joined ones all are listed
}

// Error returns the text of the error.
func (e *DecodeError) Error() string { return fmt.Sprintf("messaging: decode %s: %v", e.Type, e.Err) }

// Unwrap returns the fault.
func (e *DecodeError) Unwrap() error { return e.Err }

// Permanent reports that no retry can help.
func (e *DecodeError) Permanent() bool { return true }

// Sentinels for errors.Is.
var (
	// ErrBlocked marks a message whose lane an earlier failure stopped.
	ErrBlocked = errors.New("messaging: an earlier message of the lane failed")
	// ErrUnstarted marks a message for which no time was left.
	ErrUnstarted = errors.New("messaging: the deadline is too near to start")
	// ErrAbandoned marks a message whose handler did not heed its deadline.
	ErrAbandoned = errors.New("messaging: the handler ran past its deadline")
)
