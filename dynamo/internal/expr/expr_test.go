package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

func number(tb testing.TB, text string) expr.Value {
	tb.Helper()
	v, err := expr.Number(text)
	require.NoError(tb, err)
	return v
}

func stringSet(members ...string) expr.Value {
	values := make([]expr.Value, len(members))
	for i, m := range members {
		values[i] = expr.String(m)
	}
	return expr.Set(expr.SS, values...)
}

func numberSet(members ...int64) expr.Value {
	values := make([]expr.Value, len(members))
	for i, m := range members {
		values[i] = expr.Int(m)
	}
	return expr.Set(expr.NS, values...)
}

// sample is an item with something of every type.
func sample() expr.Item {
	return expr.Item{
		"pk": expr.String("p"), "n": expr.Int(5), "s": expr.String("hello"), "b": expr.Binary([]byte{1, 2, 3}),
		"yes": expr.Bool(true), "nil": expr.Null(), "ss": stringSet("a", "b"), "ns": numberSet(1, 2),
		"l": expr.List(expr.String("x"), expr.Int(2), expr.Map(expr.Item{"k": expr.String("v")})),
		"m": expr.Map(expr.Item{"a": expr.Int(1), "b": expr.List(expr.Int(10), expr.Int(20)), "odd name": expr.Int(9)}),
	}
}

func values(tb testing.TB) map[string]expr.Value {
	tb.Helper()
	return map[string]expr.Value{
		":five": expr.Int(5), ":six": expr.Int(6), ":one": expr.Int(1), ":two": expr.Int(2), ":point": number(tb, "5.0"),
		":hello": expr.String("hello"), ":he": expr.String("he"), ":ell": expr.String("ell"), ":S": expr.String("S"), ":a": expr.String("a"),
		":bytes": expr.Binary([]byte{1, 2}), ":true": expr.Bool(true), ":null": expr.Null(), ":ba": stringSet("b", "a"), ":ab2": stringSet("a", "c"),
		":ns": numberSet(2, 3), ":list": expr.List(expr.Int(7)), ":map": expr.Map(expr.Item{"k": expr.String("v")}), ":x": expr.String("X"),
		":list2": expr.List(expr.String("x"), expr.Int(2), expr.Map(expr.Item{"k": expr.String("v")})),
	}
}

var names = map[string]string{"#odd": "odd name", "#n": "n", "#m": "m", "#status": "status", "#dot": "a.b"}

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"n = :five": true, "n = :point": true, "n <> :six": true, "n <> :five": false, "n < :six": true, "n <= :five": true, "n > :five": false, "n >= :five": true,
		":five = n": true, "s = n": false, "s <> n": true, "gone = n": false, "gone <> n": true, "gone < n": false,
		"n BETWEEN :one AND :six": true, "n BETWEEN :six AND :six": false, "n IN (:one, :five)": true, "n IN (:one)": false,
		"gone IN (:one)": false, "s < n": false, "NOT s < n": true,
		"attribute_exists(m.b[1])": true, "attribute_exists(m.b[2])": false, "attribute_not_exists(m.c)": true, "attribute_exists(l[2].k)": true,
		"attribute_type(s, :S)": true, "attribute_type(n, :S)": false, "attribute_type(gone, :S)": false,
		"begins_with(s, :he)": true, "begins_with(s, :ell)": false, "begins_with(b, :bytes)": true, "begins_with(n, :he)": false,
		"contains(s, :ell)": true, "contains(ss, :a)": true, "contains(ss, :x)": false, "contains(ns, :two)": true, "contains(l, :two)": true,
		"contains(l, :map)": true, "contains(n, :two)": false, "contains(b, :bytes)": true,
		"size(s) = :five": true, "size(l) > :two": true, "size(m) > :two": true, "size(ss) = :two": true, "size(b) > :two": true, "size(n) > :one": false,
		"size(gone) > :one": false, "size(s) BETWEEN :one AND :six": true,
		"ss = :ba": true, "ss = :ab2": false, "m.#odd > :five": true, "#m.#odd > :five": true, "l = :list2": true,
		"n = :five AND s = :hello": true, "n = :six OR s = :hello": true, "n = :six OR n = :one AND s = :hello": false,
		"NOT n = :six": true, "NOT (n = :five AND s = :hello)": false, "NOT NOT n = :five": true, "(n = :five)": true, "(n) = (:five)": true,
		"(n = :six OR n = :five) AND (s = :hello)": true, "yes = :true": true, "nil = :null": true, "yes < :five": false,
		"m.a = :one": true, "m.b[0] > :six": true, "n=:five and not(s=:x)": true, "attribute_not_exists(pk.x)": true,
		"l[0] = :x": false, "l [ 0 ] <> :x": true, "m . a = :one": true,
	} {
		t.Run(text, func(t *testing.T) {
			params := &expr.Params{Names: names, Values: values(t)}
			c, err := params.Condition(expr.ConditionExpression, text)
			require.NoError(t, err)
			require.Equal(t, want, c.Match(sample()))
		})
	}
	var none *expr.Condition
	require.True(t, none.Match(nil))
}

func TestConditionRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "The expression can not be empty;",
		strings.Repeat(" ", 4097):         "Expression size has exceeded the maximum allowed size; expression size: 4097",
		"   ":                             `Syntax error; token: "<EOF>", near: "   "`,
		"n":                               `Syntax error; token: "<EOF>", near: "n"`,
		"n =":                             `Syntax error; token: "<EOF>", near: "="`,
		"n = = :one":                      `Syntax error; token: "=", near: "= = :one"`,
		"n ! :one":                        `Syntax error; token: "!", near: "n ! :one"`,
		"n = :one :two":                   `Syntax error; token: ":two", near: ":one :two"`,
		"(n = :one":                       `Syntax error; token: "<EOF>", near: ":one"`,
		"n = :one)":                       `Syntax error; token: ")", near: ":one)"`,
		"n = 5":                           `Syntax error; token: "5", near: "= 5"`,
		"n = 55":                          `Syntax error; token: "5", near: "= 55"`,
		"attribute_exists(n,)":            `Syntax error; token: ")", near: ",)"`,
		"l[00] = :one":                    `Syntax error; token: "0", near: "00]"`,
		"n BETWEEN :one OR :two":          `Syntax error; token: "OR", near: ":one OR :two"`,
		"a = :one AND":                    `Syntax error; token: "<EOF>", near: "AND"`,
		"n AND a = :one":                  `Syntax error; token: "AND", near: "n AND a"`,
		"(n = :one) = :two":               `Syntax error; token: "=", near: ") = :two"`,
		"status = :one":                   "Attribute name is a reserved keyword; reserved keyword: status",
		"a.Name = :one":                   "Attribute name is a reserved keyword; reserved keyword: Name",
		"#nope = :one":                    "An expression attribute name used in the document path is not defined; attribute name: #nope",
		"n = :nope":                       "An expression attribute value used in expression is not defined; attribute value: :nope",
		"nope(n)":                         "Invalid function name; function: nope",
		"n = if_not_exists(n, :one)":      "The function is not allowed in a condition expression; function: if_not_exists",
		"Size(n) = :one":                  "Invalid function name; function: Size",
		"size(s)":                         "The function is not allowed to be used this way in an expression; function: size",
		"attribute_exists(n) = n":         "The function is not allowed to be used this way in an expression; function: attribute_exists",
		"attribute_exists(n, s)":          "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2",
		"begins_with(s)":                  "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1",
		"attribute_exists(:one)":          "Operator or function requires a document path; operator or function: attribute_exists",
		"begins_with(s, :one)":            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
		"n < :true":                       "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
		":true < n":                       "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
		"size(:five) = :one":              "Incorrect operand type for operator or function; operator or function: size, operand type: N",
		"n BETWEEN :one AND :he":          "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:he}",
		"n BETWEEN :six AND :one":         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:1}",
		"attribute_type(n, :he)":          "Invalid attribute type name found; type: he, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
		"attribute_type(n, :one)":         "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
		"attribute_type(n, s)":            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}",
		"n = n":                           "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]",
		"contains(l[0].a, l[0].a)":        "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [l, [0], a]",
		"((n = :one))":                    "The expression has redundant parentheses;",
		"((n)) = :one":                    "The expression has redundant parentheses;",
		"((n = :one)) AND status = :nope": "The expression has redundant parentheses;",
		"status = :nope AND nope(n)":      "Invalid function name; function: nope",
		"n IN (" + strings.TrimSuffix(strings.Repeat(":one,", 101), ",") + ")": "The IN operator is provided with too many operands; number of operands: 101",
		strings.TrimSuffix(strings.Repeat("n=:one OR ", 151), " OR "):          "The expression contains too many operators; operator count: 301",
		"a" + strings.Repeat(".a", 32) + " = :one":                             "The document path has too many nesting levels; nesting levels: 33",
	} {
		t.Run(text[:min(len(text), 40)], func(t *testing.T) {
			params := &expr.Params{Names: names, Values: values(t)}
			_, err := params.Condition(expr.FilterExpression, text)
			require.EqualError(t, err, "Invalid FilterExpression: "+want)
		})
	}
}

func TestPlaceholders(t *testing.T) {
	params := &expr.Params{
		Names:  map[string]string{"#a": "a", "#b": "b", "#c": "c"},
		Values: map[string]expr.Value{":v": expr.Int(1), ":w": expr.Int(1)},
	}
	require.NoError(t, params.Check())
	_, err := params.Condition(expr.ConditionExpression, "#a = :v")
	require.NoError(t, err)
	require.EqualError(t, params.Unused(), "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}")
	_, err = params.Projection("#b, #c")
	require.NoError(t, err)
	require.EqualError(t, params.Unused(), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}")

	for want, p := range map[string]expr.Params{
		"ExpressionAttributeNames must not be empty":                             {Names: map[string]string{}},
		"ExpressionAttributeValues must not be empty":                            {Values: map[string]expr.Value{}},
		`ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`:  {Names: map[string]string{"a": "a"}},
		`ExpressionAttributeValues contains invalid key: Syntax error; key: ":"`: {Values: map[string]expr.Value{":": expr.Int(1)}},
	} {
		require.EqualError(t, p.Check(), want)
	}
}

func TestReserved(t *testing.T) {
	for _, word := range []string{"status", "NAME", "Total", "localtimestamp", "zone"} {
		require.True(t, expr.Reserved(word), word)
	}
	for _, word := range []string{"pk", "orderid", "", "currenttimestamps"} {
		require.False(t, expr.Reserved(word), word)
	}
}
