package messagingtest

import (
	"context"

	"github.com/patternkit/serverless/internal/wire"
)

type deleteMessageInput struct {
	QueueURL      string `json:"QueueUrl"`
	ReceiptHandle string `json:"ReceiptHandle"`
}

func (s *SQS) deleteMessage(ctx context.Context, in *deleteMessageInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return nil, q.acknowledge(in.ReceiptHandle)
}

// acknowledge deletes the message of a handle. A standard queue takes the
// newest handle even when the visibility timeout has ended, and answers an
// older handle with success while the message stays. A FIFO queue takes a
// handle only as long as its visibility timeout runs. What is gone already is
// deleted with success.
func (q *queue) acknowledge(handle string) error {
	m, r, err := q.byHandle(handle)
	if err != nil || m == nil {
		return err
	}
	current := m.receipt == r.number
	if q.settings.fifo && (!current || m.stage != inFlight) {
		return errHandleExpired(handle)
	}
	if current {
		q.forgetAttempts(m)
		q.remove(m)
	}
	return nil
}

type deleteEntry struct {
	ID            string `json:"Id"`
	ReceiptHandle string `json:"ReceiptHandle"`
}

type deleteMessageBatchInput struct {
	QueueURL string        `json:"QueueUrl"`
	Entries  []deleteEntry `json:"Entries"`
}

func (s *SQS) deleteMessageBatch(ctx context.Context, in *deleteMessageBatchInput) (*batchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("DeleteMessageBatchRequestEntry", in.Entries, func(e deleteEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	out := &batchOutput{}
	for i, e := range in.Entries {
		err := wire.CallOf(ctx).FailEntry(i)
		if err == nil {
			err = q.acknowledge(e.ReceiptHandle)
		}
		out.add(e.ID, err)
	}
	return out, nil
}

func (o *batchOutput) add(id string, err error) {
	if err != nil {
		o.Failed = append(o.Failed, failed(id, err))
		return
	}
	o.Successful = append(o.Successful, doneEntry{id})
}
