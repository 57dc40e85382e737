package stepfntest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

type describeExecutionInput struct {
	ExecutionArn string        `json:"executionArn"`
	IncludedData *wire.Ignored `json:"includedData"` // only tells encrypted machines apart
}

type describeExecutionOutput struct {
	ExecutionArn        string          `json:"executionArn"`
	StateMachineArn     string          `json:"stateMachineArn"`
	Name                string          `json:"name"`
	Status              string          `json:"status"`
	StartDate           wire.Timestamp  `json:"startDate"`
	StopDate            *wire.Timestamp `json:"stopDate,omitempty"`
	Input               string          `json:"input"`
	InputDetails        *included       `json:"inputDetails"`
	Output              string          `json:"output,omitempty"`
	OutputDetails       *included       `json:"outputDetails,omitempty"`
	Error               string          `json:"error,omitempty"`
	Cause               string          `json:"cause,omitempty"`
	TraceHeader         string          `json:"traceHeader,omitempty"`
	RedriveCount        int             `json:"redriveCount"`
	RedriveStatus       string          `json:"redriveStatus"`
	RedriveStatusReason string          `json:"redriveStatusReason,omitempty"`
}

// standardExecution finds an execution that the API shows; the caller holds
// the lock.
func (m *StepFunctions) standardExecution(ctx context.Context, arn string) (*execution, error) {
	wire.CallOf(ctx).Touch(arn)
	p, err := awsid.ParseARN(arn)
	switch {
	case err == nil && strings.HasPrefix(p.Resource, "express:"):
		return nil, wire.Errorf("InvalidArn", 0, "Invalid Arn: 'Resource type not valid in this context: express'")
	case err != nil || p.Service != "states" || !strings.HasPrefix(p.Resource, "execution:"):
		return nil, wire.Errorf("InvalidArn", 0, "Invalid Arn: '%s'", arn)
	}
	m.forget()
	if x := m.executions[arn]; x != nil {
		return x, nil
	}
	e := wire.Errorf("ExecutionDoesNotExist", 0, "Execution Does Not Exist: '%s'", arn)
	return nil, e.Missing("execution", arn, maps.Keys(m.executions))
}

func (m *StepFunctions) describeExecution(ctx context.Context, in *describeExecutionInput) (*describeExecutionOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, err := m.standardExecution(ctx, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	out := &describeExecutionOutput{
		ExecutionArn: x.arn, StateMachineArn: x.machine.arn, Name: x.name, Status: x.status,
		StartDate: wire.Timestamp{Time: x.started}, Input: x.input.String(), InputDetails: &included{true},
		Output: x.output, TraceHeader: x.trace,
	}
	out.RedriveStatus, out.RedriveStatusReason = x.redrive()
	if x.status == StatusSucceeded {
		out.OutputDetails = &included{true}
	}
	if x.status != StatusRunning {
		out.StopDate = wire.At(x.stopped)
	}
	if x.failure != nil {
		out.Error, out.Cause = x.failure.name, x.failure.cause
	}
	return out, nil
}

// redrive says whether the service would redrive the execution.
func (x *execution) redrive() (status, reason string) {
	if x.status == StatusRunning || x.status == StatusSucceeded {
		return "NOT_REDRIVABLE", "Execution is " + x.status + " and cannot be redriven"
	}
	return "REDRIVABLE", ""
}

type describeStateMachineForExecutionInput struct {
	ExecutionArn string        `json:"executionArn"`
	IncludedData *wire.Ignored `json:"includedData"` // only tells encrypted machines apart
}

type describeStateMachineForExecutionOutput struct {
	StateMachineArn      string         `json:"stateMachineArn"`
	Name                 string         `json:"name"`
	Definition           string         `json:"definition"`
	RoleArn              string         `json:"roleArn"`
	UpdateDate           wire.Timestamp `json:"updateDate"`
	LoggingConfiguration *logging       `json:"loggingConfiguration,omitempty"`
	TracingConfiguration *tracing       `json:"tracingConfiguration,omitempty"`
	RevisionID           string         `json:"revisionId,omitempty"`
}

func (m *StepFunctions) describeStateMachineForExecution(ctx context.Context, in *describeStateMachineForExecutionInput) (*describeStateMachineForExecutionOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, err := m.standardExecution(ctx, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	r := x.revision
	return &describeStateMachineForExecutionOutput{
		StateMachineArn: x.machine.arn, Name: x.machine.name, Definition: r.definition, RoleArn: r.roleARN,
		UpdateDate: wire.Timestamp{Time: r.updated}, LoggingConfiguration: r.logging, TracingConfiguration: r.tracing,
		RevisionID: r.id,
	}, nil
}

type getExecutionHistoryInput struct {
	ExecutionArn         string `json:"executionArn"`
	MaxResults           int    `json:"maxResults"`
	NextToken            string `json:"nextToken"`
	ReverseOrder         bool   `json:"reverseOrder"`
	IncludeExecutionData *bool  `json:"includeExecutionData"`
}

type getExecutionHistoryOutput struct {
	Events    []historyEvent `json:"events"`
	NextToken string         `json:"nextToken,omitempty"`
}

func (m *StepFunctions) getExecutionHistory(ctx context.Context, in *getExecutionHistoryInput) (*getExecutionHistoryOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, err := m.standardExecution(ctx, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	ids, of := make([]int64, len(x.records)), "forward "+x.arn
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	if in.ReverseOrder {
		slices.Reverse(ids)
		of = "reverse " + x.arn
	}
	ids, next, err := pageOf(ids, of, in.MaxResults, in.NextToken, 1024)
	if err != nil {
		return nil, err
	}
	page := make([]historyEvent, len(ids))
	for i, id := range ids {
		e := x.records[id-1].event(id)
		if in.IncludeExecutionData != nil && !*in.IncludeExecutionData {
			e = e.bare()
		}
		page[i] = historyEvent{Timestamp: wire.Timestamp{Time: e.Timestamp}, Event: e}
	}
	return &getExecutionHistoryOutput{Events: page, NextToken: next}, nil
}

type listExecutionsInput struct {
	StateMachineArn string `json:"stateMachineArn"`
	StatusFilter    string `json:"statusFilter"`
	MaxResults      int    `json:"maxResults"`
	NextToken       string `json:"nextToken"`
	RedriveFilter   string `json:"redriveFilter"`
}

type listExecutionsOutput struct {
	Executions []executionItem `json:"executions"`
	NextToken  string          `json:"nextToken,omitempty"`
}

type executionItem struct {
	ExecutionArn    string          `json:"executionArn"`
	StateMachineArn string          `json:"stateMachineArn"`
	Name            string          `json:"name"`
	Status          string          `json:"status"`
	StartDate       wire.Timestamp  `json:"startDate"`
	StopDate        *wire.Timestamp `json:"stopDate,omitempty"`
	RedriveCount    int             `json:"redriveCount"`
}

// statuses are in the order in which the service lists them.
var statuses = []string{StatusSucceeded, StatusTimedOut, "PENDING_REDRIVE", StatusAborted, StatusFailed, StatusRunning}

func (m *StepFunctions) listExecutions(ctx context.Context, in *listExecutionsInput) (*listExecutionsOutput, error) {
	wire.CallOf(ctx).Touch(in.StateMachineArn)
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.StatusFilter != "" && !slices.Contains(statuses, in.StatusFilter) {
		return nil, enumError(in.StatusFilter, "statusFilter", statuses...)
	}
	sm, err := m.find(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	if sm.kind == express {
		return nil, wire.Errorf("StateMachineTypeNotSupported", 0, "This operation is not supported by this type of state machine")
	}
	items := []executionItem{}
	for _, x := range slices.Backward(m.known()) { // the service lists the newest first
		if x.machine != sm || in.StatusFilter != "" && x.status != in.StatusFilter || in.RedriveFilter == "REDRIVEN" {
			continue
		}
		item := executionItem{
			ExecutionArn: x.arn, StateMachineArn: sm.arn, Name: x.name, Status: x.status,
			StartDate: wire.Timestamp{Time: x.started},
		}
		if x.status != StatusRunning {
			item.StopDate = wire.At(x.stopped)
		}
		items = append(items, item)
	}
	page, next, err := pageOf(items, "ListExecutions "+sm.arn+" "+in.StatusFilter, in.MaxResults, in.NextToken, 3096)
	return &listExecutionsOutput{Executions: page, NextToken: next}, err
}

type stopExecutionInput struct {
	ExecutionArn string `json:"executionArn"`
	Error        string `json:"error"`
	Cause        string `json:"cause"`
}

type stopExecutionOutput struct {
	StopDate wire.Timestamp `json:"stopDate"`
}

func (m *StepFunctions) stopExecution(ctx context.Context, in *stopExecutionInput) (*stopExecutionOutput, error) {
	if err := checkFailure(in.Error, in.Cause); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	x, err := m.standardExecution(ctx, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	if x.status == StatusRunning {
		x.abort(&failure{name: in.Error, cause: in.Cause})
	}
	return &stopExecutionOutput{StopDate: wire.Timestamp{Time: x.stopped}}, nil
}
