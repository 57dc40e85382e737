package apikey

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/patternkit/serverless/authorizer"
)

// The reasons why a key is refused, besides authorizer.ErrMalformed and authorizer.ErrUnknownKey.
var (
	// ErrDisabled says that the key has been switched off.
	ErrDisabled = errors.New("apikey: key is disabled")
	// ErrAddress says that the key may not be used from the caller's address.
	ErrAddress = errors.New("apikey: key is not for this address")
)

// Verify is VerifyCredential for a caller whose address is not known: only keys for any address are good.
func (s *Store) Verify(ctx context.Context, key string) (*authorizer.Principal, error) {
	return s.VerifyCredential(ctx, authorizer.Credential{Token: key})
}

// VerifyCredential returns the principal a key speaks for. A refusal is an *authorizer.TokenError; any other error wraps
// authorizer.ErrKeysUnavailable. What is refused, and how long that takes, tells nothing about a key's secret: the id is
// looked up first, then digests of equal length are compared, before anything else in the record counts.
func (s *Store) VerifyCredential(ctx context.Context, credential authorizer.Credential) (*authorizer.Principal, error) {
	if err := s.usable(); err != nil {
		return nil, fmt.Errorf("%w: %w", authorizer.ErrKeysUnavailable, err)
	}
	id, secret, ok := s.parse(credential.Token)
	if !ok {
		return nil, refused("%w: not an API key", authorizer.ErrMalformed)
	}
	record, err := s.record(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("apikey: key %s: %w: %w", id, authorizer.ErrKeysUnavailable, err)
	}
	peppers, err := s.peppers(ctx)
	if err != nil {
		return nil, fmt.Errorf("apikey: key %s: %w: %w", id, authorizer.ErrKeysUnavailable, err)
	}
	stored := make([]byte, digestBytes) // compared even when there is no such key
	if record != nil {
		stored = record.digest
	}
	equal := 0
	for _, pepper := range peppers {
		equal |= subtle.ConstantTimeCompare(digest(pepper, secret), stored)
	}
	switch {
	case record == nil || equal != 1:
		return nil, refused("%w: %s", authorizer.ErrUnknownKey, id)
	case record.Disabled:
		return nil, refused("%w: %s", ErrDisabled, id)
	case !record.ExpiresAt.IsZero() && !time.Now().Before(record.ExpiresAt):
		return nil, refused("%w: %s", authorizer.ErrExpired, id)
	case !record.admits(credential.SourceIP):
		return nil, refused("%w: %s from %s", ErrAddress, id, credential.SourceIP)
	}
	return record.principal()
}

func refused(format string, args ...any) error {
	return &authorizer.TokenError{Err: fmt.Errorf(format, args...)}
}

// principal has the id of the key as the claim "keyId", never the key.
func (r *Record) principal() (*authorizer.Principal, error) {
	p, err := authorizer.NewPrincipal(r.Principal, r.Scopes, map[string]string{"keyId": r.ID})
	if err != nil {
		return nil, err
	}
	p.ExpiresAt, p.UsageIdentifierKey = r.ExpiresAt, r.UsagePlanKey
	return p, nil
}
