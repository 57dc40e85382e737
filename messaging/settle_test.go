package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// workshop is a queue with slow work in it, whose dead-letter queue takes a
// message that is received a second time.
type workshop struct {
	queues     *messagingtest.SQS
	queue, dlq *messagingtest.Queue
	client     *sqs.Client

	mu   sync.Mutex
	runs []string // bodies in the order in which they were begun
	told []error
}

func newWorkshop(t *testing.T, suffix string, maxReceives int) *workshop {
	t.Helper()
	w := &workshop{queues: messagingtest.NewSQS(t)}
	w.dlq = w.queues.NewQueue("dead"+suffix, nil)
	w.queue = w.queues.NewQueue("work"+suffix, map[string]string{
		"VisibilityTimeout": "6", "RedrivePolicy": messagingtest.RedriveTo(w.dlq, maxReceives),
	})
	w.client = sqs.NewFromConfig(w.queues.Join(aws.Config{}), func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
	return w
}

// send sends bodies; of a FIFO queue, each to the group that its first letter names.
func (w *workshop) send(t *testing.T, bodies ...string) {
	t.Helper()
	q := messaging.NewQueue(w.client, w.queue.URL(), func(o *messaging.QueueOptions[string]) {
		if strings.HasSuffix(w.queue.URL(), ".fifo") {
			o.Group = func(body string) string { return body[:1] }
			o.Deduplicate = func(body string) string { return body }
		}
	})
	_, err := q.SendAll(t.Context(), bodies)
	require.NoError(t, err)
}

// poll lets some pollers work for the time.
func (w *workshop) poll(t *testing.T, pollers int, during time.Duration, handler func(context.Context, messaging.Message[string]) error, optFns ...func(*messaging.ConsumerOptions)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[string]) error {
		w.mu.Lock()
		w.runs = append(w.runs, m.Body)
		w.mu.Unlock()
		return handler(ctx, m)
	}, append([]func(*messaging.ConsumerOptions){func(o *messaging.ConsumerOptions) {
		o.Heartbeat = 2 * time.Second
		o.OnError = func(_ context.Context, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, err)
		}
	}}, optFns...)...)
	var group sync.WaitGroup
	for range pollers {
		group.Go(func() {
			if err := c.Poll(ctx, w.client, w.queue.URL()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
	}
	group.Wait()
}

// sleeps works as long as the body says, such as "a1/90s".
func sleeps(_ context.Context, m messaging.Message[string]) error {
	if _, d, ok := strings.Cut(m.Body, "/"); ok {
		pause, err := time.ParseDuration(d)
		if err != nil {
			return messaging.Poison(err)
		}
		time.Sleep(pause)
	}
	return nil
}

func TestWhatSucceededInASlowBatchIsNeverDeliveredAgain(t *testing.T) {
	bodies := []string{"a1", "a2", "b1/5s", "a3/90s", "b2", "a4", "c1/7s", "b3/40s", "c2", "a5"}
	for _, suffix := range []string{"", ".fifo"} {
		for _, concurrency := range []int{1, 3} {
			t.Run(fmt.Sprint("queue", suffix, " ", concurrency), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorkshop(t, suffix, 1)
					w.send(t, bodies...)
					w.poll(t, 3, 10*time.Minute, sleeps, func(o *messaging.ConsumerOptions) { o.Concurrency = concurrency })
					require.ElementsMatch(t, bodies, w.runs)
					if suffix != "" {
						for _, group := range []string{"a", "b", "c"} {
							require.Equal(t, only(bodies, group), only(w.runs, group))
						}
					}
					require.Zero(t, w.queue.Depth().Total())
					require.Zero(t, w.dlq.Depth().Total())
					require.Empty(t, w.told)
				})
			})
		}
	}
}

func only(bodies []string, prefix string) []string {
	var out []string
	for _, b := range bodies {
		if strings.HasPrefix(b, prefix) {
			out = append(out, b)
		}
	}
	return out
}

// A message is settled when it has its result, not when the batch has.
func TestEachMessageIsSettledAtOnce(t *testing.T) {
	for _, suffix := range []string{"", ".fifo"} {
		t.Run("queue"+suffix, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorkshop(t, suffix, 5)
				w.send(t, "a1", "b1", "c1", "d1/60s", "d2")
				letters := 0
				began := time.Now()
				at := map[string][]time.Duration{}
				go func() {
					time.Sleep(30 * time.Second)
					require.Equal(t, 2, w.queue.Depth().Total(), "what was acknowledged, parked and tried again is gone while the slow one runs")
				}()
				w.poll(t, 2, 5*time.Minute, func(ctx context.Context, m messaging.Message[string]) error {
					w.mu.Lock()
					at[m.Body] = append(at[m.Body], time.Since(began).Round(time.Second))
					w.mu.Unlock()
					switch {
					case m.Body == "b1":
						return messaging.Poison(errRefused)
					case m.Body == "c1" && m.ReceiveCount == 1:
						return messaging.RetryAfter(10*time.Second, errRefused)
					}
					return sleeps(ctx, m)
				}, func(o *messaging.ConsumerOptions) {
					o.DeadLetter = parkFunc(func(messaging.Letter) error { letters++; return nil })
				})
				require.Equal(t, map[string][]time.Duration{
					"a1": {0}, "b1": {0}, "c1": {0, 10 * time.Second}, "d1/60s": {0}, "d2": {time.Minute},
				}, at)
				require.Equal(t, 1, letters)
				require.Zero(t, w.queue.Depth().Total())
				require.Zero(t, w.dlq.Depth().Total())
			})
		})
	}
}

type parkFunc func(messaging.Letter) error

func (f parkFunc) Park(_ context.Context, l messaging.Letter) error { return f(l) }

func TestADeleteThatFailsIsRepeatedWhileTheMessageIsKept(t *testing.T) {
	faults := map[string]func(*messagingtest.SQS){
		"throttled":   func(q *messagingtest.SQS) { q.Throttle("DeleteMessageBatch").Times(8) },
		"entry":       func(q *messagingtest.SQS) { q.PartialFailure("DeleteMessageBatch", 0).Times(4) },
		"lost reply":  func(q *messagingtest.SQS) { q.DropReply("DeleteMessageBatch").Times(3) },
		"no answer":   func(q *messagingtest.SQS) { q.Delay("DeleteMessageBatch", time.Hour).Times(2) },
		"a network":   func(q *messagingtest.SQS) { q.Fail("DeleteMessageBatch", errors.New("reset")).Times(5) },
		"a lost beat": func(q *messagingtest.SQS) { q.Throttle("ChangeMessageVisibilityBatch").Times(1) },
		"a slow beat": func(q *messagingtest.SQS) { q.Delay("ChangeMessageVisibilityBatch", time.Hour).Times(1) },
		"all together": func(q *messagingtest.SQS) {
			q.Throttle("DeleteMessageBatch").Times(3)
			q.DropReply("DeleteMessageBatch")
		},
	}
	bodies := []string{"a1", "a2", "a3/50s", "a4", "a5"}
	for name, inject := range faults {
		for _, suffix := range []string{"", ".fifo"} {
			t.Run(name+" queue"+suffix, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorkshop(t, suffix, 1)
					w.send(t, bodies...)
					inject(w.queues)
					w.poll(t, 3, 5*time.Minute, sleeps)
					require.Equal(t, bodies, w.runs)
					require.Zero(t, w.queue.Depth().Total())
					require.Zero(t, w.dlq.Depth().Total())
				})
			})
		}
	}
}

func TestADeleteThatIsRefusedForGoodIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop(t, "", 100)
		w.send(t, "a1")
		w.queues.Fail("DeleteMessageBatch", errors.New("denied")).Times(-1)
		w.poll(t, 1, 20*time.Second, sleeps)
		require.NotEmpty(t, w.told)
		require.ErrorContains(t, w.told[0], "messaging: delete message ")
		require.ErrorContains(t, w.told[0], "denied")
	})
}

// Random batches of fast, slow and failing messages, while requests are lost;
// with PROVE=1 more of them.
func TestSlowBatchesWhateverGoesWrong(t *testing.T) {
	seeds := uint64(4)
	if prove() {
		seeds = 100
	}
	for seed := range seeds {
		for _, suffix := range []string{"", ".fifo"} {
			t.Run(fmt.Sprint("seed ", seed, " queue", suffix), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(seed, 5))
					w := newWorkshop(t, suffix, 20)
					var bodies []string
					fails := map[string]int{}
					for i := range 5 + random.IntN(20) {
						body := string("abc"[random.IntN(3)]) + strconv.Itoa(i)
						if random.IntN(3) == 0 {
							body += fmt.Sprintf("/%ds", 1+random.IntN(40))
						}
						if random.IntN(5) == 0 {
							fails[body] = 1 + random.IntN(2)
						}
						bodies = append(bodies, body)
					}
					w.send(t, bodies...)
					w.queues.Throttle("DeleteMessageBatch").Times(random.IntN(6))
					w.queues.DropReply("DeleteMessageBatch").Times(random.IntN(3))
					left := map[string]int{}
					done := map[string]int{}
					w.poll(t, 1+random.IntN(3), 15*time.Minute, func(ctx context.Context, m messaging.Message[string]) error {
						_ = sleeps(ctx, m)
						w.mu.Lock()
						defer w.mu.Unlock()
						if left[m.Body]++; left[m.Body] <= fails[m.Body] {
							return errRefused
						}
						done[m.Body]++
						return nil
					}, func(o *messaging.ConsumerOptions) {
						o.Concurrency, o.Backoff = 1+random.IntN(4), messaging.Constant(time.Duration(random.IntN(9))*time.Second)
					})
					require.Len(t, done, len(bodies))
					for body, n := range done {
						require.Equal(t, 1, n, "%s succeeded once", body)
						require.Equal(t, 1+fails[body], left[body], "tries of %s", body)
					}
					if suffix != "" {
						for _, group := range []string{"a", "b", "c"} {
							require.Equal(t, only(bodies, group), firsts(only(w.runs, group)))
						}
					}
					require.Zero(t, w.queue.Depth().Total())
					require.Zero(t, w.dlq.Depth().Total())
				})
			})
		}
	}
}

// firsts drops the repetitions that follow at once.
func firsts(runs []string) []string {
	var out []string
	for _, r := range runs {
		if len(out) == 0 || out[len(out)-1] != r {
			out = append(out, r)
		}
	}
	return out
}
