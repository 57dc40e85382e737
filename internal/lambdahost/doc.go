// Package lambdahost is the Lambda service around the execution environments of a
// function: it runs a real function binary as processes of their own and serves
// each of them the Runtime API and the Extensions API on a loopback port, so that
// the runtime loop that runs is the one that runs in production.
//
// # Smallest program
//
//	binary, err := lambdahost.Build(ctx, "./examples/saga", dir)
//	f := lambdahost.NewFunction(binary)
//	defer f.Close(ctx)
//	result, err := f.Invoke(ctx, []byte(`{"id":"42"}`))
//
// A Host is one environment at a time, for tests of what happens in a process.
//
// # Semantics
//
// A call gets an environment that waits for an invocation, the last used first, or
// starts another one. Shown by TestAnEnvironmentIsUsedAgain. More calls than
// ReservedConcurrency, or AccountConcurrency without it, are throttled. Shown by
// TestConcurrencyIsLimited. With a Concurrency of more than 1 an environment handles
// several at once. Shown by TestSeveralInvocationsInOneEnvironment. An environment
// without an invocation ends after IdleTimeout. Shown by TestIdleEnvironmentsEnd.
//
// An invocation ends with the response or error that the function posts, with its
// time-out, or with the process. A process with a concurrency of 1 ends when it
// times out; with more, as on Lambda Managed Instances, it goes on and what the
// function posts too late is thrown away. A crash is the failure of the invocations
// that the process had, and of no others. Shown by TestCrashes, TestTimeOut and
// TestEveryCallIsAnswered. A process with more than MemorySize is killed. Shown by
// TestMemoryLimit.
//
// An initialization that fails is tried again as part of the invocation, with the
// function's Timeout instead of 10 s; the second failure is the result. The next
// invocation tries again. Shown by TestInitFailures and TestInvalidEntrypoint.
//
// Replace and Configure take effect with the next invocation; what runs, ends as it
// began. Shown by TestReplaceAndConfigure. After Close there is no process, no
// goroutine, no socket and no file left. Shown by TestCloseLeavesNothing.
//
// The executables of the folder Extensions are started before the runtime. They get
// INVOKE events, and a SHUTDOWN event with its reason: spindown, timeout or failure.
// An environment with an extension gets SIGTERM before it ends, others are killed.
// Shown by TestExternalExtension, TestInternalExtension and TestSIGTERM.
//
// What Lambda writes about an invocation goes to OnPlatform and what the function
// writes to OnLine, filtered by level when LogFormat is JSON; what an invocation wrote
// is there when Invoke returns. Shown by TestLines.
//
// # Limits
//
// Initialization may take 10 s; a payload 6 MiB, a response 6,291,556 bytes. After
// SIGTERM the process has 500 ms, 300 ms with external extensions, and these have 2 s
// altogether. There are 10 extensions at most. These are Lambda's:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
// AccountConcurrency is 10 for each core: an account's 1000 do not fit on a laptop.
//
// # Errors
//
// Invoke returns an error when there is no result: *ThrottledError, *TooLargeError,
// ErrClosed, the error of the context. An error of the function is part of the
// Result, with Lambda's error type and text. A process that had too much memory is
// "Runtime.ExitError" to the caller and "Runtime.OutOfMemory" in the REPORT line.
//
// # Testing
//
// A function waits on sockets and on processes: it belongs outside a synctest
// bubble.
//
// # Simulated
//
// invocation/next with its headers, invocation/{id}/response with trailers,
// invocation/{id}/error, init/error; extension/register, event/next, init/error and
// exit/error; the X-Ray daemon's UDP socket; the environment variables of Lambda,
// with the list of reserved names; the log format controls; Delve around the process.
//
// # Not simulated
//
// The Telemetry and Logs APIs, the metadata endpoint, INVOKE events with a
// Concurrency of more than 1, tenant isolation, SnapStart, provisioned concurrency,
// streaming of a response to the caller while it is written, freezing between
// invocations, the size of /tmp, processor time in proportion to memory: a Go function
// with less than 1769 MB has one processor. The memory limit needs Linux, and looks at
// the process alone, every 50 ms. A request for what is not
// served gets 404 with a sentence.
package lambdahost
