package messaging

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
)

// MoveClient moves messages between queues; *sqs.Client is one.
type MoveClient interface {
	StartMessageMoveTask(context.Context, *sqs.StartMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.StartMessageMoveTaskOutput, error)
	ListMessageMoveTasks(context.Context, *sqs.ListMessageMoveTasksInput, ...func(*sqs.Options)) (*sqs.ListMessageMoveTasksOutput, error)
	CancelMessageMoveTask(context.Context, *sqs.CancelMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.CancelMessageMoveTaskOutput, error)
}

var _ MoveClient = (*sqs.Client)(nil)

// RedriveOptions configure a redrive.
type RedriveOptions struct {
	// Destination is the ARN of the queue to move to. Optional. Defaults to the
	// queues the messages came from, which SQS knows only of messages that it
	// moved itself, not of those that a DeadLetterQueue sent.
	Destination string

	// PerSecond bounds the messages moved in a second, 1 to 500. Optional.
	// Defaults to what SQS finds best.
	PerSecond int

	// Interval is how often Wait looks. Optional. Defaults to 1 s.
	Interval time.Duration
}

// RedriveTask is a move that SQS carries out.
type RedriveTask struct {
	client   MoveClient
	source   string
	handle   string
	interval time.Duration
}

// RedriveStatus is how far a move got.
type RedriveStatus struct {
	Status  string // as SQS has it: RUNNING, COMPLETED, FAILED, or the two of a cancellation
	Moved   int64  // approximate
	ToMove  int64  // approximate number at the start
	Failure string // reason of FAILED
}

// Redrive starts to move the messages of a dead-letter queue, given by its ARN,
// back. Each gets a new message id, so keys of idempotency must come from the
// payload. One move at a time can run for a queue.
func Redrive(ctx context.Context, client MoveClient, deadLetterARN string, optFns ...func(*RedriveOptions)) (*RedriveTask, error) {
	o := RedriveOptions{Interval: time.Second}
	given.Options(&o, optFns)
	var faults []error
	if given.Nil(client) {
		faults = append(faults, errors.New("the client is nil"))
	}
	if _, err := queueURL(deadLetterARN); err != nil {
		faults = append(faults, err)
	}
	if o.Destination != "" {
		if _, err := queueURL(o.Destination); err != nil {
			faults = append(faults, fmt.Errorf("destination: %w", err))
		}
	}
	if o.PerSecond < 0 || o.PerSecond > 500 {
		faults = append(faults, fmt.Errorf("PerSecond is %d; it must be 1 to 500", o.PerSecond))
	}
	if o.Interval < 0 {
		faults = append(faults, fmt.Errorf("the Interval is %s; it must be 0 or more", o.Interval))
	}
	o.Interval = cmp.Or(o.Interval, time.Second)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("messaging: redrive: %w", err)
	}
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &deadLetterARN, DestinationArn: str(o.Destination)}
	if o.PerSecond > 0 {
		in.MaxNumberOfMessagesPerSecond = aws.Int32(int32(o.PerSecond)) //nolint:gosec // checked above
	}
	out, err := client.StartMessageMoveTask(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("messaging: redrive %s: %w", deadLetterARN, err)
	}
	return &RedriveTask{client, deadLetterARN, aws.ToString(out.TaskHandle), o.Interval}, nil
}

var errNoTask = errors.New("messaging: redrive: the task was not started by Redrive")

// Status asks how far the newest move of the queue got.
func (t *RedriveTask) Status(ctx context.Context) (RedriveStatus, error) {
	if t == nil || t.client == nil {
		return RedriveStatus{}, errNoTask
	}
	out, err := t.client.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &t.source, MaxResults: aws.Int32(1)})
	if err != nil {
		return RedriveStatus{}, fmt.Errorf("messaging: redrive %s: %w", t.source, err)
	}
	if len(out.Results) == 0 {
		return RedriveStatus{}, fmt.Errorf("messaging: redrive %s: SQS lists no task", t.source)
	}
	r := out.Results[0]
	return RedriveStatus{aws.ToString(r.Status), r.ApproximateNumberOfMessagesMoved, aws.ToInt64(r.ApproximateNumberOfMessagesToMove), aws.ToString(r.FailureReason)}, nil
}

// Wait waits until the move has ended. A move that failed is an error.
func (t *RedriveTask) Wait(ctx context.Context) (RedriveStatus, error) {
	for {
		s, err := t.Status(ctx)
		if err != nil {
			return s, err
		}
		switch s.Status {
		case "RUNNING", "CANCELLING": //nolint:misspell // AWS spells it so
		case "FAILED":
			return s, fmt.Errorf("messaging: redrive %s failed after %d messages: %s", t.source, s.Moved, s.Failure)
		default:
			return s, nil
		}
		if err := backoff.Sleep(ctx, t.interval); err != nil {
			return s, fmt.Errorf("messaging: redrive %s: %w", t.source, err)
		}
	}
}

// Cancel stops the move. What has been moved stays where it is.
func (t *RedriveTask) Cancel(ctx context.Context) error {
	if t == nil || t.client == nil {
		return errNoTask
	}
	if _, err := t.client.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: &t.handle}); err != nil {
		return fmt.Errorf("messaging: cancel redrive %s: %w", t.source, err)
	}
	return nil
}
