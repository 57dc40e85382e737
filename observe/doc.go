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
// after an invocation has ended goes straight to the output. Shown by
// TestSixteenInvocationsAtOnce and TestALineWrittenAfterItsInvocationGoesStraightOut.
//
// Logs are lines of JSON on standard output, one Write each. A line has the keys
// level, timestamp and message that Lambda's log filter reads, then service,
// functionName, requestId, tenantId, coldStart, correlationId, traceId, then the
// fields of the call. No line has a key twice: a field whose key is taken gets a
// number appended. Errors become objects with type, message and cause.
// Durations are milliseconds. AWS_LAMBDA_LOG_LEVEL overrides the level in the code:
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html.
// With Options.BufferBytes, detail is written only when an invocation goes wrong.
// Shown by TestHandlerObservesAnInvocation, TestNoLineHasAKeyTwice,
// TestLambdaDropsNoLineThatTheFilterLetsThrough and
// TestBufferedLinesAreWrittenOnlyWhenTheyMatter.
//
// Secrets are not written: fields are redacted by key, by struct tag and by type.
// See Options.Redact, Secret and Seal. Shown by TestRedaction,
// TestRedactionFailsClosed and TestASecretNeverShows.
//
// The error a handler returns is logged at ERROR, a panic at FATAL with its stack.
// The panic then goes on, unless Options.RecoverPanics makes it a *PanicError.
// Go runs a goroutine that the invocation waits for; its panic is a panic of the
// handler. Shown by TestErrorsAndPanicsAreWrittenWithTheirMetrics and
// TestAPanicInAGoroutineIsTheInvocations.
//
// Inside Lambda the standard log package is redirected, since aws-lambda-go
// reports errors there as text that Lambda would take for INFO. log/slog writes
// to the invocation of its context (SlogHandler). Lines of the standard log carry
// the ids of the invocation that runs. Where several run at a time, it is the one
// whose handler runs in the line's goroutine or has started it. Shown by
// TestOnTheRuntimeLoop and TestTheStandardLogFindsItsInvocation.
//
// # Last words
//
// Buffered lines, metrics and spans are written when an invocation ends, and also:
//
//   - before the deadline, with a line at ERROR (Options.DeadlineMargin);
//   - at Logger.Fatal, whose line is written once, in whatever goroutine;
//   - at log.Fatal and its kin, in a line at FATAL, for all invocations of the process.
//     log.Panic has a line at FATAL as well. Both hold for the standard logger, inside
//     Lambda;
//   - when the handler, or a goroutine begun with Go, panics or leaves by Goexit.
//
// A span that has not ended then is sent in progress; log.Fatal ends it. Shown by
// TestLastWordsOfAProcess, TestATimeOutLosesNothing and TestAFatalLineIsWrittenOnce.
//
// Nobody can catch these: os.Exit, also by the Fatal of another logger, a panic in a
// goroutine begun with the go statement, errors of the runtime such as concurrent writes
// to a map or a full stack, SIGKILL, and the end of memory. Call Flush before os.Exit.
//
// # Metrics
//
// Metrics are documents in the embedded metric format: CloudWatch extracts them
// from the log without an API call. A counter is summed, a gauge keeps the newest
// value, a timer and a histogram keep every value, for each combination of
// dimension values. The dimension "service" is always there. The
// first invocation of an on-demand environment adds ColdStart. Shown by
// TestAMetricDocument, TestDimensionSets and TestColdStartOfOnDemandEnvironmentsOnly.
//
// # Correlation
//
// The correlation id is the first of these:
//
//   - the one in the context;
//   - what Options.CorrelationID finds;
//   - the header X-Correlation-Id of an HTTP-shaped event;
//   - the message attribute correlationId of SQS and SNS records, or
//     metadata.correlationId of their body, where all records of a batch agree;
//   - detail.metadata.correlationId of an EventBridge event;
//   - the member correlationId of an event taken as JSON;
//   - the method CorrelationID() string of the event's type;
//   - the request id of the API, or the id of the EventBridge event;
//   - the request id of the invocation;
//   - a new one.
//
// Senders and consumers of this module carry it on. Shown by
// TestTheCorrelationIDComesFromTheEvent and TestTheCorrelationIDFallsBack.
//
// Spans go to Options.Tracer: packages observe/xray and observe/xraylite have one for
// AWS X-Ray. Without a tracer spans do nothing, and the trace header that came with
// the invocation is still carried on. A span begun for a record that has a trace of
// its own joins that trace. Shown by TestSpansJoinOneTraceOverSeveralFunctions and
// TestARecordsOwnIDsReachItsLines.
//
// # Limits
//
//	bytes of a line                            1,048,550
//	metrics of a metric document               100
//	values of a metric in a document           100
//	dimensions of a metric                     30
//	characters of a metric name                255
//	characters of a dimension name             250
//	characters of a dimension value            1,024, printable ASCII
//	a value                                    within ±2^360
//	characters of a correlation id             128, printable ASCII
//
// CloudWatch has them from
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
// and https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html.
//
// Longer log lines are cut and marked with truncatedBytes. What a metric document has
// no room for goes into further documents with the same dimensions and properties.
// What CloudWatch would refuse is refused here, with one warning per metric and
// invocation. At 10,000 values or 1,000 combinations of dimension values not yet
// written, metrics are written early: a counter then has several documents, which
// CloudWatch adds up. Shown by TestALineNeverExceedsTheLimit,
// TestEveryPartOfASplitKeepsDimensionsAndProperties,
// TestWhatCloudWatchRefusesIsRefusedWithAWarning and
// TestMetricsAreWrittenEarlyAtTheLimitsOnly.
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
