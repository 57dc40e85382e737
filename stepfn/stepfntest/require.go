package stepfntest

import (
	"fmt"
	"strings"

	"github.com/patternkit/serverless/internal/assertion"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/internal/metadata"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// StartedOptions are the settings of [RequireStarted]. Nothing is demanded of
// what is left zero.
type StartedOptions struct {
	// Name is the name of the execution. Optional. Defaults to any name.
	Name string
	// Input is what the execution's input equals as JSON; a []byte and a
	// json.RawMessage are JSON text. A member "metadata" of nothing but a
	// correlation id and a trace header, which stepfn.Workflow adds, is left
	// out unless Input has one. Optional. Defaults to any input.
	Input any
}

// RequireStarted demands that exactly one execution of the state machine was
// started, and returns it with its history. An empty ARN means any machine.
// Otherwise the test fails and ends; the failure lists what was started, and
// says why each execution is not the one.
//
// An execution counts from its start, whether it has ended or not, until the
// fake forgets it; see [Options].
func RequireStarted(tb TB, m *StepFunctions, stateMachineARN string, optFns ...func(*StartedOptions)) *Execution {
	assertion.Needs("stepfntest: RequireStarted", tb, "fake", m)
	tb.Helper()
	if found := requireStarted("RequireStarted", tb, m, stateMachineARN, 1, optFns); len(found) == 1 {
		return found[0]
	}
	return nil
}

// RequireManyStarted demands that so many executions of the state machine were
// started, and returns them with their histories, oldest first; see
// [RequireStarted]. A count of 0 demands that there was none.
func RequireManyStarted(tb TB, m *StepFunctions, stateMachineARN string, count int, optFns ...func(*StartedOptions)) []*Execution {
	assertion.Needs("stepfntest: RequireManyStarted", tb, "fake", m)
	tb.Helper()
	return requireStarted("RequireManyStarted", tb, m, stateMachineARN, count, optFns)
}

// requireStarted returns nil when the test has failed.
func requireStarted(name string, tb TB, m *StepFunctions, stateMachineARN string, count int, optFns []func(*StartedOptions)) []*Execution {
	tb.Helper()
	if !assertion.Count("stepfntest: "+name, tb, count) {
		return nil
	}
	var o StartedOptions
	given.Options(&o, optFns)
	want, err := value.Of(o.Input)
	if err != nil {
		assertion.End(tb, "stepfntest: %s: StartedOptions.Input has no JSON form: %v", name, err)
		return nil
	}
	var found []*Execution
	var these, others strings.Builder
	for i, x := range m.Executions("") {
		why := ""
		switch {
		case stateMachineARN != "" && x.StateMachineARN != stateMachineARN:
			why = "another state machine"
		case o.Name != "" && x.Name != o.Name:
			why = "another name than " + o.Name
		case o.Input != nil && !sameInput(x.Input, want):
			why = "another input than " + value.String(want)
		}
		line := fmt.Sprintf("\n  %d. %s %s with %s", i+1, x.ARN, x.Status, x.Input)
		if why != "" {
			others.WriteString(line + "\n     " + why)
			continue
		}
		these.WriteString(line)
		found = append(found, &x)
	}
	what := "no execution of " + stateMachineARN
	if stateMachineARN == "" {
		what = "no execution"
	}
	switch {
	case len(found) == count:
	case len(found) > 0:
		assertion.End(tb, "stepfntest: %s started, required: %d:%s", wire.Plural(len(found), "execution was", "executions were"), count, these.String())
		return nil
	case others.Len() == 0:
		assertion.End(tb, "stepfntest: %s was started: none was started at all", what)
		return nil
	default:
		assertion.End(tb, "stepfntest: %s was started as required; started were:%s", what, others.String())
		return nil
	}
	for i := range found {
		x, err := m.Execution(found[i].ARN)
		if err != nil { // forgotten in between
			assertion.End(tb, "stepfntest: %s: %v", name, err)
			return nil
		}
		found[i] = &x
	}
	return found
}

// sameInput compares an execution's input with what is required.
func sameInput(input string, want any) bool {
	got, err := value.ParseString(input)
	if err != nil {
		return false
	}
	return value.Equal(got, want) || value.Equal(metadata.Strip(got), want)
}
