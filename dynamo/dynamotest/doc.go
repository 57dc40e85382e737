// Package dynamotest is DynamoDB and DynamoDB Streams in your process, for
// tests and local runs. The real SDK client runs against it unmodified, without
// a socket, so also inside a testing/synctest bubble, where time is virtual.
//
//	db := dynamotest.New(t)
//	client := db.Client()
//	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
//
// # Simulated
//
// Tables with global and local secondary indexes, all item, batch and
// transaction operations with the whole expression language, time to live, and
// streams with every view type and iterator type. Errors carry the codes and
// the texts of AWS. Limits are those of AWS: item, key and page sizes, numbers
// of 38 digits, nesting, batches, transactions. A [Mapping] is the event source
// mapping between a stream and a Lambda function.
//
// Fail, Throttle, DropReply, Delay and PartialFailure make calls go wrong;
// Journal tells what was called.
//
// # Not simulated
//
// What is not simulated is refused by name, and logged on the test:
//
//   - the legacy members (AttributesToGet, AttributeUpdates, ConditionalOperator,
//     Expected, KeyConditions, QueryFilter, ScanFilter)
//
// # Semantics
//
// Indexes are up to date at once, and so are the counts of DescribeTable. A
// table is ACTIVE when CreateTable returns, unless Options.CreateDelay says
// otherwise. A stream has one shard. Items whose time to live has ended stay
// until [DB.DeleteExpired].
//
// # Limits
//
// Throughput is not limited; use Throttle.
//
// # Errors
//
// Calls fail as on AWS, and with code NotSimulated where this package has no
// answer.
//
// # Testing
//
// See the example of [New].
package dynamotest
