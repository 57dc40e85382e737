package pattern

import (
	"unicode"
	"unicode/utf16"
)

// fold is a string for equals-ignore-case. The engine folds no value: it takes
// each UTF-16 unit of the pattern in its lower and its upper case, alone, and a
// value must have one of the two at that place. Half a surrogate pair counts as
// "?". So "straße" matches "STRASSE" and "STRASSE" does not match "straße".
type fold []letter

type letter struct{ lower, upper string }

func newFold(s string) fold {
	units := utf16.Encode([]rune(s))
	out := make(fold, len(units))
	for i, u := range units {
		r := rune(u)
		if utf16.IsSurrogate(r) {
			out[i] = letter{"?", "?"}
			continue
		}
		out[i] = letter{string(unicode.ToLower(r)), string(unicode.ToUpper(r))}
		if r == 'İ' {
			out[i].lower = "i\u0307"
		}
		if u := specialUpper(r); u != "" {
			out[i].upper = u
		}
	}
	return out
}

// cutPrefix cuts what the fold matches off the beginning of s. No character's
// lower case begins with its upper case or the other way round, so that there is
// only one way to go on.
func (f fold) cutPrefix(s []byte) (rest []byte, ok bool) {
	for i := range f {
		switch {
		case hasPrefix(s, f[i].lower):
			s = s[len(f[i].lower):]
		case hasPrefix(s, f[i].upper):
			s = s[len(f[i].upper):]
		default:
			return nil, false
		}
	}
	return s, true
}

// prefixOf says whether the fold matches the beginning of s, or all of s and
// the quote behind it: see quoteAfter.
func (f fold) prefixOf(s []byte) bool {
	if _, ok := f.cutPrefix(s); ok {
		return true
	}
	n := len(f)
	if n == 0 || f[n-1].lower != `"` {
		return false
	}
	rest, ok := f[:n-1].cutPrefix(s)
	return ok && len(rest) == 0
}

// suffixOf says whether the fold matches the end of s.
func (f fold) suffixOf(s []byte) bool {
	for i := len(f) - 1; i >= 0; i-- {
		switch {
		case hasSuffix(s, f[i].lower):
			s = s[:len(s)-len(f[i].lower)]
		case hasSuffix(s, f[i].upper):
			s = s[:len(s)-len(f[i].upper)]
		default:
			return i == 0 && len(s) == 0 && f[i].lower == `"`
		}
	}
	return true
}

func hasPrefix(s []byte, p string) bool { return len(s) >= len(p) && string(s[:len(p)]) == p }

func hasSuffix(s []byte, p string) bool { return len(s) >= len(p) && string(s[len(s)-len(p):]) == p }
