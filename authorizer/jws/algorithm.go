package jws

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// Asymmetric returns the algorithms that verify with a public key, the ones a published key set can serve.
func Asymmetric() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// Symmetric returns the algorithms that verify with a shared secret.
func Symmetric() []string { return []string{"HS256", "HS384", "HS512"} }

// Known reports whether the package implements an algorithm. Names are compared exactly: "none" has no spelling here.
func Known(algorithm string) bool {
	return slices.Contains(Asymmetric(), algorithm) || slices.Contains(Symmetric(), algorithm)
}

// method returns the signature scheme of an algorithm, nil for an unknown one.
func method(algorithm string) jwt.SigningMethod {
	switch algorithm {
	case "RS256":
		return jwt.SigningMethodRS256
	case "RS384":
		return jwt.SigningMethodRS384
	case "RS512":
		return jwt.SigningMethodRS512
	case "PS256":
		return strictPSS(jwt.SigningMethodPS256)
	case "PS384":
		return strictPSS(jwt.SigningMethodPS384)
	case "PS512":
		return strictPSS(jwt.SigningMethodPS512)
	case "ES256":
		return jwt.SigningMethodES256
	case "ES384":
		return jwt.SigningMethodES384
	case "ES512":
		return jwt.SigningMethodES512
	case "EdDSA":
		return jwt.SigningMethodEdDSA
	case "HS256":
		return jwt.SigningMethodHS256
	case "HS384":
		return jwt.SigningMethodHS384
	case "HS512":
		return jwt.SigningMethodHS512
	}
	return nil
}

// strictPSS demands the salt length of RFC 7518 section 3.5, where the stock method accepts any.
func strictPSS(stock *jwt.SigningMethodRSAPSS) jwt.SigningMethod {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: stock.SigningMethodRSA,
		Options:          stock.Options,
		VerifyOptions:    &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
}

// fits reports whether the algorithm belongs to the type (and curve, and size) of the key.
func fits(algorithm string, key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch algorithm {
		case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
			return true
		}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return algorithm == "ES256"
		case elliptic.P384():
			return algorithm == "ES384"
		case elliptic.P521():
			return algorithm == "ES512"
		}
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	case []byte:
		least, known := shortest(algorithm)
		return known && len(k) >= least
	}
	return false
}

// shortest returns how many bytes the secret of an HMAC algorithm has at least, as many as the hash.
func shortest(algorithm string) (bytes int, known bool) {
	switch algorithm {
	case "HS256":
		return 32, true
	case "HS384":
		return 48, true
	case "HS512":
		return 64, true
	}
	return 0, false
}
