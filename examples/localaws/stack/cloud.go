package stack

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/examples/localaws/s3test"
	"github.com/patternkit/serverless/examples/localaws/ststest"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/handover"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Cloud is the fakes of all services together. They reach each other as services
// do on AWS: an event rule its queues, topics, machines and functions, a machine
// every service. The fields are the fakes, with their faults and journals.
type Cloud struct {
	DynamoDB       *dynamotest.DynamoDB
	SQS            *messagingtest.SQS
	SNS            *messagingtest.SNS
	EventBridge    *eventstest.EventBridge
	StepFunctions  *stepfntest.StepFunctions
	SecretsManager *authorizertest.SecretsManager
	Lambda         *lambdatest.Lambda
	S3             *s3test.S3
	STS            *ststest.STS

	tb       TB
	config   aws.Config
	endpoint string
	activity activity
	server   server

	mu       sync.Mutex
	baseline func() // goes back to the end of the last deployment
	apps     []*App
	claimed  map[string]bool // types and Refs of what stacks have created, see idempotent
}

// CloudOptions are the settings of a [Cloud].
type CloudOptions struct {
	// Region is the region of Config, and of templates. Optional. Defaults to
	// "us-east-1".
	Region string
	// Endpoint is the URL that the cloud is served at; queue URLs begin with it.
	// Optional. Defaults to that of Amazon SQS in the region.
	Endpoint string
	// OnInvoke is called after each invocation of a function, one call at a time.
	// Optional.
	OnInvoke func(lambdatest.Invocation)
}

// NewCloud makes an empty cloud; [Cloud.Deploy] fills it. The fakes log to tb,
// which may be nil.
func NewCloud(tb TB, optFns ...func(*CloudOptions)) *Cloud {
	opts := CloudOptions{Region: "us-east-1"}
	given.Options(&opts, optFns)
	c := &Cloud{tb: tb, endpoint: opts.Endpoint, claimed: map[string]bool{}}
	c.DynamoDB = dynamotest.New(tb)
	c.SQS = messagingtest.NewSQS(tb, func(o *messagingtest.SQSOptions) { o.Endpoint = opts.Endpoint })
	c.SNS = messagingtest.NewSNS(tb, c.SQS)
	c.SecretsManager = authorizertest.NewSecretsManager(tb)
	c.EventBridge = eventstest.New(tb, func(o *eventstest.Options) { o.AllowUnknownBus, o.Targets = tb == nil, c.target })
	c.Lambda = lambdatest.New(tb, func(o *lambdatest.Options) {
		o.Targets, o.Mapper, o.OnInvoke = c.destination, c.newPoller, opts.OnInvoke
	})
	c.S3, c.STS = s3test.New(tb), ststest.New(tb)
	cfg := aws.Config{Region: opts.Region}
	for _, f := range []fake{c.DynamoDB, c.SQS, c.SNS, c.EventBridge, c.SecretsManager, c.Lambda, c.S3, c.STS} {
		cfg = f.Join(cfg)
	}
	c.StepFunctions = stepfntest.New(tb, func(o *stepfntest.Options) { o.Services = noticed{cfg.HTTPClient, c} })
	cfg = c.StepFunctions.Join(cfg)
	cfg.HTTPClient = noticed{cfg.HTTPClient, c}
	c.config = cfg
	c.baseline = c.keep()
	return c
}

// Config is a configuration for the clients of the real SDK. What they call is
// answered in process.
func (c *Cloud) Config() aws.Config { return c.config.Copy() }

// fake is what all fakes have in common.
type fake interface {
	Join(cfg aws.Config) aws.Config
	Handler(others ...http.Handler) http.Handler
}

// fakes are all of them.
func (c *Cloud) fakes() []fake {
	return []fake{c.DynamoDB, c.SQS, c.SNS, c.EventBridge, c.StepFunctions, c.SecretsManager, c.Lambda, c.S3, c.STS}
}

// Handler serves the cloud on a port: every service, as AWS clients of any language
// call it; the APIs of the stacks at /_api/{LogicalId}/{stage}/; and what a test in
// another language needs: GET /_local/health, POST /_local/reset, which goes back to
// the end of the last deployment, and GET /_local/calls, the journal.
func (c *Cloud) Handler() http.Handler {
	local := &wire.Local{
		Reset: c.restore,
		About: "This is localaws of patternkit: AWS services in memory, for any AWS client. GET /_local/health says which.",
	}
	for _, f := range c.fakes() {
		local.Servers = append(local.Servers, wire.ServerOf(f))
	}
	mux := http.NewServeMux()
	mux.Handle("/", c.noticed(local))
	mux.HandleFunc(front, c.serveAPI)
	return mux
}

// keep notes the state of all fakes, and returns what brings it back.
func (c *Cloud) keep() (restore func()) {
	db, queues, topics, bus := c.DynamoDB.Snapshot(), c.SQS.Snapshot(), c.SNS.Snapshot(), c.EventBridge.Snapshot()
	machines, secrets, functions := c.StepFunctions.Snapshot(), c.SecretsManager.Snapshot(), c.Lambda.Snapshot()
	storage, sessions := c.S3.Snapshot(), c.STS.Snapshot()
	return func() {
		c.StepFunctions.Restore(machines)
		c.Lambda.Restore(functions)
		c.EventBridge.Restore(bus)
		c.SNS.Restore(topics)
		c.SQS.Restore(queues)
		c.DynamoDB.Restore(db)
		c.SecretsManager.Restore(secrets)
		c.S3.Restore(storage)
		c.STS.Restore(sessions)
	}
}

// restore goes back to the end of the last deployment.
func (c *Cloud) restore() {
	c.mu.Lock()
	back := c.baseline
	c.mu.Unlock()
	back()
}

// noticed is an HTTP client that tells the workers of each call.
type noticed struct {
	aws.HTTPClient
	cloud *Cloud
}

// Do implements aws.HTTPClient.
func (n noticed) Do(r *http.Request) (*http.Response, error) {
	defer n.cloud.activity.happened()
	return n.HTTPClient.Do(r)
}

// target finds by its ARN what an event or a dead letter is delivered to; nil for an
// event bus, which the fake finds by itself, and for what does not exist.
func (c *Cloud) target(arn string) eventstest.Deliver {
	var deliver eventstest.Deliver
	switch service(arn) {
	case "sqs":
		deliver = c.SQS.Queue(arn).Deliver
	case "sns":
		deliver = c.SNS.Publisher(arn)
	case "states":
		deliver = c.StepFunctions.Starter(arn)
	case "lambda":
		deliver = c.Lambda.Async(arn)
	default:
		return nil
	}
	return func(ctx context.Context, event []byte) error {
		defer c.activity.happened()
		return deliver(ctx, event)
	}
}

// service is the service that an ARN names.
func service(arn string) string {
	parts := strings.SplitN(arn, ":", 4)
	if len(parts) < 4 || parts[0] != "arn" {
		return ""
	}
	return parts[2]
}

// destination finds by its ARN what an asynchronous invocation leaves.
func (c *Cloud) destination(arn string) lambdatest.Deliver {
	if service(arn) == "events" {
		return func(ctx context.Context, record []byte, _ map[string]string) error {
			defer c.activity.happened()
			return c.EventBridge.Emit(ctx, arn, record)
		}
	}
	deliver := c.target(arn)
	if deliver == nil {
		return nil
	}
	return func(ctx context.Context, payload []byte, attributes map[string]string) error {
		return deliver(handover.With(ctx, handover.Message{Attributes: attributes}), payload)
	}
}

// Run does what the services do in the background until ctx ends: read streams,
// poll queues, deliver events, carry executions forward, make asynchronous
// invocations. What an event rule or a function loses is logged, and the rest goes
// on.
func (c *Cloud) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	runs := []func(context.Context) error{c.EventBridge.Run, c.StepFunctions.Run, c.Lambda.Run}
	failed := make([]error, len(runs))
	for i, run := range runs {
		wg.Go(func() {
			err := run(ctx)
			switch {
			case errors.Is(err, eventstest.ErrUndeliverable), errors.Is(err, lambdatest.ErrLost):
				c.logf("%v", err)
			case !errors.Is(err, context.Canceled):
				failed[i] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

func (c *Cloud) logf(format string, args ...any) {
	if c.tb != nil {
		c.tb.Logf("stack: "+format, args...)
	}
}
