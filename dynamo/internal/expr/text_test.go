package expr_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

func TestTextOfValues(t *testing.T) {
	for want, v := range map[string]expr.Value{
		"{S:a}":                   expr.String("a"),
		"{N:-12}":                 expr.Int(-12),
		"{N:9223372036854775807}": expr.Int(math.MaxInt64),
		"{B:AQID}":                expr.Binary([]byte{1, 2, 3}),
		"{BOOL:true}":             expr.Bool(true),
		"{BOOL:false}":            expr.Bool(false),
		"{NULL:true}":             expr.Null(),
		"{SS:[a, b]}":             stringSet("a", "b"),
		"{L:[{S:x}, {N:2}]}":      expr.List(expr.String("x"), expr.Int(2)),
		"{M:{a={N:1}, b={S:c}}}":  expr.Map(expr.Item{"b": expr.String("c"), "a": expr.Int(1)}),
	} {
		require.Equal(t, want, v.String())
	}
}

func TestWordsOfTheLanguageAreNoNames(t *testing.T) {
	for _, word := range []string{"AND", "or", "NOT", "between", "IN", "SET", "remove", "ADD", "DELETE"} {
		_, err := (&expr.Params{Values: values(t)}).Condition(expr.ConditionExpression, "m."+word+" = :one")
		require.Error(t, err, word)
		_, err = (&expr.Params{Values: values(t)}).Update("SET " + word + " = :one")
		require.Error(t, err, word)
	}
}

// TestOperandsOfAndAreConditions has a value or a path on each side in turn.
func TestOperandsOfAndAreConditions(t *testing.T) {
	for text, near := range map[string]string{
		"n AND n = :one":                `token: "AND"`,
		"n = :one AND n":                `token: "<EOF>"`,
		"n = :one AND n OR n = :two":    `token: "OR"`,
		"NOT n":                         `token: "<EOF>"`,
		"n BETWEEN (n = :one) AND :two": `token: "AND"`,
		"n BETWEEN :one :two":           `token: ":two"`,
		"n BETWEEN :one AND":            `token: "<EOF>"`,
	} {
		_, err := (&expr.Params{Values: values(t)}).Condition(expr.ConditionExpression, text)
		require.ErrorContains(t, err, "Syntax error; "+near, text)
	}
}

func TestSortKeyAttributesComeInOrder(t *testing.T) {
	check := func(text string, sort ...string) error {
		k, err := (&expr.Params{Values: values(t)}).KeyCondition(text)
		require.NoError(t, err)
		require.NoError(t, k.Resolve())
		return k.Check([]string{"p"}, sort)
	}
	for _, text := range []string{"p = :he", "p = :he AND a = :he", "p = :he AND a > :he", "p = :he AND a = :he AND b > :he", "p = :he AND a = :he AND b = :he AND c < :he"} {
		require.NoError(t, check(text, "a", "b", "c"), text)
	}
	for text, missing := range map[string]string{
		"p = :he AND b = :he":                         "a",
		"p = :he AND a > :he AND b = :he":             "a",
		"p = :he AND c = :he":                         "a, b",
		"p = :he AND a = :he AND c = :he":             "b",
		"p = :he AND a = :he AND b > :he AND c = :he": "b",
		"p = :he AND a < :he AND b = :he AND c > :he": "a",
	} {
		require.ErrorContains(t, check(text, "a", "b", "c"), "RANGE key attributes "+missing+" must have equality", text)
	}
}

func TestLiteralsOfAnUpdate(t *testing.T) {
	u, err := (&expr.Params{Values: values(t)}).Update("SET n = :one, m.a = :two, s = if_not_exists(s, :he), l[0] = :one, b = n")
	require.NoError(t, err)
	require.Equal(t, expr.Item{"n": expr.Int(1)}, u.Literals())
}
