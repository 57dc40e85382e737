package stepfn

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/asl"
)

// The states that a saga's machine has besides its steps and compensations.
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
	// names, and of the park function by "AlarmSaga" and "ParkSaga". Optional.
	// Those missing are run by Function. A name that the saga does not have
	// panics. The payload is the same for all: each of them may run
	// [Saga.Handle].
	Functions map[string]string
	// TimeoutSeconds of a whole execution. Optional. Defaults to none: a
	// time-out of the machine would run past every compensation.
	TimeoutSeconds int
}

// Machine returns the saga as a state machine in plain States Language. It
// panics for a saga that NewSaga did not make, for a function of a step that
// the saga does not have, and for an ARN that is empty.
func (s *Saga[In]) Machine(optFns ...func(*MachineOptions)) *asl.Machine {
	if len(s.parts()) == 0 {
		panic("stepfn: this Saga is nil or its zero value: make it with NewSaga or MustSaga")
	}
	opts := MachineOptions{Function: "${" + regexp.MustCompile(`\W`).ReplaceAllString(s.name, "") + "FunctionArn}"}
	given.Options(&opts, optFns)
	faults := given.To(fmt.Sprintf("stepfn: machine of saga %q", s.name))
	faults.Empty("Function", opts.Function)
	for _, name := range slices.Sorted(maps.Keys(opts.Functions)) {
		if !s.calls(name) {
			faults.Add("it has no step or compensation %q to give a function to", name)
		}
		faults.Empty("the function of "+name, opts.Functions[name])
	}
	given.Below(faults, "TimeoutSeconds", opts.TimeoutSeconds, 0)
	faults.Panic()
	c := sagaCompiler[In]{saga: s, opts: opts}
	return c.machine()
}

// calls reports whether the saga has a state of that name that calls a function.
func (s *Saga[In]) calls(name string) bool {
	return name == stateAlarm || name == statePark ||
		slices.ContainsFunc(s.specs, func(sp *spec[In]) bool { return slices.Contains(sp.names(), name) })
}

// Mermaid draws the saga's machine.
func (s *Saga[In]) Mermaid() string { return s.Machine().Mermaid() }

// sagaCompiler turns a saga into the states of its machine.
type sagaCompiler[In any] struct {
	saga   *Saga[In]
	opts   MachineOptions
	states []asl.State
}

func (c *sagaCompiler[In]) add(s asl.State) { c.states = append(c.states, s) }

func (c *sagaCompiler[In]) function(name string) string {
	if arn := c.opts.Functions[name]; arn != "" {
		return arn
	}
	return c.opts.Function
}

func (c *sagaCompiler[In]) machine() *asl.Machine {
	specs := c.saga.specs
	c.add(&asl.PassState{
		Name: stateBegin, Next: specs[0].name,
		Parameters: map[string]any{
			"input.$": "$", "execution.$": "$$.Execution.Name", "results": map[string]any{}, "failed": map[string]any{},
		},
	})
	for i := range specs {
		c.step(i)
	}
	retriables := c.named(retriable)
	if len(retriables) > 0 {
		c.add(&asl.ChoiceState{
			Name: stateFinished, Default: stateDone,
			Choices: []asl.Rule{anyFailed(retriables).Then(stateUnfinished)},
		})
	}
	c.add(c.done())
	for i := range slices.Backward(specs) {
		c.compensation(i)
	}
	c.endings(retriables)
	return &asl.Machine{
		Comment: "Saga " + c.saga.name, StartAt: stateBegin, States: c.states, TimeoutSeconds: c.opts.TimeoutSeconds,
	}
}

// named returns the names under which failures of a kind of part are noted.
func (c *sagaCompiler[In]) named(k kind) []string {
	var names []string
	for _, sp := range c.saga.specs {
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
func (c *sagaCompiler[In]) after(i int) string {
	switch {
	case i+1 < len(c.saga.specs):
		return c.saga.specs[i+1].name
	case len(c.named(retriable)) > 0:
		return stateFinished
	}
	return stateDone
}

// undoFrom is the compensation of step i, or of the nearest one before it
// that has one.
func (c *sagaCompiler[In]) undoFrom(i int) string {
	for ; i >= 0; i-- {
		if c.saga.specs[i].kind == compensatable {
			return c.saga.specs[i].undoName
		}
	}
	return stateCompensated
}

func seconds(t time.Duration) int { return max(1, int((t+time.Second-1)/time.Second)) }

func (c *sagaCompiler[In]) step(i int) {
	sp := c.saga.specs[i]
	t := &asl.TaskState{
		Name: sp.name, Resource: sp.resource, Parameters: sp.parameters, TimeoutSeconds: seconds(sp.opts.Timeout),
		ResultSelector: map[string]any{"value.$": "$"}, ResultPath: asl.Path(member("$.results", sp.name)), Next: c.after(i),
	}
	if sp.resource == "" {
		t.Resource = c.function(sp.name)
		t.Parameters = c.payload("step", sp.name)
	}
	t.Retry = sp.retry()
	unknown := c.undoFrom(i)
	switch sp.kind {
	case pivot:
		unknown = stateDoubt
	case retriable:
		unknown = c.after(i)
	}
	note := asl.Path("$.error")
	if sp.kind == retriable {
		note = asl.Path(member("$.failed", sp.name))
	}
	if len(sp.notApplied) > 0 {
		t.Catch = append(t.Catch, asl.Catcher{ErrorEquals: sp.notApplied, ResultPath: note, Next: c.undoFrom(i - 1)})
	}
	t.Catch = append(t.Catch, catchAll(note, unknown)...)
	c.add(t)
}

// catchAll catches every error that can be caught.
func catchAll(note asl.Path, next string) []asl.Catcher {
	return []asl.Catcher{
		{ErrorEquals: []string{asl.ErrorDataLimitExceeded}, ResultPath: note, Next: next}, // not part of States.ALL
		{ErrorEquals: []string{asl.ErrorAll}, ResultPath: note, Next: next},
	}
}

// payload is what a function gets for a step or compensation.
func (c *sagaCompiler[In]) payload(what, name string) map[string]any {
	return map[string]any{
		"saga": c.saga.name, what: name,
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
func (c *sagaCompiler[In]) compensation(i int) {
	sp := c.saga.specs[i]
	if sp.kind != compensatable {
		return
	}
	next := c.undoFrom(i - 1)
	if next == stateCompensated {
		next = stateUndone
	}
	retry := sp.opts.UndoRetry
	if retry == nil {
		retry = []asl.Retrier{persistently(6)}
	}
	t := &asl.TaskState{
		Name: sp.undoName, TimeoutSeconds: seconds(sp.opts.UndoTimeout), ResultPath: asl.Discard,
		Retry: retry, Catch: catchAll(asl.Path(member("$.failed", sp.undoName)), next), Next: next,
	}
	if sp.undoTask != nil {
		t.Resource, t.Parameters = sp.undoTask.resource, sp.undoTask.parameters
	} else {
		p := c.payload("undo", sp.undoName)
		p["error.$"] = "$.error"
		t.Resource, t.Parameters = c.function(sp.undoName), p
	}
	c.add(t)
}

// endings adds the outcomes other than done.
func (c *sagaCompiler[In]) endings(retriables []string) {
	undo := c.named(compensatable)
	parked := false
	park := func(state, outcome string) {
		c.add(&asl.PassState{Name: state, Result: outcome, ResultPath: "$.outcome", Next: stateAlarm})
		parked = true
	}
	if len(undo) > 0 {
		c.add(&asl.ChoiceState{
			Name: stateUndone, Default: stateCompensated,
			Choices: []asl.Rule{anyFailed(undo).Then(stateNotUndone)},
		})
		park(stateNotUndone, SagaCompensationFailed)
	}
	if len(c.named(pivot)) > 0 {
		park(stateDoubt, SagaInDoubt)
	}
	if len(retriables) > 0 {
		c.add(&asl.PassState{
			Name: stateUnfinished, Next: stateAlarm,
			Parameters: map[string]any{
				"input.$": "$.input", "execution.$": "$.execution", "results.$": "$.results", "failed.$": "$.failed",
				"outcome": SagaUnfinished, "error": map[string]any{"Error": SagaUnfinished, "Cause": ""},
			},
		})
		parked = true
	}
	if parked {
		c.park()
	}
	c.add(&asl.FailState{
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
func (c *sagaCompiler[In]) park() {
	outcomes := []string{SagaCompensationFailed, SagaInDoubt, SagaUnfinished}
	payload := func(name string) map[string]any {
		p := c.payload("park", name)
		p["error.$"], p["failed.$"], p["outcome.$"] = "$.error", "$.failed", "$.outcome"
		p["redrives.$"] = "$$.Execution.RedriveCount"
		return p
	}
	c.add(&asl.TaskState{
		Name: stateAlarm, Resource: c.function(stateAlarm), Parameters: payload(stateAlarm), TimeoutSeconds: 60,
		ResultPath: asl.Discard, Retry: []asl.Retrier{persistently(6)}, Catch: catchAll("$.alarm", statePark), Next: statePark,
	})
	c.add(&asl.TaskState{
		Name: statePark, Resource: c.function(statePark), Parameters: payload(statePark), TimeoutSeconds: 60,
		ResultPath: asl.Discard,
		Retry:      []asl.Retrier{{ErrorEquals: outcomes, MaxAttempts: asl.Attempts(0)}, persistently(3)},
		Catch:      []asl.Catcher{{ErrorEquals: platformErrors, ResultPath: "$.alarm", Next: stateParked}},
		Next:       stateCompensated, // after a redrive that undid the rest
	})
	c.add(&asl.FailState{Name: stateParked, ErrorPath: "$.outcome", CausePath: "States.JsonToString($.failed)"})
}

// done gives the output of a saga that is done: the result of the step that
// Output marks, else all results by step.
func (c *sagaCompiler[In]) done() asl.State {
	all := map[string]any{}
	for _, sp := range c.saga.specs {
		path := member("$.results", sp.name) + ".value"
		if sp.output {
			return &asl.PassState{Name: stateDone, InputPath: asl.Path(path), End: true}
		}
		if sp.kind != retriable { // one that failed has none
			all[sp.name+".$"] = path
		}
	}
	return &asl.PassState{Name: stateDone, Parameters: all, End: true}
}
