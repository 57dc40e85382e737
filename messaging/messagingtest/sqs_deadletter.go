package messagingtest

import (
	"context"
	"time"
)

// deadLetter moves m to the dead-letter queue if one more receive would exceed
// the maximum. The lock is held.
func (s *SQS) deadLetter(q *queue, m *message, now time.Time) bool {
	policy, ok := q.settings.redrive()
	if !ok || m.receivedHere < policy.Max.n {
		return false
	}
	target := s.queues[policy.Target]
	if target == nil {
		return false // the queue was deleted: the message stays where it is
	}
	target.advance(now)
	q.remove(m)
	m.order = s.next()
	m.source = q.arn
	m.receivedHere = 0
	if target.settings.fifo {
		m.sent = now
		m.dedup = m.id
		m.sequence = sequenceNumber(m.order)
		target.remember(target.dedupKey(m.group, m.dedup), m, now)
	}
	target.arrive(m, 0, now)
	return true
}

// sourcesOf returns the ARNs of the queues whose dead-letter queue is arn.
func (s *SQS) sourcesOf(arn string) []string {
	var out []string
	for _, q := range s.queues {
		if policy, ok := q.settings.redrive(); ok && policy.Target == arn {
			out = append(out, q.arn)
		}
	}
	return out
}

type listSourcesInput struct {
	QueueURL   string `json:"QueueUrl"`
	MaxResults int    `json:"MaxResults"`
	NextToken  string `json:"NextToken"`
}

type listSourcesOutput struct {
	QueueURLs []string `json:"queueUrls"`
	NextToken string   `json:"NextToken,omitempty"`
}

func (s *SQS) listDeadLetterSourceQueues(ctx context.Context, in *listSourcesInput) (*listSourcesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	urls := []string{}
	for _, arn := range s.sourcesOf(q.arn) {
		urls = append(urls, s.queueURL(ctx, arn))
	}
	page, token, err := pageOf(urls, in.MaxResults, 1000, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &listSourcesOutput{page, token}, nil
}
