package messaging

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
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
	longPoll = 20          // seconds, the longest that SQS allows
	patience = time.Second // for handlers to heed the end of their context, at least
)

// poller is one call of Poll.
type poller struct {
	*Consumer
	client     PollClient
	url        string
	visibility time.Duration
}

// Poll receives and handles messages until ctx ends. Then it lets running handlers
// finish within ConsumerOptions.Grace, makes unstarted messages visible again, and
// returns nil. It returns an error if the queue does not exist or may not be read,
// and if its visibility timeout is 0 s or not longer than ConsumerOptions.Heartbeat.
// Other errors go to ConsumerOptions.OnError, and the request is made again.
//
// A handler's deadline is the end of the visibility timeout, as the queue had it
// when Poll began. With ConsumerOptions.Heartbeat the timeout is extended instead, up
// to the 12 hours that SQS allows. Several calls may poll one queue at once.
func (c *Consumer) Poll(ctx context.Context, client PollClient, queueURL string) error {
	p := &poller{Consumer: c, client: client, url: queueURL}
	if c == nil || c.prepare == nil {
		return errors.New("messaging: poll: the consumer was not made by NewConsumer")
	}
	if err := p.readVisibility(ctx); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is how polling ends
		}
		return err
	}
	for failures := 0; ctx.Err() == nil; {
		out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &queueURL, MaxNumberOfMessages: maxBatch, WaitTimeSeconds: longPoll, VisibilityTimeout: seconds(p.visibility),
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
		case isPermanent(err):
			return fmt.Errorf("messaging: poll %s: %w", queueURL, err)
		default:
			c.report(ctx, fmt.Errorf("messaging: poll %s: %w", queueURL, err))
			_ = backoff.Sleep(ctx, backoff.Full(failures, time.Second, 30*time.Second)) // the loop looks at ctx
			failures++
		}
	}
	return nil
}

// isPermanent reports whether the error means that polling can never work.
func isPermanent(err error) bool {
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
	if given.Nil(p.client) {
		return errors.New("messaging: poll: the client is nil")
	}
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
	if n <= 0 {
		return fmt.Errorf("messaging: poll %s: the queue's visibility timeout is %s: messages would be delivered again while they are worked on", p.url, p.visibility)
	}
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
	grace := max(p.options.Grace, 0)
	handlers, stop := lingering(ctx, grace)
	defer stop()
	left, leave := lingering(ctx, grace+max(p.options.Reserve, patience))
	defer leave()

	s := p.settle(ctx, records)
	p.handle(handlers, records, work{times: p.window(received), left: left, halted: ctx.Err, settled: s.note})
	s.finish(ctx)
}

// window is the time until the messages become visible to others.
func (p *poller) window(received time.Time) times {
	end := received.Add(p.visibility)
	if p.options.Heartbeat > 0 {
		end = received.Add(maxVisibility - time.Minute)
	}
	if p.options.Reserve < 0 {
		return times{stop: end, abandon: end.Add(slack), report: end.Add(slack)}
	}
	return before(end, min(p.options.Reserve, time.Until(end)/4))
}
