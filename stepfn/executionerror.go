package stepfn

import (
	"errors"
	"fmt"
)

// The errors of a [Workflow].
var (
	// ErrConflict: there is an execution of that name with another input.
	ErrConflict = errors.New("an execution of that name has another input")
	// ErrBadName: the name has more than 80 characters, or one that is not
	// allowed. See [ExecutionName].
	ErrBadName = errors.New("the name has not 1 to 80 characters, or one that is not allowed")
	// ErrTooLarge: the input is larger than 262,144 bytes.
	ErrTooLarge = errors.New("the input is too large")
	// ErrExpress: executions of EXPRESS machines cannot be looked at.
	ErrExpress = errors.New("executions of EXPRESS machines cannot be waited for: use RunSync")
	// ErrCompensated: the execution of a saga undid everything.
	ErrCompensated = errors.New("the saga was compensated")
	// ErrParked: the execution of a saga is neither done nor undone and waits
	// for a person.
	ErrParked = errors.New("the saga is parked")
)

// ExecutionError is the end of an execution that did not succeed.
// [errors.Is] finds ErrCompensated and ErrParked in it.
type ExecutionError struct {
	ARN    string
	Status string // FAILED, TIMED_OUT or ABORTED
	Name   string // of the error
	Cause  string
}

// Error returns status, error name and cause.
func (e *ExecutionError) Error() string {
	return fmt.Sprintf("stepfn: execution %s: %s: %s: %s", e.ARN, e.Status, e.Name, e.Cause)
}

// ErrorName returns the name of the execution's error.
func (e *ExecutionError) ErrorName() string { return e.Name }

// Is reports whether the execution ended as a saga ends that target stands
// for.
func (e *ExecutionError) Is(target error) bool {
	switch e.Name {
	case SagaCompensated:
		return target == ErrCompensated
	case SagaCompensationFailed, SagaInDoubt, SagaUnfinished:
		return target == ErrParked
	}
	return false
}
