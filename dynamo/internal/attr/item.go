// Package attr is how values become attributes of items: which attributes a struct type
// has, how each is encoded, and what is left out because it is empty.
package attr

import "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

// Item is an item as the SDK holds it.
type Item = map[string]types.AttributeValue

// Text returns a string attribute of an item, or "".
func Text(it Item, name string) string {
	if s, ok := it[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
