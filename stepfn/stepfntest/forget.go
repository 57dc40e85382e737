package stepfntest

import (
	"slices"
	"time"
)

const (
	retention   = 90 * 24 * time.Hour // how long a closed execution stays known, and its name taken
	keepDefault = 10_000              // closed executions
	maxHistory  = 256 << 20           // bytes of the histories of closed executions, about

	// What is further away comes from another clock: a fake that was used in a
	// testing/synctest bubble, where it is the year 2000, and is looked at
	// outside.
	anotherClock = 10 * 365 * 24 * time.Hour
)

// expired reports whether a closed execution is past its time.
func (x *execution) expired() bool {
	age := time.Since(x.stopped)
	return age >= retention && age < anotherClock
}

// retire notes that an execution has closed, and lets go of what only one that
// runs needs.
func (m *StepFunctions) retire(x *execution) {
	x.root, x.deadline, x.context = nil, nil, nil
	for _, r := range x.records {
		x.weight += r.weight()
	}
	m.closed = append(m.closed, x)
	m.weight += x.weight
	m.forget()
}

// forget drops the closed executions that are past their time, and those that
// closed first while there are too many; the caller holds the lock.
func (m *StepFunctions) forget() {
	for len(m.closed) > 0 {
		x := m.closed[0]
		full := m.keep >= 0 && (len(m.closed) > m.keep || m.weight > maxHistory && len(m.closed) > 1)
		if !full && !x.expired() {
			break
		}
		if full && !m.told {
			m.told = true
			m.server.TB().Logf("stepfntest: there are too many closed executions to keep them all: those that closed first are forgotten, see Options.KeepExecutions")
		}
		m.closed[0] = nil
		m.closed = m.closed[1:]
		m.drop(x)
	}
	if m.dropped > len(m.order)/2 {
		m.order = slices.DeleteFunc(m.order, func(x *execution) bool { return x.forgotten })
		m.dropped = 0
	}
}

// drop removes every trace of an execution.
func (m *StepFunctions) drop(x *execution) {
	x.forgotten = true
	m.dropped++
	m.weight -= x.weight
	if m.executions[x.arn] == x { // not one that has its name now
		delete(m.executions, x.arn)
	}
	for _, t := range x.tokens {
		delete(m.tokens, t)
	}
	for _, act := range m.activities {
		act.pending = slices.DeleteFunc(act.pending, func(a *attempt) bool { return a.x == x })
	}
}

// known yields the executions that are not forgotten, by their start.
func (m *StepFunctions) known() []*execution {
	m.forget()
	if m.dropped == 0 {
		return m.order
	}
	return slices.DeleteFunc(slices.Clone(m.order), func(x *execution) bool { return x.forgotten })
}

// weight is about how many bytes a record takes; payloads that several records
// share count for each.
func (r record) weight() int {
	n := 160
	switch d := r.details.(type) {
	case *StartedDetails:
		n += len(d.Input)
	case *EnteredDetails:
		n += len(d.Input)
	case *ExitedDetails:
		n += len(d.Output)
		for _, v := range d.AssignedVariables {
			n += len(v)
		}
	case *FunctionDetails:
		n += len(d.Input)
	case *ActivityDetails:
		n += len(d.Input)
	case *TaskScheduledDetails:
		n += len(d.Parameters)
	case *OutputDetails:
		n += len(d.Output)
	case *TaskOutputDetails:
		n += len(d.Output)
	case *ErrorDetails:
		n += len(d.Cause)
	case *TaskErrorDetails:
		n += len(d.Cause)
	}
	return n
}
