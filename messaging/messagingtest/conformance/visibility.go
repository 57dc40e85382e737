package conformance

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/suite"
)

const (
	notVisible = "Value … for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
	expired    = "Value … for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
)

// visibility checks when a message comes back, and what receipt handles do.
func (q *queues) visibility() {
	brief := map[string]string{"VisibilityTimeout": "2"}
	q.Check("a message that is not deleted comes back with another handle and a count", func(t *testing.T) {
		made := q.create(t, "q", brief)
		made.send(t, "a")
		first := made.await(t, 1)[0]
		suite.Equal(t, "", bodies(made.receive(t, func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 0 })))
		second := made.await(t, 1, all)[0]
		suite.Equal(t, *first.MessageId, *second.MessageId)
		suite.Equal(t, "2", second.Attributes["ApproximateReceiveCount"])
		suite.True(t, *first.ReceiptHandle != *second.ReceiptHandle, "the handle is the same")
	})
	q.Check("a receive has a visibility timeout of its own", func(t *testing.T) {
		made := q.create(t, "q", brief)
		made.send(t, "a")
		made.await(t, 1, func(in *sqs.ReceiveMessageInput) { in.VisibilityTimeout = 60 })
		time.Sleep(4 * time.Second)
		suite.Equal(t, "", bodies(made.receive(t)))
	})
	q.Check("a visibility timeout of zero gives a message back", func(t *testing.T) {
		made := q.create(t, "q", map[string]string{"VisibilityTimeout": "600"})
		made.send(t, "a")
		suite.NoError(t, made.change(t, made.await(t, 1)[0], 0))
		made.await(t, 1)
	})
	q.Check("a change counts from now", func(t *testing.T) {
		made := q.create(t, "q", brief)
		made.send(t, "a")
		m := made.await(t, 1)[0]
		suite.NoError(t, made.change(t, m, 30))
		time.Sleep(4 * time.Second)
		suite.Equal(t, "", bodies(made.receive(t)))
		suite.NoError(t, made.delete(t, m), "inside an extended timeout")
	})
	q.Check("visibility ends twelve hours after the receive", func(t *testing.T) {
		made := q.create(t, "q", nil)
		made.send(t, "a")
		m := made.await(t, 1)[0]
		time.Sleep(2 * time.Second)
		suite.Refused(t, made.change(t, m, 43_200), 400, "InvalidParameterValue", "…Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
		suite.NoError(t, made.change(t, m, 43_000))
	})
	for _, kind := range []string{"q", "q.fifo"} {
		q.Check("a delete may be repeated, a change may not: "+kind, func(t *testing.T) {
			made := q.create(t, kind, nil)
			m := made.one(t)
			suite.NoError(t, made.delete(t, m))
			suite.NoError(t, made.delete(t, m))
			suite.Refused(t, made.change(t, m, 10), 400, "InvalidParameterValue", notVisible)
		})
		q.Check("a handle that is none is refused: "+kind, func(t *testing.T) {
			made := q.create(t, kind, nil)
			garbage := "garbage"
			suite.Refused(t, made.delete(t, types.Message{ReceiptHandle: &garbage}), 404, "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`)
		})
		q.Check("a handle of another queue is refused: "+kind, func(t *testing.T) {
			made, other := q.create(t, kind, nil), q.create(t, kind, nil)
			m := made.one(t)
			suite.Refused(t, other.delete(t, m), 404, "ReceiptHandleIsInvalid", `The receipt handle "`+*m.ReceiptHandle+`" is not valid for this queue.`)
		})
	}
	q.Check("a standard queue deletes by a handle that has run out", func(t *testing.T) {
		made := q.create(t, "q", brief)
		made.send(t, "a")
		m := made.await(t, 1)[0]
		time.Sleep(3 * time.Second)
		suite.NoError(t, made.change(t, m, 1), "after expiry")
		time.Sleep(2 * time.Second)
		suite.NoError(t, made.delete(t, m))
		suite.Equal(t, "", bodies(made.receive(t)))
	})
	q.Check("a standard queue deletes by an older handle of the message", func(t *testing.T) {
		made := q.create(t, "q", brief)
		made.send(t, "a")
		older := made.await(t, 1)[0]
		made.await(t, 1)
		suite.NoError(t, made.delete(t, older))
		time.Sleep(3 * time.Second)
		suite.Equal(t, "", bodies(made.receive(t)))
	})
	q.Check("a FIFO queue refuses a delete by a handle that has run out", func(t *testing.T) {
		made := q.create(t, "q.fifo", brief)
		m := made.one(t)
		time.Sleep(3 * time.Second)
		suite.Refused(t, made.delete(t, m), 400, "InvalidParameterValue", expired)
	})
}

// one sends a message and receives it.
func (q *queue) one(t *testing.T) types.Message {
	t.Helper()
	if q.name[len(q.name)-5:] == ".fifo" {
		q.sendGroup(t, "g", "a")
	} else {
		q.send(t, "a")
	}
	return q.await(t, 1)[0]
}
