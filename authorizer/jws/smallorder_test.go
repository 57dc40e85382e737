package jws_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/jws"
)

// smallOrder are the y coordinates of the points whose order divides 8, in every encoding that fits 255 bits; each has
// a second encoding with the sign of x.
var smallOrder = map[string]string{
	"order 4":                "0000000000000000000000000000000000000000000000000000000000000000",
	"identity":               "0100000000000000000000000000000000000000000000000000000000000000",
	"order 8":                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"order 8, other":         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"order 2":                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 4, not canonical": "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"identity, not canon.":   "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// Under a key of small order one signature fits many messages: anybody can sign.
func TestRefusesEd25519KeysOfSmallOrder(t *testing.T) {
	for name, y := range smallOrder {
		for _, sign := range []byte{0, 0x80} {
			public, err := hex.DecodeString(y)
			require.NoError(t, err)
			public[31] |= sign
			_, err = jws.NewKey("z", "EdDSA", ed25519.PublicKey(public))
			require.ErrorIs(t, err, jws.ErrKey, "%s %x", name, sign)
			require.ErrorContains(t, err, "small order", "%s %x", name, sign)

			s := set(t, map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "z", "alg": "EdDSA", "x": encode(public)})
			require.Zero(t, s.Len(), name)
			require.ErrorContains(t, s.Rejected()[0], "small order", name)

			// the attack itself: R is the identity and S is 0, for any payload
			signature := make([]byte, ed25519.SignatureSize)
			signature[0] = 1
			for payload := range 16 {
				_, err = s.Verify(encode([]byte(`{"alg":"EdDSA","kid":"z"}`))+"."+encode([]byte{byte(payload)})+"."+encode(signature), "EdDSA")
				require.ErrorIs(t, err, jws.ErrUnknownKey, name)
			}
		}
	}
}

func TestKeepsOtherEd25519Keys(t *testing.T) {
	for seed := range 256 {
		private := ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(seed)))
		_, err := jws.NewKey("k", "EdDSA", private.Public())
		require.NoError(t, err)
	}
}
