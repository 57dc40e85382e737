package stepfntest

import (
	"context"
	"errors"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

type startExecutionInput struct {
	StateMachineArn string  `json:"stateMachineArn"`
	Name            *string `json:"name"`
	Input           *string `json:"input"`
	TraceHeader     *string `json:"traceHeader"`
}

type startExecutionOutput struct {
	ExecutionArn string         `json:"executionArn"`
	StartDate    wire.Timestamp `json:"startDate"`
}

func (m *StepFunctions) startExecution(ctx context.Context, in *startExecutionInput) (*startExecutionOutput, error) {
	x, err := m.start(ctx, in)
	if err != nil {
		return nil, err
	}
	return &startExecutionOutput{x.arn, wire.Timestamp{Time: x.started}}, nil
}

// start starts an execution, or returns the one of that name with that input.
func (m *StepFunctions) start(ctx context.Context, in *startExecutionInput) (*execution, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	x, err := m.newExecution(ctx, in)
	if err != nil {
		return nil, err
	}
	if old := m.executions[x.arn]; old != nil {
		same := old.status == StatusRunning && old.input.String() == x.input.String()
		switch {
		case same:
			return old, nil
		case old.status == StatusRunning || time.Since(old.stopped) < retention:
			return nil, wire.Errorf("ExecutionAlreadyExists", 0, "Execution Already Exists: '%s'", x.arn)
		}
	}
	x.s = m.async
	m.executions[x.arn] = x
	m.order = append(m.order, x)
	x.begin()
	return x, nil
}

// newExecution checks the input of a start; the caller holds the lock.
func (m *StepFunctions) newExecution(ctx context.Context, in *startExecutionInput) (*execution, error) {
	c := wire.CallOf(ctx)
	c.Touch(in.StateMachineArn)
	sm, err := m.find(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	name := awsid.UUID()
	if in.Name != nil {
		if name = *in.Name; checkName(name) != nil {
			return nil, checkName(name)
		}
	}
	text := "{}"
	if in.Input != nil {
		text = *in.Input
	}
	v, err := value.ParseString(text)
	switch {
	case err != nil:
		return nil, invalidInput(err)
	case len(text) > maxPayload:
		return nil, wire.Errorf("InvalidExecutionInput", 0, "Invalid State Machine Execution Input: 'The input is larger than %d bytes.'", maxPayload)
	}
	trace := correlation.Trace(ctx)
	if in.TraceHeader != nil {
		trace = *in.TraceHeader
	}
	p, _ := awsid.ParseARN(sm.arn)
	arn := awsid.ARN("states", p.Region, p.Account, "execution:"+sm.name+":"+name)
	if sm.kind == express {
		arn = awsid.ARN("states", p.Region, p.Account, "express:"+sm.name+":"+name+":"+awsid.UUID())
	}
	return &execution{
		m: m, machine: sm, revision: sm.current, program: sm.current.program, arn: arn, name: name, trace: trace,
		input: &document{v: v, text: text}, status: StatusRunning, started: time.Now(), region: p.Region,
	}, nil
}

func invalidInput(err error) error {
	var s *value.SyntaxError
	text := "Invalid execution input."
	if errors.As(err, &s) {
		text = s.Text
	}
	return wire.Errorf("InvalidExecutionInput", 0, "Invalid State Machine Execution Input: '%s'", text)
}

type startSyncExecutionInput struct {
	startExecutionInput
	IncludedData *wire.Ignored `json:"includedData"` // only tells encrypted machines apart
}

type startSyncExecutionOutput struct {
	ExecutionArn    string         `json:"executionArn"`
	StateMachineArn string         `json:"stateMachineArn"`
	Name            string         `json:"name"`
	StartDate       wire.Timestamp `json:"startDate"`
	StopDate        wire.Timestamp `json:"stopDate"`
	Status          string         `json:"status"`
	Error           string         `json:"error,omitempty"`
	Cause           string         `json:"cause,omitempty"`
	Input           string         `json:"input"`
	InputDetails    *included      `json:"inputDetails"`
	Output          string         `json:"output,omitempty"`
	OutputDetails   *included      `json:"outputDetails,omitempty"`
	TraceHeader     string         `json:"traceHeader,omitempty"`
	BillingDetails  *billing       `json:"billingDetails"`
}

type included struct {
	Included bool `json:"included"`
}

type billing struct {
	BilledDurationInMilliseconds int64 `json:"billedDurationInMilliseconds"`
	BilledMemoryUsedInMB         int64 `json:"billedMemoryUsedInMB"`
}

func (m *StepFunctions) startSyncExecution(ctx context.Context, in *startSyncExecutionInput) (*startSyncExecutionOutput, error) {
	x, err := m.beginSync(ctx, &in.startExecutionInput)
	if err != nil {
		return nil, err
	}
	defer m.server.Watch(ctx, "stepfntest: StartSyncExecution of "+x.machine.name)()
	if err := x.s.run(ctx, true); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	took := x.stopped.Sub(x.started)
	out := &startSyncExecutionOutput{
		ExecutionArn: x.arn, StateMachineArn: x.machine.arn, Name: x.name, Status: x.status,
		StartDate: wire.Timestamp{Time: x.started}, StopDate: wire.Timestamp{Time: x.stopped},
		Input: x.input.String(), InputDetails: &included{true}, Output: x.output, TraceHeader: x.trace,
		BillingDetails: &billing{
			BilledDurationInMilliseconds: (took.Milliseconds() + 99) / 100 * 100,
			BilledMemoryUsedInMB:         64,
		},
	}
	if x.failure != nil {
		out.Error, out.Cause = x.failure.name, x.failure.cause
	} else {
		out.OutputDetails = &included{true}
	}
	return out, nil
}

func (m *StepFunctions) beginSync(ctx context.Context, in *startExecutionInput) (*execution, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, err := m.newExecution(ctx, in)
	if err != nil {
		return nil, err
	}
	if x.machine.kind != express {
		return nil, wire.Errorf("StateMachineTypeNotSupported", 0, "This operation is not supported by this type of state machine")
	}
	x.s = &scheduler{mu: &m.mu}
	m.executions[x.arn] = x
	m.order = append(m.order, x)
	x.begin()
	return x, nil
}
