package messagingtest

import (
	"context"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type changeVisibilityInput struct {
	QueueURL          string `json:"QueueUrl"`
	ReceiptHandle     string `json:"ReceiptHandle"`
	VisibilityTimeout *int   `json:"VisibilityTimeout"`
}

func (s *SQS) changeMessageVisibility(ctx context.Context, in *changeVisibilityInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return nil, q.changeVisibility(in.ReceiptHandle, in.VisibilityTimeout, time.Now())
}

// changeVisibility hides the message of a handle for so many seconds from now;
// from its receive on, it may be hidden for 12 hours in all.
func (q *queue) changeVisibility(handle string, seconds *int, now time.Time) error {
	if seconds == nil {
		return missingParameter("VisibilityTimeout")
	}
	if *seconds < 0 || *seconds > maxVisibleSeconds {
		return invalidValue(*seconds, "VisibilityTimeout", "Must be between 0 and %d, if provided.", maxVisibleSeconds)
	}
	m, r, err := q.byHandle(handle)
	switch {
	case err != nil:
		return err
	case m == nil:
		return errNotAvailable(handle)
	case q.settings.fifo && (m.receipt != r.number || m.stage != inFlight):
		return errHandleExpired(handle)
	case m.receipt != r.number:
		return errNotAvailable(handle)
	}
	timeout := time.Duration(*seconds) * time.Second
	if now.Add(timeout).Sub(m.lastReceived) > maxVisibility {
		return invalidValue(*seconds, "VisibilityTimeout",
			"Total VisibilityTimeout for the message is beyond the limit [%d seconds]", maxVisibleSeconds)
	}
	q.forgetAttempts(m)
	if timeout > 0 {
		q.hide(m, now.Add(timeout))
		q.wake() // the time of the next change has moved
		return nil
	}
	q.show(m)
	return nil
}

type visibilityEntry struct {
	ID                string `json:"Id"`
	ReceiptHandle     string `json:"ReceiptHandle"`
	VisibilityTimeout *int   `json:"VisibilityTimeout"`
}

type changeVisibilityBatchInput struct {
	QueueURL string            `json:"QueueUrl"`
	Entries  []visibilityEntry `json:"Entries"`
}

func (s *SQS) changeMessageVisibilityBatch(ctx context.Context, in *changeVisibilityBatchInput) (*batchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("ChangeMessageVisibilityBatchRequestEntry", in.Entries, func(e visibilityEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	out, now := &batchOutput{}, time.Now()
	for i, e := range in.Entries {
		err := wire.CallOf(ctx).FailEntry(i)
		if err == nil {
			err = q.changeVisibility(e.ReceiptHandle, e.VisibilityTimeout, now)
		}
		out.add(e.ID, err)
	}
	return out, nil
}
