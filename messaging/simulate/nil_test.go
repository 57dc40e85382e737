package simulate_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/simulate"
)

// unjoined is a world whose configuration leads nowhere.
type unjoined struct{}

func (unjoined) Config() aws.Config { return aws.Config{Region: "us-east-1"} }

func (unjoined) Deliver(ctx context.Context, cfg aws.Config, d simulate.Delivery) error {
	cfg.Credentials = aws.AnonymousCredentials{}
	if _, err := dynamodb.NewFromConfig(cfg).ListTables(ctx, &dynamodb.ListTablesInput{}); err != nil {
		return err
	}
	return simulate.SQS(ctx, nil, d, body)
}

func TestNilArguments(t *testing.T) {
	require.ErrorContains(t, simulate.SQS(t.Context(), nil, simulate.Delivery{Number: 1}, body, nil), "the handler is nil")
	require.PanicsWithValue(t, "simulate: Once: the function that counts the effects is nil", func() { simulate.Once[unjoined](nil) })
	report := simulate.Explore(t, func(*testing.T) unjoined { return unjoined{} },
		simulate.Once(func(unjoined) int { return 0 }), nil)
	require.Len(t, report.Failures, 1)
	require.ErrorIs(t, report.Failures[0].Err, simulate.ErrStuck)
	require.Contains(t, report.Failures[0].Trace[1], "World.Config has no HTTPClient")
}
