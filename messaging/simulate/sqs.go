package simulate

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// messageID is the id of the one message.
const messageID = "059f36b4-87a3-44ab-83d2-661975830a7d"

// errReported says that the handler reported the message as failed.
var errReported = errors.New("simulate: the handler reported the message as failed")

// SQS hands the message to a Lambda handler of an SQS queue and returns what
// Deliver has to return: nil if Lambda would delete it. All deliveries of the message
// have one MessageId, one SentTimestamp and one ApproximateFirstReceiveTimestamp;
// the receive count and the receipt handle are the delivery's. For a message with
// attributes or a group change the record in edit.
func SQS(ctx context.Context, handler func(context.Context, awsevents.SQSEvent) (awsevents.SQSEventResponse, error), d Delivery, body string, edit ...func(*awsevents.SQSMessage)) error {
	m := awsevents.SQSMessage{
		MessageId: messageID, ReceiptHandle: "receipt-" + strconv.Itoa(d.Number), Body: body,
		EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:us-east-1:123456789012:simulated", AWSRegion: "us-east-1",
		Attributes: map[string]string{
			"ApproximateReceiveCount": strconv.Itoa(d.Number), "SentTimestamp": timestamp(d.Sent),
			"ApproximateFirstReceiveTimestamp": timestamp(d.FirstReceived), "SenderId": "AIDAEXAMPLESENDERID00",
		},
		MessageAttributes: map[string]awsevents.SQSMessageAttribute{},
	}
	for _, fn := range edit {
		if fn != nil {
			fn(&m)
		}
	}
	if handler == nil {
		return errors.New("simulate: SQS: the handler is nil")
	}
	answer, err := handler(ctx, awsevents.SQSEvent{Records: []awsevents.SQSMessage{m}})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(answer.BatchItemFailures, func(f awsevents.SQSBatchItemFailure) bool { return f.ItemIdentifier == m.MessageId }) {
		return errReported
	}
	return nil
}

// timestamp writes a time as SQS does, in milliseconds; for a Delivery that was
// made by hand without it, it is now.
func timestamp(t time.Time) string {
	if t.IsZero() {
		t = time.Now()
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
