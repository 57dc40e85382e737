package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// Outbox stores messages of type M in the transaction that causes them, so that a
// message is sent if and only if the transaction was done. Relay sends them from the
// stream. Entries carry the correlation of the context that wrote them.
type Outbox[M any] struct {
	entries *Entity[outboxEntry[M], outboxKey]
}

type outboxKey struct {
	OutboxID string
}

type outboxEntry[M any] struct {
	outboxKey
	Message M
}

// OutboxOptions are the optional settings of an Outbox.
type OutboxOptions struct {
	// KeepFor is how long entries stay in the table after they were written, and so
	// how long an id is refused a second time. A stream keeps records for 24 hours.
	// Optional. Defaults to 7 days when the schema has a TTL attribute; without one
	// entries stay for good.
	KeepFor time.Duration
}

// MustOutbox is NewOutbox for package-level variables: it panics when the outbox is
// wrong.
func MustOutbox[M any](m *Model, name string, optFns ...func(*OutboxOptions)) *Outbox[M] {
	o, err := NewOutbox[M](m, name, optFns...)
	if err != nil {
		panic(err)
	}
	return o
}

// NewOutbox declares an outbox of the model. Its entries have the partition key
// "name#id".
func NewOutbox[M any](m *Model, name string, optFns ...func(*OutboxOptions)) (*Outbox[M], error) {
	if m == nil {
		return nil, fmt.Errorf("dynamo: outbox %s: the model is nil", name)
	}
	var o OutboxOptions
	if m.schema.TTL != "" {
		o.KeepFor = 7 * 24 * time.Hour
	}
	given.Options(&o, optFns)
	options := []func(*EntityOptions){Correlated()}
	if o.KeepFor != 0 {
		options = append(options, ExpireAfter(o.KeepFor))
	}
	key := Key(name + m.schema.Separator + "{OutboxID}")
	if m.schema.SortKey != "" {
		key.sort = "MESSAGE"
	}
	entries, err := NewEntity[outboxEntry[M], outboxKey](m, name, key, options...)
	if err != nil {
		return nil, err
	}
	return &Outbox[M]{entries: entries}, nil
}

// Send returns the write that stores the message under the id. Put it into the
// transaction that causes the message. A second message with the id fails with
// ErrExists, which makes the transaction idempotent.
func (o *Outbox[M]) Send(id string, message M) Write {
	return o.entries.Create(outboxEntry[M]{outboxKey: outboxKey{OutboxID: id}, Message: message})
}

// relay sends the messages of images and returns an error for each, or one for all.
type relay func(ctx context.Context, images []item) ([]error, error)

// Relay sends the messages of the outbox as they come down the stream. send returns
// nil when all are sent, or a slice aligned with the messages with an error for each
// that is not. The stream is delivered again from the first of these on, so that the
// messages after it in the call are sent twice; no further call starts before that. A
// sender for which the order counts, such as that of a FIFO queue, stops at the first
// failure and gives the messages after it an error, too.
//
// A call gets the messages that follow each other in the stream and have one
// correlation; a change that is handled between them begins another call, and so does a
// message of another outbox: a Stream with the Relay alone makes the fewest calls. With
// Concurrency messages are sent after the routes, in their order. A message may be sent more than once, when the function
// ends before the stream knows: receivers have to tell by its id.
func Relay[M any](o *Outbox[M], send func(context.Context, []M) []error) StreamPart {
	return func(p *streamParts) error {
		if o == nil {
			return errors.New("the outbox of Relay is nil")
		}
		e := o.entries.core
		var errs []error
		if send == nil {
			errs = append(errs, fmt.Errorf("the sender of the outbox %s is nil", e.name))
		}
		if _, twice := p.relays[e.name]; twice {
			errs = append(errs, fmt.Errorf("the outbox %s is relayed twice", e.name))
		}
		if err := errors.Join(append(errs, p.owns(e))...); err != nil {
			return err
		}
		p.relays[e.name] = func(ctx context.Context, images []item) ([]error, error) {
			return relayMessages(ctx, e, images, send)
		}
		return nil
	}
}

// relayMessages decodes and sends. At a message that cannot be read it stops: those
// before it are sent, those after it wait.
func relayMessages[M any](ctx context.Context, e *entity, images []item, send func(context.Context, []M) []error) ([]error, error) {
	out := make([]error, len(images))
	var messages []M
	for i, image := range images {
		var entry outboxEntry[M]
		if err := e.decode(image, &entry); err != nil {
			out[i] = err
			break
		}
		messages = append(messages, entry.Message)
	}
	if len(messages) == 0 {
		return out, nil
	}
	errs := send(ctx, messages)
	if errs != nil && len(errs) != len(messages) {
		return nil, fmt.Errorf("the sender of the outbox %s answered %d results for %d messages", e.name, len(errs), len(messages))
	}
	copy(out, errs)
	return out, nil
}
