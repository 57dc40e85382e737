package messagingtest

import (
	"maps"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// SQSSnapshot is the state of an SQS at one moment: queues, messages, receive
// counts, deduplication, move tasks. It never changes and may be restored any
// number of times.
type SQSSnapshot struct {
	of       *wire.Server
	queues   map[string]*queue
	deleted  map[string]time.Time
	tasks    []*moveTask
	sequence int64
}

// Snapshot copies the state.
func (s *SQS) Snapshot() *SQSSnapshot {
	server := s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	return (&SQSSnapshot{server, s.queues, s.deleted, s.tasks, s.sequence}).clone()
}

// Restore brings the state of the snapshot back. Times are not moved: what
// was to end at a certain time still ends then. Blocked receives look again.
// Faults and the journal are left as they are. A nil snapshot panics, and so does
// one that this fake has not taken.
func (s *SQS) Restore(snapshot *SQSSnapshot) {
	s.checkSnapshot(snapshot)
	s.restore(snapshot)
}

func (s *SQS) restore(snapshot *SQSSnapshot) {
	fresh := snapshot.clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		q.wake()
	}
	s.queues, s.deleted, s.tasks, s.sequence = fresh.queues, fresh.deleted, fresh.tasks, fresh.sequence
}

// Reset empties the fake, as NewSQS made it: queues, messages, faults and
// journal. Mappings stay.
func (s *SQS) Reset() {
	s.made().Reset()
	s.restore(&SQSSnapshot{deleted: map[string]time.Time{}})
}

func (s *SQSSnapshot) clone() *SQSSnapshot {
	out := &SQSSnapshot{of: s.of, queues: make(map[string]*queue, len(s.queues)), deleted: maps.Clone(s.deleted), sequence: s.sequence}
	for arn, q := range s.queues {
		out.queues[arn] = q.clone()
	}
	for _, t := range s.tasks {
		c := *t
		out.tasks = append(out.tasks, &c)
	}
	return out
}

// clone copies the queue with all its messages, and without its waiters.
func (q *queue) clone() *queue {
	c := *q
	c.tags = maps.Clone(q.tags)
	c.sent = q.sent.clone()
	c.dedup = maps.Clone(q.dedup)
	c.tenants = maps.Clone(q.tenants)
	c.waiters = map[*waiter]struct{}{}
	c.messages = make(map[int64]*message, len(q.messages))
	for order, m := range q.messages {
		c.messages[order] = m.clone()
	}
	same := func(list []*message) []*message {
		out := make([]*message, len(list))
		for i, m := range list {
			out[i] = c.messages[m.order]
		}
		return out
	}
	c.ready.items = same(q.ready.items)
	c.waiting.items = same(q.waiting.items)
	c.groups = make(map[string]*group, len(q.groups))
	for id, g := range q.groups {
		c.groups[id] = &group{same(g.messages)}
	}
	c.attempts = make(map[string]*attempt, len(q.attempts))
	for id, a := range q.attempts {
		c.attempts[id] = &attempt{at: a.at, receipts: slices.Clone(a.receipts)}
	}
	return &c
}
