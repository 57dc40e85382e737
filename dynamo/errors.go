package dynamo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// The reasons to branch on. Every error of this package that comes from an
// operation is an *OpError or a *TransactionError and matches one of them, or the
// SDK's own error type, through errors.Is and errors.As.
var (
	// ErrInvalid reports input that was refused before anything was sent.
	ErrInvalid = errors.New("dynamo: invalid input")
	// ErrNotFound reports that the item is not there, or has expired.
	ErrNotFound = errors.New("dynamo: not found")
	// ErrExists reports that a Create met an item under its key.
	ErrExists = errors.New("dynamo: already exists")
	// ErrConditionFailed reports that a condition did not hold. Errors that match
	// ErrExists, ErrStale, ErrNotUnique or ErrWrongEntity match it too, and so
	// does ErrNotFound where a write found nothing to change.
	ErrConditionFailed = errors.New("dynamo: condition failed")
	// ErrStale reports that the item is at another version than the one given.
	ErrStale = errors.New("dynamo: stale version")
	// ErrNotUnique reports that another item holds a value that must be unique.
	ErrNotUnique = errors.New("dynamo: value is taken")
	// ErrWrongEntity reports that the item under a key is of another entity.
	ErrWrongEntity = errors.New("dynamo: item is of another entity")
	// ErrConflict reports that a transaction met another one on the same item.
	ErrConflict = errors.New("dynamo: transaction conflict")
	// ErrUnprocessed reports that DynamoDB left an entry of a batch undone after
	// every attempt.
	ErrUnprocessed = errors.New("dynamo: left unprocessed")
	// ErrCursor reports a cursor that is malformed, forged, or of another query.
	ErrCursor = errors.New("dynamo: cursor does not belong to this query")
	// ErrUnknownEntity reports an item whose discriminator the model does not know.
	ErrUnknownEntity = errors.New("dynamo: unknown entity")
)

// OpError is the error of one operation on one entity.
type OpError struct {
	Op     string             // "put", "create", "get", "query", …
	Entity string             // name of the entity
	Key    string             // partition and sort key as stored, "ORDER#42/METADATA"; "" where there is none yet
	Reason CancellationReason // what DynamoDB answered to a failed condition; zero otherwise
	Err    error              // the cause
}

// Error says what was done to which item and why it failed. It shows 100 bytes of the key.
func (e *OpError) Error() string {
	return "dynamo: " + describeOp(e.Op, e.Entity, e.Key) + ": " + causeText(e.Err)
}

// causeText is the text of a cause within an error that names the package already. An
// error that a caller made may lack a cause.
func causeText(err error) string {
	if err == nil {
		return "no cause is given"
	}
	return strings.TrimPrefix(err.Error(), "dynamo: ")
}

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// FieldError is one thing that is wrong with the input of an operation.
type FieldError struct {
	Field   string // Go field, attribute or parameter; "" when it is the whole
	Problem string // "is empty", "is 2100 bytes, the limit is 2048 bytes"
}

// Error joins the field and the problem.
func (f FieldError) Error() string {
	if f.Field == "" {
		return f.Problem
	}
	return f.Field + " " + f.Problem
}

// InputError lists everything that is wrong with the input of an operation. It
// matches ErrInvalid.
type InputError struct {
	Fields []FieldError
}

// Error lists what is wrong.
func (e *InputError) Error() string {
	if len(e.Fields) == 0 {
		return ErrInvalid.Error()
	}
	texts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		texts[i] = f.Error()
	}
	return strings.Join(texts, "; ")
}

// Is reports whether target is ErrInvalid.
func (e *InputError) Is(target error) bool { return target == ErrInvalid }

// faults collects what is wrong with an input.
type faults []FieldError

func (f *faults) Addf(field, format string, args ...any) {
	*f = append(*f, FieldError{Field: field, Problem: fmt.Sprintf(format, args...)})
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &InputError{Fields: f}
}

func invalid(field, format string, args ...any) error {
	return &InputError{Fields: []FieldError{{Field: field, Problem: fmt.Sprintf(format, args...)}}}
}

// describeOp names an operation: "create Order ORDER#42/METADATA".
func describeOp(op, entity, key string) string {
	var b strings.Builder
	b.WriteString(op)
	for _, s := range []string{entity, keytemplate.Shown(key)} {
		if s != "" {
			b.WriteByte(' ')
			b.WriteString(s)
		}
	}
	return b.String()
}

// causedError gives an error a text of its own and several causes to match.
type causedError struct {
	text   string
	causes []error
}

func (f *causedError) Error() string   { return f.text }
func (f *causedError) Unwrap() []error { return f.causes }
