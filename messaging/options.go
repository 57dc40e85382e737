package messaging

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
)

const (
	maxVisibility = 12 * time.Hour // SQS: the longest visibility timeout, counted from the receive
	maxBatch      = 10             // SQS and SNS: entries in a batch request
)

// VisibilityClient changes when messages can be received again; *sqs.Client is one.
type VisibilityClient interface {
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// ConsumerOptions configure a Consumer. They do not depend on the message type; a
// key function, which does, is made with KeyOf.
type ConsumerOptions struct {
	// Client changes the visibility of messages that are retried. Optional.
	// Without it the delay of a retry is what remains of the visibility timeout;
	// Poll uses its own client.
	Client VisibilityClient

	// QueueURL is the URL of the queue, for Client. Optional. Defaults to
	// the URL that belongs to the event source's ARN.
	QueueURL string

	// Backoff returns the delay before the delivery after the given number of
	// receives, from 1. Optional. Defaults to Exponential(1 s, 15 min).
	Backoff func(receives int) time.Duration

	// DeadLetter keeps poison messages with their reason. One letter has at most
	// half of the time until the reserve, and a minute; then its message is
	// retried. Optional. Defaults to none: poison stays in the queue until the
	// queue's redrive policy takes it.
	DeadLetter Parker

	// MaxReceives parks a message in DeadLetter that has been received that often
	// and fails, but only the first message of a lane: the others may have been
	// received while they waited, and are retried. A body that Bodies fails to read
	// is a failure, and so is an error that asks for a retry, unless it has a method
	// Blameless() bool that returns true. Set it lower than the redrive policy's
	// maxReceiveCount, else SQS takes the message without the reason. For a FIFO
	// queue set it much lower, because there the count rises while messages wait.
	// Optional. Defaults to 0, no such limit.
	MaxReceives int

	// Classify maps an error of the handler to one with a verdict, such as
	// Poison(err). Optional. When it returns nil, the error stays as it was.
	Classify func(error) error

	// Concurrency bounds the lanes that run at the same time. A lane is a message
	// group of a FIFO queue, all messages with the same Key, or one message
	// without either. Optional. Defaults to 1, strictly one after the other.
	Concurrency int

	// Reserve is kept free before the context's deadline, so that what was
	// finished is always acknowledged. No handler starts in it, and the contexts of
	// running handlers end when it begins. A handler or a Park that goes on all the
	// same is left behind after half of the reserve. Changes of visibility end after
	// another quarter. Optional. Defaults to 1 s, or to a quarter of the time that is
	// left when an invocation begins if that is less. -1 disables it.
	Reserve time.Duration

	// Key returns the business key of a message. Messages with one key run in
	// order. A message that equals the latest message with its key, in the same batch
	// and message group, is not handled: it is acknowledged or retried with that one.
	// Equal means the same Message.Fingerprint: payload, attributes and event type.
	// Only the latest message counts, so that the sequence on, off, on is handled
	// three times. Make a key function with KeyOf. Optional. Defaults to none.
	Key KeyFunc

	// Strict refuses payloads with members that the Go type does not have.
	// Optional. Defaults to false.
	Strict bool

	// Payload says which part of the body is decoded. Optional. Defaults to
	// PayloadBody.
	Payload PayloadPart

	// Bodies reads bodies that the sender put elsewhere because of their size,
	// such as package claimcheck's Store. All loads of a batch have half of the
	// time until the reserve; one has at most half of what is left of that, and a
	// minute. Optional. Defaults to none.
	Bodies BodyStore

	// OnOutcome is called with the outcome of each message, and the context of its
	// handler. Optional. It may be called from several goroutines.
	OnOutcome func(context.Context, Outcome)

	// OnError is called with errors that cost no message but should be seen: a
	// visibility change or delete that failed. Optional. It may be called from
	// several goroutines.
	OnError func(context.Context, error)

	// Grace is how long Poll lets running handlers finish after its context
	// ended. Then their contexts end, and a handler that goes on all the same is left
	// behind after Reserve, at least 1 s. The remaining requests to the queue have
	// 5 s. Optional. Defaults to 20 s. -1 disables it.
	Grace time.Duration

	// Heartbeat is how often Poll extends the visibility of messages that are
	// still worked on, up to 12 hours after their receive. Each other message of
	// the batch is deleted, or made visible after its delay, as soon as it has its
	// result. It must be shorter than the queue's visibility timeout; a third of
	// it is good. Optional. Defaults to 0, never: then the visibility timeout of
	// the queue is the deadline of the handlers, and a batch is settled at its
	// end.
	Heartbeat time.Duration
}

// Outcome is the result of handling one message.
type Outcome struct {
	MessageID    string        // Message.ID
	Key          string        // Message.Key
	GroupID      string        // Message.GroupID
	ReceiveCount int           // Message.ReceiveCount
	Verdict      Verdict       // what happens to the message
	Err          error         // reason of every verdict but VerdictAcked
	Delay        time.Duration // asked for the next delivery; -1 where the visibility timeout decides
	Duration     time.Duration // time the handler took; 0 where it did not run
}

// PayloadPart names the part of a body that becomes Message.Body.
type PayloadPart int

const (
	// PayloadBody decodes the whole body, without the SNS envelope where there is one.
	PayloadBody PayloadPart = iota
	// PayloadDetail decodes the detail of an EventBridge event. A body that is not such an
	// event is poison.
	PayloadDetail
	// PayloadVerbatim decodes the body as it is, an SNS envelope included.
	PayloadVerbatim
)

// KeyFunc is a key function for some message type; KeyOf makes one.
type KeyFunc struct{ f any }

// KeyOf makes a function of a typed message a ConsumerOptions.Key. The type must be
// the one of the consumer's handler: NewConsumer panics otherwise.
func KeyOf[T any](f func(Message[T]) string) KeyFunc { return KeyFunc{f} }

// Exponential returns a backoff with full jitter: a random duration from
// shortest to shortest·2^(receives-1), at most longest. It panics when shortest is
// negative or more than longest.
func Exponential(shortest, longest time.Duration) func(receives int) time.Duration {
	faults := given.To("messaging: Exponential")
	given.Below(faults, "shortest", shortest, 0)
	given.Below(faults, "longest", longest, shortest)
	faults.Panic()
	return func(receives int) time.Duration {
		return backoff.Full(receives-1, shortest, longest)
	}
}

// Constant returns a backoff of always d. It panics when d is negative.
func Constant(d time.Duration) func(receives int) time.Duration {
	faults := given.To("messaging: Constant")
	given.Below(faults, "the delay", d, 0)
	faults.Panic()
	return func(int) time.Duration { return d }
}

func newOptions(optFns []func(*ConsumerOptions), faults *given.Faults) ConsumerOptions {
	o := ConsumerOptions{
		Concurrency: 1,
		Reserve:     time.Second,
		Grace:       20 * time.Second,
	}
	given.Options(&o, optFns)
	if o.Concurrency == 0 {
		o.Concurrency = 1
	}
	given.Below(faults, "Concurrency", o.Concurrency, 1)
	given.Below(faults, "MaxReceives", o.MaxReceives, 0)
	if o.MaxReceives > 0 && o.DeadLetter == nil {
		faults.Add("MaxReceives needs a DeadLetter to park messages in")
	}
	faults.NilInside("Client", o.Client)
	faults.NilInside("DeadLetter", o.DeadLetter)
	faults.NilInside("Bodies", o.Bodies)
	if o.Backoff == nil {
		o.Backoff = Exponential(time.Second, 15*time.Minute)
	}
	given.Disabled(faults, "Reserve", o.Reserve)
	given.Disabled(faults, "Grace", o.Grace)
	given.Below(faults, "Heartbeat", o.Heartbeat, 0)
	if o.Payload < PayloadBody || o.Payload > PayloadVerbatim {
		faults.Add("Payload is %d, which is no PayloadPart", o.Payload)
	}
	return o
}
