package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/examples/localaws/ststest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// services is what is served, for people.
const services = "DynamoDB, DynamoDB Streams, SQS, SNS, EventBridge, Step Functions and STS"

// cloud is all fakes together. They reach each other as services do on AWS.
type cloud struct {
	tables   *dynamotest.DynamoDB
	queues   *messagingtest.SQS
	topics   *messagingtest.SNS
	bus      *eventstest.EventBridge
	machines *stepfntest.StepFunctions
	tokens   *ststest.STS
}

func newCloud(verbose bool) *cloud {
	var tb dynamotest.TB
	if verbose {
		tb = logger{}
	}
	c := &cloud{tables: dynamotest.New(tb), tokens: ststest.New(tb), queues: messagingtest.NewSQS(tb)}
	c.topics = messagingtest.NewSNS(tb, c.queues)
	// The bus always has a log, which shows the events that reach no target.
	c.bus = eventstest.New(logger{}, func(o *eventstest.Options) { o.AllowUnknownBus, o.Targets = true, c.target })
	services := c.bus.Join(c.topics.Join(c.queues.Join(c.tables.Join(aws.Config{}))))
	c.machines = stepfntest.New(tb, func(o *stepfntest.Options) { o.Services = services.HTTPClient })
	return c
}

// logger is a TB for a process: what the fakes refuse goes to standard error.
type logger struct{}

func (logger) Helper()                           {}
func (logger) Logf(format string, args ...any)   { log.Printf(format, args...) }
func (logger) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (logger) Cleanup(func())                    {}

// handler serves the fakes, and what a test in another language needs of them.
func (c *cloud) handler() http.Handler {
	return &wire.Local{
		Servers: []*wire.Server{
			wire.ServerOf(c.tables), wire.ServerOf(c.queues), wire.ServerOf(c.topics), wire.ServerOf(c.bus), wire.ServerOf(c.machines), wire.ServerOf(c.tokens),
		},
		Reset: c.reset,
		About: "This is localaws of patternkit: " + services + " in memory, for any AWS client. GET /_local/health says more.",
	}
}

// reset empties the fakes.
func (c *cloud) reset() {
	for _, fake := range []interface{ Reset() }{c.tokens, c.machines, c.bus, c.topics, c.queues, c.tables} {
		fake.Reset()
	}
}

// run does what the services do in the background, until ctx ends: deliver
// events and carry executions forward.
func (c *cloud) run(ctx context.Context) error {
	var wg sync.WaitGroup
	var failed [2]error
	for i, pump := range []func(context.Context) error{c.machines.Run, c.deliver} {
		wg.Go(func() { failed[i] = pump(ctx) })
	}
	wg.Wait()
	return errors.Join(failed[:]...)
}

// deliver delivers events until ctx ends. What cannot be delivered is logged,
// and the bus goes on.
func (c *cloud) deliver(ctx context.Context) error {
	err := c.bus.Run(ctx)
	if errors.Is(err, eventstest.ErrUndeliverable) {
		log.Printf("localaws: %v", err)
		return nil
	}
	return err
}

// target finds by its ARN what an event or a dead letter is delivered to. A queue
// finds the message group in the context. The result is nil for an event bus, which
// the fake finds by itself, and for an ARN of something that does not exist: that
// delivery fails.
func (c *cloud) target(arn string) eventstest.Deliver {
	switch {
	case strings.HasPrefix(arn, "arn:aws:sqs:"):
		return c.queues.Queue(arn).Deliver
	case strings.HasPrefix(arn, "arn:aws:sns:"):
		return c.topics.Publisher(arn)
	case strings.HasPrefix(arn, "arn:aws:states:"):
		return c.machines.Starter(arn)
	}
	return nil
}
