package messaging

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"

	"github.com/patternkit/serverless/internal/given"
)

// Consumer handles the messages of a queue, as a Lambda function through
// HandleSQS or in a process of its own through Poll. It keeps no state between
// batches and can be used by several goroutines.
type Consumer struct {
	options ConsumerOptions
	prepare func(*opened) prepared
}

// prepared is a decoded message, bound to its handler.
type prepared struct {
	key  string
	call func(ctx context.Context, deadline time.Time) error
}

// NewConsumer returns a consumer that hands each message to handler, at least
// once. The handler's error is the verdict: nil acknowledges, there are Discard,
// Poison and RetryAfter, and any other error is retried with backoff. An error with
// a method RetryAfter() time.Duration is a RetryAfter. One with Permanent() bool
// that returns true is poison. One with Blameless() bool that returns true does not
// count for MaxReceives.
//
// A nil handler, options that contradict each other and a KeyOf of another
// message type are programming errors: NewConsumer panics.
func NewConsumer[T any](handler func(context.Context, Message[T]) error, optFns ...func(*ConsumerOptions)) *Consumer {
	faults := given.To("messaging: NewConsumer")
	faults.Nil("the handler", handler)
	o := newOptions(optFns, faults)
	key, err := typedKey[T](o.Key)
	if err != nil {
		faults.Add("%v", err)
	}
	faults.Panic()
	return &Consumer{options: o, prepare: func(op *opened) prepared {
		m, err := decode[T](op, &o)
		if err != nil {
			return prepared{call: fail(err)}
		}
		if key != nil {
			m.Key = key(m)
		}
		return prepared{m.Key, func(ctx context.Context, deadline time.Time) error {
			m.Deadline = deadline
			return handler(ctx, m)
		}}
	}}
}

func typedKey[T any](k KeyFunc) (func(Message[T]) string, error) {
	if k.f == nil {
		return nil, nil //nolint:nilnil // no key function is what the caller asked for
	}
	f, ok := k.f.(func(Message[T]) string)
	if !ok {
		return nil, fmt.Errorf("the key function is a %T, the handler needs a func(Message[%s]) string", k.f, reflect.TypeFor[T]())
	}
	if f == nil {
		return nil, errors.New("the key function is nil")
	}
	return f, nil
}

func decode[T any](op *opened, o *ConsumerOptions) (Message[T], error) {
	m := Message[T]{
		ID: op.id, GroupID: op.system["MessageGroupId"], ReceiveCount: op.receives(), Attributes: op.attributes,
		SentAt: op.timestamp("SentTimestamp"), Raw: op.body, System: op.system, Topic: op.topic, Subject: op.subject,
		payload: op.payload, wrapper: op.wrapper,
	}
	if op.fault != nil {
		return m, op.fault
	}
	if err := decodeInto(&m.Body, op.decoded, o.Strict, o.Payload == PayloadDetail); err != nil {
		return m, &DecodeError{reflect.TypeFor[T]().String(), err}
	}
	return m, nil
}

// fail is the handler of a message that cannot be handed to the real one.
func fail(err error) func(context.Context, time.Time) error {
	return func(context.Context, time.Time) error { return err }
}

// HandleSQS handles the batch of an SQS event source mapping and returns which
// messages are to be delivered again. The mapping must have
// FunctionResponseTypes: ReportBatchItemFailures, else Lambda takes every
// message as done. The error is not nil only for an event that is not a batch
// of SQS messages. Lambda then delivers all of it again.
func (c *Consumer) HandleSQS(ctx context.Context, event awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
	answer := awsevents.SQSEventResponse{BatchItemFailures: []awsevents.SQSBatchItemFailure{}}
	if c == nil || c.prepare == nil {
		return answer, errors.New("messaging: the consumer was not made by NewConsumer")
	}
	if event.Records == nil {
		return answer, errors.New("messaging: the event has no Records: is it from an SQS event source?")
	}
	records := make([]record, len(event.Records))
	for i := range event.Records {
		m := &event.Records[i]
		if m.MessageId == "" {
			return answer, fmt.Errorf("messaging: record %d has no messageId: is it from an SQS event source?", i)
		}
		records[i] = fromLambda(m)
	}
	w := work{times: window(ctx, c.options.Reserve), left: context.WithoutCancel(ctx), halted: ctx.Err}
	results := c.handle(ctx, records, w)
	c.changeVisibility(ctx, &w, records, results)

	reported := map[string]bool{}
	for i, r := range results {
		if id := records[i].id; !r.acked && !reported[id] {
			reported[id] = true
			answer.BatchItemFailures = append(answer.BatchItemFailures, awsevents.SQSBatchItemFailure{ItemIdentifier: id})
		}
	}
	return answer, nil
}
