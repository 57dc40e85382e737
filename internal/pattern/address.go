package pattern

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/internal/jsontext"
)

// address is an IP address: 4 or 16 bytes.
type address struct {
	bytes [16]byte
	size  int
}

func (a *address) slice() []byte { return a.bytes[:a.size] }

// addressRange is what a CIDR block covers, both ends included.
type addressRange struct {
	low, high address
}

// contains compares from the left, without regard to the family: the engine
// looks at the digits of addresses and stops when it knows.
func (r *addressRange) contains(a *address) bool {
	low, high, s := r.low.slice(), r.high.slice(), a.slice()
	if len(s) < len(low) {
		return bytes.Compare(s, low[:len(s)]) > 0 && bytes.Compare(s, high[:len(s)]) < 0
	}
	s = s[:len(low)]
	return bytes.Compare(s, low) >= 0 && bytes.Compare(s, high) <= 0
}

// newAddressRange reads a CIDR block; its errors are the service's texts.
func newAddressRange(text string) (addressRange, error) {
	var r addressRange
	ip, mask, ok := strings.Cut(strings.TrimRight(text, "/"), "/")
	if !ok || strings.Contains(mask, "/") {
		return r, reasonError("Malformed CIDR, one '/' required")
	}
	bits, err := strconv.ParseInt(mask, 10, 32)
	if err != nil {
		return r, reasonError("Malformed CIDR, mask bits must be an integer")
	}
	if bits < 0 {
		return r, reasonError("Malformed CIDR, mask bits must not be negative")
	}
	if v4, v6 := looksLikeAddress([]byte(ip)); !v4 && !v6 {
		return r, reasonError("Nonstandard IP address: " + ip)
	}
	a, ok := parseAddress([]byte(ip))
	if !ok {
		return r, reasonError("Invalid IP address: " + ip)
	}
	switch {
	case a.size == 4 && bits > 31:
		return r, reasonError("IPv4 mask bits must be < 32")
	case bits > 127:
		return r, reasonError("IPv6 mask bits must be < 128")
	}
	r.low, r.high = a, a
	for i := int(bits); i < a.size*8; i++ {
		r.low.bytes[i/8] &^= 0x80 >> (i % 8)
		r.high.bytes[i/8] |= 0x80 >> (i % 8)
	}
	return r, nil
}

// looksLikeAddress says whether the characters are those of an address.
func looksLikeAddress(s []byte) (v4, v6 bool) {
	dots, colons, digits, run := 0, 0, true, 0
	for _, c := range s {
		switch {
		case isDigit(c):
			run++
		case jsontext.Hex(c) >= 0:
			digits = false
		case c == '.':
			digits = digits && run > 0
			dots++
			run = 0
		case c == ':':
			colons++
		default:
			return false, false
		}
	}
	return dots == 3 && colons == 0 && digits && run > 0, colons > 0 && dots == 0
}

// parseAddress reads an address as leniently as the engine's platform does:
// octets with leading zeros are decimal, groups may have many zeros, an IPv4
// address in IPv6 form is an IPv4 address.
func parseAddress(s []byte) (address, bool) {
	if len(s) < 2 || !isDigit(s[0]) && jsontext.Hex(s[0]) < 0 && s[0] != ':' {
		return address{}, false
	}
	v4, v6 := looksLikeAddress(s)
	switch {
	case v4:
		return parseV4(s)
	case v6:
		return parseV6(s)
	}
	return address{}, false
}

func parseV4(s []byte) (address, bool) {
	a := address{size: 4}
	if len(s) > 15 {
		return a, false
	}
	part, n := 0, 0
	for _, c := range s {
		if c == '.' {
			a.bytes[part] = byte(n)
			part++
			n = 0
			continue
		}
		if n = n*10 + int(c-'0'); n > 255 {
			return a, false
		}
	}
	a.bytes[part] = byte(n)
	return a, true
}

func parseV6(s []byte) (address, bool) {
	a := address{size: 16}
	at, gap := 0, -1
	i := 0
	if s[0] == ':' {
		if s[1] != ':' {
			return a, false
		}
		i = 1
	}
	n, seen := 0, false
	for ; i < len(s); i++ {
		if c := s[i]; c != ':' {
			if n = n<<4 | jsontext.Hex(c); n > 0xffff {
				return a, false
			}
			seen = true
			continue
		}
		if !seen {
			if gap >= 0 {
				return a, false
			}
			gap = at
			continue
		}
		if i == len(s)-1 || at+2 > 16 {
			return a, false
		}
		a.bytes[at], a.bytes[at+1] = byte(n>>8), byte(n)
		at += 2
		n, seen = 0, false
	}
	if seen {
		if at+2 > 16 {
			return a, false
		}
		a.bytes[at], a.bytes[at+1] = byte(n>>8), byte(n)
		at += 2
	}
	if gap >= 0 {
		if at == 16 {
			return a, false
		}
		moved := at - gap
		copy(a.bytes[16-moved:], a.bytes[gap:at])
		clear(a.bytes[gap : 16-moved])
		at = 16
	}
	if at != 16 {
		return a, false
	}
	if [12]byte(a.bytes[:12]) == [12]byte{10: 0xff, 11: 0xff} {
		v4 := address{size: 4}
		copy(v4.bytes[:], a.bytes[12:])
		return v4, true
	}
	return a, true
}
