package jws

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"slices"

	"github.com/patternkit/serverless/authorizer/internal/jsonobject"
)

// jwk is one element of a published key set as far as it is read.
type jwk struct {
	id, kind, curve, algorithm string
	n, e, x, y                 string
	fault                      string // why the key is refused, found while reading
}

func readJWK(raw []byte) jwk {
	var k jwk
	err := jsonobject.Scan(raw, func(name, value []byte) error {
		switch string(name) {
		case "kid":
			k.read(&k.id, "kid", value)
			if len(k.id) > MaxKeyIDBytes {
				k.refuse("kid too long")
			}
		case "kty":
			k.read(&k.kind, "kty", value)
		case "crv":
			k.read(&k.curve, "crv", value)
		case "alg":
			k.read(&k.algorithm, "alg", value)
			if k.algorithm == "" {
				k.refuse("alg is empty")
			}
		case "n":
			k.read(&k.n, "n", value)
		case "e":
			k.read(&k.e, "e", value)
		case "x":
			k.read(&k.x, "x", value)
		case "y":
			k.read(&k.y, "y", value)
		case "use":
			if use, _ := jsonobject.String(value); use != "sig" {
				k.refuse("use is not sig")
			}
		case "key_ops":
			k.operations(value)
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
			k.refuse("a published key has the private member " + string(name))
		}
		return nil
	})
	if err != nil {
		k.refuse("not a strict JSON object")
	}
	return k
}

// refuse keeps the first fault.
func (k *jwk) refuse(fault string) {
	if k.fault == "" {
		k.fault = fault
	}
}

func (k *jwk) read(into *string, name string, value []byte) {
	text, ok := jsonobject.String(value)
	if !ok {
		k.refuse(name + " is not a string")
	}
	*into = text
}

func (k *jwk) operations(value []byte) {
	operations, ok := jsonobject.Strings(value)
	if !ok || !slices.Contains(operations, "verify") {
		k.refuse("key_ops is without verify")
	}
	slices.Sort(operations)
	if len(slices.Compact(operations)) != len(operations) {
		k.refuse("key_ops names an operation twice")
	}
}

// key returns the verification key, or the reason why it is refused.
func (k *jwk) key() (key Key, reason string) {
	if k.fault != "" {
		return Key{}, k.fault
	}
	var public any
	switch k.kind {
	case "RSA":
		public, reason = k.rsa()
	case "EC":
		public, reason = k.ec()
	case "OKP":
		public, reason = k.okp()
	case "oct":
		reason = "a published set holds a secret key (kty oct)"
	default:
		reason = "kty " + quote(k.kind) + " is not supported"
	}
	if reason != "" {
		return Key{}, reason
	}
	if err := checkPublic(public); err != nil {
		return Key{}, err.Error()
	}
	key, err := bind(k.id, k.algorithm, public)
	if err != nil {
		return Key{}, "alg " + quote(k.algorithm) + " does not belong to the key"
	}
	return key, ""
}

func (k *jwk) rsa() (public any, reason string) {
	n, reason := integer("n", k.n)
	if reason != "" {
		return nil, reason
	}
	e, reason := integer("e", k.e)
	switch {
	case reason != "":
		return nil, reason
	case e.BitLen() > 31:
		return nil, "RSA exponent is not an odd number from 3 to 2^31-1"
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, ""
}

// integer reads a base64url unsigned integer without padding and, as RFC 7518 section 6.3.1.1 demands, without leading
// zero octets: with them a key would have many spellings.
func integer(name, text string) (number *big.Int, reason string) {
	data, err := decode(name, text)
	switch {
	case err != nil:
		return nil, name + " is not canonical base64url"
	case len(data) == 0:
		return nil, name + " is missing, which is not canonical"
	case data[0] == 0:
		return nil, name + " has a leading zero octet, which is not canonical (RFC 7518 section 6.3.1.1)"
	}
	return new(big.Int).SetBytes(data), ""
}

func (k *jwk) ec() (public any, reason string) {
	var curve elliptic.Curve
	switch k.curve {
	case "P-256":
		curve = elliptic.P256()
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	default:
		return nil, "crv " + quote(k.curve) + " is not supported"
	}
	size := (curve.Params().BitSize + 7) / 8
	x, errX := decode("x", k.x)
	y, errY := decode("y", k.y)
	if errX != nil || errY != nil {
		return nil, "a coordinate is not canonical base64url"
	}
	if len(x) != size || len(y) != size {
		return nil, "a coordinate is not of the curve's length"
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, "point is not on its curve"
	}
	return key, ""
}

func (k *jwk) okp() (public any, reason string) {
	if k.curve != "Ed25519" {
		return nil, "crv " + quote(k.curve) + " is not supported"
	}
	x, err := decode("x", k.x)
	if err != nil {
		return nil, "x is not canonical base64url of 32 bytes"
	}
	return ed25519.PublicKey(x), "" // of whatever length: checkPublic looks at it
}
