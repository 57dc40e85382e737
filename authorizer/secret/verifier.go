package secret

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/internal/given"
)

// minTokenBytes is the length of a shared token from which guessing it is hopeless: 128 bits in base64.
const minTokenBytes = 22

// TokenVerifier is a verifier of one shared token: whoever presents the current or the previous value of the secret is the
// principal. It is an authorizer.TokenVerifier.
type TokenVerifier struct {
	secret    *Secret
	principal *authorizer.Principal
}

// ErrTooShort says that a value of the secret is so short that it could be guessed. A token needs the 22 bytes that 128
// random bits have in base64, a secret for HS256, HS384 or HS512 needs 32, 48 or 64. The verifiers fail (500) until the
// secret is changed.
var ErrTooShort = errors.New("secret: the secret is too short")

// NewTokenVerifier returns a verifier that takes the secret itself as the token. It panics without a secret or a
// principal.
func NewTokenVerifier(secret *Secret, principal *authorizer.Principal) *TokenVerifier {
	faults := given.To("secret: NewTokenVerifier")
	if secret == nil || secret.cache == nil {
		faults.Add("the secret is nil or was not made by New")
	}
	if principal == nil {
		faults.Add("the principal is nil")
	}
	faults.Panic()
	return &TokenVerifier{secret: secret, principal: principal}
}

// Verify returns the principal if the token is the current or the previous value of the secret. It returns ErrTooShort
// when one of these can be guessed.
func (t *TokenVerifier) Verify(ctx context.Context, token string) (*authorizer.Principal, error) {
	if t == nil {
		return nil, errors.New("secret: the verifier is not made by NewTokenVerifier")
	}
	values, err := t.secret.Values(ctx)
	if err != nil {
		return nil, err
	}
	if short(values) {
		return nil, fmt.Errorf("%w: a value of %s has fewer than %d bytes", ErrTooShort, t.secret.id, minTokenBytes)
	}
	if equalsOne(token, values) || equalsOne(token, t.secret.Newer(ctx)) {
		return t.principal, nil
	}
	return nil, &authorizer.TokenError{Err: fmt.Errorf("%w: the token is no value of the secret", authorizer.ErrUnknownKey)}
}

func short(values [][]byte) bool {
	for _, value := range values {
		if len(value) < minTokenBytes {
			return true
		}
	}
	return false
}

// equalsOne compares digests of equal length with all values, in a time that does not depend on them.
func equalsOne(token string, values [][]byte) bool {
	digest := sha256.Sum256([]byte(token))
	equal := 0
	for _, value := range values {
		other := sha256.Sum256(value)
		equal |= subtle.ConstantTimeCompare(digest[:], other[:])
	}
	return equal == 1
}

// HMACVerifier is a verifier of JWTs signed with a secret that is rotated. It is an authorizer.TokenVerifier.
type HMACVerifier struct {
	secret    *Secret
	issuer    string
	audiences []string
	algorithm string
	optFns    []func(*authorizer.VerifierOptions)
}

// MustHMACVerifier is NewHMACVerifier, but panics where NewHMACVerifier returns an error.
func MustHMACVerifier(secret *Secret, issuer string, audiences []string, algorithm string, optFns ...func(*authorizer.VerifierOptions)) *HMACVerifier {
	return given.Must(NewHMACVerifier(secret, issuer, audiences, algorithm, optFns...))
}

// NewHMACVerifier returns a verifier of JWTs signed by HS256, HS384 or HS512 with the current or the previous value of the secret.
func NewHMACVerifier(secret *Secret, issuer string, audiences []string, algorithm string, optFns ...func(*authorizer.VerifierOptions)) (*HMACVerifier, error) {
	if secret == nil || secret.cache == nil {
		return nil, errors.New("secret: NewHMACVerifier: the secret is nil or was not made by New")
	}
	// a key of the right length shows every other fault now
	if _, err := authorizer.NewHMACVerifier(issuer, audiences, algorithm, make([]byte, 64), optFns...); err != nil {
		return nil, err
	}
	return &HMACVerifier{secret: secret, issuer: issuer, audiences: audiences, algorithm: algorithm, optFns: optFns}, nil
}

// Verify returns the principal a token speaks for. It returns ErrTooShort when a value of the secret is too short for the
// algorithm.
func (h *HMACVerifier) Verify(ctx context.Context, token string) (*authorizer.Principal, error) {
	if h == nil {
		return nil, errors.New("secret: the verifier is not made by NewHMACVerifier")
	}
	values, err := h.secret.Values(ctx)
	if err != nil {
		return nil, err
	}
	p, err := h.verify(ctx, token, values)
	if errors.Is(err, authorizer.ErrSignature) {
		if newer := h.secret.Newer(ctx); newer != nil {
			return h.verify(ctx, token, newer)
		}
	}
	return p, err
}

func (h *HMACVerifier) verify(ctx context.Context, token string, values [][]byte) (p *authorizer.Principal, err error) {
	for _, value := range values {
		verifier, fault := authorizer.NewHMACVerifier(h.issuer, h.audiences, h.algorithm, value, h.optFns...)
		if fault != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrTooShort, h.secret.id, fault) // the constructor has found all else
		}
		if p, err = verifier.Verify(ctx, token); !errors.Is(err, authorizer.ErrSignature) {
			return p, err
		}
	}
	return nil, err
}
