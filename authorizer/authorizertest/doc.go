// Package authorizertest is API Gateway's side of authorization in your process, and an identity provider to go with it.
//
// An Issuer signs tokens and publishes its keys without a socket. A RESTAPI plays a REST API with a Lambda authorizer, from
// the client's request to the function behind it. Both work inside a testing/synctest bubble, where an hour of token life
// or five minutes of cache cost nothing.
//
// # Smallest program
//
//	issuer := authorizertest.NewIssuer(t)
//	api := authorizertest.NewRESTAPI(t,
//		authorizertest.NewTokenAuthorizer(authorizertest.Func(authorizer.NewREST(verifier, routes).HandleToken)),
//		[]authorizertest.Route{authorizertest.At("GET /orders/{id}", authorizertest.Func(getOrder))})
//	response := api.Invoke(ctx, request)
//
// A RESTAPI, an HTTPAPI and a FunctionURL are also an [net/http.Handler], for a real port or net/http/httptest:
//
//	http.ListenAndServe("127.0.0.1:8080", api)
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
// Over HTTP the context of the functions has the trace header of the request, as aws-lambda-go keeps it. Shown by
// TestTheTraceOfARequestReachesTheFunction.
//
// A cached policy is evaluated again for every request; failures are not cached. Each fake API is one stage with a cache
// of its own, also where several have one authorizer. Shown by TestEveryIdentitySourceOfARESTAPICounts and
// TestResultsAreCachedPerAPIAndStage.
//
// Over HTTP a request becomes the event that API Gateway makes of it, and the function's answer becomes the response. A
// REST API has headers and parameters in both forms, and the path percent-encoded. Payload format 2.0 joins the values of
// a name with a comma, has cookies apart, and shows a named stage in rawPath. API Gateway keeps the spelling of header
// names in the events of a REST API; a Go server loses it, so here they are in canonical form. The domain name is the host
// that the client names. A client that hangs up does not end the function. Shown by TestRESTEventOfAnHTTPRequest,
// TestHTTPEventOfAnHTTPRequest, TestAPIsServedBelowAPrefix and TestAClientThatHangsUp.
//
// A REST API treats a body as binary by APIOptions.BinaryMediaTypes: that of a request by its Content-Type, that of a
// response by the first type of Accept. Payload format 2.0 has text, JSON, XML and JavaScript as they are, all other
// bodies in base64, and decodes every answer that says it is in base64. An answer of a REST API with any other member,
// such as StatusCode of a Go struct without tags, is a failure; with payload format 2.0 one without statusCode is the body
// of a 200. Shown by TestRESTAnswerBecomesHTTP, TestBodiesOfPayload2 and TestPayload2AnswerBecomesHTTP.
//
// With APIOptions.CORS an HTTP API answers preflight requests before routes and authorizers, and puts its own headers in
// place of the function's. A $default route with an authorizer asks it first. A REST API has Preflight routes. Shown by
// TestCORSOfAnHTTPAPI and TestPreflightOfARESTAPI.
//
// A route may have an authorizer of its own (Behind). A JWT authorizer checks signature, issuer, audience, times and the
// route's scopes, with the keys that the issuer publishes. Shown by TestRoutesWithAuthorizersOfTheirOwn,
// TestJWTAuthorizer and TestDiscoveryOfTheKeys.
//
// An issuer's tokens are good unless asked otherwise, and Issuer.Attacks has one for each way of being bad. Its RSA keys
// are made of primes that everybody can look up in this package. Two issuers of one test do not share a key. Shown by
// TestTokensOfEveryAlgorithm and TestIssuersDoNotShareKeys.
//
// # Simulated
//
//   - REST APIs ([RESTAPI]): TOKEN and REQUEST authorizers, identity sources, validation expressions, the result cache
//     with its TTL, IAM evaluation, context coercion, API keys of a usage plan from the header or usageIdentifierKey. Also
//     Lambda proxy integration, binary media types, Preflight routes, the limits, and the default gateway responses with
//     their bodies. The function's own WWW-Authenticate and the like are renamed to x-amzn-Remapped-….
//   - HTTP APIs ([HTTPAPI]): REQUEST authorizers of payload format 2.0 with policies and simple responses, JWT
//     authorizers with scopes, $default routes, context of any JSON, cookies, CORS.
//   - Function URLs ([FunctionURL]): payload format 2.0, CORS, AuthType NONE, and AWS_IAM with a signature that is looked
//     for but not verified.
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
//   - HTTP APIs with payload format 1.0, for integrations or authorizers
//   - WebSocket connections over HTTP (501) and messages from the server
//   - policies with Condition, Principal, NotAction or NotResource: answered as a configuration error, 500
//   - resource policies, IAM and Cognito authorizers
//   - custom gateway responses, mapping templates, models and request validators
//   - AWS, HTTP and MOCK integrations other than Preflight, and response streaming
//   - throttling and quotas of usage plans
//   - mutual TLS, custom domain names with a base path
//
// Give a route of a deployment that needs one of them to Lacking: it is answered with 501 and a sentence that names it.
// Shown by TestWhatIsLackingIsRefusedByName.
//
// Not verified against AWS:
//
//   - that a validation expression must match the whole token
//   - how percent-encoded paths look in a method ARN
//   - the x-amzn-ErrorType of failures other than a bad answer
//   - the answers to a request with too large headers
//   - the www-authenticate of a JWT authorizer beyond audience, expiry and discovery
//   - the Content-Type that a function URL gives an answer without one
//   - CORS headers on the answers of authorizers
//   - the status of a function URL's preflight answer
//
// A token that is good for more than ten years is refused here.
//
// # Limits
//
//	bytes of a method ARN                    1,600 (414 beyond)
//	characters of a resource in a policy     512 (500 beyond)
//	cache TTL                                3,600 seconds
//	time of the authorizer's function        10 seconds
//	time of the API's function               29 seconds (504 beyond), of an HTTP API 30 (503)
//	time of a WebSocket connection           2 hours
//	bytes of a request's body                10 MB (413 beyond)
//	bytes of a function's event or answer    6 MB (413, and a failure of the function)
//	bytes of the request line and headers    10,240
//	audiences of a JWT authorizer            50
//
// They are API Gateway's: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html, and Lambda's. Shown by
// TestGatewayLimits, TestRESTLimitsOfHTTPRequests, TestTimeoutsOverHTTP, TestPolicyResourceOfMoreThan512Characters and
// TestWebSocketAPIRoutesWhatAConnectionSends.
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
