// Package jws verifies compact JSON Web Signatures (RFC 7515) with keys from JSON Web Key sets (RFC 7517), strictly.
//
// It is the layer below the JWT verifier of package authorizer: the payload may be any bytes, and nothing here knows
// about claims or time. Use it alone to verify signed webhooks and similar.
//
// # Smallest program
//
//	set, err := jws.ParseSet(document)
//	token, err := set.Verify(compact, "RS256", "ES256")
//
// # Semantics
//
// A token names its key by "kid", which is looked up as an opaque string. Without a "kid" it is accepted only if exactly
// one key fits its algorithm. Headers that bring keys ("jku", "jwk", "x5u", "x5c") are never followed. Shown by
// TestKeySelection.
//
// The algorithm must be on the caller's list and belong to the key's type and curve, so that an RSA key never serves as an
// HMAC secret. Shown by TestEveryAlgorithm and TestCurveBelongsToAlgorithm.
//
// "crit" and "b64" are refused, since no extension is supported. PS256, PS384 and PS512 verify with the salt length of RFC
// 7518 only. Shown by TestParseLimits, and by TestVerifyRefusesEveryAttack of package authorizer.
//
// Keys that are weak, private or ambiguous are left out of a set. Shown by TestRefusedKeys.
//
// # Limits
//
//	bytes of a token     8,192 unless the caller says otherwise
//	bytes of a "kid"     256
//	bytes of a key set   150,000
//	keys of a key set    100
//	levels of JSON       32
//	bits of an RSA key   2,048 to 8,192
//
// HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA (Ed25519) are implemented.
// JWE, Ed448 and X25519 are not.
//
// # Errors
//
// Every error wraps one of ErrMalformed, ErrTooLarge, ErrAlgorithm, ErrUnknownKey, ErrSignature and ErrKey.
//
// # Testing
//
// authorizertest.Issuer mints tokens of every algorithm and serves their key set.
package jws
