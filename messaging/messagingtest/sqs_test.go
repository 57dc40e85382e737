package messagingtest_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

var ctx = context.Background()

// fixture is a queue with the calls that most tests need.
type fixture struct {
	*testing.T
	sqs    *messagingtest.SQS
	queue  *messagingtest.Queue
	client *sqs.Client
}

func newFixture(t *testing.T, name string, attributes map[string]string) *fixture {
	t.Helper()
	queues := messagingtest.NewSQS(t)
	return &fixture{t, queues, queues.NewQueue(name, attributes), queues.Client()}
}

func (f *fixture) url() *string { return aws.String(f.queue.URL()) }

func (f *fixture) send(bodies ...string) {
	f.Helper()
	for _, body := range bodies {
		_, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: f.url(), MessageBody: &body})
		require.NoError(f, err)
	}
}

func (f *fixture) sendGroup(group string, bodies ...string) {
	f.Helper()
	for _, body := range bodies {
		_, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: f.url(), MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: aws.String(group + body),
		})
		require.NoError(f, err)
	}
}

func (f *fixture) receive(optFns ...func(*sqs.ReceiveMessageInput)) []types.Message {
	f.Helper()
	in := &sqs.ReceiveMessageInput{QueueUrl: f.url(), MaxNumberOfMessages: 10}
	for _, opt := range optFns {
		opt(in)
	}
	out, err := f.client.ReceiveMessage(ctx, in)
	require.NoError(f, err)
	return out.Messages
}

func (f *fixture) delete(m types.Message) error {
	_, err := f.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: f.url(), ReceiptHandle: m.ReceiptHandle})
	return err
}

func (f *fixture) change(m types.Message, seconds int32) error {
	_, err := f.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: f.url(), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds,
	})
	return err
}

func bodies(messages []types.Message) []string {
	out := []string{}
	for _, m := range messages {
		out = append(out, *m.Body)
	}
	return out
}

// requireCode asserts the code and a part of the message of an API error.
func requireCode(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	require.True(t, errors.As(err, &api), "%v is no API error", err)
	require.Equal(t, code, api.ErrorCode(), api.ErrorMessage())
	require.Contains(t, api.ErrorMessage(), text)
}

func TestSendReceiveDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		sum := md5.Sum([]byte("hello"))
		out, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: f.url(), MessageBody: aws.String("hello"),
			MessageAttributes: map[string]types.MessageAttributeValue{
				"test": {DataType: aws.String("String"), StringValue: aws.String("abc")},
			},
		})
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString(sum[:]), *out.MD5OfMessageBody)
		require.Equal(t, messagingtest.Depth{Visible: 1}, f.queue.Depth())

		got := f.receive(func(in *sqs.ReceiveMessageInput) {
			in.MessageAttributeNames = []string{"All"}
			in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"All"}
		})
		require.Len(t, got, 1)
		require.Equal(t, *out.MessageId, *got[0].MessageId)
		require.Equal(t, "abc", *got[0].MessageAttributes["test"].StringValue)
		require.Equal(t, out.MD5OfMessageAttributes, got[0].MD5OfMessageAttributes)
		require.Equal(t, map[string]string{
			"ApproximateFirstReceiveTimestamp": "946684800000",
			"ApproximateReceiveCount":          "1",
			"SenderId":                         "AIDAEXAMPLESENDERID00",
			"SentTimestamp":                    "946684800000",
		}, got[0].Attributes)
		require.Equal(t, messagingtest.Depth{InFlight: 1}, f.queue.Depth())
		require.NoError(t, f.delete(got[0]))
		require.Zero(t, f.queue.Depth())
	})
}

func TestMD5OfAttributes(t *testing.T) {
	// The digests were computed with the published algorithm, by hand.
	f := newFixture(t, "orders", nil)
	cases := map[string]struct {
		attributes map[string]types.MessageAttributeValue
		want       string
	}{
		"string": {map[string]types.MessageAttributeValue{
			"timestamp": {DataType: aws.String("Number"), StringValue: aws.String("1493147359900")},
		}, "235c5c510d26fb653d073faed50ae77c"},
		"binary": {map[string]types.MessageAttributeValue{
			"my_attribute": {DataType: aws.String("Binary"), BinaryValue: []byte("Binary\xfe\xff")},
		}, digest("\x00\x00\x00\x0cmy_attribute\x00\x00\x00\x06Binary\x02\x00\x00\x00\x08Binary\xfe\xff")},
		"custom label, sorted": {map[string]types.MessageAttributeValue{
			"b": {DataType: aws.String("Number.int"), StringValue: aws.String("1")},
			"B": {DataType: aws.String("String"), StringValue: aws.String("é")},
		}, digest("\x00\x00\x00\x01B\x00\x00\x00\x06String\x01\x00\x00\x00\x02é" +
			"\x00\x00\x00\x01b\x00\x00\x00\x0aNumber.int\x01\x00\x00\x00\x011")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: f.url(), MessageBody: aws.String("x"), MessageAttributes: c.attributes})
			require.NoError(t, err)
			require.Equal(t, c.want, *out.MD5OfMessageAttributes)
		})
	}
}

func digest(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestVisibilityTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send("a")
		require.Len(t, f.receive(), 1)
		time.Sleep(30*time.Second - time.Millisecond)
		require.Empty(t, f.receive())
		time.Sleep(time.Millisecond)
		again := f.receive(func(in *sqs.ReceiveMessageInput) {
			in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"ApproximateReceiveCount"}
		})
		require.Equal(t, map[string]string{"ApproximateReceiveCount": "2"}, again[0].Attributes)
		require.NoError(t, f.change(again[0], 0))
		require.Equal(t, 1, f.queue.Visible())
	})
}

func TestVisibilityIsTwelveHoursFromTheReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send("a")
		time.Sleep(48 * time.Hour) // not from the send
		m := f.receive()[0]
		require.NoError(t, f.change(m, 43_200))
		time.Sleep(time.Second)
		requireCode(t, f.change(m, 43_200), "InvalidParameterValue", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
		require.NoError(t, f.change(m, 43_199))
		requireCode(t, f.change(m, 43_201), "InvalidParameterValue", "Value 43201 for parameter VisibilityTimeout is invalid.")
	})
}

func TestLongPollWakesExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		poll := func() (time.Duration, []string) {
			start := time.Now()
			got := f.receive(func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 20 })
			return time.Since(start), bodies(got)
		}
		took, got := poll()
		require.Equal(t, 20*time.Second, took)
		require.Empty(t, got)

		time.AfterFunc(7*time.Second, func() { f.send("sent") })
		took, got = poll()
		require.Equal(t, 7*time.Second, took)
		require.Equal(t, []string{"sent"}, got)

		time.Sleep(21 * time.Second) // 9 seconds of its visibility are left
		took, got = poll()
		require.Equal(t, 9*time.Second, took)
		require.Equal(t, []string{"sent"}, got)
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", map[string]string{"DelaySeconds": "5"})
		f.send("queue's")
		_, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: f.url(), MessageBody: aws.String("own"), DelaySeconds: 900})
		require.NoError(t, err)
		require.Equal(t, messagingtest.Depth{Delayed: 2}, f.queue.Depth())
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"queue's"}, bodies(f.receive()))
		time.Sleep(895 * time.Second)
		require.Contains(t, bodies(f.receive()), "own")
	})
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", map[string]string{"MessageRetentionPeriod": "3600"})
		f.send("old")
		time.Sleep(time.Hour)
		f.send("new")
		time.Sleep(time.Second)
		require.Equal(t, []string{"new"}, f.queue.Bodies())
		time.Sleep(2 * time.Minute)
		_, err := f.client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
			QueueUrl: f.url(), Attributes: map[string]string{"MessageRetentionPeriod": "60"},
		})
		require.NoError(t, err)
		require.Empty(t, f.queue.Bodies())
	})
}

func TestDeadLetterQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		dlq := queues.NewQueue("dead", nil)
		f := &fixture{t, queues, queues.NewQueue("orders", map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dlq, 2)}), queues.Client()}
		f.send("poison", "later")
		sent := f.queue.Messages()[0].Sent
		for range 2 {
			require.Equal(t, []string{"poison", "later"}, bodies(f.receive()))
			time.Sleep(30 * time.Second)
		}
		require.Equal(t, 2, f.queue.Visible(), "a message moves with the receive that would be one too many")
		require.Empty(t, f.receive())
		require.Zero(t, f.queue.Depth())
		dead := dlq.Messages()
		require.Len(t, dead, 2)
		require.Equal(t, 2, dead[0].ReceiveCount)
		require.Equal(t, sent, dead[0].Sent, "the enqueue time of a standard queue stays")
		require.Equal(t, f.queue.ARN(), dead[0].Source)
		f.queue = dlq
		got := f.receive(func(in *sqs.ReceiveMessageInput) {
			in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"All"}
		})
		require.Equal(t, "3", got[0].Attributes["ApproximateReceiveCount"])
		require.Equal(t, "arn:aws:sqs:us-east-1:123456789012:orders", got[0].Attributes["DeadLetterQueueSourceArn"])
	})
}

func TestReceiptHandleStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		client := queues.Client()
		for _, name := range []string{"standard", "ordered.fifo"} {
			f := &fixture{t, queues, queues.NewQueue(name, nil), client}
			fifo := strings.HasSuffix(name, ".fifo")
			other := &fixture{t, queues, queues.NewQueue("other-"+name, nil), client}
			send := f.send
			if fifo {
				send = func(bodies ...string) { f.sendGroup("g", bodies...) }
			}

			send("garbage")
			first := f.receive()[0]
			garbage := types.Message{ReceiptHandle: aws.String("garbage")}
			requireCode(t, f.delete(garbage), "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`)
			requireCode(t, other.delete(first), "ReceiptHandleIsInvalid", `The receipt handle "`+*first.ReceiptHandle+`" is not valid for this queue.`)

			require.NoError(t, f.change(first, 60))
			time.Sleep(45 * time.Second)
			require.NoError(t, f.delete(first), "inside an extended timeout")
			require.NoError(t, f.delete(first), "repeated")
			requireCode(t, f.change(first, 10), "InvalidParameterValue", "Message does not exist or is not available for visibility timeout change.")

			send("expired")
			second := f.receive()[0]
			time.Sleep(31 * time.Second)
			if fifo {
				requireCode(t, f.delete(second), "InvalidParameterValue", "The receipt handle has expired.")
			} else {
				require.NoError(t, f.change(second, 5), "after expiry")
				time.Sleep(5 * time.Second)
				require.NoError(t, f.delete(second))
				require.Zero(t, f.queue.Depth())
				send("received again")
				second = f.receive()[0]
				time.Sleep(31 * time.Second)
			}

			newer := f.receive()[0]
			if !fifo {
				require.NoError(t, f.delete(second), "an old handle is answered with success")
				require.Equal(t, 1, f.queue.InFlight(), "and the message stays")
				requireCode(t, f.change(second, 0), "InvalidParameterValue", "Message does not exist or is not available for visibility timeout change.")
			} else {
				requireCode(t, f.change(second, 0), "InvalidParameterValue", "The receipt handle has expired.")
			}
			require.NotEqual(t, *second.ReceiptHandle, *newer.ReceiptHandle)
			require.NoError(t, f.delete(newer))
		}
	})
}

func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send("a", "b")
		f.receive(func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = 1 })
		_, err := f.client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: f.url()})
		require.NoError(t, err)
		require.Zero(t, f.queue.Depth())
		_, err = f.client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: f.url()})
		requireCode(t, err, "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on orders is allowed every 60 seconds.")
		time.Sleep(time.Minute)
		_, err = f.client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: f.url()})
		require.NoError(t, err)
	})
}

func TestDuplicateDelivery(t *testing.T) {
	f := newFixture(t, "orders", nil)
	f.send("once")
	f.queue.DuplicateNext(1)
	received := f.receive()
	require.Len(t, received, 1, "the second delivery comes with a later receive")
	first := received[0]
	require.NoError(t, f.delete(first))
	second := f.receive()[0]
	require.Equal(t, *first.MessageId, *second.MessageId)
	require.NotEqual(t, *first.ReceiptHandle, *second.ReceiptHandle)
	require.NoError(t, f.delete(second))
	require.Zero(t, f.queue.Depth())
}

func TestDeletingAQueueEndsLongPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		url := f.url()
		time.AfterFunc(time.Second, func() {
			_, err := f.client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url})
			require.NoError(t, err)
		})
		start := time.Now()
		_, err := f.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
		requireCode(t, err, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
		require.Equal(t, time.Second, time.Since(start))
	})
}

// TestMadeOutsideTheBubble checks that fakes hold nothing that belongs to the
// bubble, or to its outside.
func TestMadeOutsideTheBubble(t *testing.T) {
	f := newFixture(t, "orders", map[string]string{"ReceiveMessageWaitTimeSeconds": "20"})
	for range 2 {
		synctest.Test(t, func(*testing.T) {
			time.AfterFunc(12*time.Second, func() { f.send("a") })
			m := f.receive()[0]
			require.NoError(f, f.delete(m))
		})
	}
}

func TestCanceledLongPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		ended, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		_, err := f.client.ReceiveMessage(ended, &sqs.ReceiveMessageInput{QueueUrl: f.url(), WaitTimeSeconds: 20})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		f.send("a")
		require.Len(t, f.receive(), 1, "nothing was received for a caller who is gone")
	})
}

func TestFairQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		tenant := func(name string, n int) {
			for range n {
				_, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: f.url(), MessageBody: &name, MessageGroupId: &name})
				require.NoError(t, err)
			}
		}
		tenant("loud", 50)
		tenant("quiet", 2)
		for range 3 {
			f.receive() // 30 of the loud tenant: nobody waits behind them yet
		}
		require.Equal(t, []string{"quiet", "quiet", "loud"}, bodies(f.receive(upTo(3))), "quiet tenants first")
		require.NotEmpty(t, f.receive(), "and the noisy one is not blocked")
		time.Sleep(30 * time.Second)
		require.Equal(t, "loud", bodies(f.receive(upTo(1)))[0], "nothing is in flight: the order of sending")
	})
}
