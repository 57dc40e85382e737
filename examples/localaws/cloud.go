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
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// cloud is all fakes together. They reach each other as services do on AWS.
type cloud struct {
	tables   *dynamotest.DynamoDB
	queues   *messagingtest.SQS
	topics   *messagingtest.SNS
	bus      *eventstest.EventBridge
	machines *stepfntest.StepFunctions
}

// newCloud makes the fakes; base is the URL that they are served at.
func newCloud(base string, verbose bool) *cloud {
	var tb dynamotest.TB
	if verbose {
		tb = logger{}
	}
	c := &cloud{tables: dynamotest.New(tb), queues: messagingtest.NewSQS(tb, func(o *messagingtest.SQSOptions) { o.Endpoint = base })}
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

func (c *cloud) handler() http.Handler {
	return c.tables.Handler(c.queues.Handler(), c.topics.Handler(), c.bus.Handler(), c.machines.Handler())
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
