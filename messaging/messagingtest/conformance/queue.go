package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

// queues has the calls that most checks of SQS need.
type queues struct {
	*suite.Suite
	client *sqs.Client
}

// queue is a queue of one check.
type queue struct {
	*queues
	name, url, arn string
}

// create makes a queue for as long as the test runs; a FIFO queue where the
// kind ends with .fifo.
func (q *queues) create(t *testing.T, kind string, attributes map[string]string) *queue {
	t.Helper()
	base, fifo := strings.CutSuffix(kind, ".fifo")
	name, given := q.Name(base), map[string]string{}
	if fifo {
		name += ".fifo"
		given["FifoQueue"] = "true"
	}
	for attribute, value := range attributes {
		given[attribute] = value
	}
	out, err := q.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: given})
	suite.NoError(t, err)
	q.remove(t, *out.QueueUrl)
	made := &queue{q, name, *out.QueueUrl, ""}
	suite.Soon(t, func() string { // a new queue is not known everywhere at once
		got, err := q.client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &made.url, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
		if err != nil {
			return err.Error()
		}
		made.arn = got.Attributes["QueueArn"]
		return ""
	})
	return made
}

// remove deletes a queue at the end of the test.
func (q *queues) remove(t *testing.T, url string) {
	t.Helper()
	suite.Cleanup(t, "the queue "+url, func(ctx context.Context) error {
		_, err := q.client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
		return err
	})
}

func (q *queue) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		_, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body})
		suite.NoError(t, err)
	}
}

// sendGroup sends to a group of a FIFO queue, each body once.
func (q *queue) sendGroup(t *testing.T, group string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		_, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: &q.url, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: aws.String(group + "-" + body),
		})
		suite.NoError(t, err)
	}
}

// receive is one long poll.
func (q *queue) receive(t *testing.T, optFns ...func(*sqs.ReceiveMessageInput)) []types.Message {
	t.Helper()
	in := &sqs.ReceiveMessageInput{QueueUrl: &q.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1}
	for _, opt := range optFns {
		opt(in)
	}
	out, err := q.client.ReceiveMessage(t.Context(), in)
	suite.NoError(t, err)
	return out.Messages
}

// await receives until there are n messages: a standard queue may give them one
// by one.
func (q *queue) await(t *testing.T, n int, optFns ...func(*sqs.ReceiveMessageInput)) []types.Message {
	t.Helper()
	var got []types.Message
	for start := time.Now(); len(got) < n; {
		got = append(got, q.receive(t, append([]func(*sqs.ReceiveMessageInput){func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 20 }}, optFns...)...)...)
		if time.Since(start) > 2*time.Minute {
			t.Fatalf("only %d messages of %d came: %s", len(got), n, bodies(got))
		}
	}
	suite.Equal(t, n, len(got), "messages: "+bodies(got))
	return got
}

func (q *queue) delete(t *testing.T, m types.Message) error {
	t.Helper()
	_, err := q.client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle})
	return err
}

func (q *queue) change(t *testing.T, m types.Message, seconds int32) error {
	t.Helper()
	_, err := q.client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
	return err
}

func bodies(messages []types.Message) string {
	var out []string
	for _, m := range messages {
		out = append(out, *m.Body)
	}
	return strings.Join(out, " ")
}

func all(in *sqs.ReceiveMessageInput) {
	in.MessageAttributeNames = []string{"All"}
	in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"All"}
}

func upTo(n int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = n }
}

func text(s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &s}
}

// redriveTo is the attribute that sends dead letters to a queue.
func redriveTo(dead *queue, maxReceives int) map[string]string {
	return map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, dead.arn, maxReceives)}
}

// merge is attributes together.
func merge(maps ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range maps {
		for name, value := range m {
			out[name] = value
		}
	}
	return out
}

// account is the account in an ARN.
func account(arn string) string { return strings.Split(arn, ":")[4] }
