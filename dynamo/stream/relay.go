package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/bridge"
)

// relay sends the messages of images and returns an error for each, or one for all.
type relay func(ctx context.Context, images []attr.Item) ([]error, error)

// Relay sends the messages of the outbox in the order of the stream. send returns
// nil when all are sent, or a slice aligned with the messages with an error for each
// that is not. The stream is delivered again from the first of these on, so that the
// messages after it in the call are sent twice; no further call starts before that. A
// sender for which the order counts, such as that of a FIFO queue, stops at the first
// failure and returns an error for each message after it.
//
// A call gets the messages that follow each other in the stream and have one
// correlation. A change that is handled between them begins another call, and so does a
// message of another outbox: a Handler with the Relay alone makes the fewest calls. With
// Concurrency messages are sent after the routes, in their order.
//
// A message may be sent more than once, when the function ends before the stream knows:
// receivers must deduplicate by message id.
func Relay[M any](o *Outbox[M], send func(context.Context, []M) []error) Part {
	return partFunc(func(p *handlerParts) error {
		if !o.made() {
			return errors.New("the outbox of Relay is nil or its zero value")
		}
		name, core := o.entries.Name(), bridge.OfEntity[outboxEntry[M], outboxKey](o.entries)
		var errs []error
		if send == nil {
			errs = append(errs, fmt.Errorf("the sender of the outbox %s is nil", name))
		}
		if _, twice := p.relays[name]; twice {
			errs = append(errs, fmt.Errorf("the outbox %s is relayed twice", name))
		}
		if err := errors.Join(append(errs, p.checkModel(name, core.Model()))...); err != nil {
			return err
		}
		p.relays[name] = func(ctx context.Context, images []attr.Item) ([]error, error) {
			return relayMessages(ctx, name, core, images, send)
		}
		return nil
	})
}

// relayMessages decodes and sends. At a message that cannot be read it stops: those
// before it are sent, those after it wait.
func relayMessages[M any](ctx context.Context, name string, entries bridge.Entity[outboxEntry[M], outboxKey], images []attr.Item, send func(context.Context, []M) []error) ([]error, error) {
	out := make([]error, len(images))
	var messages []M
	for i, image := range images {
		entry, err := entries.Decode(image)
		if err != nil {
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
		return nil, fmt.Errorf("the sender of the outbox %s answered %d results for %d messages", name, len(errs), len(messages))
	}
	copy(out, errs)
	return out, nil
}
