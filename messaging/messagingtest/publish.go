package messagingtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// notice is what Publish and an entry of PublishBatch share.
type notice struct {
	Message         string                    `query:"Message"`
	Subject         *string                   `query:"Subject"`
	Structure       string                    `query:"MessageStructure"`
	Attributes      map[string]attributeValue `query:"MessageAttributes.entry"`
	DeduplicationID *string                   `query:"MessageDeduplicationId"`
	GroupID         *string                   `query:"MessageGroupId"`
}

type publishInput struct {
	TopicARN        string                    `query:"TopicArn"`
	TargetARN       string                    `query:"TargetArn"`
	Message         string                    `query:"Message"`
	Subject         *string                   `query:"Subject"`
	Structure       string                    `query:"MessageStructure"`
	Attributes      map[string]attributeValue `query:"MessageAttributes.entry"`
	DeduplicationID *string                   `query:"MessageDeduplicationId"`
	GroupID         *string                   `query:"MessageGroupId"`
}

func (in *publishInput) notice() notice {
	return notice{in.Message, in.Subject, in.Structure, in.Attributes, in.DeduplicationID, in.GroupID}
}

type publishOutput struct {
	MessageID      string `xml:"MessageId"`
	SequenceNumber string `xml:"SequenceNumber,omitempty"`
}

func (s *SNS) publish(ctx context.Context, in *publishInput) (*publishOutput, error) {
	parameter, arn := "TopicArn", in.TopicARN
	if arn == "" && in.TargetARN != "" {
		parameter, arn = "TargetArn", in.TargetARN
	}
	if strings.Contains(arn, ":endpoint/") {
		return nil, wire.NotSimulated("Publish to a platform endpoint")
	}
	s.mu.Lock()
	t, err := s.topicOf(ctx, parameter, arn)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	return s.send(ctx, t, in.notice())
}

// send checks a notice and delivers it. The lock is held, and free afterwards.
func (s *SNS) send(ctx context.Context, t *topic, n notice) (*publishOutput, error) {
	if err := n.check(t); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	p, fresh := s.accept(t, n)
	out := &publishOutput{p.id, p.sequence}
	if !fresh {
		s.mu.Unlock()
		return out, nil
	}
	if t.fifo { // under the lock, so that nothing overtakes
		defer s.mu.Unlock()
		s.fanOut(ctx, p)
		return out, nil
	}
	s.mu.Unlock()
	s.fanOut(ctx, p)
	return out, nil
}

// published is an accepted message with the subscriptions of that moment.
type published struct {
	notice
	id, topic, sequence, dedup string
	fifo                       bool
	at                         time.Time
	messages                   map[string]string // by protocol, with MessageStructure json
	to                         []*subscription
	endpoints                  map[string]func(context.Context, []byte) error
}

// accept gives the notice its id; fresh is false for a duplicate, which is
// answered and not delivered. The lock is held.
func (s *SNS) accept(t *topic, n notice) (p published, fresh bool) {
	now := time.Now()
	p = published{notice: n, id: awsid.UUID(), topic: t.arn, fifo: t.fifo, at: now}
	if t.fifo {
		if p.dedup = contentDedupID(n.Message); n.DeduplicationID != nil {
			p.dedup = *n.DeduplicationID
		}
		key := p.dedup
		if t.values["FifoThroughputScope"] == "MessageGroup" {
			key = *n.GroupID + "\x00" + key
		}
		if before, ok := t.duplicateOf(key, now); ok {
			p.id, p.sequence = before.id, before.sequence
			return p, false
		}
		s.sequence++
		p.sequence = fmt.Sprintf("1000000000%010d", s.sequence)
		t.dedup[key] = sentBefore{now, p.id, p.sequence}
	}
	if n.Structure == "json" {
		p.messages, _ = structured(n.Message) // was checked
	}
	for _, sub := range s.inOrder(func(sub *subscription) bool { return sub.topic == t.arn && sub.token == "" }) {
		c := *sub
		p.to = append(p.to, &c)
	}
	p.endpoints = map[string]func(context.Context, []byte) error{}
	for endpoint, f := range s.endpoints {
		p.endpoints[endpoint] = f
	}
	return p, true
}

// check says what is wrong with a notice for t.
func (n notice) check(t *topic) error {
	if n.Message == "" {
		return snsInvalid("Empty message")
	}
	if n.Subject != nil && !validSubject(*n.Subject) {
		return snsInvalid("Subject")
	}
	switch n.Structure {
	case "":
	case "json":
		if _, err := structured(n.Message); err != nil {
			return err
		}
	default:
		return snsInvalid("MessageStructure")
	}
	if err := checkNoticeAttributes("messageAttributes", n.Attributes); err != nil {
		return err
	}
	if messageSize(n.Message, n.Attributes) > t.maxSize() {
		return snsInvalid("Message too long")
	}
	return n.checkFIFO(t)
}

func validSubject(subject string) bool {
	return subject != "" && utf8.RuneCountInString(subject) <= 100 && !strings.ContainsAny(subject, "\r\n")
}

func (n notice) checkFIFO(t *topic) error {
	if !t.fifo {
		if n.DeduplicationID != nil {
			return snsInvalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
		}
		if n.GroupID != nil && !token.MatchString(*n.GroupID) {
			return snsInvalid("MessageGroupId")
		}
		return nil
	}
	switch {
	case n.GroupID == nil:
		return snsInvalid("The MessageGroupId parameter is required for FIFO topics")
	case !token.MatchString(*n.GroupID):
		return snsInvalid("MessageGroupId")
	case n.DeduplicationID == nil && t.values["ContentBasedDeduplication"] != "true":
		return snsInvalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case n.DeduplicationID != nil && !token.MatchString(*n.DeduplicationID):
		return snsInvalid("MessageDeduplicationId")
	}
	return nil
}

// structured reads a message of MessageStructure json: its strings by
// protocol. Other values are left out; a key given twice is refused.
func structured(message string) (map[string]string, error) {
	refuse := snsInvalid("Message Structure - JSON message body failed to parse")
	dec := json.NewDecoder(bytes.NewReader([]byte(message)))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, refuse
	}
	out, seen := map[string]string{}, map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		if err != nil || !ok || seen[name] {
			return nil, refuse
		}
		seen[name] = true
		var value any
		if dec.Decode(&value) != nil {
			return nil, refuse
		}
		if text, ok := value.(string); ok {
			out[name] = text
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, refuse
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) { // something behind the object
		return nil, refuse
	}
	if _, ok := out["default"]; !ok {
		return nil, snsInvalid("Message Structure - No default entry in JSON message body")
	}
	return out, nil
}

// checkNoticeAttributes words what is wrong with attributes as SNS does.
func checkNoticeAttributes(place string, attributes map[string]attributeValue) error {
	for _, name := range sortedKeys(attributes) {
		if err := checkNoticeAttribute(place, name, attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

func checkNoticeAttribute(place, name string, v attributeValue) error {
	refuse := func(format string, args ...any) error { return snsError("ParameterValueInvalid", format, args...) }
	kind := transportType(v.DataType)
	switch {
	case v.DataType == "":
		return snsError("ValidationError", "1 validation error detected: Value null at '%s.%s.member.dataType' failed to satisfy constraint: Member must not be null", place, name)
	case len(name) > 256:
		return refuse("Length of message attribute name must be less than 256 bytes.")
	case strings.HasPrefix(name, "."):
		return refuse("Invalid message attribute name starting with character '.' was found.")
	case strings.HasSuffix(name, "."):
		return refuse("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return refuse("Message attribute name can not have successive '.' character.")
	}
	for _, r := range name {
		if !attributeName.MatchString(string(r)) {
			return refuse("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", r)
		}
	}
	switch {
	case kind != "String" && kind != "Number" && kind != "Binary":
		return refuse("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case kind == "Binary" && v.BinaryValue == nil && v.StringValue != nil:
		return refuse("The message attribute '%s' with type 'Binary' must use field 'Binary'.", name)
	case kind != "Binary" && v.StringValue == nil && v.BinaryValue != nil:
		return refuse("The message attribute '%s' with type '%s' must use field 'String'.", name, kind)
	case kind == "Binary" && len(v.BinaryValue) == 0, kind != "Binary" && v.text() == "":
		return refuse("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, v.DataType)
	case kind == "Number" && !isNumber(v.text()):
		return refuse("Could not cast message attribute '%s' value to number.", name)
	}
	return nil
}

type publishEntry struct {
	ID              string                    `query:"Id"`
	Message         string                    `query:"Message"`
	Subject         *string                   `query:"Subject"`
	Structure       string                    `query:"MessageStructure"`
	Attributes      map[string]attributeValue `query:"MessageAttributes.entry"`
	DeduplicationID *string                   `query:"MessageDeduplicationId"`
	GroupID         *string                   `query:"MessageGroupId"`
}

func (e publishEntry) notice() notice {
	return notice{e.Message, e.Subject, e.Structure, e.Attributes, e.DeduplicationID, e.GroupID}
}

type publishBatchInput struct {
	TopicARN string         `query:"TopicArn"`
	Entries  []publishEntry `query:"PublishBatchRequestEntries.member"`
}

type publishedEntry struct {
	ID             string `xml:"Id"`
	MessageID      string `xml:"MessageId"`
	SequenceNumber string `xml:"SequenceNumber,omitempty"`
}

type unpublishedEntry struct {
	ID          string `xml:"Id"`
	Code        string `xml:"Code"`
	Message     string `xml:"Message"`
	SenderFault bool   `xml:"SenderFault"`
}

type publishBatchOutput struct {
	Successful []publishedEntry   `xml:"Successful>member"`
	Failed     []unpublishedEntry `xml:"Failed>member"`
}

func (s *SNS) publishBatch(ctx context.Context, in *publishBatchInput) (*publishBatchOutput, error) {
	t, err := s.checkBatch(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &publishBatchOutput{}
	for i, e := range in.Entries {
		err := wire.CallOf(ctx).FailEntry(i)
		if err == nil {
			var done *publishOutput
			s.mu.Lock()
			if done, err = s.send(ctx, t, e.notice()); err == nil {
				out.Successful = append(out.Successful, publishedEntry{e.ID, done.MessageID, done.SequenceNumber})
				continue
			}
		}
		out.Failed = append(out.Failed, unpublishedEntry(failed(e.ID, err)))
	}
	return out, nil
}

// checkBatch finds the topic of a batch, and says what is wrong with the batch
// as a whole.
func (s *SNS) checkBatch(ctx context.Context, in *publishBatchInput) (*topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	return t, in.check(t)
}

// check says what is wrong with the batch as a whole.
func (in *publishBatchInput) check(t *topic) error {
	switch n := len(in.Entries); {
	case n == 0:
		return snsError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case n > maxBatchEntries:
		return snsError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	seen, total := map[string]bool{}, 0
	for _, e := range in.Entries {
		switch {
		case len(e.ID) > 80:
			return snsError("InvalidBatchEntryId", "The Id of a batch entry in the batch request is too long: %s", e.ID)
		case !entryID.MatchString(e.ID):
			return snsError("InvalidBatchEntryId", "The Id of a batch entry in the batch request contains an impermissible character: %s", e.ID)
		case seen[e.ID]:
			return snsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[e.ID] = true
		total += messageSize(e.Message, e.Attributes)
	}
	if total > t.maxSize() {
		return snsError("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")
	}
	for i, e := range in.Entries {
		if t.fifo {
			if err := e.notice().checkFIFO(t); err != nil {
				return err
			}
		}
		for _, name := range sortedKeys(e.Attributes) {
			if e.Attributes[name].DataType == "" {
				return checkNoticeAttribute(fmt.Sprintf("publishBatchRequestEntries.%d.member.messageAttributes", i+1), name, e.Attributes[name])
			}
		}
	}
	return nil
}
