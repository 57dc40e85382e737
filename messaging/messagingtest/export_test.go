package messagingtest

import "time"

// TakeAll receives n messages at once.
func (v *Queue) TakeAll(n int) {
	v.look(func(q *queue) {
		v.sqs.take(q, demand{max: n, timeout: q.settings.visibility()}, time.Now())
	})
}
