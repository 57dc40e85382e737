package expr

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// The range of DynamoDB's numbers: significant digits, and the decimal
// exponents of the largest and of the smallest magnitude.
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// The texts of a number outside the range.
const (
	tooManyDigits = "Attempting to store more than 38 significant digits in a Number"
	overflow      = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	underflow     = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	notANumber    = "The parameter cannot be converted to a numeric value"
)

// Number makes a number of decimal text, such as "-1.50" or "3E8".
func Number(text string) (Value, error) {
	canonical, err := canonicalNumber(text)
	if err != nil {
		return Value{}, err
	}
	return Value{kind: N, text: canonical}, nil
}

// Int makes a number of an integer.
func Int(n int64) Value { return Value{kind: N, text: strconv.FormatInt(n, 10)} }

// canonicalNumber writes text as DynamoDB answers it: without exponent and
// without leading or trailing zeros.
func canonicalNumber(text string) (string, error) {
	if plainInteger(text) {
		return text, nil
	}
	negative, digits, point, ok := scanNumber(text)
	switch {
	case text == "":
		return "", invalid("%s", notANumber)
	case !ok:
		return "", invalid("%s: %s", notANumber, text)
	case digits == "":
		return "0", nil
	case point-1 > maxExponent:
		return "", invalid(overflow)
	case point-1 < minExponent:
		return "", invalid(underflow)
	case len(digits) > maxDigits:
		return "", invalid(tooManyDigits)
	}
	return expand(negative, digits, point), nil
}

// plainInteger says whether text is canonical already, for the usual case.
func plainInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if len(digits) == 0 || len(digits) > maxDigits || digits[0] == '0' {
		return text == "0"
	}
	return strings.Trim(digits, "0123456789") == ""
}

// scanNumber reads text as 0.digits times ten to the power of point; digits
// has no zero at either end and is empty for zero.
func scanNumber(text string) (negative bool, digits string, point int, ok bool) {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		negative, text = text[0] == '-', text[1:]
	}
	mantissa, exponent := text, 0
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		mantissa = text[:e]
		if exponent, ok = scanExponent(text[e+1:]); !ok {
			return false, "", 0, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false, "", 0, false
	}
	trimmed := strings.TrimLeft(digits, "0")
	point = len(whole) - (len(digits) - len(trimmed)) + exponent
	return negative, strings.TrimRight(trimmed, "0"), point, true
}

// farAway is an exponent beyond every limit; larger ones are as good as it.
const farAway = 100_000

func scanExponent(text string) (int, bool) {
	sign := 1
	if text != "" && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > farAway {
		n = farAway
	}
	return sign * n, true
}

func expand(negative bool, digits string, point int) string {
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	switch {
	case point <= 0:
		b.WriteString("0.")
		b.WriteString(strings.Repeat("0", -point))
		b.WriteString(digits)
	case point >= len(digits):
		b.WriteString(digits)
		b.WriteString(strings.Repeat("0", point-len(digits)))
	default:
		b.WriteString(digits[:point])
		b.WriteByte('.')
		b.WriteString(digits[point:])
	}
	return b.String()
}

// compareNumbers orders two canonical numbers.
func compareNumbers(a, b string) int {
	negA, negB := strings.HasPrefix(a, "-"), strings.HasPrefix(b, "-")
	switch {
	case negA && negB:
		return compareMagnitudes(b[1:], a[1:])
	case negA:
		return -1
	case negB:
		return 1
	}
	return compareMagnitudes(a, b)
}

func compareMagnitudes(a, b string) int {
	wholeA, fractionA, _ := strings.Cut(a, ".")
	wholeB, fractionB, _ := strings.Cut(b, ".")
	if len(wholeA) != len(wholeB) {
		return len(wholeA) - len(wholeB)
	}
	if order := strings.Compare(wholeA, wholeB); order != 0 {
		return order
	}
	return strings.Compare(fractionA, fractionB)
}

// numberSize counts the bytes of a canonical number: one, and one for every
// two digits before the point, after it, and one for a minus sign.
func numberSize(text string) int {
	n := 1
	if strings.HasPrefix(text, "-") {
		n, text = n+1, text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if whole = strings.TrimLeft(whole, "0"); fraction == "" {
		whole = strings.TrimRight(whole, "0")
	}
	if whole == "" {
		fraction = strings.TrimLeft(fraction, "0")
	}
	return n + (len(whole)+1)/2 + (len(fraction)+1)/2
}

// OrderedNumber writes a canonical number so that the order of the bytes is
// the order of the numbers; for keys of ordered stores.
func OrderedNumber(text string) string {
	negative, digits, point, _ := scanNumber(text)
	if digits == "" {
		return "\x80"
	}
	// A positive number is 0x81, its exponent, its digits; a negative one has
	// all of that inverted, and an end mark that is above every digit.
	const bias = 200
	b := append([]byte{0x81, byte((point + bias) >> 8), byte(point + bias)}, digits...)
	if negative {
		for i := range b {
			b[i] = ^b[i]
		}
		b[0] = 0x7F
		b = append(b, 0xFF)
	}
	return string(b)
}

// add returns a + b, or a - b when minus is set.
func add(a, b Value, minus bool) (Value, error) {
	x, _, _ := apd.NewFromString(a.text) // what a Value has is a number
	y, _, _ := apd.NewFromString(b.text)
	exact := apd.BaseContext.WithPrecision(2 * (maxExponent - minExponent))
	operation := exact.Add
	if minus {
		operation = exact.Sub
	}
	var sum apd.Decimal
	_, _ = operation(&sum, x, y) // with as many digits it cannot fail
	return Number(sum.Text('E'))
}
