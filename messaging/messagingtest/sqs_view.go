package messagingtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/handover"
)

// ErrNoQueue says that a queue does not exist.
var ErrNoQueue = errors.New("messagingtest: the queue does not exist")

// Queue is a test's view into one queue of the fake. Looking changes nothing:
// no receive is counted and no message becomes invisible.
type Queue struct {
	sqs *SQS
	ref string
}

// Queue returns the view of the queue that ref names: its URL, its ARN, or its
// name in account 123456789012 and region us-east-1. The queue may be created
// later; a look at one that does not exist is an error of the test, or panics
// where there is no test. An empty ref panics.
func (s *SQS) Queue(ref string) *Queue {
	s.made()
	if ref == "" {
		panic("messagingtest: Queue: the reference is empty; it is a URL, an ARN or a name")
	}
	return &Queue{s, ref}
}

// NewQueue creates a queue in account 123456789012 and region us-east-1, as
// CreateQueue does, and returns its view. Attributes may be nil; a name that
// ends in .fifo gets FifoQueue by itself. A queue that SQS would refuse
// panics: it is a mistake in the test.
func (s *SQS) NewQueue(name string, attributes map[string]string) *Queue {
	s.made()
	if len(name) > 5 && name[len(name)-5:] == ".fifo" {
		attributes = maps.Clone(attributes)
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes["FifoQueue"] = "true"
	}
	_, err := s.createQueue(context.Background(), &createQueueInput{QueueName: name, Attributes: attributes})
	if err != nil {
		panic(fmt.Sprintf("messagingtest: create queue %q: %v", name, err))
	}
	return s.Queue(name)
}

// RedriveTo returns the RedrivePolicy attribute that names deadLetters as the
// dead-letter queue after maxReceiveCount receives, 1 to 1000. Any other number
// panics, and so does a nil queue.
func RedriveTo(deadLetters *Queue, maxReceiveCount int) string {
	if deadLetters == nil {
		panic("messagingtest: RedriveTo: the dead-letter queue is nil")
	}
	if maxReceiveCount < 1 || maxReceiveCount > 1000 {
		panic(fmt.Sprintf("messagingtest: RedriveTo: maxReceiveCount is %d; it is 1 to 1000", maxReceiveCount))
	}
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, deadLetters.ARN(), maxReceiveCount)
}

// look runs f with the queue, under the lock.
func (v *Queue) look(f func(*queue)) {
	if v == nil || v.sqs == nil {
		panic("messagingtest: the Queue is made by SQS.Queue or SQS.NewQueue; this one is nil or empty")
	}
	v.sqs.mu.Lock()
	defer v.sqs.mu.Unlock()
	q, ok := v.sqs.find(v.ref)
	if ok {
		f(q)
		return
	}
	v.sqs.server.Misuse("queue %s does not exist", v.ref)
}

// ARN returns the ARN of the queue.
func (v *Queue) ARN() string {
	var out string
	v.look(func(q *queue) { out = q.arn })
	return out
}

// URL returns the URL of the queue.
func (v *Queue) URL() string {
	var out string
	v.look(func(q *queue) { out = v.sqs.queueURL(context.Background(), q.arn) })
	return out
}

// Depth says how many messages of a queue are where.
type Depth struct {
	// Visible messages can be received; in a FIFO queue this counts those too
	// that wait behind one of their group which is in flight.
	Visible int
	// InFlight messages were received and neither deleted nor visible again.
	InFlight int
	// Delayed messages were sent with a delay that has not ended.
	Delayed int
}

// Total is the number of messages in the queue.
func (d Depth) Total() int { return d.Visible + d.InFlight + d.Delayed }

// Depth returns the numbers of messages in the queue.
func (v *Queue) Depth() Depth {
	var d Depth
	v.look(func(q *queue) { d = Depth{q.counts[visible], q.counts[inFlight], q.counts[delayed]} })
	return d
}

// Visible returns the number of messages that can be received.
func (v *Queue) Visible() int { return v.Depth().Visible }

// InFlight returns the number of messages that were received and not deleted.
func (v *Queue) InFlight() int { return v.Depth().InFlight }

// Delayed returns the number of messages whose delay has not ended.
func (v *Queue) Delayed() int { return v.Depth().Delayed }

// Message is a message as a test sees it.
type Message struct {
	// ID is the MessageId.
	ID string
	// Body is the message body.
	Body string
	// Attributes are the values of the String and Number message attributes,
	// and of the Binary ones as their bytes.
	Attributes map[string]string
	// GroupID and DeduplicationID are those of a FIFO queue; GroupID is also
	// the tenant in a fair queue.
	GroupID, DeduplicationID string
	// ReceiveCount is how often the message was received, over all queues.
	ReceiveCount int
	// Sent is when it was sent.
	Sent time.Time
	// Source is the ARN of the queue that dead-lettered the message.
	Source string
	// State is "visible", "delayed" or "in flight".
	State string
}

// Messages returns the messages of the queue in the order of sending, without
// receiving them.
func (v *Queue) Messages() []Message {
	var out []Message
	v.look(func(q *queue) {
		for _, m := range q.ordered() {
			out = append(out, m.view())
		}
	})
	return out
}

func (m *message) view() Message {
	out := Message{
		ID: m.id, Body: m.body, GroupID: m.group, DeduplicationID: m.dedup,
		Attributes: textsOf(m.attributes), ReceiveCount: m.received, Sent: m.sent, Source: m.source,
		State: [...]string{visible: "visible", delayed: "delayed", inFlight: "in flight"}[m.stage],
	}
	return out
}

// textsOf returns the values of message attributes as texts; nil for none.
func textsOf(attributes map[string]attributeValue) map[string]string {
	if len(attributes) == 0 {
		return nil
	}
	out := make(map[string]string, len(attributes))
	for name, value := range attributes {
		if value.binary() {
			out[name] = string(value.BinaryValue)
			continue
		}
		out[name] = value.text()
	}
	return out
}

// Sent returns the messages that came into the queue so far, in this order, as
// they were then: at least the last 32,768 of them, or those whose bodies have
// 64 MiB. Messages that were received and deleted are among them. Whether a
// client sent a message, another service, or a redrive makes no difference.
func (v *Queue) Sent() []Message {
	var out []Message
	v.look(func(q *queue) { out = slices.Clone(q.sent.messages) })
	return out
}

// Bodies returns the bodies of the messages in the order of sending.
func (v *Queue) Bodies() []string {
	var out []string
	for _, m := range v.Messages() {
		out = append(out, m.Body)
	}
	return out
}

// Deliver puts a message into the queue as another AWS service would, an
// EventBridge rule for example: with body, and without message attributes. In a
// call by hand a FIFO queue needs [Queue.DeliverGroup].
//
// Bound as a target of an eventstest.EventBridge it takes over the message group of
// the target's SqsParameters. On a FIFO queue it also takes over a deduplication id
// of the event. Bound as a dead-letter queue it takes over the attributes that
// EventBridge sets.
func (v *Queue) Deliver(ctx context.Context, body []byte) error {
	m := handover.Of(ctx)
	return v.sqs.enqueue(v.ref, outgoing{
		Body: string(body), GroupID: optional(m.GroupID), DeduplicationID: optional(m.DeduplicationID), Attributes: stringAttributes(m.Attributes),
	})
}

// DeliverGroup returns a target function for a FIFO queue: what it is given
// goes into the message group groupID. The deduplication id is that of the event
// where an eventstest.EventBridge delivers, else the hash of the body.
func (v *Queue) DeliverGroup(groupID string) func(context.Context, []byte) error {
	return func(ctx context.Context, body []byte) error {
		id := handover.Of(ctx).DeduplicationID
		if id == "" {
			id = contentDedupID(string(body))
		}
		return v.sqs.enqueue(v.ref, outgoing{Body: string(body), GroupID: &groupID, DeduplicationID: &id})
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// DuplicateNext makes a standard queue deliver the next n received messages twice,
// as a standard queue may do at any time. The second delivery comes with a later
// receive. It has the same MessageId and body and its own receipt handle, and
// deleting the first does not undo it. It panics on a FIFO queue, which never does
// that, and with a negative n.
func (v *Queue) DuplicateNext(n int) {
	if n < 0 {
		panic(fmt.Sprintf("messagingtest: DuplicateNext: %d messages; the number is 0 or more", n))
	}
	v.look(func(q *queue) {
		if q.settings.fifo {
			panic(fmt.Sprintf("messagingtest: queue %s is FIFO and delivers no duplicates", q.name))
		}
		q.duplicates += n
	})
}

// Duplicate makes the next delivery of one message of a standard queue happen
// twice, as [Queue.DuplicateNext] says; the second one can be received from
// then on after the given time. It panics on a FIFO queue, with a negative time, and
// when the queue has no message with that id.
func (v *Queue) Duplicate(messageID string, after time.Duration) {
	if after < 0 {
		panic(fmt.Sprintf("messagingtest: Duplicate: the time %v is negative", after))
	}
	v.look(func(q *queue) {
		if q.settings.fifo {
			panic(fmt.Sprintf("messagingtest: queue %s is FIFO and delivers no duplicates", q.name))
		}
		for _, m := range q.messages {
			if m.id == messageID {
				m.twice, m.twiceAfter = true, after
				return
			}
		}
		panic(fmt.Sprintf("messagingtest: queue %s has no message %q", q.name, messageID))
	})
}

// enqueue puts a message of another service into the queue that ref names. The
// service has a deduplication id for every queue, a standard queue takes none.
func (s *SQS) enqueue(ref string, o outgoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.find(ref)
	if !ok {
		return handover.NoTarget(fmt.Errorf("%w: %s", ErrNoQueue, ref))
	}
	if !q.settings.fifo {
		o.DeduplicationID = nil
	}
	_, err := s.accept(q, o, time.Now())
	if err != nil {
		return fmt.Errorf("messagingtest: deliver to queue %s: %w", q.name, err)
	}
	return nil
}

// isQueueARN says whether arn has the form of a queue's ARN.
func isQueueARN(arn string) bool {
	p, err := awsid.ParseARN(arn)
	return err == nil && p.Service == "sqs" && p.Region != "" && p.Account != ""
}
