package stepfntest

import (
	"maps"
	"slices"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// Snapshot is the state of a [StepFunctions] at one moment: state machines,
// activities, closed executions with their histories, and how far mocks are
// used. It does not change.
type Snapshot struct {
	of         *wire.Server
	machines   map[string]*machine
	activities map[string]*activity
	closed     []*execution // by end
	order      []*execution // by start
	mocks      map[mockKey]*mock
	tokens     map[string]*token
}

// Snapshot returns the state. Running executions cannot be kept: to take a
// snapshot while one runs, or waits for a task token or an activity worker, is an
// error of the test, and the snapshot does not have it. Bound functions, the
// journal and the faults are not part of it.
func (m *StepFunctions) Snapshot() *Snapshot {
	server := m.made()
	server.TB().Helper()
	m.mu.Lock()
	m.forget()
	running := len(m.running())
	s := (&Snapshot{server, m.machines, m.activities, m.closed, m.order, m.mocks, m.tokens}).clone()
	m.mu.Unlock()
	if running > 0 {
		m.server.Misuse("Snapshot: %s running, which a snapshot does not have. Drain, and answer the task tokens, before it is taken", wire.Plural(running, "execution is", "executions are"))
	}
	return s
}

// Restore brings the state of the snapshot back, any number of times. Running
// executions are aborted and forgotten; a worker that polls for their tasks gets
// none. A nil snapshot panics, and so does one that this fake has not taken.
func (m *StepFunctions) Restore(snapshot *Snapshot) {
	m.checkSnapshot(snapshot)
	m.restore(snapshot)
}

func (m *StepFunctions) restore(snapshot *Snapshot) {
	s := snapshot.clone()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.running() {
		x.abort(&failure{})
	}
	m.machines, m.activities, m.closed, m.order, m.mocks, m.tokens = s.machines, s.activities, s.closed, s.order, s.mocks, s.tokens
	m.executions, m.dropped, m.weight = map[string]*execution{}, 0, 0
	for _, x := range m.order {
		m.executions[x.arn] = x
		m.weight += x.weight
	}
}

// Reset empties the fake, as New made it: state machines, activities, executions,
// mocks, bound functions, faults and journal. Running executions are aborted.
func (m *StepFunctions) Reset() {
	m.made().Reset()
	m.restore(&Snapshot{})
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.functions)
}

// running returns the executions that have not ended.
func (m *StepFunctions) running() []*execution {
	return slices.DeleteFunc(slices.Clone(m.order), func(x *execution) bool { return x.forgotten || x.status != StatusRunning })
}

// clone copies what changes. Of the executions it copies those that have ended.
func (s *Snapshot) clone() *Snapshot {
	out := &Snapshot{
		of: s.of, machines: make(map[string]*machine, len(s.machines)), activities: make(map[string]*activity, len(s.activities)),
		mocks: make(map[mockKey]*mock, len(s.mocks)), tokens: map[string]*token{},
	}
	for arn, sm := range s.machines {
		c := *sm
		c.tags = slices.Clone(sm.tags)
		out.machines[arn] = &c
	}
	for arn, act := range s.activities {
		out.activities[arn] = &activity{arn: act.arn, name: act.name, created: act.created}
	}
	for key, k := range s.mocks {
		c := *k
		out.mocks[key] = &c
	}
	copies := make(map[*execution]*execution, len(s.closed))
	for _, x := range s.closed {
		c := *x
		copies[x] = &c
		out.closed = append(out.closed, &c)
		for _, t := range x.tokens {
			if s.tokens[t] != nil {
				out.tokens[t] = s.tokens[t]
			}
		}
	}
	for _, x := range s.order {
		if c := copies[x]; c != nil {
			out.order = append(out.order, c)
		}
	}
	return out
}

// Dump returns the state machines and the executions with the states that they
// entered as text, for the output of a test. A test that used the fake and has
// failed logs the first 100 lines of it by itself, with the last 20 calls.
func (m *StepFunctions) Dump() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dump()
}

func (m *StepFunctions) dump() string {
	var d wire.Dump
	for _, arn := range slices.Sorted(maps.Keys(m.machines)) {
		sm := m.machines[arn]
		p, _ := awsid.ParseARN(arn)
		d.Line(0, "%s machine %s%s", sm.kind, sm.name, d.At(p.Account, p.Region))
		for _, x := range m.order {
			if !x.forgotten && x.machine.arn == arn {
				dumpExecution(&d, x.report())
			}
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(m.activities)) {
		act := m.activities[arn]
		p, _ := awsid.ParseARN(arn)
		d.Line(0, "activity %s%s: %s", act.name, d.At(p.Account, p.Region), wire.Plural(len(act.pending), "task waits", "tasks wait"))
	}
	return d.String()
}

func dumpExecution(d *wire.Dump, e Execution) {
	d.Line(1, "%s %s %s", e.Name, e.Status, e.Input)
	if len(e.Path) > 0 {
		d.Line(2, "states: %q", e.Path)
	}
	if e.Output != "" {
		d.Line(2, "output: %s", e.Output)
	}
	if e.Error != "" {
		d.Line(2, "error: %s: %s", e.Error, e.Cause)
	}
}
