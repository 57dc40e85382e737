package stepfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/asl"
)

// The errors that an execution of a saga ends with when it does not succeed.
const (
	// SagaCompensated means that everything that was done is undone.
	SagaCompensated = "Saga.Compensated"
	// SagaCompensationFailed means that a compensation failed after its
	// retries; the others have run, and the execution is parked.
	SagaCompensationFailed = "Saga.CompensationFailed"
	// SagaInDoubt means that nobody knows whether the pivot took effect; the
	// execution is parked.
	SagaInDoubt = "Saga.InDoubt"
	// SagaUnfinished means that a step after the pivot failed after its
	// retries; the others have run, and the execution is parked.
	SagaUnfinished = "Saga.Unfinished"
)

// Call is what a step of a saga gets.
type Call[In any] struct {
	// Key is the same for every attempt of the step in one execution, and
	// for its compensation: an idempotency key.
	Key string
	// Execution is the name of the execution.
	Execution string
	// Input is the input of the saga.
	Input In

	results map[string]stepResult
}

// Earlier returns the result of a step that ran before the one called. It
// returns false when there is none, or not of that type.
func Earlier[R, In any](c Call[In], step string) (R, bool) {
	var r R
	result, ok := c.results[step]
	if !ok || json.Unmarshal(result.Value, &r) != nil {
		return r, false
	}
	return r, true
}

// Undo is what a compensation gets.
type Undo[In, R any] struct {
	// Key is the key that the step got. The compensation may run more than
	// once, and it may run although the step never did.
	Key string
	// Execution is the name of the execution.
	Execution string
	// Input is the input of the saga.
	Input In
	// Result is what the step returned; nil when its outcome is unknown.
	Result *R
	// Error is the error because of which the saga is compensated.
	Error ErrorOutput
}

// ErrorOutput is what the States Language calls the error output of a state:
// the name of the error and its cause.
type ErrorOutput struct {
	Error string `json:"Error"` // the name
	Cause string `json:"Cause"` // the text
}

// Parked is what the park function gets: an execution that ends neither done
// nor undone and needs a person. It should raise an alarm and be idempotent.
type Parked[In any] struct {
	// Execution is the name of the execution.
	Execution string
	// Outcome is SagaCompensationFailed, SagaInDoubt or SagaUnfinished.
	Outcome string
	// Input is the input of the saga.
	Input In
	// Error is the first error of the execution.
	Error ErrorOutput
	// Failed holds the last error of each compensation, or step after the
	// pivot, that failed, by its name.
	Failed map[string]ErrorOutput
}

// Saga runs its steps in order. If a step fails, the compensations of the steps
// before it run in reverse order. If that is impossible, the park function is
// called so that a person can intervene. Make one with [MustSaga].
type Saga[In any] struct {
	name  string
	park  func(context.Context, Parked[In]) error
	specs []*spec[In]
}

// Part is a part of a saga: [CompensatedStep], [CheckStep], [PivotStep] or
// [RetriableStep].
type Part[In any] interface {
	spec() *spec[In]
}

// kind is what a saga may do about a failure of a step.
type kind int

const (
	compensatable kind = iota // undo it and what was before
	check                     // undo what was before
	pivot                     // undo what was before if it was surely not applied
	retriable                 // go on
)

// spec is a part without its result type.
type spec[In any] struct {
	name       string
	kind       kind
	do         func(context.Context, Call[In]) (any, error)
	undoName   string
	undo       func(context.Context, undoing[In]) error
	notApplied []string
	opts       StepOptions
	output     bool
	resource   string // of a service integration
	parameters any
	undoTask   *taskCall
}

type taskCall struct {
	resource   string
	parameters any
}

// undoing is an Undo without its result type.
type undoing[In any] struct {
	key, execution string
	input          In
	result         json.RawMessage
	failure        ErrorOutput
}

// NewSaga builds a saga of parts in their order: steps with compensations
// and checks, then at most one pivot, then retriable steps, which need a pivot
// before them. park is called for an execution that ends neither done nor
// undone. The error lists every fault, such as a name that two parts have or a
// part without a function.
func NewSaga[In any](name string, park func(context.Context, Parked[In]) error, parts ...Part[In]) (*Saga[In], error) {
	s := &Saga[In]{name: name, park: park}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("stepfn: saga %q: "+format, append([]any{name}, args...)...))
	}
	if name == "" {
		fault("it needs a name")
	}
	if park == nil {
		fault("it needs a park function: an execution that can be neither finished nor undone would go unnoticed")
	}
	if len(parts) == 0 {
		fault("it needs a step")
	}
	names := map[string]bool{}
	passed := false
	for i, p := range parts {
		if given.Nil(p) {
			fault("part %d is nil", i)
			continue
		}
		sp := p.spec()
		s.specs = append(s.specs, sp)
		step := "step " + sp.name
		if sp.name == "" {
			step = fmt.Sprintf("the step in part %d", i)
		}
		for _, n := range sp.names() {
			switch {
			case n == "" && sp.name == "":
				fault("%s has no name", step)
			case n == "":
				fault("the compensation of %s has no name", step)
			case len([]rune(n)) > asl.MaxName:
				fault("the name %q has %d characters, the limit is %d", n, len([]rune(n)), asl.MaxName)
			case slices.Contains(ownStates, n):
				fault("the name %q is that of a state which every saga has", n)
			case names[n]:
				fault("the name %q is there twice", n)
			}
			names[n] = true
			if sp.name == "" {
				break
			}
		}
		if sp.resource == "" && sp.do == nil {
			fault("%s has no function", step)
		}
		if sp.kind == compensatable && sp.undo == nil && sp.undoTask == nil {
			fault("the compensation of %s has no function", step)
		}
		switch {
		case sp.kind == pivot && passed:
			fault("%s is a second pivot", step)
		case sp.kind == pivot:
			passed = true
		case sp.kind == retriable && !passed:
			fault("%s is retriable and comes before the pivot: if it fails for good, nothing undoes it", step)
		case sp.kind != retriable && passed:
			fault("%s comes after the pivot, from where there is no way back: make it retriable", step)
		}
		for _, n := range sp.notApplied {
			if n == "" || strings.HasPrefix(n, "States.") || n == asl.ErrorLambdaUnknown {
				fault("%s: the error %q cannot mean that the step was not applied", step, n)
			}
		}
		if sp.opts.Timeout < 0 || sp.opts.UndoTimeout < 0 {
			fault("%s: Timeout (%s) and UndoTimeout (%s) must be 0 or more", step, sp.opts.Timeout, sp.opts.UndoTimeout)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if err := s.Machine().Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// MustSaga is [NewSaga] for package-level sagas: it panics with the faults.
func MustSaga[In any](name string, park func(context.Context, Parked[In]) error, parts ...Part[In]) *Saga[In] {
	return given.Must(NewSaga(name, park, parts...))
}

// Name returns the saga's name.
func (s *Saga[In]) Name() string {
	if s == nil {
		return ""
	}
	return s.name
}

// parts are the saga's parts; a nil or zero saga has none.
func (s *Saga[In]) parts() []*spec[In] {
	if s == nil {
		return nil
	}
	return s.specs
}

// Steps returns the names of the steps in their order.
func (s *Saga[In]) Steps() []string {
	var names []string
	for _, sp := range s.parts() {
		names = append(names, sp.name)
	}
	return names
}

// Compensations returns the names of the compensations in the order in which
// they run: the last step's first.
func (s *Saga[In]) Compensations() []string {
	var names []string
	for _, sp := range slices.Backward(s.parts()) {
		if sp.undoName != "" {
			names = append(names, sp.undoName)
		}
	}
	return names
}

// Pivot returns the name of the step that decides, or "" when there is none.
func (s *Saga[In]) Pivot() string {
	for _, sp := range s.parts() {
		if sp.kind == pivot {
			return sp.name
		}
	}
	return ""
}

// Retriables returns the names of the steps after the pivot in their order.
func (s *Saga[In]) Retriables() []string {
	var names []string
	for _, sp := range s.parts() {
		if sp.kind == retriable {
			names = append(names, sp.name)
		}
	}
	return names
}

// NotApplied returns the errors after which a step has surely had no effect.
func (s *Saga[In]) NotApplied(step string) []string {
	for _, sp := range s.parts() {
		if sp.name == step {
			return slices.Clone(sp.notApplied)
		}
	}
	return nil
}

func (sp *spec[In]) names() []string {
	if sp.kind == compensatable {
		return []string{sp.name, sp.undoName}
	}
	return []string{sp.name}
}

// StepOptions tune a step.
type StepOptions struct {
	// Timeout of one attempt, rounded up to whole seconds. Optional. Defaults to 60
	// seconds.
	Timeout time.Duration
	// Retry replaces the retriers of the step. Optional. By default a step is
	// retried on Lambda's own transient errors, a pivot and a retriable step
	// on everything.
	Retry []asl.Retrier
	// UndoTimeout of one attempt of the compensation. Optional. Defaults to
	// Timeout.
	UndoTimeout time.Duration
	// UndoRetry replaces the retriers of the compensation. Optional. By
	// default it is tried 6 more times on every error, with full jitter.
	UndoRetry []asl.Retrier
}

func stepOptions(optFns []func(*StepOptions)) StepOptions {
	var o StepOptions
	given.Options(&o, optFns)
	if o.Timeout == 0 {
		o.Timeout = 60 * time.Second
	}
	if o.UndoTimeout == 0 {
		o.UndoTimeout = o.Timeout
	}
	return o
}
