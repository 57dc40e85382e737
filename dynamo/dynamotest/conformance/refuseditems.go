package conformance

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const invalid = "One or more parameter values were invalid: "

// refusedItems checks values and keys that no table takes.
func (c *checks) refusedItems() {
	item := func(item attrs) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.table, Item: item})
			return err
		}
	}
	value := func(v types.AttributeValue) func(context.Context) error {
		return item(with(key(c.partition(), "s"), attrs{"v": v}))
	}
	get := func(key attrs) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.table, Key: key})
			return err
		}
	}
	nested := str("x")
	for range 33 {
		nested = list(nested)
	}
	const noEmptyKey = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: "
	c.refused([]refusal{
		{name: "a number of 39 digits is refused", call: value(num(strings.Repeat("1", 39))), text: "Attempting to store more than 38 significant digits in a Number"},
		{name: "a number above 9.9E+125 is refused", call: value(num("1e126")), text: "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{name: "a number below 1E-130 is refused", call: value(num("1e-131")), text: "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
		{name: "a number that is none is refused", call: value(num("abc")), text: "The parameter cannot be converted to a numeric value: abc"},
		{name: "an empty set is refused", call: value(&types.AttributeValueMemberSS{Value: []string{}}), text: invalid + "An string set  may not be empty"},
		{name: "a set with a member twice is refused", call: value(set("a", "a")), text: invalid + "Input collection [a, a] contains duplicates."},
		{name: "numbers of a set are compared by value", call: value(&types.AttributeValueMemberNS{Value: []string{"1", "1.0"}}), text: "Input collection contains duplicates"},
		{name: "33 levels of nesting are refused", call: value(nested), text: "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"},
		{name: "an item over 409,600 bytes is refused", call: value(str(strings.Repeat("x", 409_600))), text: "Item size has exceeded the maximum allowed size"},

		{name: "an item without its sort key is refused", call: item(attrs{"PK": str("p")}), text: invalid + "Missing the key SK in the item"},
		{name: "a key of another type is refused", call: item(attrs{"PK": num("1"), "SK": str("s")}), text: invalid + "Type mismatch for key PK expected: S actual: N"},
		{name: "an empty key is refused", call: item(key("", "s")), text: noEmptyKey + "PK"},
		{name: "a partition key over 2048 bytes is refused", call: item(key(strings.Repeat("k", 2049), "s")), text: invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{name: "a sort key over 1024 bytes is refused", call: item(key("p", strings.Repeat("k", 1025))), text: invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		{name: "an index key of another type is refused", call: item(with(key("p", "s"), attrs{"GSI1PK": num("1")})), text: invalid + "Type mismatch for Index Key GSI1PK Expected: S Actual: N IndexName: GSI1"},
		{name: "an empty index key is refused", call: item(with(key("p", "s"), attrs{"GSI1PK": str("")})), text: "One or more parameter values are not valid. " +
			"A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: GSI1, IndexKey: GSI1PK"},
		{name: "a read without the sort key is refused", call: get(attrs{"PK": str("p")}), text: "The provided key element does not match the schema"},
		{name: "a read with a key of another type is refused", call: get(attrs{"PK": str("p"), "SK": num("1")}), text: "The provided key element does not match the schema"},
		{name: "a read with more than the key is refused", call: get(with(key("p", "s"), attrs{"x": str("x")})), text: "The provided key element does not match the schema"},
		{name: "a read with an empty key is refused", call: get(key("p", "")), text: noEmptyKey + "SK"},
		{name: "an item operation on a table that is not there is refused", code: "ResourceNotFoundException", text: "Requested resource not found", call: func(ctx context.Context) error {
			_, err := c.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(c.table + "-none"), Key: key("p", "s")})
			return err
		}},
		{name: "a delete takes only NONE and ALL_OLD for ReturnValues", text: "ReturnValues can only be ALL_OLD or NONE", call: func(ctx context.Context) error {
			_, err := c.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &c.table, Key: key("p", "s"), ReturnValues: types.ReturnValueAllNew})
			return err
		}},
	})
}
