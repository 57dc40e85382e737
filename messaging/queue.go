package messaging

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/given"
)

// QueueOptions configure a Queue.
type QueueOptions[T any] struct {
	// Group returns the message group of a value. FIFO queues need it, or
	// SendOptions.GroupID. Optional.
	Group func(T) string

	// Deduplicate returns the deduplication id of a value: something that is the
	// same when the same value is sent again, never a time. Optional. Defaults to
	// none, which on a FIFO queue needs ContentBasedDeduplication.
	Deduplicate func(T) string

	// Attributes returns the message attributes of a value. Optional.
	Attributes func(T) Attributes

	// Bodies keeps bodies that are too big, such as package claimcheck's Store.
	// Optional. Defaults to none: too big is an error.
	Bodies BodyStore

	// MaxAttempts bounds how often SendAll sends an entry that SQS refused
	// although the fault was not the sender's. Optional. Defaults to 3; 0 counts as 1.
	MaxAttempts int

	// NoCorrelation leaves out the correlation id and the trace header of the
	// context. Optional. Defaults to false.
	NoCorrelation bool
}

// Queue sends values of one type to an SQS queue.
type Queue[T any] struct {
	out      outbound[T]
	client   SendClient
	attempts int
}

// NewQueue returns a sender for the queue at url. Values are sent as JSON,
// except text and bytes, which are sent as they are. It panics without a client or
// a URL, and for wrong options.
func NewQueue[T any](client SendClient, url string, optFns ...func(*QueueOptions[T])) *Queue[T] {
	o := QueueOptions[T]{MaxAttempts: 3}
	given.Options(&o, optFns)
	faults := given.To("messaging: NewQueue")
	faults.Nil("the client", client)
	faults.Empty("the queue URL", url)
	faults.NilInside("Bodies", o.Bodies)
	given.Below(faults, "MaxAttempts", o.MaxAttempts, 0)
	faults.Panic()
	return &Queue[T]{
		out: outbound[T]{
			target: url, fifo: isFIFO(url), limit: maxMessage, attributes: o.Attributes, group: o.Group, dedup: o.Deduplicate,
			bodies: o.Bodies, silent: o.NoCorrelation,
		},
		client: client, attempts: max(o.MaxAttempts, 1),
	}
}

// Send sends one value. Limits are checked before the network is asked.
func (q *Queue[T]) Send(ctx context.Context, v T, optFns ...func(*SendOptions)) (SendResult, error) {
	if q == nil || q.client == nil {
		err := errors.New("messaging: send: the queue was not made by NewQueue")
		return SendResult{Err: err}, err
	}
	m, err := q.out.prepareFor(ctx, v, optFns)
	if err != nil {
		return SendResult{Err: err}, err
	}
	out, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: &q.out.target, MessageBody: &m.body, MessageAttributes: sqsAttributes(m.attrs), MessageSystemAttributes: m.system(),
		MessageGroupId: str(m.group), MessageDeduplicationId: str(m.dedup), DelaySeconds: seconds(m.delay),
	})
	if err != nil {
		err = fmt.Errorf("messaging: send %T to %s: %w", v, q.out.target, err)
		return SendResult{Err: err}, err
	}
	return SendResult{MessageID: aws.ToString(out.MessageId), SequenceNumber: aws.ToString(out.SequenceNumber)}, nil
}

// SendAll sends the values in as few requests as the limits allow: 10 messages
// and 1 MiB each. It returns a result for each value. The error is a *SendError
// unless all were sent. A value that breaks a limit does not keep the others
// from being sent. On a FIFO queue a message that was not sent stops the later
// messages of its group.
func (q *Queue[T]) SendAll(ctx context.Context, vs []T, optFns ...func(*SendOptions)) ([]SendResult, error) {
	if q == nil || q.client == nil {
		return nil, errors.New("messaging: send: the queue was not made by NewQueue")
	}
	return q.out.sendAll(ctx, vs, optFns, q.attempts, func(ctx context.Context, batch []pending) ([]reply, error) {
		in := &sqs.SendMessageBatchInput{QueueUrl: &q.out.target}
		for i := range batch {
			m := &batch[i].outgoing
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
				Id: entryID(i), MessageBody: &m.body, MessageAttributes: sqsAttributes(m.attrs), MessageSystemAttributes: m.system(),
				MessageGroupId: str(m.group), MessageDeduplicationId: str(m.dedup), DelaySeconds: seconds(m.delay),
			})
		}
		out, err := q.client.SendMessageBatch(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("messaging: send to %s: %w", q.out.target, err)
		}
		var replies []reply
		for _, s := range out.Successful {
			replies = append(replies, reply{aws.ToString(s.Id), SendResult{MessageID: aws.ToString(s.MessageId), SequenceNumber: aws.ToString(s.SequenceNumber)}})
		}
		for _, f := range out.Failed {
			replies = append(replies, reply{aws.ToString(f.Id), SendResult{Err: entryError(f)}})
		}
		return replies, nil
	})
}

func (m *outgoing) system() map[string]types.MessageSystemAttributeValue {
	if m.trace == "" {
		return nil
	}
	return traceAttribute(m.trace)
}

func (o *outbound[T]) prepareFor(ctx context.Context, v T, optFns []func(*SendOptions)) (outgoing, error) {
	var s SendOptions
	given.Options(&s, optFns)
	return o.prepare(ctx, v, &s)
}

// retryPause is the range of the pauses between attempts at single entries.
const (
	retryPauseMin = 50 * time.Millisecond
	retryPauseMax = 2 * time.Second
)
