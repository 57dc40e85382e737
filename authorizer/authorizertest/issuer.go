package authorizertest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/patternkit/serverless/internal/wire"
)

// TB is the part of testing.TB that the fakes use; nil in a program.
type TB = wire.TB

// IssuerOptions adjust an Issuer.
type IssuerOptions struct {
	// URL is the issuer, "iss" of its tokens. Optional. Defaults to "https://issuer.test".
	URL string

	// Audience is "aud" of its tokens. Optional. Defaults to "orders-api"; several become an array.
	Audience []string

	// Subject is "sub" of its tokens. Optional. Defaults to "user-1".
	Subject string

	// Algorithm is the algorithm of its first key: RS256 to RS512, PS256 to PS512, ES256 to ES512 or EdDSA. Optional.
	// Defaults to RS256.
	Algorithm string

	// Lifetime is the time from "iat" to "exp". Optional. Defaults to 1 hour.
	Lifetime time.Duration

	// MaxAge is sent as Cache-Control max-age with the key set. Optional. Defaults to 0: no such header.
	MaxAge time.Duration
}

// Claims are the claims of a token; a nil value removes a claim.
type Claims map[string]any

// Issuer is an identity provider in process: it signs tokens and publishes its keys at JWKSURL, through Client, Do or
// ServeHTTP. Tokens are minted with time.Now, so they fit virtual time too. It is safe for concurrent use.
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

type signingKey struct {
	id, algorithm string
	private       crypto.Signer
}

// NewIssuer returns an issuer with one key.
func NewIssuer(tb TB, optFns ...func(*IssuerOptions)) *Issuer {
	i := &Issuer{tb: tb, options: IssuerOptions{
		URL:       "https://issuer.test",
		Audience:  []string{"orders-api"},
		Subject:   "user-1",
		Algorithm: "RS256",
		Lifetime:  time.Hour,
	}}
	for _, fn := range optFns {
		fn(&i.options)
	}
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

func newPrivateKey(algorithm string) crypto.Signer {
	var private crypto.Signer
	var err error
	switch {
	case strings.HasPrefix(algorithm, "RS"), strings.HasPrefix(algorithm, "PS"):
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case algorithm == "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case algorithm == "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case algorithm == "ES512":
		private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case algorithm == "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("unknown algorithm %q", algorithm)
	}
	if err != nil {
		panic("authorizertest: new key: " + err.Error())
	}
	return private
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

// Sign returns a token with exactly these claims, signed with the newest key. The header members override "alg", "kid"
// and "typ", whatever that makes of the token; a nil value removes one. The claims are a map, a struct, or the bytes
// of a payload.
func (i *Issuer) Sign(header map[string]any, claims any) string {
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	return key.sign(header, claims)
}

// SignRaw returns a token with exactly these bytes as header and payload, signed with the newest key.
func (i *Issuer) SignRaw(header, payload []byte) string {
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	return key.signRaw(header, payload)
}

func (k signingKey) sign(header map[string]any, claims any) string {
	members := map[string]any{"alg": k.algorithm, "kid": k.id, "typ": "JWT"}
	maps.Copy(members, header)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	payload, raw := claims.([]byte)
	if !raw {
		payload = mustJSON(claims)
	}
	return k.signRaw(mustJSON(members), payload)
}

func (k signingKey) signRaw(header, payload []byte) string {
	signed := encode(header) + "." + encode(payload)
	return signed + "." + encode(k.signature(signed))
}

func (k signingKey) signature(signed string) []byte {
	signature, err := jwt.GetSigningMethod(k.algorithm).Sign(signed, k.private)
	if err != nil {
		panic("authorizertest: sign: " + err.Error())
	}
	return signature
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("authorizertest: " + err.Error())
	}
	return data
}

func sum(document []byte) string {
	digest := sha256.Sum256(document)
	return encode(digest[:12])
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

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

// JWKS returns the key set as it is published.
func (i *Issuer) JWKS() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.published != nil {
		return i.published
	}
	keys := make([]map[string]string, 0, len(i.keys))
	for _, key := range i.keys {
		keys = append(keys, key.jwk())
	}
	return mustJSON(map[string]any{"keys": keys})
}

func (k signingKey) jwk() map[string]string {
	members := map[string]string{"kid": k.id, "alg": k.algorithm, "use": "sig"}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		members["kty"], members["n"], members["e"] = "RSA", encode(public.N.Bytes()), encode(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic("authorizertest: " + err.Error())
		}
		half := len(point) / 2
		members["kty"], members["crv"] = "EC", public.Params().Name
		members["x"], members["y"] = encode(point[1:1+half]), encode(point[1+half:])
	case ed25519.PublicKey:
		members["kty"], members["crv"], members["x"] = "OKP", "Ed25519", encode(public)
	}
	return members
}

// Publish serves a document in place of the key set; nil serves the keys again.
func (i *Issuer) Publish(document []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.published = document
}

// Fail answers the next requests with a status in place of the key set.
func (i *Issuer) Fail(times, status int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failures, i.status = times, status
}

// Delay makes every answer take a time from now on; it ends early with the request.
func (i *Issuer) Delay(d time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.delay = d
}

// Requests returns how often the key set was asked for.
func (i *Issuer) Requests() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests
}

// ServeHTTP publishes the key set, for use with a real port.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.requests++
	delay, failing := i.delay, i.failures > 0
	if failing {
		i.failures--
	}
	status := i.status
	i.mu.Unlock()
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	if failing {
		w.WriteHeader(status)
		return
	}
	if !strings.HasSuffix(r.URL.Path, "/.well-known/jwks.json") {
		http.NotFound(w, r)
		return
	}
	document := i.JWKS()
	etag := fmt.Sprintf("%q", sum(document))
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", "application/json")
	if i.options.MaxAge > 0 {
		w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(i.options.MaxAge.Seconds())))
	}
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(document)
}

// RoundTrip answers a request in process, without a socket.
func (i *Issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := &recorder{header: make(http.Header), status: http.StatusOK}
	i.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)),
		StatusCode: answer.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        answer.header,
		Body:          io.NopCloser(&answer.body),
		ContentLength: int64(answer.body.Len()),
		Request:       r,
	}, nil
}

// recorder keeps what a handler writes.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header            { return r.header }
func (r *recorder) WriteHeader(status int)         { r.status = status }
func (r *recorder) Write(data []byte) (int, error) { return r.body.Write(data) }

// Client returns an HTTP client whose requests, to whatever host, the issuer answers in process.
func (i *Issuer) Client() *http.Client { return &http.Client{Transport: i} }

// PublicKey returns the newest public key: *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
func (i *Issuer) PublicKey() crypto.PublicKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[len(i.keys)-1].private.Public()
}
