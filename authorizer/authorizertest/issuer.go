package authorizertest

import (
	"bytes"
	"crypto"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/given"
)

// IssuerOptions adjust an Issuer.
type IssuerOptions struct {
	// URL is the issuer, "iss" of its tokens. Optional. Defaults to "https://issuer.test".
	URL string

	// Audience is "aud" of its tokens. Optional. Defaults to "orders-api"; several become an array.
	Audience []string

	// Subject is "sub" of its tokens. Optional. Defaults to "user-1".
	Subject string

	// Algorithm is the algorithm of its first key: RS256 to RS512, PS256 to PS512, ES256 to ES512 or EdDSA. Optional.
	// Defaults to RS256, which Amazon Cognito uses.
	Algorithm string

	// Lifetime is the time from "iat" to "exp". Optional. Defaults to 1 hour.
	Lifetime time.Duration

	// MaxAge is sent as Cache-Control max-age with the key set. Optional. Defaults to 0: no such header.
	MaxAge time.Duration
}

// Claims are the claims of a token; a nil value removes a claim.
type Claims map[string]any

// Issuer is an identity provider in process: it signs tokens and publishes its keys at JWKSURL, through Client,
// RoundTrip or ServeHTTP. Tokens are minted with time.Now, so they fit virtual time too. It is safe for concurrent use.
type Issuer struct {
	tb      TB
	options IssuerOptions

	mu        sync.Mutex
	keys      []signingKey // published, the newest last
	minted    int          // keys made so far
	stranger  signingKey
	requests  int
	failures  int
	status    int
	delay     time.Duration
	published []byte // in place of the set of keys, when not nil
}

// NewIssuer returns an issuer with one key. RSA keys are made of primes that everybody can look up in this package, so
// that making one takes a millisecond: they are good for tests only.
func NewIssuer(tb TB, optFns ...func(*IssuerOptions)) *Issuer {
	i := &Issuer{tb: tb, options: IssuerOptions{
		URL:       "https://issuer.test",
		Audience:  []string{"orders-api"},
		Subject:   "user-1",
		Algorithm: "RS256",
		Lifetime:  time.Hour,
	}}
	given.Options(&i.options, optFns)
	i.Rotate()
	return i
}

// URL returns the issuer, "iss" of its tokens.
func (i *Issuer) URL() string { return i.options.URL }

// JWKSURL returns where the key set is published.
func (i *Issuer) JWKSURL() string {
	return strings.TrimSuffix(i.options.URL, "/") + "/.well-known/jwks.json"
}

// Rotate makes a new key of the same algorithm, which signs from now on; the former keys stay published.
func (i *Issuer) Rotate() { i.RotateTo(i.options.Algorithm) }

// RotateTo makes a new key of another algorithm, which signs from now on.
func (i *Issuer) RotateTo(algorithm string) {
	private := newPrivateKey(algorithm)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.minted++
	i.keys = append(i.keys, signingKey{id: fmt.Sprintf("key-%d", i.minted), algorithm: algorithm, private: private})
}

// Retire takes all keys but the newest out of the published set.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[len(i.keys)-1:]
}

// claims are those of a good token, changed as asked.
func (i *Issuer) claims(changes []Claims) map[string]any {
	now := time.Now()
	claims := map[string]any{
		"iss": i.options.URL,
		"sub": i.options.Subject,
		"iat": now.Unix(),
		"exp": now.Add(i.options.Lifetime).Unix(),
	}
	switch len(i.options.Audience) {
	case 0:
	case 1:
		claims["aud"] = i.options.Audience[0]
	default:
		claims["aud"] = i.options.Audience
	}
	for _, change := range changes {
		maps.Copy(claims, change)
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// Token returns a good token: the issuer's own claims, overridden by those given.
func (i *Issuer) Token(changes ...Claims) string {
	return i.Sign(nil, i.claims(changes))
}

// Expired returns a token that was good until a minute ago.
func (i *Issuer) Expired(changes ...Claims) string {
	now := time.Now()
	times := Claims{"iat": now.Add(-time.Hour).Unix(), "exp": now.Add(-time.Minute).Unix()}
	return i.Sign(nil, i.claims(append([]Claims{times}, changes...)))
}

// NotYetValid returns a token that becomes good in an hour.
func (i *Issuer) NotYetValid(changes ...Claims) string {
	now := time.Now()
	times := Claims{"nbf": now.Add(time.Hour).Unix(), "exp": now.Add(2 * time.Hour).Unix()}
	return i.Sign(nil, i.claims(append([]Claims{times}, changes...)))
}

// Forged returns a token that looks good and names the issuer's key, but is signed with a key of a stranger.
func (i *Issuer) Forged(changes ...Claims) string {
	return i.impostor().sign(nil, i.claims(changes))
}

// impostor is a stranger's key under the id of the newest one.
func (i *Issuer) impostor() signingKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	key := i.keys[len(i.keys)-1]
	if i.stranger.algorithm != key.algorithm {
		i.stranger = signingKey{id: "stranger", algorithm: key.algorithm, private: newPrivateKey(key.algorithm)}
	}
	key.private = i.stranger.private
	return key
}

// Expand replaces ${TOKEN:valid}, ${TOKEN:expired} and ${TOKEN:forged} in a document, such as an event file, by tokens
// minted now. The claims override the issuer's own.
func (i *Issuer) Expand(document []byte, changes ...Claims) []byte {
	for name, mint := range map[string]func(...Claims) string{"valid": i.Token, "expired": i.Expired, "forged": i.Forged} {
		placeholder := []byte("${TOKEN:" + name + "}")
		if bytes.Contains(document, placeholder) {
			document = bytes.ReplaceAll(document, placeholder, []byte(mint(changes...)))
		}
	}
	return document
}

// PublicKey returns the newest public key: *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
func (i *Issuer) PublicKey() crypto.PublicKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[len(i.keys)-1].private.Public()
}
