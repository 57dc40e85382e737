// Package stream handles the DynamoDB stream of a table that package dynamo describes:
// typed routes for changes, views that are kept from them, and an outbox of messages.
//
// # Smallest program
//
//	var Outbox = stream.MustOutbox[Mail](Store, "Outbox")
//
//	table := dynamo.New(client, "orders", Store)
//	summaries := stream.MustView(table, Summaries) // an entity with a version
//	changes := stream.MustHandler(Store,
//		stream.OnChange(Orders, func(ctx context.Context, c stream.Change[Order]) error { … }),
//		stream.Project(Orders, summaries, keyOf, apply),
//		stream.Relay(Outbox, send))
//	lambda.Start(changes.Handle)
//
// The function that writes puts the message into its transaction:
//
//	err := table.Transact(ctx, Orders.Create(o), Outbox.Send(o.OrderID, Mail{…}))
//
// # Semantics
//
// Delivery is at least once, and in order for each item. A failure ends the batch there,
// and Lambda delivers it again from the failed record on; a panic is a failure. Nothing
// after a failed record is started before that record was handled. Shown by
// TestAFailureStopsTheBatchAndIsDeliveredAgain and TestNothingStartsAfterAFailure.
//
// The event source mapping needs ReportBatchItemFailures, or the Handler the part
// [FailWholeBatch]: without one of the two, Lambda takes a batch with failures for done.
// See https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html.
// Shown by TestAStreamMayFailAsAWhole.
//
// [Project] keeps a view of an entity and applies each change once, however often it is
// delivered: the id of the change is stored with its effect in one transaction. Shown by
// TestProjectionAppliesEachChangeOnce and TestSeveralProjectionsIntoOneView.
//
// An [Outbox] stores a message in the transaction that causes it, and [Relay] sends it
// from the stream: it is sent if and only if the transaction was done, at least once.
// Shown by TestRelayAnswersForEachMessage and ExampleRelay_exactlyOnce.
//
// Stream records have no headers. Entities declared with dynamo.Correlated, and outbox
// entries, store the correlation id and the trace header of their last write, and
// handlers find both in their context. A removal carries none. Shown by
// TestStreamHandsChangesWithTheirCorrelation.
//
// The items that other packages of this module keep in the table are passed over: records
// of package idempotency, API keys. Shown by TestAStreamPassesOverMarkers and
// TestAStreamPassesOverAPIKeys. An item of an entity that the model does not know fails,
// unless [OnUnknown] takes it. Shown by TestRecordsThatNobodyKnows.
//
// # Limits
//
// The stream's view type has to be NEW_AND_OLD_IMAGES. A stream keeps its records for 24
// hours, and a view the ids of applied changes for 48:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html.
//
// # Errors
//
// A record that failed is in the response and reported to [OnFailure], which logs it by
// default. A view fails with the errors of package dynamo.
//
// # Testing
//
// Package dynamotest delivers the stream of its tables. Drain hands over every record
// there is:
//
//	mapping := db.NewMapping("orders", dynamotest.Func(changes.Handle), func(o *dynamotest.MappingOptions) {
//		o.ReportBatchItemFailures = true
//	})
//	err := mapping.Drain(ctx)
package stream
