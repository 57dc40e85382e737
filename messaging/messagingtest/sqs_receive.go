package messagingtest

import (
	"context"
	"slices"
	"time"
)

type receiveMessageInput struct {
	QueueURL          string   `json:"QueueUrl"`
	AttributeNames    []string `json:"AttributeNames"` // the older name of SystemNames
	SystemNames       []string `json:"MessageSystemAttributeNames"`
	MessageNames      []string `json:"MessageAttributeNames"`
	Max               *int     `json:"MaxNumberOfMessages"`
	WaitTimeSeconds   *int     `json:"WaitTimeSeconds"`
	VisibilityTimeout *int     `json:"VisibilityTimeout"`
	AttemptID         *string  `json:"ReceiveRequestAttemptId"`
}

type receivedMessage struct {
	MessageID     string                    `json:"MessageId"`
	ReceiptHandle string                    `json:"ReceiptHandle"`
	MD5           string                    `json:"MD5OfBody"`
	Body          string                    `json:"Body"`
	Attributes    map[string]string         `json:"Attributes,omitempty"`
	MD5Attributes string                    `json:"MD5OfMessageAttributes,omitempty"`
	Message       map[string]attributeValue `json:"MessageAttributes,omitempty"`
}

type receiveMessageOutput struct {
	Messages []receivedMessage `json:"Messages,omitempty"`
}

func (s *SQS) receiveMessage(ctx context.Context, in *receiveMessageInput) (*receiveMessageOutput, error) {
	s.mu.Lock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	arn := q.arn
	want, err := in.demand(q)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	taken, err := s.receive(ctx, arn, want)
	if err != nil {
		return nil, err
	}
	out := &receiveMessageOutput{}
	systemNames := slices.Concat(in.AttributeNames, in.SystemNames)
	for _, d := range taken {
		attributes := d.chosen(in.MessageNames)
		out.Messages = append(out.Messages, receivedMessage{
			MessageID: d.id, ReceiptHandle: d.handle, MD5: d.md5, Body: d.body,
			Attributes:    d.system(systemNames),
			MD5Attributes: md5OfAttributes(attributes),
			Message:       attributes,
		})
	}
	return out, nil
}

// demand is a checked receive.
type demand struct {
	max     int
	wait    time.Duration
	timeout time.Duration
	attempt string
}

func (in *receiveMessageInput) demand(q *queue) (demand, error) {
	want := demand{max: 1, wait: q.settings.wait(), timeout: q.settings.visibility()}
	if n := in.Max; n != nil {
		if *n < 1 || *n > maxBatchEntries {
			return want, invalidValue(*n, "MaxNumberOfMessages", "Must be between 1 and %d, if provided.", maxBatchEntries)
		}
		want.max = *n
	}
	if n := in.WaitTimeSeconds; n != nil {
		if *n < 0 || *n > maxWaitSeconds {
			return want, invalidValue(*n, "WaitTimeSeconds", "Must be >= 0 and <= %d, if provided.", maxWaitSeconds)
		}
		want.wait = time.Duration(*n) * time.Second
	}
	if n := in.VisibilityTimeout; n != nil {
		if *n < 0 || *n > maxVisibleSeconds {
			return want, invalidValue(*n, "VisibilityTimeout", "Must be between 0 and %d, if provided.", maxVisibleSeconds)
		}
		want.timeout = time.Duration(*n) * time.Second
	}
	for _, name := range slices.Concat(in.AttributeNames, in.SystemNames) {
		if name != "All" && !slices.Contains(systemAttributes(), name) {
			return want, unknownAttribute(name)
		}
	}
	if id := in.AttemptID; id != nil {
		if !q.settings.fifo {
			return want, invalidValue(*id, "ReceiveRequestAttemptId", "The request include parameter that is not valid for this queue type.")
		}
		if err := checkToken("ReceiveRequestAttemptId", *id); err != nil {
			return want, err
		}
		want.attempt = *id
	}
	return want, nil
}

// delivery is a message as it was received once.
type delivery struct {
	*message
	handle string
}

// receive takes messages from a queue. When there are none it waits for up to
// want.wait, until the very moment at which one can be received.
func (s *SQS) receive(ctx context.Context, arn string, want demand) ([]delivery, error) {
	deadline := time.Now().Add(want.wait)
	w := &waiter{wake: make(chan struct{}, 1)}
	var watch func()
	for {
		taken, next, err := s.tryReceive(arn, want, w)
		now := time.Now()
		if err != nil || len(taken) > 0 || !now.Before(deadline) {
			s.leave(arn, w)
			return taken, err
		}
		until := deadline
		if !next.IsZero() && next.Before(until) {
			until = next
		}
		if watch == nil {
			watch = s.server.Watch(ctx, "messagingtest: ReceiveMessage of "+arn)
			defer watch()
		}
		timer := time.NewTimer(until.Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			s.leave(arn, w)
			return nil, ctx.Err()
		case <-timer.C:
		case <-w.wake:
			timer.Stop()
		}
	}
}

// tryReceive takes what can be received now. With nothing there it enters w
// among the waiting and says when time alone will change the queue.
func (s *SQS) tryReceive(arn string, want demand, w *waiter) ([]delivery, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[arn]
	if q == nil {
		return nil, time.Time{}, s.noQueue(arn)
	}
	now := time.Now()
	s.moveTasks(now)
	q.advance(now)
	if want.attempt != "" {
		if again, ok := q.repeat(want.attempt, want.timeout, now); ok {
			return copies(again), time.Time{}, nil
		}
	}
	if q.counts[inFlight] >= s.maxInFlight {
		if q.settings.fifo {
			return nil, q.nextChange(), nil
		}
		return nil, time.Time{}, errOverLimit(s.maxInFlight)
	}
	taken := s.take(q, want, now)
	if len(taken) == 0 {
		if w != nil {
			q.waiters[w] = struct{}{}
		}
		return nil, earlier(q.nextChange(), s.nextTaskStep()), nil
	}
	if want.attempt != "" {
		a := &attempt{at: now}
		for _, d := range taken {
			a.receipts = append(a.receipts, receipt{q.arn, d.order, d.receipt})
		}
		q.attempts[want.attempt] = a
	}
	return copies(taken), time.Time{}, nil
}

// copies frees deliveries of the queue's own messages, which change under the
// lock only.
func copies(taken []delivery) []delivery {
	for i, d := range taken {
		taken[i].message = d.clone()
	}
	return taken
}

func (s *SQS) leave(arn string, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[arn]; q != nil {
		delete(q.waiters, w)
	}
}

// take receives up to want.max messages, and moves those whose receives are
// used up to the dead-letter queue. Of a FIFO group it takes as many as it can,
// then goes on to the next. What is to be delivered twice is visible to the
// receives after this one. The lock is held.
func (s *SQS) take(q *queue, want demand, now time.Time) []delivery {
	var out []delivery
	for head := q.next(); head != nil && len(out) < want.max; head = q.next() {
		if !q.settings.fifo {
			if !s.deadLetter(q, head, now) {
				out = append(out, q.deliver(head, want.timeout, now))
			}
			continue
		}
		g := q.groups[head.group]
		for i := 0; i < len(g.messages) && len(out) < want.max && g.messages[i].stage == visible; {
			if m := g.messages[i]; !s.deadLetter(q, m, now) {
				out = append(out, q.deliver(m, want.timeout, now))
				i++
			}
		}
	}
	for _, d := range out {
		if !d.twice && q.duplicates == 0 {
			continue
		}
		if !d.twice {
			q.duplicates--
		}
		d.twice = false
		again := d.clone()
		again.order = s.next()
		q.put(again, d.twiceAfter, now)
	}
	return out
}

// deliver counts a receive of m and hides it.
func (q *queue) deliver(m *message, timeout time.Duration, now time.Time) delivery {
	m.received++
	m.receivedHere++
	m.receipt++
	m.lastReceived = now
	if m.firstReceived.IsZero() {
		m.firstReceived = now
	}
	q.hide(m, now.Add(timeout))
	return delivery{m, receipt{q.arn, m.order, m.receipt}.encode()}
}
