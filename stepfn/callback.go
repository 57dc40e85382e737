package stepfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
)

// ErrTaskClosed means that the task of a token is over: it was answered before,
// or it timed out. For a message that came twice the work is done.
var ErrTaskClosed = errors.New("stepfn: the task of the token is over")

// ErrBadInterval means that the pause between two heartbeats is not positive.
var ErrBadInterval = errors.New("stepfn: the pause between heartbeats must be positive")

// ErrNoToken means that a callback has an empty task token. Nothing is sent.
var ErrNoToken = errors.New("stepfn: the task token is empty")

// usable returns why the callback cannot do what the verb says.
func (c *Callback[Out]) usable(verb string) error {
	switch {
	case c == nil || c.client == nil:
		return closed(verb, errUnmade)
	case c.token == "":
		return ErrNoToken
	}
	return nil
}

// CallbackClient is the part of *sfn.Client that a [Callback] uses.
type CallbackClient interface {
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
	SendTaskFailure(context.Context, *sfn.SendTaskFailureInput, ...func(*sfn.Options)) (*sfn.SendTaskFailureOutput, error)
	SendTaskHeartbeat(context.Context, *sfn.SendTaskHeartbeatInput, ...func(*sfn.Options)) (*sfn.SendTaskHeartbeatOutput, error)
}

// Callback answers a task that waits for its token, with an Out.
type Callback[Out any] struct {
	client CallbackClient
	token  string
}

// NewCallback makes the callback of a task token. It panics without a client. A
// token comes from a message: an empty one is [ErrNoToken] when it is used.
func NewCallback[Out any](client CallbackClient, token string) *Callback[Out] {
	faults := given.To("stepfn: NewCallback")
	faults.Nil("the client", client)
	faults.Panic()
	return &Callback[Out]{client, token}
}

// Succeed ends the task with a result. A task that is over gives
// [ErrTaskClosed].
func (c *Callback[Out]) Succeed(ctx context.Context, out Out) error {
	if err := c.usable("complete"); err != nil {
		return err
	}
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

// Fail ends the task with an error, under its [ErrorName]. The name is cut to
// 256 bytes and the text to 32,768, between two characters. A task that is over
// gives [ErrTaskClosed]. A nil error is not sent: Fail returns an error.
func (c *Callback[Out]) Fail(ctx context.Context, failure error) error {
	if err := c.usable("fail"); err != nil {
		return err
	}
	if given.Nil(failure) {
		return closed("fail", errors.New("there is no error to fail it with"))
	}
	name, cause := wholeCharacters(ErrorName(failure), maxErrorName), wholeCharacters(failure.Error(), maxCause)
	_, err := c.client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: &c.token, Error: &name, Cause: &cause})
	return closed("fail", err)
}

// wholeCharacters returns as many characters of s as limit bytes hold.
func wholeCharacters(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// Heartbeat reports that the work goes on. A task that is over gives
// [ErrTaskClosed].
func (c *Callback[Out]) Heartbeat(ctx context.Context) error {
	if err := c.usable("report"); err != nil {
		return err
	}
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

// answering is how long the answer to a task may take once the work is done.
const answering = 10 * time.Second

// Do runs work, sends a heartbeat at every interval meanwhile, and answers the
// task with what work returns. The answer may take 10 seconds, also when ctx has
// ended by then. If the task is over earlier, work's context ends and Do returns
// [ErrTaskClosed]. An interval that is not positive gives [ErrBadInterval], and
// work is not run. The heartbeats end with the call.
func (c *Callback[Out]) Do(ctx context.Context, every time.Duration, work func(context.Context) (Out, error)) error {
	if every <= 0 {
		return fmt.Errorf("%w: it is %v", ErrBadInterval, every)
	}
	if err := c.usable("work on"); err != nil {
		return err
	}
	if work == nil {
		return closed("work on", errors.New("there is no work to do"))
	}
	out, err, over := c.whileAlive(ctx, every, work)
	if over != nil {
		return over
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answering)
	defer cancel()
	if err != nil {
		return c.Fail(ctx, err)
	}
	return c.Succeed(ctx, out)
}

// whileAlive runs work with heartbeats. over is why the task is over already.
func (c *Callback[Out]) whileAlive(ctx context.Context, every time.Duration, work func(context.Context) (Out, error)) (out Out, err, over error) {
	ctx, cancel := context.WithCancelCause(ctx)
	beats := make(chan struct{})
	go func() {
		defer close(beats)
		for backoff.Sleep(ctx, every) == nil {
			if err := c.Heartbeat(ctx); errors.Is(err, ErrTaskClosed) {
				cancel(err)
			}
		}
	}()
	defer func() { // also when work panics
		if cause := context.Cause(ctx); errors.Is(cause, ErrTaskClosed) {
			over = cause
		}
		cancel(nil)
		<-beats
	}()
	out, err = work(ctx)
	return out, err, nil
}
