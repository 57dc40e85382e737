package wire

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
)

// CodeNotSimulated is the error code of a call that uses a part of AWS which
// the fake does not have. It is no code of AWS's: a test that meets it has
// left the simulated ground, and must not mistake that for an answer.
const CodeNotSimulated = "NotSimulated"

// Error is an answer that is an error of the service.
type Error struct {
	// Code is the error code without namespace, such as "ResourceNotFoundException".
	Code string
	// Message is the text, verbatim as AWS writes it.
	Message string
	// Status is the HTTP status. Optional. Defaults to 400.
	Status int
	// Namespace overrides the service's namespace before the code.
	Namespace string
	// QueryCode is the code of the x-amzn-query-error header, which services
	// that once spoke Query still send. Optional.
	QueryCode string
	// Receiver says that the service is at fault; else the sender is.
	Receiver bool
	// MessageKey is the member that holds the message. Optional. Defaults to
	// "message".
	MessageKey string
	// Fields are further members of the error body.
	Fields map[string]any

	missing *missing
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode and ErrorMessage make an Error look like the SDK's API errors.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage returns the text of the error.
func (e *Error) ErrorMessage() string { return e.Message }

// Errorf makes an Error from its code, its HTTP status (0 for 400) and a
// formatted message.
func Errorf(code string, status int, format string, args ...any) *Error {
	return &Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

// NotSimulated is the error of a call that uses what the fake does not have;
// what names it, such as `the member "Expected" of PutItem`.
func NotSimulated(format string, args ...any) *Error {
	return Errorf(CodeNotSimulated, http.StatusBadRequest, "%s is not simulated", fmt.Sprintf(format, args...))
}

// Missing returns a copy of e for the test log: with it stand there what arn
// names, its region and account, and what of that kind exists, by ARN.
// Nothing of it is sent.
func (e *Error) Missing(kind, arn string, exist iter.Seq[string]) *Error {
	out := *e
	out.missing = &missing{kind, arn, slices.Collect(exist)}
	return &out
}

func (e *Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

func (e *Error) fault() string {
	if e.Receiver || e.status() >= 500 {
		return "Receiver"
	}
	return "Sender"
}

// coded is what the SDK's error types have in common.
type coded interface {
	ErrorCode() string
	ErrorMessage() string
}

// asError turns err into what goes over the wire; ok is false for an error
// that is no answer of a service: it means a broken connection.
func asError(err error) (*Error, bool) {
	var own *Error
	if errors.As(err, &own) {
		return own, true
	}
	var sdk interface {
		error
		coded
	}
	if errors.As(err, &sdk) {
		return &Error{Code: sdk.ErrorCode(), Message: sdk.ErrorMessage()}, true
	}
	return nil, false
}
