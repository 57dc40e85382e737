package messaging_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

func TestOnlyTheFirstOfALaneIsParkedByCount(t *testing.T) {
	tests := []struct {
		name    string
		bad     []string
		first   messaging.Verdict
		second  messaging.Verdict
		body    string // of the first
		letters int
	}{
		{"behind one that was parked by count", []string{"1", "2"}, messaging.VerdictParked, messaging.VerdictRetried, `{}`, 1},
		{"behind one that was parked as poison", []string{"2"}, messaging.VerdictParked, messaging.VerdictRetried, `?`, 1},
		{"behind one that succeeded at last", []string{"2"}, messaging.VerdictAcked, messaging.VerdictRetried, `{}`, 0},
		{"alone in its failure", []string{"1"}, messaging.VerdictParked, messaging.VerdictAcked, `{}`, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var dlq parker
			var seen outcomes
			var handled []string
			c := messaging.NewConsumer(ledger(&handled, test.bad...), seen.option, func(o *messaging.ConsumerOptions) {
				o.DeadLetter, o.MaxReceives = &dlq, 3
			})
			failures(t, c, t.Context(), batch(
				sqsMessage("1", test.body, inGroup("g"), receives(3)), sqsMessage("2", `{}`, inGroup("g"), receives(3)),
				sqsMessage("3", `{}`, inGroup("g"), receives(9)),
			))
			require.Equal(t, test.first, seen.verdict("1"))
			require.Equal(t, test.second, seen.verdict("2"))
			require.Len(t, dlq.letters, test.letters)
			if test.second == messaging.VerdictRetried {
				require.Equal(t, messaging.VerdictBlocked, seen.verdict("3"), "what was not tried is not parked")
			}
		})
	}
}

func TestABodyThatCannotBeReadIsATryThatFailed(t *testing.T) {
	var dlq parker
	var handled []string
	c := messaging.NewConsumer(ledger(&handled), func(o *messaging.ConsumerOptions) {
		o.Bodies, o.DeadLetter, o.MaxReceives = noBodies{}, &dlq, 3
	})
	ids := failures(t, c, t.Context(), batch(
		sqsMessage("1", `{}`, receives(2)), sqsMessage("2", `{}`, inGroup("g"), receives(3)), sqsMessage("3", `{}`, inGroup("g"), receives(3)),
	))
	require.Equal(t, []string{"1", "3"}, ids)
	require.Len(t, dlq.letters, 1)
	require.ErrorIs(t, dlq.letters[0].Reason, errRefused)
	require.Empty(t, handled)
}

// noBodies is a store of bodies that is down.
type noBodies struct{ messaging.BodyStore }

func (noBodies) Load(context.Context, string) (string, error) { return "", errRefused }

// The receives of a message behind a failing one are no tries of its own.
func TestAFollowerIsNotParkedAfterOneTry(t *testing.T) {
	tests := []struct {
		name   string
		fails  map[string]int // how often the handler fails for a body
		tried  map[string]int
		parked []string
	}{
		{"the first always fails, the second once", map[string]int{"1": 99, "2": 1}, map[string]int{"1": 3, "2": 2, "3": 1}, []string{"1"}},
		{"the first fails twice, the second once", map[string]int{"1": 2, "2": 1}, map[string]int{"1": 3, "2": 2, "3": 1}, nil},
		{"all always fail", map[string]int{"1": 99, "2": 99, "3": 99}, map[string]int{"1": 3, "2": 2, "3": 2}, []string{"1", "2", "3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				queues := messagingtest.NewSQS(t)
				dead := queues.NewQueue("dead.fifo", nil)
				orders := queues.NewQueue("orders.fifo", map[string]string{
					"VisibilityTimeout": "180", "ContentBasedDeduplication": "true", "RedrivePolicy": messagingtest.RedriveTo(dead, 20),
				})
				queue := messaging.NewQueue[string](queues.Client(), orders.URL(), func(o *messaging.QueueOptions[string]) {
					o.Group = func(string) string { return "g" }
				})
				_, err := queue.SendAll(t.Context(), []string{"1", "2", "3"})
				require.NoError(t, err)
				tried := map[string]int{}
				c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
					tried[m.Body]++
					if tried[m.Body] <= test.fails[m.Body] {
						return errRefused
					}
					return nil
				}, func(o *messaging.ConsumerOptions) {
					o.Client, o.Backoff, o.MaxReceives = queues.Client(), messaging.Constant(2*time.Second), 3
					o.DeadLetter = messaging.NewDeadLetterQueue(queues.Client(), dead.URL())
				})
				mapping := queues.NewMapping("orders.fifo", messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true })
				require.NoError(t, mapping.Drain(t.Context()))
				require.Equal(t, test.tried, tried)
				var parked []string
				for _, m := range dead.Messages() {
					parked = append(parked, m.Body)
				}
				require.Equal(t, test.parked, parked)
			})
		})
	}
}
