package dynamotest

import (
	"context"

	"github.com/patternkit/serverless/internal/wire"
)

// services is what is served: every operation and the method behind it.
func (db *DynamoDB) services() []wire.Service {
	const namespace = "com.amazonaws.dynamodb.v20120810#"
	return []wire.Service{{
		Name: "dynamodb", Package: "dynamotest", Protocol: wire.JSON10("DynamoDB_20120810"), Namespace: namespace, CRC32: true, Throttled: throttled(),
		Operations: []wire.Operation{
			wire.HandleBatch("BatchGetItem", db.batchGetItem),
			wire.HandleBatch("BatchWriteItem", db.batchWriteItem),
			wire.Handle("CreateTable", db.createTable),
			wire.Handle("DeleteItem", db.deleteItem),
			wire.Handle("DeleteTable", db.deleteTable),
			wire.Handle("DescribeTable", db.describeTable),
			wire.Handle("DescribeTimeToLive", db.describeTimeToLive),
			wire.Handle("GetItem", db.getItem),
			wire.Handle("ListTables", db.listTables),
			wire.Handle("ListTagsOfResource", db.listTagsOfResource),
			wire.Handle("PutItem", db.putItem),
			wire.Handle("Query", db.query),
			wire.Handle("Scan", db.scan),
			wire.Handle("TagResource", db.tagResource),
			wire.Handle("TransactGetItems", db.transactGetItems),
			wire.Handle("TransactWriteItems", db.transactWriteItems),
			wire.Handle("UntagResource", db.untagResource),
			wire.Handle("UpdateItem", db.updateItem),
			wire.Handle("UpdateTable", db.updateTable),
			wire.Handle("UpdateTimeToLive", db.updateTimeToLive),
		},
	}, {
		Name: "dynamodb", Package: "dynamotest", Protocol: wire.JSON10("DynamoDBStreams_20120810"), Namespace: namespace, CRC32: true,
		Operations: []wire.Operation{
			wire.Handle("DescribeStream", db.describeStream),
			wire.Handle("GetRecords", db.getRecords),
			wire.Handle("GetShardIterator", db.getShardIterator),
			wire.Handle("ListStreams", db.listStreams),
		},
	}}
}

// throttled is what DynamoDB.Throttle answers.
func throttled() *wire.Error {
	return &wire.Error{
		Code:    "ProvisionedThroughputExceededException",
		Message: "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
	}
}

// touchIndex writes the use of an index into the journal.
func touchIndex(ctx context.Context, t *table, x *index) {
	wire.CallOf(ctx).Touch(t.indexARN(x.name))
}
