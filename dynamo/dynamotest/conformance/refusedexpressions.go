package conformance

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// refusedExpressions checks what the expression language does not take.
func (c *checks) refusedExpressions() {
	values := func(names ...string) attrs {
		all := attrs{":1": num("1"), ":6": num("6"), ":s": str("s"), ":list": list()}
		used := attrs{}
		for _, name := range names {
			used[name] = all[name]
		}
		return used
	}
	condition := func(expression string, values attrs, names map[string]string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
				TableName: &c.table, Key: key("p", "s"), ConditionExpression: &expression, ExpressionAttributeValues: values, ExpressionAttributeNames: names,
			})
			return err
		}
	}
	many := strings.TrimSuffix(strings.Repeat(":1,", 101), ",")
	const wrong = "Invalid ConditionExpression: "
	c.refused([]refusal{
		{name: "an expression has at most 4096 bytes", call: condition(strings.Repeat(" ", 4097), nil, nil), text: wrong + "Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{name: "an empty expression is refused", call: condition("", nil, nil), text: wrong + "The expression can not be empty;"},
		{name: "a syntax error names the token and what is near", call: condition("a = ", nil, nil), text: wrong + `Syntax error; token: "<EOF>", near: "="`},
		{name: "a reserved word is refused", call: condition("status = :1", values(":1"), nil), text: wrong + "Attribute name is a reserved keyword; reserved keyword: status"},
		{name: "a placeholder for a name must be defined", call: condition("#a = :1", values(":1"), nil), text: wrong + "An expression attribute name used in the document path is not defined; attribute name: #a"},
		{name: "a placeholder for a value must be defined", call: condition("a = :1", nil, nil), text: wrong + "An expression attribute value used in expression is not defined; attribute value: :1"},
		{name: "a placeholder for a name must be used", call: condition("attribute_exists(a)", nil, map[string]string{"#a": "a"}), text: "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"},
		{name: "a placeholder for a value must be used", call: condition("a = :1", values(":1", ":6"), nil), text: "Value provided in ExpressionAttributeValues unused in expressions: keys: {:6}"},
		{name: "redundant parentheses are refused", call: condition("((a = :1))", values(":1"), nil), text: wrong + "The expression has redundant parentheses;"},
		{name: "a function that there is not is refused", call: condition("nope(a)", nil, nil), text: wrong + "Invalid function name; function: nope"},
		{name: "the names of functions are case-sensitive", call: condition("Size(a) = :1", values(":1"), nil), text: wrong + "Invalid function name; function: Size"},
		{name: "a function of updates is refused in a condition", call: condition("a = if_not_exists(a, :1)", values(":1"), nil), text: wrong + "The function is not allowed in a condition expression; function: if_not_exists"},
		{name: "a function has its number of operands", call: condition("begins_with(a)", nil, nil), text: wrong + "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"},
		{name: "attribute_exists takes a path", call: condition("attribute_exists(:1)", values(":1"), nil), text: wrong + "Operator or function requires a document path; operator or function: attribute_exists"},
		{name: "begins_with takes no number", call: condition("begins_with(a, :1)", values(":1"), nil), text: wrong + "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{name: "a list has no order", call: condition("a < :list", values(":list"), nil), text: wrong + "Incorrect operand type for operator or function; operator or function: <, operand type: L"},
		{
			name: "BETWEEN goes upward", call: condition("a BETWEEN :6 AND :1", values(":1", ":6"), nil),
			text: wrong + "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:1}",
		},
		{
			name: "BETWEEN has bounds of one type", call: condition("a BETWEEN :1 AND :s", values(":1", ":s"), nil),
			text: wrong + "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:s}",
		},
		{name: "an attribute is not compared with itself", call: condition("a = a", nil, nil), text: wrong + "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]"},
		{name: "IN takes at most 100 operands", call: condition("a IN ("+many+")", values(":1"), nil), text: wrong + "The IN operator is provided with too many operands; number of operands: 101"},
		{name: "an expression has at most 300 operators", call: condition(strings.TrimSuffix(strings.Repeat("a=:1 OR ", 151), " OR "), values(":1"), nil), text: wrong + "The expression contains too many operators; operator count: 301"},
	})
}
