// Package authorizer builds Lambda authorizers for API Gateway: strict JWT verification, and policies that are safe to
// cache because they hold for everything the principal may call.
//
//	verifier, err := authorizer.NewVerifier(issuer, []string{"orders-api"}, authorizer.JWKS(url))
//	var routes = authorizer.MustRoutes(
//		authorizer.Allow("GET /orders/*", authorizer.Scope("orders:read")),
//		authorizer.Allow("POST /orders", authorizer.Scope("orders:write")))
//	lambda.Start(authorizer.REST(verifier, routes).HandleToken)
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
// Keys are fetched within a call and nothing runs between calls; see JWKS.
//
// # Limits
//
// Tokens of at most 8 KiB; a leeway of at most one minute; key sets of at most 150,000 bytes and 100 keys; routes of at
// most 30 segments. A cached Allow can outlive the token by the authorizer's TTL (5 minutes unless configured): keep the
// TTL well below the token's life. Replay of a token within its life is not noticed.
//
// A policy holds for the routes of the table. Requests that the API routes but no rule of the table matches are refused,
// with two exceptions: where "/a/{x}" and "/a/{x}/b" are both permitted, IAM cannot but permit every other path below
// "/a/"; and policies beyond 8 KiB are shortened by wildcards that reach no other route of the table, but may reach what
// it does not list. So list all routes of the API. Policies beyond 1 MiB fail with ErrPolicyTooLarge.
//
// How percent-encoded paths look in a method ARN, and whether a REST API takes policies beyond 8 KiB, is not verified
// against AWS.
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
