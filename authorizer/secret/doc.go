// Package secret verifies credentials against a secret of AWS Secrets Manager, while it is being rotated.
//
//	shared := secret.New(secretsmanager.NewFromConfig(cfg), "orders/webhook-token")
//	verifier := secret.NewTokenVerifier(shared, principal)
//	lambda.Start(authorizer.NewREST(verifier, routes).HandleToken)
//
// NewTokenVerifier takes the secret itself as the token, NewHMACVerifier takes JWTs signed with it, and Secret.Values gives the values to
// anything else, such as apikey's pepper.
//
// # Semantics
//
// The versions AWSCURRENT and AWSPREVIOUS both count, so senders and receivers need not switch at the same moment. Values
// are read when they are first needed and again after the TTL, inside a call and one at a time. A credential that fits
// neither value causes a read too, since the secret may just have been rotated, but not within the cool-down: guessing
// makes no requests. When a read fails the values go on serving until MaxStale; then verification fails closed.
//
// # Limits
//
// A shared token has at least 22 bytes (128 bits in base64); an HMAC secret 32, 48 or 64 bytes for HS256, HS384, HS512.
// Two requests to Secrets Manager per refresh.
//
// # Errors
//
// A refused credential is an *authorizer.TokenError (401). When the secret cannot be read the error wraps
// authorizer.ErrKeysUnavailable (500). No error holds a value.
//
// # Testing
//
// authorizertest.SecretsManager is Secrets Manager in process.
package secret
