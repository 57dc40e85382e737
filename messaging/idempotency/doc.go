// Package idempotency makes a handler's effect happen once for each business
// key, however often the message, the request or the retry comes. It works in
// any handler: the message type is inferred, and no package of this module is
// needed beside it.
//
// # Smallest program
//
//	store := idempotency.NewStore(client, "orders")
//
//	handler := idempotency.ExactlyOnce(store, transferID,
//		func(ctx context.Context, m messaging.Message[Transfer]) ([]types.TransactWriteItem, error) {
//			return table.Items(debit, credit)
//		})
//
// # Semantics
//
// [ExactlyOnce] and [Transact] commit the effect and the marker of the key in one
// TransactWriteItems. Either both exist or neither does, so the effect happens
// exactly once. The marker comes last, so the reasons of a canceled transaction
// have the indexes of the caller's writes. Only the marker's own failed condition
// means that the key is done. A conflict, throttling or another write's failed
// condition is an error, which the caller retries or decides on. Shown by
// TestExactlyOnceHasOneEffect, TestExactlyOnceOnlyTheMarkerMeansDone and
// TestMoneyIsConservedWhateverGoesWrong.
//
// [Leased] and [Do] are for effects that do not fit in a transaction. A lease keeps
// overlapping runs apart and is renewed while the handler runs. Every write of the
// record is conditional on its owner: a stale run overwrites nothing and gets a
// [*LeaseLostError] with the winner's record. The effect happens at least once: a
// crash between the effect and its record repeats it. [Lease.Commit] closes the gap
// for effects in DynamoDB, [Lease.Fence] for services that refuse an old fencing
// token. Shown by TestALeaseIsRenewedWhileTheHandlerRuns,
// TestAStaleRunOverwritesNothing and TestCommitJoinsEffectAndCompletion.
//
// "In progress elsewhere" is an error, never a success: the other run may still
// fail. [*InProgressError] has a method RetryAfter, which consumers understand, and
// a method Blameless: however often a message meets it, the message has not failed.
// Errors of a table that is throttled or cannot be reached are blameless as well.
// If an effect fails and its key cannot be read, the error asks for a retry,
// whatever the effect's error says: the effect may have happened already. Shown by
// TestInProgressElsewhereSaysWhenToComeBack,
// TestFaultsOfTheTableAreNoFailuresOfTheMessage and
// TestADoneMessageIsNotParkedWhenItsMarkerCannotBeRead.
//
// The same key with another payload is a [*ConflictError], and never taken for a
// repetition. Payloads are compared by the SHA-256 of what their Fingerprint method
// returns, else their Payload method, else of their JSON, in which the order of
// members does not count. The fingerprint of a message covers attributes and event
// type. Two types of message that share a key conflict, so put the type into the
// key. CallOptions.IgnorePayload turns the comparison off. Shown by
// TestAnotherPayloadIsAConflict and TestPayloadsAreComparedAsJSON.
//
// # Keys
//
// Take a key from the producer: an order id, an event id, a request's idempotency
// key. The SQS message id is not a key: it changes when a message is redriven, and
// SNS gives each subscription another.
//
// # Table
//
// A record is one item, which may be in a table with others. Its partition key is
// Options.Prefix and the key, its sort key a constant. Its attribute patternkit has
// the value idempotency. Package dynamo knows it by that: streams, queries and
// collections of a shared table pass over records. A table with one key works as
// well (shown by TestATableOfItsOwnWithOneKey):
//
//	store := idempotency.NewStore(client, "idempotency", func(o *idempotency.Options) {
//		o.PartitionKey, o.SortKey, o.Prefix = "id", "", ""
//	})
//
// The role needs dynamodb:GetItem, dynamodb:UpdateItem and what the caller's own
// writes need.
//
// # Limits
//
//	writes of an effect          99, and the marker makes 100
//	bytes of key and prefix      2,048
//	bytes of a stored answer     380 KB after compression
//
// DynamoDB's limits are 100 writes a transaction
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html),
// 2,048 bytes for a partition key and 400 KB for an item
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
// More writes are a [*TooManyWritesError]. Finished keys are known for
// Options.Retention. Expiry is compared in the conditions, with Options.Skew for
// clocks that differ, and never left to the deletion by time to live, which may come
// days later (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html).
// Shown by TestTooManyWritesIsPermanent, TestKeysAreCheckedBeforeTheNetwork,
// TestTransactCompressesLargeAnswersAndNeverFailsAfterTheEffect and
// TestExpiryIsComparedAndNotLeftToDeletion.
//
// # Errors
//
// [ErrNoKey], [*ConflictError] and [*TooManyWritesError] have a method Permanent
// that returns true: no retry helps. If a write of a dynamo.Table was refused, the
// error matches dynamo's sentinels, provided that the effect returned the items as
// they were. SDK errors are wrapped and stay reachable with errors.As. Shown by
// TestReasonsOfDynamoComeThrough.
//
// # Testing
//
// Run it against package dynamotest in virtual time. Package simulate proves that a
// handler survives crashes and duplicates at every point.
package idempotency
