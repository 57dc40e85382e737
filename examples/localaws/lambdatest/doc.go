// Package lambdatest is AWS Lambda in your process: functions are Go code, and what
// invokes them does it as on AWS. The real SDK client runs against it unmodified,
// without a socket, so that it works inside testing/synctest: the two minutes
// before a third attempt pass in no time.
//
//	functions := lambdatest.New(t)
//	functions.Create("ship", lambdatest.Func(handler))
//	answer, err := functions.Function("ship")(ctx, []byte(`{"id":"42"}`)) // synchronously, once
//	err = functions.Async("ship")(ctx, []byte(`{"id":"42"}`))             // accepted at once
//	err = functions.Drain(ctx)                                            // invoked, retries included
//	client := functions.Client()                                          // the real *lambda.Client
//
// # Invocations
//
// [Lambda.Function] is what other fakes get: an event source mapping, a task of a
// state machine, a route of an API. [Lambda.Async] is what SNS, EventBridge and S3
// do. Both take a name or an ARN, with or without a version or alias. Shown by
// TestAFunctionIsInvokedByEachOfItsNames.
//
// The context of an invocation has Lambda's deadline, its LambdaContext as
// aws-lambda-go makes it, and the trace header, of a new trace where the caller has
// none. It does not end with its caller's.
// [InvocationOf] returns the configuration and the ids, for code that hands the
// event to a process; [LogOf] takes what the process logs. Shown by
// TestTheContextOfAnInvocation, TestActiveTracingSamples, TestInvokePassesContextOn and TestTheLogOfAnInvocation.
//
// An error of a function is reported under the bare name of its Go type; a value of
// messages.InvokeResponse_Error gives type, message and stack itself. A panic has
// a stack, a time-out is Sandbox.Timedout. Lambda answers a time-out at once; the
// end of the test waits for a function that goes on. Shown by TestErrorsOfAFunction.
//
// Reserved concurrency holds over all invocations of a function, whichever way
// they come. An alias with two versions shares invocations in turns that repeat.
// Shown by TestReservedConcurrencyHoldsForAllInvocations and TestVersionsAndAliases.
//
// # Asynchronous invocations
//
// After an error of the function an event is tried again in one minute, then in two
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
// Throttled, or failed by the service, it waits for a second, then twice as long
// each time up to five minutes, and stays for up to six hours. A function fails as
// the service where it returns an [*Error] with the status 429, or 500 and more.
// What fails for good goes to the destination for failures and to the dead-letter
// queue, what succeeds to the other destination; [Options].Targets finds them.
// Shown by TestAnEventIsTriedAgainAfterOneAndTwoMinutes,
// TestThrottledEventsWaitForUpToSixHours, TestRetriesAreThoseOfTheConfiguration,
// TestAnEventMayBeTooOldForItsRetry, TestAnEventThatNobodyTookIsNotTooOld,
// TestASuccessGoesToItsDestination,
// TestAFunctionIsADestination and TestWithoutConcurrencyAnEventFailsAtOnce.
//
// [Lambda.Run] invokes until its context ends, [Lambda.Drain] until nothing is left.
// Both run the event source mappings too. They make one asynchronous invocation at
// a time, in the order of the events; [Options].MaximumConcurrency allows more.
// Shown by TestRunInvokesUntilItsContextEnds and TestDrainFollowsWhatFunctionsSend.
//
// # Event source mappings
//
// [Lambda.Map] and CreateEventSourceMapping ask [Options].Mapper for a [Poller]:
// the mappings of messagingtest and dynamotest are pollers. A change over the wire
// takes a second ([Options].ChangeTime), in which the mapping is Creating, Enabling, Disabling, Updating
// or Deleting and refuses another one. Shown by TestAMappingPolls,
// TestMappingsOverTheWire and TestAMappingOutlivesItsQueue.
//
// # The API
//
// Invoke (RequestResponse, Event, DryRun; Tail), InvokeWithResponseStream, whose
// stream has the answer in one chunk, functions and their
// configurations, versions, aliases, reserved concurrency, event invoke configs,
// event source mappings, tags, permissions and function URLs over REST in JSON. A
// change of a configuration holds for the next invocation; the status is InProgress
// for a second. Shown by TestInvoke, TestInvokeWithResponseStream, TestConfigurationsOverTheWire,
// TestFunctionsAreListedInPages, TestConcurrencyOverTheWire,
// TestEventInvokeConfigsTakeEffect, TestTagsPoliciesAndURLs and TestOverAPort.
//
// CreateFunction needs [Options].Code, since an archive cannot be run. Shown by
// TestCreateFunctionWithCode.
//
// Faults (Fail, Throttle, DropReply, Delay) hit calls over the wire, and not what
// Function and Async do. Shown by TestFaults. [Lambda.Snapshot], Reset and Dump
// are as in the other fakes. Shown by TestSnapshotResetAndDump.
//
// # Limits
//
// Those of https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html:
// a time limit of 900 seconds, an environment of 4 KB, payloads of 6 MB, of 1 MB for
// an event, answers of 6,291,556 bytes. Of 1,000 invocations at once, 100 cannot be reserved.
// Shown by TestPayloads and TestCreateRefusesWhatLambdaRefuses.
//
// # Errors
//
// [ErrLost] is wrapped by the errors of Run and Drain for an event that failed and
// that nobody got. [*Error] is what Lambda refuses. Shown by TestWhatIsLostIsAnError
// and TestInvokeIsRefused.
//
// # Testing
//
// Put a test that waits into [testing/synctest.Test] and use in it what belongs to
// the bubble. Outside of a bubble all waits are real. What has gone on for a second
// then says so on the test log, once.
//
// # Not simulated
//
// These operations and members are refused by name:
//
//   - InvokeAsync: deprecated by AWS
//   - UpdateFunctionCode: an archive cannot be run
//   - AddLayerVersionPermission, DeleteLayerVersion, GetLayerVersion,
//     GetLayerVersionByArn, GetLayerVersionPolicy, ListLayerVersions, ListLayers,
//     PublishLayerVersion, RemoveLayerVersionPermission: layers have no effect on Go code
//   - CheckpointDurableExecution, GetDurableExecution, GetDurableExecutionHistory,
//     GetDurableExecutionState, ListDurableExecutionsByFunction,
//     SendDurableExecutionCallbackFailure, SendDurableExecutionCallbackHeartbeat,
//     SendDurableExecutionCallbackSuccess, StopDurableExecution, CreateFunction.DurableConfig,
//     UpdateFunctionConfiguration.DurableConfig, Invoke.X-Amz-Durable-Execution-Name: durable executions
//   - CreateCapacityProvider, DeleteCapacityProvider, GetCapacityProvider,
//     ListCapacityProviders, ListFunctionVersionsByCapacityProvider, UpdateCapacityProvider,
//     GetFunctionScalingConfig, PutFunctionScalingConfig, CreateFunction.CapacityProviderConfig,
//     UpdateFunctionConfiguration.CapacityProviderConfig, CreateFunction.PublishTo,
//     PublishVersion.PublishTo: managed instances
//   - CreateCodeSigningConfig, DeleteCodeSigningConfig, DeleteFunctionCodeSigningConfig,
//     GetCodeSigningConfig, GetFunctionCodeSigningConfig, ListCodeSigningConfigs,
//     ListFunctionsByCodeSigningConfig, PutFunctionCodeSigningConfig, UpdateCodeSigningConfig,
//     CreateFunction.CodeSigningConfigArn: there is no archive to sign
//   - DeleteProvisionedConcurrencyConfig, GetProvisionedConcurrencyConfig,
//     ListProvisionedConcurrencyConfigs, PutProvisionedConcurrencyConfig: there are no cold starts
//   - CreateFunction.SnapStart, UpdateFunctionConfiguration.SnapStart: there are no cold starts
//   - GetRuntimeManagementConfig, PutRuntimeManagementConfig: there is no runtime to update
//   - GetFunctionRecursionConfig, PutFunctionRecursionConfig: loops are not detected
//   - DeleteResourcePolicy, GetResourcePolicy, PutResourcePolicy: permissions have no effect
//   - CreateFunction.FileSystemConfigs, CreateFunction.ImageConfig,
//     CreateFunction.KMSKeyArn, CreateFunction.VpcConfig,
//     UpdateFunctionConfiguration.FileSystemConfigs, UpdateFunctionConfiguration.ImageConfig,
//     UpdateFunctionConfiguration.KMSKeyArn, UpdateFunctionConfiguration.VpcConfig: Go code has none of them
//   - ListFunctions.MasterRegion: Lambda@Edge
//   - CreateEventSourceMapping.AmazonManagedKafkaEventSourceConfig,
//     CreateEventSourceMapping.DocumentDBEventSourceConfig, CreateEventSourceMapping.Queues,
//     CreateEventSourceMapping.SelfManagedEventSource, CreateEventSourceMapping.SelfManagedKafkaEventSourceConfig,
//     CreateEventSourceMapping.SourceAccessConfigurations, CreateEventSourceMapping.StartingPositionTimestamp,
//     CreateEventSourceMapping.Topics, UpdateEventSourceMapping.AmazonManagedKafkaEventSourceConfig,
//     UpdateEventSourceMapping.DocumentDBEventSourceConfig, UpdateEventSourceMapping.SelfManagedKafkaEventSourceConfig,
//     UpdateEventSourceMapping.SourceAccessConfigurations: sources are queues and the streams of tables
//   - CreateEventSourceMapping.DestinationConfig.OnSuccess, UpdateEventSourceMapping.DestinationConfig.OnSuccess: Lambda has none
//   - CreateEventSourceMapping.KMSKeyArn, UpdateEventSourceMapping.KMSKeyArn: nothing is encrypted
//   - CreateEventSourceMapping.LoggingConfig, CreateEventSourceMapping.MetricsConfig,
//     CreateEventSourceMapping.ProvisionedPollerConfig, UpdateEventSourceMapping.LoggingConfig,
//     UpdateEventSourceMapping.MetricsConfig, UpdateEventSourceMapping.ProvisionedPollerConfig: the poller is another package's
//
// These have no effect: permissions are kept and shown, and nothing is forbidden by
// them; memory and storage bound nothing; the rules of function URLs are kept for
// what serves APIs. Destinations in Amazon S3 are refused. Where a version is
// published, its configuration is kept, and the code is the same.
package lambdatest
