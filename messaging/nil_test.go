package messaging_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/claimcheck"
)

func TestConstructorsNameWhatIsNil(t *testing.T) {
	handle := func(context.Context, messaging.Message[string]) error { return nil }
	for text, construct := range map[string]func(){
		"messaging: NewQueue: the client is nil":           func() { messaging.NewQueue[string](nil, "q") },
		"messaging: NewTopic: the client is nil":           func() { messaging.NewTopic[string](nil, "arn") },
		"messaging: NewDeadLetterQueue: the client is nil": func() { messaging.NewDeadLetterQueue(nil, "q") },
		"messaging: NewConsumer: the handler is nil":       func() { messaging.NewConsumer[string](nil) },
		"messaging: NewConsumer: DeadLetter is a nil *messaging.DeadLetterQueue": func() {
			messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) { o.DeadLetter = (*messaging.DeadLetterQueue)(nil) })
		},
		"messaging: NewQueue: Bodies is a nil *claimcheck.Store": func() {
			messaging.NewQueue(&sqs.Client{}, "q", func(o *messaging.QueueOptions[string]) { o.Bodies = (*claimcheck.Store)(nil) })
		},
		"messaging: NewTopic: Bodies is a nil *claimcheck.Store": func() {
			messaging.NewTopic(&sns.Client{}, "arn", func(o *messaging.TopicOptions[string]) { o.Bodies = (*claimcheck.Store)(nil) })
		},
		"messaging: NewDeadLetterQueue: Bodies is a nil *claimcheck.Store": func() {
			messaging.NewDeadLetterQueue(&sqs.Client{}, "q", func(o *messaging.DeadLetterQueueOptions) { o.Bodies = (*claimcheck.Store)(nil) })
		},
		"messaging: NewConsumer: Client is a nil *sqs.Client": func() {
			messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) { o.Client = (*sqs.Client)(nil) })
		},
		"messaging: NewConsumer: the key function is nil": func() {
			messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) { o.Key = messaging.KeyOf[string](nil) })
		},
		"messaging: mux: there is no function to tell the type; there is no route": func() { messaging.MustMux(nil) },
		"messaging: mux: there is no route":                                        func() { messaging.MustMux(messaging.ByAttribute("type")) },
		"messaging: mux: route \"a\" has no handler":                               func() { messaging.MustMux(messaging.ByAttribute("type"), messaging.OnType[string]("a", nil)) },
		"messaging: mux: route 1 has no handler":                                   func() { messaging.MustMux(messaging.ByAttribute("type"), messaging.Otherwise(nil)) },
		"messaging: NewQueue: the client is a nil *sqs.Client":                     func() { messaging.NewQueue[string]((*sqs.Client)(nil), "q") },
		"messaging: NewTopic: the client is a nil *sns.Client":                     func() { messaging.NewTopic[string]((*sns.Client)(nil), "arn") },
		"claimcheck: New: the client is a nil *s3.Client":                          func() { claimcheck.New((*s3.Client)(nil), "b") },
	} {
		require.PanicsWithValue(t, text, construct)
	}
}

// An empty name is most often a missing environment variable.
func TestConstructorsRefuseEmptyNamesAndNegativeNumbers(t *testing.T) {
	handle := func(context.Context, messaging.Message[string]) error { return nil }
	queues, topics := &sqs.Client{}, &sns.Client{}
	consumer := func(option func(*messaging.ConsumerOptions)) func() {
		return func() { messaging.NewConsumer(handle, option) }
	}
	for text, construct := range map[string]func(){
		"messaging: NewQueue: the queue URL is empty":           func() { messaging.NewQueue[string](queues, "") },
		"messaging: NewTopic: the topic ARN is empty":           func() { messaging.NewTopic[string](topics, "") },
		"messaging: NewDeadLetterQueue: the queue URL is empty": func() { messaging.NewDeadLetterQueue(queues, "") },
		"messaging: NewQueue: MaxAttempts is -1 and must be 0 or more": func() {
			messaging.NewQueue(queues, "q", func(o *messaging.QueueOptions[string]) { o.MaxAttempts = -1 })
		},
		"messaging: NewTopic: MaxAttempts is -1 and must be 0 or more; MaxSize is -1 and must be 0 or more": func() {
			messaging.NewTopic(topics, "arn", func(o *messaging.TopicOptions[string]) { o.MaxSize, o.MaxAttempts = -1, -1 })
		},
		"messaging: NewTopic: MaxSize is 1048577 and must be 1048576 or less": func() {
			messaging.NewTopic(topics, "arn", func(o *messaging.TopicOptions[string]) { o.MaxSize = 1<<20 + 1 })
		},
		"messaging: NewDeadLetterQueue: MaxSize is -1 and must be 0 or more": func() {
			messaging.NewDeadLetterQueue(queues, "q", func(o *messaging.DeadLetterQueueOptions) { o.MaxSize = -1 })
		},
		"messaging: NewDeadLetterQueue: MaxSize is 1048577 and must be 1048576 or less": func() {
			messaging.NewDeadLetterQueue(queues, "q", func(o *messaging.DeadLetterQueueOptions) { o.MaxSize = 1<<20 + 1 })
		},
		"messaging: NewConsumer: Reserve is -1s: only -1 disables it; Grace is -2ns: only -1 disables it; Heartbeat is -1ns and must be 0s or more": consumer(func(o *messaging.ConsumerOptions) { o.Reserve, o.Grace, o.Heartbeat = -time.Second, -2, -1 }),
		"messaging: NewConsumer: MaxReceives is -1 and must be 0 or more":                                                                           consumer(func(o *messaging.ConsumerOptions) { o.MaxReceives = -1 }),
		"messaging: Constant: the delay is -1ns and must be 0s or more":                                                                             func() { messaging.Constant(-1) },
		"messaging: Exponential: shortest is -1ns and must be 0s or more":                                                                           func() { messaging.Exponential(-1, -1) },
		"messaging: Exponential: longest is 1s and must be 1m0s or more":                                                                            func() { messaging.Exponential(time.Minute, time.Second) },
		"messaging: ByAttribute: the name is empty":                                                                                                 func() { messaging.ByAttribute("") },
		"messaging: ByMember: the name is empty":                                                                                                    func() { messaging.ByMember("") },
		"claimcheck: New: the client is nil; the bucket name is empty; name 2 of Buckets is empty; Threshold is -2: only -1 disables it; MaxSize is 0 and must be 1 or more": func() {
			claimcheck.New(nil, "", func(o *claimcheck.Options) { o.Buckets, o.Threshold, o.MaxSize = []string{"a", ""}, -2, 0 })
		},
	} {
		require.PanicsWithValue(t, text, construct)
	}
	require.NotPanics(t, func() {
		messaging.NewQueue(queues, "q", func(o *messaging.QueueOptions[string]) { o.MaxAttempts = 0 })
		messaging.NewTopic(topics, "arn", func(o *messaging.TopicOptions[string]) { o.MaxSize, o.MaxAttempts = 0, 0 })
		messaging.NewDeadLetterQueue(queues, "q", func(o *messaging.DeadLetterQueueOptions) { o.MaxSize = 0 })
		messaging.NewConsumer(handle, func(o *messaging.ConsumerOptions) { o.Reserve, o.Grace, o.Backoff = -1, -1, messaging.Constant(0) })
	})
}

func TestRedriveNamesItsPackageOnce(t *testing.T) {
	_, err := messaging.Redrive(t.Context(), nil, queueARN, func(o *messaging.RedriveOptions) { o.PerSecond, o.Interval, o.Destination = 501, -1, "q" })
	require.EqualError(t, err, "messaging: redrive: the client is nil\ndestination: \"q\" is not the ARN of a queue\nPerSecond is 501; it must be 1 to 500\nthe Interval is -1ns; it must be 0 or more")
}

func TestNothingThatIsNilOrZeroIsDereferenced(t *testing.T) {
	ctx := t.Context()
	handle := func(context.Context, messaging.Message[string]) error { return nil }
	for name, call := range map[string]func() error{
		"zero queue":   func() error { _, err := (&messaging.Queue[string]{}).Send(ctx, "x"); return err },
		"zero queue 2": func() error { _, err := (&messaging.Queue[string]{}).SendAll(ctx, []string{"x"}); return err },
		"nil queue":    func() error { _, err := (*messaging.Queue[string])(nil).Send(ctx, "x"); return err },
		"zero topic":   func() error { _, err := (&messaging.Topic[string]{}).Send(ctx, "x"); return err },
		"zero topic 2": func() error { _, err := (&messaging.Topic[string]{}).SendAll(ctx, []string{"x"}); return err },
		"zero parker":  func() error { return (&messaging.DeadLetterQueue{}).Park(ctx, messaging.Letter{}) },
		"nil parker":   func() error { return (*messaging.DeadLetterQueue)(nil).Park(ctx, messaging.Letter{}) },
		"zero consumer": func() error {
			_, err := (&messaging.Consumer{}).HandleSQS(ctx, batch(sqsMessage("1", "x")))
			return err
		},
		"nil consumer":    func() error { _, err := (*messaging.Consumer)(nil).HandleSQS(ctx, batch()); return err },
		"poll, consumer":  func() error { return (&messaging.Consumer{}).Poll(ctx, &sqs.Client{}, "q") },
		"poll, client":    func() error { return messaging.NewConsumer(handle).Poll(ctx, nil, "q") },
		"poll, no client": func() error { return messaging.NewConsumer(handle).Poll(ctx, (*sqs.Client)(nil), "q") },
		"redrive":         func() error { _, err := messaging.Redrive(ctx, nil, queueARN); return err },
		"zero task":       func() error { _, err := (&messaging.RedriveTask{}).Wait(ctx); return err },
		"nil task":        func() error { return (*messaging.RedriveTask)(nil).Cancel(ctx) },
		"zero mux":        func() error { return (&messaging.Mux{}).Handle(ctx, messaging.Message[json.RawMessage]{}) },
		"nil mux":         func() error { return (*messaging.Mux)(nil).Handle(ctx, messaging.Message[json.RawMessage]{}) },
	} {
		require.NotPanics(t, func() { require.Error(t, call(), name) }, name)
	}
	for _, err := range []error{
		&messaging.SendError{}, &messaging.EntryError{}, &messaging.VerdictError{}, &messaging.RetryError{}, &messaging.PanicError{}, &messaging.DecodeError{},
		messaging.Discard(nil), messaging.Poison(nil), messaging.RetryAfter(0, nil),
	} {
		require.NotPanics(t, func() { _ = err.Error() }, "%T", err)
	}
	var client sender
	q := messaging.NewQueue[string](&client, "q", nil)
	_, err := q.Send(ctx, "x", nil)
	require.NoError(t, err)
	require.NotPanics(t, func() {
		messaging.NewTopic[string](&sns.Client{}, "arn", nil)
		messaging.NewConsumer(handle, nil)
	})
	mux, err := messaging.NewMux(nil)
	require.Error(t, err)
	require.Nil(t, mux)
	require.Empty(t, messaging.Message[any]{}.Attributes.Get("x"))
	require.NotPanics(t, func() { _ = messaging.Message[any]{}.Fingerprint() })
}
