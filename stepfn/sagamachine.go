package stepfn

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/asl"
)

// The states that a saga's machine has beside its steps and compensations.
const (
	stateBegin       = "BeginSaga"
	stateUndone      = "AllUndone?"
	stateFinished    = "AllFinished?"
	stateDone        = "SagaDone"
	stateCompensated = "SagaCompensated"
	stateDoubt       = "SagaInDoubt"
	stateNotUndone   = "SagaCompensationFailed"
	stateUnfinished  = "SagaUnfinished"
	stateAlarm       = "AlarmSaga"
	statePark        = "ParkSaga"
	stateParked      = "SagaParked"
)

var ownStates = []string{
	stateBegin, stateUndone, stateFinished, stateDone, stateCompensated, stateDoubt,
	stateNotUndone, stateUnfinished, stateAlarm, statePark, stateParked,
}

// MachineOptions tune [Saga.Machine].
type MachineOptions struct {
	// Function is the ARN of the Lambda function that runs [Saga.Handle].
	// Optional. Defaults to the substitution "${<Name>FunctionArn}".
	Function string
	// Functions are the ARNs of single steps and compensations by their
	// names, and of the park function by "AlarmSaga" and "ParkSaga". Optional. Those missing
	// are run by Function. The payload is the same for all: each of them may
	// run [Saga.Handle].
	Functions map[string]string
	// TimeoutSeconds of a whole execution. Optional. Defaults to none: a
	// time-out of the machine would run past every compensation.
	TimeoutSeconds int
}

// Machine returns the saga as a state machine in plain States Language. It
// panics for a saga that NewSaga did not make.
func (s *Saga[In]) Machine(optFns ...func(*MachineOptions)) *asl.Machine {
	if s == nil || len(s.specs) == 0 {
		panic("stepfn: Machine needs a saga that was made with NewSaga")
	}
	opts := MachineOptions{Function: "${" + regexp.MustCompile(`\W`).ReplaceAllString(s.name, "") + "FunctionArn}"}
	given.Options(&opts, optFns)
	d := drawing[In]{saga: s, opts: opts}
	return d.machine()
}

// Mermaid draws the saga's machine.
func (s *Saga[In]) Mermaid() string { return s.Machine().Mermaid() }

// drawing turns a saga into states.
type drawing[In any] struct {
	saga   *Saga[In]
	opts   MachineOptions
	states []asl.State
}

func (d *drawing[In]) add(s asl.State) { d.states = append(d.states, s) }

func (d *drawing[In]) function(name string) string {
	if arn := d.opts.Functions[name]; arn != "" {
		return arn
	}
	return d.opts.Function
}

func (d *drawing[In]) machine() *asl.Machine {
	specs := d.saga.specs
	d.add(&asl.PassState{
		Name: stateBegin, Next: specs[0].name,
		Parameters: map[string]any{
			"input.$": "$", "execution.$": "$$.Execution.Name", "results": map[string]any{}, "failed": map[string]any{},
		},
	})
	for i := range specs {
		d.step(i)
	}
	retriables := d.named(retriable)
	if len(retriables) > 0 {
		d.add(&asl.ChoiceState{
			Name: stateFinished, Default: stateDone,
			Choices: []asl.Rule{anyFailed(retriables).Then(stateUnfinished)},
		})
	}
	d.add(d.done())
	for i := range slices.Backward(specs) {
		d.compensation(i)
	}
	d.endings(retriables)
	return &asl.Machine{
		Comment: "Saga " + d.saga.name, StartAt: stateBegin, States: d.states, TimeoutSeconds: d.opts.TimeoutSeconds,
	}
}

// named returns the names under which failures of a kind of part are noted.
func (d *drawing[In]) named(k kind) []string {
	var names []string
	for _, sp := range d.saga.specs {
		if sp.kind != k {
			continue
		}
		if k == compensatable {
			names = append(names, sp.undoName)
		} else {
			names = append(names, sp.name)
		}
	}
	return names
}

// anyFailed holds when one of the names has a failure noted.
func anyFailed(names []string) asl.Rule {
	var rules []asl.Rule
	for _, n := range names {
		rules = append(rules, asl.When(member("$.failed", n), "IsPresent", true))
	}
	if len(rules) == 1 {
		return rules[0]
	}
	return asl.WhenAny(rules...)
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// member is the path of a member.
func member(path, name string) string {
	if plainName.MatchString(name) {
		return path + "." + name
	}
	return fmt.Sprintf("%s['%s']", path, regexp.MustCompile(`['\\]`).ReplaceAllString(name, `\$0`))
}

// after is the state that follows step i when it succeeds.
func (d *drawing[In]) after(i int) string {
	switch {
	case i+1 < len(d.saga.specs):
		return d.saga.specs[i+1].name
	case len(d.named(retriable)) > 0:
		return stateFinished
	}
	return stateDone
}

// undoFrom is the compensation of step i, or of the nearest one before it
// that has one.
func (d *drawing[In]) undoFrom(i int) string {
	for ; i >= 0; i-- {
		if d.saga.specs[i].kind == compensatable {
			return d.saga.specs[i].undoName
		}
	}
	return stateCompensated
}

func seconds(t time.Duration) int { return max(1, int((t+time.Second-1)/time.Second)) }

func (d *drawing[In]) step(i int) {
	sp := d.saga.specs[i]
	t := &asl.TaskState{
		Name: sp.name, Resource: sp.resource, Parameters: sp.parameters, TimeoutSeconds: seconds(sp.opts.Timeout),
		ResultSelector: map[string]any{"value.$": "$"}, ResultPath: member("$.results", sp.name), Next: d.after(i),
	}
	if sp.resource == "" {
		t.Resource = d.function(sp.name)
		t.Parameters = d.payload("step", sp.name)
	}
	t.Retry = sp.retry()
	unknown := d.undoFrom(i)
	switch sp.kind {
	case pivot:
		unknown = stateDoubt
	case retriable:
		unknown = d.after(i)
	}
	note := "$.error"
	if sp.kind == retriable {
		note = member("$.failed", sp.name)
	}
	if len(sp.notApplied) > 0 {
		t.Catch = append(t.Catch, asl.Catcher{ErrorEquals: sp.notApplied, ResultPath: note, Next: d.undoFrom(i - 1)})
	}
	t.Catch = append(t.Catch, everything(note, unknown)...)
	d.add(t)
}

// everything catches every error that can be caught.
func everything(note, next string) []asl.Catcher {
	return []asl.Catcher{
		{ErrorEquals: []string{asl.ErrorDataLimitExceeded}, ResultPath: note, Next: next}, // not part of States.ALL
		{ErrorEquals: []string{asl.ErrorAll}, ResultPath: note, Next: next},
	}
}

// payload is what a function gets for a step or compensation.
func (d *drawing[In]) payload(what, name string) map[string]any {
	return map[string]any{
		"saga": d.saga.name, what: name,
		"execution.$": "$.execution", "input.$": "$.input", "results.$": "$.results",
	}
}

func (sp *spec[In]) retry() []asl.Retrier {
	if sp.opts.Retry != nil {
		return sp.opts.Retry
	}
	if sp.kind == compensatable || sp.kind == check {
		return []asl.Retrier{{
			ErrorEquals:     []string{asl.ErrorLambdaService, asl.ErrorLambdaAWS, asl.ErrorLambdaSDKClient, asl.ErrorLambdaTooMany},
			IntervalSeconds: 1, MaxAttempts: asl.Attempts(3), BackoffRate: 2, MaxDelaySeconds: 30, JitterStrategy: asl.JitterFull,
		}}
	}
	var list []asl.Retrier
	if len(sp.notApplied) > 0 {
		list = append(list, asl.Retrier{ErrorEquals: sp.notApplied, MaxAttempts: asl.Attempts(0)})
	}
	attempts := 5
	if sp.kind == retriable {
		attempts = 12
	}
	return append(list, persistently(attempts))
}

// persistently retries every error with full jitter.
func persistently(attempts int) asl.Retrier {
	return asl.Retrier{
		ErrorEquals: []string{asl.ErrorAll}, IntervalSeconds: 1, MaxAttempts: asl.Attempts(attempts),
		BackoffRate: 2, MaxDelaySeconds: 60, JitterStrategy: asl.JitterFull,
	}
}

// compensation undoes step i; whatever becomes of it, the one before follows.
func (d *drawing[In]) compensation(i int) {
	sp := d.saga.specs[i]
	if sp.kind != compensatable {
		return
	}
	next := d.undoFrom(i - 1)
	if next == stateCompensated {
		next = stateUndone
	}
	retry := sp.opts.UndoRetry
	if retry == nil {
		retry = []asl.Retrier{persistently(6)}
	}
	t := &asl.TaskState{
		Name: sp.undoName, TimeoutSeconds: seconds(sp.opts.UndoTimeout), ResultPath: asl.Discard,
		Retry: retry, Catch: everything(member("$.failed", sp.undoName), next), Next: next,
	}
	if sp.undoTask != nil {
		t.Resource, t.Parameters = sp.undoTask.resource, sp.undoTask.parameters
	} else {
		p := d.payload("undo", sp.undoName)
		p["error.$"] = "$.error"
		t.Resource, t.Parameters = d.function(sp.undoName), p
	}
	d.add(t)
}

// endings adds the outcomes other than done.
func (d *drawing[In]) endings(retriables []string) {
	undo := d.named(compensatable)
	parked := false
	park := func(state, outcome string) {
		d.add(&asl.PassState{Name: state, Result: outcome, ResultPath: "$.outcome", Next: stateAlarm})
		parked = true
	}
	if len(undo) > 0 {
		d.add(&asl.ChoiceState{
			Name: stateUndone, Default: stateCompensated,
			Choices: []asl.Rule{anyFailed(undo).Then(stateNotUndone)},
		})
		park(stateNotUndone, SagaCompensationFailed)
	}
	if len(d.named(pivot)) > 0 {
		park(stateDoubt, SagaInDoubt)
	}
	if len(retriables) > 0 {
		d.add(&asl.PassState{
			Name: stateUnfinished, Next: stateAlarm,
			Parameters: map[string]any{
				"input.$": "$.input", "execution.$": "$.execution", "results.$": "$.results", "failed.$": "$.failed",
				"outcome": SagaUnfinished, "error": map[string]any{"Error": SagaUnfinished, "Cause": ""},
			},
		})
		parked = true
	}
	if parked {
		d.park()
	}
	d.add(&asl.FailState{
		Name: stateCompensated, Error: SagaCompensated,
		CausePath: "States.Format('{}: {}', $.error.Error, $.error.Cause)",
	})
}

// platformErrors are those of a function that gave no answer of its own.
var platformErrors = []string{
	asl.ErrorTimeout, asl.ErrorLambdaUnknown, asl.ErrorLambdaService, asl.ErrorLambdaAWS, asl.ErrorLambdaSDKClient, asl.ErrorLambdaTooMany,
	"Lambda.ResourceNotFoundException", "Runtime.ExitError", "Sandbox.Timedout", errorBadInput, errorBadPayload, errorUnknownStep,
}

// park calls the park function, whose own failure changes nothing, and then
// fails with the outcome as the error. That is a task and no Fail state, so
// that a redrive resumes there; an error of the platform ends in a Fail state
// with the same outcome.
func (d *drawing[In]) park() {
	outcomes := []string{SagaCompensationFailed, SagaInDoubt, SagaUnfinished}
	payload := func(name string) map[string]any {
		p := d.payload("park", name)
		p["error.$"], p["failed.$"], p["outcome.$"] = "$.error", "$.failed", "$.outcome"
		p["redrives.$"] = "$$.Execution.RedriveCount"
		return p
	}
	d.add(&asl.TaskState{
		Name: stateAlarm, Resource: d.function(stateAlarm), Parameters: payload(stateAlarm), TimeoutSeconds: 60,
		ResultPath: asl.Discard, Retry: []asl.Retrier{persistently(6)}, Catch: everything("$.alarm", statePark), Next: statePark,
	})
	d.add(&asl.TaskState{
		Name: statePark, Resource: d.function(statePark), Parameters: payload(statePark), TimeoutSeconds: 60,
		ResultPath: asl.Discard,
		Retry:      []asl.Retrier{{ErrorEquals: outcomes, MaxAttempts: asl.Attempts(0)}, persistently(3)},
		Catch:      []asl.Catcher{{ErrorEquals: platformErrors, ResultPath: "$.alarm", Next: stateParked}},
		Next:       stateCompensated, // after a redrive that undid the rest
	})
	d.add(&asl.FailState{Name: stateParked, ErrorPath: "$.outcome", CausePath: "States.JsonToString($.failed)"})
}

// done gives the output of a saga that is done: the result of the step that
// Output marks, else all results by step.
func (d *drawing[In]) done() asl.State {
	all := map[string]any{}
	for _, sp := range d.saga.specs {
		path := member("$.results", sp.name) + ".value"
		if sp.output {
			return &asl.PassState{Name: stateDone, InputPath: path, End: true}
		}
		if sp.kind != retriable { // one that failed has none
			all[sp.name+".$"] = path
		}
	}
	return &asl.PassState{Name: stateDone, Parameters: all, End: true}
}
