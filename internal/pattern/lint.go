package pattern

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// Limits that are not of the engine.
const (
	// MaxRuleText is how many characters a rule's pattern may have by default.
	MaxRuleText = 2048
	// documentedRange is the range of numbers that the documentation promises.
	documentedRange = 5e9
)

// Warnings names what the engine accepts and the service may not.
func (p *Pattern) Warnings() []string {
	var out []string
	if n := utf8.RuneCountInString(p.text); n > MaxRuleText {
		out = append(out, fmt.Sprintf("the pattern has %d characters; a rule may have %d unless the quota was raised", n, MaxRuleText))
	}
	if p.dialect == EventBridge && p.complexity > DefaultMaxComplexity*7/10 {
		out = append(out, fmt.Sprintf("the wildcards have complexity %d; EventBridge refuses rules above about %d", p.complexity, DefaultMaxComplexity))
	}
	seen := map[string]bool{}
	for _, b := range p.branches {
		for _, f := range b {
			if !seen[f.path] && anyBeyond(f.values) {
				seen[f.path] = true
				out = append(out, fmt.Sprintf("%s compares with a number beyond ±5,000,000,000, the range that AWS documents", f.path))
			}
		}
	}
	return out
}

func anyBeyond(values []value) bool {
	for i := range values {
		v := &values[i]
		if v.op == opRange && (beyond(v.span.low) || beyond(v.span.high)) || anyBeyond(v.not) {
			return true
		}
	}
	return false
}

func beyond(n float64) bool { return !math.IsInf(n, 0) && math.Abs(n) > documentedRange }
