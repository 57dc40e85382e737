package tabledef

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo"
)

// Verify compares the deployed table with the model's schema: keys, indexes, projections,
// stream and time to live. The error names every difference.
func Verify(ctx context.Context, client AdminClient, t *dynamo.Table) error {
	if err := checkGiven(client, t); err != nil {
		return fmt.Errorf("tabledef: verify table: %w", err)
	}
	name := t.Name()
	fail := func(err error) error { return fmt.Errorf("tabledef: verify table %s: %w", name, err) }
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return fail(err)
	}
	if out.Table == nil {
		return fail(errors.New("the answer has no table"))
	}
	differences := compare(t.Model().Schema(), out.Table)
	if s := t.Model().Schema(); s.TTL != "" {
		ttl, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
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
func compare(s dynamo.Schema, table *types.TableDescription) []error {
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
		if want, ok := indexOf(s, name); ok && !want.Local {
			found[name] = true
			check("index "+name, want.PartitionKey, want.SortKey, x.KeySchema)
			out = append(out, checkProjection(name, x.Projection)...)
		}
	}
	for _, x := range table.LocalSecondaryIndexes {
		name := aws.ToString(x.IndexName)
		if want, ok := indexOf(s, name); ok && want.Local {
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
	for _, name := range slices.Sorted(slices.Values(keyAttributes(s))) {
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

// indexOf returns the index of the name with the partition key that it has.
func indexOf(s dynamo.Schema, name string) (dynamo.Index, bool) {
	for _, x := range s.Indexes {
		if x.Name == name {
			if x.Local {
				x.PartitionKey = s.PartitionKey
			}
			return x, true
		}
	}
	return dynamo.Index{}, false
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
