// Package events is EventBridge with Go types: definitions of events, a
// publisher with a result for every entry, patterns that match as AWS does, and a
// router from events to handlers.
//
// # Smallest program
//
//	type OrderPlaced struct {
//		OrderID string  `json:"orderId"`
//		Amount  float64 `json:"amount"`
//	}
//
//	var OrderPlacedEvent = events.MustDefinition[OrderPlaced]("shop.orders", "OrderPlaced")
//
//	publisher := events.NewPublisher(client, "orders")
//	results, err := publisher.Publish(ctx, OrderPlacedEvent.New(OrderPlaced{OrderID: "42", Amount: 120}))
//
//	router := events.MustRouter(events.OnEvent(OrderPlacedEvent, func(ctx context.Context, e events.Event[OrderPlaced]) error {
//		return ship(ctx, e.Detail.OrderID)
//	}))
//	lambda.Start(router.Handle)
//
// # Semantics
//
// EventBridge delivers at least once and in no order.
//
// PutEvents can accept a request and refuse some of its entries.
// [Publisher.Publish] splits what it is given into requests, sends refused entries
// again where that can help, and returns a result for each entry. Nothing runs in
// the background: when Publish returns, nothing is left to send. Shown by
// TestPublishAccountsForEveryEntry and TestPublishSplitsBySize.
//
// An event that is sent again after a lost answer gets a second id from
// EventBridge. Consumers that must act once use [Metadata].ID, which stays the
// same. Shown by TestFingerprintOfAnEvent.
//
// The correlation id and the trace header of the context travel in the detail, as
// metadata.correlationId and metadata.traceHeader. Only the detail passes every
// rule, topic and queue. [Router.Handle] puts both into the context of the
// handler. The trace header is also sent as the entry's TraceHeader. Shown by
// TestPublishAndRoute and TestPublishEntries.
//
// A [Router] tries its routes in order and calls the first that matches. A route
// with Continue lets the next ones have the event as well. A handler that panics
// returns a [PanicError]. Shown by TestRouter and TestRouterErrors.
//
// [Router.Pattern] is the pattern of the rule that the function needs. A test can
// compare it with the template. Shown by TestRouterPattern.
//
// [Pattern] follows event-ruler, the engine that AWS has published: in what it
// accepts, in what it matches, and in the texts of its errors. [Pattern.Explain]
// says why an event did not match. Shown by TestGolden of internal/pattern, with
// 5,000 cases that the engine has answered.
//
// A [Definition] has a version. Upcasts bring older details to that version, see
// [DefinitionOptions]. Shown by TestVersions.
//
// # Limits
//
//	entries of a request         10
//	bytes of a request           fewer than 1,000,000; see PublisherOptions.MaxRequestBytes
//	characters of a detail type  128
//	levels of a detail           999
//	wildcard complexity          10 a pattern; see PatternOptions.MaxComplexity
//	combinations of $or          1,000 a pattern
//
// The service accepts 1 MB a request since January 2026, and 256 KB before
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
// The pattern of a rule may have 2,048 characters on AWS
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html):
// [Pattern.Warnings] says when one has more. Shown by
// TestPublishChecksBeforeTheNetwork and TestNewPattern.
//
// # Errors
//
// [PublishError] holds an [EntryError] for each event that was not published.
// [DecodeError] is an event that cannot be read: it wraps [ErrNoEvent],
// [ErrOtherEvent], [ErrVersion] or the JSON error. A router returns an error that
// wraps [ErrNoRoute] for an event that no route takes. A [PatternError] is a
// pattern that EventBridge would refuse, with its text.
//
// # Testing
//
// Package eventstest is EventBridge in your process: the real client publishes,
// rules match, targets are Go functions. To test a router alone, call
// [Router.Deliver] with the JSON of an event.
//
// HTTP-shaped Lambda events, schemas, EventBridge Scheduler and Pipes are not part
// of this package.
package events
