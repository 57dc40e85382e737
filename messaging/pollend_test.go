package messaging_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// deafClient does not heed contexts in one of the requests that settle messages.
type deafClient struct {
	*sqs.Client
	deleting, changing bool
}

func (d deafClient) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, optFns ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	if d.deleting {
		time.Sleep(24 * time.Hour)
	}
	return d.Client.DeleteMessageBatch(ctx, in, optFns...)
}

func (d deafClient) ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, optFns ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	if d.changing {
		time.Sleep(24 * time.Hour)
	}
	return d.Client.ChangeMessageVisibilityBatch(ctx, in, optFns...)
}

func TestPollEndsWhateverHangs(t *testing.T) {
	sleep := func(context.Context, messaging.Message[string]) error { time.Sleep(24 * time.Hour); return nil }
	ok := func(context.Context, messaging.Message[string]) error { return nil }
	fail := func(context.Context, messaging.Message[string]) error { return errRefused }
	poison := func(context.Context, messaging.Message[string]) error { return messaging.Poison(errRefused) }
	late := func(context.Context, messaging.Message[string]) error { time.Sleep(8 * time.Second); return nil }
	tests := []struct {
		name    string
		handler func(context.Context, messaging.Message[string]) error
		fault   func(*messagingtest.SQS)
		client  deafClient
		option  func(*messaging.ConsumerOptions)
		within  time.Duration // after the end of the context, beside the grace of 5 s
	}{
		{name: "deaf handler", handler: sleep, within: time.Second},
		{name: "deaf handler, longer reserve", handler: sleep, option: func(o *messaging.ConsumerOptions) { o.Reserve = 3 * time.Second }, within: 3 * time.Second},
		{name: "deaf handler, no reserve", handler: sleep, option: func(o *messaging.ConsumerOptions) { o.Reserve = -1 }, within: time.Second},
		{name: "deaf handler, no grace", handler: sleep, option: func(o *messaging.ConsumerOptions) { o.Grace = -1 }, within: time.Second},
		{name: "deletes", handler: ok, fault: func(q *messagingtest.SQS) { q.Delay("DeleteMessageBatch", 24*time.Hour).Times(-1) }, within: 5 * time.Second},
		{name: "deletes after the end", handler: late, fault: func(q *messagingtest.SQS) { q.Delay("DeleteMessageBatch", 24*time.Hour).Times(-1) }, within: 5 * time.Second},
		{name: "changes", handler: fail, fault: func(q *messagingtest.SQS) { q.Delay("ChangeMessageVisibilityBatch", 24*time.Hour).Times(-1) }, within: 5 * time.Second},
		{name: "both", handler: late, fault: func(q *messagingtest.SQS) { q.Delay("", 24*time.Hour).Times(-1) }, within: 5 * time.Second},
		{name: "failing deletes", handler: ok, fault: func(q *messagingtest.SQS) { q.Fail("DeleteMessageBatch", errors.New("reset")).Times(-1) }, within: 5 * time.Second},
		{name: "deaf deletes", handler: ok, client: deafClient{deleting: true}, within: 11 * time.Second},
		{name: "deaf changes", handler: fail, client: deafClient{changing: true}, within: 11 * time.Second},
		{name: "dead letters", handler: poison, option: func(o *messaging.ConsumerOptions) { o.DeadLetter = &silent{} }, within: time.Second},
		{name: "deaf dead letters", handler: poison, option: func(o *messaging.ConsumerOptions) { o.DeadLetter = &silent{deaf: true} }, within: time.Second},
		{name: "bodies", handler: ok, option: func(o *messaging.ConsumerOptions) { o.Bodies = &silent{} }, within: time.Second},
		{name: "deaf bodies", handler: ok, option: func(o *messaging.ConsumerOptions) { o.Bodies = &silent{deaf: true} }, within: time.Second},
	}
	for _, test := range tests {
		for name, heartbeat := range map[string]time.Duration{"": 0, ", heartbeat": 10 * time.Second} {
			for _, suffix := range []string{"", ".fifo"} {
				t.Run(test.name+name+suffix, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						queues := messagingtest.NewSQS(t)
						queue := queues.NewQueue("work"+suffix, map[string]string{"VisibilityTimeout": "600"})
						_, err := messaging.NewQueue[string](queues.Client(), queue.URL()).SendAll(t.Context(), []string{"pointer", "poison"}, func(o *messaging.SendOptions) {
							if suffix != "" {
								o.GroupID, o.DeduplicationID = "g", time.Now().String()[:10]
							}
						})
						require.NoError(t, err)
						client := test.client
						client.Client = queues.Client()
						ctx, cancel := context.WithCancel(t.Context())
						c := messaging.NewConsumer(test.handler, func(o *messaging.ConsumerOptions) {
							o.Heartbeat, o.Grace = heartbeat, 5*time.Second
							if test.option != nil {
								test.option(o)
							}
						})
						var ended time.Time
						go func() {
							time.Sleep(5 * time.Second)
							if test.fault != nil && test.name == "both" {
								test.fault(queues)
							}
							ended = time.Now()
							cancel()
						}()
						if test.fault != nil && test.name != "both" {
							test.fault(queues)
						}
						require.NoError(t, c.Poll(ctx, client, queue.URL()))
						require.LessOrEqual(t, time.Since(ended), 5*time.Second+test.within+200*time.Millisecond)
						time.Sleep(100 * time.Hour) // let the deaf end, as the bubble demands
					})
				})
			}
		}
	}
}

func TestPollRefusesAQueueThatHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		queue := queues.NewQueue("work", map[string]string{"VisibilityTimeout": "0"})
		_, err := messaging.NewQueue[string](queues.Client(), queue.URL()).Send(t.Context(), "x")
		require.NoError(t, err)
		for _, heartbeat := range []time.Duration{0, time.Second} {
			c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return nil }, func(o *messaging.ConsumerOptions) { o.Heartbeat = heartbeat })
			require.ErrorContains(t, c.Poll(t.Context(), queues.Client(), queue.URL()), "the queue's visibility timeout is 0s: messages would be delivered again while they are worked on")
		}
	})
}

// The timeout that the deadlines of the handlers come from is the one that holds.
func TestPollKeepsTheVisibilityTimeoutThatItRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		queue := queues.NewQueue("work", map[string]string{"VisibilityTimeout": "60"})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		go func() {
			time.Sleep(time.Second)
			_, err := queues.Client().SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: new(queue.URL()), Attributes: map[string]string{"VisibilityTimeout": "1"}})
			require.NoError(t, err)
			time.Sleep(time.Minute) // other receives have begun
			_, err = messaging.NewQueue[string](queues.Client(), queue.URL()).Send(ctx, "x")
			require.NoError(t, err)
			time.Sleep(10 * time.Second)
			require.Equal(t, 1, queue.InFlight())
		}()
		runs := 0
		c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error {
			runs++
			time.Sleep(30 * time.Second)
			return nil
		})
		require.NoError(t, c.Poll(ctx, queues.Client(), queue.URL()))
		require.Equal(t, 1, runs)
	})
}
