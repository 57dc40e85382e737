package stepfntest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/handover"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// Options tune a [StepFunctions].
type Options struct {
	// Services answers the service integrations of tasks: sqs:sendMessage,
	// dynamodb:putItem and so on. It is the HTTPClient of an aws.Config that
	// other fakes have joined. Optional. Without it such tasks are refused.
	Services aws.HTTPClient
	// KeepExecutions is how many closed executions stay known with their
	// histories. Beyond that, and beyond 256 MiB of histories, the execution
	// that closed first is forgotten: no operation knows it, and its name is
	// free. Optional. Defaults to 10,000; -1 keeps all. An execution is forgotten
	// 90 days after its end in any case, as on AWS.
	KeepExecutions int
}

// StepFunctions is Step Functions in this process. It is safe for concurrent use.
type StepFunctions struct {
	server *wire.Server

	services aws.HTTPClient

	mu         sync.Mutex
	async      *scheduler
	machines   map[string]*machine
	executions map[string]*execution
	order      []*execution // by start; some may be forgotten
	closed     []*execution // by end
	dropped    int          // forgotten ones in order
	weight     int          // of closed
	keep       int          // how many of closed; negative: all
	told       bool         // that some were forgotten
	activities map[string]*activity
	functions  map[string]Function
	mocks      map[mockKey]*mock
	tokens     map[string]*token
}

// New makes an empty Step Functions. It logs on tb what is not simulated; tb may be
// nil.
func New(tb TB, optFns ...func(*Options)) *StepFunctions {
	var opts Options
	given.Options(&opts, optFns)
	if opts.KeepExecutions < -1 {
		panic(fmt.Sprintf("stepfntest: Options.KeepExecutions is %d; it is 0 or more, or -1 for all", opts.KeepExecutions))
	}
	if opts.KeepExecutions == 0 {
		opts.KeepExecutions = keepDefault
	}
	m := &StepFunctions{
		services: opts.Services, keep: opts.KeepExecutions,
		machines: map[string]*machine{}, executions: map[string]*execution{},
		activities: map[string]*activity{}, tokens: map[string]*token{}, mocks: map[mockKey]*mock{},
		functions: map[string]Function{},
	}
	m.async = &scheduler{mu: &m.mu}
	m.server = wire.NewServer(tb, m.service())
	m.server.DumpOnFailure("Step Functions", &m.mu, m.dump)
	return m
}

// Run carries executions forward until ctx ends, and returns its error. It
// does what the service does in the background; run it in a goroutine of the
// test.
func (m *StepFunctions) Run(ctx context.Context) error {
	defer m.server.Watch(ctx, "stepfntest: Run")()
	return m.async.run(ctx, false)
}

// Drain carries executions forward until each has ended or waits for a task
// token or an activity worker. Waits and retries are waited for: in a
// testing/synctest bubble that takes no time.
func (m *StepFunctions) Drain(ctx context.Context) error {
	defer m.server.Watch(ctx, "stepfntest: Drain")()
	return m.async.run(ctx, true)
}

// Create makes a STANDARD machine and returns its ARN. It panics when the
// machine is not valid or another machine has the name. The same machine again
// is no mistake, as on AWS.
func (m *StepFunctions) Create(name string, machine *asl.Machine) string {
	return m.create(name, machine, standard)
}

// CreateExpress makes an EXPRESS machine and returns its ARN. It panics when
// the machine is not valid or another machine has the name.
func (m *StepFunctions) CreateExpress(name string, machine *asl.Machine) string {
	return m.create(name, machine, express)
}

func (m *StepFunctions) create(name string, machine *asl.Machine, kind string) string {
	m.made()
	if machine == nil {
		panic("stepfntest: create " + name + ": the machine is nil")
	}
	if name == "" {
		panic("stepfntest: create: the machine has no name")
	}
	definition := machine.String()
	out, err := m.createStateMachine(context.Background(), &createStateMachineInput{
		Name: name, Definition: definition, RoleArn: "arn:aws:iam::" + wire.DefaultAccount + ":role/" + name, Type: kind,
	})
	if err != nil {
		panic(fmt.Sprintf("stepfntest: create %s: %v", name, err))
	}
	return out.StateMachineArn
}

// Starter returns a function that starts an execution with the input it is
// given: a target for an EventBridge rule.
func (m *StepFunctions) Starter(stateMachineARN string) func(ctx context.Context, input []byte) error {
	return func(ctx context.Context, input []byte) error {
		_, err := m.startExecution(ctx, &startExecutionInput{StateMachineArn: stateMachineARN, Input: aws.String(string(input))})
		if isMissing(err) {
			return handover.NoTarget(err)
		}
		return err
	}
}

// Execute starts an execution under a name of its own, drains, and returns the
// execution. The input is a value that JSON can hold; a []byte and a
// json.RawMessage are JSON text.
func (m *StepFunctions) Execute(ctx context.Context, stateMachineARN string, input any) (Execution, error) {
	v, err := value.Of(input)
	if err != nil {
		return Execution{}, fmt.Errorf("stepfntest: Execute: the input has no JSON form: %w", err)
	}
	x, err := m.start(ctx, &startExecutionInput{StateMachineArn: stateMachineARN, Input: aws.String(value.String(v))})
	if err != nil {
		return Execution{}, fmt.Errorf("stepfntest: Execute: %w", err)
	}
	if err := m.Drain(ctx); err != nil {
		return Execution{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return x.withHistory(), nil
}

// Execution is an execution as DescribeExecution and GetExecutionHistory show
// it. Error and Cause of a STANDARD one that timed out are empty: the service
// shows them in the history only.
type Execution struct {
	ARN, Name, StateMachineARN string
	Status                     string // StatusRunning, StatusSucceeded, StatusFailed, StatusTimedOut or StatusAborted
	Input, Output              string // JSON
	Error, Cause               string
	TraceHeader                string
	Started, Stopped           time.Time // Stopped is zero while it runs
	Path                       []string  // the names of the states entered, in order
	History                    []Event
}

// Err returns nil for an execution that succeeded, else an error with status,
// error and cause.
func (e Execution) Err() error {
	if e.Status == StatusSucceeded {
		return nil
	}
	text := "stepfntest: execution " + e.Name
	for _, part := range []string{e.Status, e.Error, e.Cause} {
		if part != "" {
			text += ": " + part
		}
	}
	return errors.New(text)
}

// ErrNoExecution says that there is no execution of that ARN.
var ErrNoExecution = errors.New("stepfntest: no such execution")

// Execution returns the execution of that ARN, of either type, with its
// history.
func (m *StepFunctions) Execution(arn string) (Execution, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	x := m.executions[arn]
	if x == nil {
		return Execution{}, fmt.Errorf("%w: %s", ErrNoExecution, arn)
	}
	return x.withHistory(), nil
}

// Executions returns the executions of a machine, oldest first, without their
// histories, which [StepFunctions.Execution] returns; with an empty ARN those of all
// machines.
func (m *StepFunctions) Executions(stateMachineARN string) []Execution {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Execution
	for _, x := range m.known() {
		if stateMachineARN == "" || x.machine.arn == stateMachineARN {
			list = append(list, x.report())
		}
	}
	return list
}

func (x *execution) withHistory() Execution {
	e := x.report()
	e.History = x.history()
	return e
}

func (x *execution) report() Execution {
	e := Execution{
		ARN: x.arn, Name: x.name, StateMachineARN: x.machine.arn, Status: x.status,
		Input: x.input.String(), Output: x.output, TraceHeader: x.trace,
		Started: x.started, Stopped: x.stopped, Path: slices.Clip(x.path),
	}
	if x.failure != nil {
		e.Error, e.Cause = x.failure.name, x.failure.cause
	}
	return e
}
