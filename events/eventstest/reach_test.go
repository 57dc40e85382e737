package eventstest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// Whatever PutTargets takes arrives, or its failure is seen.

const dlqARN = "arn:aws:sqs:us-east-1:123456789012:dlq"

func group(id string) *types.SqsParameters { return &types.SqsParameters{MessageGroupId: &id} }

// inGroup is a target that is a queue, with a message group.
func inGroup(id, arn, g string) types.Target {
	tg := target(id, arn)
	tg.SqsParameters = group(g)
	return tg
}

func TestFIFOQueueGetsTheGroupAndTheEventsDeduplicationID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		queue := queues.NewQueue("orders.fifo", nil)
		bus := eventstest.New(t)
		constant := inGroup("1", queue.ARN(), "g-1")
		constant.Input = aws.String(`{"always":"the same"}`)
		putRule(t, bus.Client(), "r", `{"source":["shop"]}`, constant)
		bus.Target(queue.ARN(), queue.Deliver)

		out := put(t, bus.Client(), entry(`{}`), entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		messages := queue.Messages()
		require.Len(t, messages, 2, "two events of one content are two messages")
		for i, m := range messages {
			require.Equal(t, "g-1", m.GroupID)
			require.Equal(t, *out.Entries[i].EventId, m.DeduplicationID)
			require.Equal(t, `{"always":"the same"}`, m.Body)
		}
	})
}

func TestRetryAfterALostAnswerPutsOneMessageIntoAFIFOQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		queue := queues.NewQueue("orders.fifo", map[string]string{"ContentBasedDeduplication": "true"})
		bus := eventstest.New(t)
		putRule(t, bus.Client(), "r", `{"source":["shop"]}`, inGroup("1", queue.ARN(), "g"))
		calls := 0
		bus.Target(queue.ARN(), func(ctx context.Context, body []byte) error {
			calls++
			if err := queue.Deliver(ctx, body); err != nil || calls > 1 {
				return err
			}
			return errors.New("the answer is lost")
		})
		put(t, bus.Client(), entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, 2, calls)
		require.Len(t, queue.Messages(), 1)
	})
}

// SQS would take the second for a repetition of the first.
func TestOneFIFOQueueBehindSeveralTargetsGetsTheEventFromEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		queue := queues.NewQueue("orders.fifo", nil)
		bus := eventstest.New(t)
		putRule(t, bus.Client(), "a", `{"source":["shop"]}`, inGroup("1", queue.ARN(), "a1"), inGroup("2", queue.ARN(), "a2"))
		putRule(t, bus.Client(), "b", `{"detail-type":["Placed"]}`, inGroup("1", queue.ARN(), "b1"))
		bus.Target(queue.ARN(), queue.Deliver)
		put(t, bus.Client(), entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		var groups []string
		for _, m := range queue.Messages() {
			groups = append(groups, m.GroupID)
		}
		require.Equal(t, []string{"a1", "a2", "b1"}, groups)
	})
}

func TestStandardQueueAsATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		plain, fair := queues.NewQueue("plain", nil), queues.NewQueue("fair", nil)
		bus := eventstest.New(t)
		putRule(t, bus.Client(), "r", `{"source":["shop"]}`, target("1", plain.ARN()), inGroup("2", fair.ARN(), "tenant-7"))
		bus.Target(plain.ARN(), plain.Deliver)
		bus.Target(fair.ARN(), fair.Deliver)
		put(t, bus.Client(), entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, "", plain.Messages()[0].GroupID)
		require.Equal(t, "tenant-7", fair.Messages()[0].GroupID, "a fair queue has tenants")
		require.Empty(t, fair.Messages()[0].DeduplicationID)
	})
}

// A function that hands an event on by itself gives it no group of another target.
func TestTheGroupStaysWithItsTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		queue, other := queues.NewQueue("orders.fifo", nil), queues.NewQueue("other", nil)
		bus := eventstest.New(t)
		client := bus.Client()
		putRule(t, client, "first", `{"source":["shop"]}`, inGroup("1", queue.ARN(), "g"))
		putRule(t, client, "second", `{"source":["inner"]}`, target("1", fnARN))
		bus.Target(queue.ARN(), func(ctx context.Context, body []byte) error {
			inner := entry(`{}`)
			inner.Source = aws.String("inner")
			if _, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{inner}}); err != nil {
				return err
			}
			if err := bus.Drain(ctx); err != nil {
				return err
			}
			return queue.Deliver(ctx, body)
		})
		bus.Target(fnARN, other.Deliver)
		put(t, client, entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, "", other.Messages()[0].GroupID)
		require.Equal(t, "g", queue.Messages()[0].GroupID)
	})
}

func TestDeadLetterQueueGetsTheAttributesOfAWS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		dlq := queues.NewQueue("dlq", nil)
		bus := eventstest.New(t)
		failing := target("1", fnARN)
		failing.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(2)}
		failing.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(dlqARN)}
		putRule(t, bus.Client(), "r", `{"source":["shop"]}`, failing)
		bus.Target(fnARN, func(context.Context, []byte) error { return errors.New("no\x00room\xff") })
		bus.Target(dlqARN, dlq.Deliver)
		put(t, bus.Client(), entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))

		client := queues.Client()
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(dlq.URL()), MessageAttributeNames: []string{"All"}})
		require.NoError(t, err)
		require.Len(t, out.Messages, 1)
		require.JSONEq(t, string(bus.Events()[0].JSON), *out.Messages[0].Body)
		got := map[string]string{}
		for name, v := range out.Messages[0].MessageAttributes {
			require.Equal(t, "String", *v.DataType)
			got[name] = *v.StringValue
		}
		require.Equal(t, map[string]string{
			"ERROR_CODE": "SDK_CLIENT_ERROR", "ERROR_MESSAGE": "no room ", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
			"RETRY_ATTEMPTS": "2", "RULE_ARN": "arn:aws:events:us-east-1:123456789012:rule/r", "TARGET_ARN": fnARN,
		}, got)
	})
}

// unserved are targets that nothing answers to, in several ways.
func unserved(t *testing.T, bus *eventstest.EventBridge) map[string]string {
	t.Helper()
	queues := messagingtest.NewSQS(t)
	topics := messagingtest.NewSNS(t, queues)
	const topic, queue = "arn:aws:sns:us-east-1:123456789012:gone", "arn:aws:sqs:us-east-1:123456789012:gone"
	bus.Target(topic, topics.Publisher(topic))
	bus.Target(queue, queues.Queue(queue).Deliver)
	return map[string]string{
		"a function": "arn:aws:lambda:us-east-1:123456789012:function:nobody",
		"a stream":   "arn:aws:kinesis:us-east-1:123456789012:stream/nobody",
		"a queue":    queue,
		"a topic":    topic,
		"a bus":      "arn:aws:events:us-east-1:123456789012:event-bus/nobody",
		"a far bus":  "arn:aws:events:eu-west-1:210987654321:event-bus/nobody",
		"no bus":     "arn:aws:events:us-east-1:123456789012:rule/orders",
	}
}

func TestTargetThatNothingServes(t *testing.T) {
	for name := range unserved(t, eventstest.New(nil)) {
		t.Run(name+" with a RetryPolicy", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{}
				bus := eventstest.New(r)
				arn := unserved(t, bus)[name]
				tg := target("1", arn)
				tg.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(2)}
				tg.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(dlqARN)}
				putRule(t, bus.Client(), "r", `{"source":["shop"]}`, tg)
				var attributes map[string]string
				bus.DeadLetters(dlqARN, func(_ context.Context, _ []byte, a map[string]string) error { attributes = a; return nil })
				start := time.Now()
				put(t, bus.Client(), entry(`{}`))
				require.NoError(t, bus.Drain(t.Context()))
				require.Equal(t, 3*time.Second, time.Since(start), "it is tried again, after 1 and 2 seconds")
				require.Equal(t, "NO_RESOURCE", attributes["ERROR_CODE"])
				require.Equal(t, "2", attributes["RETRY_ATTEMPTS"])
				require.Equal(t, "MaximumRetryAttempts", attributes["EXHAUSTED_RETRY_CONDITION"])
				require.Equal(t, arn, attributes["TARGET_ARN"])
				require.Len(t, r.logs, 2, "the first failure and the end")
				require.Contains(t, r.logs[0], arn)
				d := bus.Deliveries()
				require.Len(t, d, 1)
				require.Error(t, d[0].Err)
				require.True(t, d[0].DeadLettered)
				require.Equal(t, 3, d[0].Attempts)
			})
		})
		t.Run(name+" without", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{}
				bus := eventstest.New(r)
				arn := unserved(t, bus)[name]
				putRule(t, bus.Client(), "r", `{"source":["shop"]}`, target("1", arn))
				start := time.Now()
				put(t, bus.Client(), entry(`{}`))
				err := bus.Drain(t.Context())
				require.ErrorIs(t, err, eventstest.ErrUndeliverable)
				require.ErrorContains(t, err, arn)
				require.Equal(t, strings.Contains(arn, "event-bus/"), strings.Contains(err.Error(), "there is no event bus"), err)
				require.Zero(t, time.Since(start), "AWS gives up a target that does not exist at once")
				require.Len(t, r.logs, 1)
			})
		})
	}
}

func TestPutTargetsRefusesDeadLetterQueues(t *testing.T) {
	client := eventstest.New(t).Client()
	putRule(t, client, "r", `{"source":["shop"]}`)
	for arn, want := range map[string]string{
		"arn:aws:sqs:us-east-1:123456789012:dlq.fifo": "a dead-letter queue must be a standard queue",
		"arn:aws:sns:us-east-1:123456789012:dlq":      "a dead-letter queue must be a standard queue",
		"dlq":                                         "Provided Arn is not in correct format.",
		"https://sqs.us-east-1.amazonaws.com/1/dlq":   "Provided Arn is not in correct format.",
		dlqARN: "",
		"arn:aws-cn:sqs:cn-north-1:123456789012:orders": "",
	} {
		tg := target("1", fnARN)
		tg.DeadLetterConfig = &types.DeadLetterConfig{Arn: &arn}
		_, err := client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{tg}})
		if want == "" {
			require.NoError(t, err, arn)
			continue
		}
		require.ErrorContains(t, err, want, arn)
	}
}

func TestSqsParametersAreForQueues(t *testing.T) {
	client := eventstest.New(t).Client()
	putRule(t, client, "r", `{"source":["shop"]}`)
	_, err := client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{inGroup("fn", fnARN, "g")}})
	requireAPIError(t, err, "ValidationException", "Parameter(s) SqsParameters not valid for target: fn.")
}

// client is of another account and region.
func clientOf(bus *eventstest.EventBridge, account, region string) *eventbridge.Client {
	return eventbridge.NewFromConfig(bus.Join(aws.Config{
		Region: region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: account, SecretAccessKey: "secret"}, nil
		}),
	}))
}

// busRule makes a bus, unless it is the default one, and a rule on it.
func busRule(t *testing.T, client *eventbridge.Client, name string, targets ...types.Target) {
	t.Helper()
	if name != "default" {
		_, err := client.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &name})
		require.NoError(t, err)
	}
	if len(targets) == 0 {
		return
	}
	_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventBusName: &name, EventPattern: aws.String(`{"source":["shop"]}`)})
	require.NoError(t, err)
	_, err = client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), EventBusName: &name, Targets: targets})
	require.NoError(t, err)
}

func TestEventBusAsATarget(t *testing.T) {
	for name, c := range map[string]struct{ account, region, bus string }{
		"of the same account and region": {"123456789012", "us-east-1", "orders"},
		"of another region":              {"123456789012", "eu-west-1", "orders"},
		"of another account":             {"210987654321", "us-east-1", "orders"},
		"the default bus of another":     {"210987654321", "eu-west-1", "default"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bus := eventstest.New(t)
				putRule(t, bus.Client(), "on", `{"source":["shop"]}`, target("bus", "arn:aws:events:"+c.region+":"+c.account+":event-bus/"+c.bus))
				busRule(t, clientOf(bus, c.account, c.region), c.bus, target("fn", fnARN))
				var got [][]byte
				bus.Target(fnARN, func(_ context.Context, event []byte) error { got = append(got, event); return nil })
				out := put(t, bus.Client(), entry(`{"n":1}`))
				require.NoError(t, bus.Drain(t.Context()))
				require.Len(t, got, 1)
				events := bus.Events()
				require.Len(t, events, 2)
				require.JSONEq(t, string(events[0].JSON), string(got[0]), "the event stays what it is: account, region, id and time are those of its origin")
				require.Equal(t, *out.Entries[0].EventId, events[1].ID)
				require.Equal(t, c.bus, events[1].Bus)
				require.Equal(t, []string{"r"}, events[1].Rules)
			})
		})
	}
}

func TestABusFunctionOfTheTestComesFirst(t *testing.T) {
	bus := eventstest.New(t)
	const arn = "arn:aws:events:us-east-1:123456789012:event-bus/orders"
	busRule(t, bus.Client(), "orders")
	putRule(t, bus.Client(), "r", `{"source":["shop"]}`, target("1", arn))
	calls := 0
	bus.Target(arn, func(context.Context, []byte) error { calls++; return nil })
	put(t, bus.Client(), entry(`{}`))
	require.NoError(t, bus.Drain(t.Context()))
	require.Equal(t, 1, calls)
	require.Len(t, bus.Events(), 1)
}

// EventBridge routes an event from one bus to another once.
func TestThirdBusIsOneTooMany(t *testing.T) {
	const a, b, c = "arn:aws:events:us-east-1:123456789012:event-bus/default", "arn:aws:events:us-east-1:123456789012:event-bus/b", "arn:aws:events:us-east-1:123456789012:event-bus/c"
	for name, next := range map[string]string{"a third bus": c, "a cycle": a, "itself": b} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bus := eventstest.New(t)
				busRule(t, bus.Client(), "default", target("next", b))
				tg := target("next", next)
				tg.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(dlqARN)}
				busRule(t, bus.Client(), "b", tg)
				busRule(t, bus.Client(), "c")
				var attributes []map[string]string
				bus.DeadLetters(dlqARN, func(_ context.Context, _ []byte, a map[string]string) error {
					attributes = append(attributes, a)
					return nil
				})
				out := put(t, bus.Client(), entry(`{}`))
				start := time.Now()
				require.NoError(t, bus.Drain(t.Context()))
				require.Zero(t, time.Since(start), "it is not tried again")
				require.Len(t, bus.Events(), 2, "on the first bus and on the second")
				require.Len(t, attributes, 1)
				require.Equal(t, "THIRD_ACCOUNT_HOP_DETECTED", attributes[0]["ERROR_CODE"])
				require.Equal(t, "Event ingestion rejected for event "+*out.Entries[0].EventId+" because an event can be sent to an event bus target only once."+
					" This event was previously delivered to an event bus target.", attributes[0]["ERROR_MESSAGE"])
				require.NotContains(t, attributes[0], "EXHAUSTED_RETRY_CONDITION", "no retry was made")
			})
		})
	}
	t.Run("without a dead-letter queue", func(t *testing.T) {
		bus := eventstest.New(t)
		busRule(t, bus.Client(), "default", target("next", b))
		busRule(t, bus.Client(), "b", target("next", a))
		put(t, bus.Client(), entry(`{}`))
		require.ErrorIs(t, bus.Drain(t.Context()), eventstest.ErrUndeliverable)
	})
}

func TestInputOfATargetThatIsABus(t *testing.T) {
	const own, foreign = "arn:aws:events:us-east-1:123456789012:event-bus/b", "arn:aws:events:us-east-1:210987654321:event-bus/b"
	whole := `{"source":"made","detail-type":"Made","detail":{"of":<id>}}`
	transformed := target("1", own)
	transformed.InputTransformer = &types.InputTransformer{InputTemplate: &whole, InputPathsMap: map[string]string{"id": "$.detail.id"}}
	part := target("1", own)
	part.InputPath = aws.String("$.detail")
	part.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(dlqARN)}

	t.Run("an event", func(t *testing.T) {
		bus := eventstest.New(t)
		putRule(t, bus.Client(), "r", `{"source":["shop"]}`, transformed)
		busRule(t, bus.Client(), "b")
		put(t, bus.Client(), entry(`{"id":7}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, "made", bus.Events()[1].Source)
		require.Contains(t, string(bus.Events()[1].JSON), `"detail":{"of":7}`)
	})
	t.Run("no event", func(t *testing.T) {
		bus := eventstest.New(t)
		putRule(t, bus.Client(), "r", `{"source":["shop"]}`, part)
		busRule(t, bus.Client(), "b")
		var attributes map[string]string
		bus.DeadLetters(dlqARN, func(_ context.Context, _ []byte, a map[string]string) error { attributes = a; return nil })
		put(t, bus.Client(), entry(`{"id":7}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, "INVALID_PARAMETER", attributes["ERROR_CODE"])
	})
	t.Run("of another account", func(t *testing.T) {
		client := eventstest.New(t).Client()
		putRule(t, client, "r", `{"source":["shop"]}`)
		for _, tg := range []types.Target{transformed, part, {Input: aws.String(`{}`)}} {
			tg.Id, tg.Arn, tg.DeadLetterConfig = aws.String("1"), aws.String(foreign), nil
			_, err := client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{tg}})
			require.ErrorContains(t, err, "another account")
		}
	})
}

func TestPutEventsToTheBusOfAnotherAccount(t *testing.T) {
	bus := eventstest.New(t)
	busRule(t, bus.Client(), "orders")
	busRule(t, clientOf(bus, "210987654321", "us-east-1"), "orders", target("fn", fnARN))
	calls := 0
	bus.Target(fnARN, func(context.Context, []byte) error { calls++; return nil })
	e := entry(`{}`)
	e.EventBusName = aws.String("arn:aws:events:us-east-1:210987654321:event-bus/orders")
	put(t, bus.Client(), e)
	require.NoError(t, bus.Drain(t.Context()))
	require.Equal(t, 1, calls)
}

func TestMessageOfAQueueTargetIsReceivedInItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		queue := queues.NewQueue("orders.fifo", nil)
		bus := eventstest.New(t)
		putRule(t, bus.Client(), "r", `{"source":["shop"]}`, inGroup("1", queue.ARN(), "g"))
		bus.Target(queue.ARN(), queue.Deliver)
		put(t, bus.Client(), entry(`{"n":1}`), entry(`{"n":2}`))
		require.NoError(t, bus.Drain(t.Context()))
		out, err := queues.Client().ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(queue.URL()), MaxNumberOfMessages: 10, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		require.NoError(t, err)
		require.Len(t, out.Messages, 2)
		require.Contains(t, *out.Messages[0].Body, `"n":1`)
		require.Equal(t, "g", out.Messages[1].Attributes["MessageGroupId"])
	})
}
