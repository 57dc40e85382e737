package jws

import (
	"errors"
	"fmt"
)

// The reasons a token is refused by this layer. Errors wrap one of them; none carries text of the token other than a
// quoted, shortened algorithm or key id.
var (
	// ErrMalformed says that the text is not a compact JWS as RFC 7515 writes it, or that its header asks for
	// something that is not supported (crit, b64).
	ErrMalformed = errors.New("jws: token is malformed")
	// ErrTooLarge says that the text is longer than allowed; nothing of it was decoded.
	ErrTooLarge = errors.New("jws: token is too large")
	// ErrAlgorithm says that the algorithm is not allowed, or not the one of the key.
	ErrAlgorithm = errors.New("jws: algorithm is not allowed")
	// ErrUnknownKey says that no key, or no single key, of the set answers for the token.
	ErrUnknownKey = errors.New("jws: key is unknown")
	// ErrSignature says that the signature does not verify.
	ErrSignature = errors.New("jws: signature does not verify")
	// ErrKey says that a key or a key set is refused.
	ErrKey = errors.New("jws: key is refused")
)

// A KeyError tells why one key of a set is refused.
type KeyError struct {
	Index  int    // position in the set's "keys" array, from 0
	ID     string // the key's "kid", if it has one
	Reason string // what is wrong with it
}

// Error names the key and what is wrong with it.
func (e *KeyError) Error() string {
	return fmt.Sprintf("jws: key %d (kid %s): %s", e.Index, quote(e.ID), e.Reason)
}

// Unwrap makes errors.Is(err, ErrKey) true.
func (e *KeyError) Unwrap() error { return ErrKey }

// quote makes a stranger's text safe for a log line and short.
func quote(text string) string {
	const longest = 64
	if len(text) > longest {
		return fmt.Sprintf("%q…", text[:longest])
	}
	return fmt.Sprintf("%q", text)
}
