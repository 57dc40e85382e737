package jws

import (
	"crypto/ed25519"
	"math/big"
	"slices"
)

// smallOrder reports whether 8 times the point is the identity, whatever the sign of x and also where y is not reduced.
// Of such a point y is 0, 1 or -1, or its double has y = 0: then x² = -y², which the equation of the curve,
// -x² + y² = 1 - (121665/121666) x² y², makes 121665 y⁴ = 121666 (2 y² - 1).
func smallOrder(key ed25519.PublicKey) bool {
	encoded := slices.Clone(key)
	encoded[len(encoded)-1] &= 0x7f // the sign of x
	slices.Reverse(encoded)
	one := big.NewInt(1)
	p := new(big.Int).Lsh(one, 255)
	p.Sub(p, big.NewInt(19))
	y := new(big.Int).SetBytes(encoded)
	y.Mod(y, p)
	if y.Cmp(one) <= 0 || new(big.Int).Add(y, one).Cmp(p) == 0 {
		return true
	}
	square := y.Mul(y, y)
	left := new(big.Int).Mul(square, square)
	left.Mul(left, big.NewInt(121665))
	right := new(big.Int).Lsh(square, 1)
	right.Sub(right, one).Mul(right, big.NewInt(121666))
	return left.Sub(left, right).Mod(left, p).Sign() == 0
}
