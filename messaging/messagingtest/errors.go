package messagingtest

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/patternkit/serverless/internal/wire"
)

// The errors of SQS. The JSON type and the query code differ for those that
// were named in the days of the Query protocol.

const legacyPrefix = "AWS.SimpleQueueService."

// sqsError makes an error whose query code is its code.
func sqsError(code, format string, args ...any) *wire.Error {
	return &wire.Error{Code: code, QueryCode: code, Message: fmt.Sprintf(format, args...)}
}

// legacyError makes an error whose query code is another than its JSON type.
func legacyError(code, queryCode string, status int, format string, args ...any) *wire.Error {
	return &wire.Error{Code: code, QueryCode: queryCode, Status: status, Message: fmt.Sprintf(format, args...)}
}

func errNoQueue() *wire.Error {
	return legacyError("QueueDoesNotExist", legacyPrefix+"NonExistentQueue", 0, "The specified queue does not exist.")
}

// noQueue is errNoQueue for the queue with this ARN; the log says what exists.
func (s *SQS) noQueue(arn string) *wire.Error {
	return errNoQueue().Missing("queue", arn, maps.Keys(s.queues))
}

// noResource is the error of a queue that a parameter names by its ARN.
func (s *SQS) noResource(parameter, arn string) *wire.Error {
	return errResource("The resource that you specified for the %s parameter doesn't exist.", parameter).Missing("queue", arn, maps.Keys(s.queues))
}

func errThrottled() *wire.Error {
	return legacyError("RequestThrottled", "RequestThrottled", http.StatusForbidden, "Request is throttled.")
}

func errOverLimit(limit int) *wire.Error {
	return legacyError("OverLimit", "OverLimit", http.StatusForbidden,
		"Too many messages in flight. The maximum number of in flight messages is %d.", limit)
}

func errQueueExists(attribute string) *wire.Error {
	return legacyError("QueueNameExists", "QueueAlreadyExists", 0,
		"A queue already exists with the same name and a different value for attribute %s", attribute)
}

func errDeletedRecently() *wire.Error {
	return legacyError("QueueDeletedRecently", legacyPrefix+"QueueDeletedRecently", 0,
		"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
}

func errPurging(name string) *wire.Error {
	return legacyError("PurgeQueueInProgress", legacyPrefix+"PurgeQueueInProgress", http.StatusForbidden,
		"Only one PurgeQueue operation on %s is allowed every 60 seconds.", name)
}

func errResource(format string, args ...any) *wire.Error {
	return legacyError("ResourceNotFoundException", "ResourceNotFoundException", http.StatusNotFound, format, args...)
}

func missingParameter(name string) *wire.Error {
	return sqsError("MissingParameter", "The request must contain the parameter %s.", name)
}

// invalidValue is the error of a value that a parameter cannot take.
func invalidValue(value any, parameter, format string, args ...any) *wire.Error {
	return sqsError("InvalidParameterValue", "Value %v for parameter %s is invalid. Reason: %s",
		value, parameter, fmt.Sprintf(format, args...))
}

func invalidParameter(format string, args ...any) *wire.Error {
	return sqsError("InvalidParameterValue", format, args...)
}

func unknownAttribute(name string) *wire.Error {
	return sqsError("InvalidAttributeName", "Unknown Attribute %s.", name)
}

func invalidAttribute(name string) *wire.Error {
	return sqsError("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
}

func errHandleGarbage(handle string) *wire.Error {
	return legacyError("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", http.StatusNotFound,
		"The input receipt handle %q is not a valid receipt handle.", handle)
}

func errHandleForeign(handle string) *wire.Error {
	return legacyError("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", http.StatusNotFound,
		"The receipt handle %q is not valid for this queue.", handle)
}

func errHandleExpired(handle string) *wire.Error {
	return invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.")
}

func errNotAvailable(handle string) *wire.Error {
	return invalidValue(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
}

// The errors of SNS.

func snsError(code, format string, args ...any) *wire.Error {
	return &wire.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func snsInvalid(format string, args ...any) *wire.Error {
	return snsError("InvalidParameter", "Invalid parameter: "+format, args...)
}

// noTopic is the error of a topic there is not; the log says what exists.
func (s *SNS) noTopic(arn string) *wire.Error {
	return snsNotFound("Topic").Missing("topic", arn, maps.Keys(s.topics))
}

func snsNotFound(what string) *wire.Error {
	return &wire.Error{Code: "NotFound", Status: http.StatusNotFound, Message: what + " does not exist"}
}
