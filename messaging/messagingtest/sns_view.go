package messagingtest

import (
	"slices"
	"time"
)

// Notification is a message that was published to a topic, as a test sees it.
type Notification struct {
	// ID is the MessageId of SNS.
	ID string
	// TopicARN is the topic.
	TopicARN string
	// Body is the message; with MessageStructure json, that for all protocols
	// together.
	Body string
	// Subject is the subject, "" for none.
	Subject string
	// Attributes are the values of the String, String.Array and Number message
	// attributes, and of the Binary ones as their bytes.
	Attributes map[string]string
	// GroupID and DeduplicationID are those of a FIFO topic; GroupID is also the
	// tenant of standard queues.
	GroupID, DeduplicationID string
	// Published is when it was published.
	Published time.Time
}

// Published returns the messages that were published to a topic so far, in this
// order: at least the last 32,768 of them, or those whose bodies have 64 MiB. A
// message that a FIFO topic dropped as a duplicate is not among them. A topic that
// does not exist is an error of the test, or panics where there is no test.
func (s *SNS) Published(topicARN string) []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[topicARN]
	if t == nil {
		s.server.Misuse("topic %s does not exist", topicARN)
		return nil
	}
	return slices.Clone(t.published.messages)
}

func (p *published) view() Notification {
	n := Notification{ID: p.id, TopicARN: p.topic, Body: p.Message, DeduplicationID: p.dedup, Attributes: textsOf(p.Attributes), Published: p.at}
	if p.Subject != nil {
		n.Subject = *p.Subject
	}
	if p.GroupID != nil {
		n.GroupID = *p.GroupID
	}
	return n
}
