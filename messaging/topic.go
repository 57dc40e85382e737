package messaging

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/patternkit/serverless/internal/given"
)

// PublishClient publishes messages; *sns.Client is one.
type PublishClient interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
	PublishBatch(context.Context, *sns.PublishBatchInput, ...func(*sns.Options)) (*sns.PublishBatchOutput, error)
}

var _ PublishClient = (*sns.Client)(nil)

// TopicOptions configure a Topic.
type TopicOptions[T any] struct {
	// Group returns the message group of a value. FIFO topics need it, or
	// SendOptions.GroupID; a standard topic hands it to standard queues. Optional.
	Group func(T) string

	// Deduplicate returns the deduplication id of a value. Optional. Defaults to
	// none, which on a FIFO topic needs ContentBasedDeduplication.
	Deduplicate func(T) string

	// Attributes returns the message attributes of a value, which filter policies
	// of the scope MessageAttributes match. Optional.
	Attributes func(T) Attributes

	// Bodies keeps bodies that are too big. Optional. Defaults to none: too big
	// is an error.
	Bodies BodyStore

	// MaxSize is the topic's MaximumMessageSize in bytes, up to 1,048,576.
	// Optional. Defaults to 262,144, as the topic's own does.
	MaxSize int

	// MaxAttempts bounds how often SendAll publishes an entry that SNS refused
	// although the fault was not the sender's. Optional. Defaults to 3; 0 counts as 1.
	MaxAttempts int

	// NoCorrelation leaves out the correlation id and the trace header of the
	// context. Optional. Defaults to false.
	NoCorrelation bool
}

// Topic publishes values of one type to an SNS topic.
type Topic[T any] struct {
	out      outbound[T]
	client   PublishClient
	attempts int
}

// NewTopic returns a publisher for the topic with this ARN. Values are sent as
// JSON, except text and bytes, which are sent as they are. It panics without a
// client or an ARN, and for wrong options.
func NewTopic[T any](client PublishClient, arn string, optFns ...func(*TopicOptions[T])) *Topic[T] {
	o := TopicOptions[T]{MaxAttempts: 3}
	given.Options(&o, optFns)
	faults := given.To("messaging: NewTopic")
	faults.Nil("the client", client)
	faults.Empty("the topic ARN", arn)
	faults.NilInside("Bodies", o.Bodies)
	given.Below(faults, "MaxAttempts", o.MaxAttempts, 0)
	given.Below(faults, "MaxSize", o.MaxSize, 0)
	given.Above(faults, "MaxSize", o.MaxSize, maxMessage)
	faults.Panic()
	return &Topic[T]{
		out: outbound[T]{
			target: arn, fifo: isFIFO(arn), limit: cmp.Or(o.MaxSize, maxPublish), attributes: o.Attributes, group: o.Group, dedup: o.Deduplicate,
			bodies: o.Bodies, silent: o.NoCorrelation, topic: true,
		},
		client: client, attempts: max(o.MaxAttempts, 1),
	}
}

// Send publishes one value. Limits are checked before the network is asked.
func (t *Topic[T]) Send(ctx context.Context, v T, optFns ...func(*SendOptions)) (SendResult, error) {
	if t == nil || t.client == nil {
		err := errors.New("messaging: publish: the topic was not made by NewTopic")
		return SendResult{Err: err}, err
	}
	m, err := t.out.prepareFor(ctx, v, optFns)
	if err != nil {
		return SendResult{Err: err}, err
	}
	out, err := t.client.Publish(ctx, &sns.PublishInput{
		TopicArn: &t.out.target, Message: &m.body, MessageAttributes: snsAttributes(m.attrs), Subject: str(m.subject),
		MessageGroupId: str(m.group), MessageDeduplicationId: str(m.dedup),
	})
	if err != nil {
		err = fmt.Errorf("messaging: publish %T to %s: %w", v, t.out.target, err)
		return SendResult{Err: err}, err
	}
	return SendResult{MessageID: aws.ToString(out.MessageId), SequenceNumber: aws.ToString(out.SequenceNumber)}, nil
}

// SendAll publishes the values in as few requests as the limits allow: 10
// messages and TopicOptions.MaxSize bytes each. It returns the same as Queue.SendAll.
func (t *Topic[T]) SendAll(ctx context.Context, vs []T, optFns ...func(*SendOptions)) ([]SendResult, error) {
	if t == nil || t.client == nil {
		return nil, errors.New("messaging: publish: the topic was not made by NewTopic")
	}
	return t.out.sendAll(ctx, vs, optFns, t.attempts, func(ctx context.Context, batch []pending) ([]reply, error) {
		in := &sns.PublishBatchInput{TopicArn: &t.out.target}
		for i := range batch {
			m := &batch[i].outgoing
			in.PublishBatchRequestEntries = append(in.PublishBatchRequestEntries, types.PublishBatchRequestEntry{
				Id: entryID(i), Message: &m.body, MessageAttributes: snsAttributes(m.attrs), Subject: str(m.subject),
				MessageGroupId: str(m.group), MessageDeduplicationId: str(m.dedup),
			})
		}
		out, err := t.client.PublishBatch(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("messaging: publish to %s: %w", t.out.target, err)
		}
		var replies []reply
		for _, s := range out.Successful {
			replies = append(replies, reply{aws.ToString(s.Id), SendResult{MessageID: aws.ToString(s.MessageId), SequenceNumber: aws.ToString(s.SequenceNumber)}})
		}
		for _, f := range out.Failed {
			err := &EntryError{aws.ToString(f.Code), aws.ToString(f.Message), f.SenderFault}
			replies = append(replies, reply{aws.ToString(f.Id), SendResult{Err: err}})
		}
		return replies, nil
	})
}

func snsAttributes(attrs Attributes) map[string]types.MessageAttributeValue {
	if len(attrs) == 0 {
		return nil
	}
	out := make(map[string]types.MessageAttributeValue, len(attrs))
	for name, a := range attrs {
		kind, text, data := a.wire()
		out[name] = types.MessageAttributeValue{DataType: kind, StringValue: text, BinaryValue: data}
	}
	return out
}
