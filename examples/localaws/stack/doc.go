// Package stack runs the application of a SAM or CloudFormation template on the
// fakes of this module: in a unit test, in virtual time, or behind a port.
//
//	app := stack.Load(t, "template.yaml",
//		stack.Function("ShipFunction", ship),
//		stack.Init("PlaceFunction", func(e stack.Environment) (any, error) {
//			return newPlacer(dynamodb.NewFromConfig(e.Config), e.Getenv("TABLE")).Handle, nil
//		}))
//	answer := httptest.NewRecorder()
//	app.API("Api").ServeHTTP(answer, httptest.NewRequest("POST", "/orders", body))
//	err := app.Settle(ctx)
//
// Load reads the template, creates what it declares in a new [Cloud], and binds the
// Go handlers to its functions. [App.Config] is the configuration for AWS clients of
// the test. [Cloud.Settle] lets all services work until nothing moves: streams,
// queues, event buses, state machines, asynchronous invocations. In a
// testing/synctest bubble all waits pass at once. The fakes are fields:
// app.SQS.Fail("SendMessage", err), app.DynamoDB.Journal(). Shown by
// TestAnApplicationInVirtualTime and TestFaultsOfAStack.
//
// # Semantics
//
// Parameters have their defaults, or what [Parameter] says. Conditions, mappings and
// intrinsic functions are evaluated; the SAM transform is applied. Resources are
// created after what they refer to, by the calls that CloudFormation makes, so that
// a service refuses what it refuses on AWS. A resource that the template gives no
// name has one made of the stack's name and its logical id, "shop-Parcels", without
// the random part of CloudFormation. Shown by TestNames.
//
// A function runs as Lambda runs it: with its time limit, its reserved concurrency,
// its retries and its dead-letter queue. [Function] takes any handler that
// aws-lambda-go takes; [Init] is for a handler that needs clients and variables;
// [Binary] runs a program as processes of its own. Invocations run side by side.
// Shown by TestHandlers, TestEachInvocationHasItsAnswer and TestABinary.
//
// A program has its template with it, in an embed.FS, where Options.FS is set. Shown
// by TestATemplateOfAFileSystem.
//
// An API is a [net/http.Handler], with its authorizers and their cache. Several
// templates in one Cloud share its services: what one of them exports by name or ARN
// is there for the next. A resource that another template has created already is
// refused. Shown by TestTwoStacks and TestATemplateTwice.
//
// Settle goes on until nothing moves, also after a loss, and follows event source
// mappings that a function makes meanwhile. Shown by TestServicesWorkSideBySide,
// TestSettleEndsWithTheRetention, TestSettleTwiceAtOnce, TestSettleGoesOnAfterALoss,
// TestSettleFollowsMappings and TestSettleInAFunction.
//
// # What is created
//
//   - AWS::DynamoDB::Table with its stream; AWS::SQS::Queue and its policies;
//     AWS::SNS::Topic and Subscription; AWS::Events::EventBus and Rule;
//     AWS::StepFunctions::StateMachine and Activity; AWS::SecretsManager::Secret
//   - AWS::Lambda::Function, Version, Alias, Url, EventInvokeConfig and
//     EventSourceMapping of queues and tables
//   - AWS::ApiGateway::RestApi, Resource, Method, Authorizer, Stage, ApiKey, UsagePlan
//     and UsagePlanKey; AWS::ApiGatewayV2::Api, Route, Integration, Authorizer and
//     Stage
//   - the types of SAM that become these
//
// # What has no effect
//
// Types that say who may do what, networks, alarms, dashboards, log groups, keys,
// scaling and layers are passed over, as are throttling and quotas of usage plans.
// [App.WithoutEffect] lists those of a template. Everybody may do everything.
//
// # Errors
//
// Load fails the test, and Deploy returns an error, with a line for each problem:
// a property or a type that is not known, with a suggestion; what a service refuses,
// in its words; a function without a handler; a handler without a function. Each
// begins with the file and the line of the template. A template that cannot be read,
// ImportValue, macros and other transforms are refused. Shown by TestProblems.
package stack
