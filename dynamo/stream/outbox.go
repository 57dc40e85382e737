package stream

import (
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/internal/given"
)

// Outbox stores messages of type M in the transaction that causes them, so that a
// message is sent if and only if the transaction was done. Relay sends them from the
// stream. Entries carry the correlation of the context that wrote them.
type Outbox[M any] struct {
	entries *dynamo.Entity[outboxEntry[M], outboxKey]
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
	// entries are never deleted.
	KeepFor time.Duration
}

// MustOutbox is NewOutbox for package-level variables: it panics when the outbox is
// wrong.
func MustOutbox[M any](m *dynamo.Model, name string, optFns ...func(*OutboxOptions)) *Outbox[M] {
	return given.Must(NewOutbox[M](m, name, optFns...))
}

// NewOutbox declares an outbox of the model. Its entries have the partition key
// "name#id".
func NewOutbox[M any](m *dynamo.Model, name string, optFns ...func(*OutboxOptions)) (*Outbox[M], error) {
	if name == "" {
		return nil, errors.New("stream: outbox: the name is empty")
	}
	if m == nil || m.Schema().PartitionKey == "" {
		return nil, fmt.Errorf("stream: outbox %s: the model is nil or its zero value", name)
	}
	schema := m.Schema()
	var o OutboxOptions
	if schema.TTL != "" {
		o.KeepFor = 7 * 24 * time.Hour
	}
	given.Options(&o, optFns)
	if o.KeepFor < 0 {
		return nil, fmt.Errorf("stream: outbox %s: KeepFor is negative", name)
	}
	options := []func(*dynamo.EntityOptions){dynamo.Correlated()}
	if o.KeepFor != 0 {
		options = append(options, dynamo.ExpireAfter(o.KeepFor))
	}
	var sort []string
	if schema.SortKey != "" {
		sort = append(sort, "MESSAGE")
	}
	key := dynamo.Key(name+schema.Separator+"{OutboxID}", sort...)
	entries, err := dynamo.NewEntity[outboxEntry[M], outboxKey](m, name, key, options...)
	if err != nil {
		return nil, fmt.Errorf("stream: outbox %s: %w", name, err)
	}
	return &Outbox[M]{entries: entries}, nil
}

func (o *Outbox[M]) made() bool { return o != nil && o.entries != nil }

// Send returns the write that stores the message under the id. Put it into the
// transaction that causes the message. A second message with the id fails with
// dynamo.ErrExists, which makes the transaction idempotent.
func (o *Outbox[M]) Send(id string, message M) dynamo.Write {
	if !o.made() {
		panic("stream: this Outbox is nil or its zero value: make it with NewOutbox or MustOutbox")
	}
	return o.entries.Create(outboxEntry[M]{outboxKey: outboxKey{OutboxID: id}, Message: message})
}
