package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/backoff"
)

// AdminClient is what Create and Verify need of *dynamodb.Client.
type AdminClient interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
}

// CreateTableInput returns the call that creates the model's table: on demand, with
// its indexes and a stream of old and new images.
func (m *Model) CreateTableInput(name string) *dynamodb.CreateTableInput {
	s := &m.schema
	in := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema: keySchema(s.PartitionKey, s.SortKey),
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	}
	for _, a := range m.distinctKeyAttributes() {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: aws.String(a), AttributeType: types.ScalarAttributeTypeS})
	}
	all := &types.Projection{ProjectionType: types.ProjectionTypeAll}
	for _, x := range s.Indexes {
		if x.Local {
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{
				IndexName: aws.String(x.Name), KeySchema: keySchema(s.PartitionKey, x.SortKey), Projection: all,
			})
			continue
		}
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(x.Name), KeySchema: keySchema(x.PartitionKey, x.SortKey), Projection: all,
		})
	}
	return in
}

func (m *Model) distinctKeyAttributes() []string {
	names := m.keyAttributes()
	slices.Sort(names)
	return slices.Compact(names)
}

func keySchema(partition, sort string) []types.KeySchemaElement {
	out := []types.KeySchemaElement{{AttributeName: aws.String(partition), KeyType: types.KeyTypeHash}}
	if sort != "" {
		out = append(out, types.KeySchemaElement{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange})
	}
	return out
}

// Create makes the table, waits until it is active and turns on its time to live. It
// is for tests and local runs; deployed tables come from CloudFormation.
func (t *Table) Create(ctx context.Context, client AdminClient) error {
	fail := func(err error) error { return fmt.Errorf("dynamo: create table %s: %w", t.name, err) }
	if _, err := client.CreateTable(ctx, t.model.CreateTableInput(t.name)); err != nil {
		return fail(err)
	}
	for {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
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
	if ttl := t.schema().TTL; ttl != "" {
		_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
			TableName: &t.name,
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

// Verify compares the deployed table with the schema: keys, indexes, projections,
// stream and time to live. The error names every difference.
func (t *Table) Verify(ctx context.Context, client AdminClient) error {
	fail := func(err error) error { return fmt.Errorf("dynamo: verify table %s: %w", t.name, err) }
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return fail(err)
	}
	if out.Table == nil {
		return fail(errors.New("the answer has no table"))
	}
	differences := t.model.compare(out.Table)
	if s := t.schema(); s.TTL != "" {
		ttl, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &t.name})
		if err != nil {
			return fail(err)
		}
		if d := ttl.TimeToLiveDescription; d == nil || aws.ToString(d.AttributeName) != s.TTL {
			differences = append(differences, fmt.Errorf("time to live is not on the attribute %s", s.TTL))
		}
	}
	if err := errors.Join(differences...); err != nil {
		return fail(err)
	}
	return nil
}

// compare lists where a table differs from the schema.
func (m *Model) compare(table *types.TableDescription) []error {
	s := &m.schema
	var out []error
	kinds := map[string]types.ScalarAttributeType{}
	for _, a := range table.AttributeDefinitions {
		kinds[aws.ToString(a.AttributeName)] = a.AttributeType
	}
	check := func(what, partition, sort string, keys []types.KeySchemaElement) {
		want, got := keyNames(keySchema(partition, sort)), keyNames(keys)
		if want != got {
			out = append(out, fmt.Errorf("the key of %s is %s, the schema says %s", what, got, want))
		}
	}
	check("the table", s.PartitionKey, s.SortKey, table.KeySchema)
	found := map[string]bool{}
	for _, x := range table.GlobalSecondaryIndexes {
		name := aws.ToString(x.IndexName)
		if want, ok := m.index(name); ok && !want.Local {
			found[name] = true
			check("index "+name, want.PartitionKey, want.SortKey, x.KeySchema)
			out = append(out, checkProjection(name, x.Projection)...)
		}
	}
	for _, x := range table.LocalSecondaryIndexes {
		name := aws.ToString(x.IndexName)
		if want, ok := m.index(name); ok && want.Local {
			found[name] = true
			check("index "+name, want.PartitionKey, want.SortKey, x.KeySchema)
			out = append(out, checkProjection(name, x.Projection)...)
		}
	}
	for _, x := range s.Indexes {
		if !found[x.Name] {
			out = append(out, fmt.Errorf("the table has no index %s", x.Name))
		}
	}
	for _, name := range m.distinctKeyAttributes() {
		if kind, ok := kinds[name]; ok && kind != types.ScalarAttributeTypeS {
			out = append(out, fmt.Errorf("the key attribute %s is of type %s, the schema's are strings", name, kind))
		}
	}
	if stream := table.StreamSpecification; stream != nil && aws.ToBool(stream.StreamEnabled) &&
		stream.StreamViewType != types.StreamViewTypeNewAndOldImages {
		out = append(out, fmt.Errorf("the stream's view type is %s, package stream needs NEW_AND_OLD_IMAGES", stream.StreamViewType))
	}
	return out
}

func keyNames(keys []types.KeySchemaElement) string {
	var partition, sort string
	for _, k := range keys {
		if k.KeyType == types.KeyTypeHash {
			partition += " " + aws.ToString(k.AttributeName)
		} else {
			sort += " " + aws.ToString(k.AttributeName)
		}
	}
	return "(" + (partition + " /" + sort)[1:] + ")"
}

func checkProjection(index string, p *types.Projection) []error {
	if p == nil || p.ProjectionType == types.ProjectionTypeAll {
		return nil
	}
	return []error{fmt.Errorf("index %s projects %s, the schema's indexes project ALL", index, p.ProjectionType)}
}
