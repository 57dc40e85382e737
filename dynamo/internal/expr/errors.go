package expr

import "fmt"

// InvalidError says why DynamoDB refuses an expression, a value or an update.
type InvalidError struct {
	// Message is the text of the ValidationException.
	Message string
}

// Error implements error.
func (e *InvalidError) Error() string { return e.Message }

func invalid(format string, args ...any) *InvalidError {
	return &InvalidError{Message: fmt.Sprintf(format, args...)}
}
