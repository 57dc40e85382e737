package dynamo

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// The limits of DynamoDB that are checked before anything is sent.
const (
	maxPartitionKey = 2048       // bytes
	maxSortKey      = 1024       // bytes
	maxItem         = 400 * 1024 // bytes
	maxNesting      = 32         // levels
	maxExpression   = 4096       // bytes
	maxActions      = 100        // in a transaction
	maxTransaction  = 4 << 20    // bytes
	maxBatchWrite   = 25         // entries in a call
	maxBatchGet     = 100        // keys in a call
	maxBatchBytes   = 16 << 20   // in a call
	maxOperandsIn   = 100        // of IN
	maxDigits       = 38         // of a number
)

func checkKeySize(attribute, text string, limit int, fs *faults) {
	if len(text) > limit {
		fs.Addf(attribute, "is %d bytes, the limit of a key is %d bytes", len(text), limit)
	}
}

// checkItem measures an item and checks its values. It returns the size in bytes.
func checkItem(it attr.Item, fs *faults) int {
	size := 0
	for name, v := range it {
		size += len(name) + checkValue(name, v, 1, fs)
	}
	if size > maxItem {
		fs.Addf("", "the item is %d bytes, the limit is %d bytes", size, maxItem)
	}
	return size
}

// checkValue returns the size of a value in bytes.
func checkValue(path string, v types.AttributeValue, depth int, fs *faults) int {
	if depth > maxNesting+1 {
		fs.Addf(path, "is nested deeper than %d levels", maxNesting)
		return 0
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if !utf8.ValidString(v.Value) {
			fs.Addf(path, "is not valid UTF-8")
		}
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return checkNumber(path, v.Value, fs)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberM:
		size := 3
		for name, e := range v.Value {
			size += 1 + len(name) + checkValue(within(path, name), e, depth+1, fs)
		}
		return size
	case *types.AttributeValueMemberL:
		size := 3
		for i, e := range v.Value {
			size += 1 + checkValue(path+"["+strconv.Itoa(i)+"]", e, depth+1, fs)
		}
		return size
	case *types.AttributeValueMemberSS:
		return checkSet(path, v.Value, func(s string) int { return len(s) }, fs)
	case *types.AttributeValueMemberNS:
		return checkSet(path, v.Value, func(s string) int { return checkNumber(path, s, fs) }, fs)
	case *types.AttributeValueMemberBS:
		texts := make([]string, len(v.Value))
		for i, b := range v.Value {
			texts[i] = string(b)
		}
		return checkSet(path, texts, func(s string) int { return len(s) }, fs)
	default: // BOOL, NULL
		return 1
	}
}

func within(path, name string) string { return path + "." + name }

func checkSet(path string, elements []string, size func(string) int, fs *faults) int {
	if len(elements) == 0 {
		fs.Addf(path, "is an empty set, which cannot be stored")
	}
	total := 0
	seen := make(map[string]bool, len(elements))
	for _, e := range elements {
		if seen[e] {
			fs.Addf(path, "is a set that holds %q twice", e)
		}
		seen[e] = true
		total += size(e)
	}
	return total
}

// checkNumber refuses what does not fit 38 digits and a magnitude of 1E-130 to
// 9.9…E+125, and returns the size in bytes.
func checkNumber(path, text string, fs *faults) int {
	digits := strings.TrimLeft(text, "-+")
	if len(digits) <= maxDigits && strings.Trim(digits, "0123456789") == "" && digits != "" {
		return numberSize(text, digits, len(digits))
	}
	mantissa, exponent, ok := decimal(digits)
	switch {
	case !ok:
		fs.Addf(path, "is %q, not a number", text)
		return 1
	case len(mantissa) > maxDigits:
		fs.Addf(path, "is a number of %d digits, the limit is %d", len(mantissa), maxDigits)
	case mantissa != "" && (exponent > 126 || exponent < -129):
		fs.Addf(path, "is a number of the magnitude 1E%+d, the range is 1E-130 to 9.99E+125", exponent-1)
	}
	return numberSize(text, mantissa, exponent)
}

func numberSize(text, digits string, whole int) int {
	size := 1 + (len(digits)+1)/2
	if whole > 0 && whole < len(digits) {
		size = 1 + (whole+1)/2 + (len(digits)-whole+1)/2
	}
	if strings.HasPrefix(text, "-") {
		size++
	}
	return size
}

// decimal splits an unsigned number into its significant digits and the exponent of
// 0.digits × 10^exponent. A zero has no digits.
func decimal(text string) (digits string, exponent int, ok bool) {
	if _, valid := new(big.Float).SetString(text); !valid || strings.ContainsAny(text, "xXpP_infINF") {
		return "", 0, false
	}
	text, power, hasPower := strings.Cut(strings.ToLower(text), "e")
	if hasPower {
		n, err := strconv.Atoi(power)
		if err != nil {
			return "", 0, false
		}
		exponent = n
	}
	whole, fraction, _ := strings.Cut(text, ".")
	exponent += len(whole)
	digits = whole + fraction
	trimmed := strings.TrimLeft(digits, "0")
	exponent -= len(digits) - len(trimmed)
	return strings.TrimRight(trimmed, "0"), exponent, true
}
