package mappingcheck_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/mappingcheck"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

// functions is what Lambda knows.
type functions struct {
	timeout  int32
	mappings []types.EventSourceMappingConfiguration
	err      error
}

func (f functions) GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error) {
	return &lambda.GetFunctionConfigurationOutput{Timeout: &f.timeout}, f.err
}

// ListEventSourceMappings answers a page for each mapping.
func (f functions) ListEventSourceMappings(_ context.Context, in *lambda.ListEventSourceMappingsInput, _ ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error) {
	i := len(aws.ToString(in.Marker))
	out := &lambda.ListEventSourceMappingsOutput{}
	if i < len(f.mappings) {
		out.EventSourceMappings = f.mappings[i : i+1]
	}
	if i+1 < len(f.mappings) {
		out.NextMarker = aws.String(aws.ToString(in.Marker) + "x")
	}
	return out, nil
}

func reporting(arn string) types.EventSourceMappingConfiguration {
	return types.EventSourceMappingConfiguration{
		EventSourceArn: &arn, State: aws.String("Enabled"),
		FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
	}
}

func TestAGoodSetUpHasNoFindings(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	dead := queues.NewQueue("dead", map[string]string{"MessageRetentionPeriod": "1209600"})
	orders := queues.NewQueue("orders", map[string]string{"VisibilityTimeout": "180", "RedrivePolicy": messagingtest.RedriveTo(dead, 5)})
	findings, err := mappingcheck.Function(t.Context(), functions{30, []types.EventSourceMappingConfiguration{
		reporting(orders.ARN()), {EventSourceArn: aws.String("arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/x")},
	}, nil}, queues.Client(), "f")
	require.NoError(t, err)
	require.Empty(t, findings)
	require.NoError(t, mappingcheck.Err(findings))
}

func TestEveryFaultIsFound(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	dead := queues.NewQueue("dead", map[string]string{"MaximumMessageSize": "1024"})
	a := queues.NewQueue("a", map[string]string{"VisibilityTimeout": "10", "RedrivePolicy": messagingtest.RedriveTo(dead, 2)})
	b := queues.NewQueue("b", map[string]string{"VisibilityTimeout": "60"})
	deaf := reporting(a.ARN())
	deaf.FunctionResponseTypes, deaf.State = nil, aws.String("Disabled")
	windowed := reporting(b.ARN())
	windowed.MaximumBatchingWindowInSeconds = aws.Int32(5)
	findings, err := mappingcheck.Function(t.Context(), functions{30, []types.EventSourceMappingConfiguration{deaf, windowed}, nil}, queues.Client(), "f")
	require.NoError(t, err)
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.String())
	}
	require.Equal(t, []string{
		"error: arn:aws:sqs:us-east-1:123456789012:a: the mapping lacks ReportBatchItemFailures: messages that the function reports as failed are deleted",
		"warning: arn:aws:sqs:us-east-1:123456789012:a: the mapping is Disabled",
		"error: arn:aws:sqs:us-east-1:123456789012:a: the visibility timeout is 10s, shorter than the function's timeout of 30s: messages are delivered again while they are worked on",
		"warning: arn:aws:sqs:us-east-1:123456789012:a: maxReceiveCount is 2; below 5 a throttled function may lose its messages to the dead letters",
		"warning: arn:aws:sqs:us-east-1:123456789012:a: the dead-letter queue takes messages up to 1024 bytes, the queue up to 1048576: what is larger cannot be sent there",
		"error: arn:aws:sqs:us-east-1:123456789012:a: the dead-letter queue keeps messages for 96h0m0s, the queue for 96h0m0s: age counts on from the first, so dead letters may be gone before someone looks",
		"warning: arn:aws:sqs:us-east-1:123456789012:b: the visibility timeout is 1m0s; 3m5s would be six times the function's timeout and the batching window",
		"error: arn:aws:sqs:us-east-1:123456789012:b: the queue has no redrive policy: a message that always fails is delivered until it expires",
	}, lines)
	require.ErrorContains(t, mappingcheck.Err(findings), "ReportBatchItemFailures")
}

func TestWhatCannotBeRead(t *testing.T) {
	queues := messagingtest.NewSQS(t)
	_, err := mappingcheck.Function(t.Context(), functions{err: context.Canceled}, queues.Client(), "f")
	require.ErrorIs(t, err, context.Canceled)
	for _, clients := range []struct {
		functions mappingcheck.LambdaClient
		queues    mappingcheck.QueueClient
	}{{nil, queues.Client()}, {functions{}, nil}, {(*lambda.Client)(nil), queues.Client()}, {functions{}, (*sqs.Client)(nil)}} {
		_, err = mappingcheck.Function(t.Context(), clients.functions, clients.queues, "f")
		require.ErrorContains(t, err, "a client is nil")
	}
	_, err = mappingcheck.Function(t.Context(), functions{}, queues.Client(), "")
	require.EqualError(t, err, "mappingcheck: Function: the function has no name")
	_, err = mappingcheck.Function(t.Context(), functions{}, queues.Client(), "f")
	require.EqualError(t, err, "mappingcheck: function f has no mapping from an SQS queue")
	_, err = mappingcheck.Function(t.Context(), functions{mappings: []types.EventSourceMappingConfiguration{reporting("arn:aws:sqs:us-east-1:123456789012:none")}}, queues.Client(), "f")
	require.ErrorContains(t, err, "mappingcheck: arn:aws:sqs:us-east-1:123456789012:none: ")
}
