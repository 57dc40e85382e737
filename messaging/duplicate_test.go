package messaging_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
)

// ledger notes which messages were handled; those named in bad fail.
func ledger(handled *[]string, bad ...string) func(context.Context, messaging.Message[placed]) error {
	return func(_ context.Context, m messaging.Message[placed]) error {
		*handled = append(*handled, m.ID)
		for _, id := range bad {
			if m.ID == id {
				return errRefused
			}
		}
		return nil
	}
}

func byOrder(o *messaging.ConsumerOptions) {
	o.Key = messaging.KeyOf(func(m messaging.Message[placed]) string { return m.Body.OrderID })
}

func TestOnlyTheRepetitionOfTheLatestIsADuplicate(t *testing.T) {
	const on, off, other = `{"orderId":"lamp","total":1}`, `{"orderId":"lamp"}`, `{"orderId":"door"}`
	tests := []struct {
		name    string
		records [][2]string // id and body
		handled []string
	}{
		{"there and back", [][2]string{{"1", on}, {"2", off}, {"3", on}}, []string{"1", "2", "3"}},
		{"a repetition at once", [][2]string{{"1", on}, {"2", on}, {"3", off}, {"4", off}, {"5", on}}, []string{"1", "3", "5"}},
		{"another key in between", [][2]string{{"1", on}, {"2", other}, {"3", on}}, []string{"1", "2"}},
		{"one message twice", [][2]string{{"1", on}, {"2", off}, {"1", on}}, []string{"1", "2"}},
		{"a message that came twice is not the latest", [][2]string{{"1", on}, {"2", off}, {"1", on}, {"3", on}}, []string{"1", "2", "3"}},
		{"nor does it hide the latest", [][2]string{{"1", on}, {"2", off}, {"1", on}, {"3", off}}, []string{"1", "2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var handled []string
			c := messaging.NewConsumer(ledger(&handled), byOrder)
			event := batch()
			for _, r := range test.records {
				event.Records = append(event.Records, sqsMessage(r[0], r[1], inGroup("g")))
			}
			require.Empty(t, failures(t, c, t.Context(), event))
			require.Equal(t, test.handled, handled)
		})
	}
}

func TestDuplicatesStayInTheirGroup(t *testing.T) {
	var handled []string
	var seen outcomes
	c := messaging.NewConsumer(ledger(&handled, "1"), byOrder, seen.option)
	ids := failures(t, c, t.Context(), batch(
		sqsMessage("1", `{"orderId":"bad"}`, inGroup("a")), sqsMessage("2", `{"orderId":"same"}`, inGroup("a")),
		sqsMessage("3", `{"orderId":"same"}`, inGroup("b")), sqsMessage("4", `{"orderId":"later"}`, inGroup("b")),
		sqsMessage("5", `{"orderId":"same"}`, inGroup("b")),
	))
	require.Equal(t, []string{"1", "2"}, ids, "what fails in one group is no matter of the other")
	require.Equal(t, []string{"1", "3", "4"}, handled)
	require.Equal(t, messaging.VerdictDuplicate, seen.verdict("5"))

	handled = nil
	failures(t, c, t.Context(), batch(
		sqsMessage("6", `{"orderId":"same"}`, inGroup("a")), sqsMessage("7", `{"orderId":"same"}`, inGroup("b")), sqsMessage("8", `{"orderId":"same"}`, inGroup("a")),
	))
	require.Equal(t, []string{"6", "7"}, handled, "the latest of its own group is repeated")
}

// Its visibility timeout must not hold up the group of the message that failed.
func TestADuplicateOfABlockedMessageComesWithIt(t *testing.T) {
	for name, heartbeat := range map[string]time.Duration{"at once": 100 * time.Second, "with the batch": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorkshop(t, ".fifo", 5)
				_, err := w.client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
					QueueUrl: new(w.queue.URL()), Attributes: map[string]string{"VisibilityTimeout": "300"},
				})
				require.NoError(t, err)
				for i, body := range []string{"a", "b", "b", "c"} {
					_, err := messaging.NewQueue[string](w.client, w.queue.URL()).Send(t.Context(), body, func(o *messaging.SendOptions) {
						o.GroupID, o.DeduplicationID = "g", strconv.Itoa(i)
					})
					require.NoError(t, err)
				}
				began := time.Now()
				var last time.Duration
				w.poll(t, 1, time.Minute, func(_ context.Context, m messaging.Message[string]) error {
					last = time.Since(began)
					if m.Body == "a" && m.ReceiveCount == 1 {
						return messaging.RetryAfter(5*time.Second, errRefused)
					}
					return nil
				}, func(o *messaging.ConsumerOptions) {
					o.Heartbeat = heartbeat
					o.Key = messaging.KeyOf(func(m messaging.Message[string]) string { return m.Body })
				})
				require.Equal(t, []string{"a", "a", "b", "c"}, w.runs)
				require.Equal(t, 5*time.Second, last)
				require.Zero(t, w.queue.Depth().Total())
			})
		})
	}
}
