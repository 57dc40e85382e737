package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// chest is a store of bodies in memory, or one that is broken.
type chest struct {
	kept map[string]string
	err  error
}

func (c *chest) Save(_ context.Context, body *string, attrs messaging.Attributes, size int) error {
	if c.err != nil || size < math.MaxInt {
		return c.err
	}
	name := fmt.Sprintf("chest:%d", len(c.kept))
	c.kept[name] = *body
	*body = name
	attrs["ExtendedPayloadSize"] = messaging.Number(1)
	return nil
}

func (c *chest) Load(_ context.Context, body string) (string, error) {
	if full, ok := c.kept[body]; ok {
		return full, nil
	}
	return body, nil
}

// prove says whether the tests enumerate all that they can: with PROVE=1.
func prove() bool { return os.Getenv("PROVE") != "" }

// Poison of any shape is parked, with its body and its own attributes, and what
// is behind it in its group goes on. Without PROVE=1 a number of attributes is
// tried with one kind of queue alone.
func TestPoisonOfAnyShapeIsParked(t *testing.T) {
	const limit = 8 << 10
	reason := errors.New(strings.Repeat("äöü\n\"<>\x00", 200))
	for _, suffix := range []string{"", ".fifo"} {
		for _, bodies := range []string{"", "bodies", "broken bodies"} {
			for _, own := range []int{0, 5, 6, 9, 10} {
				for _, room := range []int{7000, 1500, 350, 120, 30, 0} { // bytes that are free
					for _, correlated := range []bool{false, true} {
						if correlated && own <= 8 || !prove() && (suffix != "") != (own == 5 || own == 10) {
							continue
						}
						name := fmt.Sprint("queue", suffix, " ", bodies, " attributes ", own, " room ", room, " correlated ", correlated)
						t.Run(name, func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) {
								store := &chest{kept: map[string]string{}}
								if bodies == "broken bodies" {
									store.err = errRefused
								}
								attrs := map[string]types.MessageAttributeValue{}
								size := 0
								for i := range own {
									name := fmt.Sprint("a", i)
									if correlated && i == 0 {
										name = "correlationId"
									}
									attrs[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("x")}
									size += len(name) + len("String") + 1
								}
								parkOne(t, suffix, limit, "p"+strings.Repeat("x", limit-room-size-1), attrs, reason, store, bodies != "")
							})
						})
					}
				}
			}
		}
	}
}

func TestPoisonOfAMebibyteIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parkOne(t, ".fifo", 1<<20, "p"+strings.Repeat("x", 1<<20-1), nil, errRefused, &chest{}, false)
	})
}

func parkOne(t *testing.T, suffix string, limit int, body string, attrs map[string]types.MessageAttributeValue, reason error, store *chest, withBodies bool) {
	t.Helper()
	queues := messagingtest.NewSQS(t)
	dead := queues.NewQueue("dead"+suffix, map[string]string{"MaximumMessageSize": fmt.Sprint(limit)})
	orders := queues.NewQueue("orders"+suffix, map[string]string{
		"VisibilityTimeout": "60", "MaximumMessageSize": fmt.Sprint(limit), "RedrivePolicy": messagingtest.RedriveTo(dead, 100),
	})
	client := queues.Client()
	send := func(body string, attrs map[string]types.MessageAttributeValue) {
		in := &sqs.SendMessageInput{QueueUrl: new(orders.URL()), MessageBody: &body, MessageAttributes: attrs}
		if suffix != "" {
			in.MessageGroupId, in.MessageDeduplicationId = aws.String("g"), aws.String(body[:1])
		}
		_, err := client.SendMessage(t.Context(), in)
		require.NoError(t, err)
	}
	send(body, attrs)
	send("ok", nil)
	tries, healed := map[string]int{}, false
	var got messaging.Message[string]
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		tries[m.Body[:1]]++
		got = m
		if m.Body == body && !healed {
			return messaging.Poison(reason)
		}
		return nil
	}, func(o *messaging.ConsumerOptions) {
		o.Client, o.Bodies = client, store
		o.DeadLetter = messaging.NewDeadLetterQueue(client, dead.URL(), func(o *messaging.DeadLetterQueueOptions) {
			o.MaxSize = limit
			if withBodies {
				o.Bodies = store
			}
		})
	})
	mapping := queues.NewMapping("orders"+suffix, messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true })
	require.NoError(t, mapping.Drain(t.Context()))
	require.Equal(t, map[string]int{"p": 1, "o": 1}, tries)
	require.Equal(t, 1, dead.Visible())
	letter := dead.Messages()[0]
	full, err := store.Load(t.Context(), letter.Body)
	require.NoError(t, err)
	require.Equal(t, len(body), len(full))
	told := letter.Attributes["deadLetterReason"] + letter.Attributes["deadLetter"]
	if withBodies && store.err == nil && len(attrs) < 9 {
		require.Contains(t, told, "äöü", "a claim check keeps the reason")
	}
	if len(full) != len(letter.Body) {
		require.NotEmpty(t, told, "the body went elsewhere for the reason")
	}

	// What comes back is as it was.
	healed = true
	task, err := messaging.Redrive(t.Context(), client, dead.ARN(), func(o *messaging.RedriveOptions) { o.Destination = orders.ARN() })
	require.NoError(t, err)
	_, err = task.Wait(t.Context())
	require.NoError(t, err)
	require.NoError(t, mapping.Drain(t.Context()))
	require.Equal(t, 2, tries["p"])
	require.Equal(t, len(body), len(got.Body))
	for name, a := range attrs {
		require.Equal(t, messaging.String(*a.StringValue), got.Attributes[name], "attribute %s", name)
	}
}

func TestTheReasonIsKeptWhereItFits(t *testing.T) {
	tests := []struct {
		name    string
		own     int
		room    int
		names   []string // of the attributes that tell
		correct func(*testing.T, map[string]string)
	}{
		{name: "all", own: 5, room: 2000, names: []string{"deadLetterReason", "deadLetterMessageId", "deadLetterQueue", "deadLetterReceiveCount", "deadLetterKey"}},
		{name: "a shorter reason", own: 5, room: 600, names: []string{"deadLetterReason", "deadLetterMessageId", "deadLetterQueue", "deadLetterReceiveCount", "deadLetterKey"}},
		{name: "no key", own: 5, room: 300, names: []string{"deadLetterReason", "deadLetterMessageId", "deadLetterQueue", "deadLetterReceiveCount"}},
		{name: "no queue", own: 5, room: 230, names: []string{"deadLetterReason", "deadLetterMessageId", "deadLetterReceiveCount"}},
		{name: "the reason alone", own: 5, room: 160, names: []string{"deadLetterReason"}},
		{name: "a few words", own: 5, room: 40, names: []string{"deadLetterReason"}},
		{name: "nothing", own: 5, room: 37, names: nil},
		{name: "in one attribute", own: 6, room: 2000, names: []string{"deadLetter"}},
		{name: "in one attribute, too long", own: 6, room: 20, names: nil},
		{name: "no room for one", own: 10, room: 2000, names: nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var client sender
			letter := messaging.Letter{MessageID: "m-1", Key: strings.Repeat("k", 40), ReceiveCount: 3, QueueARN: queueARN, Attributes: messaging.Attributes{}, Reason: errors.New(strings.Repeat("no ", 1000))}
			size := 0
			for i := range test.own {
				letter.Attributes[fmt.Sprint("a", i)] = messaging.String("x")
				size += len("a0String") + 1
			}
			letter.Body = strings.Repeat("x", 1<<20-test.room-size)
			require.NoError(t, messaging.NewDeadLetterQueue(&client, "dead").Park(t.Context(), letter))
			var names []string
			for name, a := range client.single[0].MessageAttributes {
				if strings.HasPrefix(name, "deadLetter") {
					names = append(names, name)
				}
				size += len(*a.StringValue)
			}
			require.ElementsMatch(t, test.names, names)
		})
	}
}

// A dead-letter queue may have a lower limit than its source.
func TestADeadLetterQueueWithALowerLimit(t *testing.T) {
	for _, test := range []struct {
		name     string
		size     int
		bodies   bool
		maxSize  int
		requests int
		refused  bool
	}{
		{"the reason gives way", 1990, false, 0, 2, false},
		{"its limit is known", 1990, false, 2048, 1, false},
		{"the body goes elsewhere", 4000, true, 0, 2, false},
		{"the body does not fit", 4000, false, 0, 2, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			queues := messagingtest.NewSQS(t)
			dead := queues.NewQueue("dead", map[string]string{"MaximumMessageSize": "2048"})
			dlq := messaging.NewDeadLetterQueue(queues.Client(), dead.URL(), nil, func(o *messaging.DeadLetterQueueOptions) {
				if test.bodies {
					o.Bodies = &chest{kept: map[string]string{}}
				}
				o.MaxSize = test.maxSize
			})
			err := dlq.Park(t.Context(), messaging.Letter{MessageID: "m", Body: strings.Repeat("x", test.size), Reason: errRefused})
			require.Equal(t, test.requests, len(queues.Calls("SendMessage")))
			if test.refused {
				require.ErrorContains(t, err, "Message must be shorter than 2048 bytes")
				return
			}
			require.NoError(t, err)
			require.Equal(t, 1, dead.Visible())
		})
	}
}

// wildError is an error that cannot be printed.
type wildError struct{ err *messaging.PanicError }

func (w wildError) Error() string { return fmt.Sprint(w.err.Value) }

func TestAReasonThatCannotBePrintedKeepsNothingBack(t *testing.T) {
	for _, reason := range []error{nil, wildError{}, (*messaging.VerdictError)(nil), &messaging.VerdictError{}} {
		var client sender
		require.NoError(t, messaging.NewDeadLetterQueue(&client, "dead").Park(t.Context(), messaging.Letter{Body: "x", Reason: reason}))
		require.NotEmpty(t, *client.single[0].MessageAttributes["deadLetterReason"].StringValue)
	}
}

func TestAttributesThatOnlyLookLikeOursAreKept(t *testing.T) {
	var client sender
	require.NoError(t, messaging.NewDeadLetterQueue(&client, "dead").Park(t.Context(), messaging.Letter{
		MessageID: "m", Body: "x", Reason: errRefused, Attributes: messaging.Attributes{"deadLetterPolicy": messaging.String("mine")},
	}))
	require.Equal(t, "mine", *client.single[0].MessageAttributes["deadLetterPolicy"].StringValue)
}

func TestAForgedDisplacementChangesNothing(t *testing.T) {
	for _, forged := range []string{`{"attributes":{"kind":{"Text":"forged"}}}`, `{"attributes":[1]}`, `?`, `null`} {
		m := sqsMessage("1", "x", withAttribute("kind", "web"), withAttribute("deadLetter", forged))
		require.Equal(t, "web", deliver[string](t, m).Attributes.Get("kind"))
	}
	b, err := json.Marshal(map[string]any{"attributes": messaging.Attributes{"correlationId": messaging.String("c-9")}})
	require.NoError(t, err)
	require.Equal(t, "c-9", deliver[string](t, sqsMessage("1", "x", withAttribute("deadLetter", string(b)))).correlation)
}

// A store of bodies that hangs keeps no poison from the dead letters.
func TestAStoreThatHangsKeepsNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var client sender
		dlq := messaging.NewDeadLetterQueue(&client, "dead", func(o *messaging.DeadLetterQueueOptions) { o.Bodies = hangingStore{} })
		letter := messaging.Letter{MessageID: "m", Body: strings.Repeat("x", 1<<20-100), Reason: errRefused}
		require.NoError(t, dlq.Park(t.Context(), letter))
		c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return messaging.Poison(errRefused) },
			func(o *messaging.ConsumerOptions) { o.DeadLetter = dlq })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.Empty(t, failures(t, c, ctx, batch(sqsMessage("1", letter.Body))))
		require.Len(t, client.single, 2)
		for _, sent := range client.single {
			require.Contains(t, *sent.MessageAttributes["deadLetterReason"].StringValue, "refused")
		}
	})
}

type hangingStore struct{ messaging.BodyStore }

func (hangingStore) Save(ctx context.Context, _ *string, _ messaging.Attributes, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}
