package messaging

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/patternkit/serverless/internal/backoff"
)

// PollClient receives and deletes messages; *sqs.Client is one.
type PollClient interface {
	VisibilityClient
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

var _ PollClient = (*sqs.Client)(nil)

const (
	longPoll       = 20 // seconds, the longest that SQS allows
	deleteAttempts = 3
	settleTime     = 5 * time.Second // for deletes and visibility changes after the end of Poll's context
)

// poller is one call of Poll.
type poller struct {
	*Consumer
	client     PollClient
	url        string
	visibility time.Duration
}

// Poll receives and handles messages until ctx ends, then lets running handlers
// finish within Options.Grace, makes unstarted messages visible again, and
// returns nil. It returns an error when the queue does not exist or may not be
// read; other faults are told to Options.OnError and tried again.
//
// A handler's deadline is the end of the visibility timeout; with
// Options.Heartbeat the timeout is extended instead. Several calls may poll one
// queue side by side.
func (c *Consumer) Poll(ctx context.Context, client PollClient, queueURL string) error {
	p := &poller{Consumer: c, client: client, url: queueURL}
	if err := p.readVisibility(ctx); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is how polling ends
		}
		return err
	}
	for failures := 0; ctx.Err() == nil; {
		out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &queueURL, MaxNumberOfMessages: maxBatch, WaitTimeSeconds: longPoll,
			MessageAttributeNames:       []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		switch {
		case err == nil:
			failures = 0
			if len(out.Messages) > 0 {
				p.process(ctx, out.Messages, time.Now())
			}
		case ctx.Err() != nil:
			return nil //nolint:nilerr // as above
		case hopeless(err):
			return fmt.Errorf("messaging: poll %s: %w", queueURL, err)
		default:
			c.report(ctx, fmt.Errorf("messaging: poll %s: %w", queueURL, err))
			_ = backoff.Sleep(ctx, backoff.Full(failures, time.Second, 30*time.Second)) // the loop looks at ctx
			failures++
		}
	}
	return nil
}

// hopeless reports whether polling can never work.
func hopeless(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "AccessDenied", "AccessDeniedException", "InvalidAddress":
		return true
	}
	return false
}

func (p *poller) readVisibility(ctx context.Context) error {
	if p.url == "" {
		return errors.New("messaging: poll: the queue URL is empty")
	}
	out, err := p.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &p.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameVisibilityTimeout},
	})
	if err != nil {
		return fmt.Errorf("messaging: poll %s: %w", p.url, err)
	}
	n, err := strconv.Atoi(out.Attributes["VisibilityTimeout"])
	if err != nil {
		return fmt.Errorf("messaging: poll %s: the queue's VisibilityTimeout is %q", p.url, out.Attributes["VisibilityTimeout"])
	}
	p.visibility = time.Duration(n) * time.Second
	if h := p.options.Heartbeat; h > 0 && h >= p.visibility {
		return fmt.Errorf("messaging: poll %s: Heartbeat is %s; it must be shorter than the visibility timeout of %s", p.url, h, p.visibility)
	}
	return nil
}

// process handles one batch and settles it with the queue.
func (p *poller) process(ctx context.Context, messages []types.Message, received time.Time) {
	records := make([]record, len(messages))
	for i := range messages {
		records[i] = fromReceive(&messages[i], received)
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	settled := make([]atomic.Bool, len(records))
	done := make(chan struct{})
	var helpers sync.WaitGroup
	helpers.Go(func() { p.endWithin(ctx, done, cancel) })
	if p.options.Heartbeat > 0 {
		helpers.Go(func() { p.heartbeat(work, done, records, settled) })
	}
	results := p.handle(work, records, p.window(received), ctx.Err, func(i int) { settled[i].Store(true) })
	close(done)
	helpers.Wait() // a heartbeat that came late would undo a backoff

	settle := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		var stop context.CancelFunc
		settle, stop = context.WithTimeout(settle, settleTime)
		defer stop()
	}
	p.deleteAcked(settle, records, results)
	p.changeVisibility(settle, p.client, p.url, records, results)
}

// window is the time until the messages become visible to others.
func (p *poller) window(received time.Time) times {
	end := received.Add(p.visibility)
	if p.options.Heartbeat > 0 {
		end = received.Add(maxVisibility - time.Minute)
	}
	if p.options.Reserve < 0 {
		return times{}
	}
	reserve := min(p.options.Reserve, time.Until(end)/4)
	return times{stop: end.Add(-reserve), abandon: end.Add(-reserve / 2)}
}

// endWithin cancels the work of a batch when the grace after the end of ctx is
// over.
func (p *poller) endWithin(ctx context.Context, done <-chan struct{}, cancel context.CancelFunc) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	timer := time.NewTimer(max(p.options.Grace, 0))
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		cancel()
	}
}

// heartbeat extends the visibility of the messages that have no result yet.
func (p *poller) heartbeat(ctx context.Context, done <-chan struct{}, records []record, settled []atomic.Bool) {
	ticker := time.NewTicker(p.options.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var entries []types.ChangeMessageVisibilityBatchRequestEntry
		for i := range records {
			if !settled[i].Load() {
				entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{
					Id: entryID(i), ReceiptHandle: &records[i].handle,
					VisibilityTimeout: seconds(min(p.visibility, visibilityLeft(&records[i], time.Now()))),
				})
			}
		}
		if len(entries) > 0 {
			p.changeBatch(ctx, p.client, p.url, records, entries)
		}
	}
}

// deleteAcked removes what was acknowledged. A message that cannot be deleted
// comes again: handlers see messages at least once.
func (p *poller) deleteAcked(ctx context.Context, records []record, results []result) {
	var entries []types.DeleteMessageBatchRequestEntry
	for i := range results {
		if results[i].acked {
			entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: entryID(i), ReceiptHandle: &records[i].handle})
		}
	}
	for attempt := 1; len(entries) > 0; attempt++ {
		out, err := p.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &p.url, Entries: entries})
		if err != nil {
			p.report(ctx, fmt.Errorf("messaging: delete %d messages of %s: %w", len(entries), p.url, err))
			return
		}
		var again []types.DeleteMessageBatchRequestEntry
		for _, f := range out.Failed {
			i, err := strconv.Atoi(aws.ToString(f.Id))
			if err != nil || i < 0 || i >= len(records) {
				continue
			}
			if f.SenderFault || attempt == deleteAttempts {
				p.report(ctx, fmt.Errorf("messaging: delete message %s of %s: %w", records[i].id, p.url, entryError(f)))
				continue
			}
			again = append(again, types.DeleteMessageBatchRequestEntry{Id: f.Id, ReceiptHandle: &records[i].handle})
		}
		if entries = again; len(entries) > 0 && backoff.Sleep(ctx, backoff.Full(attempt-1, retryPauseMin, retryPauseMax)) != nil {
			return
		}
	}
}
