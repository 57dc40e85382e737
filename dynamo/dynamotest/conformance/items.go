package conformance

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/suite"
)

// items checks what is written and read one by one.
func (c *checks) items() {
	c.Check("every type comes back as it was written", func(t *testing.T) {
		item := with(key(c.partition(), "s"), attrs{
			"S": str("é"), "empty": str(""), "N": num("-1.5"), "B": &types.AttributeValueMemberB{Value: []byte{0, 1}},
			"BOOL": &types.AttributeValueMemberBOOL{Value: true}, "NULL": &types.AttributeValueMemberNULL{Value: true},
			"L": list(str("a"), num("1"), &types.AttributeValueMemberL{Value: []types.AttributeValue{}}), "M": document(attrs{"a": document(attrs{})}),
			"SS": set("a"), "NS": &types.AttributeValueMemberNS{Value: []string{"1"}}, "BS": &types.AttributeValueMemberBS{Value: [][]byte{{2}}},
		})
		c.put(t, item)
		suite.Equal(t, item, c.get(t, key(item["PK"].(*types.AttributeValueMemberS).Value, "s")))
	})
	c.Check("numbers are normalized", func(t *testing.T) {
		k := key(c.partition(), "s")
		c.put(t, with(k, attrs{"a": num("0042.1200"), "b": num("1E20"), "c": num("-0"), "d": num("1E125")}))
		got := c.get(t, k)
		suite.Equal(t, num("42.12"), got["a"])
		suite.Equal(t, num("100000000000000000000"), got["b"])
		suite.Equal(t, num("0"), got["c"])
		suite.Equal(t, num("1"+strings.Repeat("0", 125)), got["d"])
	})
	c.Check("a number has up to 38 digits", func(t *testing.T) {
		k := key(c.partition(), "s")
		c.put(t, with(k, attrs{"n": num("12345678901234567890123456789012345678")}))
		suite.Equal(t, num("12345678901234567890123456789012345678"), c.get(t, k)["n"])
	})
	c.Check("an item of 409,600 bytes is accepted", func(t *testing.T) {
		k := key(c.partition(), "s")
		size := len("PK") + len(k["PK"].(*types.AttributeValueMemberS).Value) + len("SK") + len("s") + len("v")
		c.put(t, with(k, attrs{"v": str(strings.Repeat("x", 409_600-size))}))
	})
	c.Check("an item that is not there is no error", func(t *testing.T) {
		suite.Equal(t, attrs(nil), c.get(t, key(c.partition(), "s")))
	})
	c.Check("a put replaces the whole item and returns the old one when asked", func(t *testing.T) {
		k := key(c.partition(), "s")
		c.put(t, with(k, attrs{"a": num("1")}))
		out, err := c.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: with(k, attrs{"b": num("2")}), ReturnValues: types.ReturnValueAllOld})
		suite.NoError(t, err)
		suite.Equal(t, with(k, attrs{"a": num("1")}), out.Attributes)
		suite.Equal(t, with(k, attrs{"b": num("2")}), c.get(t, k))
	})
	c.Check("a delete returns the old item when asked, and is no error without one", func(t *testing.T) {
		k := key(c.partition(), "s")
		c.put(t, k)
		for _, want := range []attrs{k, nil} {
			out, err := c.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &c.table, Key: k, ReturnValues: types.ReturnValueAllOld})
			suite.NoError(t, err)
			suite.Equal(t, want, out.Attributes)
		}
	})
	c.Check("a projection reaches into documents and lists", func(t *testing.T) {
		k := key(c.partition(), "s")
		c.put(t, with(k, attrs{"a": document(attrs{"b": list(num("1"), num("2")), "c": num("3")}), "d": num("4")}))
		out, err := c.client.GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName: &c.table, Key: k, ProjectionExpression: aws.String("a.b[1], #d, gone"), ExpressionAttributeNames: map[string]string{"#d": "d"},
		})
		suite.NoError(t, err)
		suite.Equal(t, attrs{"a": document(attrs{"b": list(num("2"))}), "d": num("4")}, out.Item)
	})
	c.conditions()
}

func (c *checks) conditions() {
	for _, row := range []struct {
		name string
		old  types.ReturnValuesOnConditionCheckFailure
		want bool
	}{
		{"a failed condition does not return the item", "", false},
		{"a failed condition returns the item when asked", types.ReturnValuesOnConditionCheckFailureAllOld, true},
	} {
		c.Check(row.name, func(t *testing.T) {
			k := key(c.partition(), "s")
			c.put(t, k)
			_, err := c.client.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: &c.table, Item: k, ConditionExpression: aws.String("attribute_not_exists(PK)"), ReturnValuesOnConditionCheckFailure: row.old,
			})
			suite.Refused(t, err, 400, "ConditionalCheckFailedException", "The conditional request failed")
			failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
			suite.True(t, ok, "the SDK has a type for it: %v", err)
			suite.Equal(t, row.want, failed.Item != nil)
			if row.want {
				suite.Equal(t, k, failed.Item)
			}
		})
	}
	c.Check("conditions hold as they are documented", func(t *testing.T) {
		k := key(c.partition(), "s")
		c.put(t, with(k, attrs{
			"n": num("5"), "s": str("hello"), "ss": set("a", "b"), "l": list(num("1"), str("x")), "m": document(attrs{"a": num("1")}), "smile": str("😀"),
		}))
		values := attrs{":4": num("4"), ":5": num("5"), ":he": str("he"), ":a": str("a"), ":N": str("N"), ":x": str("x"), ":2": num("2"), ":1": num("1"), ":hello": str("hello")}
		for condition, want := range map[string]bool{
			"n > :4": true, "n <= :4": false, "n BETWEEN :4 AND :5": true, "n IN (:4, :5)": true, "s = :5": false, "s <> :5": true,
			"begins_with(s, :he)": true, "contains(s, :he)": true, "contains(ss, :a)": true, "contains(l, :x)": true, "contains(ss, :x)": false,
			"attribute_exists(m.a)": true, "attribute_exists(m.b)": false, "attribute_not_exists(l[2])": true, "attribute_type(n, :N)": true,
			"size(smile) = :2": true, "size(l) = :2": true, "size(m) = :1": true, "NOT n = :4 AND n = :5": true, "n = :4 OR n = :5 AND s = :hello": true,
			"gone < :5": false, "s > :4": false, "l[1] = :x": true,
		} {
			used := attrs{}
			for name, value := range values {
				if strings.Contains(condition, name+" ") || strings.Contains(condition, name+")") || strings.Contains(condition, name+",") || strings.HasSuffix(condition, name) {
					used[name] = value
				}
			}
			if len(used) == 0 {
				used = nil
			}
			_, err := c.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
				TableName: &c.table, Key: k, ConditionExpression: aws.String("(" + condition + ") AND attribute_not_exists(SK)"), ExpressionAttributeValues: used,
			})
			suite.Refused(t, err, 400, "ConditionalCheckFailedException", "The conditional request failed")
			_, err = c.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: &c.table, Key: k, ConditionExpression: &condition, ExpressionAttributeValues: used, UpdateExpression: aws.String("REMOVE nothing"),
			})
			if want {
				suite.NoError(t, err, condition)
			} else {
				suite.Refused(t, err, 400, "ConditionalCheckFailedException", "The conditional request failed")
			}
		}
	})
	c.Check("a condition on an item that is not there sees no attribute", func(t *testing.T) {
		k := key(c.partition(), "s")
		_, err := c.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &c.table, Key: k, ConditionExpression: aws.String("attribute_exists(PK)")})
		suite.Refused(t, err, 400, "ConditionalCheckFailedException", "The conditional request failed")
		_, err = c.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: k, ConditionExpression: aws.String("attribute_not_exists(PK)")})
		suite.NoError(t, err)
	})
}
