package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

type placed struct {
	OrderID string `json:"orderId"`
	Total   int    `json:"total"`
}

func (p placed) Validate() error {
	if p.Total < 0 {
		return fmt.Errorf("total is %d", p.Total)
	}
	return nil
}

const queueARN = "arn:aws:sqs:us-east-1:123456789012:orders"

func sqsMessage(id, body string, edit ...func(*awsevents.SQSMessage)) awsevents.SQSMessage {
	m := awsevents.SQSMessage{
		MessageId: id, ReceiptHandle: "handle-" + id, Body: body, EventSourceARN: queueARN, EventSource: "aws:sqs",
		Attributes:        map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": "946684800000"},
		MessageAttributes: map[string]awsevents.SQSMessageAttribute{},
	}
	for _, fn := range edit {
		fn(&m)
	}
	return m
}

func inGroup(group string) func(*awsevents.SQSMessage) {
	return func(m *awsevents.SQSMessage) {
		m.EventSourceARN += ".fifo"
		m.Attributes["MessageGroupId"] = group
		m.Attributes["SequenceNumber"] = "18870266719"
	}
}

func receives(n int) func(*awsevents.SQSMessage) {
	return func(m *awsevents.SQSMessage) { m.Attributes["ApproximateReceiveCount"] = strconv.Itoa(n) }
}

func withAttribute(name, value string) func(*awsevents.SQSMessage) {
	return func(m *awsevents.SQSMessage) {
		m.MessageAttributes[name] = awsevents.SQSMessageAttribute{DataType: "String", StringValue: &value}
	}
}

func batch(messages ...awsevents.SQSMessage) awsevents.SQSEvent {
	return awsevents.SQSEvent{Records: messages}
}

func failures(t *testing.T, c *messaging.Consumer, ctx context.Context, event awsevents.SQSEvent) []string {
	t.Helper()
	answer, err := c.HandleSQS(ctx, event)
	require.NoError(t, err)
	ids := []string{}
	for _, f := range answer.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

// outcomes collects what became of the messages of a test.
type outcomes struct {
	mu  sync.Mutex
	all map[string]messaging.Outcome
}

func (o *outcomes) option(opts *messaging.ConsumerOptions) {
	o.all = map[string]messaging.Outcome{}
	opts.OnOutcome = func(_ context.Context, out messaging.Outcome) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.all[out.MessageID] = out
	}
}

func (o *outcomes) verdict(id string) messaging.Verdict { return o.all[id].Verdict }

// visibility records the changes of visibility that a consumer asks for.
type visibility struct {
	mu      sync.Mutex
	seconds map[string]int32
	url     string
	fail    error
	entries map[string]types.BatchResultErrorEntry
	calls   int
}

func (v *visibility) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	if v.fail != nil {
		return nil, v.fail
	}
	if len(in.Entries) > 10 {
		return nil, errors.New("TooManyEntriesInBatchRequest")
	}
	if v.seconds == nil {
		v.seconds = map[string]int32{}
	}
	v.url = *in.QueueUrl
	out := &sqs.ChangeMessageVisibilityBatchOutput{}
	for _, e := range in.Entries {
		if f, ok := v.entries[*e.ReceiptHandle]; ok {
			f.Id = e.Id
			out.Failed = append(out.Failed, f)
			continue
		}
		v.seconds[*e.ReceiptHandle] = e.VisibilityTimeout
	}
	return out, nil
}

func TestVerdictsDecideWhatIsReported(t *testing.T) {
	var seen outcomes
	boom := errors.New("boom")
	verdicts := map[string]error{
		"ok": nil, "discard": messaging.Discard(boom), "poison": messaging.Poison(boom), "later": messaging.RetryAfter(time.Minute, boom),
		"plain": boom, "wrapped": fmt.Errorf("outer: %w", messaging.Discard(boom)),
		"joined":  errors.Join(messaging.Discard(boom), boom),
		"busy":    fmt.Errorf("outer: %w", busyError{7 * time.Second}),
		"outmost": messaging.Poison(messaging.Discard(boom)),
		"classed": errRefused,
	}
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[placed]) error {
		return verdicts[m.Body.OrderID]
	}, seen.option, func(o *messaging.ConsumerOptions) {
		o.Classify = func(err error) error {
			if errors.Is(err, errRefused) {
				return messaging.Discard(err)
			}
			return nil
		}
	})
	var event awsevents.SQSEvent
	for name := range verdicts {
		event.Records = append(event.Records, sqsMessage(name, `{"orderId":"`+name+`"}`))
	}
	require.ElementsMatch(t, []string{"poison", "later", "plain", "joined", "busy", "outmost"}, failures(t, c, t.Context(), event))
	require.Equal(t, map[string]messaging.Verdict{
		"ok": messaging.VerdictAcked, "discard": messaging.VerdictDiscarded, "poison": messaging.VerdictPoisoned, "later": messaging.VerdictRetried,
		"plain": messaging.VerdictRetried, "wrapped": messaging.VerdictDiscarded, "joined": messaging.VerdictRetried, "busy": messaging.VerdictRetried,
		"outmost": messaging.VerdictPoisoned, "classed": messaging.VerdictDiscarded,
	}, func() map[string]messaging.Verdict {
		all := map[string]messaging.Verdict{}
		for id, o := range seen.all {
			all[id] = o.Verdict
		}
		return all
	}())
	require.Equal(t, time.Minute, seen.all["later"].Delay)
	require.Equal(t, 7*time.Second, seen.all["busy"].Delay)
	require.ErrorIs(t, seen.all["plain"].Err, boom)
}

var errRefused = errors.New("refused")

type busyError struct{ d time.Duration }

func (e busyError) Error() string             { return "in progress" }
func (e busyError) RetryAfter() time.Duration { return e.d }

func TestEmptyAnswerIsAnEmptyListAndNotNull(t *testing.T) {
	c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return nil })
	answer, err := c.HandleSQS(t.Context(), batch(sqsMessage("1", "x")))
	require.NoError(t, err)
	b, err := json.Marshal(answer)
	require.NoError(t, err)
	require.JSONEq(t, `{"batchItemFailures":[]}`, string(b))
}

func TestAnEventThatIsNoBatchIsAnError(t *testing.T) {
	c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return nil })
	_, err := c.HandleSQS(t.Context(), awsevents.SQSEvent{})
	require.ErrorContains(t, err, "no Records")
	_, err = c.HandleSQS(t.Context(), batch(sqsMessage("", "x")))
	require.ErrorContains(t, err, "record 0 has no messageId")
}

func TestMessageCarriesItsDelivery(t *testing.T) {
	var got messaging.Message[placed]
	var id, trace string
	c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[placed]) error {
		got, id, trace = m, correlation.ID(ctx), correlation.Trace(ctx)
		return nil
	}, func(o *messaging.ConsumerOptions) {
		o.Key = messaging.KeyOf(func(m messaging.Message[placed]) string { return m.Body.OrderID })
	})
	body := `{"orderId":"42","total":7}`
	m := sqsMessage("m-1", body, inGroup("g"), receives(3), withAttribute("correlationId", "c-1"), withAttribute("kind", "web"))
	m.Attributes["AWSTraceHeader"] = "Root=1-0;Parent=2;Sampled=1"
	require.Empty(t, failures(t, c, t.Context(), batch(m)))
	require.Equal(t, placed{"42", 7}, got.Body)
	require.Equal(t, "m-1", got.ID)
	require.Equal(t, "42", got.Key)
	require.Equal(t, "g", got.GroupID)
	require.Equal(t, 3, got.ReceiveCount)
	require.Equal(t, "web", got.Attributes.Get("kind"))
	require.Equal(t, time.Unix(946684800, 0).UTC(), got.SentAt)
	require.Equal(t, body, got.Raw)
	require.True(t, got.Deadline.IsZero())
	require.Equal(t, "c-1", id)
	require.Equal(t, "Root=1-0;Parent=2;Sampled=1", trace)
}

func TestOneLaneKeepsOrderAndStopsAtItsFirstFailure(t *testing.T) {
	for _, concurrency := range []int{1, 4} {
		t.Run(strconv.Itoa(concurrency), func(t *testing.T) {
			var mu sync.Mutex
			var ran []string
			var seen outcomes
			c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
				mu.Lock()
				defer mu.Unlock()
				ran = append(ran, m.ID)
				if m.Body == "fail" {
					return errors.New("no")
				}
				return nil
			}, seen.option, func(o *messaging.ConsumerOptions) { o.Concurrency = concurrency })
			ids := failures(t, c, t.Context(), batch(
				sqsMessage("a1", "ok", inGroup("a")), sqsMessage("b1", "ok", inGroup("b")), sqsMessage("a2", "fail", inGroup("a")),
				sqsMessage("a3", "ok", inGroup("a")), sqsMessage("b2", "ok", inGroup("b")),
			))
			require.Equal(t, []string{"a2", "a3"}, ids)
			require.NotContains(t, ran, "a3")
			require.Equal(t, messaging.VerdictBlocked, seen.verdict("a3"))
			require.ErrorIs(t, seen.all["a3"].Err, messaging.ErrBlocked)
			require.Equal(t, messaging.VerdictAcked, seen.verdict("b2"))
		})
	}
}

func TestGroupsOfAStandardQueueOrderNothing(t *testing.T) {
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		if m.Body == "fail" {
			return errors.New("no")
		}
		return nil
	})
	tenant := func(m *awsevents.SQSMessage) { m.Attributes["MessageGroupId"] = "tenant" }
	require.Equal(t, []string{"1"}, failures(t, c, t.Context(), batch(sqsMessage("1", "fail", tenant), sqsMessage("2", "ok", tenant))))
}

func TestLanesRunConcurrentlyUpToTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}, func(o *messaging.ConsumerOptions) { o.Concurrency = 3 })
		var event awsevents.SQSEvent
		for i := range 9 {
			event.Records = append(event.Records, sqsMessage(strconv.Itoa(i), "x"))
		}
		began := time.Now()
		require.Empty(t, failures(t, c, t.Context(), event))
		require.Equal(t, 3, most)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestPanicAndGoexitCostOneMessage(t *testing.T) {
	var seen outcomes
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		switch m.Body {
		case "panic":
			panic(errRefused)
		case "goexit":
			runtime.Goexit()
		}
		return nil
	}, seen.option)
	ids := failures(t, c, t.Context(), batch(sqsMessage("1", "panic"), sqsMessage("2", "goexit"), sqsMessage("3", "ok")))
	require.Equal(t, []string{"1", "2"}, ids)
	p, ok := errors.AsType[*messaging.PanicError](seen.all["1"].Err)
	require.True(t, ok)
	require.Contains(t, string(p.Stack), "consumer_test.go")
	require.ErrorIs(t, p, errRefused)
	require.ErrorContains(t, seen.all["2"].Err, "Goexit")
}

func TestAPanicWhileDecodingCostsOneMessage(t *testing.T) {
	c := messaging.NewConsumer(func(context.Context, messaging.Message[placed]) error { return nil }, func(o *messaging.ConsumerOptions) {
		o.Key = messaging.KeyOf(func(m messaging.Message[placed]) string {
			if m.Body.OrderID == "" {
				panic("no id")
			}
			return m.Body.OrderID
		})
	})
	require.Equal(t, []string{"1"}, failures(t, c, t.Context(), batch(sqsMessage("1", `{}`), sqsMessage("2", `{"orderId":"1"}`))))
}

func TestWhatCannotBeDecodedIsPoison(t *testing.T) {
	tests := []struct{ name, body, text string }{
		{"syntax", `{"orderId":`, "unexpected EOF"},
		{"kind", `{"total":"x"}`, "cannot unmarshal string"},
		{"null", ` null `, "the body is null"},
		{"empty", ``, "the body is empty"},
		{"rest", `{} {}`, "text after the JSON value"},
		{"invalid", `{"total":-1}`, "total is -1"},
		{"strict", `{"orderId":"1","extra":1}`, `unknown field "extra"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var seen outcomes
			c := messaging.NewConsumer(func(context.Context, messaging.Message[placed]) error { return nil },
				seen.option, func(o *messaging.ConsumerOptions) { o.Strict = true })
			require.Equal(t, []string{"1"}, failures(t, c, t.Context(), batch(sqsMessage("1", test.body))))
			require.Equal(t, messaging.VerdictPoisoned, seen.verdict("1"))
			require.ErrorContains(t, seen.all["1"].Err, "messaging: decode messaging_test.placed: ")
			require.ErrorContains(t, seen.all["1"].Err, test.text)
		})
	}
}

func TestDuplicatesInABatchShareOneFate(t *testing.T) {
	calls := map[string]int{}
	var seen outcomes
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[placed]) error {
		calls[m.ID]++
		if m.Body.OrderID == "bad" {
			return errors.New("no")
		}
		return nil
	}, seen.option, func(o *messaging.ConsumerOptions) {
		o.Key = messaging.KeyOf(func(m messaging.Message[placed]) string { return m.Body.OrderID })
	})
	ids := failures(t, c, t.Context(), batch(
		sqsMessage("1", `{"orderId":"a"}`), sqsMessage("2", `{"orderId":"a"}`), sqsMessage("1", `{"orderId":"a"}`),
		sqsMessage("3", `{"orderId":"a","total":2}`), // same key, other content: no duplicate
		sqsMessage("4", `{"orderId":"bad"}`), sqsMessage("5", `{"orderId":"bad"}`),
	))
	require.Equal(t, []string{"4", "5"}, ids)
	require.Equal(t, map[string]int{"1": 1, "3": 1, "4": 1}, calls)
	require.Equal(t, messaging.VerdictDuplicate, seen.verdict("2"))
	require.Equal(t, messaging.VerdictDuplicate, seen.verdict("5"))
	require.ErrorContains(t, seen.all["5"].Err, "duplicate of message 4 in the same batch, which was retried")
}

func TestDeadlineLeavesTheReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		var seen outcomes
		c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[string]) error {
			if m.Body == "hang" {
				<-ctx.Done()
				return ctx.Err()
			}
			require.Equal(t, began.Add(8*time.Second), m.Deadline)
			time.Sleep(3 * time.Second)
			return nil
		}, seen.option, func(o *messaging.ConsumerOptions) { o.Reserve = 2 * time.Second })
		ids := failures(t, c, ctx, batch(sqsMessage("1", "x"), sqsMessage("2", "x"), sqsMessage("3", "hang"), sqsMessage("4", "x")))
		require.Equal(t, []string{"3", "4"}, ids)
		require.Equal(t, messaging.VerdictRetried, seen.verdict("3"))
		require.Equal(t, messaging.VerdictUnstarted, seen.verdict("4"))
		require.ErrorIs(t, seen.all["4"].Err, messaging.ErrUnstarted)
		require.Equal(t, 8*time.Second, time.Since(began))
	})
}

func TestAHandlerThatIgnoresItsDeadlineIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		var seen outcomes
		c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
			if m.Body == "deaf" {
				time.Sleep(time.Minute)
			}
			return nil
		}, seen.option, func(o *messaging.ConsumerOptions) { o.Reserve = 2 * time.Second })
		ids := failures(t, c, ctx, batch(sqsMessage("1", "x"), sqsMessage("2", "deaf"), sqsMessage("3", "x")))
		require.Equal(t, []string{"2", "3"}, ids, "what was finished stays finished")
		require.Equal(t, messaging.VerdictAbandoned, seen.verdict("2"))
		require.Equal(t, 9*time.Second, time.Since(began), "half of the reserve is left to report")
		time.Sleep(time.Minute) // let the handler end, as the bubble demands
	})
}

func TestRetriesChangeVisibility(t *testing.T) {
	var client visibility
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		switch m.Body {
		case "after":
			return messaging.RetryAfter(90*time.Second, errRefused)
		case "day":
			return messaging.RetryAfter(24*time.Hour, errRefused)
		case "now":
			return messaging.RetryAfter(0, errRefused)
		case "poison":
			return messaging.Poison(errRefused)
		}
		return errRefused
	}, func(o *messaging.ConsumerOptions) {
		o.Client = &client
		o.Backoff = func(n int) time.Duration { return time.Duration(n) * 1500 * time.Millisecond }
	})
	ids := failures(t, c, t.Context(), batch(
		sqsMessage("1", "after"), sqsMessage("2", "fail", receives(3)), sqsMessage("3", "day", receives(2)), sqsMessage("4", "poison"),
		sqsMessage("5", "now"),
	))
	require.Len(t, ids, 5)
	require.Equal(t, "https://sqs.us-east-1.amazonaws.com/123456789012/orders", client.url)
	require.Equal(t, map[string]int32{"handle-1": 90, "handle-2": 5, "handle-3": 43200 - 360, "handle-5": 0}, client.seconds)
}

func TestFollowersComeBackTogetherWithTheFailedMessage(t *testing.T) {
	var client visibility
	c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error {
		return messaging.RetryAfter(time.Minute, errRefused)
	}, func(o *messaging.ConsumerOptions) { o.Client = &client; o.QueueURL = "http://queue.fifo" })
	failures(t, c, t.Context(), batch(sqsMessage("1", "x", inGroup("a")), sqsMessage("2", "x", inGroup("a"))))
	require.Equal(t, map[string]int32{"handle-1": 60, "handle-2": 60}, client.seconds)
	require.Equal(t, "http://queue.fifo", client.url)
}

func TestAFailedVisibilityChangeIsToldAndCostsNothing(t *testing.T) {
	var mu sync.Mutex
	var told []error
	client := visibility{entries: map[string]types.BatchResultErrorEntry{
		"handle-1": {Code: aws.String("ReceiptHandleIsInvalid"), Message: aws.String("gone"), SenderFault: true},
	}}
	c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return errRefused }, func(o *messaging.ConsumerOptions) {
		o.Client = &client
		o.OnError = func(_ context.Context, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, err)
		}
	})
	var event awsevents.SQSEvent
	for i := range 12 {
		event.Records = append(event.Records, sqsMessage(strconv.Itoa(i), "x"))
	}
	require.Len(t, failures(t, c, t.Context(), event), 12)
	require.Equal(t, 2, client.calls)
	require.Len(t, told, 1)
	require.EqualError(t, told[0], "messaging: change visibility of message 1: ReceiptHandleIsInvalid: gone")

	client.fail, told = errRefused, nil
	require.Len(t, failures(t, c, t.Context(), event), 12)
	require.Len(t, told, 2)
	require.ErrorIs(t, told[0], errRefused)
}

type parker struct {
	letters []messaging.Letter
	fail    error
}

func (p *parker) Park(_ context.Context, l messaging.Letter) error {
	if p.fail != nil {
		return p.fail
	}
	p.letters = append(p.letters, l)
	return nil
}

func TestPoisonIsParkedAndThenAcknowledged(t *testing.T) {
	var dlq parker
	var seen outcomes
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[placed]) error {
		if m.Body.OrderID == "fail" {
			return errRefused
		}
		return messaging.Poison(errRefused)
	}, seen.option, func(o *messaging.ConsumerOptions) { o.DeadLetter = &dlq; o.MaxReceives = 3 })
	ids := failures(t, c, t.Context(), batch(
		sqsMessage("1", `{}`), sqsMessage("2", `nonsense`), sqsMessage("3", `{"orderId":"fail"}`, receives(2)),
		sqsMessage("4", `{"orderId":"fail"}`, receives(3)),
	))
	require.Equal(t, []string{"3"}, ids)
	require.Len(t, dlq.letters, 3)
	require.Equal(t, "nonsense", dlq.letters[1].Body)
	require.Equal(t, queueARN, dlq.letters[1].QueueARN)
	require.Equal(t, messaging.VerdictParked, seen.verdict("4"))

	dlq.fail = errors.New("queue is gone")
	require.Equal(t, []string{"1"}, failures(t, c, t.Context(), batch(sqsMessage("1", `{}`))))
	require.Equal(t, messaging.VerdictRetried, seen.verdict("1"))
	require.ErrorContains(t, seen.all["1"].Err, "queue is gone")
	require.ErrorIs(t, seen.all["1"].Err, errRefused)
}

func TestPanicsOfTheCallersFunctionsCostNothingElse(t *testing.T) {
	var told []error
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		if m.Body == "ok" {
			return nil
		}
		return errRefused
	}, func(o *messaging.ConsumerOptions) {
		o.Classify = func(error) error { panic("classify") }
		o.OnOutcome = func(context.Context, messaging.Outcome) { panic("outcome") }
		o.OnError = func(_ context.Context, err error) { told = append(told, err) }
	})
	require.Equal(t, []string{"1"}, failures(t, c, t.Context(), batch(sqsMessage("1", "x"), sqsMessage("2", "ok"))))
	require.Len(t, told, 2)
	require.EqualError(t, told[0], "messaging: panic: outcome")
}

func TestGoexitOfTheCallersFunctionsCostsOneMessage(t *testing.T) {
	for name, option := range map[string]func(*messaging.ConsumerOptions){
		"key": func(o *messaging.ConsumerOptions) {
			o.Key = messaging.KeyOf(func(m messaging.Message[string]) string {
				if m.Body == "x" {
					runtime.Goexit()
				}
				return m.Body
			})
		},
		"classify": func(o *messaging.ConsumerOptions) { o.Classify = func(error) error { runtime.Goexit(); return nil } },
	} {
		t.Run(name, func(t *testing.T) {
			c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
				if m.Body == "x" {
					return errRefused
				}
				return nil
			}, option)
			require.Equal(t, []string{"2"}, failures(t, c, t.Context(), batch(sqsMessage("1", "a"), sqsMessage("2", "x"), sqsMessage("3", "b"))))
		})
	}
}

// laterError answers errors.As without having the method itself.
type laterError struct{ error }

func (s laterError) As(target any) bool {
	p, ok := target.(*interface{ RetryAfter() time.Duration })
	if ok {
		*p = busyError{9 * time.Second}
	}
	return ok
}

func TestRetryAfterIsFoundAsErrorsAsFindsIt(t *testing.T) {
	var seen outcomes
	c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error {
		return fmt.Errorf("outer: %w", laterError{errRefused})
	}, seen.option)
	failures(t, c, t.Context(), batch(sqsMessage("1", "x")))
	require.Equal(t, 9*time.Second, seen.all["1"].Delay)
}

func TestOneConsumerServesManyInvocations(t *testing.T) {
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
		if m.Body == "fail" {
			return errRefused
		}
		return nil
	}, func(o *messaging.ConsumerOptions) { o.Concurrency = 4 })
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				answer, err := c.HandleSQS(t.Context(), batch(sqsMessage("1", "ok"), sqsMessage("2", "fail", inGroup("g")), sqsMessage("3", "ok", inGroup("g")), sqsMessage("4", "ok")))
				if err != nil || len(answer.BatchItemFailures) != 2 {
					t.Error(err, answer)
				}
			}
		})
	}
	wg.Wait()
}

// heldError is a foreign error that is no failure of the message.
type heldError struct{ busyError }

func (heldError) Blameless() bool { return true }

// asError answers errors.As with the error inside, whose methods it hides.
type asError struct{ inside error }

func (e asError) Error() string { return "outside" }

func (e asError) As(target any) bool {
	switch p := target.(type) {
	case *interface{ RetryAfter() time.Duration }:
		v, ok := e.inside.(interface{ RetryAfter() time.Duration })
		*p = v
		return ok
	case *interface{ Blameless() bool }:
		v, ok := e.inside.(interface{ Blameless() bool })
		*p = v
		return ok
	}
	return false
}

func TestInProgressElsewhereIsNoFailureOfTheMessage(t *testing.T) {
	var dlq parker
	held := map[string]error{
		"held": heldError{busyError{time.Second}}, "wrapped": fmt.Errorf("outer: %w", heldError{busyError{time.Second}}),
		"typed": &idempotency.InProgressError{Key: "k"}, "as": asError{heldError{busyError{time.Second}}},
		"joined": errors.Join(errRefused, &idempotency.InProgressError{Key: "k"}),
	}
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error { return held[m.Body] },
		func(o *messaging.ConsumerOptions) { o.DeadLetter, o.MaxReceives = &dlq, 3 })
	var event awsevents.SQSEvent
	for name := range held {
		event.Records = append(event.Records, sqsMessage(name, name, receives(300)))
	}
	require.Len(t, failures(t, c, t.Context(), event), len(held))
	require.Empty(t, dlq.letters)
}

func TestMaxReceivesHoldsForErrorsThatAskForARetry(t *testing.T) {
	var dlq parker
	ask := map[string]error{
		"ours": messaging.RetryAfter(time.Second, errRefused), "foreign": busyError{time.Second}, "wrapped": fmt.Errorf("outer: %w", busyError{time.Second}),
		"joined": errors.Join(errRefused, busyError{time.Second}), "as": asError{busyError{time.Second}},
		"ours around held": messaging.RetryAfter(time.Second, heldError{busyError{time.Second}}),
	}
	c := messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error { return ask[m.Body] },
		func(o *messaging.ConsumerOptions) { o.DeadLetter, o.MaxReceives = &dlq, 3 })
	for n := 1; n <= 4; n++ {
		dlq.letters = nil
		var event awsevents.SQSEvent
		for name := range ask {
			event.Records = append(event.Records, sqsMessage(name, name, receives(n)))
		}
		failed := failures(t, c, t.Context(), event)
		if n < 3 {
			require.Len(t, failed, len(ask))
			require.Empty(t, dlq.letters)
		} else {
			require.Empty(t, failed)
			require.Len(t, dlq.letters, len(ask))
		}
	}
}

// A provider that is always busy was asked for ever.
func TestAProviderThatIsAlwaysBusyEndsAmongTheDeadLetters(t *testing.T) {
	for _, queueName := range []string{"calls", "calls.fifo"} {
		t.Run(queueName, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				queues := messagingtest.NewSQS(t)
				suffix := queueName[len("calls"):]
				dead := queues.NewQueue("dead"+suffix, nil)
				calls := queues.NewQueue(queueName, map[string]string{"VisibilityTimeout": "60"})
				_, err := messaging.NewQueue[string](queues.Client(), calls.URL()).Send(t.Context(), "x", func(o *messaging.SendOptions) {
					if suffix != "" {
						o.GroupID, o.DeduplicationID = "g", "1"
					}
				})
				require.NoError(t, err)
				tries := 0
				c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error {
					tries++
					return busyError{time.Minute}
				}, func(o *messaging.ConsumerOptions) {
					o.Client, o.MaxReceives = queues.Client(), 5
					o.DeadLetter = messaging.NewDeadLetterQueue(queues.Client(), dead.URL())
				})
				mapping := queues.NewMapping(queueName, messagingtest.Func(c.HandleSQS), func(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true })
				require.NoError(t, mapping.Drain(t.Context()))
				require.Equal(t, 5, tries)
				require.Equal(t, 1, dead.Visible())
			})
		})
	}
}

func TestWithoutAReserveTheDeadlineIsThatOfTheInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		deadline, _ := ctx.Deadline()
		c := messaging.NewConsumer(func(ctx context.Context, m messaging.Message[string]) error {
			got, _ := ctx.Deadline()
			require.Equal(t, deadline, got)
			require.Equal(t, deadline, m.Deadline)
			return nil
		}, func(o *messaging.ConsumerOptions) { o.Reserve = -1 })
		require.Empty(t, failures(t, c, ctx, batch(sqsMessage("1", "x"))))

		short, cancelShort := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancelShort()
		began := time.Now()
		c = messaging.NewConsumer(func(_ context.Context, m messaging.Message[string]) error {
			require.Equal(t, began.Add(1500*time.Millisecond), m.Deadline, "the reserve is at most a quarter of what is left")
			return nil
		})
		require.Empty(t, failures(t, c, short, batch(sqsMessage("1", "x"))))
	})
}

func TestADeadlineThatIsOverStartsNothing(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Minute))
	defer cancel()
	c := messaging.NewConsumer(func(context.Context, messaging.Message[string]) error { return nil })
	require.Equal(t, []string{"1"}, failures(t, c, ctx, batch(sqsMessage("1", "x"))))
}

func TestNewConsumerPanicsOnProgrammingErrors(t *testing.T) {
	handle := func(context.Context, messaging.Message[placed]) error { return nil }
	require.PanicsWithValue(t, "messaging: NewConsumer: the handler is nil", func() { messaging.NewConsumer[placed](nil) })
	require.PanicsWithValue(t, "messaging: NewConsumer: the key function is a func(messaging.Message[string]) string, the handler needs a func(Message[messaging_test.placed]) string",
		func() {
			messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) {
				o.Key = messaging.KeyOf(func(messaging.Message[string]) string { return "" })
			})
		})
	require.PanicsWithValue(t, "messaging: NewConsumer: Concurrency is -1 and must be 1 or more; MaxReceives needs a DeadLetter to park messages in",
		func() {
			messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) { o.Concurrency, o.MaxReceives = -1, 2 })
		})
}
