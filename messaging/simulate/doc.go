// Package simulate proves that a message handler survives failures. It runs the
// handler, with real SDK clients, through every crash, lost reply, throttled request
// and duplicate delivery within bounds, each in a fresh world in virtual time.
//
// # Smallest program
//
//	func TestDepositHappensOnce(t *testing.T) {
//		simulate.Run(t, NewBank, simulate.Once((*Bank).Deposits))
//	}
//
// # Semantics
//
// A world is the fakes with their data, and a way to handle one delivery of one
// message. The transport between the SDK clients and the fakes is the scheduler: it
// holds each request and decides what happens to it. It lets a request through, or,
// while there are faults left, does one of these:
//
//   - It crashes the process before or after the request took effect.
//   - It carries out the request and loses the reply.
//   - It throttles the request.
//   - It lets the request meet another transaction on one of its items. DynamoDB
//     then cancels a transaction with the reason TransactionConflict, and refuses a
//     single write with TransactionConflictException.
//
// It may also crash a process before its acknowledgment arrives, and deliver the
// message once more during a run or after the acknowledgment. And it may let time
// pass, so that leases and the visibility timeout end while a run is held: that run
// goes on later, as a stale one. Shown by TestEveryFaultReachesTheHandler and
// TestTransactionConflicts.
//
// All sequences of such decisions are tried, depth first. If one has ended without
// an acknowledgment, the message is delivered again without faults. Then the oracle
// looks at the world. Shown by TestAHandlerThatNeverAcknowledgesIsStuck.
//
// Time passes: the message is sent a second before its first delivery, and a
// redelivery keeps the time of sending and of the first receive. Shown by
// TestRedeliveriesKeepTheTimesOfTheMessage.
//
// A case is named by its decisions, as in "0.0.3.1". A failure prints the name and
// the steps. Before that it is shortened as far as it keeps failing. With
// Options.Replay only the case with that name runs. Shown by
// TestSeededFaultsAreFound.
//
// # Limits
//
// There is one message. The default bounds are 2 deliveries, 1 fault, 1 duplicate
// and 1 passing of time while runs are held: some hundred to some thousand cases of
// a few milliseconds each. Processes share one clock. The SDK clients do not retry,
// unless Options.Retries asks for it, so that every fault reaches the handler.
//
// World and oracle live in a bubble of testing/synctest. They use
// context.Background() or the context of the T that makes the world, never that of
// the test around them.
//
// A handler must be deterministic between its requests: requests that one process
// makes at the same time are ordered by their content.
//
// # Errors
//
// [Once] tells apart [ErrLost], [ErrDouble] and [ErrStuck].
//
// # Testing
//
// A proof that never failed proves nothing. The package's own tests run handlers
// with the usual mistakes, and each is caught. The handlers of package idempotency
// have no failing case. Shown by TestSeededFaultsAreFound and TestOursHasNone.
package simulate
