package authorizertest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math/big"
)

// primes has 4,096 primes of 1,024 bits near each of two numbers: for each prime half the distance to the one before it,
// in 2 bytes. They are no secret, and neither is a key made of them.
//
//go:embed primes.bin
var primes string

const primesEach = 4096

// newRSAKey returns a test key of 2,048 bits, the product of two primes that are picked at random: making a key in earnest
// takes a tenth of a second. Two keys are the same once in 16 million times.
func newRSAKey() (*rsa.PrivateKey, error) {
	p, q := pickPrime("p", primes[:2*primesEach]), pickPrime("q", primes[2*primesEach:])
	one, e := big.NewInt(1), big.NewInt(65537)
	order := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: int(e.Int64())},
		D:         new(big.Int).ModInverse(e, order),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	return key, key.Validate()
}

func pickPrime(name, distances string) *big.Int {
	var random [2]byte
	_, _ = rand.Read(random[:]) // never fails
	return primeAt(name, distances, int(binary.BigEndian.Uint16(random[:]))%primesEach)
}

// primeAt returns one of the primes near the number that the name makes.
func primeAt(name, distances string, index int) *big.Int {
	var number []byte
	for i := range 4 {
		hash := sha256.Sum256(fmt.Appendf(nil, "authorizertest prime %s %d", name, i))
		number = append(number, hash[:]...)
	}
	number[0] |= 0xc0 // so that a product has 2,048 bits
	number[len(number)-1] |= 1
	var distance int64
	for i := range index + 1 {
		distance += 2 * (int64(distances[2*i])<<8 | int64(distances[2*i+1]))
	}
	prime := new(big.Int).SetBytes(number)
	return prime.Add(prime, big.NewInt(distance))
}
