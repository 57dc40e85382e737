package dynamotest

import (
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// Limits of items and keys, in bytes, and of nesting.
const (
	maxItemSize      = 409_600
	maxPartitionKey  = 2048
	maxSortKey       = 1024
	maxNesting       = 32
	keyMismatch      = "The provided key element does not match the schema"
	itemTooLarge     = "Item size has exceeded the maximum allowed size"
	updateTooLarge   = "Item size to update has exceeded the maximum allowed size"
	tooDeep          = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	emptyKey         = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
	emptyKeyOfUpdate = "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty %s value."
)

// words are the names of types in messages about empty keys.
var words = map[expr.Type]string{expr.S: "string", expr.B: "binary"}

// isEmpty says whether v is a string or binary without content.
func isEmpty(v expr.Value) bool { return words[v.Type()] != "" && v.Text() == "" }

// checkKey refuses a key that is not exactly the table's.
func (t *table) checkKey(key expr.Item) error {
	names := t.key.names()
	if len(key) != len(names) {
		return validation(keyMismatch)
	}
	for _, name := range names {
		if v, ok := key[name]; !ok || v.Type() != t.types[name] {
			return validation(keyMismatch)
		}
	}
	return t.checkKeyValues(key)
}

// hasKey says whether an item has the key attributes, of the right types.
func (t *table) hasKey(i expr.Item) bool {
	return !slices.ContainsFunc(t.key.names(), func(name string) bool { return i[name].Type() != t.types[name] })
}

// checkKeyValues refuses key values that are empty or too long.
func (t *table) checkKeyValues(i expr.Item) error {
	for _, name := range t.key.names() {
		if v := i[name]; isEmpty(v) {
			return validation(emptyKey+"%s value. Key: %s", words[v.Type()], name)
		}
	}
	return checkKeySizes(t.key, i)
}

func checkKeySizes(k keySchema, i expr.Item) error {
	for _, name := range k.partition {
		if i[name].Size() > maxPartitionKey {
			return validation(invalidValue + "Size of hashkey has exceeded the maximum size limit of2048 bytes")
		}
	}
	for _, name := range k.sort {
		if i[name].Size() > maxSortKey {
			return validation(invalidValue + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
		}
	}
	return nil
}

// checkItem refuses an item that the table cannot hold.
func (t *table) checkItem(i expr.Item) error {
	for _, name := range t.key.names() {
		v, ok := i[name]
		switch {
		case !ok:
			return validation(invalidValue+"Missing the key %s in the item", name)
		case v.Type() != t.types[name]:
			return validation(invalidValue+"Type mismatch for key %s expected: %s actual: %s", name, t.types[name], v.Type())
		}
	}
	if err := t.checkKeyValues(i); err != nil {
		return err
	}
	return t.checkIndexKeys(i)
}

// checkIndexKeys refuses attributes that are keys of an index and have no
// value that a key can have.
func (t *table) checkIndexKeys(i expr.Item) error {
	return t.eachIndexKey(i, func(x *index, name string, v expr.Value) error {
		switch {
		case v.Type() != t.types[name]:
			return validation(invalidValue+"Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", name, t.types[name], v.Type(), x.name)
		case isEmpty(v):
			return validation("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", words[v.Type()], x.name, name)
		}
		return checkKeySizes(x.key, i)
	})
}

// checkScalars refuses document paths that lead into a key attribute.
func (t *table) checkScalars(paths []expr.Path) error {
	var indexKeys []string
	for _, x := range t.indexes {
		indexKeys = append(indexKeys, x.key.names()...)
	}
	for _, path := range paths {
		what := "Key"
		switch name := path.Name(); {
		case len(path) == 1:
			continue
		case slices.Contains(t.key.names(), name):
		case slices.Contains(indexKeys, name):
			what = "IndexKey"
		default:
			continue
		}
		return validation("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %s", what, path.Name())
	}
	return nil
}

// eachIndexKey calls check with every index key attribute that i has.
func (t *table) eachIndexKey(i expr.Item, check func(*index, string, expr.Value) error) error {
	for _, x := range t.indexes {
		for _, name := range x.key.names() {
			if v, ok := i[name]; ok {
				if err := check(x, name, v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkUpdated refuses what an update has made of an item.
func (t *table) checkUpdated(i expr.Item) error {
	err := t.eachIndexKey(i, func(x *index, name string, v expr.Value) error {
		switch {
		case v.Type() != t.types[name]:
			return validation("The update expression attempted to update the secondary index key to unsupported type")
		case isEmpty(v):
			return validation(emptyKeyOfUpdate, words[v.Type()])
		case checkKeySizes(x.key, i) != nil:
			return validation("The update expression attempted to update the secondary index key beyond allowed size limits")
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case expr.ItemSize(i) > maxItemSize:
		return validation(updateTooLarge)
	}
	for _, v := range i {
		if v.Depth() > maxNesting {
			return validation("Nesting Levels have exceeded supported limits")
		}
	}
	return nil
}

// checkNewItem refuses an item that is too large or too deep for any table.
func checkNewItem(i expr.Item) error {
	if expr.ItemSize(i) > maxItemSize {
		return validation(itemTooLarge)
	}
	for _, v := range i {
		if v.Depth() > maxNesting {
			return validation(tooDeep)
		}
	}
	return nil
}
