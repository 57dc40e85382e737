// Package secret verifies credentials against a secret of AWS Secrets Manager that may be rotated at any time.
//
// # Smallest program
//
//	shared := secret.New(secretsmanager.NewFromConfig(cfg), "orders/webhook-token")
//	verifier := secret.NewTokenVerifier(shared, principal)
//	lambda.Start(authorizer.NewREST(verifier, routes).HandleToken)
//
// NewTokenVerifier takes the secret itself as the token. NewHMACVerifier takes JWTs signed with the secret. Secret.Values
// gives the values to anything else, such as apikey's pepper.
//
// # Semantics
//
// The versions AWSCURRENT and AWSPREVIOUS both count, so that senders and receivers need not switch at the same moment:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html. Shown by TestTokenRotation and
// TestHMAC.
//
// Values are read when they are first needed and again after the TTL, inside a call and one at a time. Shown by
// TestSecretIsReadOnceForManyCallers.
//
// A credential that fits neither value causes a read, since the secret may just have been rotated, but not within the
// cool-down: guessing makes no requests. When a read fails the values serve until MaxStale; then verification fails
// closed. Shown by TestSecretFailures.
//
// # Limits
//
//	bytes of a shared token    22 at least, which is 128 bits in base64
//	bytes of an HMAC secret    32, 48 or 64 at least, for HS256, HS384 or HS512
//	requests of one refresh    2
//
// # Errors
//
// A refused credential is an *authorizer.TokenError (401). When the secret cannot be read the error wraps
// authorizer.ErrKeysUnavailable (500). A value that is too short fails the authorizer too (500), with ErrTooShort.
// No error holds a value. Shown by TestSecretFailures.
//
// # Testing
//
// authorizertest.SecretsManager is Secrets Manager in process.
package secret
