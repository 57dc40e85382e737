package messaging_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
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
		keyed := rapid.Bool().Draw(t, "keyed")
		var event awsevents.SQSEvent
		for i := range rapid.IntRange(0, 12).Draw(t, "messages") {
			id := strconv.Itoa(i)
			if i > 0 && rapid.IntRange(0, 9).Draw(t, "same id") == 0 {
				id = strconv.Itoa(i - 1)
			}
			body := rapid.SampledFrom([]string{"ok", "ok", "fail", "poison", "discard", "panic"}).Draw(t, "body")
			if keyed {
				body += rapid.SampledFrom([]string{"", " x", " x", " y"}).Draw(t, "key")
			}
			m := sqsMessage(id, body, receives(rapid.IntRange(1, 4).Draw(t, "receives")))
			if i > 0 && id == event.Records[i-1].MessageId {
				m = event.Records[i-1] // a message that comes twice is the same
				event.Records = append(event.Records, m)
				continue
			}
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
			what, _, _ := strings.Cut(m.Body, " ")
			switch what {
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
		}, func(o *messaging.ConsumerOptions) {
			o.Concurrency = rapid.IntRange(1, 5).Draw(t, "concurrency")
			o.Key = messaging.KeyOf(func(m messaging.Message[string]) string {
				_, key, _ := strings.Cut(m.Body, " ")
				return key
			})
			if parking {
				o.DeadLetter, o.MaxReceives = quietParker{}, 3
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
	failed := map[string]bool{}   // by message id
	latest := map[string]string{} // id of the latest message, by group and key
	bodies := map[string]string{} // by message id
	begun := map[string]bool{}    // lanes
	stopped := map[string]bool{}
	var reported []string
	for i := range event.Records {
		m := &event.Records[i]
		if _, again := failed[m.MessageId]; again {
			continue
		}
		what, key, _ := strings.Cut(m.Body, " ")
		group := m.Attributes["MessageGroupId"]
		lane := "message " + m.MessageId
		if group != "" {
			lane = "group " + group
		} else if key != "" {
			lane = "key " + key
		}
		name := group + " " + key
		bodies[m.MessageId] = m.Body
		if before, ok := latest[name]; ok && key != "" && bodies[before] == m.Body {
			failed[m.MessageId] = failed[before]
		} else {
			latest[name] = m.MessageId
			received, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
			acked := err == nil && (what == "ok" || what == "discard" || parking && (what == "poison" || !begun[lane] && received >= 3))
			failed[m.MessageId] = stopped[lane] || !acked
			stopped[lane] = failed[m.MessageId]
			begun[lane] = true
		}
		if failed[m.MessageId] {
			reported = append(reported, m.MessageId)
		}
	}
	return reported
}

type quietParker struct{}

func (quietParker) Park(context.Context, messaging.Letter) error { return nil }
