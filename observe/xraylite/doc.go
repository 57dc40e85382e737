// Package xraylite makes the spans of package observe AWS X-Ray subsegments
// without the X-Ray SDK: what goes to the daemon is the same, and the function
// stays 6 MB smaller. Take package xray instead when code inside spans uses the
// X-Ray SDK itself.
//
// # Smallest program
//
//	lambda.Start(observe.Handler("orders", handle, func(o *observe.Options) {
//		o.Tracer = xraylite.Tracer()
//	}))
//
// # Semantics
//
// A span is a subsegment below the segment or subsegment that the trace header
// names; it is sent by itself when it ends. It exists only in a trace that is
// sampled (Sampled=1): everything else passes the header on and costs nothing.
// AWS_XRAY_SDK_DISABLED=TRUE switches spans off.
//
// # Limits
//
// Names are cut to 200 bytes, annotations that are strings to 1,000; a span takes
// 50 annotations and 32 KiB of metadata, since a document may have 64 KiB.
//
// # Errors
//
// Tracer panics when the daemon's address is malformed. A packet that cannot be
// sent is lost; X-Ray's protocol is UDP.
//
// # Testing
//
// Set Options.Output to the Traces writer of an observetest.Recorder.
package xraylite
