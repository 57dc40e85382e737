package stepfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/backoff"
)

// ErrTaskClosed says that the task of a token is over: it was answered
// before, or it timed out. For a message that came twice it means that the
// work is done.
var ErrTaskClosed = errors.New("stepfn: the task of the token is over")

// TokenAPI is the part of *sfn.Client that a [Callback] uses.
type TokenAPI interface {
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
	SendTaskFailure(context.Context, *sfn.SendTaskFailureInput, ...func(*sfn.Options)) (*sfn.SendTaskFailureOutput, error)
	SendTaskHeartbeat(context.Context, *sfn.SendTaskHeartbeatInput, ...func(*sfn.Options)) (*sfn.SendTaskHeartbeatOutput, error)
}

// Callback answers a task that waits for its token, with an Out.
type Callback[Out any] struct {
	client TokenAPI
	token  string
}

// NewCallback makes the callback of a task token.
func NewCallback[Out any](client TokenAPI, token string) *Callback[Out] {
	return &Callback[Out]{client, token}
}

// Succeed ends the task with a result. A task that is over gives
// [ErrTaskClosed].
func (c *Callback[Out]) Succeed(ctx context.Context, out Out) error {
	text, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("stepfn: encode the result of a task: %w", err)
	}
	if len(text) > maxPayload {
		return fmt.Errorf("stepfn: the result of a task: %w: %d bytes, at most %d", ErrTooLarge, len(text), maxPayload)
	}
	output := string(text)
	_, err = c.client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &c.token, Output: &output})
	return closed("complete", err)
}

// The longest error name and cause that SendTaskFailure takes.
const (
	maxErrorName = 256
	maxCause     = 32_768
)

// Fail ends the task with an error, under its [ErrorName]. A task that is
// over gives [ErrTaskClosed].
func (c *Callback[Out]) Fail(ctx context.Context, failure error) error {
	name, cause := ErrorName(failure), failure.Error()
	name, cause = name[:min(len(name), maxErrorName)], cause[:min(len(cause), maxCause)]
	_, err := c.client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: &c.token, Error: &name, Cause: &cause})
	return closed("fail", err)
}

// Heartbeat tells that the work goes on. A task that is over gives
// [ErrTaskClosed].
func (c *Callback[Out]) Heartbeat(ctx context.Context) error {
	_, err := c.client.SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: &c.token})
	return closed("report", err)
}

func closed(verb string, err error) error {
	var timedOut *types.TaskTimedOut
	var missing *types.TaskDoesNotExist
	switch {
	case errors.As(err, &timedOut) || errors.As(err, &missing):
		return fmt.Errorf("%w: %w", ErrTaskClosed, err)
	case err != nil:
		return fmt.Errorf("stepfn: %s a task: %w", verb, err)
	}
	return nil
}

// Do runs work, sends a heartbeat every so often meanwhile, and answers the
// task with what work returns. When the task is over before, work's context
// ends and Do returns [ErrTaskClosed]. The heartbeats end with the call.
func (c *Callback[Out]) Do(ctx context.Context, every time.Duration, work func(context.Context) (Out, error)) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	beats := make(chan struct{})
	go func() {
		defer close(beats)
		for backoff.Sleep(inner, every) == nil {
			if err := c.Heartbeat(inner); errors.Is(err, ErrTaskClosed) {
				cancel(err)
			}
		}
	}()
	out, err := work(inner)
	over := context.Cause(inner)
	cancel(nil)
	<-beats
	switch {
	case errors.Is(over, ErrTaskClosed):
		return over
	case err != nil:
		return c.Fail(ctx, err)
	}
	return c.Succeed(ctx, out)
}
