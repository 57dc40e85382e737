package asl

import (
	"encoding/json"
	"slices"
	"time"
)

// Rule is a rule of a [ChoiceState]: in JSONPath a comparison of Variable by
// Operator with Value, or a combination of rules; in JSONata a Condition.
type Rule struct {
	Comment   string
	Variable  string // JSONPath
	Operator  string `asl:"-"` // such as "NumericGreaterThan"; see [Operators]
	Value     any    `asl:"-"` // what Operator compares with
	And, Or   []Rule
	Not       *Rule
	Condition any    // JSONata: a string {% … %} or a boolean
	Next      string // top rules only
	Assign    any
	Output    any // JSONata
	Extra     map[string]json.RawMessage
}

// Operators returns the names of the 39 comparisons of a JSONPath rule.
func Operators() []string { return slices.Clone(operators) }

var operators = comparisons()

func comparisons() []string {
	var list []string
	for _, kind := range []string{"String", "Numeric", "Timestamp"} {
		for _, rel := range []string{"Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"} {
			list = append(list, kind+rel, kind+rel+"Path")
		}
	}
	return append(list, "StringMatches", "BooleanEquals", "BooleanEqualsPath",
		"IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")
}

// When returns a rule that compares the variable at path: operator is one of
// [Operators], v what it compares with. Send it on with [Rule.Then].
func When(path, operator string, v any) Rule {
	if t, ok := v.(time.Time); ok {
		v = t.Format(time.RFC3339Nano)
	}
	return Rule{Variable: path, Operator: operator, Value: v}
}

// WhenAll returns a rule that holds when all of rules do.
func WhenAll(rules ...Rule) Rule { return Rule{And: rules} }

// WhenAny returns a rule that holds when one of rules does.
func WhenAny(rules ...Rule) Rule { return Rule{Or: rules} }

// WhenNot returns a rule that holds when r does not.
func WhenNot(r Rule) Rule { return Rule{Not: &r} }

// WhenTrue returns a JSONata rule of the condition, a string {% … %}.
func WhenTrue(condition string) Rule { return Rule{Condition: condition} }

// Then returns the rule with the state to go on to.
func (r Rule) Then(next string) Rule {
	r.Next = next
	return r
}
