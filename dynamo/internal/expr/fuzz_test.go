package expr_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// FuzzExpression reads any text as every kind of expression and uses what is
// accepted: nothing may panic, and an item must not be changed.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		"n = :five AND (s <> :he OR NOT begins_with(s, :he))", "SET n = n + :one, l[1] = :two REMOVE m.a ADD ns :ns DELETE ss :ba",
		"pk = :he AND sk BETWEEN :he AND :hello", "#m.#odd, l[0].k, n", "n IN (:one, :two)", "size(s) > :one", "SET l = list_append(if_not_exists(l, :list), :list)",
		"((n = :one))", "n = ", "l[00]", "SET a.b = :one, a[1] = :two", "\x00", "é = :one", "REMOVE l[0], l[1], l[2]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		params := &expr.Params{Names: names, Values: values(t)}
		if c, err := params.Condition(expr.ConditionExpression, text); err == nil {
			c.Match(sample())
			c.Match(nil)
		}
		if k, err := params.KeyCondition(text); err == nil && k.Resolve() == nil {
			_ = k.Check([]string{"pk"}, []string{"sk"})
		}
		if p, err := params.Projection(text); err == nil {
			p.Apply(sample())
		}
		u, err := params.Update(text)
		if err != nil {
			return
		}
		before := sample()
		if _, err := u.Apply(before); err == nil && !expr.EqualItems(before, sample()) {
			t.Fatalf("%q changed the item it was applied to", text)
		}
	})
}

// FuzzNumber holds what is read as a number against exact arithmetic.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"1", "-0.50", "1e10", "0x1", "1_000", "9E125", ".e1", "00"} {
		f.Add(seed, "2.5")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, errX := expr.Number(a)
		y, errY := expr.Number(b)
		if errX != nil || errY != nil {
			return
		}
		rx, okX := new(big.Rat).SetString(strings.TrimPrefix(a, "+"))
		ry, okY := new(big.Rat).SetString(strings.TrimPrefix(b, "+"))
		if !okX || !okY {
			if !strings.ContainsAny(a+b, "eE") { // exact arithmetic has limits of its own there
				t.Fatalf("%q or %q was read as a number", a, b)
			}
			return
		}
		order, _ := x.Compare(y)
		if sign(order) != rx.Cmp(ry) {
			t.Fatalf("%s ? %s = %d", a, b, order)
		}
		if key := strings.Compare(expr.OrderedNumber(x.Text()), expr.OrderedNumber(y.Text())); key != rx.Cmp(ry) {
			t.Fatalf("keys of %s ? %s = %d", a, b, key)
		}
		if again, err := expr.Number(x.Text()); err != nil || again.Text() != x.Text() {
			t.Fatalf("%s is not stable: %s", x.Text(), again.Text())
		}
	})
}
