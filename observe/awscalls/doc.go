// Package awscalls observes the calls that AWS SDK clients make: each gets a
// span, metrics and a debug line. It links the SDK's core and no service client.
//
// # Smallest program
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	client := dynamodb.NewFromConfig(awscalls.Observe(cfg))
//
// # Semantics
//
// A call is observed with its retries as one. Its span is named after the service
// and has the operation. Its metrics are AWSCallDuration in milliseconds,
// AWSCallErrors, AWSCallRetries and AWSCallThrottles, by the dimensions AWSService
// and AWSOperation; the last three are written only when there is something to
// count. The line at DEBUG has the same and the request id. The HTTP request
// carries the span's trace header as X-Amzn-Trace-Id. Shown by TestACallIsObserved
// and TestRetriesThrottlesAndErrors.
//
// Everything goes to the invocation of the call's context. A call outside an
// invocation is not observed. Shown by TestACallOutsideAnInvocationIsLeftAlone.
//
// # Limits
//
// The metrics take two of a metric's 30 dimensions. An operation name is one of
// a few: the number of metrics stays small.
//
// # Errors
//
// The error of a call is recorded on its span and passed on unchanged.
//
// # Testing
//
// Join the configuration of a fake before or after Observe: both orders work.
package awscalls
