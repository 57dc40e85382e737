// Package events is EventBridge with Go types: definitions of events, a
// publisher that accounts for every entry, patterns that match as AWS does, and a
// router from events to handlers.
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
// EventBridge delivers at least once and in no order. PutEvents takes a request
// and may still refuse some of its entries: [Publisher.Publish] cuts what it is
// given into requests, sends refused entries again where that can help, and
// answers for each entry. Nothing runs in the background: when Publish returns,
// everything has been sent that will be. An event that was sent again after a lost
// answer has two ids; [Metadata] carries one id that stays, for consumers to tell
// repetitions by.
//
// The correlation id and the trace header of the context travel in the detail, as
// metadata.correlationId and metadata.traceHeader, because that is the one place
// that gets through every rule, topic and queue. [Router.Handle] puts them into
// the context of the handler. The trace header is also sent as the entry's
// TraceHeader.
//
// A [Router] tries its routes in order and calls the first that fits; a route with
// Continue lets others follow. [Router.Pattern] is the rule that the function
// needs, for a test to compare with the template. A handler that panics gives an
// error.
//
// [Pattern] follows event-ruler, the engine that AWS published, in what it accepts,
// in what it matches, and in the texts of its errors; [Pattern.Explain] says why
// an event did not match.
//
// Details change. A [Definition] has a version, and upcasts that bring older
// details up to it, see [DefinitionOptions].
//
// # Limits
//
// 10 entries and fewer than 1,000,000 bytes a request (the service's limit is 1 MB
// since January 2026, 256 KB before; PublisherOptions.MaxRequestBytes), 128
// characters of detail type, 999 levels of detail, wildcard complexity 10 a
// pattern, 1,000 combinations of $or. A rule's pattern may have 2,048 characters on
// AWS: [Pattern.Warnings] says when one has more.
//
// # Errors
//
// [PublishError] holds an [EntryError] for each event that was not published.
// [DecodeError] is an event that cannot be read; it wraps [ErrNoEvent],
// [ErrOtherEvent], [ErrVersion] or the JSON error. [ErrNoRoute], [PatternError]
// and [PanicError] say what their names say.
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
