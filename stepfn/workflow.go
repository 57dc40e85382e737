package stepfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/internal/metadata"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// maxPayload is the largest input of an execution, in bytes.
const maxPayload = 262_144

// WorkflowClient is the part of *sfn.Client that a [Workflow] uses.
type WorkflowClient interface {
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
	StartSyncExecution(context.Context, *sfn.StartSyncExecutionInput, ...func(*sfn.Options)) (*sfn.StartSyncExecutionOutput, error)
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	StopExecution(context.Context, *sfn.StopExecutionInput, ...func(*sfn.Options)) (*sfn.StopExecutionOutput, error)
}

// Workflow starts executions of one state machine and waits for them.
type Workflow[In, Out any] struct {
	client WorkflowClient
	arn    string
	opts   WorkflowOptions
}

// WorkflowOptions tune a [Workflow].
type WorkflowOptions struct {
	// PollMin and PollMax bound the pauses between two looks at an execution;
	// they grow from one to the other, with jitter. Optional. Default to
	// 500 milliseconds and 15 seconds.
	PollMin, PollMax time.Duration
	// NoCorrelation leaves the correlation id and the trace header of the
	// context out of the input. Optional. By default they are put into its
	// member "metadata" when the input is an object that has none.
	NoCorrelation bool
}

// NewWorkflow makes a client of the state machine with that ARN, which may be
// one of a version or an alias. It panics without a client or an ARN, and when
// PollMin is not positive or larger than PollMax.
func NewWorkflow[In, Out any](client WorkflowClient, arn string, optFns ...func(*WorkflowOptions)) *Workflow[In, Out] {
	w := &Workflow[In, Out]{client: client, arn: arn, opts: WorkflowOptions{PollMin: 500 * time.Millisecond, PollMax: 15 * time.Second}}
	given.Options(&w.opts, optFns)
	faults := given.To("stepfn: NewWorkflow")
	faults.Nil("the client", client)
	faults.Empty("the ARN of the state machine", arn)
	if w.opts.PollMin <= 0 || w.opts.PollMax < w.opts.PollMin {
		faults.Add("PollMin (%s) must be positive, and PollMax (%s) at least PollMin", w.opts.PollMin, w.opts.PollMax)
	}
	faults.Panic()
	return w
}

// errUnmade says that a value was not made by its constructor.
var errUnmade = errors.New("it was not made by its constructor and has no client")

// Started is an execution that was started.
type Started struct {
	ARN     string    // of the execution
	Name    string    // of the execution
	Since   time.Time // when it was started
	Existed bool      // it was there already, with the same input
}

// Start starts an execution under a name, which is its idempotency key: when
// there is one of that name with the same input, running or ended, Start
// returns it. One with another input gives [ErrConflict]. An empty name gets
// a random one. Inputs that differ only in the correlation are the same: that
// is a member "metadata" of nothing but a correlation id and a trace header,
// unless NoCorrelation is set. [ExecutionName] makes a name of any key. EXPRESS
// machines are not idempotent.
func (w *Workflow[In, Out]) Start(ctx context.Context, name string, in In) (Started, error) {
	if w == nil || w.client == nil {
		return Started{}, w.fail("start", name, errUnmade)
	}
	input, err := w.input(ctx, in)
	if err != nil {
		return Started{}, w.fail("start", name, err)
	}
	if name == "" {
		name = awsid.UUID()
	}
	if !validName(name) {
		return Started{}, w.fail("start", name, ErrBadName)
	}
	out, err := w.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &w.arn, Name: &name, Input: &input, TraceHeader: traceHeader(ctx),
	})
	var exists *types.ExecutionAlreadyExists
	switch {
	case errors.As(err, &exists):
		return w.existing(ctx, name, input, err)
	case err != nil:
		return Started{}, w.fail("start", name, err)
	}
	return Started{ARN: aws.ToString(out.ExecutionArn), Name: name, Since: aws.ToTime(out.StartDate)}, nil
}

// existing compares the execution of that name with what was to be started.
func (w *Workflow[In, Out]) existing(ctx context.Context, name, input string, cause error) (Started, error) {
	arn := executionARN(w.arn, name)
	x, err := w.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if err != nil {
		return Started{}, w.fail("start", name, errors.Join(cause, err))
	}
	if !w.sameInput(aws.ToString(x.Input), input) {
		return Started{}, w.fail("start", name, fmt.Errorf("%w: %w", ErrConflict, cause))
	}
	return Started{ARN: arn, Name: name, Since: aws.ToTime(x.StartDate), Existed: true}, nil
}

// executionARN is the ARN of an execution, also for a machine's version or
// alias.
func executionARN(machine, name string) string {
	p, err := awsid.ParseARN(machine)
	if err != nil {
		return machine + ":" + name
	}
	parts := strings.Split(p.Resource, ":")
	p.Resource = "execution:" + parts[min(1, len(parts)-1)] + ":" + name
	return p.String()
}

// sameInput compares inputs without what changes from try to try.
func (w *Workflow[In, Out]) sameInput(a, b string) bool {
	x, err := value.ParseString(a)
	y, err2 := value.ParseString(b)
	if err != nil || err2 != nil {
		return false
	}
	if !w.opts.NoCorrelation {
		x, y = metadata.Strip(x), metadata.Strip(y)
	}
	return value.Equal(x, y)
}

func (w *Workflow[In, Out]) input(ctx context.Context, in In) (string, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	if !w.opts.NoCorrelation {
		text = metadata.Inject(ctx, text)
	}
	if len(text) > maxPayload {
		return "", fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(text), maxPayload)
	}
	return string(text), nil
}

func traceHeader(ctx context.Context) *string {
	if t := correlation.Trace(ctx); t != "" {
		return &t
	}
	return nil
}

// Run starts an execution as [Workflow.Start] does, waits for its end and
// returns its output. An execution that does not succeed gives an
// [*ExecutionError].
func (w *Workflow[In, Out]) Run(ctx context.Context, name string, in In) (Out, error) {
	started, err := w.Start(ctx, name, in)
	if err != nil {
		var zero Out
		return zero, err
	}
	return w.Wait(ctx, started.ARN)
}

// consistent is how long a new execution may be invisible.
const consistent = 10 * time.Second

// Wait waits for the end of an execution and returns its output, until ctx
// ends. It refuses executions of EXPRESS machines, which cannot be looked at.
func (w *Workflow[In, Out]) Wait(ctx context.Context, arn string) (Out, error) {
	var zero Out
	if w == nil || w.client == nil {
		return zero, w.fail("wait for", arn, errUnmade)
	}
	if strings.Contains(arn, ":express:") {
		return zero, w.fail("wait for", arn, ErrExpress)
	}
	begin := time.Now()
	for attempt := 0; ; attempt++ {
		x, err := w.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
		var missing *types.ExecutionDoesNotExist
		young := time.Since(begin) < consistent
		switch {
		case errors.As(err, &missing) && young:
		case err != nil:
			return zero, w.fail("wait for", arn, err)
		case x.Status == types.ExecutionStatusRunning || x.Status == types.ExecutionStatusPendingRedrive:
		case x.Status == types.ExecutionStatusSucceeded:
			if x.Output == nil && young {
				break // the output follows
			}
			return w.output(arn, aws.ToString(x.Output))
		default:
			return zero, &ExecutionError{ARN: arn, Status: string(x.Status), Name: aws.ToString(x.Error), Cause: aws.ToString(x.Cause)}
		}
		if err := backoff.Sleep(ctx, backoff.Full(attempt, w.opts.PollMin, w.opts.PollMax)); err != nil {
			return zero, w.fail("wait for", arn, err)
		}
	}
}

// RunSync runs an execution of an EXPRESS machine within the call. It is not
// idempotent: the SDK's retry of a call whose answer was lost runs it again.
func (w *Workflow[In, Out]) RunSync(ctx context.Context, name string, in In) (Out, error) {
	var zero Out
	if w == nil || w.client == nil {
		return zero, w.fail("run", name, errUnmade)
	}
	input, err := w.input(ctx, in)
	if err != nil {
		return zero, w.fail("run", name, err)
	}
	call := &sfn.StartSyncExecutionInput{StateMachineArn: &w.arn, Input: &input, TraceHeader: traceHeader(ctx)}
	if name != "" {
		call.Name = &name
	}
	x, err := w.client.StartSyncExecution(ctx, call)
	if err != nil {
		return zero, w.fail("run", name, err)
	}
	if x.Status != types.SyncExecutionStatusSucceeded {
		return zero, &ExecutionError{
			ARN: aws.ToString(x.ExecutionArn), Status: string(x.Status), Name: aws.ToString(x.Error), Cause: aws.ToString(x.Cause),
		}
	}
	return w.output(aws.ToString(x.ExecutionArn), aws.ToString(x.Output))
}

// Stop ends a running execution as aborted, with an error and a cause. No
// Catch of the machine sees it.
func (w *Workflow[In, Out]) Stop(ctx context.Context, arn, errorName, cause string) error {
	if w == nil || w.client == nil {
		return w.fail("stop", arn, errUnmade)
	}
	_, err := w.client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &arn, Error: &errorName, Cause: &cause})
	if err != nil {
		return w.fail("stop", arn, err)
	}
	return nil
}

func (w *Workflow[In, Out]) output(arn, text string) (Out, error) {
	var out Out
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return out, w.fail("decode the output of", arn, err)
	}
	return out, nil
}

func (w *Workflow[In, Out]) fail(verb, what string, err error) error {
	return fmt.Errorf("stepfn: %s execution %q: %w", verb, what, err)
}
