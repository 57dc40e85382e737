package messagingtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

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
	if arn == "" {
		parameter, arn = "TargetArn", in.TargetARN
	}
	if arn == "" {
		return nil, snsInvalid("TopicArn or TargetArn Reason: no value for required parameter")
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
	t.published.add(p.view(), len(n.Message))
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
