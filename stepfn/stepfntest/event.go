package stepfntest

import (
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// Event is one event of an execution's history, as GetExecutionHistory gives
// it. At most one of the details is set, according to Type.
type Event struct {
	ID         int64     `json:"id"`
	PreviousID int64     `json:"previousEventId"`
	Timestamp  time.Time `json:"timestamp"`
	Type       string    `json:"type"`

	ExecutionStarted   *StartedDetails       `json:"executionStartedEventDetails,omitempty"`
	ExecutionSucceeded *OutputDetails        `json:"executionSucceededEventDetails,omitempty"`
	ExecutionFailed    *ErrorDetails         `json:"executionFailedEventDetails,omitempty"`
	ExecutionAborted   *ErrorDetails         `json:"executionAbortedEventDetails,omitempty"`
	ExecutionTimedOut  *ErrorDetails         `json:"executionTimedOutEventDetails,omitempty"`
	StateEntered       *EnteredDetails       `json:"stateEnteredEventDetails,omitempty"`
	StateExited        *ExitedDetails        `json:"stateExitedEventDetails,omitempty"`
	LambdaScheduled    *FunctionDetails      `json:"lambdaFunctionScheduledEventDetails,omitempty"`
	LambdaSchedFailed  *ErrorDetails         `json:"lambdaFunctionScheduleFailedEventDetails,omitempty"`
	LambdaSucceeded    *OutputDetails        `json:"lambdaFunctionSucceededEventDetails,omitempty"`
	LambdaFailed       *ErrorDetails         `json:"lambdaFunctionFailedEventDetails,omitempty"`
	LambdaTimedOut     *ErrorDetails         `json:"lambdaFunctionTimedOutEventDetails,omitempty"`
	TaskScheduled      *TaskScheduledDetails `json:"taskScheduledEventDetails,omitempty"`
	TaskStarted        *TaskStartedDetails   `json:"taskStartedEventDetails,omitempty"`
	TaskSubmitted      *TaskOutputDetails    `json:"taskSubmittedEventDetails,omitempty"`
	TaskSucceeded      *TaskOutputDetails    `json:"taskSucceededEventDetails,omitempty"`
	TaskFailed         *TaskErrorDetails     `json:"taskFailedEventDetails,omitempty"`
	TaskTimedOut       *TaskErrorDetails     `json:"taskTimedOutEventDetails,omitempty"`
	ActivityScheduled  *ActivityDetails      `json:"activityScheduledEventDetails,omitempty"`
	ActivityStarted    *WorkerDetails        `json:"activityStartedEventDetails,omitempty"`
	ActivitySucceeded  *OutputDetails        `json:"activitySucceededEventDetails,omitempty"`
	ActivityFailed     *ErrorDetails         `json:"activityFailedEventDetails,omitempty"`
	ActivityTimedOut   *ErrorDetails         `json:"activityTimedOutEventDetails,omitempty"`
	MapStarted         *LengthDetails        `json:"mapStateStartedEventDetails,omitempty"`
	IterationStarted   *IterationDetails     `json:"mapIterationStartedEventDetails,omitempty"`
	IterationSucceeded *IterationDetails     `json:"mapIterationSucceededEventDetails,omitempty"`
	IterationFailed    *IterationDetails     `json:"mapIterationFailedEventDetails,omitempty"`
	IterationAborted   *IterationDetails     `json:"mapIterationAbortedEventDetails,omitempty"`
}

// historyEvent is an Event as it goes over the wire, where its time is a number.
type historyEvent struct {
	Timestamp wire.Timestamp `json:"timestamp"`
	Event
}

// DataDetails says whether a payload was cut off; here it never is.
type DataDetails struct {
	Truncated bool `json:"truncated"`
}

// StartedDetails are those of ExecutionStarted.
type StartedDetails struct {
	Input        string       `json:"input,omitempty"`
	InputDetails *DataDetails `json:"inputDetails,omitempty"`
	RoleArn      string       `json:"roleArn,omitempty"`
}

// OutputDetails carry an output.
type OutputDetails struct {
	Output        string       `json:"output,omitempty"`
	OutputDetails *DataDetails `json:"outputDetails,omitempty"`
}

// ErrorDetails carry an error and its cause.
type ErrorDetails struct {
	Error string `json:"error,omitempty"`
	Cause string `json:"cause,omitempty"`
}

// EnteredDetails are those of a state that was entered.
type EnteredDetails struct {
	Name         string       `json:"name"`
	Input        string       `json:"input,omitempty"`
	InputDetails *DataDetails `json:"inputDetails,omitempty"`
}

// ExitedDetails are those of a state that was left.
type ExitedDetails struct {
	Name                     string            `json:"name"`
	Output                   string            `json:"output,omitempty"`
	OutputDetails            *DataDetails      `json:"outputDetails,omitempty"`
	AssignedVariables        map[string]string `json:"assignedVariables,omitempty"`
	AssignedVariablesDetails *DataDetails      `json:"assignedVariablesDetails,omitempty"`
}

// FunctionDetails are those of a function that is called.
type FunctionDetails struct {
	Resource         string       `json:"resource"`
	Input            string       `json:"input,omitempty"`
	InputDetails     *DataDetails `json:"inputDetails,omitempty"`
	TimeoutInSeconds int64        `json:"timeoutInSeconds,omitempty"`
}

// ActivityDetails are those of an activity that is called.
type ActivityDetails struct {
	Resource           string       `json:"resource"`
	Input              string       `json:"input,omitempty"`
	InputDetails       *DataDetails `json:"inputDetails,omitempty"`
	TimeoutInSeconds   int64        `json:"timeoutInSeconds,omitempty"`
	HeartbeatInSeconds int64        `json:"heartbeatInSeconds,omitempty"`
}

// TaskStartedDetails name the service integration that was called.
type TaskStartedDetails struct {
	ResourceType string `json:"resourceType"`
	Resource     string `json:"resource"`
}

// TaskScheduledDetails are those of a service integration that is called.
type TaskScheduledDetails struct {
	ResourceType       string `json:"resourceType"`
	Resource           string `json:"resource"`
	Region             string `json:"region"`
	Parameters         string `json:"parameters"`
	TimeoutInSeconds   int64  `json:"timeoutInSeconds,omitempty"`
	HeartbeatInSeconds int64  `json:"heartbeatInSeconds,omitempty"`
}

// TaskOutputDetails carry the output of a service integration.
type TaskOutputDetails struct {
	ResourceType  string       `json:"resourceType"`
	Resource      string       `json:"resource"`
	Output        string       `json:"output,omitempty"`
	OutputDetails *DataDetails `json:"outputDetails,omitempty"`
}

// TaskErrorDetails carry the error of a service integration.
type TaskErrorDetails struct {
	ResourceType string `json:"resourceType"`
	Resource     string `json:"resource"`
	Error        string `json:"error,omitempty"`
	Cause        string `json:"cause,omitempty"`
}

// WorkerDetails name the worker that took an activity task.
type WorkerDetails struct {
	WorkerName string `json:"workerName,omitempty"`
}

// LengthDetails give the number of a Map state's items.
type LengthDetails struct {
	Length int `json:"length"`
}

// IterationDetails name an iteration of a Map state.
type IterationDetails struct {
	Name  string `json:"name"`
	Index int    `json:"index"`
}

// record is an event as an execution keeps it.
type record struct {
	previous int64
	at       time.Time
	kind     string
	details  any // a pointer to one of the details, or nil
}

// event writes a record as the API shows it.
func (r record) event(id int64) Event {
	e := Event{ID: id, PreviousID: r.previous, Timestamp: r.at, Type: r.kind}
	switch d := r.details.(type) {
	case *StartedDetails:
		e.ExecutionStarted = d
	case *EnteredDetails:
		e.StateEntered = d
	case *ExitedDetails:
		e.StateExited = d
	case *FunctionDetails:
		e.LambdaScheduled = d
	case *ActivityDetails:
		e.ActivityScheduled = d
	case *WorkerDetails:
		e.ActivityStarted = d
	case *TaskScheduledDetails:
		e.TaskScheduled = d
	case *TaskStartedDetails:
		e.TaskStarted = d
	case *LengthDetails:
		e.MapStarted = d
	case *OutputDetails:
		e.setOutput(d)
	case *ErrorDetails:
		e.setError(d)
	case *TaskOutputDetails:
		if r.kind == "TaskSubmitted" {
			e.TaskSubmitted = d
		} else {
			e.TaskSucceeded = d
		}
	case *TaskErrorDetails:
		if r.kind == "TaskTimedOut" {
			e.TaskTimedOut = d
		} else {
			e.TaskFailed = d
		}
	case *IterationDetails:
		e.setIteration(d)
	}
	return e
}

func (e *Event) setOutput(d *OutputDetails) {
	switch e.Type {
	case "LambdaFunctionSucceeded":
		e.LambdaSucceeded = d
	case "ActivitySucceeded":
		e.ActivitySucceeded = d
	default:
		e.ExecutionSucceeded = d
	}
}

func (e *Event) setError(d *ErrorDetails) {
	switch e.Type {
	case "ExecutionAborted":
		e.ExecutionAborted = d
	case "ExecutionTimedOut":
		e.ExecutionTimedOut = d
	case "LambdaFunctionScheduleFailed":
		e.LambdaSchedFailed = d
	case "LambdaFunctionFailed":
		e.LambdaFailed = d
	case "LambdaFunctionTimedOut":
		e.LambdaTimedOut = d
	case "ActivityFailed":
		e.ActivityFailed = d
	case "ActivityTimedOut":
		e.ActivityTimedOut = d
	default:
		e.ExecutionFailed = d
	}
}

func (e *Event) setIteration(d *IterationDetails) {
	switch e.Type {
	case "MapIterationStarted":
		e.IterationStarted = d
	case "MapIterationSucceeded":
		e.IterationSucceeded = d
	case "MapIterationFailed":
		e.IterationFailed = d
	default:
		e.IterationAborted = d
	}
}

// history writes the execution's events as the API shows them.
func (x *execution) history() []Event {
	events := make([]Event, len(x.records))
	for i, r := range x.records {
		events[i] = r.event(int64(i + 1))
	}
	return events
}

// bare returns the event without payloads, as includeExecutionData false asks
// for it.
func (e Event) bare() Event {
	if e.ExecutionStarted != nil {
		e.ExecutionStarted = &StartedDetails{RoleArn: e.ExecutionStarted.RoleArn}
	}
	for _, d := range []**OutputDetails{&e.ExecutionSucceeded, &e.LambdaSucceeded, &e.ActivitySucceeded} {
		if *d != nil {
			*d = &OutputDetails{}
		}
	}
	if e.StateEntered != nil {
		e.StateEntered = &EnteredDetails{Name: e.StateEntered.Name}
	}
	if e.StateExited != nil {
		e.StateExited = &ExitedDetails{Name: e.StateExited.Name}
	}
	if d := e.LambdaScheduled; d != nil {
		e.LambdaScheduled = &FunctionDetails{Resource: d.Resource, TimeoutInSeconds: d.TimeoutInSeconds}
	}
	if d := e.ActivityScheduled; d != nil {
		e.ActivityScheduled = &ActivityDetails{
			Resource: d.Resource, TimeoutInSeconds: d.TimeoutInSeconds, HeartbeatInSeconds: d.HeartbeatInSeconds,
		}
	}
	if d := e.TaskScheduled; d != nil {
		c := *d
		c.Parameters = ""
		e.TaskScheduled = &c
	}
	for _, d := range []**TaskOutputDetails{&e.TaskSubmitted, &e.TaskSucceeded} {
		if *d != nil {
			*d = &TaskOutputDetails{ResourceType: (*d).ResourceType, Resource: (*d).Resource}
		}
	}
	return e
}
