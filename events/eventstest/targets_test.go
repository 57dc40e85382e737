package eventstest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events/eventstest"
)

func TestPutTargetsRefusesWhatCannotBeATarget(t *testing.T) {
	const queue = "arn:aws:sqs:us-east-1:123456789012:orders.fifo"
	group := func(id string) *types.SqsParameters { return &types.SqsParameters{MessageGroupId: aws.String(id)} }
	tests := []struct {
		name, arn string
		sqs       *types.SqsParameters
		want      string // "" where the target is fine
	}{
		{"a name", "fn", nil, "Parameter fn is not valid. Reason: Provided Arn is not in correct format."},
		{"too few sections", "arn:aws:sqs:orders", nil, "Parameter arn:aws:sqs:orders is not valid. Reason: Provided Arn is not in correct format."},
		{"no resource", "arn:aws:sqs:us-east-1:123456789012:", nil, "is not valid. Reason: Provided Arn is not in correct format."},
		{"a URL", "https://sqs.us-east-1.amazonaws.com/123456789012/orders", nil, "Provided Arn is not in correct format."},
		{"a FIFO queue without parameters", queue, nil, "Parameter(s) SqsParameters must be specified for target: t."},
		{"a FIFO queue without a group", queue, &types.SqsParameters{}, "Parameter(s) SqsParameters must be specified for target: t."},
		{"a FIFO queue with an empty group", queue, group(""), "Parameter(s) SqsParameters must be specified for target: t."},
		{"a FIFO queue with a group", queue, group("g"), ""},
		{"a standard queue", "arn:aws:sqs:us-east-1:123456789012:orders", nil, ""},
		{"a function", fnARN, nil, ""},
		{"a FIFO topic", "arn:aws:sns:us-east-1:123456789012:orders.fifo", nil, ""},
		{"another partition", "arn:aws-cn:sqs:cn-north-1:123456789012:orders", nil, ""},
	}
	client := eventstest.New(t).Client()
	_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)})
	require.NoError(t, err)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{
				{Id: aws.String("other"), Arn: aws.String(fnARN)},
				{Id: aws.String("t"), Arn: &test.arn, SqsParameters: test.sqs},
			}})
			if test.want == "" {
				require.NoError(t, err)
				_, err = client.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"t", "other"}})
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "ValidationException: ")
			require.ErrorContains(t, err, test.want)
			list, err := client.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
			require.NoError(t, err)
			require.Empty(t, list.Targets, "nothing of the request was done")
		})
	}
}
