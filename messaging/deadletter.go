package messaging

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Names of the message attributes that a parked message gets. A message whose
// own attributes leave no room for all of them gets one only: AttrDeadLetter,
// a JSON object with the same names.
const (
	AttrDeadLetter = "deadLetter"
	AttrReason     = "deadLetterReason"       // text of the error, at most 1,024 bytes
	AttrMessageID  = "deadLetterMessageId"    // id that the message had in its queue
	AttrQueue      = "deadLetterQueue"        // ARN of that queue
	AttrReceives   = "deadLetterReceiveCount" // deliveries it had there
	AttrKey        = "deadLetterKey"          // business key, where the consumer has Options.Key
)

// Letter is a message on its way to the dead letters.
type Letter struct {
	MessageID    string
	Key          string
	GroupID      string
	ReceiveCount int
	QueueARN     string // "" for messages taken by Poll
	Body         string // as the queue delivered it
	Attributes   Attributes
	TraceHeader  string
	SentAt       time.Time
	Reason       error
}

// Parker keeps dead letters. The message is acknowledged once Park returned
// nil, so by then it must be durable. A retry may park the same message twice.
type Parker interface {
	Park(ctx context.Context, l Letter) error
}

// SendClient sends messages; *sqs.Client is one.
type SendClient interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// DeadLetterQueue is a Parker on a queue.
type DeadLetterQueue struct {
	client SendClient
	url    string
}

// NewDeadLetterQueue returns a Parker that sends to the queue at url. On a FIFO
// queue a letter keeps its group, and its old message id deduplicates it.
//
// SQS knows no source queue for messages that were sent and not moved: to
// redrive them give Redrive a destination.
func NewDeadLetterQueue(client SendClient, url string) *DeadLetterQueue {
	return &DeadLetterQueue{client, url}
}

// Park sends the letter with its body and attributes as they were, and the
// reason in further attributes.
func (q *DeadLetterQueue) Park(ctx context.Context, l Letter) error {
	attrs, err := l.attributes()
	if err != nil {
		return err
	}
	in := &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &l.Body, MessageAttributes: sqsAttributes(attrs)}
	if l.TraceHeader != "" {
		in.MessageSystemAttributes = traceAttribute(l.TraceHeader)
	}
	if l.GroupID != "" {
		in.MessageGroupId = &l.GroupID
	}
	if isFIFO(q.url) {
		in.MessageDeduplicationId = &l.MessageID
		if l.GroupID == "" {
			in.MessageGroupId = &l.MessageID
		}
	}
	if _, err := q.client.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("messaging: send message %s to the dead letters: %w", l.MessageID, err)
	}
	return nil
}

func (l *Letter) attributes() (Attributes, error) {
	facts := Attributes{
		AttrReason:    String(text(l.Reason.Error(), 1024)),
		AttrMessageID: String(l.MessageID),
		AttrReceives:  {Type: "Number", Text: strconv.Itoa(l.ReceiveCount)},
	}
	if l.QueueARN != "" {
		facts[AttrQueue] = String(l.QueueARN)
	}
	if key := text(l.Key, 1024); l.Key != "" {
		facts[AttrKey] = String(key)
	}
	attrs := make(Attributes, maxAttributes)
	for name, a := range l.Attributes {
		if !strings.HasPrefix(name, AttrDeadLetter) { // of an earlier stay among the dead letters
			attrs[name] = a
		}
	}
	if len(attrs)+len(facts) > maxAttributes {
		folded := make(map[string]string, len(facts))
		for name, a := range facts {
			folded[name] = a.Text
		}
		b, err := json.Marshal(folded)
		if err != nil {
			return nil, err
		}
		facts = Attributes{AttrDeadLetter: String(string(b))}
	}
	if len(attrs)+len(facts) > maxAttributes {
		return nil, fmt.Errorf("messaging: message %s has %d attributes, which leaves no room for the reason", l.MessageID, len(attrs))
	}
	for name, a := range facts {
		attrs[name] = a
	}
	return attrs, nil
}

// text makes s fit for an attribute: at most limit bytes, only characters that
// SQS takes, never empty.
func text(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !allowed(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > limit {
		cut := limit
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	if s == "" {
		return "?"
	}
	return s
}

func isFIFO(nameOrURL string) bool { return strings.HasSuffix(nameOrURL, ".fifo") }

var _ SendClient = (*sqs.Client)(nil)

var _ Parker = (*DeadLetterQueue)(nil)

func str(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
