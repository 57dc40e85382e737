package conformance

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

// messages checks what is sent and received.
func (q *queues) messages() {
	q.Check("a message is received as it was sent", func(t *testing.T) {
		made := q.create(t, "q", nil)
		sent, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: &made.url, MessageBody: aws.String("héllo"), MessageAttributes: map[string]types.MessageAttributeValue{
				"s": text("abc"), "n": {DataType: aws.String("Number.int"), StringValue: aws.String("1")}, "b": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}},
			},
		})
		suite.NoError(t, err)
		sum := md5.Sum([]byte("héllo"))
		suite.Equal(t, hex.EncodeToString(sum[:]), *sent.MD5OfMessageBody)
		m := made.await(t, 1, all)[0]
		suite.Equal(t, *sent.MessageId, *m.MessageId)
		suite.Equal(t, "héllo", *m.Body)
		suite.Equal(t, "abc", *m.MessageAttributes["s"].StringValue)
		suite.Equal(t, "Number.int", *m.MessageAttributes["n"].DataType)
		suite.Equal(t, []byte{1, 2}, m.MessageAttributes["b"].BinaryValue)
		suite.Equal(t, *sent.MD5OfMessageAttributes, *m.MD5OfMessageAttributes)
		suite.Equal(t, "1", m.Attributes["ApproximateReceiveCount"])
		for _, name := range []string{"SenderId", "SentTimestamp", "ApproximateFirstReceiveTimestamp"} {
			suite.True(t, m.Attributes[name] != "", "the attribute %s is missing", name)
		}
	})
	q.Check("the digest of attributes is the published one", func(t *testing.T) {
		made := q.create(t, "q", nil)
		for want, attributes := range map[string]map[string]types.MessageAttributeValue{
			"235c5c510d26fb653d073faed50ae77c": {"timestamp": {DataType: aws.String("Number"), StringValue: aws.String("1493147359900")}},
			digest("\x00\x00\x00\x01B\x00\x00\x00\x06String\x01\x00\x00\x00\x02é\x00\x00\x00\x01b\x00\x00\x00\x0aNumber.int\x01\x00\x00\x00\x011"): {
				"b": {DataType: aws.String("Number.int"), StringValue: aws.String("1")}, "B": text("é"),
			},
		} {
			sent, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &made.url, MessageBody: aws.String("x"), MessageAttributes: attributes})
			suite.NoError(t, err)
			suite.Equal(t, want, *sent.MD5OfMessageAttributes)
		}
	})
	q.Check("a receive returns the attributes that it asks for", func(t *testing.T) {
		made := q.create(t, "q", map[string]string{"VisibilityTimeout": "0"})
		_, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: &made.url, MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{"order.id": text("1"), "order.kind": text("2"), "other": text("3")},
		})
		suite.NoError(t, err)
		for want, names := range map[int][]string{0: nil, 1: {"other"}, 2: {"order.*"}, 3: {".*"}} {
			m := made.await(t, 1, func(in *sqs.ReceiveMessageInput) { in.MessageAttributeNames = names })[0]
			suite.Equal(t, want, len(m.MessageAttributes), strings.Join(names, " "))
			suite.Equal(t, 0, len(m.Attributes))
		}
	})
	q.Check("a trace header and a message group come along", func(t *testing.T) {
		made := q.create(t, "q", nil)
		const header = "Root=1-5759e988-bd862e3fe1be46a994272793"
		_, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: &made.url, MessageBody: aws.String("x"), MessageGroupId: aws.String("tenant"),
			MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(header)}},
		})
		suite.NoError(t, err)
		m := made.await(t, 1, all)[0]
		suite.Equal(t, header, m.Attributes["AWSTraceHeader"])
		suite.Equal(t, "tenant", m.Attributes["MessageGroupId"], "a standard queue may have groups")
	})
	q.Check("an empty receive has no messages", func(t *testing.T) {
		suite.Equal(t, []types.Message(nil), q.create(t, "q", nil).receive(t))
	})
	q.Check("a long poll waits for a message", func(t *testing.T) {
		made := q.create(t, "q", nil)
		_, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &made.url, MessageBody: aws.String("later"), DelaySeconds: 3})
		suite.NoError(t, err)
		suite.Equal(t, "", bodies(made.receive(t)), "it is delayed")
		suite.Equal(t, "later", bodies(made.receive(t, func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 20 })))
	})
	q.Check("a queue delays what has no delay of its own", func(t *testing.T) {
		made := q.create(t, "q", map[string]string{"DelaySeconds": "4"})
		made.send(t, "queue's")
		suite.Equal(t, "", bodies(made.receive(t)))
		suite.Equal(t, "queue's", bodies(made.await(t, 1)))
	})
	q.Check("a message of 1,048,576 bytes is accepted", func(t *testing.T) {
		made := q.create(t, "q", nil)
		made.send(t, strings.Repeat("x", 1<<20))
		suite.Equal(t, 1<<20, len(*made.await(t, 1)[0].Body))
	})
	q.Check("a purge empties the queue, once a minute", func(t *testing.T) {
		made := q.create(t, "q", nil)
		made.send(t, "a", "b")
		purge := func() error {
			_, err := q.client.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &made.url})
			return err
		}
		suite.NoError(t, purge())
		suite.Refused(t, purge(), 403, "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on "+made.name+" is allowed every 60 seconds.")
		time.Sleep(60 * time.Second) // so long it may take
		suite.Equal(t, "", bodies(made.receive(t)))
	})
	q.batches()
}

func digest(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// entry is a message of a batch.
func entry(id, body string) types.SendMessageBatchRequestEntry {
	return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
}

func (q *queues) batches() {
	q.Check("a batch is answered entry by entry", func(t *testing.T) {
		made := q.create(t, "q", map[string]string{"MaximumMessageSize": "1024"})
		out, err := q.client.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &made.url, Entries: []types.SendMessageBatchRequestEntry{
			entry("ok", "1"), entry("long", strings.Repeat("x", 1025)), entry("fine", "3"),
		}})
		suite.NoError(t, err)
		suite.Equal(t, 2, len(out.Successful))
		suite.Equal(t, digest("1"), *out.Successful[0].MD5OfMessageBody)
		suite.Equal(t, 1, len(out.Failed))
		suite.Equal(t, "long", *out.Failed[0].Id)
		suite.True(t, out.Failed[0].SenderFault, "it is the sender's fault")
		made.await(t, 2)
	})
	q.Check("a batch of deletes and of changes is answered entry by entry", func(t *testing.T) {
		made := q.create(t, "q", nil)
		made.send(t, "1", "2")
		got := made.await(t, 2)
		changed, err := q.client.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &made.url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
			{Id: aws.String("a"), ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: 60}, {Id: aws.String("b"), ReceiptHandle: aws.String("junk"), VisibilityTimeout: 60},
		}})
		suite.NoError(t, err)
		suite.Equal(t, "a", *changed.Successful[0].Id)
		suite.Equal(t, "b", *changed.Failed[0].Id)
		suite.Equal(t, "ReceiptHandleIsInvalid", *changed.Failed[0].Code)
		deleted, err := q.client.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &made.url, Entries: []types.DeleteMessageBatchRequestEntry{
			{Id: aws.String("a"), ReceiptHandle: got[0].ReceiptHandle}, {Id: aws.String("b"), ReceiptHandle: got[1].ReceiptHandle}, {Id: aws.String("c"), ReceiptHandle: aws.String("junk")},
		}})
		suite.NoError(t, err)
		suite.Equal(t, 2, len(deleted.Successful))
		suite.Equal(t, "c", *deleted.Failed[0].Id)
		suite.True(t, deleted.Failed[0].SenderFault, "it is the sender's fault")
	})
}
