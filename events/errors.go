package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Errors of this package wrap one of these.
var (
	// ErrNoEvent says that something is not an event of EventBridge.
	ErrNoEvent = errors.New("events: not an EventBridge event")
	// ErrOtherEvent says that an event is of another kind than asked for.
	ErrOtherEvent = errors.New("events: another kind of event")
	// ErrVersion says that there is no way from an event's version to the one
	// that the program knows.
	ErrVersion = errors.New("events: version not supported")
	// ErrNoRoute says that a router has no route for an event.
	ErrNoRoute = errors.New("events: no route")
	// ErrTooLarge says that an event does not fit into one request.
	ErrTooLarge = errors.New("events: event too large")
	// ErrInvalidEntry says that an event lacks what EventBridge demands.
	ErrInvalidEntry = errors.New("events: invalid event")
)

// DecodeError is an event that could not be read. It is permanent: reading the
// same bytes again gives the same.
type DecodeError struct {
	// ID, Source and DetailType are the event's, as far as they were read.
	ID, Source, DetailType string
	// Err says why.
	Err error
}

func decodeError(e *Event[json.RawMessage], err error) *DecodeError {
	return &DecodeError{ID: e.ID, Source: e.Source, DetailType: e.DetailType, Err: err}
}

// Error implements error.
func (e *DecodeError) Error() string {
	e = orZero(e)
	if e.ID == "" && e.Source == "" {
		return fmt.Sprintf("events: decode: %s", reason(e.Err))
	}
	return fmt.Sprintf("events: decode %s %s, event %s: %s", e.Source, e.DetailType, e.ID, reason(e.Err))
}

// orZero lets the methods of an error be called on a nil pointer.
func orZero[E any](e *E) *E {
	if e == nil {
		return new(E)
	}
	return e
}

// reason is the text of a cause, without the prefix that the text around it has
// already. An error may have been made without a cause.
func reason(err error) string {
	if err == nil {
		return "no reason given"
	}
	return strings.TrimPrefix(err.Error(), "events: ")
}

// Unwrap returns the reason.
func (e *DecodeError) Unwrap() error { return orZero(e).Err }

// EntryError is one event that was not published.
type EntryError struct {
	// Index is the event's place in the call.
	Index int
	// Source and DetailType are the event's.
	Source, DetailType string
	// Code and Message are EventBridge's, where it refused the event; else "".
	Code, Message string
	// Attempts is how often the event was sent.
	Attempts int
	// Err is the cause where EventBridge did not answer, or was not asked.
	Err error
}

// Error implements error.
func (e *EntryError) Error() string {
	e = orZero(e)
	cause := e.Code + ": " + e.Message
	if e.Code == "" {
		cause = reason(e.Err)
	}
	return fmt.Sprintf("events: publish entry %d (%s %s): %s", e.Index, e.Source, e.DetailType, cause)
}

// Unwrap returns the cause.
func (e *EntryError) Unwrap() error { return orZero(e).Err }

// Retryable says whether sending the event again can help: EventBridge failed,
// throttled, or could not be reached.
func (e *EntryError) Retryable() bool {
	switch {
	case e == nil:
		return false
	case e.Code != "":
		return retryable(e.Code)
	case errors.Is(e.Err, ErrTooLarge), errors.Is(e.Err, ErrInvalidEntry), errors.Is(e.Err, errNoPublisher):
		return false
	}
	return true
}

// PublishError is a call of which some events were not published.
type PublishError struct {
	// Total is how many events the call had.
	Total int
	// Failed are those that were not published, in order.
	Failed []*EntryError
}

// Error implements error.
func (e *PublishError) Error() string {
	e = orZero(e)
	var b strings.Builder
	fmt.Fprintf(&b, "events: %d of %d events were not published", len(e.Failed), e.Total)
	for _, f := range e.Failed {
		if f == nil {
			continue
		}
		b.WriteString("; " + strings.TrimPrefix(f.Error(), "events: publish "))
	}
	return b.String()
}

// Unwrap returns the errors of the entries.
func (e *PublishError) Unwrap() []error {
	e = orZero(e)
	out := make([]error, 0, len(e.Failed))
	for _, f := range e.Failed {
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}

// PanicError is a handler that panicked.
type PanicError struct {
	// Value is what it panicked with.
	Value any
	// Stack is the stack of the goroutine.
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string {
	return fmt.Sprintf("events: handler panicked: %v", orZero(e).Value)
}

// Unwrap returns the value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := orZero(e).Value.(error)
	return err
}
