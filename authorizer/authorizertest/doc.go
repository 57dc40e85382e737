// Package authorizertest is API Gateway's side of authorization in your process, and an identity provider to go with it.
//
// An Issuer signs tokens and publishes its keys without a socket. A RESTAPI plays a REST API with a Lambda authorizer, from
// the client's request to the function behind it. Both work inside a testing/synctest bubble, where an hour of token life
// or five minutes of cache cost nothing.
//
//	issuer := authorizertest.NewIssuer(t)
//	api := authorizertest.NewRESTAPI(t,
//		authorizertest.NewTokenAuthorizer(authorizertest.Func(authorizer.NewREST(verifier, routes).HandleToken)),
//		[]authorizertest.Route{authorizertest.At("GET /orders/{id}", authorizertest.Func(getOrder))})
//	response := api.Invoke(ctx, request)
//
// # Semantics
//
// A route is found by path and method together: a literal segment comes before {name}, {name} before {name+}, a method
// before ANY. Where the most specific path lacks the method, the next one that has it is taken. A slash at the end makes
// no other path. An HTTP API decodes percent-encoding first; a REST API here does not. Upper and lower case differ. Shown
// by TestGatewayRouting and TestRoutesCountWithTheirMethod.
//
// For each request the API finds the route and reads the identity sources. One that is missing, or a token that does
// not match the validation expression, is 401. Then it asks the cache, or the authorizer's function, and evaluates the
// returned policy against the request's method ARN: a greedy * reaches across slashes, an explicit Deny wins. It passes
// the context on as strings and invokes the API's function. Shown by TestGatewayTokenAuthorizer and
// TestGatewayAuthorizerFailures.
//
// A cached policy is evaluated again for every request; failures are not cached. Each fake API is one stage with a cache
// of its own, also where several have one authorizer. Shown by TestEveryIdentitySourceOfARESTAPICounts and
// TestResultsAreCachedPerAPIAndStage.
//
// An issuer's tokens are good unless asked otherwise, and Issuer.Attacks has one for each way of being bad. Its RSA keys
// are made of primes that everybody can look up in this package. Two issuers of one test do not share a key. Shown by
// TestTokensOfEveryAlgorithm and TestIssuersDoNotShareKeys.
//
// # Simulated
//
//   - REST APIs ([RESTAPI]): TOKEN and REQUEST authorizers, identity sources, validation expressions, the result cache
//     with its TTL, IAM evaluation, context coercion, usageIdentifierKey with API keys of a usage plan. Also Lambda proxy
//     integration, the limits of the method ARN and of time, and the default gateway responses with their bodies.
//   - HTTP APIs ([HTTPAPI]): REQUEST authorizers of payload format 2.0 with policies and simple responses, $default
//     routes, context of any JSON, cookies.
//   - WebSocket APIs ([WebSocketAPI]): the authorizer on $connect, routing by the member "action", the two hours of a
//     connection.
//   - Secrets Manager ([SecretsManager]), over the wire: GetSecretValue and DescribeSecret with AWSCURRENT and
//     AWSPREVIOUS.
//
// # Virtual time
//
// Put a test that waits into [testing/synctest.Test] and use in it what belongs
// to the bubble: the t of the inner function, and contexts made of its
// t.Context(). The t.Context() of the outer test is from outside. If its Done
// channel was used outside before, waiting for it in the bubble keeps virtual
// time from passing, and the test hangs. If it is used in the bubble first, the
// channel belongs to the bubble, and the end of the outer test ends the whole
// program with "close of synctest channel from outside bubble". Issuers,
// gateways and secrets may be made outside or inside.
//
// # Not simulated
//
// These operations of Secrets Manager are refused by name:
//
//   - BatchGetSecretValue, GetRandomPassword, ListSecretVersionIds, ListSecrets: reading in bulk
//   - CreateSecret, DeleteSecret, PutSecretValue, RestoreSecret, UpdateSecret, UpdateSecretVersionStage,
//     CancelRotateSecret, RotateSecret: a test puts and rotates with Put
//   - DeleteResourcePolicy, GetResourcePolicy, PutResourcePolicy, ValidateResourcePolicy: policies
//   - RemoveRegionsFromReplication, ReplicateSecretToRegions, StopReplicationToReplica: replication
//   - TagResource, UntagResource: tags
//
// Of API Gateway these are missing:
//
//   - HTTP APIs with payload format 1.0 or JWT authorizers
//   - WebSocket messages from the server
//   - policies with Condition, Principal, NotAction or NotResource: answered as a configuration error, 500
//   - resource policies, IAM and Cognito authorizers
//   - custom gateway responses, mapping templates, binary media types
//   - throttling and quotas of usage plans
//   - CORS preflight answers, mutual TLS
//
// Not verified against AWS: that a validation expression must match the whole token, how percent-encoded paths look in a
// method ARN, and the x-amzn-ErrorType of failures other than a bad answer.
//
// # Limits
//
//	bytes of a method ARN                    1,600 (414 beyond)
//	characters of a resource in a policy     512 (500 beyond)
//	cache TTL                                3,600 seconds
//	time of the authorizer's function        10 seconds
//	time of the API's function               29 seconds
//	time of a WebSocket connection           2 hours
//
// They are API Gateway's: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html. Shown by
// TestGatewayLimits, TestPolicyResourceOfMoreThan512Characters and TestWebSocketAPIRoutesWhatAConnectionSends.
//
// # Errors
//
// The constructors panic with a sentence on settings API Gateway would refuse. Everything else is an answer to the
// client; why an authorizer failed is written to the test's log.
//
// # Testing
//
// Calls and Requests count invocations of the authorizer and requests for keys, so that a test can tell a cache hit.
//
// [SecretsManager.Snapshot] and [SecretsManager.Restore] take the secrets back to a former state,
// [SecretsManager.Reset] takes them to the beginning, and [SecretsManager.Dump] lists them without their values. Shown by
// TestSecretsSnapshotResetAndDump.
package authorizertest
