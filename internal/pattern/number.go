package pattern

import "strconv"

// comparable returns the 64-bit float of a JSON number, and whether the number
// is that float and not merely near it: equal to the shortest decimal that reads
// as the float. Others cannot be compared.
func comparable(text []byte) (float64, bool) {
	d, ok := decimalOf(text)
	if !ok {
		return 0, false
	}
	if d.count == 0 {
		return 0, true
	}
	if d.count <= 15 && d.exp >= -22 && d.exp <= 22 {
		// Both operands are exact floats: one rounding, the right one.
		f := float64(d.mantissa)
		if d.exp < 0 {
			f /= pow10[-d.exp]
		} else {
			f *= pow10[d.exp]
		}
		if d.negative {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, false
	}
	if f == 0 {
		return 0, false // the digits are not all zero: an underflow
	}
	var buf [32]byte
	short, _ := decimalOf(strconv.AppendFloat(buf[:0], f, 'e', -1, 64))
	return f, short == d
}

var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// decimal is a number as mantissa·10^exp, without zeros at the end of the
// mantissa. Two numbers of at most 19 digits are equal if their decimals are.
type decimal struct {
	mantissa uint64
	exp      int
	count    int // significant digits; more than 19 never equal a float
	negative bool
}

// decimalOf reads a JSON number; ok is false where the exponent is absurd.
func decimalOf(text []byte) (d decimal, ok bool) {
	zeros, point := 0, false
	i := 0
	if i < len(text) && text[i] == '-' {
		d.negative = true
		i++
	}
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' {
			point = true
			continue
		}
		if !isDigit(c) {
			break
		}
		if point {
			d.exp--
		}
		if c == '0' {
			zeros++
			continue
		}
		d.take(zeros, c)
		zeros = 0
	}
	d.exp += zeros
	if i < len(text) { // 'e'
		n, err := strconv.Atoi(string(text[i+1:]))
		if err != nil || n > 1e8 || n < -1e8 {
			return d, d.count == 0
		}
		d.exp += n
	}
	if d.count == 0 {
		d = decimal{}
	}
	return d, true
}

// take appends the zeros that turned out to be inside the number, and a digit.
func (d *decimal) take(zeros int, c byte) {
	if d.count == 0 {
		zeros = 0
	}
	d.count += zeros + 1
	if d.count > 19 {
		return
	}
	for range zeros {
		d.mantissa *= 10
	}
	d.mantissa = d.mantissa*10 + uint64(c-'0')
}
