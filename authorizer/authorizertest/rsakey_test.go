package authorizertest

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrimesArePrime(t *testing.T) {
	require.Len(t, primes, 2*2*primesEach)
	e := big.NewInt(65537)
	for name, distances := range map[string]string{"p": primes[:2*primesEach], "q": primes[2*primesEach:]} {
		for i := 1; i < primesEach; i++ {
			require.NotEqual(t, "\x00\x00", distances[2*i:2*i+2], "a prime is there twice")
		}
		for _, index := range append(rand.Perm(primesEach)[:3], 0, primesEach-1) {
			prime := primeAt(name, distances, index)
			require.True(t, prime.ProbablyPrime(4), "%s %d", name, index)
			require.Equal(t, 1024, prime.BitLen())
			require.NotZero(t, new(big.Int).Mod(prime, e).Cmp(big.NewInt(1)), "the exponent has an inverse")
		}
	}
}

func TestIssuersDoNotShareKeys(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		key, err := newRSAKey()
		require.NoError(t, err)
		require.Equal(t, 2048, key.N.BitLen())
		require.False(t, seen[key.N.String()], "the same key twice among 20, which happens once in 88,000 times")
		seen[key.N.String()] = true
	}
}
