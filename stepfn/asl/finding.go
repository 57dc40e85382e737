package asl

import (
	"fmt"
	"strings"
)

// The severities of a [Finding].
const (
	SeverityError   = "ERROR"   // AWS refuses the definition
	SeverityWarning = "WARNING" // AWS accepts the definition
)

// The codes of a [Finding], as ValidateStateMachineDefinition gives them.
const (
	CodeInvalidJSON   = "INVALID_JSON_DESCRIPTION"  // it is no JSON, or has a member twice
	CodeSchema        = "SCHEMA_VALIDATION_FAILED"  // a member is missing, unknown here or has the wrong value
	CodeMissingTarget = "MISSING_TRANSITION_TARGET" // a transition leads nowhere, or a state is not reached
)

const typeText = "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]"

// Finding is one fault of a definition, or a warning about it.
type Finding struct {
	Severity string // SeverityError or SeverityWarning
	Code     string
	Message  string
	Location string // JSON pointer into the definition; "" for what has no place
}

// String returns the finding as AWS words it in InvalidDefinition.
func (f Finding) String() string {
	if f.Code == CodeInvalidJSON {
		return f.Code + ": " + f.Message
	}
	at := f.Location
	if at == "" {
		at = "/"
	}
	return f.Code + ": " + f.Message + " at " + at
}

// DefinitionError holds the faults of a definition.
type DefinitionError struct {
	Findings []Finding
}

// Error lists every fault.
func (e *DefinitionError) Error() string {
	var b strings.Builder
	b.WriteString("asl: invalid state machine definition")
	if e == nil || len(e.Findings) == 0 {
		return b.String()
	}
	b.WriteString(": ")
	for i, f := range e.Findings {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.String())
	}
	return b.String()
}

func schemaError(at, format string, args ...any) Finding {
	return Finding{Severity: SeverityError, Code: CodeSchema, Message: fmt.Sprintf(format, args...), Location: at}
}

func warning(at, format string, args ...any) Finding {
	f := schemaError(at, format, args...)
	f.Severity = SeverityWarning
	return f
}
