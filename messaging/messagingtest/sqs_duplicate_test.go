package messagingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

func TestDuplicateComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := messagingtest.NewSQS(t)
		client := fake.Client()
		queue := fake.NewQueue("orders", nil)
		sent, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(queue.URL()), MessageBody: aws.String("1")})
		require.NoError(t, err)
		queue.Duplicate(*sent.MessageId, time.Second)

		receive := func() []string {
			out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(queue.URL()), MaxNumberOfMessages: 10})
			require.NoError(t, err)
			var ids []string
			for _, m := range out.Messages {
				ids = append(ids, *m.MessageId)
				_, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: aws.String(queue.URL()), ReceiptHandle: m.ReceiptHandle})
				require.NoError(t, err)
			}
			return ids
		}
		require.Equal(t, []string{*sent.MessageId}, receive())
		require.Empty(t, receive())
		time.Sleep(time.Second)
		require.Equal(t, []string{*sent.MessageId}, receive(), "deleting the first does not undo the second")
		require.Empty(t, queue.Messages())
		require.Panics(t, func() { queue.Duplicate(*sent.MessageId, 0) })
	})
}
