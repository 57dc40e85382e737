// Package handover carries through a context what one AWS service gives another
// besides the body of a message: the fake that delivers sets it, the fake that
// receives reads it. What is handed over by hand has none of it.
package handover

import (
	"context"
	"errors"
)

// Message is what goes along with the body of a message.
type Message struct {
	// GroupID and DeduplicationID are those of SQS; "" for none.
	GroupID, DeduplicationID string
	// Attributes are message attributes of type String.
	Attributes map[string]string
}

// ErrNoTarget says that what a delivery was for does not exist; see [NoTarget].
var ErrNoTarget = errors.New("there is no such target")

// NoTarget returns err as an error that is also ErrNoTarget.
func NoTarget(err error) error { return noTargetError{err} }

type noTargetError struct{ error }

func (e noTargetError) Unwrap() []error { return []error{e.error, ErrNoTarget} }

type key struct{}

// With returns a context that carries m, in place of what ctx carried.
func With(ctx context.Context, m Message) context.Context {
	return context.WithValue(ctx, key{}, m)
}

// Of returns what ctx carries; the zero Message where nothing was handed over.
func Of(ctx context.Context) Message {
	m, _ := ctx.Value(key{}).(Message)
	return m
}
