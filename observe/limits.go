package observe

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of CloudWatch and of the embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
const (
	maxMetricName     = 255
	maxNamespace      = 255
	maxDimensionName  = 250
	maxDimensionValue = 1024
	maxMetricsPerDoc  = 100
	maxValuesPerDoc   = 100
)

var errBlank = errors.New("it is blank")

// maxMagnitude is 2^360, beyond which CloudWatch refuses a value.
var maxMagnitude = math.Ldexp(1, 360)

// checkValue refuses what CloudWatch cannot store.
func checkValue(v float64) error {
	if v != v || v > maxMagnitude || v < -maxMagnitude {
		return fmt.Errorf("%v is not a number within ±2^360", v)
	}
	return nil
}

func checkMetricName(name string) error {
	if err := checkText(name, maxMetricName); err != nil {
		return err
	}
	if strings.HasPrefix(name, ":") {
		return errors.New("it begins with a colon")
	}
	if name == keyService { // the dimension of every document
		return errors.New("the name is reserved")
	}
	return checkReserved(name)
}

// checkReserved refuses the names of members that every document has or may have.
func checkReserved(name string) error {
	switch name {
	case "_aws", keyLevel, keyTimestamp, keyMessage, keyRequestID, keyCorrelationID, keyTraceID:
		return errors.New("the name is reserved")
	}
	return nil
}

func checkNamespace(name string) error {
	if err := checkText(name, maxNamespace); err != nil {
		return err
	}
	if strings.HasPrefix(name, ":") {
		return errors.New("it begins with a colon")
	}
	if strings.HasPrefix(name, "AWS/") {
		return errors.New("namespaces that begin with AWS/ belong to AWS")
	}
	return nil
}

func checkDimensionName(name string) error {
	if err := checkASCII(name, maxDimensionName); err != nil {
		return err
	}
	if strings.HasPrefix(name, ":") {
		return errors.New("it begins with a colon")
	}
	return checkReserved(name)
}

func checkDimensionValue(value string) error { return checkASCII(value, maxDimensionValue) }

// checkASCII demands 1 to limit printable ASCII characters, one of them no blank.
func checkASCII(s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("it has %d characters, at most %d are allowed", len(s), limit)
	}
	blank := true
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return fmt.Errorf("only printable ASCII characters are allowed, not %q", s[i])
		}
		blank = blank && s[i] == ' '
	}
	if blank {
		return errBlank
	}
	return nil
}

// checkText demands 1 to limit printable characters, one of them no blank.
func checkText(s string, limit int) error {
	if !utf8.ValidString(s) {
		return errors.New("it is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return fmt.Errorf("it has %d characters, at most %d are allowed", n, limit)
	}
	blank := true
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("control characters are not allowed, as %q", r)
		}
		blank = blank && unicode.IsSpace(r)
	}
	if blank {
		return errBlank
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
