package authorizertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

type signingKey struct {
	id, algorithm string
	private       crypto.Signer
}

func newPrivateKey(algorithm string) crypto.Signer {
	var private crypto.Signer
	var err error
	switch {
	case strings.HasPrefix(algorithm, "RS"), strings.HasPrefix(algorithm, "PS"):
		private, err = newRSAKey()
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

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
