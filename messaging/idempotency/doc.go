// Package idempotency makes a handler's effect happen once for each business
// key, however often the message, the request or the retry comes. It works in
// any handler: the message type is inferred, and it needs no other
// package of this module.
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
// [ExactlyOnce] and [Transact] commit the effect and the marker of the key in
// one TransactWriteItems. Either both exist or neither does, so the effect is
// exactly once. The marker comes last, so reasons of a canceled transaction
// have the indexes of the caller's writes. Only the marker's own failed
// condition means done; a conflict, throttling or another write's failed
// condition is an error, to be retried or decided by the caller.
//
// [Leased] and [Do] are for effects that do not fit in a transaction. A lease
// keeps overlapping runs apart and is renewed while the handler runs; every
// write of the record is conditional on its owner, so a stale run overwrites
// nothing and gets a [*LeaseLostError] that carries the winner's record. The
// effect is at least once: a crash between the effect and its record repeats
// it. [Lease.Commit] closes the gap for effects in DynamoDB, [Lease.Fence] for
// services that refuse an old fencing token.
//
// In progress elsewhere is an error, never a success: the other run may still
// fail. [*InProgressError] has a method RetryAfter, which consumers understand,
// and a method Blameless: however often a message meets it, that is no failure of
// the message. Errors of a table that is throttled or cannot be reached are
// also blameless. When an effect fails and its key cannot be read, the error asks
// for a retry, whatever the effect's error says: it may be done already.
//
// The same key with another payload is a [*ConflictError], and never taken for a
// repetition. Payloads are compared by SHA-256 of what their Fingerprint method
// answers, else their Payload method, else of their JSON, in which the order of
// members does not count. The fingerprint of a message covers attributes and
// event type: two types of message that share a key conflict, so put the type
// into the key. CallOptions.IgnorePayload turns the comparison off.
//
// # Keys
//
// Take a key from the producer: an order id, an event id, a request's
// idempotency key. The SQS message id is none: it changes when a message is
// redriven, and SNS gives each subscription another.
//
// # Table
//
// A record is one item, among others in the table: Options.Prefix and
// the key in the partition key, a constant in the sort key. Its attribute
// patternkit has the value idempotency, by which package dynamo knows it: streams,
// queries and collections of a shared table pass over records. A table of its own
// with one key works too:
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
// 99 writes besides the marker; more are a [*TooManyWritesError]. Key and prefix have at most 2,048 bytes. A stored
// answer has 380 KB after compression. Finished keys are known for
// Options.Retention; expiry is compared in the conditions, with Options.Skew for
// clocks that differ, and never left to the deletion by time to live.
//
// # Errors
//
// [ErrNoKey], [*ConflictError] and [*TooManyWritesError] have a method Permanent
// that answers true: no retry helps. What the items of a dynamo.Table were refused
// for matches dynamo's sentinels, where the effect returns them as they are. SDK
// errors are wrapped and stay reachable with errors.As.
//
// # Testing
//
// Run it against package dynamotest in virtual time; package simulate proves
// that a handler survives crashes and duplicates at every point.
package idempotency
