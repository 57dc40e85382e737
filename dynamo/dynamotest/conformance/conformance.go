package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/suite"
)

// Options adjust a run.
type Options struct {
	// Prefix begins the names of the tables that are made. Optional. Defaults
	// to "conformance-".
	Prefix string

	// Streams reads the stream of the table. Optional. Without it the checks of
	// streams are skipped.
	Streams *dynamodbstreams.Client

	// Slow also runs what takes more than ten minutes. Optional. Defaults to
	// false.
	Slow bool

	// Around runs each check, for example in a bubble of virtual time:
	// synctest.Test. Optional. Defaults to calling the check.
	Around func(t *testing.T, check func(t *testing.T))

	// Differs names checks that are skipped because the implementation is known
	// to differ, each with the reason. Optional. Defaults to none.
	Differs map[string]string
}

// Run checks the DynamoDB behind a client against what is known of AWS.
func Run(t *testing.T, client *dynamodb.Client, optFns ...func(*Options)) {
	t.Helper()
	options := Options{Prefix: "conformance-"}
	given.Options(&options, optFns)
	c := &checks{
		Suite:  &suite.Suite{Prefix: options.Prefix, Slow: options.Slow, Around: options.Around, Differs: options.Differs},
		client: client, streams: options.Streams,
	}
	c.table = c.Name("table")
	c.create(t)
	c.Run(t, func() {
		c.items()
		c.updates()
		c.refusedItems()
		c.refusedExpressions()
		c.refusedReads()
		c.queries()
		c.batches()
		c.transactions()
		c.tables()
		c.changes()
	})
}

// checks is the table that the checks share, each with a partition key of its
// own: PK and SK, GSI1 on GSI1PK and GSI1SK, LSI1 on PK and Rank, and a stream.
type checks struct {
	*suite.Suite
	client  *dynamodb.Client
	streams *dynamodbstreams.Client
	table   string
}

type attrs = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }

func set(members ...string) types.AttributeValue {
	return &types.AttributeValueMemberSS{Value: members}
}

func list(members ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: members}
}

func document(members attrs) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: members}
}

func schema(hash, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &hash, KeyType: types.KeyTypeHash},
		{AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

func definition(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: kind}
}

func (c *checks) create(t *testing.T) {
	t.Helper()
	_, err := c.client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &c.table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			definition("PK", "S"), definition("SK", "S"), definition("GSI1PK", "S"), definition("GSI1SK", "S"), definition("Rank", "N"),
		},
		KeySchema: schema("PK", "SK"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("GSI1"), KeySchema: schema("GSI1PK", "GSI1SK"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("LSI1"), KeySchema: schema("PK", "Rank"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	suite.NoError(t, err)
	c.drop(t, c.table)
	suite.NoError(t, dynamodb.NewTableExistsWaiter(c.client).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &c.table}, 5*time.Minute))
}

// drop deletes a table at the end of the test.
func (c *checks) drop(t *testing.T, table string) {
	t.Helper()
	suite.Cleanup(t, "the table "+table, func(ctx context.Context) error {
		_, err := c.client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table})
		return err
	})
}

// partition is a partition key that no other check uses.
func (c *checks) partition() string { return c.Name("p") }

func key(pk, sk string) attrs { return attrs{"PK": str(pk), "SK": str(sk)} }

// with is an item under a key.
func with(key, more attrs) attrs {
	item := attrs{}
	for name, value := range key {
		item[name] = value
	}
	for name, value := range more {
		item[name] = value
	}
	return item
}

func (c *checks) put(t *testing.T, item attrs) {
	t.Helper()
	_, err := c.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: item})
	suite.NoError(t, err)
}

func (c *checks) get(t *testing.T, key attrs) attrs {
	t.Helper()
	out, err := c.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &c.table, Key: key, ConsistentRead: aws.Bool(true)})
	suite.NoError(t, err)
	return out.Item
}

// refusal is a call that the service refuses: with a ValidationException unless
// there is another code.
type refusal struct {
	name string
	call func(ctx context.Context) error
	text string
	code string
}

func (c *checks) refused(rows []refusal) {
	for _, row := range rows {
		if row.code == "" {
			row.code = "ValidationException"
		}
		c.Check(row.name, func(t *testing.T) { suite.Refused(t, row.call(t.Context()), 400, row.code, row.text) })
	}
}
