// Package xray makes the spans of package observe AWS X-Ray subsegments. It is
// the only package of the module that links the X-Ray SDK, which adds about
// 6 MB to a function.
//
// # Smallest program
//
//	lambda.Start(observe.Handler("orders", handle, func(o *observe.Options) {
//		o.Tracer = xray.Tracer()
//	}))
//
// # Semantics
//
// A span is a subsegment below the segment or subsegment that the trace header
// names; it is sent by itself when it ends. It exists only in a trace that is
// sampled (Sampled=1): everything else passes the header on and costs nothing.
// AWS_XRAY_SDK_DISABLED=TRUE switches spans off. The SDK's process-wide
// configuration is neither read for emitters nor changed: a tracer carries its
// own in the context, so that code inside a span that uses the X-Ray SDK itself
// shares the tracer's emitter.
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
// Set Options.Output to the Traces writer of an observetest.Recorder: a
// goroutine that reads a socket would keep a synctest bubble's time from
// advancing.
package xray
