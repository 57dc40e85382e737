package messagingtest

import (
	"context"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// outgoing is what SendMessage and an entry of SendMessageBatch share.
type outgoing struct {
	Body             string                    `json:"MessageBody"`
	DelaySeconds     *int                      `json:"DelaySeconds"`
	Attributes       map[string]attributeValue `json:"MessageAttributes"`
	SystemAttributes map[string]attributeValue `json:"MessageSystemAttributes"`
	DeduplicationID  *string                   `json:"MessageDeduplicationId"`
	GroupID          *string                   `json:"MessageGroupId"`
}

type sendMessageInput struct {
	QueueURL string `json:"QueueUrl"`
	outgoing
}

// sent is the answer to the sender of a message.
type sent struct {
	MessageID           string `json:"MessageId"`
	MD5                 string `json:"MD5OfMessageBody"`
	MD5Attributes       string `json:"MD5OfMessageAttributes,omitempty"`
	MD5SystemAttributes string `json:"MD5OfMessageSystemAttributes,omitempty"`
	SequenceNumber      string `json:"SequenceNumber,omitempty"`
}

func (s *SQS) sendMessage(ctx context.Context, in *sendMessageInput) (*sent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	out, err := s.accept(q, in.outgoing, time.Now())
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// traceHeader is the only system attribute that a sender may set.
const traceHeader = "AWSTraceHeader"

// checkOutgoing says what is wrong with a message for q.
func checkOutgoing(q *queue, o outgoing) error {
	if err := checkBody(o.Body); err != nil {
		return err
	}
	if err := checkAttributes(o.Attributes); err != nil {
		return err
	}
	for name, v := range o.SystemAttributes {
		if name != traceHeader || transportType(v.DataType) != "String" || v.text() == "" {
			return invalidParameter("Message system attribute name '%s' is invalid.", name)
		}
	}
	if n := messageSize(o.Body, o.Attributes); n > q.settings.maxSize() {
		return invalidParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.settings.maxSize())
	}
	if q.settings.fifo {
		return checkFIFO(q, o)
	}
	if o.DeduplicationID != nil {
		return invalidValue(*o.DeduplicationID, "MessageDeduplicationId", "The request include parameter that is not valid for this queue type.")
	}
	if o.GroupID != nil {
		if err := checkToken("MessageGroupId", *o.GroupID); err != nil {
			return err
		}
	}
	if d := o.DelaySeconds; d != nil && (*d < 0 || *d > maxDelaySeconds) {
		return invalidValue(*d, "DelaySeconds", "DelaySeconds must be >= 0 and <= %d.", maxDelaySeconds)
	}
	return nil
}

func checkFIFO(q *queue, o outgoing) error {
	switch {
	case o.GroupID == nil:
		return missingParameter("MessageGroupId")
	case o.DelaySeconds != nil && *o.DelaySeconds != 0:
		return invalidValue(*o.DelaySeconds, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
	}
	if err := checkToken("MessageGroupId", *o.GroupID); err != nil {
		return err
	}
	if o.DeduplicationID != nil {
		return checkToken("MessageDeduplicationId", *o.DeduplicationID)
	}
	if !q.settings.contentDedup() {
		return errNoDeduplicationID()
	}
	return nil
}

func errNoDeduplicationID() error {
	return invalidParameter("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
}

// accept checks o and puts it into q, unless it is a duplicate. The lock is
// held.
func (s *SQS) accept(q *queue, o outgoing, now time.Time) (sent, error) {
	if err := checkOutgoing(q, o); err != nil {
		return sent{}, err
	}
	out := sent{
		MD5:                 md5Hex(o.Body),
		MD5Attributes:       md5OfAttributes(o.Attributes),
		MD5SystemAttributes: md5OfAttributes(o.SystemAttributes),
	}
	m := &message{
		id: awsid.UUID(), body: o.Body, md5: out.MD5, attributes: o.Attributes,
		trace: o.SystemAttributes[traceHeader].text(), sender: "AIDAEXAMPLESENDERID00", sent: now,
	}
	if o.GroupID != nil {
		m.group = *o.GroupID
	}
	var key string
	if q.settings.fifo {
		if m.dedup = contentDedupID(o.Body); o.DeduplicationID != nil {
			m.dedup = *o.DeduplicationID
		}
		key = q.dedupKey(m.group, m.dedup)
		if before, ok := q.duplicateOf(key, now); ok {
			out.MessageID, out.SequenceNumber = before.id, before.sequence
			return out, nil
		}
	}
	m.order = s.next()
	if q.settings.fifo {
		m.sequence = sequenceNumber(m.order)
		q.remember(key, m, now)
	}
	delay := q.settings.delay()
	if o.DelaySeconds != nil && !q.settings.fifo {
		delay = time.Duration(*o.DelaySeconds) * time.Second
	}
	q.arrive(m, delay, now)
	out.MessageID, out.SequenceNumber = m.id, m.sequence
	return out, nil
}

type sendEntry struct {
	ID string `json:"Id"`
	outgoing
}

type sendMessageBatchInput struct {
	QueueURL string      `json:"QueueUrl"`
	Entries  []sendEntry `json:"Entries"`
}

type sentEntry struct {
	ID string `json:"Id"`
	sent
}

type sendMessageBatchOutput struct {
	Successful []sentEntry   `json:"Successful,omitempty"`
	Failed     []failedEntry `json:"Failed,omitempty"`
}

func (s *SQS) sendMessageBatch(ctx context.Context, in *sendMessageBatchInput) (*sendMessageBatchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("SendMessageBatchRequestEntry", in.Entries, func(e sendEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	total := 0
	for _, e := range in.Entries {
		total += messageSize(e.Body, e.Attributes)
	}
	if total > maxMessageSize {
		return nil, legacyError("BatchRequestTooLong", legacyPrefix+"BatchRequestTooLong", 0,
			"Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessageSize, total)
	}
	if q.settings.fifo {
		for _, e := range in.Entries { // without its ids, an entry fails the whole batch
			switch {
			case e.GroupID == nil:
				return nil, invalidParameter("The request must contain the parameter MessageGroupId.")
			case e.DeduplicationID == nil && !q.settings.contentDedup():
				return nil, errNoDeduplicationID()
			}
		}
	}
	out, now := &sendMessageBatchOutput{}, time.Now()
	for i, e := range in.Entries {
		err := wire.CallOf(ctx).FailEntry(i)
		if err == nil {
			var one sent
			if one, err = s.accept(q, e.outgoing, now); err == nil {
				out.Successful = append(out.Successful, sentEntry{e.ID, one})
				continue
			}
		}
		out.Failed = append(out.Failed, failed(e.ID, err))
	}
	return out, nil
}
