package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

func TestApply(t *testing.T) {
	with := func(change func(expr.Item)) expr.Item {
		i := sample()
		change(i)
		return i
	}
	list := func(elements ...expr.Value) expr.Value { return expr.List(elements...) }
	element := expr.Map(expr.Item{"k": expr.String("v")})
	for text, want := range map[string]expr.Item{
		"SET n = :six":                                  with(func(i expr.Item) { i["n"] = expr.Int(6) }),
		"SET n = n + :one":                              with(func(i expr.Item) { i["n"] = expr.Int(6) }),
		"SET n = :one - n":                              with(func(i expr.Item) { i["n"] = expr.Int(-4) }),
		"SET n = n - (n - :one)":                        with(func(i expr.Item) { i["n"] = expr.Int(1) }),
		"SET fresh = if_not_exists(fresh, n)":           with(func(i expr.Item) { i["fresh"] = expr.Int(5) }),
		"SET n = if_not_exists(n, :one)":                sample(),
		"SET fresh = if_not_exists(fresh, :one) + :two": with(func(i expr.Item) { i["fresh"] = expr.Int(3) }),
		"SET l = list_append(l, :list)":                 with(func(i expr.Item) { i["l"] = list(expr.String("x"), expr.Int(2), element, expr.Int(7)) }),
		"SET l = list_append(:list, l)":                 with(func(i expr.Item) { i["l"] = list(expr.Int(7), expr.String("x"), expr.Int(2), element) }),
		"SET l[1] = :six":                               with(func(i expr.Item) { i["l"] = list(expr.String("x"), expr.Int(6), element) }),
		"SET l[9] = :six, l[7] = :five":                 with(func(i expr.Item) { i["l"] = list(expr.String("x"), expr.Int(2), element, expr.Int(5), expr.Int(6)) }),
		"SET l[2].k = :six":                             with(func(i expr.Item) { i["l"] = list(expr.String("x"), expr.Int(2), expr.Map(expr.Item{"k": expr.Int(6)})) }),
		"SET n = :one, s = n":                           with(func(i expr.Item) { i["n"], i["s"] = expr.Int(1), expr.Int(5) }),
		"SET m.b[0] = m.a": with(func(i expr.Item) {
			i["m"] = expr.Map(expr.Item{"a": expr.Int(1), "b": list(expr.Int(1), expr.Int(20)), "odd name": expr.Int(9)})
		}),
		"SET m.c = :one": with(func(i expr.Item) {
			i["m"] = expr.Map(expr.Item{"a": expr.Int(1), "b": list(expr.Int(10), expr.Int(20)), "c": expr.Int(1), "odd name": expr.Int(9)})
		}),
		"REMOVE n, gone":                with(func(i expr.Item) { delete(i, "n") }),
		"REMOVE l[0], l[1]":             with(func(i expr.Item) { i["l"] = list(element) }),
		"REMOVE l[0] SET l[2].k = :six": with(func(i expr.Item) { i["l"] = list(expr.Int(2), expr.Map(expr.Item{"k": expr.Int(6)})) }),
		"REMOVE m.b[0], m.#odd":         with(func(i expr.Item) { i["m"] = expr.Map(expr.Item{"a": expr.Int(1), "b": list(expr.Int(20))}) }),
		"ADD n :one":                    with(func(i expr.Item) { i["n"] = expr.Int(6) }),
		"ADD fresh :one":                with(func(i expr.Item) { i["fresh"] = expr.Int(1) }),
		"ADD ss :ab2":                   with(func(i expr.Item) { i["ss"] = stringSet("a", "b", "c") }),
		"ADD ns :ns, m.a :one": with(func(i expr.Item) {
			i["ns"] = numberSet(1, 2, 3)
			i["m"] = expr.Map(expr.Item{"a": expr.Int(2), "b": list(expr.Int(10), expr.Int(20)), "odd name": expr.Int(9)})
		}),
		"DELETE ss :ab2":  with(func(i expr.Item) { i["ss"] = stringSet("b") }),
		"DELETE ss :ba":   with(func(i expr.Item) { delete(i, "ss") }),
		"DELETE gone :ba": sample(),
		"set n = :six remove s add ns :ns delete ss :ab2": with(func(i expr.Item) {
			i["n"], i["ns"], i["ss"] = expr.Int(6), numberSet(1, 2, 3), stringSet("b")
			delete(i, "s")
		}),
	} {
		t.Run(text, func(t *testing.T) {
			params := &expr.Params{Names: names, Values: values(t)}
			u, err := params.Update(text)
			require.NoError(t, err)
			before := sample()
			got, err := u.Apply(before)
			require.NoError(t, err)
			require.True(t, expr.EqualItems(want, got), "%v", got)
			require.True(t, expr.EqualItems(sample(), before), "the item it started from has changed")
		})
	}
}

func TestApplyRefused(t *testing.T) {
	const (
		missing = "The provided expression refers to an attribute that does not exist in the item"
		operand = "An operand in the update expression has an incorrect data type"
		path    = "The document path provided in the update expression is invalid for update"
	)
	for text, want := range map[string]string{
		"SET n = gone": missing, "SET n = gone + :one": missing, "SET l = list_append(gone, :list)": missing,
		"SET n = s + :one": operand, "SET l = list_append(n, :list)": operand, "ADD s :one": operand, "ADD n :ns": operand, "DELETE ns :ba": operand,
		"SET gone.a = :one": path, "SET n.a = :one": path, "SET m[0] = :one": path, "SET l.a = :one": path, "SET gone[0] = :one": path,
		"REMOVE gone.a": path, "REMOVE n[0]": path, "ADD gone.a :one": path, "DELETE gone.a :ba": path,
		"SET m.x.y = :one": path, "ADD s :one SET gone.a = :one": operand,
	} {
		t.Run(text, func(t *testing.T) {
			params := &expr.Params{Names: names, Values: values(t)}
			u, err := params.Update(text)
			require.NoError(t, err)
			_, err = u.Apply(sample())
			require.EqualError(t, err, want)
		})
	}
}

func TestUpdateRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "The expression can not be empty;",
		"n = :one":                       `Syntax error; token: "n", near: "n ="`,
		"SET":                            `Syntax error; token: "<EOF>", near: "SET"`,
		"SET n = ":                       `Syntax error; token: "<EOF>", near: "="`,
		"SET n = n + ":                   `Syntax error; token: "<EOF>", near: "+"`,
		"ADD :one":                       `Syntax error; token: ":one", near: "ADD :one"`,
		"SET n = :one,":                  `Syntax error; token: "<EOF>", near: ","`,
		"SET n = n + :one + :two":        `Syntax error; token: "+", near: ":one + :two"`,
		"ADD n n":                        `Syntax error; token: "n", near: "n n"`,
		"SET n = :one SET s = :one":      `The "SET" section can only be used once in an update expression;`,
		"SET n = nope(n)":                "Invalid function name; function: nope",
		"SET n = size(n)":                "The function is not allowed in an update expression; function: size",
		"SET n = list_append(l)":         "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1",
		"SET n = if_not_exists(:one, n)": "Operator or function requires a document path; operator or function: if_not_exists",
		"SET n = list_append(l, :one)":   "Incorrect operand type for operator or function; operator or function: list_append, operand type: N",
		"SET n = n + :he":                "Incorrect operand type for operator or function; operator or function: +, operand type: S",
		"ADD n :he":                      "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
		"DELETE n :one":                  "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND",
		"SET n = :one, n = :two":         "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [n], path two: [n]",
		"SET m.a = :one REMOVE m":        "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]",
		"SET m.a = :one, m[1] = :two":    "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, [1]]",
		"SET #m.a = :one, m.a = :two":    "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, a]",
		"SET status = :one":              "Attribute name is a reserved keyword; reserved keyword: status",
		"SET n = :nope":                  "An expression attribute value used in expression is not defined; attribute value: :nope",
		"SET #nope = :one":               "An expression attribute name used in the document path is not defined; attribute name: #nope",
	} {
		t.Run(text, func(t *testing.T) {
			params := &expr.Params{Names: names, Values: values(t)}
			_, err := params.Update(text)
			require.EqualError(t, err, "Invalid UpdateExpression: "+want)
		})
	}
}

func TestProjection(t *testing.T) {
	for text, want := range map[string]expr.Item{
		"n, gone":        {"n": expr.Int(5)},
		"m.a":            {"m": expr.Map(expr.Item{"a": expr.Int(1)})},
		"m.a, m.b[1]":    {"m": expr.Map(expr.Item{"a": expr.Int(1), "b": expr.List(expr.Int(20))})},
		"l[2], l[0]":     {"l": expr.List(expr.String("x"), expr.Map(expr.Item{"k": expr.String("v")}))},
		"l[2].k, l[2].x": {"l": expr.List(expr.Map(expr.Item{"k": expr.String("v")}))},
		"l[7], m.c, n.a": {},
		"#m.#odd":        {"m": expr.Map(expr.Item{"odd name": expr.Int(9)})},
	} {
		t.Run(text, func(t *testing.T) {
			p, err := (&expr.Params{Names: names}).Projection(text)
			require.NoError(t, err)
			got := p.Apply(sample())
			require.True(t, expr.EqualItems(want, got), "%v", got)
		})
	}
	for text, want := range map[string]string{
		"n, n":          "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [n], path two: [n]",
		"m, m.a":        "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, a]",
		"n,":            `Syntax error; token: "<EOF>", near: ","`,
		"n s":           `Syntax error; token: "s", near: "n s"`,
		"#x":            "An expression attribute name used in the document path is not defined; attribute name: #x",
		"name":          "Attribute name is a reserved keyword; reserved keyword: name",
		"n[1":           `Syntax error; token: "<EOF>", near: "1"`,
		"n[x]":          `Syntax error; token: "x", near: "[x]"`,
		"n[9999999999]": "List index is not within the allowable range; index: [9999999999]",
	} {
		_, err := (&expr.Params{}).Projection(text)
		require.EqualError(t, err, "Invalid ProjectionExpression: "+want)
	}
}

func TestKeyCondition(t *testing.T) {
	read := func(text string) (*expr.KeyCondition, error) {
		k, err := (&expr.Params{Names: names, Values: values(t)}).KeyCondition(text)
		if err != nil {
			return nil, err
		}
		return k, k.Resolve()
	}
	k, err := read("(:he <= sk) AND pk = :hello")
	require.NoError(t, err)
	clause, ok := k.Clause("sk")
	require.True(t, ok)
	require.Equal(t, ">=", clause.Operator)
	require.NoError(t, k.Check([]string{"pk"}, []string{"sk"}))

	for text, want := range map[string]string{
		"pk = :he OR sk = :he":     "Invalid operator used in KeyConditionExpression: OR",
		"NOT pk = :he":             "Invalid operator used in KeyConditionExpression: NOT",
		"pk IN (:he)":              "Invalid operator used in KeyConditionExpression: IN",
		"pk <> :he":                "Invalid operator used in KeyConditionExpression: <>",
		"attribute_exists(pk)":     "Invalid operator used in KeyConditionExpression: attribute_exists",
		"pk = :he AND pk = :hello": "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
		"pk.a = :he":               "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes",
		"pk = sk":                  "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
		":he = :hello":             "Invalid condition in KeyConditionExpression: No key attribute specified",
		":one BETWEEN pk AND :two": "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first operand",
		"size(pk) = :one":          "Invalid KeyConditionExpression: KeyConditionExpressions cannot contain nested operations",
		"begins_with(sk, :one)":    "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
		"((pk = :he))":             "Invalid KeyConditionExpression: The expression has redundant parentheses;",
		"Begins_With(sk, :he)":     "Invalid KeyConditionExpression: Invalid function name; function: Begins_With",
	} {
		_, err := read(text)
		require.EqualError(t, err, want, text)
	}

	multi := func(text string) error {
		k, err := read(text)
		require.NoError(t, err)
		return k.Check([]string{"p1", "p2"}, []string{"a", "b", "c"})
	}
	require.NoError(t, multi("p1 = :he AND p2 = :he AND a = :he AND b > :he"))
	require.EqualError(t, multi("p1 = :he AND p2 > :he"), "HASH key attributes p2 must have equality conditions specified in the query")
	require.EqualError(t, multi("p1 = :he AND p2 = :he AND a = :he AND c = :he"),
		"RANGE key attributes b must have equality conditions specified in the query because a condition is present on key attribute c")

	single := func(text string) error {
		k, err := read(text)
		require.NoError(t, err)
		return k.Check([]string{"pk"}, []string{"sk"})
	}
	require.EqualError(t, single("sk = :he"), "Query condition missed key schema element: pk")
	require.EqualError(t, single("pk > :he"), "Query key condition not supported")
	require.EqualError(t, single("pk = :he AND x = :he"), "Query condition missed key schema element: sk")
	require.EqualError(t, single("pk = :he AND sk = :he AND x = :he"), "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)")
}
