// Package dynamotest is DynamoDB and DynamoDB Streams in your process, for
// tests and local runs. The real SDK client runs against it unmodified, without
// a socket, so also inside a testing/synctest bubble, where time is virtual.
//
// # Smallest program
//
//	db := dynamotest.New(t)
//	client := db.Client()
//	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
//		TableName:            aws.String("orders"),
//		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS}},
//		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
//		BillingMode:          types.BillingModePayPerRequest,
//	})
//	require.NoError(t, err)
//	item := map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "ORDER#42"}}
//	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
//	require.NoError(t, err)
//
// # Simulated
//
// Tables with local and global indexes, these with up to four attributes a key.
// Every item, batch and transaction operation with the whole expression language.
// Time to live and tags. Streams with every view type and iterator type. Errors
// carry the codes and the texts of AWS. Consumed capacity is reckoned as AWS does,
// indexes apart. Shown by TestAgainstModel, TestMultiAttributeKeys, TestStreamViews,
// TestIterators, TestRefused and TestConsumedCapacity.
//
// A [Mapping] is the event source mapping between a stream and a Lambda
// function: batches, filters, partial responses, bisecting, retries, maximum
// age, failure destination, lanes by partition key. Shown by TestMapping,
// TestMappingFilters, TestMappingGivesUpToDestination and TestOrderPerKey.
//
// Fail, Throttle, DropReply, Delay, PartialFailure and [DynamoDB.CancelTransaction]
// make calls go wrong, as ExampleDynamoDB_DropReply shows. [DynamoDB.Journal] has the
// calls, [DynamoDB.Consumed] their cost, [DynamoDB.Items] what is stored.
// [DynamoDB.RequireItem] demands an item, [DynamoDB.RequireNoScan] that nothing
// read a whole table. [DynamoDB.Snapshot] and [DynamoDB.Restore] take the database
// back to a former state, [DynamoDB.Reset] to the beginning. Shown by
// TestItemsAreWhatAClientReads, TestRequireItem, TestRequireNoScan,
// TestSnapshotAndRestore and TestReset.
//
// A test that used the database and failed logs its contents and the last calls.
// [DynamoDB.Dump] returns the contents. Shown by TestAFailedTestShowsTheDatabase.
//
// # Virtual time
//
// Put a test that waits into [testing/synctest.Test] and use in it what belongs
// to the bubble: the t of the inner function, and contexts made of its
// t.Context(). The t.Context() of the outer test is from outside. If its Done
// channel was used outside before, waiting for it in the bubble keeps virtual
// time from passing, and the test hangs. If it is used in the bubble first, the
// channel belongs to the bubble, and the end of the outer test ends the whole
// program with "close of synctest channel from outside bubble". The
// database may be made outside or inside.
//
// Outside of a bubble all waits are real. What has gone on for a second then
// (Run and Drain of a mapping, a Delay) says so on the test log, once.
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
// OnDemandThroughput, WarmThroughput and SSESpecification are accepted without
// effect: the fake has no throughput to limit and stores nothing outside this
// process.
//
// # Semantics
//
// Every call is atomic. Two never overlap, so that TransactionConflictException
// and TransactionInProgressException happen only when a fault asks for them. Shown
// by TestConcurrentTransfers, TestTransactionIsAllOrNothing and
// TestCancelTransaction.
//
// Account and region are the caller's, from the credential scope: a client of
// another region does not see a table. Shown by TestRegionsAndAccountsAreApart.
//
// Indexes are up to date at once unless Options.IndexLag says otherwise, and so
// are the counts of DescribeTable. A table is ACTIVE when CreateTable returns,
// unless Options.CreateDelay says otherwise. Shown by TestIndexLag and TestTables.
//
// Items whose time to live has ended stay for another 48 hours, or
// Options.ExpiryDelay, unless [DynamoDB.DeleteExpired] is called: readers must not
// rely on their being gone. Shown by TestTimeToLive.
//
// A stream has one shard, keeps 24 hours, and its iterators live 15 minutes. A
// mapping reads from the stream that its table has when the mapping first finds
// one. Within a partition key records come in order, and later ones wait for
// earlier ones. Between the tries of a failed batch it waits 1 second, then
// twice as long each time, up to a minute. Shown by TestIterators,
// TestStreamOffAndOn, TestOrderPerKey and TestPausesOfAMapping.
//
// Scans and parallel scans go through the items in the order of a hash of the
// partition key, which is the same in every run. Shown by TestPages.
//
// # Limits
//
//	bytes of an item                       409,600; an update counts by the finished item
//	bytes of a partition key, a sort key   2,048, 1,024
//	levels of nesting                      32
//	digits of a number                     38
//	bytes of a page                        1 MB
//	writes, keys of a batch                25, 100
//	bytes of a batch                       16 MB
//	actions, bytes of a transaction        100, 4 MB
//	bytes, operators of an expression      4,096, 300
//
// They are DynamoDB's:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html.
// Throughput has no limit: use Throttle. Shown by TestRefused,
// TestPageOfOneMegabyte and TestConformance.
//
// # Errors
//
// Calls fail as on AWS, and with code NotSimulated where this package has no
// answer. A mistake of the test is an error of the test, or panics where there is
// no test. Shown by TestRefused and TestMistakesHaveASentence.
//
// # Testing
//
// In a test, New(t) logs on t what is not simulated. The database may be made
// inside a synctest bubble or outside of it. Shown by
// TestATableFromOutsideTheBubble.
package dynamotest
