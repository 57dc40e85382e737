package messagingtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// dedupInterval is how long a deduplication id and a receive attempt live.
const dedupInterval = 5 * time.Minute

// group is a message group of a FIFO queue: its messages in their order. What is
// behind the first invisible one is not delivered.
type group struct{ messages []*message }

func (q *queue) group(id string) *group {
	g := q.groups[id]
	if g == nil {
		g = &group{}
		q.groups[id] = g
	}
	return g
}

func (g *group) head() *message {
	if len(g.messages) == 0 {
		return nil
	}
	return g.messages[0]
}

// join puts m in its place; messages nearly always come last.
func (g *group) join(m *message) {
	i := len(g.messages)
	for i > 0 && g.messages[i-1].order > m.order {
		i--
	}
	g.messages = slices.Insert(g.messages, i, m)
}

func (g *group) leave(m *message) {
	if i := slices.Index(g.messages, m); i >= 0 {
		g.messages = slices.Delete(g.messages, i, i+1)
	}
}

// sentBefore remembers an accepted send for the deduplication interval.
type sentBefore struct {
	at           time.Time
	id, sequence string
}

// dedupKey is what two sends must share to be duplicates.
func (q *queue) dedupKey(groupID, dedupID string) string {
	if q.settings.perGroupDedup() {
		return groupID + "\x00" + dedupID
	}
	return dedupID
}

// duplicateOf returns the send of the last five minutes that key repeats.
func (q *queue) duplicateOf(key string, now time.Time) (sentBefore, bool) {
	before, ok := q.dedup[key]
	if !ok {
		return sentBefore{}, false
	}
	if now.Sub(before.at) >= dedupInterval {
		delete(q.dedup, key)
		return sentBefore{}, false
	}
	return before, true
}

// remember keeps key for the deduplication interval and forgets older ones.
func (q *queue) remember(key string, m *message, now time.Time) {
	if len(q.dedup) > 0 && len(q.dedup)%1024 == 0 {
		for old, before := range q.dedup {
			if now.Sub(before.at) >= dedupInterval {
				delete(q.dedup, old)
			}
		}
	}
	q.dedup[key] = sentBefore{at: now, id: m.id, sequence: m.sequence}
}

// contentDedupID is the deduplication id that SQS computes from a body.
func contentDedupID(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// sequenceNumber writes an order as SQS writes sequence numbers: 20 digits.
func sequenceNumber(order int64) string { return fmt.Sprintf("188%017d", order*256) }

// attempt is a receive that can be repeated with its ReceiveRequestAttemptId.
type attempt struct {
	at       time.Time
	receipts []receipt
}

// repeat returns the messages of the attempt called id again, and resets their
// visibility; ok is false when it cannot be repeated: too old, its visibility
// ended, or one of its messages was deleted or changed.
func (q *queue) repeat(id string, timeout time.Duration, now time.Time) ([]delivery, bool) {
	a := q.attempts[id]
	if a == nil || now.Sub(a.at) >= dedupInterval {
		delete(q.attempts, id)
		return nil, false
	}
	var out []delivery
	for _, r := range a.receipts {
		m := q.messages[r.order]
		if m == nil || m.stage != inFlight || m.receipt != r.number {
			delete(q.attempts, id)
			return nil, false
		}
		out = append(out, delivery{m, r.encode()})
	}
	for _, d := range out {
		q.hide(d.message, now.Add(timeout))
	}
	return out, true
}

// forgetAttempts drops the attempts that m is part of: it was changed.
func (q *queue) forgetAttempts(m *message) {
	for id, a := range q.attempts {
		if slices.ContainsFunc(a.receipts, func(r receipt) bool { return r.order == m.order }) {
			delete(q.attempts, id)
		}
	}
}
