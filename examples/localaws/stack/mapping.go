package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/examples/localaws/lambdatest"
	"github.com/patternkit/serverless/internal/cfn"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

var mappingKinds = map[string]kind{
	"AWS::Lambda::EventSourceMapping": newEventSourceMapping,
}

// mappingProperties are those of a mapping to a queue or a table's stream.
type mappingProperties struct {
	FunctionName                                            string `cfn:",required"`
	EventSourceArn, StartingPosition                        string
	Enabled                                                 *bool
	BatchSize, ParallelizationFactor                        int
	MaximumBatchingWindowInSeconds, TumblingWindowInSeconds int
	MaximumRecordAgeInSeconds, MaximumRetryAttempts         *int
	BisectBatchOnFunctionError                              bool
	FilterCriteria                                          struct{ Filters []struct{ Pattern string } }
	DestinationConfig                                       struct{ OnFailure struct{ Destination string } }
	FunctionResponseTypes                                   []string
	ScalingConfig                                           struct{ MaximumConcurrency int }

	AmazonManagedKafkaEventSourceConfig, DocumentDBEventSourceConfig, Queues, SelfManagedEventSource,
	SelfManagedKafkaEventSourceConfig, SourceAccessConfigurations, StartingPositionTimestamp, Topics *cfn.Value

	KmsKeyArn, LoggingConfig, MetricsConfig, ProvisionedPollerConfig, Tags cfn.Unused
}

func newEventSourceMapping(_ context.Context, r *resource) (created, error) {
	var p mappingProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	for name, value := range map[string]*cfn.Value{
		"AmazonManagedKafkaEventSourceConfig": p.AmazonManagedKafkaEventSourceConfig, "DocumentDBEventSourceConfig": p.DocumentDBEventSourceConfig,
		"Queues": p.Queues, "SelfManagedEventSource": p.SelfManagedEventSource, "SelfManagedKafkaEventSourceConfig": p.SelfManagedKafkaEventSourceConfig,
		"SourceAccessConfigurations": p.SourceAccessConfigurations, "Topics": p.Topics,
	} {
		if value != nil {
			return created{}, value.Fault("the property %s is not simulated: a source is a queue or a table's stream", name)
		}
	}
	if p.StartingPositionTimestamp != nil {
		return created{}, r.errorf("a StartingPositionTimestamp is not simulated: a stream is read from TRIM_HORIZON or LATEST")
	}
	if service(p.FunctionName) == "" {
		p.FunctionName = r.arn("lambda", "function:"+p.FunctionName)
	}
	uuid, err := guarded(func() string { return r.Lambda.Map(p.mapping()) })
	if err != nil {
		return created{}, r.errorf("%s", strings.TrimPrefix(err.Error(), fmt.Sprintf("lambdatest: map %s to %s: ", p.EventSourceArn, p.FunctionName)))
	}
	arn := r.arn("lambda", "event-source-mapping:"+uuid)
	return created{uuid, map[string]string{"Id": uuid, "EventSourceMappingArn": arn}}, nil
}

// mapping is the event source mapping in the words of the fake.
func (p *mappingProperties) mapping() lambdatest.EventSourceMapping {
	m := lambdatest.EventSourceMapping{
		EventSourceARN: p.EventSourceArn, FunctionARN: p.FunctionName, Disabled: p.Enabled != nil && !*p.Enabled,
		BatchSize: p.BatchSize, MaximumBatchingWindow: time.Duration(p.MaximumBatchingWindowInSeconds) * time.Second,
		ReportBatchItemFailures: slices.Contains(p.FunctionResponseTypes, "ReportBatchItemFailures"),
		MaximumConcurrency:      p.ScalingConfig.MaximumConcurrency, OnFailure: p.DestinationConfig.OnFailure.Destination,
		StartingPosition: p.StartingPosition, ParallelizationFactor: p.ParallelizationFactor,
		BisectBatchOnFunctionError: p.BisectBatchOnFunctionError, MaximumRetryAttempts: p.MaximumRetryAttempts,
		TumblingWindow: time.Duration(p.TumblingWindowInSeconds) * time.Second,
	}
	for _, f := range p.FilterCriteria.Filters {
		m.Filters = append(m.Filters, f.Pattern)
	}
	if p.MaximumRecordAgeInSeconds != nil {
		age := time.Duration(*p.MaximumRecordAgeInSeconds) * time.Second
		if *p.MaximumRecordAgeInSeconds == -1 {
			age = -1
		}
		m.MaximumRecordAge = &age
	}
	return m
}

// poller is an event source mapping of the cloud.
type poller struct {
	lambdatest.Poller

	name string
}

// settling marks the context of a Settle, in which each poller is a worker of its
// own.
type settling struct{}

// Drain polls until the source has nothing, unless Settle does it.
func (p poller) Drain(ctx context.Context) error {
	if ctx.Value(settling{}) != nil {
		return nil
	}
	return p.Poller.Drain(ctx)
}

// newPoller makes the poller of an event source mapping.
func (c *Cloud) newPoller(m lambdatest.EventSourceMapping) (lambdatest.Poller, error) {
	p := poller{name: "the mapping of " + m.EventSourceARN}
	function := c.Lambda.Function(m.FunctionARN)
	config, err := c.Lambda.Configuration(m.FunctionARN)
	if err != nil {
		return nil, err
	}
	switch service(m.EventSourceARN) {
	case "sqs":
		p.Poller = c.SQS.NewMapping(m.EventSourceARN, function, func(o *messagingtest.MappingOptions) {
			o.FunctionName, o.FunctionTimeout = config.FunctionName, config.Timeout
			o.BatchSize, o.MaximumBatchingWindow, o.Filters = m.BatchSize, m.MaximumBatchingWindow, m.Filters
			o.ReportBatchItemFailures, o.MaximumConcurrency = m.ReportBatchItemFailures, m.MaximumConcurrency
		})
	case "dynamodb":
		if m.TumblingWindow != 0 {
			return nil, fmt.Errorf("tumbling windows are not simulated")
		}
		table, ok := tableOf(m.EventSourceARN)
		if !ok {
			return nil, fmt.Errorf("%s is no stream of a table", m.EventSourceARN)
		}
		p.Poller = c.DynamoDB.NewMapping(table, function, func(o *dynamotest.MappingOptions) {
			o.StartingPosition, o.BatchSize, o.MaximumBatchingWindow = m.StartingPosition, m.BatchSize, m.MaximumBatchingWindow
			o.Filters, o.ReportBatchItemFailures, o.ParallelizationFactor = m.Filters, m.ReportBatchItemFailures, m.ParallelizationFactor
			o.BisectBatchOnFunctionError, o.FunctionARN, o.Timeout = m.BisectBatchOnFunctionError, m.FunctionARN, config.Timeout
			if m.MaximumRetryAttempts != nil {
				o.MaximumRetryAttempts = *m.MaximumRetryAttempts
			}
			if m.MaximumRecordAge != nil {
				o.MaximumRecordAge = *m.MaximumRecordAge
			}
			if m.OnFailure != "" {
				o.OnFailure = c.failures(m.OnFailure)
			}
		})
	default:
		return nil, fmt.Errorf("%s is no queue and no stream of a table: other sources are not simulated", m.EventSourceARN)
	}
	return p, nil
}

// failures delivers to an on-failure destination by its ARN.
func (c *Cloud) failures(arn string) eventstest.Deliver {
	return func(ctx context.Context, record []byte) error {
		deliver := c.target(arn)
		if deliver == nil {
			return fmt.Errorf("there is no destination %s", arn)
		}
		return deliver(ctx, record)
	}
}

// tableOf is the ARN of the table that a stream belongs to.
func tableOf(streamARN string) (arn string, ok bool) {
	arn, _, ok = strings.Cut(streamARN, "/stream/")
	return arn, ok && strings.Contains(arn, ":table/")
}
