package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/filter"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// Tests in this file run the real SDK clients on the fakes in virtual time.

func TestALambdaConsumerRetriesWithBackoffAndParks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		orders := queues.NewQueue("orders", map[string]string{"VisibilityTimeout": "900"})
		dead := queues.NewQueue("dead", nil)
		client := queues.Client()
		queue := messaging.NewQueue[placed](client, orders.URL())
		var tries []time.Duration
		var began time.Time
		c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[placed]) error {
			tries = append(tries, time.Since(began))
			require.Equal(t, "c-1", correlation.ID(ctx))
			return fmt.Errorf("try %d", m.ReceiveCount)
		}, func(o *messaging.ConsumerOptions) {
			o.Client = client
			o.Backoff = messaging.Constant(20 * time.Second)
			o.DeadLetter = messaging.NewDeadLetterQueue(client, dead.URL())
			o.MaxReceives = 3
		})
		began = time.Now()
		_, err := queue.Send(correlation.With(t.Context(), "c-1"), placed{"42", 7})
		require.NoError(t, err)
		mapping := queues.NewMapping("orders", messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true })
		require.NoError(t, mapping.Drain(t.Context()))
		require.Equal(t, []time.Duration{0, 20 * time.Second, 40 * time.Second}, tries)
		require.Equal(t, 1, dead.Visible())
		m := dead.Messages()[0]
		require.Equal(t, "try 3", m.Attributes["deadLetterReason"])
		require.Equal(t, "c-1", m.Attributes["correlationId"])
		require.Equal(t, orders.ARN(), m.Attributes["deadLetterQueue"])
		require.JSONEq(t, `{"orderId":"42","total":7}`, m.Body)
	})
}

func TestAFIFOGroupWaitsForItsFailedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		orders := queues.NewQueue("orders.fifo", map[string]string{"VisibilityTimeout": "900", "ContentBasedDeduplication": "true"})
		client := queues.Client()
		queue := messaging.NewQueue[string](client, orders.URL(), func(o *messaging.QueueOptions[string]) {
			o.Group = func(v string) string { return v[:1] }
		})
		var done []string
		failed := 0
		began := time.Now()
		c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
			if m.Body == "a2" && failed < 2 {
				failed++
				return messaging.RetryAfter(10*time.Second, errRefused)
			}
			done = append(done, m.Body)
			return nil
		}, func(o *messaging.ConsumerOptions) { o.Client = client })
		_, err := queue.SendAll(t.Context(), []string{"a1", "a2", "b1", "a3", "b2", "a4"})
		require.NoError(t, err)
		mapping := queues.NewMapping("orders.fifo", messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true })
		require.NoError(t, mapping.Drain(t.Context()))
		require.Equal(t, []string{"a1", "b1", "b2", "a2", "a3", "a4"}, done)
		require.Equal(t, 20*time.Second, time.Since(began).Truncate(time.Second), "the followers do not hold the group up for the visibility timeout")
	})
}

func TestPollHandlesDeletesAndEndsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		orders := queues.NewQueue("orders", nil)
		client := queues.Client()
		queue := messaging.NewQueue[string](client, orders.URL())
		var mu sync.Mutex
		seen := map[string]int{}
		c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
			mu.Lock()
			defer mu.Unlock()
			if seen[m.Body]++; m.Body == "7" && seen["7"] < 3 {
				return errRefused
			}
			return nil
		}, func(o *messaging.ConsumerOptions) { o.Backoff, o.Concurrency = messaging.Constant(5*time.Second), 4 })
		var values []string
		for i := range 25 {
			values = append(values, strconv.Itoa(i))
		}
		_, err := queue.SendAll(t.Context(), values)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Poll(ctx, client, orders.URL()) }()
		time.Sleep(time.Minute)
		cancel()
		require.NoError(t, <-done)
		require.Zero(t, orders.Depth().Total())
		require.Len(t, seen, 25)
		require.Equal(t, 3, seen["7"])
		require.Equal(t, 1, seen["3"])
	})
}

func TestPollEndsGracefully(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		orders := queues.NewQueue("orders", map[string]string{"VisibilityTimeout": "600"})
		client := queues.Client()
		queue := messaging.NewQueue[string](client, orders.URL())
		_, err := queue.SendAll(t.Context(), []string{"slow", "next"})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var finished []string
		c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[string]) error {
			cancel()
			time.Sleep(10 * time.Second)
			finished = append(finished, m.Body)
			return ctx.Err()
		})
		began := time.Now()
		require.NoError(t, c.Poll(ctx, client, orders.URL()))
		require.Equal(t, []string{"slow"}, finished)
		require.Equal(t, 10*time.Second, time.Since(began).Truncate(time.Second))
		require.Equal(t, 1, orders.Visible(), "the unstarted one is visible again at once")
		require.Zero(t, orders.InFlight())
	})
}

func TestPollCancelsHandlersWhenTheGraceIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		orders := queues.NewQueue("orders", map[string]string{"VisibilityTimeout": "600"})
		client := queues.Client()
		_, err := messaging.NewQueue[string](client, orders.URL()).Send(t.Context(), "x")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		c := messaging.NewConsumer(func(ctx context.Context, _ messaging.Message[string]) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}, func(o *messaging.ConsumerOptions) { o.Grace = 3 * time.Second })
		began := time.Now()
		require.NoError(t, c.Poll(ctx, client, orders.URL()))
		require.Equal(t, 3*time.Second, time.Since(began).Truncate(time.Second))
		require.Equal(t, 1, orders.Depth().Total())
	})
}

func TestPollKeepsToTheVisibilityTimeoutOrExtendsIt(t *testing.T) {
	for _, heartbeat := range []time.Duration{0, 10 * time.Second} {
		t.Run(heartbeat.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				queues := messagingtest.NewSQS(t)
				orders := queues.NewQueue("orders", nil) // visibility timeout 30 s
				client := queues.Client()
				_, err := messaging.NewQueue[string](client, orders.URL()).Send(t.Context(), "x")
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				runs := 0
				c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[string]) error {
					runs++
					require.False(t, m.Deadline.IsZero())
					select {
					case <-ctx.Done():
						require.Zero(t, heartbeat)
						cancel()
						return ctx.Err()
					case <-time.After(5 * time.Minute):
						cancel()
						return nil
					}
				}, func(o *messaging.ConsumerOptions) { o.Heartbeat = heartbeat })
				began := time.Now()
				require.NoError(t, c.Poll(ctx, client, orders.URL()))
				require.Equal(t, 1, runs)
				if heartbeat > 0 {
					require.Zero(t, orders.Depth().Total())
				} else {
					require.Equal(t, 29*time.Second, time.Since(began).Truncate(time.Second))
					require.Equal(t, 1, orders.Depth().Total())
				}
			})
		})
	}
}

func TestPollRefusesWhatCannotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		client := queues.Client()
		c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return nil }, func(o *messaging.ConsumerOptions) { o.Heartbeat = time.Minute })
		require.ErrorContains(t, c.Poll(t.Context(), client, "https://sqs.us-east-1.amazonaws.com/123456789012/none"), "does not exist")
		require.ErrorContains(t, c.Poll(t.Context(), client, ""), "the queue URL is empty")
		orders := queues.NewQueue("orders", nil)
		require.ErrorContains(t, c.Poll(t.Context(), client, orders.URL()), "Heartbeat is 1m0s; it must be shorter than the visibility timeout of 30s")
	})
}

func TestPollGoesOnAfterFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		orders := queues.NewQueue("orders", nil)
		client := sqs.NewFromConfig(queues.Join(aws.Config{}), func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
		_, err := messaging.NewQueue[string](client, orders.URL()).SendAll(t.Context(), []string{"a", "b"})
		require.NoError(t, err)
		queues.Throttle("ReceiveMessage").Times(2)
		queues.PartialFailure("DeleteMessageBatch", 1)
		ctx, cancel := context.WithCancel(t.Context())
		var told []error
		runs := 0
		c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error {
			runs++
			return nil
		}, func(o *messaging.ConsumerOptions) {
			o.OnError = func(_ context.Context, err error) { told = append(told, err) }
		})
		go func() { time.Sleep(5 * time.Minute); cancel() }()
		require.NoError(t, c.Poll(ctx, client, orders.URL()))
		require.Zero(t, orders.Depth().Total())
		require.Equal(t, 2, runs)
		require.Len(t, told, 2)
	})
}

func TestTopicFansOutByItsFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		topics := messagingtest.NewSNS(t, queues)
		cfg := topics.Join(queues.Join(aws.Config{}))
		arn := topics.NewTopic("orders", nil)
		big := queues.NewQueue("big", nil)
		web := queues.NewQueue("web", nil)
		bigOnly := filter.MustPolicy(filter.ScopeBody, filter.Where("total", filter.AtLeast(100)))
		webOnly := filter.MustPolicy(filter.ScopeAttributes, filter.Where("channel", filter.Equals("web")))
		raw := bigOnly.SubscriptionAttributes()
		raw["RawMessageDelivery"] = "true"
		topics.SubscribeQueue(arn, big, raw)
		topics.SubscribeQueue(arn, web, webOnly.SubscriptionAttributes())

		topic := messaging.NewTopic[placed](sns.NewFromConfig(cfg), arn, func(o *messaging.TopicOptions[placed]) {
			o.Attributes = func(p placed) messaging.Attributes {
				return messaging.Attributes{"channel": messaging.String(map[bool]string{true: "web", false: "shop"}[p.Total != 150])}
			}
		})
		ctx := correlation.WithTrace(correlation.With(t.Context(), "c-1"), "Root=1-2;Sampled=1")
		var values []placed
		for i := range 12 {
			values = append(values, placed{strconv.Itoa(i), 50 * i})
		}
		results, err := topic.SendAll(ctx, values)
		require.NoError(t, err)
		require.Len(t, results, 12)
		_, err = topic.Send(ctx, placed{"last", 1})
		require.NoError(t, err)
		require.Equal(t, 10, big.Visible())
		require.Equal(t, 12, web.Visible())

		for _, name := range []string{"big", "web"} {
			var got []string
			c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[placed]) error {
				got = append(got, m.Body.OrderID)
				require.Equal(t, "c-1", correlation.ID(ctx))
				require.Equal(t, "Root=1-2;Sampled=1", correlation.Trace(ctx))
				require.NotEmpty(t, m.Attributes.Get("channel"))
				return nil
			})
			mapping := queues.NewMapping(name, messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) {
				o.ReportBatchItemFailures, o.MaximumConcurrency = true, 1
			})
			require.NoError(t, mapping.Drain(t.Context()))
			require.NotEmpty(t, got)
		}
	})
}

func TestPublishAccountsForEachEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		topics := messagingtest.NewSNS(t, queues)
		arn := topics.NewTopic("orders", nil)
		topics.SubscribeQueue(arn, queues.NewQueue("all", nil), nil)
		topics.PartialFailure("PublishBatch", 1)
		topic := messaging.NewTopic[string](topics.Client(), arn, func(o *messaging.TopicOptions[string]) { o.MaxAttempts = 1 })
		results, err := topic.SendAll(t.Context(), []string{"a", "b", "c"})
		se, ok := errors.AsType[*messaging.SendError](err)
		require.True(t, ok)
		require.Len(t, se.Failed, 1)
		require.Error(t, results[1].Err)
		require.NotEmpty(t, results[2].MessageID)

		topics.PartialFailure("PublishBatch", 1)
		topic = messaging.NewTopic[string](topics.Client(), arn)
		_, err = topic.SendAll(t.Context(), []string{"a", "b", "c"})
		require.NoError(t, err, "sent again")

		_, err = topic.Send(t.Context(), string(make([]byte, 300<<10)))
		require.ErrorContains(t, err, "U+0000")
		_, err = topic.Send(t.Context(), fmt.Sprintf("%0300000d", 1))
		require.ErrorContains(t, err, "300000 bytes, the limit is 262144")
	})
}

func TestRedriveMovesDeadLettersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		dead := queues.NewQueue("dead", nil)
		orders := queues.NewQueue("orders", map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dead, 1)})
		client := queues.Client()
		_, err := messaging.NewQueue[string](client, orders.URL()).SendAll(t.Context(), []string{"a", "b"})
		require.NoError(t, err)
		c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return messaging.Poison(errRefused) })
		mapping := queues.NewMapping("orders", messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true })
		require.NoError(t, mapping.Drain(t.Context()))
		require.Equal(t, 2, dead.Visible())

		task, err := messaging.Redrive(t.Context(), client, dead.ARN(), func(o *messaging.RedriveOptions) { o.PerSecond = 1 })
		require.NoError(t, err)
		status, err := task.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, "COMPLETED", status.Status)
		require.EqualValues(t, 2, status.Moved)
		require.Equal(t, 2, orders.Visible())

		_, err = messaging.Redrive(t.Context(), client, "dead", func(o *messaging.RedriveOptions) { o.PerSecond, o.Destination = 501, "x" })
		require.ErrorContains(t, err, `"dead" is not the ARN of a queue`)
		require.ErrorContains(t, err, `destination`)
		require.ErrorContains(t, err, `PerSecond is 501`)
	})
}

func TestMuxHandsEachTypeToItsHandler(t *testing.T) {
	var got []string
	mux := messaging.MustMux(messaging.ByAttribute("type"),
		messaging.OnType("placed", func(_ context.Context, m messaging.Message[placed]) error {
			got = append(got, "placed "+m.Body.OrderID)
			return nil
		}),
		messaging.OnType("shipped", func(_ context.Context, m messaging.Message[map[string]string]) error {
			got = append(got, "shipped "+m.Body["by"])
			return nil
		}),
	)
	var seen outcomes
	c := messaging.NewConsumer(mux.Handle, seen.option)
	ids := failures(t, c, t.Context(), batch(
		sqsMessage("1", `{"orderId":"42"}`, withAttribute("type", "placed")), sqsMessage("2", `{"by":"sea"}`, withAttribute("type", "shipped")),
		sqsMessage("3", `{}`, withAttribute("type", "other")), sqsMessage("4", `{"total":-1}`, withAttribute("type", "placed")),
	))
	require.Equal(t, []string{"3", "4"}, ids)
	require.Equal(t, []string{"placed 42", "shipped sea"}, got)
	require.Equal(t, messaging.VerdictPoisoned, seen.verdict("3"))
	require.ErrorContains(t, seen.all["3"].Err, `no route for a message of type "other"`)
	require.Equal(t, messaging.VerdictPoisoned, seen.verdict("4"))

	byMember := messaging.MustMux(messaging.ByMember("detail-type"), messaging.Otherwise(func(_ context.Context, m messaging.Message[json.RawMessage]) error {
		got = append(got, messaging.ByMember("detail-type")(m))
		return nil
	}))
	require.Empty(t, failures(t, messaging.NewConsumer(byMember.Handle), t.Context(), batch(sqsMessage("1", busEvent))))
	require.Equal(t, "OrderPlaced", got[2])

	_, err := messaging.NewMux(nil, messaging.OnType[string]("a", nil), messaging.Otherwise(nil))
	require.ErrorContains(t, err, "no function to tell the type")
	require.ErrorContains(t, err, `route "a" has no handler`)
}
