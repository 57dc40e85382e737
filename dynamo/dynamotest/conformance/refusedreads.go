package conformance

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// refusedReads checks queries and scans that DynamoDB does not carry out.
func (c *checks) refusedReads() {
	query := func(condition string, change func(*dynamodb.QueryInput)) func(context.Context) error {
		return func(ctx context.Context) error {
			in := &dynamodb.QueryInput{TableName: &c.table, KeyConditionExpression: &condition, ExpressionAttributeValues: attrs{":p": str("p")}}
			if change != nil {
				change(in)
			}
			_, err := c.client.Query(ctx, in)
			return err
		}
	}
	scan := func(segment, total *int32) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.client.Scan(ctx, &dynamodb.ScanInput{TableName: &c.table, Segment: segment, TotalSegments: total})
			return err
		}
	}
	from := func(key attrs) func(*dynamodb.QueryInput) {
		return func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = key }
	}
	in := func(index string) func(*dynamodb.QueryInput) {
		return func(in *dynamodb.QueryInput) { in.IndexName = &index }
	}
	c.refused([]refusal{
		{name: "a query needs a key condition", text: "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.", call: func(ctx context.Context) error {
			_, err := c.client.Query(ctx, &dynamodb.QueryInput{TableName: &c.table})
			return err
		}},
		{name: "a query needs the partition key", call: query("SK = :p", nil), text: "Query condition missed key schema element: PK"},
		{name: "a query compares the partition key with = only", call: query("PK > :p", nil), text: "Query key condition not supported"},
		{name: "a query holds keys of their type", call: query("PK = :p", func(in *dynamodb.QueryInput) { in.ExpressionAttributeValues[":p"] = num("1") }), text: invalid + "Condition parameter type does not match schema type"},
		{name: "a key condition is no filter", call: query("PK = :p AND v = :p", nil), text: "Query condition missed key schema element: SK"},
		{name: "an index that is not there is refused", call: query("PK = :p", in("nope")), text: "The table does not have the specified index: nope"},
		{name: "a global index has no consistent reads", call: query("GSI1PK = :p", func(q *dynamodb.QueryInput) { in("GSI1")(q); q.ConsistentRead = aws.Bool(true) }), text: "Consistent reads are not supported on global secondary indexes"},
		{
			name: "a filter does not look at the key", call: query("PK = :p", func(in *dynamodb.QueryInput) { in.FilterExpression = aws.String("SK = :p") }),
			text: "Filter Expression can only contain non-primary key attributes: Primary key attribute: SK",
		},
		{
			name: "a limit is at least 1", call: query("PK = :p", func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(0) }),
			text: "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
		},
		{
			name: "projected attributes are those of an index", call: query("PK = :p", func(in *dynamodb.QueryInput) { in.Select = types.SelectAllProjectedAttributes }),
			text: invalid + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
		},
		{
			name: "a count has no projection", call: query("PK = :p", func(in *dynamodb.QueryInput) { in.Select, in.ProjectionExpression = types.SelectCount, aws.String("a") }),
			text: "Cannot specify the ProjectionExpression when choosing to get COUNT",
		},
		{name: "a starting key is a whole key", call: query("PK = :p", from(attrs{"PK": str("p")})), text: "The provided starting key is invalid"},
		{name: "a starting key is in the partition", call: query("PK = :p", from(key("q", "s"))), text: "The provided starting key is outside query boundaries based on provided conditions"},
		{name: "a starting key is in the range", call: query("PK = :p AND SK > :p", from(key("p", "a"))), text: "The provided starting key does not match the range key predicate"},
		{name: "a segment needs the number of segments", call: scan(aws.Int32(0), nil), text: "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"},
		{name: "a number of segments needs the segment", call: scan(nil, aws.Int32(2)), text: "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"},
		{name: "segments count from zero", call: scan(aws.Int32(2), aws.Int32(2)), text: "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2"},
	})
}
