// Package simulate proves that a message handler survives what a cloud does to
// it: it runs the handler, real SDK clients included, through every crash, lost
// reply, throttled request and duplicate delivery within bounds, each in a
// fresh world in virtual time.
//
//	func TestTransferIsExactlyOnce(t *testing.T) {
//		simulate.Run(t, newWorld, simulate.Once(func(w *world) int { return w.transfers() }))
//	}
//
// # Semantics
//
// A world is the fakes with their data, and a way to handle one delivery of one
// message. The transport between the SDK clients and the fakes is the
// scheduler: it holds each request and decides what is next. It lets a request
// through; or, while there are faults left, crashes the process before or after
// the request took effect, applies it but loses the reply, throttles it, or has it
// meet another transaction on one of its items: DynamoDB cancels a transaction
// with the reason TransactionConflict then, and refuses a single write with
// TransactionConflictException. It may crash a process before its acknowledgment arrives, deliver the message
// once more during a run or after the acknowledgment, and let
// time pass, so that leases and the visibility timeout end while a run is held:
// that run goes on later, as a stale one.
//
// All sequences of such decisions are tried, depth first. When one has ended
// without an acknowledgment, the message is delivered again without faults, and
// then the oracle looks at the world.
//
// Time passes: the message is sent a second before its first delivery, and a
// redelivery keeps the time of sending and of the first receive.
//
// A case is named by its decisions, as in "0.0.3.1". A failure prints the name
// and what happened; with Options.Replay the case alone runs again. It is
// shortened first, as far as it keeps failing.
//
// # Limits
//
// One message, by default 2 deliveries, 1 fault, 1 duplicate and 1 passing of
// time while runs are held, which is some hundred to some thousand cases of a few
// milliseconds each. Processes share one clock. The SDK clients do not retry,
// unless Options.Retries asks for it: so every fault reaches the handler.
//
// World and oracle live in a bubble of testing/synctest, so they use
// context.Background() or the context of the T that makes the world, never that
// of the test around them.
//
// A handler must be deterministic between its requests: requests that one
// process makes at the same time are ordered by their content.
//
// # Errors
//
// [Once] tells apart [ErrLost], [ErrDouble] and [ErrStuck].
//
// # Testing
//
// The package's own tests run the usual ways to write such a handler wrongly,
// and see each caught.
package simulate
