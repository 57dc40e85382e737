package attr

import (
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// shape says where a type has slices and maps that are not stored when they are nil or
// empty. The SDK stores a nil one as NULL, to which nothing can be appended, and which
// exists.
type shape struct {
	// collection is set for a slice or a map that a struct field holds.
	collection bool
	// element is the shape of the elements of a slice, an array or a map. They are
	// never left out: an element has its place, a key is there or not.
	element *shape
	// fields are the shapes of a struct's fields, by attribute.
	fields map[string]*shape
}

// shapeOf returns the shape of what a field of the type, with the options of its tag,
// is stored as; nil where nothing is left out.
func shapeOf(typ reflect.Type, options string) *shape {
	return fieldShape(typ, options, map[reflect.Type]*shape{})
}

func fieldShape(typ reflect.Type, options string, seen map[reflect.Type]*shape) *shape {
	s := valueShape(typ, seen)
	kind := typ.Kind()
	if kind != reflect.Slice && kind != reflect.Map || encodesItself(typ) || strings.Contains(options+",", ",nullempty,") {
		return s
	}
	out := &shape{collection: true}
	if s != nil {
		out.element = s.element
	}
	return out
}

// valueShape is the shape of a value that is not left out itself.
func valueShape(typ reflect.Type, seen map[reflect.Type]*shape) *shape {
	if encodesItself(typ) {
		return nil
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return valueShape(typ.Elem(), seen)
	case reflect.Slice, reflect.Array, reflect.Map:
		if element := valueShape(typ.Elem(), seen); element != nil {
			return &shape{element: element}
		}
	case reflect.Struct:
		return structShape(typ, seen)
	}
	return nil
}

func structShape(typ reflect.Type, seen map[reflect.Type]*shape) *shape {
	if s, ok := seen[typ]; ok {
		return s // also of a type that holds itself
	}
	s := &shape{fields: map[string]*shape{}}
	seen[typ] = s
	for _, f := range storedFields(typ) {
		if inner := fieldShape(f.Type, f.Options, seen); inner != nil {
			s.fields[f.Name] = inner
		}
	}
	if len(s.fields) == 0 {
		seen[typ] = nil
	}
	return seen[typ]
}

// encodesItself reports whether values of the type choose their own form.
func encodesItself(typ reflect.Type) bool {
	return typ.Implements(MarshalerType) || reflect.PointerTo(typ).Implements(MarshalerType) ||
		typ.Kind() == reflect.Struct && typ.ConvertibleTo(keytemplate.TimeType)
}

// storedFields lists the fields that the SDK stores of a nested struct, as far as it
// is certain: what an embedded pointer or a name given twice stores is left alone.
func storedFields(typ reflect.Type) []*Attribute {
	var attributes []*Attribute
	if err := collectAttributes(typ, nil, &attributes); err != nil {
		return nil
	}
	count := map[string]int{}
	for _, a := range attributes {
		count[a.Name]++
	}
	certain := attributes[:0:0]
	for _, a := range attributes {
		if count[a.Name] == 1 {
			certain = append(certain, a)
		}
	}
	return certain
}

// prune takes what is empty out of an encoded value.
func (s *shape) prune(v types.AttributeValue) {
	if s == nil {
		return
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberM:
		for name, field := range s.fields {
			if field.empty(v.Value[name]) {
				delete(v.Value, name)
			} else {
				field.prune(v.Value[name])
			}
		}
		for _, e := range v.Value {
			s.element.prune(e)
		}
	case *types.AttributeValueMemberL:
		for _, e := range v.Value {
			s.element.prune(e)
		}
	}
}

// empty reports whether the value is that of a slice or map without elements.
func (s *shape) empty(v types.AttributeValue) bool {
	if s == nil || !s.collection {
		return false
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberNULL:
		return true
	case *types.AttributeValueMemberL:
		return len(v.Value) == 0
	case *types.AttributeValueMemberM:
		return len(v.Value) == 0
	case *types.AttributeValueMemberB:
		return len(v.Value) == 0
	}
	return false
}
