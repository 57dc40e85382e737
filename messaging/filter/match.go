package filter

import (
	"errors"
	"fmt"
	"math"
)

const maxNumber = 1e9 // numbers in a filter policy, either sign

// Match is one value, or set of values, that a field may have.
type Match struct {
	alternatives []any
	fault        error
}

// Equals matches these strings.
func Equals(values ...string) Match {
	var m Match
	for _, v := range values {
		m.alternatives = append(m.alternatives, v)
	}
	return m
}

// EqualsNumber matches these numbers.
func EqualsNumber(values ...float64) Match {
	var m Match
	for _, v := range values {
		m.check(v)
		m.alternatives = append(m.alternatives, v)
	}
	return m
}

// Is matches a boolean.
func Is(v bool) Match { return Match{alternatives: []any{v}} }

// Null matches JSON's null.
func Null() Match { return Match{alternatives: []any{nil}} }

// Exists matches a message with the field.
func Exists() Match { return operator("exists", true) }

// Missing matches a message without the field.
func Missing() Match { return operator("exists", false) }

// Prefix matches strings that begin with s.
func Prefix(s string) Match { return operator("prefix", s) }

// Suffix matches strings that end with s.
func Suffix(s string) Match { return operator("suffix", s) }

// EqualsIgnoreCase matches the string in any case.
func EqualsIgnoreCase(s string) Match { return operator("equals-ignore-case", s) }

// CIDR matches the IP addresses of a range, as in "10.0.0.0/24".
func CIDR(block string) Match { return operator("cidr", block) }

// AnythingBut matches every other string.
func AnythingBut(values ...string) Match { return operator("anything-but", values) }

// AnythingButNumber matches every other number.
func AnythingButNumber(values ...float64) Match {
	m := operator("anything-but", values)
	for _, v := range values {
		m.check(v)
	}
	return m
}

// AnythingButPrefix matches strings that do not begin with s.
func AnythingButPrefix(s string) Match {
	return operator("anything-but", map[string]any{"prefix": s})
}

// Above matches numbers greater than n.
func Above(n float64) Match { return numeric(">", n) }

// AtLeast matches n and greater numbers.
func AtLeast(n float64) Match { return numeric(">=", n) }

// Below matches numbers less than n.
func Below(n float64) Match { return numeric("<", n) }

// AtMost matches n and smaller numbers.
func AtMost(n float64) Match { return numeric("<=", n) }

// Between matches the numbers from low to high, both included.
func Between(low, high float64) Match { return numeric(">=", low, "<=", high) }

func operator(name string, v any) Match {
	return Match{alternatives: []any{map[string]any{name: v}}}
}

func numeric(terms ...any) Match {
	m := operator("numeric", terms)
	for _, t := range terms {
		if n, ok := t.(float64); ok {
			m.check(n)
		}
	}
	return m
}

// check holds a number against what SNS compares: up to ±1e9 with 5 decimals.
func (m *Match) check(n float64) {
	if math.IsNaN(n) || math.Abs(n) > maxNumber {
		m.fault = errors.Join(m.fault, fmt.Errorf("the number %v is not within ±1e9", n))
		return
	}
	if scaled := n * 1e5; math.Abs(scaled-math.Round(scaled)) > 1e-4 {
		m.fault = errors.Join(m.fault, fmt.Errorf("the number %v has more than 5 decimals", n))
	}
}
