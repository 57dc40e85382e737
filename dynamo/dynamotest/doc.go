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
//   - PutItem.Expected, PutItem.ConditionalOperator, UpdateItem.Expected,
//     UpdateItem.ConditionalOperator, UpdateItem.AttributeUpdates,
//     DeleteItem.Expected, DeleteItem.ConditionalOperator, GetItem.AttributesToGet,
//     BatchGetItem.RequestItems.AttributesToGet, Query.AttributesToGet,
//     Query.ConditionalOperator, Query.KeyConditions, Query.QueryFilter,
//     Scan.AttributesToGet, Scan.ConditionalOperator, Scan.ScanFilter: the
//     parameters from before expressions
//   - CreateTable.VectorIndexes, UpdateTable.VectorIndexUpdates, SearchVectors:
//     vector indexes
//   - CreateTable.GlobalTableSettingsReplicationMode,
//     CreateTable.GlobalTableSourceArn, UpdateTable.DisassociationProtectionEnabled,
//     UpdateTable.GlobalTableSettingsReplicationMode,
//     UpdateTable.GlobalTableWitnessUpdates, UpdateTable.MultiRegionConsistency,
//     UpdateTable.ReplicaUpdates, CreateGlobalTable, DescribeGlobalTable,
//     DescribeGlobalTableSettings, ListGlobalTables, UpdateGlobalTable,
//     UpdateGlobalTableSettings, DescribeTableReplicaAutoScaling,
//     UpdateTableReplicaAutoScaling: global tables
//   - CreateTable.ResourcePolicy, GetResourcePolicy, PutResourcePolicy,
//     DeleteResourcePolicy: resource policies
//   - ExecuteStatement, BatchExecuteStatement, ExecuteTransaction: PartiQL
//   - CreateBackup, DeleteBackup, DescribeBackup, ListBackups,
//     RestoreTableFromBackup, RestoreTableToPointInTime, DescribeContinuousBackups,
//     UpdateContinuousBackups, ExportTableToPointInTime, DescribeExport,
//     ListExports, ImportTable, DescribeImport, ListImports, StartBulkPutItems,
//     DescribeBulkOperation, ListBulkOperations, CancelBulkOperation: backup and
//     bulk work
//   - DescribeContributorInsights, ListContributorInsights,
//     UpdateContributorInsights, DescribeKinesisStreamingDestination,
//     EnableKinesisStreamingDestination, DisableKinesisStreamingDestination,
//     UpdateKinesisStreamingDestination: insights and Kinesis
//   - DescribeEndpoints, DescribeLimits: the account
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
