// Package marker names the items that packages of this module keep for
// themselves in a DynamoDB table which they may share with the user's own
// items. Whoever reads such a table knows them by one attribute and passes over
// them: they are no unknown items.
package marker

// Attribute is the attribute that every such item carries. Its value is the kind
// of the item, a string.
const Attribute = "patternkit"

// The kinds.
const (
	Idempotency = "idempotency" // a record of package idempotency
	APIKey      = "apikey"      // an API key of package apikey
)

// Known reports whether the value of Attribute is one of the kinds.
func Known(kind string) bool {
	switch kind {
	case Idempotency, APIKey:
		return true
	}
	return false
}
