package messagingtest

// A standard queue whose messages have a MessageGroupId is a fair queue: the
// id names a tenant, and the messages of quiet tenants go before those of a
// noisy one. Nothing is blocked, and there is no order within a tenant.

// noisyInFlight is how many messages in flight make a tenant noisy, if they
// are more than a tenth of all.
const noisyInFlight = 30

// occupy counts m for its tenant while it is in flight.
func (q *queue) occupy(m *message, by int) {
	if m.group == "" || m.stage != inFlight {
		return
	}
	if q.tenants[m.group] += by; q.tenants[m.group] == 0 {
		delete(q.tenants, m.group)
	}
}

func (q *queue) noisy(tenant string) bool {
	n := q.tenants[tenant]
	return n >= noisyInFlight && n*10 > q.counts[inFlight]
}

// next is the message that a receive takes next; nil when there is none.
func (q *queue) next() *message {
	head := q.ready.top()
	if head == nil || q.settings.fifo || !q.noisy(head.group) {
		return head
	}
	var quiet *message
	for _, m := range q.ready.items {
		if !q.noisy(m.group) && (quiet == nil || m.order < quiet.order) {
			quiet = m
		}
	}
	if quiet == nil {
		return head
	}
	return quiet
}
