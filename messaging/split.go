package messaging

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/patternkit/serverless/internal/backoff"
)

// ErrGroupStopped marks a message that was not sent because an earlier one of
// its message group was not.
var ErrGroupStopped = errors.New("messaging: an earlier message of the group was not sent")

// errUnanswered marks an entry that the response does not mention.
var errUnanswered = errors.New("messaging: the answer does not mention the entry")

// pending is a value to be sent; index is its place among the caller's values.
type pending struct {
	outgoing
	index int
}

// reply is the result of one entry of a request.
type reply struct {
	id string
	SendResult
}

func entryID(i int) *string { return aws.String(strconv.Itoa(i)) }

// sendAll prepares the values, splits them into requests and accounts for every
// entry.
func (o *outbound[T]) sendAll(ctx context.Context, vs []T, optFns []func(*SendOptions), attempts int,
	send func(context.Context, []pending) ([]reply, error),
) ([]SendResult, error) {
	results := make([]SendResult, len(vs))
	stopped := map[string]bool{} // groups of a FIFO target that lost a message
	fail := func(p *pending, err error) {
		results[p.index] = SendResult{Err: err}
		if o.fifo {
			stopped[p.group] = true
		}
	}
	var batch []pending
	size := 0
	flush := func() {
		if len(batch) > 0 {
			o.sendBatch(ctx, batch, attempts, send, results, fail)
		}
		batch, size = nil, 0
	}
	for i, v := range vs {
		m, err := o.prepareFor(ctx, v, optFns)
		p := pending{m, i}
		if err != nil {
			fail(&p, err)
			continue
		}
		if n := m.size(); len(batch) == maxBatch || size+n > o.limit {
			flush()
		}
		if o.fifo && stopped[m.group] {
			fail(&p, ErrGroupStopped)
			continue
		}
		batch = append(batch, p)
		size += m.size()
	}
	flush()
	return results, sendError(o.target, results)
}

// sendBatch sends one request, and again the entries whose failure may pass.
func (o *outbound[T]) sendBatch(ctx context.Context, batch []pending, attempts int,
	send func(context.Context, []pending) ([]reply, error), results []SendResult, fail func(*pending, error),
) {
	for attempt := 1; len(batch) > 0; attempt++ {
		if err := ctx.Err(); err != nil {
			failAll(batch, fmt.Errorf("messaging: send to %s: %w", o.target, err), fail)
			return
		}
		replies, err := send(ctx, batch)
		if err != nil {
			failAll(batch, err, fail)
			return
		}
		answers := make([]*SendResult, len(batch))
		for i := range replies {
			if n, err := strconv.Atoi(replies[i].id); err == nil && n >= 0 && n < len(batch) {
				answers[n] = &replies[i].SendResult
			}
		}
		var again []pending
		for i := range batch {
			p := &batch[i]
			switch a := answers[i]; {
			case a == nil:
				fail(p, errUnanswered)
			case a.Err == nil:
				results[p.index] = *a
			case attempt < attempts && retriable(a.Err) && (!o.fifo || !overtaken(batch, answers, i)):
				results[p.index] = *a
				again = append(again, *p)
			default:
				fail(p, fmt.Errorf("messaging: send to %s: %w", o.target, a.Err))
			}
		}
		batch = again
		if len(batch) > 0 {
			if err := backoff.Sleep(ctx, backoff.Full(attempt-1, retryPauseMin, retryPauseMax)); err != nil {
				failAll(batch, fmt.Errorf("messaging: send to %s: %w", o.target, err), fail)
				return
			}
		}
	}
}

func failAll(batch []pending, err error, fail func(*pending, error)) {
	for i := range batch {
		fail(&batch[i], err)
	}
}

func retriable(err error) bool {
	var e *EntryError
	return errors.As(err, &e) && !e.SenderFault
}

// overtaken reports whether a later message of the same group was accepted:
// sending the earlier one again would deliver it out of order.
func overtaken(batch []pending, answers []*SendResult, i int) bool {
	for j := i + 1; j < len(batch); j++ {
		if batch[j].group == batch[i].group && answers[j] != nil && answers[j].Err == nil {
			return true
		}
	}
	return false
}
