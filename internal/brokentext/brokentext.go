// Package brokentext finds text that encoding/json would change without a word:
// it writes the escape of U+FFFD for what is not UTF-8, and what is sent is then
// something else.
package brokentext

import (
	"bytes"
	"reflect"
	"unicode/utf8"
)

// maxDepth bounds the walk: encoding/json refuses what is cyclic.
const maxDepth = 999

// In reports whether a value has a string that is not UTF-8. doc is the value's
// JSON: nearly always that alone tells that there is none.
func In(v any, doc []byte) bool {
	return bytes.Contains(doc, []byte(`\ufffd`)) && in(reflect.ValueOf(v), 0)
}

func in(v reflect.Value, depth int) bool {
	if depth > maxDepth { // into a part that is not encoded
		return false
	}
	switch v.Kind() {
	case reflect.String:
		return !utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && in(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if (f.IsExported() || f.Anonymous) && in(v.Field(i), depth+1) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if in(v.Index(i), depth+1) {
				return true
			}
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			if in(key, depth+1) || in(value, depth+1) {
				return true
			}
		}
	}
	return false
}
