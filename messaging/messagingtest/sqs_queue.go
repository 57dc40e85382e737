package messagingtest

import (
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
)

// queue is the state of one queue. Messages wait in one of two heaps: ready,
// in the order of sending, and waiting, in the order in which delay or
// visibility timeout end. In a FIFO queue only the first message of each free
// group is in ready.
type queue struct {
	arn, name string
	settings  settings
	tags      map[string]string
	created   time.Time
	modified  time.Time
	purged    time.Time

	messages map[int64]*message
	ready    messageHeap
	waiting  messageHeap
	oldest   time.Time // no message was sent before
	counts   [3]int    // by stage

	groups   map[string]*group // FIFO
	tenants  map[string]int    // messages in flight by group id, in a standard queue
	dedup    map[string]sentBefore
	attempts map[string]*attempt

	sent history[Message] // what came in, received or not

	duplicates int // how many of the next deliveries are to happen twice
	waiters    map[*waiter]struct{}
}

// waiter is a blocked receive. Its channel is made by the call that blocks.
type waiter struct{ wake chan struct{} }

func newQueue(arn string, now time.Time) *queue {
	p, _ := awsid.ParseARN(arn)
	return &queue{
		arn: arn, name: p.Resource,
		created: now, modified: now,
		messages: map[int64]*message{},
		ready:    messageHeap{slot: readySlot, less: byOrder},
		waiting:  messageHeap{slot: waitingSlot, less: byUntil},
		groups:   map[string]*group{},
		tenants:  map[string]int{},
		dedup:    map[string]sentBefore{},
		attempts: map[string]*attempt{},
		waiters:  map[*waiter]struct{}{},
	}
}

// wake lets every blocked receive look again.
func (q *queue) wake() {
	for w := range q.waiters {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// arrive puts a message that is new to the queue into it and its history.
func (q *queue) arrive(m *message, delay time.Duration, now time.Time) {
	q.put(m, delay, now)
	q.sent.add(m.view(), len(m.body))
}

// put adds m, invisible for delay.
func (q *queue) put(m *message, delay time.Duration, now time.Time) {
	m.place = [2]int{-1, -1}
	q.messages[m.order] = m
	if q.oldest.IsZero() || m.sent.Before(q.oldest) {
		q.oldest = m.sent
	}
	m.stage, m.until = visible, time.Time{}
	if delay > 0 {
		m.stage, m.until = delayed, now.Add(delay)
		q.waiting.add(m)
	}
	q.counts[m.stage]++
	if q.settings.fifo {
		q.group(m.group).join(m)
	}
	q.offer(m)
	q.wake()
}

// offer puts m, or the first message of its group, among the ready ones if it
// can be received now.
func (q *queue) offer(m *message) {
	if q.settings.fifo {
		if g := q.groups[m.group]; g != nil {
			if head := g.head(); head != nil && head.stage == visible {
				q.ready.add(head)
			}
		}
		return
	}
	if m.stage == visible {
		q.ready.add(m)
	}
}

// hide makes m invisible until then: it was received, or its timeout changed.
func (q *queue) hide(m *message, until time.Time) {
	q.ready.remove(m)
	q.waiting.remove(m)
	q.restage(m, inFlight)
	m.until = until
	q.waiting.add(m)
}

// show makes m visible.
func (q *queue) show(m *message) {
	q.waiting.remove(m)
	q.restage(m, visible)
	m.until = time.Time{}
	q.offer(m)
	q.wake()
}

func (q *queue) restage(m *message, to stage) {
	q.counts[m.stage]--
	q.counts[to]++
	if q.settings.fifo {
		m.stage = to
		return
	}
	q.occupy(m, -1)
	m.stage = to
	q.occupy(m, 1)
}

// remove takes m out of the queue.
func (q *queue) remove(m *message) {
	if q.messages[m.order] != m {
		return
	}
	delete(q.messages, m.order)
	q.ready.remove(m)
	q.waiting.remove(m)
	q.counts[m.stage]--
	defer q.wake()
	if !q.settings.fifo {
		q.occupy(m, -1)
		return
	}
	g := q.groups[m.group]
	g.leave(m)
	if len(g.messages) == 0 {
		delete(q.groups, m.group)
		return
	}
	q.offer(m)
}

// clear takes every message out.
func (q *queue) clear() {
	for _, m := range q.messages {
		m.place = [2]int{-1, -1}
	}
	q.messages = map[int64]*message{}
	q.ready.items, q.waiting.items = nil, nil
	q.groups = map[string]*group{}
	q.tenants = map[string]int{}
	q.dedup = map[string]sentBefore{}
	q.attempts = map[string]*attempt{}
	q.counts = [3]int{}
	q.oldest = time.Time{}
	q.wake()
}

// advance lets the time up to now pass: delays and visibility timeouts end,
// old messages are dropped.
func (q *queue) advance(now time.Time) {
	for m := q.waiting.top(); m != nil && !m.until.After(now); m = q.waiting.top() {
		q.show(m)
	}
	if retention := q.settings.retention(); !q.oldest.IsZero() && now.Sub(q.oldest) > retention {
		q.oldest = time.Time{}
		for _, m := range q.ordered() {
			switch {
			case now.Sub(m.sent) > retention:
				q.remove(m)
			case q.oldest.IsZero() || m.sent.Before(q.oldest):
				q.oldest = m.sent
			}
		}
	}
}

// ordered returns the messages in the order of sending.
func (q *queue) ordered() []*message {
	out := make([]*message, 0, len(q.messages))
	for _, m := range q.messages {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b *message) int {
		if a.order < b.order {
			return -1
		}
		return 1
	})
	return out
}

// nextChange is when the queue next changes by the passing of time alone;
// zero when it never does.
func (q *queue) nextChange() time.Time {
	if m := q.waiting.top(); m != nil {
		return m.until
	}
	return time.Time{}
}

// isEmpty says whether nothing is left: visible, in flight or delayed.
func (q *queue) isEmpty() bool { return len(q.messages) == 0 }
