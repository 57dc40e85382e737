package authorizer

import (
	"errors"
	"strings"

	"github.com/patternkit/serverless/authorizer/jws"
)

// The reasons a token is refused; a *TokenError wraps one of them.
var (
	// ErrMalformed says that the text is not a strict compact JWT.
	ErrMalformed = jws.ErrMalformed
	// ErrTooLarge says that the token is longer than VerifierOptions.MaxTokenBytes.
	ErrTooLarge = jws.ErrTooLarge
	// ErrAlgorithm says that the algorithm is not allowed, or not the one of the key.
	ErrAlgorithm = jws.ErrAlgorithm
	// ErrUnknownKey says that the issuer publishes no key that answers for the token.
	ErrUnknownKey = jws.ErrUnknownKey
	// ErrSignature says that the signature does not verify.
	ErrSignature = jws.ErrSignature
	// ErrType says that the token is of another kind: its "typ", "cty" or "token_use".
	ErrType = errors.New("authorizer: token is of another kind")
	// ErrIssuer says that "iss" is not exactly the issuer.
	ErrIssuer = errors.New("authorizer: token has another issuer")
	// ErrAudience says that the token is not meant for this audience.
	ErrAudience = errors.New("authorizer: token has another audience")
	// ErrExpired says that "exp" has passed, or that the token is older than VerifierOptions.MaxAge.
	ErrExpired = errors.New("authorizer: token is expired")
	// ErrNotYetValid says that "nbf" or "iat" lies in the future.
	ErrNotYetValid = errors.New("authorizer: token is not valid yet")
	// ErrClaims says that a claim is missing, of a wrong type or out of range.
	ErrClaims = errors.New("authorizer: token has bad claims")
)

// ErrKeysUnavailable says that the issuer's keys are not available: the token may be good. Handlers answer it as a
// failure of the authorizer (500), not as a refusal (401).
var ErrKeysUnavailable = errors.New("authorizer: keys are unavailable")

// A TokenError is a refusal of the token itself: the caller has to bring another one.
type TokenError struct {
	Err error // wraps one of the sentinels of this package
}

// Error tells the reason. It never holds the token.
func (e *TokenError) Error() string {
	if e == nil || e.Err == nil {
		return "authorizer: token refused"
	}
	return "authorizer: token refused: " + strings.TrimPrefix(e.Err.Error(), "authorizer: ")
}

// Unwrap gives access to the reason.
func (e *TokenError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// ErrUnauthorized is the error whose text API Gateway answers with status 401. Wrapping it with fmt.Errorf would change
// the text and give 500: use Unauthorized to attach a reason.
var ErrUnauthorized = errors.New("Unauthorized")

// An UnauthorizedError makes API Gateway answer 401: its text is exactly "Unauthorized", and the reason is only to be
// had with errors.Is and errors.As.
type UnauthorizedError struct {
	Reason error // why; for logs, never sent
}

// Unauthorized returns the error that makes API Gateway answer 401, keeping the reason for errors.Is and errors.As.
func Unauthorized(reason error) error { return &UnauthorizedError{Reason: reason} }

// Error returns exactly "Unauthorized".
func (e *UnauthorizedError) Error() string { return ErrUnauthorized.Error() }

// Unwrap gives access to ErrUnauthorized and to the reason.
func (e *UnauthorizedError) Unwrap() []error {
	if e == nil || e.Reason == nil {
		return []error{ErrUnauthorized}
	}
	return []error{ErrUnauthorized, e.Reason}
}
