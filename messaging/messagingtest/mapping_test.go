package messagingtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
)

func reporting(o *messagingtest.MappingOptions) { o.ReportBatchItemFailures = true }

func TestDrainRetriesUntilDeadLettered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		dlq := queues.NewQueue("dead", nil)
		f := &fixture{t, queues, queues.NewQueue("orders", map[string]string{"RedrivePolicy": messagingtest.RedriveTo(dlq, 3)}), queues.Client()}
		f.send("good", "bad", "fine")
		calls := map[string]int{}
		handler := func(_ context.Context, e awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
			var out awsevents.SQSEventResponse
			for _, r := range e.Records {
				calls[r.Body]++
				if r.Body == "bad" {
					out.BatchItemFailures = append(out.BatchItemFailures, awsevents.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
				}
			}
			return out, nil
		}
		start := time.Now()
		mapping := queues.NewMapping("orders", messagingtest.Func(handler), reporting)
		require.NoError(t, mapping.Drain(ctx))
		require.Equal(t, 90*time.Second, time.Since(start), "three visibility timeouts")
		require.Equal(t, map[string]int{"good": 1, "bad": 3, "fine": 1}, calls)
		require.Zero(t, f.queue.Depth())
		require.Equal(t, []string{"bad"}, dlq.Bodies())
		require.ErrorIs(t, mapping.Failures()[dlq.Messages()[0].ID], messagingtest.ErrReported)
	})
}

// TestBatchResponses is Lambda's table of answers to a batch of two.
func TestBatchResponses(t *testing.T) {
	cases := map[string]struct {
		response string // %0 and %1 are the MessageIds
		deleted  []string
	}{
		"empty list":            {`{"batchItemFailures":[]}`, []string{"a", "b"}},
		"null list":             {`{"batchItemFailures":null}`, []string{"a", "b"}},
		"empty answer":          {``, []string{"a", "b"}},
		"null answer":           {`null`, []string{"a", "b"}},
		"empty object":          {`{}`, []string{"a", "b"}},
		"wrong casing":          {`{"BatchItemFailures":[{"itemIdentifier":"%0"}]}`, []string{"a", "b"}},
		"bare list":             {`[{"itemIdentifier":"%0"}]`, []string{"a", "b"}},
		"one of them":           {`{"batchItemFailures":[{"itemIdentifier":"%0"}]}`, []string{"b"}},
		"both":                  {`{"batchItemFailures":[{"itemIdentifier":"%0"},{"itemIdentifier":"%1"}]}`, nil},
		"one of them twice":     {`{"batchItemFailures":[{"itemIdentifier":"%1"},{"itemIdentifier":"%1"}]}`, []string{"a"}},
		"not JSON":              {`{"batchItemFailures":`, nil},
		"empty identifier":      {`{"batchItemFailures":[{"itemIdentifier":""}]}`, nil},
		"null identifier":       {`{"batchItemFailures":[{"itemIdentifier":null}]}`, nil},
		"bad key":               {`{"batchItemFailures":[{"foo":"notvalid"}]}`, nil},
		"wrong casing of entry": {`{"batchItemFailures":[{"ItemIdentifier":"%0"}]}`, nil},
		"unknown identifier":    {`{"batchItemFailures":[{"itemIdentifier":"%0"},{"itemIdentifier":"other"}]}`, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, "orders", nil)
				f.send("a", "b")
				before := f.queue.Messages()
				done, cancel := context.WithCancel(ctx)
				defer cancel()
				mapping := f.sqs.NewMapping(f.queue.URL(), func(context.Context, []byte) ([]byte, error) {
					cancel()
					return []byte(strings.NewReplacer("%0", before[0].ID, "%1", before[1].ID).Replace(c.response)), nil
				}, reporting)
				require.NoError(t, mapping.Run(done))
				var deleted []string
				for _, m := range before {
					if !slices.Contains(f.queue.Bodies(), m.Body) {
						deleted = append(deleted, m.Body)
					}
				}
				require.Equal(t, c.deleted, deleted)
			})
		})
	}
}

// TestReportsWithoutTheSettingAreIgnored has the mistake that loses messages:
// the function names its failures, and the mapping does not ask for them. The
// messages are deleted, as Lambda does, and the test fails.
func TestReportsWithoutTheSettingAreIgnored(t *testing.T) {
	for name, c := range map[string]struct {
		queue  string
		report func(id string) string // of one message; "" for none
		errors int
	}{
		"all failed":         {"orders", func(id string) string { return `{"itemIdentifier":"` + id + `"}` }, 1},
		"all failed, FIFO":   {"orders.fifo", func(id string) string { return `{"itemIdentifier":"` + id + `"}` }, 1},
		"an unknown message": {"orders", func(string) string { return `{"itemIdentifier":"nobody"}` }, 1},
		"without identifier": {"orders", func(string) string { return `{"itemIdentifier":""}` }, 1},
		"an empty report":    {"orders", func(string) string { return "" }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tb := &recorder{}
				queues := messagingtest.NewSQS(tb)
				queue := queues.NewQueue(c.queue, nil)
				deliver := queue.Deliver
				if strings.HasSuffix(c.queue, ".fifo") {
					deliver = queue.DeliverGroup("g")
				}
				require.NoError(t, deliver(ctx, []byte("a")))
				require.NoError(t, deliver(ctx, []byte("b")))
				calls := 0
				mapping := queues.NewMapping(c.queue, messagingtest.Func(func(_ context.Context, e awsevents.SQSEvent) (json.RawMessage, error) {
					var failed []string
					if calls++; calls == 1 { // so that it ends, should they come again
						for _, r := range e.Records {
							if one := c.report(r.MessageId); one != "" {
								failed = append(failed, one)
							}
						}
					}
					return json.RawMessage(`{"batchItemFailures":[` + strings.Join(failed, ",") + `]}`), nil
				}))
				require.NoError(t, mapping.Drain(ctx))
				require.Equal(t, 1, calls)
				require.Zero(t, queue.Depth(), "they are deleted")
				require.Empty(t, mapping.Failures())
				require.Len(t, tb.errors, c.errors)
				for _, text := range tb.errors {
					require.Contains(t, text, "mapping of "+c.queue)
					require.Contains(t, text, "Set MappingOptions.ReportBatchItemFailures")
				}
			})
		})
	}
}

func TestFunctionFailuresFailTheBatch(t *testing.T) {
	broken := errors.New("broken")
	cases := map[string]struct {
		handler func(context.Context) error
		want    func(t *testing.T, err error)
	}{
		"error": {func(context.Context) error { return broken }, func(t *testing.T, err error) { t.Helper(); require.ErrorIs(t, err, broken) }},
		"panic": {func(context.Context) error { panic("boom") }, func(t *testing.T, err error) {
			t.Helper()
			var p *messagingtest.PanicError
			require.ErrorAs(t, err, &p)
			require.Equal(t, "boom", p.Value)
			require.Contains(t, string(p.Stack), "mapping_test.go")
		}},
		"goexit": {func(context.Context) error { runtime.Goexit(); return nil }, func(t *testing.T, err error) {
			t.Helper()
			require.ErrorIs(t, err, messagingtest.ErrExited)
		}},
		"time-out": {func(ctx context.Context) error { <-ctx.Done(); return nil }, func(t *testing.T, err error) {
			t.Helper()
			require.ErrorIs(t, err, messagingtest.ErrTimedOut)
		}},
		"time-out ignored": {func(context.Context) error { time.Sleep(time.Minute); return nil }, func(t *testing.T, err error) {
			t.Helper()
			require.ErrorIs(t, err, messagingtest.ErrTimedOut)
			require.ErrorContains(t, err, "after 3.00 seconds")
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, "orders", nil)
				f.send("a", "b")
				ids := []string{f.queue.Messages()[0].ID, f.queue.Messages()[1].ID}
				var invocations []messagingtest.Invocation
				var called atomic.Bool
				mapping := f.sqs.NewMapping("orders", messagingtest.Event(func(ctx context.Context, _ awsevents.SQSEvent) error {
					if !called.Swap(true) {
						return c.handler(ctx)
					}
					return nil
				}), func(o *messagingtest.MappingOptions) {
					o.FunctionTimeout = 3 * time.Second
					o.OnInvoke = func(i messagingtest.Invocation) { invocations = append(invocations, i) }
				})
				require.NoError(t, mapping.Drain(ctx))
				require.Len(t, invocations, 2)
				require.Equal(t, ids, invocations[0].Failed)
				c.want(t, invocations[0].Err)
				c.want(t, mapping.Failures()[ids[0]])
				require.Empty(t, invocations[1].Failed)
				require.Equal(t, 30*time.Second, invocations[1].Start.Sub(invocations[0].Start))
			})
		})
	}
}

func TestPayload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		f := &fixture{t, queues, queues.NewQueue("orders.fifo", nil), queues.Client()}
		f.sendGroup("g", `{"n":1}`)
		mapping := queues.NewMapping("orders.fifo", func(ctx context.Context, payload []byte) ([]byte, error) {
			var e struct {
				Records []map[string]any
			}
			require.NoError(t, json.Unmarshal(payload, &e))
			r := e.Records[0]
			require.NotEmpty(t, r["receiptHandle"])
			delete(r, "receiptHandle")
			id := f.queue.Messages()[0].ID
			require.Equal(t, map[string]any{
				"messageId": id,
				"body":      `{"n":1}`,
				"attributes": map[string]any{
					"ApproximateReceiveCount": "1", "SentTimestamp": "946684800000", "SenderId": "AIDAEXAMPLESENDERID00",
					"ApproximateFirstReceiveTimestamp": "946684800000", "MessageGroupId": "g",
					"MessageDeduplicationId": `g{"n":1}`, "SequenceNumber": "18800000000000000256",
				},
				"messageAttributes": map[string]any{},
				"md5OfBody":         digest(`{"n":1}`),
				"eventSource":       "aws:sqs",
				"eventSourceARN":    "arn:aws:sqs:us-east-1:123456789012:orders.fifo",
				"awsRegion":         "us-east-1",
			}, r)
			lc, ok := lambdacontext.FromContext(ctx)
			require.True(t, ok)
			require.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:ship", lc.InvokedFunctionArn)
			deadline, _ := ctx.Deadline()
			require.Equal(t, 30*time.Second, time.Until(deadline))
			return nil, nil
		}, func(o *messagingtest.MappingOptions) { o.FunctionName = "ship" })
		require.NoError(t, mapping.Drain(ctx))
	})
}

func TestFiltersDeleteWhatTheyDoNotMatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send(`{"kind":"book","n":1}`, `{"kind":"toy"}`, "plain", `{"kind":"book","n":2}`)
		var got []string
		start := time.Now()
		mapping := f.sqs.NewMapping("orders", messagingtest.Event(func(_ context.Context, e awsevents.SQSEvent) error {
			for _, r := range e.Records {
				got = append(got, r.Body)
			}
			return nil
		}), func(o *messagingtest.MappingOptions) { o.Filters = []string{`{"body":{"kind":["book"]}}`} })
		require.NoError(t, mapping.Drain(ctx))
		require.Equal(t, []string{`{"kind":"book","n":1}`, `{"kind":"book","n":2}`}, got)
		require.Zero(t, f.queue.Depth())
		require.Zero(t, time.Since(start), "deleted at once, not when their retention ended")
	})
}

func TestBatchingWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send("0")
		for i := range 3 {
			time.AfterFunc(time.Duration(i+1)*4*time.Second, func() { f.send("later") })
		}
		var sizes []int
		var at []time.Duration
		start := time.Now()
		running, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		mapping := f.sqs.NewMapping("orders", messagingtest.Event(func(_ context.Context, e awsevents.SQSEvent) error {
			sizes, at = append(sizes, len(e.Records)), append(at, time.Since(start))
			return nil
		}), func(o *messagingtest.MappingOptions) { o.BatchSize, o.MaximumBatchingWindow = 100, 10*time.Second })
		require.NoError(t, mapping.Run(running))
		require.Equal(t, []int{3, 1}, sizes)
		require.Equal(t, []time.Duration{10 * time.Second, 22 * time.Second}, at)
	})
}

func TestBatchesSplitAtSixMegabytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		for range 8 {
			f.send(strings.Repeat("x", 1<<20-100))
		}
		var sizes []int
		mapping := f.sqs.NewMapping("orders", func(_ context.Context, payload []byte) ([]byte, error) {
			require.LessOrEqual(t, len(payload), 6<<20)
			sizes = append(sizes, strings.Count(string(payload), "eventSourceARN"))
			return nil, nil
		}, func(o *messagingtest.MappingOptions) { o.MaximumConcurrency = 1 })
		require.NoError(t, mapping.Drain(ctx))
		require.Equal(t, []int{5, 3}, sizes)
	})
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send("1", "2", "3", "4", "5", "6")
		var running, most atomic.Int32
		mapping := f.sqs.NewMapping("orders", messagingtest.Event(func(context.Context, awsevents.SQSEvent) error {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			return nil
		}), func(o *messagingtest.MappingOptions) { o.BatchSize, o.MaximumConcurrency = 1, 3 })
		start := time.Now()
		require.NoError(t, mapping.Drain(ctx))
		require.EqualValues(t, 3, most.Load())
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestMappingRefusesWhatLambdaRefuses(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	queues.NewQueue("q", nil)
	queues.NewQueue("q.fifo", nil)
	cases := map[string]struct {
		queue string
		set   func(*messagingtest.MappingOptions)
		want  string
	}{
		"no queue":         {"none", func(*messagingtest.MappingOptions) {}, "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."},
		"no window":        {"q", func(o *messagingtest.MappingOptions) { o.BatchSize = 11 }, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"},
		"FIFO window":      {"q.fifo", func(o *messagingtest.MappingOptions) { o.MaximumBatchingWindow = time.Second }, "Batching window is not supported for FIFO queues"},
		"FIFO batch":       {"q.fifo", func(o *messagingtest.MappingOptions) { o.BatchSize = 11 }, "Batch size for a FIFO queue must be between 1 and 10"},
		"function timeout": {"q", func(o *messagingtest.MappingOptions) { o.FunctionTimeout = time.Minute }, "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := queues.NewMapping(c.queue, messagingtest.Event(func(context.Context, awsevents.SQSEvent) error { return nil }), c.set)
			require.ErrorContains(t, m.Drain(ctx), c.want)
			require.ErrorContains(t, m.Run(ctx), c.want)
		})
	}
	options := map[string]func(*messagingtest.MappingOptions){
		"Batch size must be between 1 and 10000, got 10001.": func(o *messagingtest.MappingOptions) { o.BatchSize = 10_001 },
		"Maximum batch window must be between 0 and 300":     func(o *messagingtest.MappingOptions) { o.MaximumBatchingWindow = time.Hour },
		"Maximum concurrency must be between 2 and 1000":     func(o *messagingtest.MappingOptions) { o.MaximumConcurrency = -1 },
		"Function timeout must be between 1 and 900 seconds": func(o *messagingtest.MappingOptions) { o.FunctionTimeout = time.Hour },
		"A mapping takes at most 10 filters, got 11.":        func(o *messagingtest.MappingOptions) { o.Filters = slices.Repeat([]string{`{"body":["x"]}`}, 11) },
		"Invalid filter pattern definition.":                 func(o *messagingtest.MappingOptions) { o.Filters = []string{`{"body":"x"}`} },
	}
	for want, set := range options {
		t.Run(want, func(t *testing.T) {
			defer func() {
				text, _ := recover().(string)
				require.Contains(t, text, "messagingtest: mapping of q: ")
				require.Contains(t, text, want)
			}()
			queues.NewMapping("q", messagingtest.Event(func(context.Context, awsevents.SQSEvent) error { return nil }), set)
		})
	}
}

func TestDrainWaitsForDelaysAndOtherConsumers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "orders", nil)
		f.send("held")
		f.receive()
		_, err := f.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: f.url(), MessageBody: aws.String("delayed"), DelaySeconds: 60})
		require.NoError(t, err)
		start := time.Now()
		var at []time.Duration
		mapping := f.sqs.NewMapping("orders", messagingtest.Event(func(context.Context, awsevents.SQSEvent) error {
			at = append(at, time.Since(start))
			return nil
		}))
		require.NoError(t, mapping.Drain(ctx))
		require.Equal(t, []time.Duration{30 * time.Second, 60 * time.Second}, at)

		ended, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		f.send("held")
		f.receive()
		require.ErrorIs(t, mapping.Drain(ended), context.DeadlineExceeded)
	})
}

func TestMappingOnFIFOBlocksTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := messagingtest.NewSQS(t)
		f := &fixture{t, queues, queues.NewQueue("orders.fifo", nil), queues.Client()}
		f.sendGroup("a", "a1", "a2")
		f.sendGroup("b", "b1", "b2")
		start := time.Now()
		var log []string
		failed := false
		mapping := queues.NewMapping("orders.fifo", messagingtest.Func(func(_ context.Context, e awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
			r := e.Records[0]
			log = append(log, r.Body+"@"+time.Since(start).String())
			if r.Body == "a1" && !failed {
				failed = true
				return awsevents.SQSEventResponse{BatchItemFailures: []awsevents.SQSBatchItemFailure{{ItemIdentifier: r.MessageId}}}, nil
			}
			return awsevents.SQSEventResponse{}, nil
		}), reporting, func(o *messagingtest.MappingOptions) { o.BatchSize, o.MaximumConcurrency = 1, 1 })
		require.NoError(t, mapping.Drain(ctx))
		require.Equal(t, []string{"a1@0s", "b1@0s", "b2@0s", "a1@30s", "a2@30s"}, log)
	})
}

func TestDeliver(t *testing.T) {
	type order struct{ ID string }
	handler := func(_ context.Context, e awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
		var out awsevents.SQSEventResponse
		for _, r := range e.Records {
			if r.Body != `{"ID":"42"}` {
				out.BatchItemFailures = append(out.BatchItemFailures, awsevents.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
			}
		}
		return out, nil
	}
	messagingtest.Deliver(t, handler, order{"42"}).RequireAcked()
	d := messagingtest.Deliver(t, handler, `{"ID":"42"}`, []byte("junk"), messagingtest.Message{Body: "x", Attributes: map[string]string{"k": "v"}, ReceiveCount: 3})
	d.RequireAcked(0).RequireFailed(1, 2)
	require.Equal(t, "3", d.Event.Records[2].Attributes["ApproximateReceiveCount"])
	require.Equal(t, "v", *d.Event.Records[2].MessageAttributes["k"].StringValue)

	broken := func(context.Context, awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
		return awsevents.SQSEventResponse{}, errors.New("broken")
	}
	tb := &recorder{}
	messagingtest.Deliver(tb, broken, "a").RequireFailed().RequireAcked(0)
	messagingtest.Deliver(tb, handler, order{"42"}).RequireAcked(0, 1).RequireFailed(-1, 0)
	require.Equal(t, []string{
		"messagingtest: message 0 was not acknowledged: broken\n  a",
		"messagingtest: RequireAcked: the batch has no message 1: it has 1 message, counted from 0",
		"messagingtest: RequireFailed: the batch has no message -1: it has 1 message, counted from 0",
		"messagingtest: message 0 was acknowledged\n  {\"ID\":\"42\"}",
	}, tb.errors)
	for want, call := range map[string]func(){
		"messagingtest: message 0 was not acknowledged: broken\n  a":                          func() { messagingtest.Deliver(nil, broken, "a").RequireAcked() },
		"messagingtest: message 0 was acknowledged\n  {\"ID\":\"42\"}":                        func() { messagingtest.Deliver((*testing.T)(nil), handler, order{"42"}).RequireFailed() },
		"messagingtest: Acked: the batch has no message 2: it has 2 messages, counted from 0": func() { messagingtest.Deliver(nil, broken, "a", "b").Acked(2) },
		"messagingtest: Acked: the batch has no message 0: it has 0 messages, counted from 0": func() { new(messagingtest.Delivery).Acked(0) },
	} {
		require.PanicsWithValue(t, want, call)
	}
}

func TestDrainAll(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	first, second := queues.NewQueue("first", nil), queues.NewQueue("second", nil)
	var log []string
	forward := func(to *messagingtest.Queue, until int) func(context.Context, []byte) ([]byte, error) {
		return messagingtest.Event(func(ctx context.Context, e awsevents.SQSEvent) error {
			for _, r := range e.Records {
				log = append(log, r.Body)
				if len(r.Body) < until {
					return to.Deliver(ctx, []byte(r.Body+"."))
				}
			}
			return nil
		})
	}
	require.NoError(t, first.Deliver(ctx, []byte(".")))
	require.NoError(t, messagingtest.DrainAll(ctx, queues.NewMapping("second", forward(first, 4)), queues.NewMapping("first", forward(second, 4))))
	require.Equal(t, []string{".", "..", "...", "...."}, log)
}
