package conformance

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/patternkit/serverless/internal/suite"
)

// changes checks the records of the table's stream.
func (c *checks) changes() {
	check := func(name string, check func(t *testing.T)) {
		c.CheckIf(c.streams != nil, "Options.Streams is empty", name, check)
	}
	check("a stream has a record of each change, with both images and in order", func(t *testing.T) {
		k := key(c.partition(), "s")
		c.put(t, with(k, attrs{"v": num("1")}))
		c.put(t, with(k, attrs{"v": num("2")}))
		_, err := c.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &c.table, Key: k})
		suite.NoError(t, err)
		records := c.records(t, k, 3)
		one, two := streamtypes.AttributeValueMemberN{Value: "1"}, streamtypes.AttributeValueMemberN{Value: "2"}
		for i, want := range []struct {
			name     streamtypes.OperationType
			old, new streamtypes.AttributeValue
		}{{streamtypes.OperationTypeInsert, nil, &one}, {streamtypes.OperationTypeModify, &one, &two}, {streamtypes.OperationTypeRemove, &two, nil}} {
			r := records[i]
			suite.Equal(t, want.name, r.EventName)
			suite.Equal(t, want.old, r.Dynamodb.OldImage["v"])
			suite.Equal(t, want.new, r.Dynamodb.NewImage["v"])
			suite.Equal(t, 2, len(r.Dynamodb.Keys))
			suite.Equal(t, 0, r.Dynamodb.ApproximateCreationDateTime.Nanosecond())
			suite.True(t, r.UserIdentity == nil, "a user's change has the identity %v", r.UserIdentity)
			suite.True(t, i == 0 || later(*r.Dynamodb.SequenceNumber, *records[i-1].Dynamodb.SequenceNumber), "the sequence numbers do not rise")
		}
	})
	check("a write that changes nothing has no record", func(t *testing.T) {
		k := key(c.partition(), "s")
		for range 3 {
			c.put(t, k)
		}
		_, err := c.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &c.table, Key: k})
		suite.NoError(t, err)
		records := c.records(t, k, 2)
		suite.Equal(t, streamtypes.OperationTypeRemove, records[1].EventName)
	})
	check("an iterator begins at a sequence number, or after it", func(t *testing.T) {
		k := key(c.partition(), "s")
		for i := range 3 {
			c.put(t, with(k, attrs{"v": num(fmt.Sprint(i))}))
		}
		second := c.records(t, k, 3)[1]
		home := c.shardOf(t, second)
		for kind, want := range map[streamtypes.ShardIteratorType]streamtypes.AttributeValue{
			streamtypes.ShardIteratorTypeAtSequenceNumber:    &streamtypes.AttributeValueMemberN{Value: "1"},
			streamtypes.ShardIteratorTypeAfterSequenceNumber: &streamtypes.AttributeValueMemberN{Value: "2"},
		} {
			found := c.read(t, &dynamodbstreams.GetShardIteratorInput{ShardId: &home, ShardIteratorType: kind, SequenceNumber: second.Dynamodb.SequenceNumber}, k)
			suite.True(t, len(found) > 0, "no record with %s", kind)
			suite.Equal(t, want, found[0].Dynamodb.NewImage["v"], string(kind))
		}
	})
	check("a shard has a name of at least 28 characters", func(t *testing.T) {
		shards := c.shards(t)
		suite.True(t, len(shards) > 0 && len(shards[0]) >= 28, "the shards are %v", shards)
	})
	for _, row := range []struct {
		name, code, text string
		call             func(ctx context.Context) error
	}{
		{"a stream that is not there is not described", "ResourceNotFoundException", "Requested resource not found: Stream: …not found", func(ctx context.Context) error {
			_, err := c.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String("arn:aws:dynamodb:us-east-1:123456789012:table/" + c.table + "/stream/2020-01-01T00:00:00.000")})
			return err
		}},
		{"an iterator that is none is refused", "ValidationException", "Invalid ShardIterator", func(ctx context.Context) error {
			_, err := c.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String("nonsense")})
			return err
		}},
	} {
		check(row.name, func(t *testing.T) { suite.Refused(t, row.call(t.Context()), 400, row.code, row.text) })
	}
}

// later compares sequence numbers, which are digits of any length.
func later(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

func (c *checks) stream(t *testing.T) *string {
	t.Helper()
	out, err := c.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &c.table})
	suite.NoError(t, err)
	return out.Table.LatestStreamArn
}

// shards are the ids of the shards of the stream.
func (c *checks) shards(t *testing.T) []string {
	t.Helper()
	var out []string
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: c.stream(t)}
	for {
		page, err := c.streams.DescribeStream(t.Context(), in)
		suite.NoError(t, err)
		for _, s := range page.StreamDescription.Shards {
			out = append(out, *s.ShardId)
		}
		if in.ExclusiveStartShardId = page.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return out
		}
	}
}

// shardOf finds the shard that a record is in.
func (c *checks) shardOf(t *testing.T, r streamtypes.Record) string {
	t.Helper()
	for _, s := range c.shards(t) {
		for _, found := range c.read(t, &dynamodbstreams.GetShardIteratorInput{ShardId: &s, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon}, nil) {
			if *found.Dynamodb.SequenceNumber == *r.Dynamodb.SequenceNumber {
				return s
			}
		}
	}
	t.Fatalf("no shard has the record %s", *r.Dynamodb.SequenceNumber)
	return ""
}

// records waits until the stream has n records of an item, and reads no more
// than these.
func (c *checks) records(t *testing.T, key attrs, n int) []streamtypes.Record {
	t.Helper()
	var found []streamtypes.Record
	suite.Soon(t, func() string {
		found = nil
		for _, s := range c.shards(t) {
			found = append(found, c.read(t, &dynamodbstreams.GetShardIteratorInput{ShardId: &s, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon}, key)...)
		}
		if len(found) != n {
			return fmt.Sprintf("the stream has %d records of the item, not %d", len(found), n)
		}
		return ""
	})
	return found
}

// read reads the records of an item from an iterator on: all that there are
// now. Without a key it reads those of every item.
func (c *checks) read(t *testing.T, from *dynamodbstreams.GetShardIteratorInput, key attrs) []streamtypes.Record {
	t.Helper()
	from.StreamArn = c.stream(t)
	out, err := c.streams.GetShardIterator(t.Context(), from)
	suite.NoError(t, err)
	var found []streamtypes.Record
	iterator := out.ShardIterator
	for empty := 0; iterator != nil && empty < 3; {
		page, err := c.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
		suite.NoError(t, err)
		if iterator = page.NextShardIterator; len(page.Records) == 0 {
			empty++ // an open shard has a next iterator for ever
		}
		for _, r := range page.Records {
			pk, _ := r.Dynamodb.Keys["PK"].(*streamtypes.AttributeValueMemberS)
			if key == nil || pk != nil && pk.Value == key["PK"].(*types.AttributeValueMemberS).Value {
				found = append(found, r)
			}
		}
	}
	return found
}
