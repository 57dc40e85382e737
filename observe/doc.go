// Package observe gives AWS Lambda handlers structured logs, CloudWatch metrics
// and traces that are joined by one correlation id. It links zap and no AWS
// client.
//
// # Smallest program
//
//	var OrdersPlaced = observe.MustCounter("OrdersPlaced", "Channel")
//
//	func main() {
//		lambda.Start(observe.Handler("orders", handle))
//	}
//
//	func handle(ctx context.Context, in PlaceOrder) (Receipt, error) {
//		observe.Logger(ctx).Info("placing", zap.String("orderId", in.ID))
//		OrdersPlaced.Add(ctx, 1, "web")
//		ctx, span := observe.StartSpan(ctx, "charge")
//		defer span.End()
//		…
//	}
//
// EventHandler is for handlers that return only an error, Wrap for every other
// shape.
//
// # Semantics
//
// Everything belongs to one invocation and lives in its context, so that several
// invocations may run in one process (AWS_LAMBDA_MAX_CONCURRENCY). What is written
// after an invocation has ended goes straight to the output.
//
// Logs are lines of JSON on standard output, one Write each, with the keys
// level, timestamp and message that Lambda's log filter reads, then service,
// functionName, requestId, tenantId, coldStart, correlationId, traceId, then the
// fields of the call. No line has a key twice: a field whose key is taken gets a
// number appended. Errors become objects with type, message and cause.
// Durations are milliseconds. AWS_LAMBDA_LOG_LEVEL overrides the level in the code.
// With Options.BufferBytes, detail is written only when an invocation goes wrong.
//
// The error a handler returns is logged at ERROR, a panic at FATAL with its stack;
// the panic then goes on, unless Options.RecoverPanics makes it a *PanicError.
// Go runs a goroutine that the invocation waits for, whose panic is one of the handler.
// Inside Lambda the standard log package is redirected, since aws-lambda-go
// reports errors there as text that Lambda would take for INFO, and log/slog
// writes to the invocation of its context (SlogHandler). Lines of the standard log carry
// the ids of the invocation that runs; where several run at a time, of the one whose
// handler runs in the line's goroutine or has started it.
//
// # Last words
//
// Buffered lines, metrics and spans are written when an invocation ends, and also:
//
//   - before the deadline, with a line at ERROR (Options.DeadlineMargin);
//   - at Logger.Fatal, whose line is written once, in whatever goroutine;
//   - at log.Fatal and its kin, in a line at FATAL, for all invocations of the process.
//     log.Panic has a line at FATAL too. That goes for the standard logger, inside Lambda;
//   - when the handler, or a goroutine begun with Go, panics or leaves by Goexit.
//
// A span that has not ended then is sent in progress; log.Fatal ends it.
//
// What cannot be caught: os.Exit, also by the Fatal of another logger, a panic in a
// goroutine begun with the go statement, errors of the runtime such as concurrent writes
// to a map or a full stack, SIGKILL, and the end of memory. Call Flush before os.Exit.
//
// Metrics are documents in the embedded metric format: CloudWatch extracts them
// from the log without an API call. A counter is summed, a gauge keeps the newest
// value, a timer and a histogram keep every value, for each combination of
// dimension values. The dimension "service" is always there. The
// first invocation of an on-demand environment adds ColdStart.
//
// The correlation id is, in this order: the one in the context; what
// Options.CorrelationID finds; the header X-Correlation-Id of an HTTP-shaped event;
// the message attribute correlationId of SQS and SNS records, or
// metadata.correlationId of their body, where all records of a batch agree;
// detail.metadata.correlationId of an EventBridge event; the member correlationId
// of an event taken as JSON; the method CorrelationID() string of the event's
// type; the request id of the API or the id of the EventBridge event; the request
// id of the invocation; a new one. Senders and consumers of this module carry it on.
//
// Spans go to Options.Tracer: packages observe/xray and observe/xraylite have one for
// AWS X-Ray. Without one they do nothing, and the trace header
// that came with the invocation is carried on all the same. A span begun for a
// record that has a trace of its own joins that trace.
//
// # Limits
//
// A line has at most 1,048,550 bytes: longer log lines are cut and marked with
// truncatedBytes. A metric document has at most 100 metrics, 100 values of each,
// 30 dimensions and the bytes of a line; what is more goes into further documents
// with the same dimensions and properties. A metric name has 1 to 255 characters, a
// dimension name 1 to 250 and a dimension value 1 to 1,024 of printable ASCII. A
// value lies within ±2^360. What CloudWatch would refuse is refused here, with one
// warning per metric and invocation. At 10,000 values or 1,000 combinations of
// dimension values not yet written, metrics are written early: a counter then has
// several documents, which CloudWatch adds up. A correlation id from outside has at
// most 128 printable ASCII characters.
//
// # Errors
//
// Handler, EventHandler, Wrap, NewLogger and the MustX functions panic with a
// sentence when an option or a name is wrong; NewCounter and the like return it.
// PanicError and FatalError carry what ended a handler. A line that cannot be
// written is lost: there is nowhere left to report it.
//
// # Testing
//
// Package observetest records lines, metrics and spans and gives them back as
// values. Time is time.Now: everything works in a synctest bubble.
package observe
