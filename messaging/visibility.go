package messaging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// receiveSlack is how long before an invocation its messages may have been
// received: the longest batching window, and a minute for the way.
const receiveSlack = 6 * time.Minute

// visibilityRequests bounds the concurrent requests for one batch, which may
// have 10,000 messages.
const visibilityRequests = 10

// changeVisibility asks the queue to deliver failed messages after their
// delays. A fault costs no message: they come back after the visibility timeout.
func (c *Consumer) changeVisibility(ctx context.Context, w *work, records []record, results []result) {
	if c.options.Client == nil {
		return
	}
	now := time.Now()
	byURL := map[string][]types.ChangeMessageVisibilityBatchRequestEntry{}
	for i := range results {
		delay, ok := nextDelivery(results, i)
		if !ok || records[i].handle == "" {
			continue
		}
		target := c.options.QueueURL
		if target == "" {
			var err error
			if target, err = queueURL(records[i].queueARN); err != nil {
				c.report(ctx, fmt.Errorf("messaging: change visibility of message %s: %w", records[i].id, err))
				continue
			}
		}
		byURL[target] = append(byURL[target], types.ChangeMessageVisibilityBatchRequestEntry{
			Id: entryID(i), ReceiptHandle: &records[i].handle,
			VisibilityTimeout: seconds(min(delay, visibilityLeft(&records[i], now))),
		})
	}
	var requests []func()
	for url, entries := range byURL {
		for chunk := range slices.Chunk(entries, maxBatch) {
			requests = append(requests, func() {
				c.changeBatch(ctx, w.left, w.reporting(now), c.options.Client, url, records, chunk, unsettled)
			})
		}
	}
	concurrently(visibilityRequests, len(requests), func(i int) { requests[i]() })
}

// nextDelivery is the delay that the message is to have, if any. Messages behind a
// failed one get its delay. With a longer delay they would not come together with
// it. A shorter one is useless, since SQS delivers nothing of a message group behind
// a message that is in flight.
func nextDelivery(results []result, i int) (time.Duration, bool) {
	r := &results[i]
	switch {
	case r.acked || r.delay < 0 && r.verdict != VerdictBlocked:
		return 0, false
	case r.verdict != VerdictBlocked:
		return r.delay, true
	case results[r.head].delay < 0:
		return 0, false
	}
	return results[r.head].delay, true
}

// visibilityLeft is what SQS still allows: 12 hours from the receive.
func visibilityLeft(r *record, now time.Time) time.Duration {
	if r.received.IsZero() {
		return maxVisibility - receiveSlack
	}
	return max(maxVisibility-now.Sub(r.received)-time.Minute, 0)
}

// seconds rounds up, so that no message comes back too early.
func seconds(d time.Duration) int32 {
	return int32(min((d+time.Second-1)/time.Second, maxVisibility/time.Second))
}

// changeBatch sends one request and reports what failed, except for messages that
// have been settled meanwhile. It returns false when a repetition may succeed.
func (c *Consumer) changeBatch(ctx, left context.Context, deadline time.Time, client VisibilityClient, url string, records []record,
	entries []types.ChangeMessageVisibilityBatchRequestEntry, settled func(i int) bool,
) (final bool) {
	out, err := within(ctx, left, deadline, func(ctx context.Context) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
		return client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: entries})
	})
	if err != nil {
		c.report(ctx, fmt.Errorf("messaging: change visibility of %d messages: %w", len(entries), err))
		return false
	}
	final = true
	for _, f := range out.Failed {
		id := aws.ToString(f.Id)
		if i, ok := recordOf(f.Id, records); ok {
			if settled(i) {
				continue
			}
			id = records[i].id
		}
		final = final && f.SenderFault
		c.report(ctx, fmt.Errorf("messaging: change visibility of message %s: %w", id, entryError(f)))
	}
	return final
}

// recordOf finds the record of an entry of a batch request.
func recordOf(id *string, records []record) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < len(records)
}

func unsettled(int) bool { return false }

func (c *Consumer) report(ctx context.Context, err error) {
	if c.options.OnError != nil && !errors.Is(err, context.Canceled) {
		c.options.OnError(ctx, err)
	}
}

// EntryError is the failure of one entry of a batch request that was answered
// with success as a whole.
type EntryError struct {
	Code        string // such as "InternalError"
	Message     string // AWS's text, may be empty
	SenderFault bool   // a retry of the same entry fails again
}

// Error returns the text of the error.
func (e *EntryError) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Permanent reports whether a retry of the same entry would fail again.
func (e *EntryError) Permanent() bool { return e.SenderFault }

func entryError(f types.BatchResultErrorEntry) *EntryError {
	return &EntryError{aws.ToString(f.Code), aws.ToString(f.Message), f.SenderFault}
}
