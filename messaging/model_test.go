package messaging_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/patternkit/serverless/messaging"
)

// TestBatchesAgainstAModel compares random batches with a model of what each
// message deserves: one line of reasoning for each rule.
func TestBatchesAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fifo := rapid.Bool().Draw(t, "fifo")
		parking := rapid.Bool().Draw(t, "dead letters")
		var event awsevents.SQSEvent
		for i := range rapid.IntRange(0, 12).Draw(t, "messages") {
			id := strconv.Itoa(i)
			if i > 0 && rapid.IntRange(0, 9).Draw(t, "same id") == 0 {
				id = strconv.Itoa(i - 1)
			}
			m := sqsMessage(id, rapid.SampledFrom([]string{"ok", "ok", "fail", "poison", "discard", "panic"}).Draw(t, "body"))
			if fifo {
				inGroup(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "group"))(&m)
			}
			event.Records = append(event.Records, m)
		}
		want := model(event, parking)

		var mu sync.Mutex
		ran := map[string][]string{} // by lane, in order
		c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
			mu.Lock()
			ran[m.GroupID] = append(ran[m.GroupID], m.ID)
			mu.Unlock()
			switch m.Body {
			case "fail":
				return errRefused
			case "poison":
				return messaging.Poison(errRefused)
			case "discard":
				return messaging.Discard(errRefused)
			case "panic":
				panic("no")
			}
			return nil
		}, func(o *messaging.Options) {
			o.Concurrency = rapid.IntRange(1, 5).Draw(t, "concurrency")
			if parking {
				o.DeadLetter = quietParker{}
			}
		})
		if event.Records == nil {
			event.Records = []awsevents.SQSMessage{}
		}
		answer, err := c.HandleSQS(context.Background(), event)
		require.NoError(t, err)
		var got []string
		for _, f := range answer.BatchItemFailures {
			got = append(got, f.ItemIdentifier)
		}
		require.Equal(t, want, got)
		for group, ids := range ran {
			require.Len(t, slices.Compact(slices.Clone(ids)), len(ids), "each once")
			if fifo {
				require.True(t, slices.IsSortedFunc(ids, func(a, b string) int {
					x, errX := strconv.Atoi(a)
					y, errY := strconv.Atoi(b)
					require.NoError(t, errors.Join(errX, errY))
					return x - y
				}), "group %s ran as %v", group, ids)
			}
		}
	})
}

// model answers the ids that must be reported.
func model(event awsevents.SQSEvent, parking bool) []string {
	failed := map[string]bool{} // by message id
	decided := map[string]bool{}
	stopped := map[string]bool{} // groups
	var reported []string
	for i := range event.Records {
		m := &event.Records[i]
		group := m.Attributes["MessageGroupId"]
		if !decided[m.MessageId] {
			decided[m.MessageId] = true
			acked := m.Body == "ok" || m.Body == "discard" || m.Body == "poison" && parking
			failed[m.MessageId] = stopped[group] || !acked
			if failed[m.MessageId] && group != "" {
				stopped[group] = true
			}
		}
		if failed[m.MessageId] && !slices.Contains(reported, m.MessageId) {
			reported = append(reported, m.MessageId)
		}
	}
	return reported
}

type quietParker struct{}

func (quietParker) Park(context.Context, messaging.Letter) error { return nil }
