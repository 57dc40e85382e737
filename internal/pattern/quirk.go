package pattern

// The engine has traits that no documentation mentions and that follow from how
// it compares bytes. A pattern that meets one of them behaves on AWS as it does
// here; the golden cases hold examples of most.

// quoteAfter and quoteBefore keep a trait of the engine. It compares strings with
// their quotes, so a prefix may end with the closing quote of the string, and a
// suffix may begin with the opening one.
func quoteAfter(prefix string, s []byte) bool {
	n := len(prefix)
	return n > 0 && n == len(s)+1 && prefix[n-1] == '"' && prefix[:n-1] == string(s)
}

func quoteBefore(suffix string, s []byte) bool {
	n := len(suffix)
	return n > 0 && n == len(s)+1 && suffix[0] == '"' && suffix[1:] == string(s)
}

// markQuirks marks the values of one list that other values of the list change.
func markQuirks(values []value) {
	star, numbers := false, false
	for i := range values {
		v := &values[i]
		switch v.op {
		case opGlob:
			star = star || v.glob.pieces[0] == "" && len(v.glob.pieces) > 1
		case opNot:
			for j := range v.not {
				n := &v.not[j]
				star = star || n.op == opGlob && n.glob.pieces[0] == "" && len(n.glob.pieces) > 1
				numbers = numbers || n.op == opRange
			}
		case opRange:
			numbers = true
		case opFold, opPrefixFold, opSuffixFold:
			v.loose = star && v.canLoosen()
		}
	}
	for i := range values {
		values[i].digits = numbers
	}
}

// canLoosen says whether a wildcard that begins with a star, earlier in the same
// list, spoils this equals-ignore-case: its outermost letter has two cases, and
// behind it something is left to compare.
func (v *value) canLoosen() bool {
	n := len(v.fold)
	switch {
	case n == 0 || v.op != opFold && n == 1:
		return false
	case v.op == opSuffixFold:
		return v.fold[n-1].lower != v.fold[n-1].upper
	}
	return v.fold[0].lower != v.fold[0].upper
}

// matchesLoosely compares without the outermost letter, in whose place any text
// but an empty one will do.
func (v *value) matchesLoosely(s []byte) bool {
	for i := 1; i <= len(s); i++ {
		switch v.op {
		case opFold:
			if rest, ok := v.fold[1:].cutPrefix(s[i:]); ok && len(rest) == 0 {
				return true
			}
		case opPrefixFold:
			if _, ok := v.fold[1:].cutPrefix(s[i:]); ok {
				return true
			}
		default:
			if v.fold[:len(v.fold)-1].suffixOf(s[:len(s)-i]) {
				return true
			}
		}
	}
	return false
}

// matchesDigits compares a number with addresses: the engine knows addresses as
// strings of digits, and takes the text of a number for one, unless the list
// makes it look at numbers as numbers.
func (v *value) matchesDigits(l *leaf) bool {
	if _, ok := l.asNumber(); ok && v.digits {
		return false
	}
	return v.addr.containsDigits(l.text)
}

// containsDigits compares a text with the digits of both ends, from the left.
func (r *addressRange) containsDigits(text []byte) bool {
	low, high := 0, 0 // how text compares with the digits of either end
	for i, c := range text {
		if i == r.low.size*2 {
			break
		}
		if low == 0 {
			low = int(c) - int(r.low.digit(i))
		}
		if high == 0 {
			high = int(c) - int(r.high.digit(i))
		}
	}
	if len(text) < r.low.size*2 {
		return low > 0 && high < 0
	}
	return low >= 0 && high <= 0
}

// digit is the hexadecimal digit i of the address.
func (a *address) digit(i int) byte {
	return "0123456789ABCDEF"[a.bytes[i/2]>>(4-i%2*4)&0xf]
}
