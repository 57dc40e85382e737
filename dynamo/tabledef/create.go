package tabledef

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/internal/backoff"
	"github.com/patternkit/serverless/internal/given"
)

// AdminClient is what Create and Verify need of *dynamodb.Client.
type AdminClient interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
}

// Create makes the table, waits until it is active and turns on its time to live. It
// is for tests and local runs; deployed tables come from CloudFormation.
func Create(ctx context.Context, client AdminClient, t *dynamo.Table) error {
	if err := checkGiven(client, t); err != nil {
		return fmt.Errorf("tabledef: create table: %w", err)
	}
	name := t.Name()
	fail := func(err error) error { return fmt.Errorf("tabledef: create table %s: %w", name, err) }
	if _, err := client.CreateTable(ctx, CreateTableInput(t.Model(), name)); err != nil {
		return fail(err)
	}
	for {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			return fail(err)
		}
		if out.Table != nil && out.Table.TableStatus == types.TableStatusActive {
			break
		}
		if err := backoff.Sleep(ctx, 500*time.Millisecond); err != nil {
			return fail(err)
		}
	}
	if ttl := t.Model().Schema().TTL; ttl != "" {
		_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
			TableName: &name,
			TimeToLiveSpecification: &types.TimeToLiveSpecification{
				AttributeName: &ttl, Enabled: aws.Bool(true),
			},
		})
		if err != nil {
			return fail(err)
		}
	}
	return nil
}

func checkGiven(client AdminClient, t *dynamo.Table) error {
	switch {
	case given.Nil(client):
		return errors.New("the client is nil")
	case t.Model() == nil:
		return errors.New("the table is nil or its zero value")
	}
	return nil
}
