package expr_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

func TestNumber(t *testing.T) {
	for text, want := range map[string]string{
		"0042.1200": "42.12", "-0": "0", "+7": "7", "1e3": "1000", "1E-3": "0.001", "-1.50": "-1.5", ".5": "0.5", "5.": "5", "0.000": "0",
		"1E125": "1" + strings.Repeat("0", 125), "1e-130": "0." + strings.Repeat("0", 129) + "1",
		strings.Repeat("9", 38): strings.Repeat("9", 38), "1" + strings.Repeat("0", 50): "1" + strings.Repeat("0", 50),
	} {
		require.Equal(t, want, number(t, text).Text(), text)
	}
	for text, want := range map[string]string{
		"":                      "The parameter cannot be converted to a numeric value",
		"abc":                   "The parameter cannot be converted to a numeric value: abc",
		"1e":                    "The parameter cannot be converted to a numeric value: 1e",
		"--1":                   "The parameter cannot be converted to a numeric value: --1",
		".":                     "The parameter cannot be converted to a numeric value: .",
		" 1":                    "The parameter cannot be converted to a numeric value:  1",
		"NaN":                   "The parameter cannot be converted to a numeric value: NaN",
		strings.Repeat("1", 39): "Attempting to store more than 38 significant digits in a Number",
		"1e126":                 "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"-1e9999999999":         "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"1e-131":                "Number underflow. Attempting to store a number with magnitude smaller than supported range",
	} {
		_, err := expr.Number(text)
		require.EqualError(t, err, want, text)
	}
}

func TestNumberSize(t *testing.T) {
	for text, want := range map[string]int{
		"0": 1, "1": 2, "12": 2, "123": 3, "-1": 3, "3.14159": 5, "1E125": 2, "0.5": 2, "1.5": 3, "100": 2,
	} {
		require.Equal(t, want, number(t, text).Size(), text)
	}
	require.Equal(t, 3+1+1+4, expr.Map(expr.Item{"a": expr.String("four")}).Size())
	require.Equal(t, 3+1+4, expr.List(expr.String("four")).Size())
	require.Equal(t, 2+1, expr.ItemSize(expr.Item{"no": expr.Bool(false)}))
	require.Equal(t, 2, expr.List(expr.Map(nil)).Depth())
	require.Equal(t, 1, expr.List(expr.Int(1)).Depth())
}

func TestArithmetic(t *testing.T) {
	run := func(a, b, op string) (expr.Item, error) {
		params := &expr.Params{Values: map[string]expr.Value{":b": number(t, b)}}
		u, err := params.Update("SET n = n " + op + " :b")
		require.NoError(t, err)
		return u.Apply(expr.Item{"n": number(t, a)})
	}
	for _, c := range []struct{ a, op, b, want string }{
		{"0.1", "+", "0.2", "0.3"},
		{"1", "-", "1.0", "0"},
		{"-5", "-", "5", "-10"},
		{strings.Repeat("9", 37), "+", "1", "1" + strings.Repeat("0", 37)},
		{"1E100", "-", "1E100", "0"},
	} {
		got, err := run(c.a, c.b, c.op)
		require.NoError(t, err)
		require.Equal(t, c.want, got["n"].Text())
	}
	_, err := run("9.9E125", "9.9E125", "+")
	require.EqualError(t, err, "Number overflow. Attempting to store a number with magnitude larger than supported range")
	_, err = run("1E100", "1", "+")
	require.EqualError(t, err, "Attempting to store more than 38 significant digits in a Number")
}

// TestOrder holds the order of numbers and of their keys against exact
// arithmetic.
func TestOrder(t *testing.T) {
	texts := []string{"0", "1", "-1", "10", "-10", "9", "-9", "0.1", "0.09", "-0.1", "1.5", "1.45", "15", "1E125", "-1E125", "1E-130", "-1E-130", "123456789", "12345678.9", "99", "100", "-15", "-1.5", "2", "2.000001"}
	values := make([]expr.Value, len(texts))
	for i, text := range texts {
		values[i] = number(t, text)
	}
	rational := func(v expr.Value) *big.Rat {
		r, ok := new(big.Rat).SetString(v.Text())
		require.True(t, ok)
		return r
	}
	for _, a := range values {
		for _, b := range values {
			want := rational(a).Cmp(rational(b))
			got, ok := a.Compare(b)
			require.True(t, ok)
			require.Equal(t, want, sign(got), "%v ? %v", a, b)
			require.Equal(t, want, sign(strings.Compare(expr.OrderedNumber(a.Text()), expr.OrderedNumber(b.Text()))), "keys of %v ? %v", a, b)
		}
	}
	slices.SortFunc(values, func(a, b expr.Value) int { order, _ := a.Compare(b); return order })
	require.Equal(t, "-1"+strings.Repeat("0", 125), values[0].Text())
}

func sign(n int) int { return min(1, max(-1, n)) }
