package messagingtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// Dump returns the queues and their messages as text, for the output of a test.
// A test that used the fake and has failed logs the first 100 lines of it by
// itself, with the last 20 calls.
func (s *SQS) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dump()
}

func (s *SQS) dump() string {
	var d wire.Dump
	for _, arn := range slices.Sorted(maps.Keys(s.queues)) {
		q := s.queues[arn]
		p, _ := awsid.ParseARN(arn)
		d.Line(0, "queue %s%s: %s", q.name, d.At(p.Account, p.Region), wire.Plural(len(q.messages), "message", "messages"))
		inOrder := slices.SortedFunc(maps.Values(q.messages), func(a, b *message) int { return cmp.Compare(a.order, b.order) })
		for _, m := range inOrder {
			d.Line(1, "%s%s", m.dumped(time.Now()), m.body)
		}
	}
	return d.String()
}

// dumped says where a message is in its life, before its body.
func (m *message) dumped(now time.Time) string {
	text := ""
	if m.group != "" {
		text += "group " + m.group + ", "
	}
	switch {
	case m.stage == delayed && m.until.After(now):
		text += "delayed: "
	case m.stage == inFlight && m.until.After(now):
		text += "in flight: "
	case m.received > 0:
		text += "received: "
	default:
		text += "waiting: "
	}
	return text
}

// Dump returns the topics, their subscriptions and what could not be delivered
// as text, for the output of a test. A test that used the fake and has failed
// logs the first 100 lines of it by itself, with the last 20 calls.
func (s *SNS) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dump()
}

func (s *SNS) dump() string {
	var d wire.Dump
	subscriptions := slices.SortedFunc(maps.Values(s.subscriptions), func(a, b *subscription) int { return cmp.Compare(a.order, b.order) })
	for _, arn := range slices.Sorted(maps.Keys(s.topics)) {
		p, _ := awsid.ParseARN(arn)
		d.Line(0, "topic %s%s", s.topics[arn].name, d.At(p.Account, p.Region))
		for _, sub := range subscriptions {
			switch {
			case sub.topic != arn:
			case sub.token != "":
				d.Line(1, "subscription %s %s, not confirmed", sub.protocol, sub.endpoint)
			case sub.values["FilterPolicy"] != "":
				d.Line(1, "subscription %s %s, filter %s", sub.protocol, sub.endpoint, sub.values["FilterPolicy"])
			default:
				d.Line(1, "subscription %s %s", sub.protocol, sub.endpoint)
			}
		}
		for _, u := range s.undelivered {
			if u.TopicARN == arn {
				d.Line(1, "undelivered %s to %s: %v", u.MessageID, u.Endpoint, u.Err)
			}
		}
	}
	return d.String()
}
