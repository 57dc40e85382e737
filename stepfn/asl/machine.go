package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// The query languages of a machine or a state.
const (
	JSONPath = "JSONPath" // paths, templates and intrinsic functions
	JSONata  = "JSONata"  // expressions {% … %}
)

// Path is a JSONPath that says what a state takes or where its result goes; ""
// is no path, and AWS's default "$" applies.
type Path string

// Discard is the path that a definition writes as null: as InputPath and
// OutputPath it is the empty object, as ResultPath it throws the result away.
const Discard Path = "null"

// Machine is a state machine definition in the Amazon States Language.
// Members that this package does not know are kept in Extra, here and in
// every part of a machine, so that parsing and printing loses nothing.
type Machine struct {
	Comment        string
	QueryLanguage  string // JSONPath or JSONata; defaults to JSONPath
	Version        string // defaults to "1.0"
	TimeoutSeconds int    // of a whole execution; 0: none
	StartAt        string
	States         []State
	Extra          map[string]json.RawMessage
}

// NewMachine builds a machine of states in their order. It starts at the
// first one; a state that has neither Next nor End goes on to the one after
// it, the last one ends. The result is validated; a [*DefinitionError] holds
// every fault that was found. The states given are not changed.
func NewMachine(states ...State) (*Machine, error) {
	b, err := NewSequence(states...)
	if err != nil {
		return nil, err
	}
	m := &Machine{StartAt: b.StartAt, States: b.States}
	if err := m.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

// MustMachine is [NewMachine] for package-level machines: it panics with the
// faults.
func MustMachine(states ...State) *Machine {
	return given.Must(NewMachine(states...))
}

// NewSequence builds a branch of states in their order, linked as in
// [NewMachine]. It fails when there is no state or one has no name.
func NewSequence(states ...State) (Branch, error) {
	if len(states) == 0 {
		return Branch{}, errors.New("asl: a machine needs a state")
	}
	for i, s := range states {
		if given.Nil(s) {
			return Branch{}, fmt.Errorf("asl: state %d is nil", i)
		}
	}
	b := Branch{StartAt: states[0].StateName()}
	for i, s := range states {
		if s.StateName() == "" {
			return Branch{}, fmt.Errorf("asl: state %d (%s) has no name", i, s.StateType())
		}
		next := ""
		if i+1 < len(states) {
			next = states[i+1].StateName()
		}
		b.States = append(b.States, s.linked(next))
	}
	return b, nil
}

// MustSequence is [NewSequence] for branches written in the program: it panics
// with the fault.
func MustSequence(states ...State) Branch {
	return given.Must(NewSequence(states...))
}

// Parse reads a definition. It fails on what is not JSON or has a member of
// the wrong shape; what AWS would refuse beyond that is found by
// [Machine.Validate]. A member that stands twice in one object is refused.
// Templates and results are kept as [json.RawMessage].
func Parse(definition []byte) (*Machine, error) {
	v, repeated, err := value.ParseDistinct(definition)
	if err != nil {
		return nil, &DefinitionError{Findings: []Finding{{
			Severity: SeverityError, Code: CodeInvalidJSON, Message: err.Error(),
		}}}
	}
	d := decoder{findings: repetitions(repeated)}
	m := new(Machine)
	d.decode("", v, m)
	if len(d.findings) > 0 {
		return nil, &DefinitionError{Findings: d.findings}
	}
	return m, nil
}

// MustParse is [Parse] for definitions that are part of the program: it panics
// with the faults.
func MustParse(definition []byte) *Machine {
	return given.Must(Parse(definition))
}

// MarshalJSON writes the definition without spaces, members in a fixed order
// and states in theirs.
func (m *Machine) MarshalJSON() ([]byte, error) { return encode(m) }

// UnmarshalJSON reads a definition as [Parse] does.
func (m *Machine) UnmarshalJSON(data []byte) error {
	parsed, err := Parse(data)
	switch {
	case err != nil:
		return err
	case m == nil:
		return errors.New("asl: there is no machine to read a definition into")
	}
	*m = *parsed
	return nil
}

// String returns the definition as indented JSON. A machine that cannot be
// written, because a template in it has no JSON form, gives the reason.
func (m *Machine) String() string {
	text, err := encode(m)
	if err != nil {
		return err.Error()
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return err.Error()
	}
	return b.String()
}

// State returns the state of that name, also inside branches and item
// processors, and nil when there is none.
func (m *Machine) State(name string) State {
	for s := range m.Walk() {
		if s.StateName() == name {
			return s
		}
	}
	return nil
}
