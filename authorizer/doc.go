// Package authorizer builds Lambda authorizers for API Gateway. It verifies JWTs strictly, and answers with policies that
// are safe to cache: they hold for everything the principal may call.
//
// # Smallest program
//
//	var routes = authorizer.MustRoutes(
//		authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
//		authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))
//
//	keys, err := authorizer.NewRemoteKeys(os.Getenv("JWKS_URL"))
//	verifier, err := authorizer.NewVerifier(os.Getenv("ISSUER"), []string{"orders-api"}, keys)
//	lambda.Start(authorizer.NewREST(verifier, routes).HandleToken)
//
// # Semantics
//
// A token is refused unless all of these are exactly right: form, header, algorithm, type, issuer, audience, times, key
// and signature. Shown by TestVerifyRefusesEveryAttack and TestVerifyReasons.
//
// A refused token fails the function with the error text "Unauthorized", which API Gateway answers with 401. With a valid
// token the policy decides (403). When the issuer's keys are not available the function fails with another error (500),
// since the token may be good. Shown by TestUnauthorizedText and TestHandlerFailures.
//
// A policy depends on the principal and the route table, never on the request at hand, so that API Gateway can cache it
// under the token. IAM's * matches across slashes. A route table whose routes IAM cannot keep apart is refused when it is
// built. See Routes.Policy and Routes.Overlaps. Shown by TestGatewayWithCacheDecidesAsDirectEvaluation,
// TestPolicyDecidesAsTheTable and TestRoutesRefused.
//
// Keys are fetched within a call, once for all callers, and nothing runs between calls. See RemoteKeys. Shown by
// TestJWKSIsFetchedOnceForManyCallers and TestJWKSLeavesNothingRunning.
//
// # Limits
//
//	bytes of a token           8,192; see VerifierOptions.MaxTokenBytes
//	leeway                     2 seconds by default, 1 minute at most
//	bytes of a key set         150,000
//	keys of a key set          100
//	segments of a route        30
//	characters of a resource   512
//	bytes of a policy          1 MiB
//
// API Gateway's own JWT authorizer reads key sets of as many bytes:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html. A route or a table beyond the last two
// limits is refused when the table is built; a stage with too long a name gives ErrPolicyTooLarge. Whether an API takes
// policies of more than 8 KiB is not verified against AWS. Shown by TestWhatAPIGatewayCouldNotTakeIsRefused.
//
// A cached Allow can outlive the token by the authorizer's TTL (5 minutes unless configured): keep the TTL well below the
// token's life. Replay of a token within its life is not noticed.
//
// A policy grants the routes of the table and nothing else, with one exception. Where "/a/{x}" and "/a/{x}/b" are both
// permitted, the same wildcards permit other paths of that shape. Routes.Unlisted lists them. Have no such routes in the
// API, or use HandleSimple, which has no exception. Shown by TestLargeTablesGrantNothingUnlisted and TestUnlisted.
//
// # Spellings of a path
//
// A slash at the end makes no other path. API Gateway routes "/admin/" as "/admin", and both are permitted or denied
// together. An empty segment, as in "/a//b", is refused by every policy with a wildcard. Shown by
// TestEverySpellingOfARouteIsGuarded.
//
// An HTTP API decodes percent-encoding before it looks for the route, so that the policy sees what the route sees. What a
// REST API does is not documented. Policies are right either way. A principal who may call a wildcard, and not some route
// within it, is refused paths that encode a slash or a character of that route, such as "/%61dmin" and "/users/1%2Fkeys".
// HandleSimple wants the path to be permitted both as sent and decoded. Shown by
// TestEncodedSpellingsOfADeniedRouteAreRefused and TestSimpleResponsesReadAPathBothWays.
//
// Upper and lower case differ for API Gateway and for IAM. "/ADMIN" is not "/admin", and goes to the {name} or * of the API
// that takes it: a function behind such a route should not fold case to find out what is asked. A WebSocket API has no
// paths; any other spelling than "$connect" fails the authorizer.
//
// # Errors
//
// A refusal is a *TokenError that wraps one of the sentinels (ErrExpired, ErrSignature, …). Handlers return
// *UnauthorizedError, whose text is exactly "Unauthorized" and which unwraps to the reason. ErrKeysUnavailable says
// nothing about the token.
//
// # Testing
//
// Package authorizertest has an Issuer that mints good and bad tokens, and API Gateway itself with its cache.
package authorizer
