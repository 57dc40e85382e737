package stepfntest

import (
	"context"
	"fmt"
	"time"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// Outcome is what a mocked task ends with; see [Return] and [Throw].
type Outcome struct {
	result string
	fault  *failure
	times  int
	after  time.Duration
}

// Return is an outcome with a result, a value that JSON can hold. It panics
// on one that it cannot hold.
func Return(result any) Outcome {
	v, err := value.Of(result)
	if err != nil {
		panic("stepfntest: Return: the result has no JSON form: " + err.Error())
	}
	return Outcome{result: value.String(v), times: 1}
}

// Throw is an outcome with an error name and a cause.
func Throw(name, cause string) Outcome {
	return Outcome{fault: &failure{name: name, cause: cause}, times: 1}
}

// Times returns the outcome for n attempts in a row. Less than 1 counts as 1.
func (o Outcome) Times(n int) Outcome {
	o.times = n
	return o
}

// After returns the outcome of an attempt that takes d. It panics when d is
// negative.
func (o Outcome) After(d time.Duration) Outcome {
	if d < 0 {
		panic(fmt.Sprintf("stepfntest: After: the time %v is negative", d))
	}
	o.after = d
	return o
}

// mock is the outcomes of one mocked state.
type mock struct {
	outcomes []Outcome
	used     int
}

// Mock answers the Task states of that name with outcomes, in the order of
// the attempts, whatever their resource is; the last one repeats. Machine is
// the name or ARN of a machine, or "" for any. It replaces what was given for
// the state before; without outcomes the tasks do their work again. It panics
// without the name of a state.
func (m *StepFunctions) Mock(machine, state string, outcomes ...Outcome) {
	m.made()
	if state == "" {
		panic("stepfntest: Mock: the state has no name")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mocks[mockKey{machine, state}] = &mock{outcomes: outcomes}
}

type mockKey struct{ machine, state string }

func (m *StepFunctions) mock(machine *machine, state string) *mock {
	for _, name := range []string{machine.arn, machine.name, ""} {
		if k := m.mocks[mockKey{name, state}]; k != nil && len(k.outcomes) > 0 {
			return k
		}
	}
	return nil
}

// next is the call that answers with the next outcome.
func (k *mock) next() func(context.Context) (string, *failure) {
	o := k.outcomes[0]
	if k.used++; k.used >= o.times && len(k.outcomes) > 1 {
		k.outcomes, k.used = k.outcomes[1:], 0
	}
	return func(ctx context.Context) (string, *failure) {
		if o.after > 0 {
			pause(ctx, nil, time.Now().Add(o.after), true)
		}
		return o.result, o.fault
	}
}
