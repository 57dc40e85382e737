package jws

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/authorizer/internal/jsonobject"
)

// The bounds on a token. API Gateway itself takes no more than 10,240 bytes of headers.
const (
	// DefaultMaxBytes is the longest token read unless the caller says otherwise.
	DefaultMaxBytes = 8 << 10
	// MaxKeyIDBytes is the longest "kid" looked up.
	MaxKeyIDBytes = 256
)

// Header is the part of a token's protected header that this package acts on.
type Header struct {
	Algorithm      string // "alg"
	KeyID          string // "kid"
	HasKeyID       bool   // "kid" is present
	Type           string // "typ"
	HasType        bool   // "typ" is present
	HasContentType bool   // "cty" is present: a nested token, or anything but claims
	EmbedsKey      bool   // "jku", "jwk", "x5u" or "x5c" is present; they are never followed
}

// Token is a compact JWS, taken apart. Nothing in it can be trusted before Verify has returned nil.
type Token struct {
	Header    Header // what the protected header says
	Payload   []byte // decoded; often a JSON object of claims
	signed    string
	signature []byte
}

// Parse takes a compact JWS apart. Size is checked before anything else; maxBytes 0 means DefaultMaxBytes. Then it
// refuses everything that is not exactly three non-empty runs of base64url (the payload alone may be empty), and a header
// that is not one strict JSON object. No segment is decompressed and no algorithm is run.
func Parse(compact string, maxBytes int) (*Token, error) {
	if maxBytes <= 0 {
		maxBytes = DefaultMaxBytes
	}
	if len(compact) > maxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(compact), maxBytes)
	}
	head, rest, found := strings.Cut(compact, ".")
	body, tail, found2 := strings.Cut(rest, ".")
	if !found || !found2 || strings.IndexByte(tail, '.') >= 0 {
		return nil, fmt.Errorf("%w: want three segments", ErrMalformed)
	}
	if head == "" || tail == "" {
		return nil, fmt.Errorf("%w: empty header or signature", ErrMalformed)
	}
	header, err := decode("header", head)
	if err != nil {
		return nil, err
	}
	t := &Token{signed: compact[:len(head)+1+len(body)]}
	if t.Payload, err = decode("payload", body); err != nil {
		return nil, err
	}
	if t.signature, err = decode("signature", tail); err != nil {
		return nil, err
	}
	if t.Header, err = parseHeader(header); err != nil {
		return nil, err
	}
	return t, nil
}

// decode reads canonical base64url. The alphabet is checked byte by byte first, because encoding/base64 skips line ends.
func decode(segment, text string) ([]byte, error) {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return nil, fmt.Errorf("%w: %s is not base64url", ErrMalformed, segment)
		}
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not canonical base64url", ErrMalformed, segment)
	}
	return data, nil
}

func parseHeader(data []byte) (Header, error) {
	var h Header
	err := jsonobject.Scan(data, func(name, value []byte) error {
		var ok bool
		switch string(name) {
		case "alg":
			if h.Algorithm, ok = jsonobject.String(value); !ok {
				return fmt.Errorf("%w: alg is not a string", ErrMalformed)
			}
		case "kid":
			if h.KeyID, ok = jsonobject.String(value); !ok {
				return fmt.Errorf("%w: kid is not a string", ErrMalformed)
			}
			if len(h.KeyID) > MaxKeyIDBytes {
				return fmt.Errorf("%w: kid of %d bytes, at most %d", ErrMalformed, len(h.KeyID), MaxKeyIDBytes)
			}
			h.HasKeyID = true
		case "typ":
			if h.Type, ok = jsonobject.String(value); !ok {
				return fmt.Errorf("%w: typ is not a string", ErrMalformed)
			}
			h.HasType = true
		case "cty":
			h.HasContentType = true
		case "crit", "b64":
			return fmt.Errorf("%w: %s is not supported", ErrMalformed, name)
		case "jku", "jwk", "x5u", "x5c":
			h.EmbedsKey = true
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrMalformed):
		return Header{}, err
	case err != nil:
		return Header{}, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	case h.Algorithm == "":
		return Header{}, fmt.Errorf("%w: no alg", ErrMalformed)
	}
	return h, nil
}

// Allowed returns ErrAlgorithm unless the token's algorithm is one of those given. The list belongs to whoever trusts
// the issuer, never to the token.
func (t *Token) Allowed(algorithms []string) error {
	if !slices.Contains(algorithms, t.Header.Algorithm) {
		return fmt.Errorf("%w: %s", ErrAlgorithm, quote(t.Header.Algorithm))
	}
	return nil
}

// Verify checks the signature with one key. The key must fit the token's algorithm in type, curve and declared "alg".
func (t *Token) Verify(key Key) error {
	if err := key.check(t.Header.Algorithm); err != nil {
		return err
	}
	if err := method(t.Header.Algorithm).Verify(t.signed, t.signature, key.material); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}
