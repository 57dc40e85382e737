// Package jsontext reads the leaves of JSON: strings and numbers. Parsers that
// need errors, limits or speed of their own stand on it; it finds where a leaf
// ends and what is wrong with it, and leaves the words to them.
package jsontext

import (
	"math/bits"
	"unicode/utf8"
)

// Problem is what is wrong with a string.
type Problem uint8

// The problems of a string.
const (
	None             Problem = iota
	Unfinished               // the text ends before the closing quote
	Control                  // a control character that is not escaped
	UnfinishedEscape         // the text ends in an escape
	UnknownEscape            // a character that no escape begins with
	NoHex                    // an escape \u with a character that is no hexadecimal digit
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// String reads the string whose opening quote is at text[i]. It returns the
// index after the closing quote, and whether the string has escapes; where it
// is not a string, the index of what is wrong, and the problem. UTF-8 and
// surrogate pairs are not checked.
func String[T string | []byte](text T, i int) (end int, escaped bool, p Problem) {
	for i++; ; {
		// Eight bytes at a time: a quote, a backslash or a control character.
		for i+8 <= len(text) {
			b := text[i : i+8]
			w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
				uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			if stop := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs; stop != 0 {
				i += bits.TrailingZeros64(stop) / 8
				break
			}
			i += 8
		}
		for i < len(text) && text[i] >= 0x20 && text[i] != '"' && text[i] != '\\' {
			i++
		}
		switch {
		case i >= len(text):
			return i, escaped, Unfinished
		case text[i] == '"':
			return i + 1, escaped, None
		case text[i] != '\\':
			return i, escaped, Control
		}
		escaped = true
		if i, p = escape(text, i+1); p != None {
			return i, escaped, p
		}
	}
}

// escape checks what follows a backslash.
func escape[T string | []byte](text T, i int) (int, Problem) {
	if i >= len(text) {
		return i, UnfinishedEscape
	}
	switch text[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1, None
	case 'u':
	default:
		return i, UnknownEscape
	}
	i++
	if i+4 > len(text) {
		return i, UnfinishedEscape
	}
	for end := i + 4; i < end; i++ {
		if Hex(text[i]) < 0 {
			return i, NoHex
		}
	}
	return i, None
}

// Hex returns the value of a hexadecimal digit; -1 for another character.
func Hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// AppendUnescaped appends the decoded inside of a string, which String
// has checked. Half a surrogate pair becomes lone; whole reports that there is
// none.
func AppendUnescaped[T string | []byte](dst []byte, inside T, lone string) (out []byte, whole bool) {
	whole = true
	for i := 0; i < len(inside); i++ {
		c := inside[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		i++
		switch inside[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := codeUnit(inside, i+1)
			i += 4
			if r < 0xd800 || r > 0xdfff {
				dst = utf8.AppendRune(dst, r)
				continue
			}
			if r < 0xdc00 && i+6 < len(inside) && inside[i+1] == '\\' && inside[i+2] == 'u' {
				if low := codeUnit(inside, i+3); low >= 0xdc00 && low <= 0xdfff {
					dst = utf8.AppendRune(dst, (r-0xd800)<<10|(low-0xdc00)+0x10000)
					i += 6
					continue
				}
			}
			dst, whole = append(dst, lone...), false
		default: // a quote, a backslash or a slash
			dst = append(dst, inside[i])
		}
	}
	return dst, whole
}

func codeUnit[T string | []byte](text T, i int) rune {
	return rune(Hex(text[i])<<12 | Hex(text[i+1])<<8 | Hex(text[i+2])<<4 | Hex(text[i+3]))
}

// Number reads the number that begins at text[i] and returns the index after
// it; where it is not a number of JSON, ok is false.
func Number[T string | []byte](text T, i int) (end int, ok bool) {
	if i < len(text) && text[i] == '-' {
		i++
	}
	zero := i < len(text) && text[i] == '0'
	from := i
	if i = digits(text, i); i == from || zero && i > from+1 {
		return i, false
	}
	if i < len(text) && text[i] == '.' {
		from = i + 1
		if i = digits(text, from); i == from {
			return i, false
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		from = i
		if i = digits(text, from); i == from {
			return i, false
		}
	}
	return i, true
}

func digits[T string | []byte](text T, i int) int {
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	return i
}
