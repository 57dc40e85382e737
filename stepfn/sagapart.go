package stepfn

import (
	"context"
	"encoding/json"
	"fmt"
)

// UncompensatedStep is a step that is not part of a saga yet: say with
// Compensate how it is undone.
type UncompensatedStep[In, R any] struct {
	s spec[In]
}

// Step is a step with an effect that a compensation can undo. Its outcome is
// unknown after any error that [CompensatedStep.NotApplied] does not name;
// then its own compensation runs too.
func Step[In, R any](name string, do func(context.Context, Call[In]) (R, error), optFns ...func(*StepOptions)) UncompensatedStep[In, R] {
	return UncompensatedStep[In, R]{spec[In]{name: name, kind: compensatable, do: erase(do), opts: stepOptions(optFns)}}
}

func erase[In, R any](do func(context.Context, Call[In]) (R, error)) func(context.Context, Call[In]) (any, error) {
	if do == nil {
		return nil
	}
	return func(ctx context.Context, c Call[In]) (any, error) { return do(ctx, c) }
}

// Compensate says how the step is undone.
func (u UncompensatedStep[In, R]) Compensate(name string, undo func(context.Context, Undo[In, R]) error) CompensatedStep[In, R] {
	s := u.s
	s.undoName = name
	if undo == nil {
		return CompensatedStep[In, R]{s} // NewSaga refuses it
	}
	s.undo = func(ctx context.Context, e undoing[In]) error {
		d := Undo[In, R]{Key: e.key, Execution: e.execution, Input: e.input, Error: e.failure}
		if e.result != nil {
			d.Result = new(R)
			if err := json.Unmarshal(e.result, d.Result); err != nil {
				return fmt.Errorf("stepfn: %s: the result of %s: %w", name, s.name, err)
			}
		}
		return undo(ctx, d)
	}
	return CompensatedStep[In, R]{s}
}

// CompensatedStep is a step with its compensation.
type CompensatedStep[In, R any] struct {
	s spec[In]
}

func (c CompensatedStep[In, R]) spec() *spec[In] { return &c.s }

// NotApplied names the errors after which the step has surely had no effect:
// its compensation is left out then, those of the steps before it run. See
// [ErrorName] for the names.
func (c CompensatedStep[In, R]) NotApplied(errorNames ...string) CompensatedStep[In, R] {
	c.s.notApplied = append(c.s.notApplied[:len(c.s.notApplied):len(c.s.notApplied)], errorNames...)
	return c
}

// Output makes the step's result the output of the whole saga.
func (c CompensatedStep[In, R]) Output() CompensatedStep[In, R] {
	c.s.output = true
	return c
}

// Check is a step without an effect: when it fails, what was before is
// undone.
func Check[In, R any](name string, do func(context.Context, Call[In]) (R, error), optFns ...func(*StepOptions)) CheckStep[In, R] {
	return CheckStep[In, R]{spec[In]{name: name, kind: check, do: erase(do), opts: stepOptions(optFns)}}
}

// CheckStep is a step without an effect.
type CheckStep[In, R any] struct {
	s spec[In]
}

func (c CheckStep[In, R]) spec() *spec[In] { return &c.s }

// Pivot is the step that decides: when it has taken effect there is no way
// back. It is retried on every error that NotApplied does not name. An
// execution whose pivot still fails is parked as in doubt.
func Pivot[In, R any](name string, do func(context.Context, Call[In]) (R, error), optFns ...func(*StepOptions)) PivotStep[In, R] {
	return PivotStep[In, R]{spec[In]{name: name, kind: pivot, do: erase(do), opts: stepOptions(optFns)}}
}

// PivotStep is the step that decides.
type PivotStep[In, R any] struct {
	s spec[In]
}

func (p PivotStep[In, R]) spec() *spec[In] { return &p.s }

// NotApplied names the errors after which the pivot has surely had no
// effect: what was before is undone.
func (p PivotStep[In, R]) NotApplied(errorNames ...string) PivotStep[In, R] {
	p.s.notApplied = append(p.s.notApplied[:len(p.s.notApplied):len(p.s.notApplied)], errorNames...)
	return p
}

// Output makes the pivot's result the output of the whole saga.
func (p PivotStep[In, R]) Output() PivotStep[In, R] {
	p.s.output = true
	return p
}

// Retriable is a step after the pivot: it is retried on every error. When it
// still fails the steps after it run, and the execution is parked.
func Retriable[In, R any](name string, do func(context.Context, Call[In]) (R, error), optFns ...func(*StepOptions)) RetriableStep[In, R] {
	return RetriableStep[In, R]{spec[In]{name: name, kind: retriable, do: erase(do), opts: stepOptions(optFns)}}
}

// RetriableStep is a step after the pivot.
type RetriableStep[In, R any] struct {
	s spec[In]
}

func (r RetriableStep[In, R]) spec() *spec[In] { return &r.s }

// Output makes the step's result the output of the whole saga.
func (r RetriableStep[In, R]) Output() RetriableStep[In, R] {
	r.s.output = true
	return r
}

// TaskStep is a step that is a service integration and not part of a saga
// yet: say with Compensate or CompensateTask how it is undone.
type TaskStep[In any] struct {
	s spec[In]
}

// Task is a step that calls a service without a function. The parameters are
// a JSONPath template over the saga's data: $.input is its input,
// $.results.<step>.value a result, $.execution the name of the execution.
func Task[In any](name, resource string, parameters any, optFns ...func(*StepOptions)) TaskStep[In] {
	return TaskStep[In]{spec[In]{
		name: name, kind: compensatable, resource: resource, parameters: parameters, opts: stepOptions(optFns),
	}}
}

// Compensate says which function undoes the step. Result is the service's
// answer.
func (t TaskStep[In]) Compensate(name string, undo func(context.Context, Undo[In, json.RawMessage]) error) CompensatedStep[In, json.RawMessage] {
	return UncompensatedStep[In, json.RawMessage](t).Compensate(name, undo)
}

// CompensateTask says which service call undoes the step.
func (t TaskStep[In]) CompensateTask(name, resource string, parameters any) CompensatedStep[In, json.RawMessage] {
	s := t.s
	s.undoName, s.undoTask = name, &taskCall{resource, parameters}
	return CompensatedStep[In, json.RawMessage]{s}
}

// Retriable makes the step one that comes after the pivot.
func (t TaskStep[In]) Retriable() RetriableStep[In, json.RawMessage] {
	s := t.s
	s.kind = retriable
	return RetriableStep[In, json.RawMessage]{s}
}
