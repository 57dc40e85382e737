// Package lambdahost is the Lambda service around one execution environment: it
// runs a real function binary as a process of its own and serves it the Runtime
// API on a loopback port, so that a test drives the runtime loop that runs in
// production.
//
// # Smallest program
//
//	binary, err := lambdahost.Build(ctx, "./examples/saga", dir)
//	host, err := lambdahost.Start(ctx, binary)
//	defer host.Close()
//	result, err := host.Invoke(ctx, []byte(`{"id":"42"}`))
//
// # Semantics
//
// The process is started by Start and again by the next Invoke after it has
// ended. An invocation ends with the response or error that the function posts,
// with its time-out, or with the process. A function with a concurrency of 1 is
// killed when it times out; with more, as on Lambda Managed Instances, the
// process goes on and what the function posts too late is thrown away.
//
// # Limits
//
// Initialization may take 10 s; a payload 6 MiB, a response 6,291,556 bytes. After
// SIGTERM the process has 500 ms. These are Lambda's.
//
// # Errors
//
// Invoke returns an error when there is no result, for instance because the
// process cannot be started. An error of the function is part of the Result.
//
// # Testing
//
// The host waits on sockets and on a process: it belongs outside a synctest
// bubble.
//
// # Simulated
//
// invocation/next with its headers, invocation/{id}/response with trailers,
// invocation/{id}/error, init/error; extension/register and event/next for an
// internal extension without events, which is how a function asks for SIGTERM;
// the X-Ray daemon's UDP socket.
//
// # Not simulated
//
// Extensions with events, the Telemetry API, streaming of a response to the
// caller while it is written, LAMBDA_TASK_ROOT, memory limits, freezing between
// invocations. A request for what is not served gets 404 with a sentence.
package lambdahost
