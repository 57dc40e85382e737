// Package observetest is CloudWatch Logs, CloudWatch metrics and X-Ray for a test:
// log lines, metrics and spans come back as values.
//
// # Smallest program
//
//	rec := observetest.New(t)
//	handler := observe.Handler("orders", handle, rec.Observe)
//	_, err := handler(observetest.Context(ctx, observetest.Invocation{}), order)
//	observetest.RequireMetric(t, rec, "OrdersPlaced", 1, "Channel=web")
//	observetest.RequireLog(t, rec, "INFO", "placing", "orderId=42")
//
// Spans come through the writer of Traces:
//
//	o.Tracer = xray.New(func(o *xray.Options) { o.Output = rec.Traces() })
//
// # Semantics
//
// The recorder reads metric documents by the rules of the embedded metric format,
// written down here a second time, and log lines by those of Lambda's log filter.
// What breaks a rule fails the test and gives no metric. Shown by
// TestInvalidDocumentsGiveNoMetrics and TestParsePacket.
//
// RequireMetric, RequireLog, RequireNoErrors and RequireOneTrace return what they
// find. Where it is not there they end the test and list what is there instead.
// Shown by TestRequireReturnsWhatIsFound and TestRequireSaysWhatIsThereInstead.
//
// # Limits
//
// A line may have 1 MiB, a trace packet 65,507 bytes.
//
// # Errors
//
// Problems lists what was invalid, which also fails the test.
//
// # Testing
//
// The package starts no goroutine and makes no channel: a recorder made outside a
// synctest bubble works inside.
//
// # Simulated
//
// Extraction of metrics from documents, with every limit of the format; reading
// of log lines and the filter by log level (Delivered); the X-Ray daemon's packets
// and the tree of a trace.
//
// # Not simulated
//
// Aggregation of metrics over time, alarms, Logs Insights queries, sampling rules,
// the service map, and the CloudWatch API.
package observetest
