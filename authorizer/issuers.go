package authorizer

import (
	"context"
	"errors"
	"fmt"

	"github.com/patternkit/serverless/authorizer/internal/jsonobject"
	"github.com/patternkit/serverless/authorizer/jws"
	"github.com/patternkit/serverless/internal/given"
)

// Issuers verifies tokens of several issuers, each with its own audiences, keys and options. It is safe for concurrent use.
type Issuers struct {
	byIssuer map[string]*Verifier
	most     int
}

// MustIssuers is NewIssuers, but panics where NewIssuers returns an error.
func MustIssuers(verifiers ...*Verifier) *Issuers { return given.Must(NewIssuers(verifiers...)) }

// NewIssuers returns a verifier that passes each token to the verifier of its issuer. Two of one issuer are an error.
func NewIssuers(verifiers ...*Verifier) (*Issuers, error) {
	all := &Issuers{byIssuer: make(map[string]*Verifier, len(verifiers))}
	for _, v := range verifiers {
		if v == nil || v.source == nil {
			return nil, errors.New("authorizer: issuers: a verifier is nil, or not made by a constructor")
		}
		if all.byIssuer[v.issuer] != nil {
			return nil, fmt.Errorf("authorizer: issuers: %q twice", v.issuer)
		}
		all.byIssuer[v.issuer] = v
		all.most = max(all.most, v.options.MaxTokenBytes)
	}
	if len(verifiers) == 0 {
		return nil, errors.New("authorizer: issuers: no verifier")
	}
	return all, nil
}

// Verify returns the principal a token speaks for. What the token says about its issuer only chooses among the verifiers
// there are; the chosen one then checks everything.
func (all *Issuers) Verify(ctx context.Context, token string) (*Principal, error) {
	if all == nil || all.byIssuer == nil {
		return nil, errors.New("authorizer: the issuers are not made by NewIssuers")
	}
	parsed, err := jws.Parse(token, all.most)
	if err != nil {
		return nil, &TokenError{Err: err}
	}
	issuer := ""
	err = jsonobject.Scan(parsed.Payload, func(name, value []byte) error {
		if string(name) == "iss" {
			issuer, _ = jsonobject.String(value)
		}
		return nil
	})
	if err != nil {
		return nil, &TokenError{Err: fmt.Errorf("%w: %w", ErrClaims, err)}
	}
	verifier := all.byIssuer[issuer]
	if verifier == nil {
		return nil, &TokenError{Err: fmt.Errorf("%w: %.64q is not one of ours", ErrIssuer, issuer)}
	}
	return verifier.Verify(ctx, token)
}
