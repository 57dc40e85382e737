package mappingcheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/internal/given"
)

// LambdaClient reads functions and mappings; *lambda.Client is one.
type LambdaClient interface {
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
}

// QueueClient reads queues; *sqs.Client is one.
type QueueClient interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

var (
	_ LambdaClient = (*lambda.Client)(nil)
	_ QueueClient  = (*sqs.Client)(nil)
)

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // messages are lost, repeated or blocked
	SeverityWarning Severity = "warning" // against AWS's advice
)

// Finding is one thing that is wrong.
type Finding struct {
	Severity Severity // SeverityError or SeverityWarning
	Queue    string   // ARN
	Text     string   // what is wrong
}

// String writes a line such as "error: arn:…:orders: the queue has no redrive
// policy".
func (f Finding) String() string { return string(f.Severity) + ": " + f.Queue + ": " + f.Text }

// Err joins the findings of SeverityError; nil where there is none.
func Err(findings []Finding) error {
	var errs []error
	for _, f := range findings {
		if f.Severity == SeverityError {
			errs = append(errs, errors.New("mappingcheck: "+f.Queue+": "+f.Text))
		}
	}
	return errors.Join(errs...)
}

// Function checks all mappings from SQS queues to the function, given by its
// name or ARN. A function without such a mapping is an error.
func Function(ctx context.Context, functions LambdaClient, queues QueueClient, name string) ([]Finding, error) {
	if given.Nil(functions) || given.Nil(queues) {
		return nil, errors.New("mappingcheck: a client is nil")
	}
	if name == "" {
		return nil, errors.New("mappingcheck: Function: the function has no name")
	}
	c := &checker{functions: functions, queues: queues}
	function, err := functions.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err != nil {
		return nil, fmt.Errorf("mappingcheck: function %s: %w", name, err)
	}
	c.timeout = time.Duration(aws.ToInt32(function.Timeout)) * time.Second
	mappings := 0
	pages := lambda.NewListEventSourceMappingsPaginator(functions, &lambda.ListEventSourceMappingsInput{FunctionName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("mappingcheck: mappings of %s: %w", name, err)
		}
		for i := range page.EventSourceMappings {
			m := &page.EventSourceMappings[i]
			if !strings.Contains(aws.ToString(m.EventSourceArn), ":sqs:") {
				continue
			}
			mappings++
			if err := c.mapping(ctx, m); err != nil {
				return c.findings, err
			}
		}
	}
	if mappings == 0 {
		return nil, fmt.Errorf("mappingcheck: function %s has no mapping from an SQS queue", name)
	}
	return c.findings, nil
}

type checker struct {
	functions LambdaClient
	queues    QueueClient
	timeout   time.Duration // of the function
	queue     string        // ARN that findings are about
	findings  []Finding
}

func (c *checker) find(s Severity, format string, args ...any) {
	c.findings = append(c.findings, Finding{s, c.queue, fmt.Sprintf(format, args...)})
}

func (c *checker) mapping(ctx context.Context, m *lambdatypes.EventSourceMappingConfiguration) error {
	c.queue = aws.ToString(m.EventSourceArn)
	if !slices.Contains(m.FunctionResponseTypes, lambdatypes.FunctionResponseTypeReportBatchItemFailures) {
		c.find(SeverityError, "the mapping lacks ReportBatchItemFailures: messages that the function reports as failed are deleted")
	}
	if state := aws.ToString(m.State); state != "Enabled" && state != "" {
		c.find(SeverityWarning, "the mapping is %s", state)
	}
	attrs, err := c.attributes(ctx, c.queue)
	if err != nil {
		return err
	}
	c.visibility(attrs, time.Duration(aws.ToInt32(m.MaximumBatchingWindowInSeconds))*time.Second)
	return c.redrive(ctx, attrs)
}

func (c *checker) visibility(attrs map[string]string, window time.Duration) {
	visibility := seconds(attrs, "VisibilityTimeout")
	advised := 6*c.timeout + window
	switch {
	case visibility < c.timeout:
		c.find(SeverityError, "the visibility timeout is %s, shorter than the function's timeout of %s: messages are delivered again while they are worked on", visibility, c.timeout)
	case visibility < advised:
		c.find(SeverityWarning, "the visibility timeout is %s; %s would be six times the function's timeout and the batching window", visibility, advised)
	}
}

func (c *checker) redrive(ctx context.Context, attrs map[string]string) error {
	var policy struct {
		DeadLetterTargetArn string      `json:"deadLetterTargetArn"`
		MaxReceiveCount     json.Number `json:"maxReceiveCount"`
	}
	if attrs["RedrivePolicy"] == "" {
		c.find(SeverityError, "the queue has no redrive policy: a message that always fails is delivered until it expires")
		return nil
	}
	if err := json.Unmarshal([]byte(attrs["RedrivePolicy"]), &policy); err != nil {
		return fmt.Errorf("mappingcheck: %s: redrive policy: %w", c.queue, err)
	}
	if n, err := strconv.Atoi(strings.Trim(policy.MaxReceiveCount.String(), `"`)); err == nil && n < 5 {
		c.find(SeverityWarning, "maxReceiveCount is %d; below 5 a throttled function may lose its messages to the dead letters", n)
	}
	dead, err := c.attributes(ctx, policy.DeadLetterTargetArn)
	var gone *types.QueueDoesNotExist
	switch {
	case errors.As(err, &gone):
		c.find(SeverityError, "the dead-letter queue %s does not exist", policy.DeadLetterTargetArn)
		return nil
	case err != nil:
		return err
	}
	fifo := strings.HasSuffix(c.queue, ".fifo")
	if fifo != strings.HasSuffix(policy.DeadLetterTargetArn, ".fifo") {
		c.find(SeverityError, "the dead-letter queue %s is not of the queue's type: both must be FIFO, or neither", policy.DeadLetterTargetArn)
	}
	size, deadSize := number(attrs, "MaximumMessageSize"), number(dead, "MaximumMessageSize")
	if deadSize < size {
		c.find(SeverityWarning, "the dead-letter queue takes messages up to %d bytes, the queue up to %d: what is larger cannot be sent there", deadSize, size)
	}
	kept, deadKept := seconds(attrs, "MessageRetentionPeriod"), seconds(dead, "MessageRetentionPeriod")
	if !fifo && deadKept <= kept {
		c.find(SeverityError, "the dead-letter queue keeps messages for %s, the queue for %s: age counts on from the first, so dead letters may be gone before someone looks", deadKept, kept)
	}
	return nil
}

func (c *checker) attributes(ctx context.Context, arn string) (map[string]string, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 {
		return nil, fmt.Errorf("mappingcheck: %q is not the ARN of a queue", arn)
	}
	url, err := c.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &parts[5], QueueOwnerAWSAccountId: &parts[4]})
	if err != nil {
		return nil, fmt.Errorf("mappingcheck: %s: %w", arn, err)
	}
	out, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: url.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return nil, fmt.Errorf("mappingcheck: %s: %w", arn, err)
	}
	return out.Attributes, nil
}

func seconds(attrs map[string]string, name string) time.Duration {
	return time.Duration(number(attrs, name)) * time.Second
}

func number(attrs map[string]string, name string) int {
	n, err := strconv.Atoi(attrs[name])
	if err != nil {
		return 0
	}
	return n
}
