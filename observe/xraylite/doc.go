// Package xraylite makes the spans of package observe AWS X-Ray subsegments
// without the X-Ray SDK: what goes to the daemon is the same, and the function
// stays 6 MB smaller. Take package xray instead when code inside spans uses the
// X-Ray SDK itself.
//
// # Smallest program
//
//	lambda.Start(observe.Handler("orders", handle, func(o *observe.Options) {
//		o.Tracer = xraylite.New()
//	}))
//
// # Semantics
//
// A span is a subsegment below the segment or subsegment that the trace header
// names. It is sent by itself when it ends. It exists only in a trace that is
// sampled (Sampled=1): everything else passes the header on and costs nothing.
// AWS_XRAY_SDK_DISABLED=TRUE switches spans off. Shown by TestThePacketsAreTheSDKs.
//
// When the invocation is about to time out, or ends by Logger.Fatal, open spans are
// sent in progress, once each. Shown by TestSpansInProgress.
//
// # Limits
//
//	bytes of a packet                    64,000
//	annotations of a span                50
//	bytes of an annotation               1,000
//	bytes of metadata                    32 KiB, in up to 1,000 values
//	bytes of errors                      20,000
//	bytes of an error's message          4,000
//	calls of an error's stack            32
//	bytes of a name                      200
//
// X-Ray takes documents of 64 kB:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html.
// Further errors lose their stacks, then are counted only. Where all of it is more
// than a packet takes, metadata gives way first, the largest values before the
// others, then the texts of annotations. What is cut ends with a mark such as
// "…[1234 bytes cut]"; names end with "...". Shown by TestEverySpanFitsIntoAPacket and
// TestWhatIsCutIsMarked.
//
// # Errors
//
// New panics when the daemon's address is malformed. A packet that cannot be sent is
// lost, with a line "a span was not sent" at WARN in the log of the invocation. That is
// what a writer or the socket refuses, and a trace header too long for a packet. X-Ray's
// protocol is UDP: nobody hears of a packet that is lost on its way. Shown by
// TestASpanThatIsNotSentIsALine.
//
// # Testing
//
// Set Options.Output to the Traces writer of an observetest.Recorder.
package xraylite
