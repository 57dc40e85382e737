package authorizer

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/patternkit/serverless/internal/given"
)

// TokenVerifier finds out who a token speaks for. *Verifier is one.
type TokenVerifier interface {
	// Verify returns the principal a token speaks for. A *TokenError refuses the token (401); any other error fails the
	// authorizer (500).
	Verify(ctx context.Context, token string) (*Principal, error)
}

// Credential is what a request brings to prove who sends it.
type Credential struct {
	// Token is the text of the token or key, without its scheme.
	Token string

	// SourceIP is the address of the caller as API Gateway saw it. It is the zero Addr when the event has none (TOKEN).
	SourceIP netip.Addr
}

// CredentialVerifier is a TokenVerifier that looks at more than the token. Handlers prefer VerifyCredential where a
// verifier has it.
type CredentialVerifier interface {
	TokenVerifier
	// VerifyCredential returns the principal a credential speaks for. Its errors are those of Verify.
	VerifyCredential(ctx context.Context, credential Credential) (*Principal, error)
}

// TokenSource is where a request carries its token. The zero TokenSource is Bearer("Authorization").
type TokenSource struct {
	place  place
	name   string
	scheme string
}

type place uint8

const (
	inHeader place = iota
	inQuery
	inCookie
)

// Bearer takes the token from a header, after the scheme "Bearer" and exactly one blank. It panics without a name.
func Bearer(header string) TokenSource { return source("Bearer", inHeader, header, "Bearer") }

// Header takes the whole value of a header, as for API keys. It panics without a name.
func Header(name string) TokenSource { return source("Header", inHeader, name, "") }

// Query takes a parameter of the query string: browsers cannot send headers when they open a WebSocket. Such tokens end
// up in access logs, so they should be short-lived. It panics without a name.
func Query(name string) TokenSource { return source("Query", inQuery, name, "") }

// Cookie takes a cookie. It panics without a name.
func Cookie(name string) TokenSource { return source("Cookie", inCookie, name, "") }

func source(constructor string, place place, name, scheme string) TokenSource {
	faults := given.To("authorizer: " + constructor)
	faults.Empty("the name", name)
	faults.Panic()
	return TokenSource{place, name, scheme}
}

var errNoToken = errors.New("no token, or more than one")

// request is what the kinds of events have in common.
type request struct {
	headers      map[string]string
	multiHeaders map[string][]string
	query        map[string]string
	multiQuery   map[string][]string
	cookies      []string
	sourceIP     string
}

// token takes the one token out of a request; none, or several, is a refusal.
func (s TokenSource) token(r request) (string, error) {
	switch s.place {
	case inQuery:
		return s.strip(only(r.query, r.multiQuery, func(name string) bool { return name == s.name }))
	case inCookie:
		return s.strip(r.cookie(s.name))
	}
	name := s.name
	if name == "" {
		s = Bearer("Authorization")
		name = s.name
	}
	return s.strip(only(r.headers, r.multiHeaders, func(other string) bool { return strings.EqualFold(other, name) }))
}

// only returns the values that a name has, from the multi-value map where there is one.
func only(single map[string]string, multi map[string][]string, is func(string) bool) (values []string) {
	for name, more := range multi {
		if is(name) {
			values = append(values, more...)
		}
	}
	if len(values) > 0 {
		return values
	}
	for name, value := range single {
		if is(name) {
			values = append(values, value)
		}
	}
	return values
}

func (r request) cookie(name string) (values []string) {
	lines := r.cookies
	if len(lines) == 0 {
		lines = only(r.headers, r.multiHeaders, func(header string) bool { return strings.EqualFold(header, "Cookie") })
	}
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if key, value, found := strings.Cut(strings.TrimSpace(pair), "="); found && key == name {
				values = append(values, value)
			}
		}
	}
	return values
}

// strip takes the scheme off the only value.
func (s TokenSource) strip(values []string) (string, error) {
	if len(values) != 1 || values[0] == "" {
		return "", &TokenError{Err: fmt.Errorf("%w: %w", ErrMalformed, errNoToken)}
	}
	value := values[0]
	if s.scheme != "" {
		scheme, token, found := strings.Cut(value, " ")
		if !found || !strings.EqualFold(scheme, s.scheme) {
			return "", &TokenError{Err: fmt.Errorf("%w: want %q, one blank and the token", ErrMalformed, s.scheme)}
		}
		value = token
	}
	if value == "" || strings.ContainsAny(value, " \t\r\n,") {
		return "", &TokenError{Err: fmt.Errorf("%w: %w", ErrMalformed, errNoToken)}
	}
	return value, nil
}

// credential takes the credential out of a request.
func (s TokenSource) credential(r request) (Credential, error) {
	token, err := s.token(r)
	if err != nil {
		return Credential{}, err
	}
	address, _ := netip.ParseAddr(r.sourceIP)
	return Credential{Token: token, SourceIP: address.Unmap()}, nil
}
