package messagingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

func attempt(id string) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId = &id }
}

func upTo(n int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = n }
}

func TestFIFOGroupsBlockAndKeepOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders.fifo", nil)
		f.sendGroup("a", "a1", "a2", "a3")
		f.sendGroup("b", "b1")
		f.sendGroup("a", "a4")

		two := f.receive(upTo(2))
		require.Equal(t, []string{"a1", "a2"}, bodies(two), "as many as it can of one group")
		require.Equal(t, []string{"b1"}, bodies(f.receive()), "the rest of a is blocked")
		require.Equal(t, messagingtest.Depth{Visible: 2, InFlight: 3}, f.queue.Depth())

		require.NoError(t, f.change(two[0], 0))
		require.Equal(t, []string{"a1"}, bodies(f.receive()), "a2 in flight holds only what is behind it")
		time.Sleep(30 * time.Second)
		two = f.receive(upTo(2))
		require.Equal(t, []string{"a1", "a2"}, bodies(two))
		require.Equal(t, []string{"b1"}, bodies(f.receive()))
		require.NoError(t, f.delete(two[0]))
		require.Empty(t, f.receive(), "a2 is in flight still")
		require.NoError(t, f.change(two[1], 0))
		require.Equal(t, []string{"a2", "a3", "a4"}, bodies(f.receive()))

		time.Sleep(30 * time.Second)
		require.Equal(t, []string{"a2", "a3", "a4", "b1"}, bodies(f.receive()), "one receive may hold several groups")
	})
}

func TestFIFOSequenceNumbersRise(t *testing.T) {
	f := newFixture(t, "orders.fifo", nil)
	last := ""
	for i := range 3 {
		out, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: f.url(), MessageBody: aws.String("x"), MessageGroupId: aws.String("g"),
			MessageDeduplicationId: aws.String(string(rune('a' + i))),
		})
		require.NoError(t, err)
		require.Len(t, *out.SequenceNumber, 20)
		require.Greater(t, *out.SequenceNumber, last)
		last = *out.SequenceNumber
	}
}

func TestDeduplication(t *testing.T) {
	content := map[string]string{"ContentBasedDeduplication": "true"}
	perGroup := map[string]string{"ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup"}
	type send struct{ group, body, id string }
	cases := map[string]struct {
		attributes map[string]string
		sends      []send
		want       []string
	}{
		"by id":                 {nil, []send{{"g", "1", "x"}, {"g", "2", "x"}, {"g", "3", "y"}}, []string{"1", "3"}},
		"across groups":         {nil, []send{{"g", "1", "x"}, {"h", "2", "x"}}, []string{"1"}},
		"by content":            {content, []send{{"g", "1", ""}, {"h", "1", ""}, {"g", "2", ""}}, []string{"1", "2"}},
		"an explicit id wins":   {content, []send{{"g", "1", ""}, {"g", "1", "x"}}, []string{"1", "1"}},
		"one space of ids":      {content, []send{{"g", "1", ""}, {"g", "2", "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"}}, []string{"1"}},
		"scope of one group":    {perGroup, []send{{"g", "1", ""}, {"h", "1", ""}, {"g", "1", ""}}, []string{"1", "1"}},
		"attributes not hashed": {content, []send{{"g", "1", ""}, {"g", "1", ""}}, []string{"1"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "orders.fifo", c.attributes)
			ids := map[string]string{}
			for i, s := range c.sends {
				in := &sqs.SendMessageInput{QueueUrl: f.url(), MessageBody: &s.body, MessageGroupId: &s.group}
				if s.id != "" {
					in.MessageDeduplicationId = &s.id
				}
				in.MessageAttributes = map[string]types.MessageAttributeValue{
					"n": {DataType: aws.String("String"), StringValue: aws.String(string(rune('a' + i)))},
				}
				out, err := f.client.SendMessage(ctx, in)
				require.NoError(t, err)
				ids[*out.MessageId] = s.body
			}
			require.Equal(t, c.want, f.queue.Bodies())
			require.Len(t, ids, len(c.want), "a duplicate is answered with the first MessageId")
		})
	}
}

func TestDeduplicationInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders.fifo", nil)
		f.sendGroup("g", "1")
		m := f.receive()[0]
		require.NoError(t, f.delete(m))
		time.Sleep(5*time.Minute - time.Millisecond)
		f.sendGroup("g", "1")
		require.Empty(t, f.queue.Bodies(), "the id outlives the message")
		time.Sleep(time.Millisecond)
		f.sendGroup("g", "1")
		require.Equal(t, []string{"1"}, f.queue.Bodies(), "five minutes from the accepted send")

		_, err := f.client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: f.url()})
		require.NoError(t, err)
		f.sendGroup("g", "1")
		require.Equal(t, []string{"1"}, f.queue.Bodies(), "a purge forgets the ids")
	})
}

func TestReceiveRequestAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders.fifo", nil)
		f.sendGroup("g", "1", "2")
		first := f.receive(attempt("try"))
		time.Sleep(20 * time.Second)
		again := f.receive(attempt("try"))
		require.Equal(t, []string{"1", "2"}, bodies(again))
		require.Equal(t, *first[0].ReceiptHandle, *again[0].ReceiptHandle)
		require.Empty(t, f.receive(attempt("other")))
		time.Sleep(20 * time.Second)
		require.Equal(t, 2, f.queue.InFlight(), "the visibility was reset")
		require.NoError(t, f.delete(again[0]))
		require.Empty(t, f.receive(attempt("try")), "one of its messages was deleted")
		time.Sleep(10 * time.Second)
		third := f.receive(attempt("try"))
		require.Equal(t, []string{"2"}, bodies(third))
		require.NotEqual(t, *again[1].ReceiptHandle, *third[0].ReceiptHandle)
		require.NoError(t, f.change(third[0], 60))
		require.Empty(t, f.receive(attempt("try")), "a visibility was changed")
	})
}

func TestFIFODeadLetterQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		dlq := queues.NewQueue("dead.fifo", nil)
		f := &fixture{t, queues, queues.NewQueue("orders.fifo", map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dlq, 1)}), queues.Client()}
		f.sendGroup("g", "bad", "good")
		id := f.queue.Messages()[0].ID
		f.receive(upTo(1))
		time.Sleep(30 * time.Second)
		require.Equal(t, []string{"good"}, bodies(f.receive()), "the group goes on without the dead letter")
		dead := dlq.Messages()[0]
		require.Equal(t, "bad", dead.Body)
		require.Equal(t, "g", dead.GroupID)
		require.Equal(t, id, dead.DeduplicationID, "replaced by the message id")
		require.Equal(t, time.Now(), dead.Sent.Local(), "the enqueue time starts anew")
	})
}

func TestFIFODelayHoldsTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders.fifo", map[string]string{"DelaySeconds": "10"})
		f.sendGroup("g", "1")
		time.Sleep(5 * time.Second)
		f.sendGroup("g", "2")
		require.Empty(t, f.receive())
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"1"}, bodies(f.receive()))
	})
}
