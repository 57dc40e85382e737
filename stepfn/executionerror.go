package stepfn

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/stepfn/asl"
)

// The errors of a [Workflow].
var (
	// ErrConflict means that an execution of that name has another input.
	ErrConflict = errors.New("stepfn: an execution of that name has another input")
	// ErrBadName means that the name has more than 80 characters, or one
	// that is not allowed. See [ExecutionName].
	ErrBadName = errors.New("stepfn: the name has more than 80 characters, or one that is not allowed")
	// ErrTooLarge means that the input of an execution, or the result of a
	// task, has more than 262,144 bytes.
	ErrTooLarge = errors.New("stepfn: too large for a state machine")
	// ErrExpress means that DescribeExecution does not know executions of
	// EXPRESS machines.
	ErrExpress = errors.New("stepfn: executions of EXPRESS machines cannot be waited for: use RunSync")
	// ErrCompensated means that the saga undid everything.
	ErrCompensated = errors.New("stepfn: the saga was compensated")
	// ErrParked means that the saga is neither done nor undone and waits for a
	// person.
	ErrParked = errors.New("stepfn: the saga is parked")
)

// ExecutionError is the end of an execution that did not succeed.
// [errors.Is] finds ErrCompensated and ErrParked in it.
type ExecutionError struct {
	ARN    string // of the execution
	Status string // FAILED, TIMED_OUT or ABORTED
	Name   string // of the error; empty where the service gives none, as for TIMED_OUT
	Cause  string
}

// Error returns what there is of the ARN, status, error name and cause.
func (e *ExecutionError) Error() string {
	if e == nil || *e == (ExecutionError{}) {
		return "stepfn: an execution did not succeed"
	}
	text := "stepfn: execution"
	if e.ARN != "" {
		text += " " + e.ARN
	}
	for _, part := range []string{e.Status, e.Name, e.Cause} {
		if part != "" {
			text += ": " + part
		}
	}
	return text
}

// ErrorName returns the name of the execution's error: States.Timeout for one
// that timed out.
func (e *ExecutionError) ErrorName() string {
	switch {
	case e == nil:
		return ""
	case e.Name == "" && e.Status == string(types.ExecutionStatusTimedOut):
		return asl.ErrorTimeout
	}
	return e.Name
}

// Is reports whether target is the sentinel for the way in which a saga ended.
func (e *ExecutionError) Is(target error) bool {
	if e == nil {
		return false
	}
	switch e.Name {
	case SagaCompensated:
		return target == ErrCompensated
	case SagaCompensationFailed, SagaInDoubt, SagaUnfinished:
		return target == ErrParked
	}
	return false
}
