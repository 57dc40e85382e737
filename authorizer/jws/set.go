package jws

import (
	"fmt"
	"slices"

	"github.com/patternkit/serverless/authorizer/internal/jsonobject"
	"github.com/patternkit/serverless/internal/given"
)

// The bounds on a published key set. API Gateway's own JWT authorizer reads as many bytes:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const (
	// MaxSetBytes is the longest key set document read.
	MaxSetBytes = 150_000
	// MaxSetKeys is the largest number of keys in a set.
	MaxSetKeys = 100
)

// Set is an immutable set of verification keys.
type Set struct {
	keys     []Key
	byID     map[string]Key
	rejected []error
}

// MustSet is NewSet for keys that the program itself knows: it panics where NewSet returns an error.
func MustSet(keys ...Key) *Set { return given.Must(NewSet(keys...)) }

// NewSet returns a set of keys. Two keys of one id are an error.
func NewSet(keys ...Key) (*Set, error) {
	s := &Set{byID: make(map[string]Key, len(keys))}
	for i, key := range keys {
		if key.material == nil {
			return nil, fmt.Errorf("%w: key %d is the zero Key", ErrKey, i)
		}
		if _, twice := s.byID[key.id]; twice && key.id != "" {
			return nil, &KeyError{Index: i, ID: key.id, Reason: "kid twice in one set"}
		}
		s.add(key)
	}
	return s, nil
}

func (s *Set) add(key Key) {
	s.keys = append(s.keys, key)
	if key.id != "" {
		s.byID[key.id] = key
	}
}

// ParseSet reads a JWKS document (RFC 7517). A key it cannot use or does not trust is left out, and Rejected says why;
// two keys of one "kid" are both left out. The document itself is refused when it is too large, has too many keys or is
// not a strict JSON object with a "keys" array. A set of no usable keys is not an error here.
func ParseSet(document []byte) (*Set, error) {
	if len(document) > MaxSetBytes {
		return nil, fmt.Errorf("%w: key set of %d bytes, at most %d", ErrKey, len(document), MaxSetBytes)
	}
	var raw [][]byte
	found := false
	err := jsonobject.Scan(document, func(name, value []byte) error {
		if string(name) != "keys" {
			return nil
		}
		found = true
		return jsonobject.Elements(value, func(element []byte) error {
			if raw = append(raw, element); len(raw) > MaxSetKeys {
				return fmt.Errorf("more than %d keys", MaxSetKeys)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("%w: key set: %w", ErrKey, err)
	}
	if !found {
		return nil, fmt.Errorf("%w: key set has no keys member", ErrKey)
	}
	return assemble(raw), nil
}

func assemble(raw [][]byte) *Set {
	s := &Set{byID: make(map[string]Key, len(raw))}
	seen := make(map[string]int, len(raw))
	documents := make([]jwk, len(raw))
	for i := range raw {
		documents[i] = readJWK(raw[i])
		if id := documents[i].id; id != "" {
			seen[id]++
		}
	}
	for i, document := range documents {
		key, reason := document.key()
		if reason == "" && seen[document.id] > 1 {
			reason = "kid twice in one set"
		}
		if reason != "" {
			s.rejected = append(s.rejected, &KeyError{Index: i, ID: document.id, Reason: reason})
			continue
		}
		s.add(key)
	}
	return s
}

// Len returns the number of usable keys.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.keys)
}

// Rejected tells for each key left out of the set why; the errors are *KeyError.
func (s *Set) Rejected() []error {
	if s == nil {
		return nil
	}
	return slices.Clone(s.rejected)
}

// Find returns the one key that answers for a token's header: the key of its "kid", which must fit the algorithm, or
// without a "kid" the only key that fits. A token that brings a key of its own must name one of ours by "kid".
func (s *Set) Find(h Header) (Key, error) {
	if s == nil {
		return Key{}, fmt.Errorf("%w: there is no key set", ErrUnknownKey)
	}
	if h.HasKeyID {
		key, ok := s.byID[h.KeyID]
		if !ok {
			return Key{}, fmt.Errorf("%w: kid %s", ErrUnknownKey, quote(h.KeyID))
		}
		return key, key.check(h.Algorithm)
	}
	if h.EmbedsKey {
		return Key{}, fmt.Errorf("%w: the token brings its own key and names none by kid", ErrUnknownKey)
	}
	var match []Key
	for _, key := range s.keys {
		if key.check(h.Algorithm) == nil {
			match = append(match, key)
		}
	}
	if len(match) != 1 {
		return Key{}, fmt.Errorf("%w: no kid, and %d keys fit %s", ErrUnknownKey, len(match), quote(h.Algorithm))
	}
	return match[0], nil
}

// Verify parses a compact JWS of at most DefaultMaxBytes, checks its algorithm against the list and its signature
// against the set, and returns it. The payload may be any bytes.
func (s *Set) Verify(compact string, algorithms ...string) (*Token, error) {
	token, err := Parse(compact, 0)
	if err != nil {
		return nil, err
	}
	if err := token.Allowed(algorithms); err != nil {
		return nil, err
	}
	key, err := s.Find(token.Header)
	if err != nil {
		return nil, err
	}
	if err := token.Verify(key); err != nil {
		return nil, err
	}
	return token, nil
}
