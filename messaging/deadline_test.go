package messaging_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// silent answers nothing. It heeds its context, or is deaf to it.
type silent struct {
	messaging.BodyStore
	deaf  bool
	calls atomic.Int32
}

func (s *silent) wait(ctx context.Context) error {
	s.calls.Add(1)
	if s.deaf {
		time.Sleep(time.Hour)
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *silent) Park(ctx context.Context, _ messaging.Letter) error { return s.wait(ctx) }

func (s *silent) ChangeMessageVisibilityBatch(ctx context.Context, _ *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	return &sqs.ChangeMessageVisibilityBatchOutput{}, s.wait(ctx)
}

func (s *silent) Load(ctx context.Context, body string) (string, error) {
	if !strings.HasPrefix(body, "pointer") {
		return body, nil
	}
	return "", s.wait(ctx)
}

func TestWhatDoesNotAnswerCostsNoFinishedWork(t *testing.T) {
	const limit = 10 * time.Second
	handle := func(_ context.Context, m messaging.Message[string]) error {
		switch {
		case strings.HasPrefix(m.Body, "poison"):
			return messaging.Poison(errRefused)
		case strings.HasPrefix(m.Body, "fail"):
			return errRefused
		case m.Body == "slow":
			time.Sleep(3 * time.Second)
		case m.Body == "late":
			time.Sleep(7500 * time.Millisecond)
		case m.Body == "late poison":
			time.Sleep(7500 * time.Millisecond)
			return messaging.Poison(errRefused)
		}
		return nil
	}
	tests := []struct {
		name   string
		bodies []string
		option func(*messaging.ConsumerOptions, *silent)
		failed []string
	}{
		{"dead letters", []string{"ok", "poison", "ok", "slow"}, func(o *messaging.ConsumerOptions, s *silent) { o.DeadLetter = s }, []string{"1"}},
		{"dead letters, twice", []string{"poison", "poison", "ok"}, func(o *messaging.ConsumerOptions, s *silent) { o.DeadLetter = s }, []string{"0", "1"}},
		{"dead letters, by count", []string{"ok", "fail", "ok"}, func(o *messaging.ConsumerOptions, s *silent) { o.DeadLetter, o.MaxReceives = s, 1 }, []string{"1"}},
		{"dead letters, at the end", []string{"ok", "late poison"}, func(o *messaging.ConsumerOptions, s *silent) { o.DeadLetter = s }, []string{"1"}},
		{"visibility", []string{"ok", "fail", "late"}, func(o *messaging.ConsumerOptions, s *silent) { o.Client = s }, []string{"1"}},
		{"bodies", []string{"ok", "pointer", "ok", "slow"}, func(o *messaging.ConsumerOptions, s *silent) { o.Bodies = s }, []string{"1"}},
		{"bodies, many", []string{"pointer", "pointer", "pointer", "ok", "slow"}, func(o *messaging.ConsumerOptions, s *silent) { o.Bodies = s }, []string{"0", "1", "2"}},
		{"all", []string{"pointer", "poison", "ok", "fail", "ok"}, func(o *messaging.ConsumerOptions, s *silent) { o.Bodies, o.DeadLetter, o.Client = s, s, s }, []string{"0", "1", "3"}},
	}
	for _, test := range tests {
		for _, deaf := range []bool{false, true} {
			for _, lanes := range []int{1, 4} {
				t.Run(test.name+map[bool]string{true: ", deaf"}[deaf]+map[int]string{4: ", side by side"}[lanes], func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := &silent{deaf: deaf}
						c := messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) {
							o.Concurrency, o.Reserve = lanes, 2*time.Second
							test.option(o, s)
						})
						ctx, cancel := context.WithTimeout(t.Context(), limit)
						defer cancel()
						event := batch()
						for i, body := range test.bodies {
							event.Records = append(event.Records, sqsMessage(string(rune('0'+i)), body))
						}
						began := time.Now()
						require.Equal(t, test.failed, failures(t, c, ctx, event))
						require.Less(t, time.Since(began), limit-300*time.Millisecond, "time to answer")
						require.Positive(t, s.calls.Load())
						time.Sleep(2 * time.Hour) // let the deaf end, as the bubble demands
					})
				})
			}
		}
	}
}

func TestALoneHandlerWithoutADeadlineDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &silent{}
		c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
			if m.Body == "ok" {
				return nil
			}
			return messaging.Poison(errRefused)
		}, func(o *messaging.ConsumerOptions) { o.Bodies, o.DeadLetter, o.Client = s, s, s })
		began := time.Now()
		require.Equal(t, []string{"1", "2"}, failures(t, c, t.Context(), batch(sqsMessage("1", "pointer"), sqsMessage("2", "poison"), sqsMessage("3", "ok"))))
		require.Equal(t, 3*time.Minute, time.Since(began), "a minute for each answer")
	})
}

// The real SDK client, whose queue does not answer.
func TestAHangingQueueCostsNoFinishedWork(t *testing.T) {
	for _, operation := range []string{"SendMessage", "ChangeMessageVisibilityBatch"} {
		t.Run(operation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				queues := messagingtest.NewSQS(t)
				dead := queues.NewQueue("dead", nil)
				orders := queues.NewQueue("orders", map[string]string{"VisibilityTimeout": "60"})
				client := queues.Client()
				_, err := messaging.NewQueue[string](client, orders.URL()).SendAll(t.Context(), []string{"ok", "poison", "fail", "late"})
				require.NoError(t, err)
				queues.Delay(operation, time.Hour).Times(1)
				done := map[string]int{}
				c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
					done[m.Body]++
					switch m.Body {
					case "poison":
						return messaging.Poison(errRefused)
					case "fail":
						if m.ReceiveCount == 1 {
							return errRefused
						}
					}
					return nil
				}, func(o *messaging.ConsumerOptions) {
					o.Client, o.DeadLetter = client, messaging.NewDeadLetterQueue(client, dead.URL())
				})
				mapping := queues.NewMapping("orders", messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) {
					o.ReportBatchItemFailures, o.FunctionTimeout = true, 10*time.Second
				})
				require.NoError(t, mapping.Drain(t.Context()))
				require.Equal(t, 1, done["ok"])
				require.Equal(t, 1, done["late"])
				require.Equal(t, 2, done["fail"])
				require.Equal(t, 1, dead.Visible())
			})
		})
	}
}
