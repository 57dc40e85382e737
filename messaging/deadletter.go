package messaging

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/patternkit/serverless/internal/given"
)

// Names of the message attributes that a parked message gets. A message whose
// own attributes leave no room for all of them gets one only: AttrDeadLetter,
// a JSON object with the same names. Where there is no room for that either,
// attributes that carry a correlation or a trace move into that object, as its
// member attributes. A consumer that gets the message back finds them where they
// were. A message with ten attributes of other kinds is parked without a reason.
const (
	AttrDeadLetter = "deadLetter"
	AttrReason     = "deadLetterReason"       // text of the error, at most 1,024 bytes
	AttrMessageID  = "deadLetterMessageId"    // id that the message had in its queue
	AttrQueue      = "deadLetterQueue"        // ARN of that queue
	AttrReceives   = "deadLetterReceiveCount" // deliveries it had there
	AttrKey        = "deadLetterKey"          // business key, where the consumer has ConsumerOptions.Key
)

// Letter is a message that is sent to the dead letters.
type Letter struct {
	MessageID    string     // id in the queue it was received from
	Key          string     // Message.Key
	GroupID      string     // message group, "" for none
	ReceiveCount int        // deliveries so far
	QueueARN     string     // "" for messages taken by Poll
	Body         string     // as the queue delivered it
	Attributes   Attributes // message attributes, as the queue delivered them
	TraceHeader  string     // AWSTraceHeader of the message, "" for none
	SentAt       time.Time  // when the queue accepted it
	Reason       error      // why it is parked
}

// Parker keeps dead letters. The message is acknowledged once Park returned
// nil, so it must be durable before. A retry may park the same message twice.
type Parker interface {
	Park(ctx context.Context, l Letter) error
}

// SendClient sends messages; *sqs.Client is one.
type SendClient interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// DeadLetterQueueOptions configure a DeadLetterQueue.
type DeadLetterQueueOptions struct {
	// Bodies keeps a body that leaves no room for the reason, such as package
	// claimcheck's Store. Optional. Defaults to none: then the reason is cut.
	Bodies BodyStore

	// MaxSize is the queue's MaximumMessageSize in bytes. Optional. Defaults to
	// 1,048,576, as the queue's own does. A queue that has a lower one than its
	// source refuses what is larger, with Bodies or without reason included.
	MaxSize int
}

// DeadLetterQueue is a Parker on a queue.
type DeadLetterQueue struct {
	client SendClient
	url    string
	o      DeadLetterQueueOptions
}

// NewDeadLetterQueue returns a Parker that sends to the queue at url. On a FIFO
// queue a letter keeps its group, and its old message id deduplicates it.
//
// SQS knows no source queue for messages that were sent and not moved: to
// redrive them give Redrive a destination. It panics without a client or a URL,
// and for wrong options.
func NewDeadLetterQueue(client SendClient, url string, optFns ...func(*DeadLetterQueueOptions)) *DeadLetterQueue {
	var o DeadLetterQueueOptions
	given.Options(&o, optFns)
	faults := given.To("messaging: NewDeadLetterQueue")
	faults.Nil("the client", client)
	faults.Empty("the queue URL", url)
	faults.NilInside("Bodies", o.Bodies)
	given.Below(faults, "MaxSize", o.MaxSize, 0)
	given.Above(faults, "MaxSize", o.MaxSize, maxMessage)
	faults.Panic()
	o.MaxSize = cmp.Or(o.MaxSize, maxMessage)
	return &DeadLetterQueue{client, url, o}
}

// Park sends the letter with its body and attributes as they were, and the
// reason in further attributes. Where they do not all fit, the body goes to
// Bodies. Without that, or when it fails, the reason is cut to 128 bytes, then
// key, queue, receive count and message id are left out, in this order, then the
// reason. Body and own attributes are always kept. Bodies has half of the time
// that ctx leaves, at most a minute.
func (q *DeadLetterQueue) Park(ctx context.Context, l Letter) error {
	if q == nil || q.client == nil {
		return errors.New("messaging: park: the dead-letter queue was not made by NewDeadLetterQueue")
	}
	err := q.send(ctx, &l, q.o.MaxSize)
	if limit, ok := tooLong(err); ok && limit < q.o.MaxSize {
		err = q.send(ctx, &l, limit)
	}
	if err != nil {
		return fmt.Errorf("messaging: send message %s to the dead letters: %w", l.MessageID, err)
	}
	return nil
}

func (q *DeadLetterQueue) send(ctx context.Context, l *Letter, limit int) error {
	body, attrs := q.fit(ctx, l, limit)
	in := &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body, MessageAttributes: sqsAttributes(attrs), MessageGroupId: str(l.GroupID)}
	if l.TraceHeader != "" {
		in.MessageSystemAttributes = traceAttribute(l.TraceHeader)
	}
	if isFIFO(q.url) {
		in.MessageDeduplicationId = str(l.MessageID)
		if l.GroupID == "" {
			in.MessageGroupId = str(l.MessageID)
		}
	}
	_, err := q.client.SendMessage(ctx, in)
	return err
}

// tooLong reads the limit out of SQS's refusal of a message.
func tooLong(err error) (limit int, ok bool) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return 0, false
	}
	_, rest, _ := strings.Cut(api.ErrorMessage(), "must be shorter than ")
	_, err = fmt.Sscanf(rest, "%d bytes", &limit)
	return limit, err == nil
}

// inHalf is ctx with half of its time: a store of bodies that does not answer
// leaves time to send the letter without it.
func inHalf(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithTimeout(ctx, longestWait)
	}
	return context.WithDeadline(ctx, half(time.Now(), deadline))
}

// fit returns the body and the attributes that the letter is sent with.
func (q *DeadLetterQueue) fit(ctx context.Context, l *Letter, limit int) (string, Attributes) {
	fits := func(body string, attrs Attributes) bool { return (&outgoing{body: body, attrs: attrs}).size() <= limit }
	attrs := l.attributes(maxFacts, maxReason, 0)
	if fits(l.Body, attrs) {
		return l.Body, attrs
	}
	own := l.own()
	if q.o.Bodies != nil {
		body, attrs := l.Body, l.attributes(maxFacts, maxReason, 1) // 1 for the pointer
		if told := len(attrs) > len(own) || attrs.Get(AttrDeadLetter) != ""; told || !fits(body, own) {
			saving, stop := inHalf(ctx)
			err := q.o.Bodies.Save(saving, &body, attrs, math.MaxInt)
			stop()
			if err == nil && fits(body, attrs) {
				return body, attrs
			}
		}
	}
	for _, try := range []struct{ facts, reason int }{
		{maxFacts, 512}, {maxFacts, 256}, {maxFacts, 128}, {4, 128}, {3, 128}, {2, 128}, {1, 128}, {1, 64}, {1, 32}, {1, 16},
	} {
		if attrs := l.attributes(try.facts, try.reason, 0); fits(l.Body, attrs) {
			return l.Body, attrs
		}
	}
	return l.Body, own
}

const (
	maxReason = 1024 // bytes of a fact
	maxFacts  = 5
)

type fact struct {
	name  string
	value Attribute
}

// facts are the attributes of a dead letter, the most important first.
func (l *Letter) facts(reason int) []fact {
	facts := []fact{{AttrReason, String(text(errorText(l.Reason), reason))}}
	if l.MessageID != "" {
		facts = append(facts, fact{AttrMessageID, String(text(l.MessageID, maxReason))})
	}
	facts = append(facts, fact{AttrReceives, Attribute{Type: "Number", Text: strconv.Itoa(l.ReceiveCount)}})
	if l.QueueARN != "" {
		facts = append(facts, fact{AttrQueue, String(text(l.QueueARN, maxReason))})
	}
	if l.Key != "" {
		facts = append(facts, fact{AttrKey, String(text(l.Key, maxReason))})
	}
	return facts
}

// own are the attributes that the message had from its sender.
func (l *Letter) own() Attributes {
	own := make(Attributes, maxAttributes)
	for name, a := range l.Attributes {
		if !ofDeadLetter(name) { // of an earlier stay among the dead letters
			own[name] = a
		}
	}
	return own
}

// attributes are the message's own and the first facts, each an attribute or all
// in one, so that room for so many others is left.
func (l *Letter) attributes(facts, reason, room int) Attributes {
	attrs, told := l.own(), l.facts(reason)
	told = told[:min(facts, len(told))]
	if len(attrs)+len(told)+room <= maxAttributes {
		for _, f := range told {
			attrs[f.name] = f.value
		}
		return attrs
	}
	folded := make(map[string]any, len(told)+1)
	for _, f := range told {
		folded[f.name] = f.value.Text
	}
	displaced := Attributes{}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if len(attrs)+1+room > maxAttributes && passing(name) {
			displaced[name] = attrs[name]
			delete(attrs, name)
			folded[displacedMember] = displaced
		}
	}
	if len(attrs)+1+room > maxAttributes {
		return l.own()
	}
	b, _ := json.Marshal(folded) // text and bytes always marshal
	attrs[AttrDeadLetter] = String(string(b))
	return attrs
}

// displacedMember is where AttrDeadLetter has the attributes that it displaced.
const displacedMember = "attributes"

// restore puts attributes back that AttrDeadLetter displaced.
func (a Attributes) restore() {
	letter, ok := a[AttrDeadLetter]
	if !ok {
		return
	}
	var folded struct{ Attributes Attributes }
	if json.Unmarshal([]byte(letter.Text), &folded) != nil {
		return
	}
	for name, v := range folded.Attributes {
		if _, taken := a[name]; !taken {
			a[name] = v
		}
	}
}

// ofDeadLetter reports whether an attribute is one that a parked message gets.
func ofDeadLetter(name string) bool {
	switch name {
	case AttrDeadLetter, AttrReason, AttrMessageID, AttrQueue, AttrReceives, AttrKey:
		return true
	}
	return false
}

// errorText is the text of an error, also of one that is nil or whose method
// panics: a message must not be kept from the dead letters by its reason.
func errorText(err error) (s string) {
	defer func() {
		if p := recover(); p != nil {
			s = fmt.Sprintf("%T, whose Error panics: %v", err, p)
		}
	}()
	if err == nil {
		return errNoReason.Error()
	}
	return err.Error()
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
