package conformance

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/suite"
)

// updates checks UpdateItem: what it returns, and what expressions do.
func (c *checks) updates() {
	before := attrs{"n": num("1"), "m": document(attrs{"a": num("1"), "b": num("2")})}
	for _, row := range []struct {
		which types.ReturnValue
		keyed bool
		want  attrs
	}{
		{types.ReturnValueNone, false, nil},
		{types.ReturnValueAllOld, true, before},
		{types.ReturnValueUpdatedOld, false, attrs{"n": num("1"), "m": document(attrs{"a": num("1")})}},
		{types.ReturnValueAllNew, true, attrs{"n": num("2"), "m": document(attrs{"a": num("5"), "b": num("2")}), "x": str("new")}},
		{types.ReturnValueUpdatedNew, false, attrs{"n": num("2"), "m": document(attrs{"a": num("5")}), "x": str("new")}},
	} {
		c.Check("an update returns what ReturnValues "+string(row.which)+" asks for", func(t *testing.T) {
			k := key(c.partition(), "s")
			c.put(t, with(k, before))
			out, err := c.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: &c.table, Key: k, ReturnValues: row.which, UpdateExpression: aws.String("SET n = n + :one, m.a = :five, x = :x"),
				ExpressionAttributeValues: attrs{":one": num("1"), ":five": num("5"), ":x": str("new")},
			})
			suite.NoError(t, err)
			want := row.want
			if row.keyed {
				want = with(k, want)
			}
			suite.Equal(t, want, out.Attributes)
		})
	}
	c.Check("an update of an item that is not there makes it", func(t *testing.T) {
		k := key(c.partition(), "s")
		out, err := c.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &c.table, Key: k, ReturnValues: types.ReturnValueAllNew})
		suite.NoError(t, err)
		suite.Equal(t, k, out.Attributes)
	})
	for _, row := range []struct {
		name, update string
		values       attrs
		want         attrs // what becomes of n 5, l [1 2 3], ss {a b}
	}{
		{"SET adds and subtracts", "SET n = n - :v", attrs{":v": num("7")}, attrs{"n": num("-2"), "l": list(num("1"), num("2"), num("3")), "ss": set("a", "b")}},
		{
			"if_not_exists keeps what is there", "SET n = if_not_exists(n, :v), o = if_not_exists(o, :v)",
			attrs{":v": num("7")},
			attrs{"n": num("5"), "o": num("7"), "l": list(num("1"), num("2"), num("3")), "ss": set("a", "b")},
		},
		{
			"list_append appends in the order of its operands", "SET l = list_append(:v, l)",
			attrs{":v": list(num("0"))},
			attrs{"n": num("5"), "l": list(num("0"), num("1"), num("2"), num("3")), "ss": set("a", "b")},
		},
		{
			"SET beyond the end of a list appends", "SET l[9] = :v",
			attrs{":v": num("4")},
			attrs{"n": num("5"), "l": list(num("1"), num("2"), num("3"), num("4")), "ss": set("a", "b")},
		},
		{"REMOVE counts list positions before the update", "REMOVE l[0], l[1]", nil, attrs{"n": num("5"), "l": list(num("3")), "ss": set("a", "b")}},
		{"ADD begins at zero", "ADD o :v", attrs{":v": num("7")}, attrs{"n": num("5"), "o": num("7"), "l": list(num("1"), num("2"), num("3")), "ss": set("a", "b")}},
		{
			"DELETE of the last members removes the set", "DELETE ss :v",
			attrs{":v": set("a", "b", "c")},
			attrs{"n": num("5"), "l": list(num("1"), num("2"), num("3"))},
		},
		{
			"every operand is read before anything is written", "SET n = l[0], o = n", nil,
			attrs{"n": num("1"), "o": num("5"), "l": list(num("1"), num("2"), num("3")), "ss": set("a", "b")},
		},
	} {
		c.Check(row.name, func(t *testing.T) {
			k := key(c.partition(), "s")
			c.put(t, with(k, attrs{"n": num("5"), "l": list(num("1"), num("2"), num("3")), "ss": set("a", "b")}))
			_, err := c.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &c.table, Key: k, UpdateExpression: &row.update, ExpressionAttributeValues: row.values})
			suite.NoError(t, err)
			suite.Equal(t, with(k, row.want), c.get(t, k))
		})
	}
	c.refusedUpdates()
}

func (c *checks) refusedUpdates() {
	const (
		missing = "The provided expression refers to an attribute that does not exist in the item"
		operand = "An operand in the update expression has an incorrect data type"
		path    = "The document path provided in the update expression is invalid for update"
	)
	update := func(expression string, values attrs) func(context.Context) error {
		k := key(c.partition(), "s")
		return func(ctx context.Context) error {
			_, err := c.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.table, Item: with(k, attrs{"n": num("5"), "t": str("x")})})
			if err != nil {
				return err
			}
			_, err = c.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.table, Key: k, UpdateExpression: &expression, ExpressionAttributeValues: values})
			return err
		}
	}
	c.refused([]refusal{
		{name: "SET cannot read what is not there", call: update("SET a = b", nil), text: missing},
		{name: "SET cannot add to a text", call: update("SET t = t + :v", attrs{":v": num("1")}), text: operand},
		{name: "ADD cannot add to a text", call: update("ADD t :v", attrs{":v": num("1")}), text: operand},
		{name: "SET cannot reach into what is not there", call: update("SET a.b = :v", attrs{":v": num("1")}), text: path},
		{name: "SET cannot index a number", call: update("SET n[0] = :v", attrs{":v": num("1")}), text: path},
		{
			name: "an update cannot change the key", call: update("SET PK = :v", attrs{":v": str("x")}),
			text: "One or more parameter values were invalid: Cannot update attribute PK. This attribute is part of the key",
		},
		{
			name: "an update cannot give an index key another type", call: update("SET GSI1PK = :v", attrs{":v": num("1")}),
			text: "One or more parameter values were invalid: Type mismatch for Index Key GSI1PK Expected: S Actual: N IndexName: GSI1",
		},
		{
			name: "two paths of an update may not overlap", call: update("SET m.a = :v, m = :v", attrs{":v": num("1")}),
			text: "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]",
		},
		{
			name: "a section comes once", call: update("SET a = :v SET b = :v", attrs{":v": num("1")}),
			text: `Invalid UpdateExpression: The "SET" section can only be used once in an update expression;`,
		},
		{
			name: "size is no function of updates", call: update("SET a = size(n)", nil),
			text: "Invalid UpdateExpression: The function is not allowed in an update expression; function: size",
		},
	})
}
