package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

// deadLetters checks when a message is moved, and how it is moved back.
func (q *queues) deadLetters() {
	// kill receives a message once, gives it back and asks again, which moves it.
	kill := func(t *testing.T, made *queue) {
		t.Helper()
		for _, m := range made.await(t, 1) {
			suite.NoError(t, made.change(t, m, 0))
		}
		suite.Equal(t, "", bodies(made.receive(t)), "it is received once too often")
	}
	q.Check("a message moves with the receive that would be one too many", func(t *testing.T) {
		dead := q.create(t, "dead", nil)
		made := q.create(t, "q", redriveTo(dead, 2))
		made.send(t, "poison")
		suite.NoError(t, made.change(t, made.await(t, 1)[0], 0))
		kill(t, made)
		m := dead.await(t, 1, all)[0]
		suite.Equal(t, "poison", *m.Body)
		suite.Equal(t, "3", m.Attributes["ApproximateReceiveCount"], "the count goes on")
		suite.Equal(t, made.arn, m.Attributes["DeadLetterQueueSourceArn"])
	})
	q.Check("a dead letter of a FIFO queue has its message id as deduplication id", func(t *testing.T) {
		dead := q.create(t, "dead.fifo", nil)
		made := q.create(t, "q.fifo", redriveTo(dead, 1))
		made.sendGroup(t, "g", "bad")
		kill(t, made)
		m := dead.await(t, 1, all)[0]
		suite.Equal(t, "g", m.Attributes["MessageGroupId"])
		suite.Equal(t, *m.MessageId, m.Attributes["MessageDeduplicationId"])
	})
	q.Check("the sources of a dead-letter queue are listed", func(t *testing.T) {
		dead := q.create(t, "dead", nil)
		made := q.create(t, "q", redriveTo(dead, 3))
		suite.Soon(t, func() string {
			out, err := q.client.ListDeadLetterSourceQueues(t.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &dead.url})
			suite.NoError(t, err)
			if len(out.QueueUrls) != 1 || out.QueueUrls[0] != made.url {
				return "the sources are others"
			}
			return ""
		})
	})
	q.Check("a move task brings dead letters back under a new id", func(t *testing.T) {
		dead := q.create(t, "dead", nil)
		made := q.create(t, "q", redriveTo(dead, 1))
		sent, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &made.url, MessageBody: aws.String("poison")})
		suite.NoError(t, err)
		kill(t, made)
		suite.Soon(t, func() string {
			out, err := q.client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &dead.url, AttributeNames: []types.QueueAttributeName{"ApproximateNumberOfMessages"}})
			suite.NoError(t, err)
			if n := out.Attributes["ApproximateNumberOfMessages"]; n != "1" {
				return "dead letters: " + n
			}
			return ""
		})
		_, err = q.client.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &dead.arn})
		suite.NoError(t, err)
		m := made.await(t, 1, all)[0]
		suite.Equal(t, "1", m.Attributes["ApproximateReceiveCount"], "the count begins anew")
		suite.True(t, *m.MessageId != *sent.MessageId, "the id is the same")
		suite.Soon(t, func() string {
			out, err := q.client.ListMessageMoveTasks(t.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: &dead.arn})
			suite.NoError(t, err)
			if status := *out.Results[0].Status; status != "COMPLETED" {
				return "the task is " + status
			}
			return ""
		})
	})
}
