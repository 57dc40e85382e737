package expr_test

import (
	"testing"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// BenchmarkCondition reads and evaluates a usual condition.
func BenchmarkCondition(b *testing.B) {
	item, v := sample(), values(b)
	const text = "n = :five AND (begins_with(s, :he) OR attribute_not_exists(m.a))"
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			params := expr.Params{Values: v}
			if _, err := params.Condition(expr.ConditionExpression, text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Match", func(b *testing.B) {
		c, err := (&expr.Params{Values: v}).Condition(expr.ConditionExpression, text)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if !c.Match(item) {
				b.Fatal("no match")
			}
		}
	})
}

// BenchmarkUpdate applies a usual update.
func BenchmarkUpdate(b *testing.B) {
	u, err := (&expr.Params{Values: values(b)}).Update("SET n = n + :one, m.b[0] = :two ADD ns :ns")
	if err != nil {
		b.Fatal(err)
	}
	item := sample()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Apply(item); err != nil {
			b.Fatal(err)
		}
	}
}
