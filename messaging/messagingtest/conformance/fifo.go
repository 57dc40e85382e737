package conformance

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

// fifo checks the order and the groups of FIFO queues.
func (q *queues) fifo() {
	q.Check("a group keeps its order and waits for what is in flight", func(t *testing.T) {
		made := q.create(t, "q.fifo", nil)
		made.sendGroup(t, "a", "a1", "a2", "a3")
		made.sendGroup(t, "b", "b1")
		first := made.receive(t, upTo(1))
		suite.Equal(t, "a1", bodies(first))
		suite.Equal(t, "b1", bodies(made.receive(t)), "other groups go on")
		suite.NoError(t, made.delete(t, first[0]))
		suite.Equal(t, "a2 a3", bodies(made.receive(t)))
	})
	q.Check("a message is delivered again though one behind it is in flight", func(t *testing.T) {
		made := q.create(t, "q.fifo", map[string]string{"VisibilityTimeout": "30"})
		made.sendGroup(t, "g", "a", "b")
		two := made.receive(t)
		suite.Equal(t, "a b", bodies(two))
		suite.NoError(t, made.change(t, two[0], 0))
		suite.Equal(t, "a", bodies(made.receive(t)))
	})
	q.Check("only what is behind the first invisible message of a group is held", func(t *testing.T) {
		made := q.create(t, "q.fifo", map[string]string{"VisibilityTimeout": "60"})
		made.sendGroup(t, "g", "a", "b", "c")
		three := made.receive(t)
		suite.Equal(t, "a b c", bodies(three))
		suite.NoError(t, made.change(t, three[0], 0))
		suite.NoError(t, made.change(t, three[2], 0))
		again := made.receive(t)
		suite.Equal(t, "a", bodies(again), "b holds c")
		suite.NoError(t, made.change(t, again[0], 0))
		suite.NoError(t, made.change(t, three[1], 0))
		suite.Equal(t, "a b c", bodies(made.receive(t)))
	})
	q.Check("sequence numbers rise", func(t *testing.T) {
		made, last := q.create(t, "q.fifo", nil), ""
		for _, id := range []string{"1", "2", "3"} {
			out, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &made.url, MessageBody: &id, MessageGroupId: aws.String("g"), MessageDeduplicationId: &id})
			suite.NoError(t, err)
			suite.True(t, *out.SequenceNumber > last && len(*out.SequenceNumber) == 20, "%s is not after %s", *out.SequenceNumber, last)
			last = *out.SequenceNumber
		}
	})
	q.Check("a message has its group, deduplication id and sequence number", func(t *testing.T) {
		made := q.create(t, "q.fifo", nil)
		made.sendGroup(t, "g", "a")
		m := made.receive(t, all)[0]
		suite.Equal(t, "g", m.Attributes["MessageGroupId"])
		suite.Equal(t, "g-a", m.Attributes["MessageDeduplicationId"])
		suite.Equal(t, 20, len(m.Attributes["SequenceNumber"]))
	})
	q.Check("a receive under the same attempt has the same messages and handles", func(t *testing.T) {
		made := q.create(t, "q.fifo", nil)
		made.sendGroup(t, "g", "a", "b")
		attempt := func(id string) func(*sqs.ReceiveMessageInput) {
			return func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId = &id }
		}
		first, again := made.receive(t, attempt("try")), made.receive(t, attempt("try"))
		suite.Equal(t, "a b", bodies(again))
		suite.Equal(t, *first[0].ReceiptHandle, *again[0].ReceiptHandle)
		suite.Equal(t, "", bodies(made.receive(t, attempt("other"))))
		suite.NoError(t, made.delete(t, again[0]))
		suite.Equal(t, "", bodies(made.receive(t, attempt("try"))), "one of its messages was deleted")
	})
}

// deduplication checks what a FIFO queue takes as the same message.
func (q *queues) deduplication() {
	content := map[string]string{"ContentBasedDeduplication": "true"}
	perGroup := merge(content, map[string]string{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
	type sent struct{ group, body, id string }
	send := func(t *testing.T, made *queue, s sent) *sqs.SendMessageOutput {
		t.Helper()
		in := &sqs.SendMessageInput{QueueUrl: &made.url, MessageBody: &s.body, MessageGroupId: &s.group}
		if s.id != "" {
			in.MessageDeduplicationId = &s.id
		}
		out, err := q.client.SendMessage(t.Context(), in)
		suite.NoError(t, err)
		return out
	}
	for _, row := range []struct {
		name       string
		attributes map[string]string
		sends      []sent
		want       int
	}{
		{"an id is taken once", nil, []sent{{"g", "1", "x"}, {"g", "2", "x"}, {"g", "3", "y"}}, 2},
		{"an id is taken once over all groups", nil, []sent{{"g", "1", "x"}, {"h", "2", "x"}}, 1},
		{"a body is taken once where the content decides", content, []sent{{"g", "1", ""}, {"h", "1", ""}, {"g", "2", ""}}, 2},
		{"an explicit id wins over the content", content, []sent{{"g", "1", ""}, {"g", "1", "x"}}, 2},
		{"the content's id is the SHA-256 of the body", content, []sent{{"g", "1", ""}, {"g", "2", "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"}}, 1},
		{"the scope of an id may be the group", perGroup, []sent{{"g", "1", ""}, {"h", "1", ""}, {"g", "1", ""}}, 2},
	} {
		q.Check(row.name, func(t *testing.T) {
			made := q.create(t, "q.fifo", row.attributes)
			for _, s := range row.sends {
				send(t, made, s)
			}
			got := made.await(t, row.want)
			for _, m := range got {
				suite.NoError(t, made.delete(t, m))
			}
			suite.Equal(t, "", bodies(made.receive(t)))
		})
	}
	q.Check("an id outlives its message", func(t *testing.T) {
		made := q.create(t, "q.fifo", nil)
		send(t, made, sent{"g", "1", "x"})
		suite.NoError(t, made.delete(t, made.await(t, 1)[0]))
		send(t, made, sent{"g", "2", "x"})
		suite.Equal(t, []types.Message(nil), made.receive(t))
	})
	q.Check("a purge forgets the ids", func(t *testing.T) {
		made := q.create(t, "q.fifo", nil)
		send(t, made, sent{"g", "1", "x"})
		_, err := q.client.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &made.url})
		suite.NoError(t, err)
		time.Sleep(60 * time.Second)
		send(t, made, sent{"g", "2", "x"})
		suite.Equal(t, "2", bodies(made.await(t, 1)))
	})
	q.CheckSlow("an id is forgotten after five minutes", func(t *testing.T) {
		made := q.create(t, "q.fifo", nil)
		send(t, made, sent{"g", "1", "x"})
		suite.NoError(t, made.delete(t, made.await(t, 1)[0]))
		time.Sleep(5*time.Minute + 10*time.Second)
		send(t, made, sent{"g", "2", "x"})
		suite.Equal(t, "2", bodies(made.await(t, 1)))
	})
}
