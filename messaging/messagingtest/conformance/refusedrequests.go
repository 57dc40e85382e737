package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// refusedRequests checks receives, queues and attributes that SQS does not take.
func (q *queues) refusedRequests(t *testing.T) {
	t.Helper()
	standard, fifo := q.create(t, "standard", nil), q.create(t, "ordered.fifo", nil)
	receive := func(change func(*sqs.ReceiveMessageInput)) func(context.Context) error {
		return func(ctx context.Context) error {
			in := &sqs.ReceiveMessageInput{QueueUrl: &standard.url}
			change(in)
			_, err := q.client.ReceiveMessage(ctx, in)
			return err
		}
	}
	refused(q.Suite, []refusal{
		{name: "a receive has at most ten messages", call: receive(func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = 11 }), code: wrongValue, text: "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{name: "a receive does not wait a negative time", call: receive(func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = -1 }), code: wrongValue, text: "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{name: "a receive waits at most 20 seconds", call: receive(func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 21 }), code: wrongValue, text: "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{name: "a receive hides for at most twelve hours", call: receive(func(in *sqs.ReceiveMessageInput) { in.VisibilityTimeout = 43_201 }), code: wrongValue, text: "Value 43201 for parameter VisibilityTimeout is invalid. …"},
		{name: "a receive asks for attributes that there are", code: "InvalidAttributeName", text: "Unknown Attribute Foo.", call: receive(func(in *sqs.ReceiveMessageInput) {
			in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"Foo"}
		})},
		{name: "a queue that is not there is not found", code: queueErrors + "NonExistentQueue", text: "The specified queue does not exist…", call: func(ctx context.Context) error {
			_, err := q.client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(q.Name("none"))})
			return err
		}},
		{name: "what is no URL of a queue names none", code: queueErrors + "NonExistentQueue", text: "The specified queue does not exist…", call: func(ctx context.Context) error {
			_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String("no such queue"), MessageBody: aws.String("x")})
			return err
		}},
		{name: "a queue is asked for attributes that there are", code: "InvalidAttributeName", text: "Unknown Attribute Foo.", call: func(ctx context.Context) error {
			_, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &standard.url, AttributeNames: []types.QueueAttributeName{"Foo"}})
			return err
		}},
		{name: "messages are moved from a dead-letter queue", code: wrongValue, text: "Source queue must be configured as a Dead Letter Queue.", call: q.move(standard.arn, nil)},
		{name: "messages are moved from a queue that there is", code: "ResourceNotFoundException", status: 404, text: "The resource that you specified for the SourceArn parameter doesn't exist.", call: q.move(standard.arn+"-none", nil)},
		{name: "a task that there is not is not canceled", code: wrongValue, text: "Value for parameter TaskHandle is invalid.", call: func(ctx context.Context) error {
			_, err := q.client.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: aws.String("junk")})
			return err
		}},
	})
	q.refusedAttributes(standard, fifo)
}

func (q *queues) move(from string, to *string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := q.client.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &from, DestinationArn: to})
		return err
	}
}

func (q *queues) refusedAttributes(standard, fifo *queue) {
	create := func(name string, attributes map[string]string) func(context.Context) error {
		return func(ctx context.Context) error {
			out, err := q.client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
			if err == nil { // it should not be there
				_, _ = q.client.DeleteQueue(context.WithoutCancel(ctx), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
			}
			return err
		}
	}
	fresh := func(attributes map[string]string) func(context.Context) error {
		return create(q.Name("refused"), attributes)
	}
	set := func(of *queue, name, value string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := q.client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &of.url, Attributes: map[string]string{name: value}})
			return err
		}
	}
	const name = "InvalidAttributeName"
	refused(q.Suite, []refusal{
		{name: "the name of a queue has no blank", call: create("a b", nil), code: wrongValue, text: "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"},
		{name: "the name of a FIFO queue ends with .fifo", call: fresh(map[string]string{"FifoQueue": "true"}), code: wrongValue, text: "…end…with .fifo suffix…"},
		{name: "a standard queue has no FifoQueue", call: fresh(map[string]string{"FifoQueue": "false"}), code: name, text: "Unknown Attribute FifoQueue."},
		{name: "a standard queue does not deduplicate by content", call: fresh(map[string]string{"ContentBasedDeduplication": "true"}), code: name, text: "Unknown Attribute ContentBasedDeduplication."},
		{name: "a standard queue has no scope of deduplication", call: fresh(map[string]string{"DeduplicationScope": "queue"}), code: name, text: "You can specify the DeduplicationScope only when FifoQueue is set to true."},
		{name: "a standard queue has no throughput limit", call: fresh(map[string]string{"FifoThroughputLimit": "perQueue"}), code: name, text: "You can specify the FifoThroughputLimit only when FifoQueue is set to true."},
		{name: "an attribute is one that there is", call: fresh(map[string]string{"Foo": "1"}), code: name, text: "Unknown Attribute Foo."},
		{name: "an attribute is in its range", call: fresh(map[string]string{"VisibilityTimeout": "43201"}), code: "InvalidAttributeValue", text: "Invalid value for the parameter VisibilityTimeout."},
		{
			name: "a FIFO queue exists with one value of an attribute", call: create(fifo.name, map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}), code: "QueueAlreadyExists",
			text: "A queue already exists with the same name and a different value for attribute ContentBasedDeduplication",
		},
		{name: "a standard queue does not become a FIFO queue", call: set(standard, "FifoQueue", "true"), code: name, text: "Unknown Attribute FifoQueue."},
		{name: "a redrive policy is JSON", call: set(standard, "RedrivePolicy", "{"), code: wrongValue, text: "…Redrive policy is not a valid JSON map."},
		{name: "a redrive policy has a count", call: set(standard, "RedrivePolicy", `{"deadLetterTargetArn":"`+standard.arn+`"}`), code: wrongValue, text: "…maxReceiveCount…"},
		{name: "a redrive policy names a queue that there is", call: set(standard, "RedrivePolicy", `{"deadLetterTargetArn":"`+standard.arn+`-none","maxReceiveCount":1}`), code: wrongValue, text: "…Dead letter target does not exist."},
		{name: "a redrive policy counts to 1000", call: set(standard, "RedrivePolicy", `{"deadLetterTargetArn":"`+standard.arn+`","maxReceiveCount":1001}`), code: wrongValue, text: "…valid values are from 1 to 1000 both inclusive."},
	})
}
