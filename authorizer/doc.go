// Package authorizer builds Lambda authorizers for API Gateway: strict JWT verification, and policies that are safe to
// cache because they hold for everything the principal may call.
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
// A token is refused unless everything about it is as it should be: form, header, algorithm, type, issuer, audience,
// times, key and signature, each exactly. A refused token fails the function with the error text "Unauthorized", which
// API Gateway answers with 401; with valid tokens the policy decides (403). When the issuer's keys cannot be had the
// function fails with another error (500), since the token may be good.
//
// The policy returned depends on the principal and the route table, never on the request at hand, so that API Gateway
// can cache it under the token. IAM's * matches across slashes; a route table whose routes IAM cannot keep apart is
// refused when it is built. See Routes.Policy and Routes.Overlaps.
//
// Keys are fetched within a call and nothing runs between calls; see RemoteKeys.
//
// # Limits
//
// Tokens of at most 8 KiB; a leeway of 2 seconds by default, one minute at most; key sets of at most 150,000 bytes and
// 100 keys; routes of at most 30 segments. A cached Allow can outlive the token by the authorizer's TTL (5 minutes unless
// configured): keep the TTL well below the token's life. Replay of a token within its life is not noticed.
//
// A policy grants the routes of the table and nothing else, with one exception: where "/a/{x}" and "/a/{x}/b" are both
// permitted, IAM cannot but permit other paths of that shape too. Routes.Unlisted lists them; have no such routes in the
// API, or use HandleSimple, which has no exception. A policy has about two resources for each route, and is never
// shortened by wider wildcards. What API Gateway could not take is refused. When the table is built, these are a route
// whose resource is longer than 512 characters and a table whose policy may be larger than 1 MiB. Later it is the policy
// for a stage whose name is too long, with ErrPolicyTooLarge. Whether an API takes policies of more than 8 KiB is not
// verified against AWS.
//
// # Spellings of a path
//
// A slash at the end makes no other path: API Gateway routes "/admin/" as "/admin", and both are permitted or denied
// together. An empty segment, as in "/a//b", is refused by every policy with a wildcard.
//
// Percent-encoding: an HTTP API decodes a path before it looks for the route, so the policy sees what the route sees. For
// a REST API it is not documented. Policies are right either way: who may call a wildcard, and not some route
// within it, is refused paths that encode a slash or a character of that route, such as "/%61dmin" and "/users/1%2Fkeys".
// HandleSimple wants the path to be permitted both as it stands and decoded.
//
// Upper and lower case differ for API Gateway and for IAM: "/ADMIN" is not "/admin", and goes where a {name} or * of the
// API takes it. So a function behind such a route should not fold case to find out what is asked. A WebSocket API has no
// paths; any other spelling than "$connect" fails the authorizer.
//
// # Errors
//
// A refusal is a *TokenError that wraps one of the sentinels (ErrExpired, ErrSignature, …). Handlers return
// *UnauthorizedError, whose text is exactly "Unauthorized" and which still unwraps to the reason. ErrKeysUnavailable says
// nothing about the token.
//
// # Testing
//
// Package authorizertest has an Issuer that mints good and bad tokens, and API Gateway itself with its cache.
package authorizer
