package dynamotest

import (
	"errors"
	"maps"
	"net/http"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

// invalidValue starts most of the messages about values.
const invalidValue = "One or more parameter values were invalid: "

func validation(format string, args ...any) *wire.Error {
	e := wire.Errorf("ValidationException", http.StatusBadRequest, format, args...)
	e.Namespace = "com.amazon.coral.validate#" // not the service's, as of all that is wrong with a request
	return e
}

// refused turns an error of the expression language into a ValidationException.
func refused(err error) error {
	var invalid *expr.InvalidError
	if errors.As(err, &invalid) {
		return validation("%s", invalid.Message)
	}
	return err
}

func serialization(format string, args ...any) *wire.Error {
	e := wire.Errorf("SerializationException", http.StatusBadRequest, format, args...)
	e.Namespace, e.MessageKey = "com.amazon.coral.service#", "Message"
	return e
}

// notFound is the answer of item operations for a table there is not, or not
// yet.
func (db *DynamoDB) notFound(arn string) *wire.Error {
	kind := "table"
	if db.tables[arn] != nil {
		kind = "ACTIVE table (there is one that is CREATING)"
	}
	e := wire.Errorf("ResourceNotFoundException", http.StatusBadRequest, "Requested resource not found")
	return e.Missing(kind, arn, maps.Keys(db.tables))
}

// tableNotFound is the answer of table operations for a table there is not.
func (db *DynamoDB) tableNotFound(name, arn string) *wire.Error {
	e := wire.Errorf("ResourceNotFoundException", http.StatusBadRequest, "Requested resource not found: Table: %s not found", name)
	return e.Missing("table", arn, maps.Keys(db.tables))
}

func inUse(format string, args ...any) *wire.Error {
	return wire.Errorf("ResourceInUseException", http.StatusBadRequest, format, args...)
}

// conditionFailed is the answer to a write whose condition was not met; old is
// the item it was held against when the caller asked for it.
func conditionFailed(old expr.Item) *wire.Error {
	e := wire.Errorf("ConditionalCheckFailedException", http.StatusBadRequest, "The conditional request failed")
	if old != nil {
		e.Fields = map[string]any{"Item": item(old)}
	}
	return e
}

func limitExceeded(format string, args ...any) *wire.Error {
	return wire.Errorf("LimitExceededException", http.StatusBadRequest, format, args...)
}
