package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

// refusal is a call that the service refuses: with status 400 unless there is
// another.
type refusal struct {
	name       string
	call       func(ctx context.Context) error
	code, text string
	status     int
}

func refused(s *suite.Suite, rows []refusal) {
	for _, row := range rows {
		if row.status == 0 {
			row.status = 400
		}
		s.Check(row.name, func(t *testing.T) { suite.Refused(t, row.call(t.Context()), row.status, row.code, row.text) })
	}
}

const (
	wrongValue  = "InvalidParameterValue"
	queueErrors = "AWS.SimpleQueueService."
)

// refusedMessages checks what cannot be sent.
func (q *queues) refusedMessages(t *testing.T) {
	t.Helper()
	standard, fifo, small := q.create(t, "standard", nil), q.create(t, "ordered.fifo", nil), q.create(t, "small", map[string]string{"MaximumMessageSize": "1024"})
	send := func(to *queue, changes ...func(*sqs.SendMessageInput)) func(context.Context) error {
		return func(ctx context.Context) error {
			in := &sqs.SendMessageInput{QueueUrl: &to.url, MessageBody: aws.String("x")}
			for _, change := range changes {
				change(in)
			}
			_, err := q.client.SendMessage(ctx, in, func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
			return err
		}
	}
	attribute := func(name string, v types.MessageAttributeValue) func(*sqs.SendMessageInput) {
		return func(in *sqs.SendMessageInput) { in.MessageAttributes = map[string]types.MessageAttributeValue{name: v} }
	}
	body := func(text string) func(*sqs.SendMessageInput) {
		return func(in *sqs.SendMessageInput) { in.MessageBody = &text }
	}
	group := func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("g") }
	id := func(id string) func(*sqs.SendMessageInput) {
		return func(in *sqs.SendMessageInput) { in.MessageDeduplicationId = &id }
	}
	const ids = " is invalid. Reason: %s can only include alphanumeric and punctuation characters. 1 to 128 in length."
	badID := func(value, parameter string) string {
		return "Value " + value + " for parameter " + parameter + strings.ReplaceAll(ids, "%s", parameter)
	}
	long := strings.Repeat("a", 129)
	refused(q.Suite, []refusal{
		{name: "a message has a body", call: send(standard, body("")), code: "MissingParameter", text: "The request must contain the parameter MessageBody."},
		{name: "a body has characters of XML", call: send(standard, body("a\x00b")), code: "InvalidMessageContents", text: "…"},
		{name: "a message has at most 1,048,576 bytes", call: send(standard, body(strings.Repeat("x", 1<<20+1))), code: wrongValue, text: "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."},
		{
			name: "the attributes count for the size", call: send(small, body(strings.Repeat("x", 1000)), attribute("name", text(strings.Repeat("y", 20)))), code: wrongValue,
			text: "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
		},
		{name: "a delay is at most 900 seconds", call: send(standard, func(in *sqs.SendMessageInput) { in.DelaySeconds = 901 }), code: wrongValue, text: "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{
			name: "a message of a FIFO queue has no delay", call: send(fifo, group, id("x"), func(in *sqs.SendMessageInput) { in.DelaySeconds = 2 }), code: wrongValue,
			text: "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
		},
		{name: "a text attribute is not empty", call: send(standard, attribute("ErrorDetails", text(""))), code: wrongValue, text: "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'."},
		{
			name: "an attribute is a String, a Number or Binary", call: send(standard, attribute("a", types.MessageAttributeValue{DataType: aws.String("Text"), StringValue: aws.String("x")})), code: wrongValue,
			text: "The message attribute 'a' has an invalid message attribute type…",
		},
		{
			name: "a Number is a number", call: send(standard, attribute("a", types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: aws.String("x")})), code: wrongValue,
			text: "Can't cast the value of message (user) attribute 'a' to a number.",
		},
		{name: "the name of an attribute is not AWS's", call: send(standard, attribute("aMaZon.x", text("x"))), code: wrongValue, text: "…reserved for internal use…"},
		{name: "the name of an attribute has no two dots together", call: send(standard, attribute("a..b", text("x"))), code: wrongValue, text: "Message attribute name can not have successive '.' character…"},
		{name: "a message has at most ten attributes", code: wrongValue, text: "Number of message attributes [11] exceeds the allowed maximum [10].", call: send(standard, func(in *sqs.SendMessageInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
			for _, c := range "abcdefghijk" {
				in.MessageAttributes[string(c)] = text("x")
			}
		})},
		{
			name: "a standard queue has no deduplication id", call: send(standard, id("d")), code: wrongValue,
			text: "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
		},
		{name: "a message of a FIFO queue has a group", call: send(fifo, id("x")), code: "MissingParameter", text: "The request must contain the parameter MessageGroupId."},
		{name: "a message of a FIFO queue has a deduplication id", call: send(fifo, group), code: wrongValue, text: "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		{name: "a group has no blank", call: send(fifo, id("x"), func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("group 123") }), code: wrongValue, text: badID("group 123", "MessageGroupId")},
		{name: "a group has at most 128 characters", call: send(fifo, id("x"), func(in *sqs.SendMessageInput) { in.MessageGroupId = &long }), code: wrongValue, text: badID(long, "MessageGroupId")},
		{name: "a deduplication id is not empty", call: send(fifo, group, id("")), code: wrongValue, text: badID("", "MessageDeduplicationId")},
		{name: "a deduplication id has at most 128 characters", call: send(fifo, group, id(long)), code: wrongValue, text: badID(long, "MessageDeduplicationId")},
	})
	q.refusedBatches(standard, fifo, small)
}

func (q *queues) refusedBatches(standard, fifo, small *queue) {
	batch := func(to *queue, entries ...types.SendMessageBatchRequestEntry) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &to.url, Entries: entries})
			return err
		}
	}
	twenty := make([]types.SendMessageBatchRequestEntry, 20)
	for i := range twenty {
		twenty[i] = entry(string(rune('a'+i)), "x")
	}
	grouped := entry("a", "x")
	grouped.MessageGroupId = aws.String("g")
	const badEntry = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
	refused(q.Suite, []refusal{
		{name: "a batch has an entry", call: batch(standard, []types.SendMessageBatchRequestEntry{}...), code: queueErrors + "EmptyBatchRequest", text: "There should be at least one SendMessageBatchRequestEntry in the request."},
		{name: "a batch has at most ten entries", call: batch(standard, twenty...), code: queueErrors + "TooManyEntriesInBatchRequest", text: "Maximum number of entries per request are 10. You have sent 20."},
		{name: "the id of an entry has no blank", call: batch(standard, entry("a b", "x")), code: queueErrors + "InvalidBatchEntryId", text: badEntry},
		{name: "the id of an entry has at most 80 characters", call: batch(standard, entry(strings.Repeat("a", 81), "x")), code: queueErrors + "InvalidBatchEntryId", text: badEntry},
		{name: "the ids of entries are distinct", call: batch(standard, entry("a", "x"), entry("a", "y")), code: queueErrors + "BatchEntryIdsNotDistinct", text: "Id a repeated."},
		{
			name: "a batch has at most 1,048,576 bytes, whatever the queue allows", call: batch(small, entry("a", strings.Repeat("x", 1<<19)), entry("b", strings.Repeat("x", 1<<19+1))), code: queueErrors + "BatchRequestTooLong",
			text: "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
		},
		{name: "a batch to a FIFO queue fails as a whole for an entry without group", call: batch(fifo, entry("a", "x")), code: wrongValue, text: "The request must contain the parameter MessageGroupId."},
		{
			name: "a batch to a FIFO queue fails as a whole for an entry without deduplication id", call: batch(fifo, grouped), code: wrongValue,
			text: "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
		},
	})
}
