package jws_test

import (
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/jws"
)

// A modulus has the fingerprint only when it is a power of 65537 modulo each of the
// primes: here modulo all but one, whose residues it has one after the other.
func TestTheFingerprintOfAWeakGenerator(t *testing.T) {
	primes := []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}
	product := big.NewInt(1)
	for _, p := range primes {
		product.Mul(product, big.NewInt(p))
	}
	large := new(big.Int).Lsh(product, uint(2048-product.BitLen()))
	for _, p := range primes {
		prime := big.NewInt(p)
		powers, others := map[int64]bool{}, 0
		for exponent := range p {
			powers[new(big.Int).Exp(big.NewInt(65537), big.NewInt(exponent), prime).Int64()] = true
		}
		rest := new(big.Int).Div(product, prime)
		for factor := range p {
			modulus := new(big.Int).Mul(rest, big.NewInt(2*factor))
			modulus.Add(modulus, big.NewInt(1)).Add(modulus, large)
			residue := new(big.Int).Mod(modulus, prime).Int64()
			_, err := jws.NewKey("k", "RS256", &rsa.PublicKey{N: modulus, E: 65537})
			if powers[residue] {
				require.ErrorContains(t, err, "CVE-2017-15361", "%d modulo %d", residue, p)
			} else {
				others++
				require.NoError(t, err, "%d modulo %d", residue, p)
			}
		}
		require.Positive(t, others, p)
	}
}
