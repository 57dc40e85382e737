package jws_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/jws"
)

// compact is a token with this header, and no signature that holds.
func compact(header string) string {
	return encode([]byte(header)) + "." + encode([]byte(`{}`)) + "." + encode([]byte("x"))
}

func TestWhatAHeaderSays(t *testing.T) {
	token, err := jws.Parse(compact(`{"alg":"ES256","kid":"k","typ":"at+jwt","cty":"JWT","jku":"https://evil"}`), 0)
	require.NoError(t, err)
	require.Equal(t, jws.Header{Algorithm: "ES256", KeyID: "k", HasKeyID: true, Type: "at+jwt", HasType: true, HasContentType: true, EmbedsKey: true}, token.Header)
	token, err = jws.Parse(compact(`{"alg":"ES256"}`), 0)
	require.NoError(t, err)
	require.Equal(t, jws.Header{Algorithm: "ES256"}, token.Header)
	for header, want := range map[string]string{
		`{}`:                       "no alg",
		`{"typ":"JWT"}`:            "no alg",
		`{"alg":""}`:               "no alg",
		`{"alg":1}`:                "alg is not a string",
		`{"alg":"ES256","kid":1}`:  "kid is not a string",
		`{"alg":"ES256","typ":{}}`: "typ is not a string",
		`{"alg":"ES256","b64":1}`:  "b64 is not supported",
		`[]`:                       "header",
	} {
		_, err := jws.Parse(compact(header), 0)
		require.ErrorIs(t, err, jws.ErrMalformed, header)
		require.ErrorContains(t, err, want, header)
	}
}

func TestTheSizeOfAToken(t *testing.T) {
	text := compact(`{"alg":"ES256"}`)
	for _, size := range []int{0, -1, len(text)} {
		_, err := jws.Parse(text, size)
		require.NoError(t, err, "%d", size)
	}
	for _, size := range []int{1, len(text) - 1} {
		_, err := jws.Parse(text, size)
		require.ErrorIs(t, err, jws.ErrTooLarge, "%d", size)
	}
	_, err := jws.Parse(strings.Repeat("a", jws.DefaultMaxBytes+1), 0)
	require.ErrorIs(t, err, jws.ErrTooLarge)
}

func TestCurvesThatAreNotWhole(t *testing.T) {
	one := big.NewInt(1)
	for _, key := range []*ecdsa.PublicKey{
		nil, {}, {Curve: elliptic.P256()}, {Curve: elliptic.P256(), X: one}, {Curve: elliptic.P256(), Y: one}, {X: one, Y: one}, {Curve: elliptic.P224(), X: one, Y: one},
	} {
		_, err := jws.NewKey("k", "", key)
		require.ErrorContains(t, err, "curve is not P-256, P-384 or P-521")
	}
	_, err := jws.NewKey("k", "", &ecdsa.PublicKey{Curve: elliptic.P256(), X: one, Y: one}) //nolint:staticcheck // a point that no constructor makes
	require.ErrorContains(t, err, "point is not on its curve")
}

func TestASetThatIsNotThere(t *testing.T) {
	var none *jws.Set
	require.Zero(t, none.Len())
	require.Empty(t, none.Rejected())
	_, err := none.Find(jws.Header{Algorithm: "ES256"})
	require.ErrorIs(t, err, jws.ErrUnknownKey)
}
